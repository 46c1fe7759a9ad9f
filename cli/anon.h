/* Sockets that a command is given as systemd gives them (sd_listen_fds(3)): those that we were started
 * with, and after them the ones of --anon. Private to cli/. */
#ifndef SUNSHIM_CLI_ANON_H
#define SUNSHIM_CLI_ANON_H

#include <stdbool.h>

struct passed_one;

enum { LISTEN_FIRST = 3 };

struct listening {
    bool found;        /* we were started with LISTEN_FDS, or our command is to have it */
    unsigned given;    /* how many of them were there before */
    unsigned count;    /* with ours */
    bool ours;         /* some of them are ours */
    const char *names; /* LISTEN_FDNAMES with ours */
};

/* Finds the sockets that we were started with. */
void anon_find(struct listening *l);

/* Makes the socket of each entry with `anon` at the number where the command will look for it,
 * close-on-exec, and its pin. 0; 125 after saying why it cannot. */
int anon_open(struct listening *l, struct passed_one *all, unsigned count);

/* In the process that is about to execute the command. */
void anon_set(const struct listening *l);

/* Closes our copies. */
void anon_release(const struct listening *l);

#endif

/* What a command is given by name: --pass, --anon, and SUNSHIM_FDS of the run around this one
 * (domain/passed.h). Private to cli/. */
#ifndef SUNSHIM_CLI_PASS_H
#define SUNSHIM_CLI_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "anon.h"
#include "domain/passed.h"
#include "load.h"
#include "options.h"

struct passed_one {
    const char *option, *arg; /* as given: "--pass", "db=5" */
    const char *name;
    bool anon;
    int type; /* --anon: SOCK_STREAM, ... */
    int fd;   /* --pass: the number given; --anon: the socket */
    int pin;  /* opened O_PATH on the socket's file: what is passed */
};

struct passed_list {
    struct passed_one own[PASSED_MAX];
    unsigned count;
    struct listening listening;
    const char *others; /* the entries around ours that go on, as they are; "" */
    const char *text;   /* SUNSHIM_FDS for the command; "" none */
};

/* Reads the values of --pass and --anon. 0 or 125. */
int pass_read(struct passed_list *l, const struct options *o);

/* SUNSHIM_FDS without notes, for a process that is started elsewhere; NULL after saying that it
 * is too long. */
const char *pass_text_elsewhere(const struct passed_list *l);

/* Makes the sockets and opens the pins, all of them close-on-exec, before anything else is opened: the
 * sockets have to be where the command will look for them. 0 or 125. */
int pass_open(struct passed_list *l);

/* Whether all that the map rules of these layers lead to is passed. 0; 125 after saying what is not. */
int pass_check(const struct passed_list *l, const struct loaded *layers, unsigned count);

/* In the process that is about to execute the command: descriptors and variables. */
void pass_set(const struct passed_list *l);

/* In a launcher that waits for the command: the sockets are the command's alone, so that a client
 * is refused when the server has ended. The pins stay. */
void pass_release(const struct passed_list *l);

#endif

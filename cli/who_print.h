/* Answers for people: the pieces that who_print*.c share. Strings are new ones, and
 * names in them can be shown on a terminal. */
#ifndef SUNSHIM_CLI_WHO_PRINT_H
#define SUNSHIM_CLI_WHO_PRINT_H

#include "who.h"

enum { LISTED_MAX = 8 }; /* things named in one line */

/* One line of a block: a word and what there is to say. */
void field(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct sock *socket_of(const struct answer *a, uint32_t ino);

char *heading(const struct sock *s);   /* "unix stream LISTEN" */
char *addresses(const struct sock *s); /* its name, or both ends */
char *holder_word(const struct holder *h); /* "412 nginx fd 5" */
char *holders_line(const struct answer *a, uint32_t ino); /* "held by ..." */
char *peer_line(const struct answer *a, uint32_t ino);
char *origin_of(const struct ring_entry *e); /* "accept() by 412 nginx" */

/* A socket in one line. */
void print_short(const struct answer *a, const struct sock *s);

void print_process(const struct answer *a);
void print_run(const struct run *r);
void print_run_sockets(const struct answer *a); /* those that it knows and that still exist */
void print_runs(const struct answer *a);

#endif

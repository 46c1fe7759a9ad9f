/* From what was typed to the sockets that are meant. Private to cli/who*.c. */
#ifndef SUNSHIM_CLI_WHO_FIND_H
#define SUNSHIM_CLI_WHO_FIND_H

#include "who.h"

enum { NOT_FOUND = 1 }; /* exit status */

/* Each fills in the answer: what was found, a process or a run. 0, NOT_FOUND (after
 * saying so), 125. */
int find_anything(struct answer *a, const char *operand);
int find_process(struct answer *a, const char *pid);
void find_runs(struct answer *a);

/* who_find_name.c: the world is loaded. */
int find_abstract(struct answer *a, const char *operand);
int find_path(struct answer *a, const char *path);
int find_port(struct answer *a, const char *operand, int protocol);

/* The pieces: another socket; holders and histories, when all are there; what runs
 * remember of one that is gone, by name unless that is NULL. */
void found_add(struct answer *a, struct sock *s);
int found_complete(struct answer *a);
int find_past(struct answer *a, const char *operand, uint32_t ino, const struct name *name, const char *why);

/* A decimal number and nothing else. */
bool read_number(const char *text, uint32_t *out);

#endif

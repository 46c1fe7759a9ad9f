/* SUNSHIM_FDS: descriptors that were passed to a program by name, for `map X -> fd:NAME,`.
 *
 *     NAME=FD[,PID,DEV,INO][:NAME=FD...]
 *
 * NAME is what policy_passed_name() takes. What follows the number is the note of the launcher: itself, which
 * holds the descriptor under the same number, and the file, by which a number that was closed and used again
 * is recognised. Pure. */
#ifndef SUNSHIM_DOMAIN_PASSED_H
#define SUNSHIM_DOMAIN_PASSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PASSED_MAX = 16, PASSED_BYTES = 1024 /* of the whole list, with its NUL */ };

struct passed {
    int fd;
    int pid;      /* 0: no note */
    uint64_t dev, ino;
};

/* The entry of that name in `list` (terminated). False: there is none that makes sense. */
bool passed_find(const char *list, const char *name, size_t len, struct passed *out);

#endif

/* What happened in a run, for its summary: counters and the names of programs
 * that were not seen. A small file of the run, mapped by its programs. Lock-free;
 * async-signal-safe. */
#ifndef SUNSHIM_DOMAIN_COUNTS_H
#define SUNSHIM_DOMAIN_COUNTS_H

#include <stddef.h>
#include <stdint.h>

enum count {
    COUNT_DENIED,
    COUNT_ALLOWED,   /* complain */
    COUNT_AUDIT,
    COUNT_HINT,
    COUNT_LEAK,
    COUNT_UNSEEN,
    COUNT_TRUNCATED,
    COUNT_DROPPED,   /* records that could not be written */
    COUNT_OUTSIDE,   /* binds that could not be remembered: table full or not writable */
    COUNT_ALIASES,   /* sockets may have names that are aliases: not 0 from the start in a nested run */
    COUNT_REPAIRED,  /* cut addresses that were made whole */
    COUNT_INJECTED,  /* calls that inject rules broke */
    COUNTS,
};

#define COUNTS_SIZE 16384
#define COUNTS_NAMES 64      /* different programs that are named */
#define COUNTS_NAME_MAX 128  /* bytes of a path; of a longer one its end */
#define COUNTS_WHY_MAX 32
#define COUNTS_INJECTS 256   /* inject rules of a run, all its policies together */

struct counts_unseen {
    char path[COUNTS_NAME_MAX], why[COUNTS_WHY_MAX]; /* terminated */
    uint32_t times;
};

/* Of an inject rule: calls that it matched, and those that it broke. */
struct counts_inject {
    uint64_t hits, fired;
};

/* `at`: COUNTS_SIZE bytes, zeroed at first. */
void counts_add(void *at, enum count which);
/* Adds to COUNT_UNSEEN as well. Programs beyond COUNTS_NAMES are counted, not named. */
void counts_unseen(void *at, const char *path, const char *why);
uint64_t counts_get(const void *at, enum count which);
/* The i-th program that was not seen; 0: no more, else 1. */
int counts_unseen_get(const void *at, unsigned i, struct counts_unseen *out);

/* COUNTS_INJECTS of them, in the order of the run's policies and of the rules in each. */
struct counts_inject *counts_injects(const void *at);
/* One call more. Gives its number, from 1: no other gets the same. */
uint64_t counts_hit(struct counts_inject *i);
void counts_fired(struct counts_inject *i);

#endif

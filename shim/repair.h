/* Addresses that a program cut to fit sun_path (DESIGN "Overlong paths", 2).
 *
 * What they were is looked for among the longer names in the arguments and the environment, copied
 * by the constructor, and the targets of the policies' `map` rules. */
#ifndef SUNSHIM_SHIM_REPAIR_H
#define SUNSHIM_SHIM_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "state.h"

/* The fewest bytes that anybody cuts to. Names of just as many are collected, too: where
 * such a name is used it was meant. */
enum { REPAIR_CUT = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

/* Stands in front of each of s->suspects: is it another reading of the one before? */
enum { SUSPECT_FIRST = 1, SUSPECT_AGAIN = 2 };

/* Constructor only: collects names of 107 bytes and more that argv (NULL: not known) and envp hold,
 * whole or inside a value, into s->suspects and s->suspect_count. */
void repair_prepare(struct state *s, char *const *argv, char *const *envp);

enum repair {
    REPAIR_NONE, /* it is not cut, nobody knows what it was, or repair is off: use it as it is */
    REPAIR_MADE, /* *whole is what was meant */
};

/* `path`: a pathname of 107 or 108 bytes (terminated) that fills sun_path, as given to `operation`.
 * *whole points to read-only memory that lasts. Puts on record what has to be said (a HINT with
 * intended=, or that there are several candidates). `binds`: the call makes the name. errno is left
 * alone; async-signal-safe. */
enum repair repair_path(const char *operation, const char *path, size_t len, bool binds, const char **whole);

#endif

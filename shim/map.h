/* The policies' `map` rules, applied to names that the program uses. */
#ifndef SUNSHIM_SHIM_MAP_H
#define SUNSHIM_SHIM_MAP_H

#include <stddef.h>

#include "state.h"

/* Whether some layer has such rules (state.h: state->maps). */
static inline int map_on(void)
{
    return state->maps;
}

/* Where `path` (terminated, readable) leads by the rules: of the innermost layer first, whose
 * result goes through the others, each once. Writes a terminated name to `to` (room >= PATH_MAX;
 * must not overlap `path`, and may be written to whatever is returned) and returns its length; 0:
 * no rule is about it; -ENAMETOOLONG: the result is no name that the kernel takes; -ENOMEM. Where a rule leads to
 * a descriptor (fd:NAME) the result is the name of that below /proc; -ENOENT: it is not (any more) there.
 * Async-signal-safe; leaves errno alone. */
long map_path(const char *path, char *to, size_t room);

/* Whether what map_path() gave is a passed descriptor's name: "/proc/.../fd/N". */
bool map_is_passed(const char *name);

/* Backwards: by which name programs would ask for `path` (len bytes). 0: by none other. */
long map_back(const char *path, size_t len, char *to, size_t room);

#endif

/* Aliases of long directories, made and read by this process (domain/alias.h). */
#ifndef SUNSHIM_SHIM_ALIAS_H
#define SUNSHIM_SHIM_ALIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/alias.h"

/* Room for an alias's path without what may follow it: "D/a/sXXXXX". */
#define ALIAS_PATH_MAX 96

/* Makes or finds the alias of kind d, r or s to `target` (absolute, terminated) and
 * writes its path. Returns its length; -errno, -ENOENT too where there is no run, or its
 * directory cannot be reached (any more). */
long alias_of(enum alias_kind kind, const char *target, char path[ALIAS_PATH_MAX]);

/* "D/a/", or NULL where there is none; found at the first call, valid from then on. */
const char *alias_prefix(void);

/* What stands behind `name` (len bytes), if it is the name of a socket that was bound
 * through an alias of a run of this process: what was asked for, or with `absolute` an absolute
 * name that leads there. Written to `to`, terminated; returns its length, 0: it is none. */
size_t alias_resolve(const char *name, size_t len, bool absolute, char *to, size_t room);

struct state;
/* Constructor only, once s->domain is known. */
void alias_find(struct state *s);

/* Whether some socket of the runs that this process is in may have such a name. One load. */
bool alias_in_use(void);
void alias_used(void);

#endif

/* What a program's pathname really means: a cut one is repaired (repair.h), then the
 * policies' `map` rules are applied (map.h). */
#ifndef SUNSHIM_SHIM_WHOLE_H
#define SUNSHIM_SHIM_WHOLE_H

#include "address.h"
#include "state.h"

/* An address of `len` bytes may have to be looked at before it is handed on,
 * though nothing is judged. (What is too long the kernel refuses by itself.) */
static inline bool whole_doubtful(socklen_t len)
{
    return len >= ADDRESS_FULL && state->suspect_count;
}

/* Exchanges the name where one of them says so. 0 or -errno. `binds`: the call makes the name. */
int whole_make(struct address *a, const char *operation, bool binds);

#endif

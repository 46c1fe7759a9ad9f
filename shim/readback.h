/* Names that the kernel tells of, as programs know them: a socket that was bound through an
 * alias (place.h) or by a name that a `map` rule exchanged is reported by what was asked for. */
#ifndef SUNSHIM_SHIM_READBACK_H
#define SUNSHIM_SHIM_READBACK_H

#include "address.h"
#include "alias.h"
#include "place.h"
#include "state.h"
#include "sys.h"

/* Whether there may be such names at all. A few loads. */
static inline bool readback_peers(void)
{
    return (state->aliases[0] && alias_in_use()) || state->maps;
}

/* The same for a socket's own name, which this process may remember. */
static inline bool readback_on(void)
{
    return readback_peers() || place_any();
}

/* Whether what `fd` receives may have one; another family's calls stay as they are. */
static inline bool readback_from(int fd)
{
    int domain;

    return readback_peers() && sys_getsockopt_int(fd, SO_DOMAIN, &domain) == 0 && domain == AF_UNIX;
}

/* What `a` was asked to be; `own`: the name of the socket `fd` itself (else -1). Written to `to`
 * (terminated, PATH_MAX bytes and as many again to work in); 0: nothing but itself. */
size_t readback_name(const struct address *a, int own, char *to, size_t room);

/* The same with an absolute name, for decisions. */
size_t readback_absolute(const struct address *a, char *to, size_t room);

#endif

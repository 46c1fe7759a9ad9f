/* The parts of bind(2): by which name a socket is made. */
#ifndef SUNSHIM_SHIM_BIND_H
#define SUNSHIM_SHIM_BIND_H

#include "calls.h"
#include "shim/place.h"

/* By another name that leads to the same place, which place_begin() gave: the call and place_end(). Returns as
 * bind(2). */
int bind_elsewhere(enum via via, int fd, struct place *p);

/* A name below a descriptor (/proc/self/fd/N/NAME) leads nowhere for others, and peers are known by the kernel's names: it
 * is bound through an alias of the directory, as a long one.
 *
 * bind_is_below(): whether `target` is such a name, and there is a run. bind_below(): true where it was done so, and then
 * *ret is what bind(2) returns; `fd` is a unix socket. Where the directory was moved in the middle of it the socket is
 * bound elsewhere for good: the file is removed, and the call fails with ENOENT. */
bool bind_is_below(const struct address *target);
bool bind_below(enum via via, int fd, const struct address *target, int *ret);

#endif

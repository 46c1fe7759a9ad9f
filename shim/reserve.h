/* A name that is taken before the socket that is to have it can be bound: an existing one must
 * be known by then, because a bound socket cannot be bound again. */
#ifndef SUNSHIM_SHIM_RESERVE_H
#define SUNSHIM_SHIM_RESERVE_H

#include <stdint.h>

/* Makes a socket file that nobody is bound to at `path` below `dir`. 0, or -errno as bind(2) has it:
 * -EADDRINUSE where something has that name. */
int reserve(int dir, const char *path);

/* For names that nobody is to guess. */
uint64_t reserve_bits(void);

#endif

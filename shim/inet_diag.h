/* Asking the kernel about inet sockets of this network name space: inet_diag. Takes
 * a descriptor for a moment. Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_INET_DIAG_H
#define SUNSHIM_SHIM_INET_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

/* Which socket (SO_COOKIE) answers at address and port `name` to one of the type of
 * `fd`, stream or dgram: one that is connected to `from`, where that is not NULL and
 * there is one, else whoever takes what comes. -ENOENT: none; others: it cannot be
 * asked. */
int inet_diag_answers(const struct policy_addr *name, const struct policy_addr *from, int fd, uint64_t *cookie);

/* True when the address is one of this machine's, and of nobody else's as well: not
 * a broadcast or multicast address. */
bool inet_is_local(const struct policy_addr *name);

#endif

/* Verdicts that hold as long as a socket lives.
 *
 * A connected stream keeps its peer and a listener its name, so what was allowed
 * once without a word needs no second look. Sockets are known by SO_COOKIE,
 * which is never used again. The table is lossy: a lost entry costs time only.
 * Lock-free, async-signal-safe. */
#ifndef SUNSHIM_SHIM_SETTLED_H
#define SUNSHIM_SHIM_SETTLED_H

#include <stdbool.h>
#include <stdint.h>

/* The socket's cookie, or 0 where it cannot be had. One system call. */
uint64_t settled_cookie(int fd);

/* Taken before the facts are gathered, given to settled_add() with the verdict:
 * what was forgotten in between is not brought back. */
unsigned settled_age(void);

bool settled_has(uint64_t cookie, uint32_t perm);
void settled_add(uint64_t cookie, uint32_t perm, unsigned age);

/* The association is dissolved, or the listener shut down: the socket can get
 * another peer or name. Comes after the call that does it. */
void settled_forget(int fd);

#endif

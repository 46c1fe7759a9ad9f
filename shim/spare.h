/* A descriptor that a helper thread can give up in a table of its own. */
#ifndef SUNSHIM_SHIM_SPARE_H
#define SUNSHIM_SHIM_SPARE_H

#include <sys/socket.h>

/* The lowest open number, those of the standard streams last (records may go there), that is none of `keep` (-1:
 * nothing) and is not sent along in the control data of `msg`, which can be read, or is NULL. -1: there is
 * none. Async-signal-safe. */
enum { SPARE_KEEPS = 3 };
int spare_find(const int keep[SPARE_KEEPS], struct msghdr *msg);

/* The number that a path begins at, as "/proc/self/fd/N", "/proc/thread-self/fd/N" or "/dev/fd/N". -1: none. */
int spare_named(const char *path);

#endif

/* A descriptor that a helper thread can give up in a table of its own. */
#ifndef SUNSHIM_SHIM_SPARE_H
#define SUNSHIM_SHIM_SPARE_H

#include <sys/socket.h>

/* The lowest open number that is neither `keep` nor `keep_too` (-1: none) nor sent along in the control
 * data of `msg`, which can be read, or is NULL. -1: there is none. Async-signal-safe. */
int spare_find(int keep, int keep_too, struct msghdr *msg);

#endif

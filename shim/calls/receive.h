/* What the receiving calls share. */
#ifndef SUNSHIM_SHIM_RECEIVE_H
#define SUNSHIM_SHIM_RECEIVE_H

#include "calls.h"

/* Receives a datagram whose sender the policy must know: into msg's own buffers,
 * with the sender's address in *from. A refused one is thrown away with its
 * descriptors and the next one awaited (or EAGAIN, as the kernel then says). msg
 * is the caller's copy; its name fields are not used. */
ssize_t receive_judged(enum via via, struct request *r, struct msghdr *msg, int flags, struct address *from);

/* Gives the program the address as the kernel would: as much as there is room
 * for, and the length of all. -EFAULT where it cannot be written. */
int receive_name(int fd, const struct address *from, void *to, socklen_t room, socklen_t *len);

/* True when `len` bytes (of two pages at most) can be written; what they hold is
 * lost. Costs a system call for each end where that is not plain; `fd` is any socket. */
bool receive_writable(int fd, void *to, size_t len);

/* Calls `visit` with each descriptor in one control message of SCM_RIGHTS. */
void receive_each_descriptor(const struct cmsghdr *c, void (*visit)(int));

/* Notes that sockets of unknown options may have arrived with a message over `carrier`. */
void receive_noticed(const struct msghdr *msg, int carrier);

#endif

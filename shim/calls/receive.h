/* What the receiving calls share. */
#ifndef SUNSHIM_SHIM_RECEIVE_H
#define SUNSHIM_SHIM_RECEIVE_H

#include "calls.h"

/* Receives a datagram into msg's own buffers, with the sender's address in *from. With `judge`
 * the policy must know the sender: a refused one is thrown away with its
 * descriptors and the next one awaited (or EAGAIN, as the kernel then says). msg
 * is the caller's copy; its name fields are not used. */
ssize_t receive_judged(enum via via, struct request *r, bool judge, struct msghdr *msg, int flags,
                       struct address *from);

/* One message, as recvmsg(2): t->fd and t->operation say of what, and nothing is written of it. */
ssize_t recvmsg_judged(enum via via, struct trace *t, struct msghdr *msg, int flags);

/* Gives the program the address as the kernel would: as much as there is room
 * for, and the length of all. What has another name for the program (readback.h) is
 * told whole, or as the kernel knows it, and never a length beyond the room. `own`: it is
 * the name of `fd` itself. -EFAULT where it cannot be written. */
int receive_name(int fd, bool own, const struct address *from, void *to, socklen_t room, socklen_t *len);

/* The room that the program gives for a name; -EFAULT where nobody can tell, and for
 * what the kernel refuses. */
int receive_room(socklen_t *room, const socklen_t *len);

/* True when `len` bytes (of two pages at most) can be written; what they hold is
 * lost. Costs a system call for each end where that is not plain; `fd` is any socket. */
bool receive_writable(int fd, void *to, size_t len);

/* Calls `visit` with each descriptor in one control message of SCM_RIGHTS. */
void receive_each_descriptor(const struct cmsghdr *c, void (*visit)(int));

/* Notes that sockets of unknown options may have arrived with a message over `carrier`. */
void receive_noticed(const struct msghdr *msg, int carrier);

#endif

/* How sockets come to be, written to the tracking rings of the runs that this
 * process is in (domain/ring.h), and read back from them.
 *
 * Called after the call in question succeeded, and only where track_on(). All of
 * it is async-signal-safe, leaves errno alone and cannot fail: at worst something
 * stays unknown. */
#ifndef SUNSHIM_SHIM_TRACK_H
#define SUNSHIM_SHIM_TRACK_H

#include <sys/socket.h>

#include "domain.h"
#include "policy/policy.h"

static inline bool track_on(void)
{
    return __builtin_expect(domain_tracks(), 0);
}

/* This process made `fd`. `type` with its flags. One system call: the inode comes
 * later, from whoever asks. */
void track_created(int fd, enum ring_origin origin, int family, int type);

/* `fd` came from the listening socket `listener`, whose name it has. */
void track_accepted(int fd, int listener, int flags);

/* `fd` was bound to `name`: pathnames absolute, abstract names without the NUL. */
void track_bound(int fd, const struct policy_addr *name);

/* `msg` was received over `carrier`: the sockets in it were passed on. */
void track_received(const struct msghdr *msg, int carrier);

/* Writes an entry to all rings. What was found and is written again is no longer the
 * first to be forgotten. */
void track_write(const struct ring_entry *e);

/* What any of the rings knows of a socket. False: nothing. */
bool track_find(uint64_t cookie, struct ring_entry *out);

#endif

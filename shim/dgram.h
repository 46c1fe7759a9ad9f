/* Descriptors that were made as datagram sockets.
 *
 * A send with a name over a stream or seqpacket socket goes to the connected
 * peer whatever the name says, so the type has to be known before a name is
 * judged. For the usual case, a datagram socket that this process made, this
 * saves the system call. A note can be out of date (dup2 over the number is not
 * seen); then the name is judged instead of the peer, which a write(2) would
 * have reached unjudged anyway. Lock-free, async-signal-safe. */
#ifndef SUNSHIM_SHIM_DGRAM_H
#define SUNSHIM_SHIM_DGRAM_H

#include <stdbool.h>

/* A call made the socket `fd` (negative: it failed) of this type. */
void dgram_note(int fd, int type);

bool dgram_is(int fd);

#endif

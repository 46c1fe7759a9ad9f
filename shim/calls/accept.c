#include <sys/syscall.h>

#include "receive.h"
#include "shim/dgram.h"
#include "shim/readback.h"
#include "shim/sys.h"
#include "shim/track.h"

enum { PLAIN = -1 }; /* accept, not accept4 */

static int accept_plain(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    if (via == VIA_LIBC)
        return real.accept(fd, addr, len);
#ifdef SYS_accept
    return (int)real.syscall(SYS_accept, fd, addr, len);
#else
    return (int)real.syscall(SYS_accept4, fd, addr, len, 0);
#endif
}

static int perform(enum via via, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int made = flags == PLAIN     ? accept_plain(via, fd, addr, len)
               : via == VIA_LIBC ? real.accept4(fd, addr, len, flags)
                                 : (int)real.syscall(SYS_accept4, fd, addr, len, flags);

    dgram_note(made, 0);
    return made;
}

/* Hands over a connection that may be had. */
static int deliver(int fd, const struct address *peer, struct sockaddr *addr, socklen_t room, socklen_t *len)
{
    int err = addr ? receive_name(fd, false, peer, addr, room, len) : 0;

    if (!err)
        return fd;
    sys_close(fd);
    return fail(err);
}

/* Connections that the policy refuses are closed, and the call goes on waiting:
 * on a nonblocking socket the kernel then says EAGAIN by itself. The peer's name
 * comes from accept(2): getpeername(2) knows none once a connection is reset, but
 * what was received before could still be read. */
static int accept_seen(enum via via, struct request *r, bool judge, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct address peer;
    socklen_t room = 0;

    if (addr && receive_room(&room, len) < 0)
        return perform(via, r->fd, addr, len, flags); /* the kernel's own error */
    int err = judge ? mediate_wait(r) : 0;

    while (!err) {
        peer.len = ADDRESS_MAX;
        int fd = perform(via, r->fd, &peer.raw.any, &peer.len, flags);

        if (fd < 0)
            return fd;
        address_classify(&peer, ADDRESS_KERNEL);
        r->other = fd;
        if (!judge || (err = mediate_peer(r, &peer)) == 0)
            return deliver(fd, &peer, addr, room, len);
        sys_close(fd);
        if (!r->broken)
            err = 0;
    }
    return fail(err);
}

static int judged(enum via via, struct trace *t, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct request r = request_of(t);
    int next = state_free(POLICY_ACCEPT, -1) ? MEDIATE_PROCEED : mediate(&r);

    if (next < 0)
        return fail(next);
    if (next == MEDIATE_LATER || (addr && readback_peers()))
        return accept_seen(via, &r, next == MEDIATE_LATER, addr, len, flags);
    return perform(via, fd, addr, len, flags);
}

static int tracked(int made, int listener, int flags)
{
    if (track_on() && made >= 0)
        track_accepted(made, listener, flags);
    return made;
}

int call_accept(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct trace t;

    trace_begin(&t, "accept", POLICY_ACCEPT, fd);
    return (int)trace_end(&t, tracked(judged(via, &t, fd, addr, len, PLAIN), fd, 0));
}

int call_accept4(enum via via, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct trace t;

    trace_begin(&t, "accept4", POLICY_ACCEPT, fd);
    /* Flags the kernel refuses anyway; -1 would look like PLAIN. */
    return (int)trace_end(&t, flags < 0 ? perform(via, fd, addr, len, -2)
                                        : tracked(judged(via, &t, fd, addr, len, flags), fd, flags));
}

INTERPOSED int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (state_pass() && !(addr && readback_peers()))
        return real.accept(fd, addr, len);
    return call_accept(VIA_LIBC, fd, addr, len);
}

INTERPOSED int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (state_pass() && !(addr && readback_peers()))
        return real.accept4(fd, addr, len, flags);
    return call_accept4(VIA_LIBC, fd, addr, len, flags);
}

#include <sys/syscall.h>

#include "receive.h"
#include "shim/inject.h"
#include "shim/readback.h"

ssize_t __recv_chk(int fd, void *buf, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t size, size_t room, int flags, struct sockaddr *addr,
                       socklen_t *len);

static ssize_t perform(enum via via, int fd, void *buf, size_t size, int flags, struct sockaddr *addr,
                       socklen_t *len)
{
    if (via == VIA_SYSCALL)
        return real.syscall(SYS_recvfrom, fd, buf, size, flags, addr, len);
    return addr ? real.recvfrom(fd, buf, size, flags, addr, len) : real.recv(fd, buf, size, flags);
}

/* recvfrom(2) takes any size, recvmsg(2) does not; more than this comes with neither. */
enum { MOST = 0x7ffff000 };

/* The sender decides, or has another name: look at each before the program does. */
static ssize_t see_sender(enum via via, struct request *r, bool judge, void *buf, size_t size, int flags,
                          struct sockaddr *addr, socklen_t *len)
{
    struct iovec part = {.iov_base = buf, .iov_len = size < MOST ? size : MOST};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    struct address from;
    socklen_t room = 0;

    if (addr && receive_room(&room, len) < 0)
        return perform(via, r->fd, buf, size, flags | (judge ? MSG_PEEK : 0), addr, len); /* the kernel's own error */
    ssize_t got = receive_judged(via, r, judge, &msg, flags, &from);
    int err = got >= 0 && addr ? receive_name(r->fd, false, &from, addr, room, len) : 0;
    return err < 0 ? fail(err) : got;
}

/* Out of line, so that the calls below cost nothing where nothing is checked. */
static __attribute__((noinline)) ssize_t judged(enum via via, struct trace *t, void *buf, size_t size, int flags,
                      struct sockaddr *addr, socklen_t *len)
{
    struct request r = request_of(t);
    int next = state_free(POLICY_RECEIVE, -1) ? MEDIATE_PROCEED : mediate(&r);

    if (next < 0)
        return fail(next);
    size = inject_size(&r, size);
    if (next == MEDIATE_LATER || (addr && readback_from(t->fd)))
        return see_sender(via, &r, next == MEDIATE_LATER, buf, size, flags, addr, len);
    return perform(via, t->fd, buf, size, flags, addr, len);
}

static __attribute__((noinline)) ssize_t traced(enum via via, const char *name, int fd, void *buf, size_t size, int flags,
                                                struct sockaddr *addr, socklen_t *len)
{
    struct trace t;

    trace_begin(&t, name, POLICY_RECEIVE, fd);
    trace_number(&t, 0, "size", (int64_t)size);
    trace_room(&t, len);
    ssize_t got = judged(via, &t, buf, size, flags, addr, len);
    if (got >= 0 && addr)
        trace_came(&t, addr, *len);
    return trace_end(&t, got);
}

ssize_t call_recvfrom(enum via via, int fd, void *buf, size_t size, int flags, struct sockaddr *addr,
                      socklen_t *len)
{
    if (state_free(POLICY_RECEIVE, -1) && !(addr && readback_peers()))
        return perform(via, fd, buf, size, flags, addr, len);
    return traced(via, "recvfrom", fd, buf, size, flags, addr, len);
}

INTERPOSED ssize_t recvfrom(int fd, void *restrict buf, size_t size, int flags, struct sockaddr *restrict addr,
                            socklen_t *restrict len)
{
    if (state_pass() && !(addr && readback_peers()))
        return real.recvfrom(fd, buf, size, flags, addr, len);
    return call_recvfrom(VIA_LIBC, fd, buf, size, flags, addr, len);
}

INTERPOSED ssize_t recv(int fd, void *buf, size_t size, int flags)
{
    if (state_pass() || state_free(POLICY_RECEIVE, -1))
        return real.recv(fd, buf, size, flags);
    return traced(VIA_LIBC, "recv", fd, buf, size, flags, NULL, NULL);
}

/* What fortified programs call; a size over the room ends the program, which is
 * left to the C library. */
INTERPOSED ssize_t __recv_chk(int fd, void *buf, size_t size, size_t room, int flags)
{
    if (state_pass() || size > room)
        return real.recv_chk(fd, buf, size, room, flags);
    return recv(fd, buf, size, flags);
}

INTERPOSED ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t size, size_t room, int flags,
                                  struct sockaddr *restrict addr, socklen_t *restrict len)
{
    if (size > room || (state_pass() && !(addr && readback_peers())))
        return real.recvfrom_chk(fd, buf, size, room, flags, addr, len);
    return recvfrom(fd, buf, size, flags, addr, len);
}

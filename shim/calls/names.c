#include <sys/syscall.h>

#include "receive.h"
#include "shim/readback.h"

static int judge(struct trace *t)
{
    struct request r = request_of(t);

    return state_free(POLICY_GETATTR, -1) ? 0 : mediate(&r);
}

static int perform_own(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    return via == VIA_LIBC ? real.getsockname(fd, addr, len) : (int)real.syscall(SYS_getsockname, fd, addr, len);
}

static int perform_peer(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    return via == VIA_LIBC ? real.getpeername(fd, addr, len) : (int)real.syscall(SYS_getpeername, fd, addr, len);
}

/* The name as the program knows it, which need not be the kernel's. */
static __attribute__((noinline)) int known(int (*perform)(enum via, int, struct sockaddr *, socklen_t *), enum via via,
                                           int fd, struct sockaddr *addr, socklen_t *len)
{
    struct address name = {.len = ADDRESS_MAX};
    socklen_t room;

    if (!addr || receive_room(&room, len) < 0)
        return perform(via, fd, addr, len); /* the kernel's own error */
    if (perform(via, fd, &name.raw.any, &name.len) < 0)
        return -1;
    address_classify(&name, ADDRESS_KERNEL);
    int err = receive_name(fd, perform == perform_own, &name, addr, room, len);
    return err < 0 ? fail(err) : 0;
}

int call_getsockname(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct trace t;

    trace_begin(&t, "getsockname", POLICY_GETATTR, fd);
    int err = judge(&t);
    return (int)trace_end(&t, err < 0 ? fail(err)
                              : readback_on() ? known(perform_own, via, fd, addr, len) : perform_own(via, fd, addr, len));
}

int call_getpeername(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct trace t;

    trace_begin(&t, "getpeername", POLICY_GETATTR, fd);
    int err = judge(&t);
    return (int)trace_end(&t, err < 0 ? fail(err)
                              : readback_peers() ? known(perform_peer, via, fd, addr, len) : perform_peer(via, fd, addr, len));
}

INTERPOSED int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (state_pass() && !readback_on())
        return real.getsockname(fd, addr, len);
    return call_getsockname(VIA_LIBC, fd, addr, len);
}

INTERPOSED int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (state_pass() && !readback_peers())
        return real.getpeername(fd, addr, len);
    return call_getpeername(VIA_LIBC, fd, addr, len);
}

#include <sys/syscall.h>

#include "calls.h"

static int judge(const char *operation, int fd)
{
    struct request r = request(operation, fd, POLICY_GETATTR);

    return state_free(POLICY_GETATTR, -1) ? 0 : mediate(&r);
}

int call_getsockname(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    int err = judge("getsockname", fd);

    if (err < 0)
        return fail(err);
    return via == VIA_LIBC ? real.getsockname(fd, addr, len) : (int)real.syscall(SYS_getsockname, fd, addr, len);
}

int call_getpeername(enum via via, int fd, struct sockaddr *addr, socklen_t *len)
{
    int err = judge("getpeername", fd);

    if (err < 0)
        return fail(err);
    return via == VIA_LIBC ? real.getpeername(fd, addr, len) : (int)real.syscall(SYS_getpeername, fd, addr, len);
}

INTERPOSED int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (state_pass())
        return real.getsockname(fd, addr, len);
    return call_getsockname(VIA_LIBC, fd, addr, len);
}

INTERPOSED int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    if (state_pass())
        return real.getpeername(fd, addr, len);
    return call_getpeername(VIA_LIBC, fd, addr, len);
}

/* Calls that have nothing but the socket: listen and shutdown. */
#include <sys/syscall.h>

#include "calls.h"
#include "shim/remember.h"
#include "shim/settled.h"

static int judge(const char *operation, int fd, uint32_t perm)
{
    struct request r = request(operation, fd, perm);

    return state_free(perm, -1) ? 0 : mediate(&r);
}

int call_listen(enum via via, int fd, int backlog)
{
    int err = judge("listen", fd, POLICY_LISTEN);

    if (err < 0)
        return fail(err);
    remember_process_once(); /* peers will see who listened */
    if (domain_remembers())
        remember_unbound(fd);
    return via == VIA_LIBC ? real.listen(fd, backlog) : (int)real.syscall(SYS_listen, fd, backlog);
}

int call_shutdown(enum via via, int fd, int how)
{
    int err = judge("shutdown", fd, POLICY_SHUTDOWN);

    if (err < 0)
        return fail(err);
    int ret = via == VIA_LIBC ? real.shutdown(fd, how) : (int)real.syscall(SYS_shutdown, fd, how);
    settled_forget(fd); /* a TCP listener becomes a fresh socket (inet_shutdown) */
    return ret;
}

INTERPOSED int listen(int fd, int backlog)
{
    if (state_pass())
        return real.listen(fd, backlog);
    return call_listen(VIA_LIBC, fd, backlog);
}

INTERPOSED int shutdown(int fd, int how)
{
    if (state_pass())
        return real.shutdown(fd, how);
    return call_shutdown(VIA_LIBC, fd, how);
}

/* Calls that have nothing but the socket: listen and shutdown. */
#include <sys/syscall.h>

#include "calls.h"
#include "shim/remember.h"
#include "shim/settled.h"

static int judge(struct trace *t)
{
    struct request r = request_of(t);

    return state_free(t->perm, -1) ? 0 : mediate(&r);
}

static int judged_listen(enum via via, int fd, int backlog, struct trace *t)
{
    int err = judge(t);

    if (err < 0)
        return fail(err);
    remember_process_once(); /* peers will see who listened */
    if (domain_remembers())
        remember_unbound(fd);
    return via == VIA_LIBC ? real.listen(fd, backlog) : (int)real.syscall(SYS_listen, fd, backlog);
}

int call_listen(enum via via, int fd, int backlog)
{
    struct trace t;

    trace_begin(&t, "listen", POLICY_LISTEN, fd);
    trace_number(&t, 0, "backlog", backlog);
    return (int)trace_end(&t, judged_listen(via, fd, backlog, &t));
}

static int judged_shutdown(enum via via, int fd, int how, struct trace *t)
{
    int err = judge(t);

    if (err < 0)
        return fail(err);
    int ret = via == VIA_LIBC ? real.shutdown(fd, how) : (int)real.syscall(SYS_shutdown, fd, how);
    settled_forget(fd); /* a TCP listener becomes a fresh socket (inet_shutdown) */
    return ret;
}

int call_shutdown(enum via via, int fd, int how)
{
    struct trace t;

    trace_begin(&t, "shutdown", POLICY_SHUTDOWN, fd);
    trace_number(&t, 0, "how", how);
    return (int)trace_end(&t, judged_shutdown(via, fd, how, &t));
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

#include <sys/syscall.h>

#include "receive.h"
#include "shim/inject.h"
#include "shim/readback.h"

static ssize_t perform(enum via via, int fd, struct msghdr *msg, int flags)
{
    return via == VIA_LIBC ? real.recvmsg(fd, msg, flags) : real.syscall(SYS_recvmsg, fd, msg, flags);
}

/* Works on a copy of the header, and gives the program what the kernel would. */
static ssize_t see_sender(enum via via, struct request *r, bool judge, struct msghdr *msg, int flags)
{
    struct address from;
    struct msghdr copy;
    struct iovec parts[8];

    if (copy_in(&copy, msg, sizeof copy) < 0 ||
        (copy.msg_name ? copy.msg_namelen > INT32_MAX : !judge && !r->limit))
        return perform(via, r->fd, msg, flags); /* the kernel's own error, or no name is asked for */
    void *name = copy.msg_name;
    socklen_t room = copy.msg_namelen;
    if (r->limit)
        inject_shorten(&copy, parts, sizeof parts / sizeof *parts, r->limit);
    ssize_t got = receive_judged(via, r, judge, &copy, flags, &from);
    if (got < 0)
        return got;
    if (!receive_writable(r->fd, &msg->msg_flags, sizeof msg->msg_flags))
        return fail(-EFAULT);
    int err = name ? receive_name(r->fd, false, &from, name, room, &msg->msg_namelen) : 0;
    if (err < 0)
        return fail(err);
    msg->msg_controllen = copy.msg_controllen;
    msg->msg_flags = copy.msg_flags;
    return got;
}

ssize_t recvmsg_judged(enum via via, struct trace *t, struct msghdr *msg, int flags)
{
    struct request r = request_of(t);
    int fd = t->fd;
    int next = state_free(POLICY_RECEIVE, -1) ? MEDIATE_PROCEED : mediate(&r);

    if (next < 0)
        return fail(next);
    bool judge = next == MEDIATE_LATER;
    ssize_t got = judge || r.limit || readback_from(fd) ? see_sender(via, &r, judge, msg, flags) : perform(via, fd, msg, flags);
    if (got >= 0)
        receive_noticed(msg, fd);
    return got;
}

ssize_t call_recvmsg(enum via via, int fd, struct msghdr *msg, int flags)
{
    struct trace t;

    trace_begin(&t, "recvmsg", POLICY_RECEIVE, fd);
    trace_room(&t, &msg->msg_namelen);
    ssize_t got = recvmsg_judged(via, &t, msg, flags);
    if (got >= 0)
        trace_came(&t, msg->msg_name, msg->msg_namelen);
    return trace_end(&t, got);
}

INTERPOSED ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    if (state_pass() && !readback_peers())
        return real.recvmsg(fd, msg, flags);
    return call_recvmsg(VIA_LIBC, fd, msg, flags);
}

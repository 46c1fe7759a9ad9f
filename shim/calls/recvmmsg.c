#include <sys/syscall.h>

#include "receive.h"
#include "shim/sys.h"

static int perform(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    return via == VIA_LIBC ? real.recvmmsg(fd, vec, count, flags, timeout)
                           : (int)real.syscall(SYS_recvmmsg, fd, vec, count, flags, timeout);
}

static int64_t now(void)
{
    struct timespec t;

    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Leaves in *timeout what remains of it; true when nothing does. As the kernel,
 * looks only after each datagram (recvmmsg(2), "BUGS"). */
static bool timed_out(struct timespec *timeout, int64_t deadline)
{
    int64_t left = deadline - now();

    if (!timeout)
        return false;
    left = left > 0 ? left : 0;
    *timeout = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    return left == 0;
}

/* One message at a time, each judged by its sender. */
static int judge_each(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    int64_t deadline = 0;
    unsigned done = 0;
    int one = flags & ~MSG_WAITFORONE, before = errno;

    if (timeout)
        deadline = now() + (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
    while (done < count) {
        ssize_t got = call_recvmsg(via, fd, &vec[done].msg_hdr, one);

        if (got < 0 && done)
            errno = before; /* the call succeeds */
        if (got < 0)
            return done ? (int)done : -1;
        vec[done++].msg_len = (unsigned)got;
        if (flags & MSG_WAITFORONE)
            one |= MSG_DONTWAIT;
        if (timed_out(timeout, deadline))
            break;
    }
    return (int)done;
}

static bool bad_timeout(const struct timespec *timeout)
{
    struct timespec t;

    return timeout && (copy_in(&t, timeout, sizeof t) < 0 || t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= 1000000000);
}

int call_recvmmsg(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    struct request r = request("recvmmsg", fd, POLICY_RECEIVE);
    int next = state_free(POLICY_RECEIVE, -1) ? MEDIATE_PROCEED : mediate(&r);

    if (next < 0)
        return fail(next);
    if (next == MEDIATE_LATER && !bad_timeout(timeout))
        return judge_each(via, fd, vec, count > 1024 ? 1024 : count, flags, timeout);
    int got = perform(via, fd, vec, count, flags, timeout);
    for (int i = 0; i < got; i++)
        receive_noticed(&vec[i].msg_hdr);
    return got;
}

INTERPOSED int recvmmsg(int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    if (state_pass())
        return real.recvmmsg(fd, vec, count, flags, timeout);
    return call_recvmmsg(VIA_LIBC, fd, vec, count, flags, timeout);
}

#include <sys/syscall.h>

#include "receive.h"
#include "shim/readback.h"
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

/* Gives the program what remains of its timeout. */
static int finish(int fd, int done, struct timespec *timeout, int64_t left)
{
    if (!timeout || done <= 0)
        return done;
    if (!receive_writable(fd, timeout, sizeof *timeout))
        return fail(-EFAULT);
    *timeout = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    return done;
}

/* One message, with its length for the program. Negative: errno tells. */
static int judge_one(enum via via, struct trace *t, struct mmsghdr *to, int flags)
{
    ssize_t got = recvmsg_judged(via, t, &to->msg_hdr, flags);

    if (got < 0)
        return -1;
    if (!receive_writable(t->fd, &to->msg_len, sizeof to->msg_len))
        return fail(-EFAULT);
    to->msg_len = (unsigned)got;
    return 0;
}

/* One message at a time, each judged by its sender. As the kernel, looks at the
 * time only after each (recvmmsg(2), "BUGS"). */
static int judge_each(enum via via, struct trace *t, struct mmsghdr *vec, unsigned count, int flags, int64_t *left)
{
    int64_t deadline = now() + *left;
    unsigned done = 0;
    int one = flags & ~MSG_WAITFORONE, before = errno;

    while (done < count) {
        if (judge_one(via, t, &vec[done], one) < 0) {
            if (!done)
                return -1;
            errno = before; /* the call succeeds */
            break;
        }
        done++;
        if (flags & MSG_WAITFORONE)
            one |= MSG_DONTWAIT;
        *left = deadline - now();
        if (*left > 0)
            continue;
        *left = 0;
        break;
    }
    return (int)done;
}

/* Nanoseconds; some programs ask for all the seconds there are. */
static int64_t duration(const struct timespec *t)
{
    const int64_t most = INT64_MAX / 4;

    return t->tv_sec > most / 1000000000 ? most : t->tv_sec * 1000000000 + t->tv_nsec;
}

static bool read_timeout(struct timespec *t, const struct timespec *timeout)
{
    *t = (struct timespec){.tv_sec = INT64_MAX};
    return !timeout || (copy_in(t, timeout, sizeof *t) == 0 && t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < 1000000000);
}

static int judged(enum via via, struct trace *trace, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    struct timespec t;
    struct request r = request_of(trace);
    int fd = trace->fd;
    int next = state_free(POLICY_RECEIVE, -1) ? MEDIATE_PROCEED : state->injects ? MEDIATE_LATER : mediate(&r);

    if (next < 0)
        return fail(next);
    if ((next == MEDIATE_LATER || readback_from(fd)) && read_timeout(&t, timeout)) {
        int64_t left = duration(&t);
        int done = judge_each(via, trace, vec, count, flags, &left);

        return finish(fd, done, timeout, left);
    }
    int got = perform(via, fd, vec, count, flags, timeout);
    for (int i = 0; i < got; i++)
        receive_noticed(&vec[i].msg_hdr, fd);
    return got;
}

int call_recvmmsg(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    struct trace t;

    trace_begin(&t, "recvmmsg", POLICY_RECEIVE, fd);
    trace_number(&t, 0, "messages", count);
    return (int)trace_end(&t, judged(via, &t, vec, count, flags, timeout));
}

INTERPOSED int recvmmsg(int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout)
{
    if (state_pass() && !readback_peers())
        return real.recvmmsg(fd, vec, count, flags, timeout);
    return call_recvmmsg(VIA_LIBC, fd, vec, count, flags, timeout);
}

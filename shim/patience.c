#include "shim/patience.h"

#include <errno.h>

#include "shim/sys.h"

/* A connect that the kernel would wait with comes back at once. The time-out is the socket's, so
 * that it is changed for as short as can be. */
static long attempt_briefly(struct patience *p)
{
    const struct timeval tick = {.tv_usec = 1};
    struct timeval before;
    socklen_t len = sizeof before;

    if (!p->connects || SYS5(SYS_getsockopt, p->fd, SOL_SOCKET, SO_SNDTIMEO, &before, &len) < 0)
        return p->attempt(p->ctx);
    SYS5(SYS_setsockopt, p->fd, SOL_SOCKET, SO_SNDTIMEO, &tick, sizeof tick);
    long ret = p->attempt(p->ctx);
    SYS5(SYS_setsockopt, p->fd, SOL_SOCKET, SO_SNDTIMEO, &before, sizeof before);
    return ret;
}

/* Milliseconds that the call may take; -1: as long as it takes. */
static int64_t patience_of(const struct patience *p)
{
    struct timeval t = {0};
    socklen_t len = sizeof t;
    int status = sys_getflags(p->fd);

    if ((p->flags & MSG_DONTWAIT) || (status >= 0 && (status & O_NONBLOCK)))
        return 0;
    SYS5(SYS_getsockopt, p->fd, SOL_SOCKET, SO_SNDTIMEO, &t, &len);
    return t.tv_sec || t.tv_usec ? t.tv_sec * 1000 + t.tv_usec / 1000 + 1 : -1;
}

/* Milliseconds. */
static int64_t now(void)
{
    struct timespec t;

    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether a handler for one of these ends a call; one with a time-out is never made again (signal(7)). */
static bool interrupt(uint64_t signals, bool restarts)
{
    for (; signals; signals &= signals - 1) {
        unsigned long action[8] = {0}; /* as the kernel has it: handler, flags, ... */

        SYS4(SYS_rt_sigaction, __builtin_ctzll(signals) + 1, NULL, action, sizeof signals);
        if (action[0] > 1 && !(restarts && (action[1] & SA_RESTART)))
            return true;
    }
    return false;
}

/* A call that changes nothing, and that a thread can be cancelled in. */
static void act_on_cancellation(const struct patience *p)
{
    int before = errno;

    p->cancels(-1, NULL, 0);
    errno = before;
}

/* Signals are held back until it is clear that they have to end the call: a handler that ran
 * after the helper and before the sleep would not. */
long patience_wait(struct patience *p)
{
    const int64_t most = patience_of(p), end = most < 0 ? INT64_MAX : now() + most;
    const struct timespec step = {.tv_nsec = 5000000};
    const uint64_t held = ~((uint64_t)1 << (SIGSYS - 1));
    bool again = most;
    long ret = again ? 0 : p->attempt(p->ctx);

    while (again) {
        uint64_t before, pending = 0;

        sys_sigmask(SIG_BLOCK, &held, &before);
        ret = attempt_briefly(p);
        again = ret == -EAGAIN && p->ran && now() < end;
        if (again) {
            SYS2(SYS_nanosleep, &step, NULL);
            SYS2(SYS_rt_sigpending, &pending, sizeof pending);
        }
        if (interrupt(pending & ~before, most < 0))
            ret = -EINTR, again = false;
        sys_sigmask(SIG_SETMASK, &before, NULL);
        if (again)
            act_on_cancellation(p);
    }
    return ret;
}

#include <sys/syscall.h>

#include "calls.h"
#include "shim/gone.h"
#include "shim/reach.h"
#include "shim/remember.h"
#include "shim/settled.h"
#include "shim/whole.h"

static int perform(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    return via == VIA_LIBC ? real.connect(fd, addr, len) : (int)real.syscall(SYS_connect, fd, addr, len);
}

static void close_pin(void *pin)
{
    pin_close(pin);
}

static bool is_inet(const struct address *a)
{
    return a->family == AF_INET || a->family == AF_INET6;
}

static void end_binding(void *binding)
{
    remember_end(binding);
}

/* Connecting gives an inet socket its address, by which the other end knows it. Others
 * wait for the binding, so that it must not outlive a cancelled or abandoned call. */
static int perform_remembered(enum via via, const struct request *r)
{
    struct binding b;
    int ret;

    remember_begin(&b);
    CLEANUP_PUSH(end_binding, &b);
    ret = perform(via, r->fd, r->via, r->via_len);
    if (ret == 0 || errno == EINPROGRESS)
        remember_bound(r->fd, NULL);
    CLEANUP_POP();
    return ret;
}

/* Through a pin, which is closed also when the thread is cancelled meanwhile. */
static int perform_pinned(enum via via, struct request *r)
{
    int ret;

    CLEANUP_PUSH(close_pin, &r->pin);
    ret = perform(via, r->fd, r->via, r->via_len);
    if (ret < 0 && mediate_retry(r, errno))
        ret = perform(via, r->fd, r->via, r->given_len);
    if (ret < 0)
        errno = mediate_failed(r, errno);
    CLEANUP_POP();
    return ret;
}

static int judge(struct request *r)
{
    int err = whole_make(r->target, "connect", false);

    if (err == 0)
        err = mediate_autobind(r);
    if (err < 0)
        return err;
    if (state_free(POLICY_CONNECT, r->target->family)) {
        r->via = &r->target->raw.any;
        r->via_len = r->target->len;
    } else if ((err = mediate(r)) < 0) {
        return err;
    }
    return reach(r);
}

static void release(void *target)
{
    address_release(target);
}

static int perform_helped(struct request *r, int next)
{
    long err;

    CLEANUP_PUSH(release, r->target);
    err = next == REACH_HELPED ? reach_helped(r, NULL, 0) : reach_judged(r, NULL, 0);
    CLEANUP_POP();
    return err < 0 ? fail((int)err) : 0;
}

/* What was read, judged and done; the target's memory is given back before anything blocks. */
static int judged(enum via via, int fd, struct address *target, struct trace *t)
{
    struct request r = request_of(t);

    r.target = target;
    int next = judge(&r);
    bool helped = next == REACH_HELPED || next == MEDIATE_FULL;
    if (!helped)
        address_release(target);
    if (next < 0 && !helped)
        return fail(next);
    if (target->family == AF_UNIX)
        remember_process_once();
    settled_forget(fd);
    if (helped)
        return perform_helped(&r, next);
    if (state->asks_inet && is_inet(target))
        return perform_remembered(via, &r);
    int ret = r.pin.fd >= 0 ? perform_pinned(via, &r) : perform(via, fd, r.via, r.via_len);
    if (ret < 0 && state->shortens && !address_is_long(target)) /* reach() has said it of those */
        gone_note("connect", -errno, target);
    return ret;
}

static int taken(enum via via, int fd, const struct sockaddr *addr, socklen_t len, struct trace *t)
{
    struct address target;
    int err = address_read(&target, addr, len, ADDRESS_TARGET);

    if (err < 0)
        return address_refused_here(err, fd) ? fail(err)
                                             : perform(via, fd, ADDRESS_UNREADABLE, address_refused_len(err, len));
    if (target.family != AF_UNSPEC)
        return judged(via, fd, &target, t);
    int ret = perform(via, fd, &target.raw.any, target.len); /* dissolves an association; never refused */
    settled_forget(fd);
    return ret;
}

int call_connect(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct trace t;

    trace_begin(&t, "connect", POLICY_CONNECT, fd);
    trace_named(&t, addr, len);
    return (int)trace_end(&t, taken(via, fd, addr, len, &t));
}

/* The kernel refuses what is too long without looking at it. */
static int connect_unjudged(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (whole_doubtful(len))
        return call_connect(VIA_LIBC, fd, addr, len);
    int before = errno, ret = real.connect(fd, addr, len);
    if (ret < 0 && len > ADDRESS_UN_MAX && errno == EINVAL) {
        errno = before;
        return call_connect(VIA_LIBC, fd, addr, len);
    }
    if (ret < 0 && state->shortens)
        gone_look("connect", errno, addr, len);
    return ret;
}

INTERPOSED int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (!state_pass())
        return call_connect(VIA_LIBC, fd, addr, len);
    if (len < ADDRESS_FULL && !state->shortens)
        return real.connect(fd, addr, len);
    return connect_unjudged(fd, addr, len);
}

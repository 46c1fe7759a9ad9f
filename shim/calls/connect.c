#include <sys/syscall.h>

#include "calls.h"
#include "shim/remember.h"
#include "shim/settled.h"

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
    int err = mediate_autobind(r);

    if (err < 0)
        return err;
    if (state_free(POLICY_CONNECT, r->target->family)) {
        r->via = &r->target->raw.any;
        r->via_len = r->target->len;
        return 0;
    }
    return mediate(r);
}

int call_connect(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct request r = request("connect", fd, POLICY_CONNECT);
    struct address target;

    if (address_read(&target, addr, len, ADDRESS_TARGET) < 0)
        return perform(via, fd, ADDRESS_UNREADABLE, len);
    if (target.family == AF_UNSPEC) { /* dissolves an association; never refused */
        int ret = perform(via, fd, &target.raw.any, target.len);

        settled_forget(fd);
        return ret;
    }
    r.target = &target;
    int err = judge(&r);
    if (err < 0)
        return fail(err);
    if (target.family == AF_UNIX)
        remember_process_once();
    settled_forget(fd);
    if (state->asks_inet && is_inet(&target))
        return perform_remembered(via, &r);
    return r.pin.fd >= 0 ? perform_pinned(via, &r) : perform(via, fd, r.via, r.via_len);
}

INTERPOSED int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (state_pass())
        return real.connect(fd, addr, len);
    return call_connect(VIA_LIBC, fd, addr, len);
}

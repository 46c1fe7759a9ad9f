#include <sys/syscall.h>

#include "message.h"
#include "shim/inject.h"
#include "shim/whole.h"

static ssize_t perform(enum via via, int fd, const void *buf, size_t size, int flags, const struct sockaddr *addr,
                       socklen_t len)
{
    if (via == VIA_SYSCALL)
        return real.syscall(SYS_sendto, fd, buf, size, flags, addr, len);
    return addr ? real.sendto(fd, buf, size, flags, addr, len) : real.send(fd, buf, size, flags);
}

static void close_pin(void *pin)
{
    pin_close(pin);
}

static ssize_t perform_pinned(enum via via, struct request *r, const void *buf, size_t size, int flags)
{
    ssize_t ret;

    CLEANUP_PUSH(close_pin, &r->pin);
    ret = perform(via, r->fd, buf, size, flags, r->via, r->via_len);
    if (ret < 0 && mediate_retry(r, errno))
        ret = perform(via, r->fd, buf, size, flags, r->via, r->given_len);
    if (ret < 0)
        errno = mediate_failed(r, errno);
    CLEANUP_POP();
    return ret;
}

/* Out of line, so that the calls below cost nothing where nothing is checked. */
static __attribute__((noinline)) ssize_t send_judged(enum via via, struct request *r, const void *buf, size_t size,
                                                     int flags, struct message_name name)
{
    struct address target;
    int err = message_judge(r, &target, name, flags);

    if (err < 0)
        return fail(err);
    size = inject_size(r, size);
    if (err > 0) {
        struct iovec part = {.iov_base = (void *)(uintptr_t)buf, .iov_len = size};
        const struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};

        return message_helped(r, err, &msg, flags);
    }
    if (r->pin.fd >= 0)
        return perform_pinned(via, r, buf, size, flags);
    return perform(via, r->fd, buf, size, flags, r->via, r->via_len);
}

/* The kernel refuses what is too long without looking at it: then it is our turn. */
static bool is_too_long(ssize_t ret, const struct sockaddr *addr, socklen_t len)
{
    return ret < 0 && addr && len > ADDRESS_UN_MAX && errno == EINVAL;
}

static ssize_t taken(enum via via, struct trace *t, const void *buf, size_t size, int flags, const struct sockaddr *addr,
                     socklen_t len)
{
    if (sends_are_free(flags, addr && len)) {
        int before = errno;
        ssize_t ret = perform(via, t->fd, buf, size, flags, addr, len);

        if (!is_too_long(ret, addr, len))
            return ret;
        errno = before;
    }
    struct request r = request_of(t);
    return send_judged(via, &r, buf, size, flags, (struct message_name){addr, len, false});
}

ssize_t call_sendto(enum via via, int fd, const void *buf, size_t size, int flags, const struct sockaddr *addr,
                    socklen_t len)
{
    struct trace t;

    trace_begin(&t, "sendto", POLICY_SEND, fd);
    trace_named(&t, addr, len);
    trace_number(&t, 0, "size", (int64_t)size);
    return trace_end(&t, taken(via, &t, buf, size, flags, addr, len));
}

INTERPOSED ssize_t sendto(int fd, const void *buf, size_t size, int flags, const struct sockaddr *addr,
                          socklen_t len)
{
    if (state_pass() && !whole_doubtful(len)) {
        int before = errno;
        ssize_t ret = real.sendto(fd, buf, size, flags, addr, len);

        if (!is_too_long(ret, addr, len))
            return ret;
        errno = before;
    }
    return call_sendto(VIA_LIBC, fd, buf, size, flags, addr, len);
}

static __attribute__((noinline)) ssize_t call_send(int fd, const void *buf, size_t size, int flags)
{
    struct trace t;

    trace_begin(&t, "send", POLICY_SEND, fd);
    trace_number(&t, 0, "size", (int64_t)size);
    struct request r = request_of(&t);
    return trace_end(&t, send_judged(VIA_LIBC, &r, buf, size, flags, (struct message_name){NULL, 0, false}));
}

INTERPOSED ssize_t send(int fd, const void *buf, size_t size, int flags)
{
    if (state_pass() || sends_are_free(flags, false))
        return real.send(fd, buf, size, flags);
    return call_send(fd, buf, size, flags);
}

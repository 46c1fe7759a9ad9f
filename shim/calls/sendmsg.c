#include <sys/syscall.h>

#include "message.h"
#include "shim/domain.h"
#include "shim/inject.h"

static ssize_t perform(enum via via, int fd, const struct msghdr *msg, int flags)
{
    return via == VIA_LIBC ? real.sendmsg(fd, msg, flags) : real.syscall(SYS_sendmsg, fd, msg, flags);
}

static void close_pin(void *pin)
{
    pin_close(pin);
}

static ssize_t perform_pinned(enum via via, struct request *r, struct msghdr *msg, int flags)
{
    ssize_t ret;

    CLEANUP_PUSH(close_pin, &r->pin);
    ret = perform(via, r->fd, msg, flags);
    if (ret < 0 && mediate_retry(r, errno)) {
        msg->msg_namelen = r->given_len;
        ret = perform(via, r->fd, msg, flags);
    }
    if (ret < 0)
        errno = mediate_failed(r, errno);
    CLEANUP_POP();
    return ret;
}

struct message_name message_name_of(const struct msghdr *msg)
{
    return (struct message_name){msg->msg_name, msg->msg_namelen, true};
}

/* Where nothing is judged: the kernel refuses what is too long, and then it is our turn. */
static bool is_done(ssize_t ret, const struct msghdr *msg)
{
    return ret >= 0 || errno != EINVAL || !message_is_long(msg);
}

/* The name it is sent to; what it is made of may be anywhere, and is not read. */
static void trace_message(struct trace *t, const struct msghdr *msg)
{
    trace_named(t, msg->msg_name, msg->msg_namelen);
}

static ssize_t taken(enum via via, int fd, const struct msghdr *msg, int flags, struct trace *t)
{
    struct request r = request_of(t);
    struct address target;
    struct msghdr copy;
    struct iovec parts[8];
    bool free = sends_are_free(flags, true) && !domain_remembers();

    if (free) {
        int before = errno;
        ssize_t ret = perform(via, fd, msg, flags);

        if (is_done(ret, msg))
            return ret;
        errno = before;
    }
    if (copy_in(&copy, msg, sizeof copy) < 0)
        return perform(via, fd, ADDRESS_UNREADABLE, flags);
    trace_message(t, &copy);
    message_passes(&copy);
    if (!free && sends_are_free(flags, copy.msg_name && copy.msg_namelen))
        return perform(via, fd, msg, flags);
    int err = message_judge(&r, &target, message_name_of(&copy), flags);
    if (err < 0)
        return fail(err);
    if (r.limit)
        inject_shorten(&copy, parts, sizeof parts / sizeof *parts, r.limit);
    if (err > 0)
        return message_helped(&r, err, &copy, flags);
    copy.msg_name = (void *)(uintptr_t)r.via;
    copy.msg_namelen = r.via_len;
    return r.pin.fd >= 0 ? perform_pinned(via, &r, &copy, flags) : perform(via, fd, &copy, flags);
}

ssize_t call_sendmsg(enum via via, int fd, const struct msghdr *msg, int flags)
{
    struct trace t;

    trace_begin(&t, "sendmsg", POLICY_SEND, fd);
    return trace_end(&t, taken(via, fd, msg, flags, &t));
}

INTERPOSED ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    if (state_pass() && !state->suspect_count) {
        int before = errno;
        ssize_t ret = real.sendmsg(fd, msg, flags);

        if (is_done(ret, msg))
            return ret;
        errno = before;
    }
    return call_sendmsg(VIA_LIBC, fd, msg, flags);
}

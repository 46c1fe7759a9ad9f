#include <sys/syscall.h>

#include "message.h"
#include "shim/domain.h"

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

/* sendmsg(2) cuts a long name instead of refusing it (copy_msghdr_from_user). */
struct message_name message_name_of(const struct msghdr *msg)
{
    socklen_t len = msg->msg_namelen;

    return (struct message_name){msg->msg_name, len > ADDRESS_MAX && len <= INT32_MAX ? ADDRESS_MAX : len};
}

ssize_t call_sendmsg(enum via via, int fd, const struct msghdr *msg, int flags)
{
    struct request r = request("sendmsg", fd, POLICY_SEND);
    struct address target;
    struct msghdr copy;

    if (sends_are_free(flags, true) && !domain_remembers())
        return perform(via, fd, msg, flags);
    if (copy_in(&copy, msg, sizeof copy) < 0)
        return perform(via, fd, ADDRESS_UNREADABLE, flags);
    message_passes(&copy);
    if (sends_are_free(flags, copy.msg_name && copy.msg_namelen))
        return perform(via, fd, msg, flags);
    int err = message_judge(&r, &target, message_name_of(&copy), flags);
    if (err < 0)
        return fail(err);
    copy.msg_name = (void *)(uintptr_t)r.via;
    copy.msg_namelen = r.via_len;
    return r.pin.fd >= 0 ? perform_pinned(via, &r, &copy, flags) : perform(via, fd, &copy, flags);
}

INTERPOSED ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    if (state_pass())
        return real.sendmsg(fd, msg, flags);
    return call_sendmsg(VIA_LIBC, fd, msg, flags);
}

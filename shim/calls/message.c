#include "message.h"

#include "receive.h"
#include "shim/dgram.h"
#include "shim/remember.h"
#include "shim/scratch.h"
#include "shim/sys.h"
#include "shim/whole.h"

/* What AF_UNSPEC means in a send is the socket's family's business. */
static void read_unspec(struct request *r, struct address *target)
{
    int domain;

    if (sys_getsockopt_int(r->fd, SO_DOMAIN, &domain) < 0)
        target->valid = false;
    else if (domain == AF_INET6) /* udpv6_sendmsg: as if no address was given */
        r->target = NULL;
    else if (domain == AF_INET) /* udp_sendmsg: an inet address */
        address_unspec_is_inet(target, ADDRESS_TARGET);
    else if (domain == AF_UNIX)
        target->valid = false;
}

/* A connected stream or seqpacket socket does not look at names, not even at wrong
 * ones (tcp_sendmsg, unix_seqpacket_sendmsg): its peer gets the message. The family
 * of the name says nothing about the socket. */
static bool name_is_ignored(int fd, int flags)
{
    socklen_t no_room = 0;
    char nothing;
    int type;

    if ((flags & MSG_FASTOPEN) || dgram_is(fd) || sys_getsockopt_int(fd, SO_TYPE, &type) < 0)
        return false;
    return (type == SOCK_STREAM || type == SOCK_SEQPACKET) && sys_getpeername(fd, &nothing, &no_room) == 0;
}

/* A send that opens a connection (tcp(7), MSG_FASTOPEN) needs that permission too. */
static int judge_fastopen(const struct request *r, int flags)
{
    if (!(flags & MSG_FASTOPEN) || !r->target || (r->target->family != AF_INET && r->target->family != AF_INET6))
        return 0;
    struct request open = request(r->operation, r->fd, POLICY_CONNECT);
    open.target = r->target;
    return mediate(&open);
}

/* A datagram from an inet socket that has no port yet gives it one. */
static bool will_bind(const struct request *r)
{
    int type;

    return (r->target->family == AF_INET || r->target->family == AF_INET6) &&
           sys_getsockopt_int(r->fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM;
}

static int read_name(struct address *target, const struct message_name *name)
{
    int err = address_read(target, name->at, name->len, ADDRESS_TARGET);

    if (err == -EINVAL && name->cut && name->len > ADDRESS_MAX && name->len <= INT32_MAX)
        err = address_read(target, name->at, ADDRESS_MAX, ADDRESS_TARGET);
    return err;
}

/* `unjudged`: there is a name, which is not looked at. */
static int decide(struct request *r, const struct address *target, bool unjudged, int flags)
{
    int err = mediate_autobind(r);

    if (err == 0)
        err = judge_fastopen(r, flags);
    if (err == 0)
        err = mediate(r);
    if (err == 0 && state->asks_inet && r->target && will_bind(r))
        remember_unbound(r->fd);
    if (err == 0 && unjudged) { /* the kernel is to see it as it was */
        r->via = &target->raw.any;
        r->via_len = target->len;
    }
    return err ? err : reach(r);
}

static int take_name(struct request *r, struct address *target, const struct message_name *name, int flags)
{
    int err = read_name(target, name);

    if (err < 0) {
        r->via = ADDRESS_UNREADABLE;
        r->via_len = address_refused_len(err, name->len);
        return address_refused_here(err, r->fd) ? err : 1;
    }
    if (!name_is_ignored(r->fd, flags))
        r->target = target;
    if (r->target && target->family == AF_UNSPEC)
        read_unspec(r, target);
    return r->target ? whole_make(target, r->operation, false) : 0;
}

int message_judge(struct request *r, struct address *target, struct message_name name, int flags)
{
    const bool named = name.at && name.len;
    int err = 0;

    r->target = NULL;
    r->via = name.at; /* also with length 0: sendto(2) then differs from NULL */
    r->via_len = 0;
    target->longer = NULL;
    if (named && (err = take_name(r, target, &name, flags)) > 0)
        return 0;
    if (err == 0)
        err = decide(r, target, named && !r->target, flags);
    if (err == MEDIATE_FULL)
        return REACH_JUDGED;
    if (err != REACH_HELPED)
        address_release(target);
    return err;
}

static void release(void *target)
{
    address_release(target);
}

ssize_t message_helped(struct request *r, int way, const struct msghdr *msg, int flags)
{
    long ret;

    CLEANUP_PUSH(release, r->target);
    ret = way == REACH_HELPED ? reach_helped(r, msg, flags) : reach_judged(r, msg, flags);
    CLEANUP_POP();
    return ret < 0 ? fail((int)ret) : ret;
}

bool message_is_long(const struct msghdr *msg)
{
    struct msghdr copy;

    return copy_in(&copy, msg, sizeof copy) == 0 && copy.msg_name && copy.msg_namelen > ADDRESS_UN_MAX;
}

/* A length that leads out of the control data: the kernel refuses such a call. */
static bool is_whole(const struct msghdr *m, const struct cmsghdr *c)
{
    return c->cmsg_len <= m->msg_controllen - (size_t)((const char *)c - (const char *)m->msg_control);
}

/* The control data is read once, from a copy: it may not be there at all. */
static __attribute__((noinline)) void note_passed(const struct msghdr *msg)
{
    char *copy = scratch_take();

    if (copy && copy_in(copy, msg->msg_control, msg->msg_controllen) == 0) {
        struct msghdr m = {.msg_control = copy, .msg_controllen = msg->msg_controllen};

        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c && is_whole(&m, c); c = CMSG_NXTHDR(&m, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
                receive_each_descriptor(c, remember_sent);
    }
    scratch_give(copy);
}

void message_passes(const struct msghdr *msg)
{
    if (domain_remembers() && msg->msg_control && msg->msg_controllen >= sizeof(struct cmsghdr) &&
        msg->msg_controllen <= 4096)
        note_passed(msg);
}

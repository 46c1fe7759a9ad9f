#include "receive.h"

#include <string.h>
#include <sys/syscall.h>

#include "shim/dgram.h"
#include "shim/inject.h"
#include "shim/readback.h"
#include "shim/remember.h"
#include "shim/scratch.h"
#include "shim/sys.h"
#include "shim/track.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 4 /* Linux 6.5; not in older headers */
#endif

static ssize_t perform(enum via via, int fd, struct msghdr *msg, int flags)
{
    return via == VIA_LIBC ? real.recvmsg(fd, msg, flags) : real.syscall(SYS_recvmsg, fd, msg, flags);
}

void receive_each_descriptor(const struct cmsghdr *c, void (*visit)(int))
{
    for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        visit(fd);
    }
}

static void close_one(int fd)
{
    sys_close(fd);
}

static void close_descriptors(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && (c->cmsg_type == SCM_RIGHTS || c->cmsg_type == SCM_PIDFD))
            receive_each_descriptor(c, close_one);
}

/* The program must not find in its buffers what it was not to get. */
static void wipe(const struct msghdr *msg, size_t len)
{
    for (size_t i = 0; i < msg->msg_iovlen && len; i++) {
        size_t part = msg->msg_iov[i].iov_len < len ? msg->msg_iov[i].iov_len : len;

        memset(msg->msg_iov[i].iov_base, 0, part);
        len -= part;
    }
}

static void discard(const struct request *r, struct msghdr *msg, ssize_t got, int flags)
{
    close_descriptors(msg);
    wipe(msg, (size_t)got);
    if ((flags & MSG_PEEK) && !(flags & MSG_ERRQUEUE)) /* it is still in the queue */
        SYS6(SYS_recvfrom, r->fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC, NULL, NULL);
}

/* The kernel tells who sent a datagram where the program asked for it (SO_PASSCRED). */
static void note_sender(struct request *r, struct msghdr *msg)
{
    struct ucred creds;

    r->sender_known = false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len >= CMSG_LEN(sizeof creds)) {
            memcpy(&creds, CMSG_DATA(c), sizeof creds);
            r->sender_known = true;
            r->sender_pid = creds.pid;
            r->sender_uid = creds.uid;
        }
}

ssize_t receive_judged(enum via via, struct request *r, bool judge, struct msghdr *msg, int flags,
                       struct address *from)
{
    const size_t control_room = msg->msg_controllen;
    int err = judge ? mediate_wait(r) : 0;

    while (!err) {
        msg->msg_name = from->raw.bytes;
        msg->msg_namelen = ADDRESS_MAX;
        msg->msg_controllen = control_room;
        ssize_t got = perform(via, r->fd, msg, flags);
        if (got < 0)
            return got;
        from->len = msg->msg_namelen > ADDRESS_MAX ? ADDRESS_MAX : msg->msg_namelen;
        address_classify(from, ADDRESS_KERNEL);
        if (from->len == 0) /* an unnamed sender */
            from->name.kind = POLICY_ADDR_NONE;
        if (!judge)
            return got;
        note_sender(r, msg);
        if ((err = mediate_peer(r, from)) == 0)
            return (ssize_t)inject_size(r, (size_t)got);
        discard(r, msg, got, flags);
        if (!r->broken)
            err = 0;
    }
    return fail(err);
}

/* getsockopt(2) writes as many bytes of the option as there is room for: one. */
static bool byte_writable(int fd, char *at)
{
    socklen_t one = 1;

    return SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, at, &one) == 0;
}

bool receive_writable(int fd, void *to, size_t len)
{
    char *first = to;

    return !len || on_main_stack(to, len) || (byte_writable(fd, first) && byte_writable(fd, first + len - 1));
}

/* `to` may be NULL; `size` bytes at `bytes`, of which `room` count. */
static int give(int fd, const void *bytes, socklen_t size, void *to, socklen_t room, socklen_t told, socklen_t *len)
{
    socklen_t part = size < room ? size : room;

    for (socklen_t at = 0; to && at < part; at += 4096)
        if (!receive_writable(fd, (char *)to + at, part - at < 4096 ? part - at : 4096))
            return -EFAULT;
    if (!receive_writable(fd, len, sizeof *len))
        return -EFAULT;
    if (to)
        memcpy(to, bytes, part);
    *len = told;
    return 0;
}

/* What the program knows it by, in front of which there is room for the family. */
static __attribute__((noinline)) int give_known(int fd, bool own, const struct address *from, void *to, socklen_t room,
                                                socklen_t *len)
{
    const socklen_t head = offsetof(struct sockaddr_un, sun_path);
    char *name = scratch_take();
    size_t n = name ? readback_name(from, own ? fd : -1, name + 8, SCRATCH_SIZE - 8) : 0;
    int err;

    if (n && head + n <= room) { /* the terminator may be missing (unix(7)) */
        socklen_t size = (socklen_t)(head + n + (head + n < room));

        memcpy(name + 8 - head, from->raw.bytes, head);
        err = give(fd, name + 8 - head, size, to, room, size, len);
    } else {
        err = give(fd, from->raw.bytes, from->len, to, room, n && from->len > room ? room : from->len, len);
    }
    scratch_give(name);
    return err;
}

int receive_name(int fd, bool own, const struct address *from, void *to, socklen_t room, socklen_t *len)
{
    if (readback_on())
        return give_known(fd, own, from, to, room, len);
    return give(fd, from->raw.bytes, from->len, to, room, from->len, len);
}

int receive_room(socklen_t *room, const socklen_t *len)
{
    return copy_in(room, len, sizeof *room) < 0 || *room > INT32_MAX ? -EFAULT : 0;
}

static void note_stranger(int fd)
{
    dgram_note(fd, 0);
    if (domain_remembers())
        remember_came(fd);
}

void receive_noticed(const struct msghdr *msg, int carrier)
{
    if (!msg->msg_controllen || !msg->msg_control)
        return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        state_let_in();
        receive_each_descriptor(c, note_stranger);
    }
    if (track_on())
        track_received(msg, carrier);
}

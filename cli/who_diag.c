/* Unix sockets as the kernel describes them: sock_diag(7). */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "who.h"

int diag_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    return fd < 0 ? -errno : fd;
}

static int send_request(int netlink, const void *request, size_t len, bool dump)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct nlmsghdr head = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
                            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                            .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0))};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)request, len}};
    struct msghdr msg = {.msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = parts, .msg_iovlen = 2};

    while (sendmsg(netlink, &msg, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* What comes after `at` of `size` bytes, of *left; NULL: nothing. (NLMSG_NEXT and
 * RTA_NEXT do the same by casts that clang warns of.) */
static const void *after(const void *at, size_t size, size_t *left)
{
    size_t step = NLMSG_ALIGN(size); /* of attributes, too */

    if (!step || step >= *left)
        return NULL;
    *left -= step;
    return (const char *)at + step;
}

/* One datagram of answers. 1: there is more to come. */
static int take(const char *bytes, size_t len, bool dump, void (*each)(void *, const void *, size_t), void *ctx)
{
    const struct nlmsghdr *h = (const void *)bytes;

    for (; h && NLMSG_OK(h, len); h = after(h, h->nlmsg_len, &len)) {
        if (h->nlmsg_type == NLMSG_DONE)
            return 0;
        if (h->nlmsg_type == NLMSG_ERROR)
            return h->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ? -EPROTO
                                                                         : ((struct nlmsgerr *)NLMSG_DATA(h))->error;
        if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY)
            each(ctx, NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN);
    }
    return dump;
}

int diag_ask(int netlink, const void *request, size_t len, bool dump,
             void (*each)(void *ctx, const void *payload, size_t len), void *ctx)
{
    static char room[256 * 1024] __attribute__((aligned(8)));
    int more = send_request(netlink, request, len, dump);

    if (more)
        return more;
    do {
        struct sockaddr_nl from = {0};
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(netlink, room, sizeof room, 0, (struct sockaddr *)&from, &from_len);

        if (n < 0 && errno != EINTR)
            return -errno;
        more = n < 0 || from.nl_pid ? 1 : take(room, (size_t)n, dump, each, ctx);
    } while (more > 0);
    return more;
}

/* --- unix_diag --------------------------------------------------------------- */

struct collecting {
    struct world *world;
    unsigned space;
};

/* sun_path as the kernel keeps it: an abstract name begins with a NUL, a pathname
 * ends with one. */
static struct name take_name(const char *bytes, size_t len)
{
    struct name n = {NAME_NONE, NULL, 0};

    if (!len)
        return n;
    n.kind = *bytes ? NAME_PATHNAME : NAME_ABSTRACT;
    n.len = *bytes ? strnlen(bytes, len) : len - 1;
    n.bytes = memcpy(allocate(n.len + 1), bytes + !*bytes, n.len);
    return n;
}

static void take_pending(struct sock *s, const void *bytes, size_t len)
{
    s->pendings = (unsigned)(len / sizeof *s->pending);
    s->pending = memcpy(allocate(len), bytes, s->pendings * sizeof *s->pending);
}

static void take_attribute(struct sock *s, int type, const void *at, size_t len)
{
    if (type == UNIX_DIAG_NAME) {
        s->name = take_name(at, len);
    } else if (type == UNIX_DIAG_VFS && len >= sizeof(struct unix_diag_vfs)) {
        s->has_file = true;
        s->dev = ((const struct unix_diag_vfs *)at)->udiag_vfs_dev;
        s->file_ino = ((const struct unix_diag_vfs *)at)->udiag_vfs_ino;
    } else if (type == UNIX_DIAG_PEER && len >= 4) {
        s->has_peer = true;
        memcpy(&s->peer, at, 4);
    } else if (type == UNIX_DIAG_ICONS) {
        take_pending(s, at, len);
    } else if (type == UNIX_DIAG_RQLEN && len >= sizeof(struct unix_diag_rqlen)) {
        s->has_queue = true;
        s->recv = ((const struct unix_diag_rqlen *)at)->udiag_rqueue;
        s->send = ((const struct unix_diag_rqlen *)at)->udiag_wqueue;
    } else if (type == UNIX_DIAG_SHUTDOWN && len >= 1) {
        s->shutdown = *(const uint8_t *)at;
    } else if (type == UNIX_DIAG_UID && len >= 4) {
        s->has_uid = true;
        memcpy(&s->uid, at, 4);
    }
}

static void take_unix(void *ctx, const void *payload, size_t len)
{
    struct collecting *c = ctx;
    const struct unix_diag_msg *m = payload;

    if (len < sizeof *m || m->udiag_family != AF_UNIX || !m->udiag_ino)
        return;
    struct sock *s = world_add(c->world, m->udiag_ino);
    s->described = true;
    s->family = AF_UNIX;
    s->type = m->udiag_type;
    s->state = m->udiag_state;
    s->space = c->space;
    s->cookie = (uint64_t)m->udiag_cookie[1] << 32 | m->udiag_cookie[0];
    size_t left = len;
    for (const struct rtattr *a = after(m, sizeof *m, &left); a && RTA_OK(a, left); a = after(a, a->rta_len, &left))
        take_attribute(s, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
}

int diag_unix(struct world *w, unsigned space, uint32_t ino)
{
    struct unix_diag_req r = {.sdiag_family = AF_UNIX,
                              .udiag_states = ~0u,
                              .udiag_ino = ino,
                              .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
                                            UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID,
                              .udiag_cookie = {~0u, ~0u}};
    struct collecting c = {w, space};

    if (w->spaces[space].netlink < 0)
        return w->spaces[space].netlink;
    return diag_ask(w->spaces[space].netlink, &r, sizeof r, !ino, take_unix, &c);
}

#include "diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>

#include "scratch.h"
#include "sys.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

struct question {
    struct nlmsghdr head;
    struct unix_diag_req ask;
};

/* An answer has the message and a few attributes, a name the longest of them. */
union answer {
    struct nlmsghdr head;
    char bytes[512];
};

static struct question question(uint32_t ino, uint16_t flags, uint32_t show)
{
    return (struct question){
        .head = {.nlmsg_len = sizeof(struct question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | flags},
        .ask = {.sdiag_family = AF_UNIX,
                .udiag_states = ~0u,
                .udiag_ino = ino,
                .udiag_show = show,
                .udiag_cookie = {~0u, ~0u}},
    };
}

static int open_diag(void)
{
    return (int)SYS3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static int ask(uint32_t ino, union answer *a, size_t *len)
{
    struct question q = question(ino, 0, UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_VFS);
    int fd = open_diag();

    if (fd < 0)
        return fd;
    long n = SYS6(SYS_sendto, fd, &q, sizeof q, 0, NULL, 0);
    if (n >= 0)
        n = SYS6(SYS_recvfrom, fd, a->bytes, sizeof a->bytes, 0, NULL, NULL);
    sys_close(fd);
    *len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? (int)n : 0;
}

/* RTA_NEXT and NLMSG_NEXT, without casts that raise alignment. */
static const struct rtattr *next_attribute(const struct rtattr *attr, size_t *left)
{
    size_t step = RTA_ALIGN(attr->rta_len);

    *left = step < *left ? *left - step : 0;
    return (const void *)((const char *)attr + step);
}

static const struct nlmsghdr *next_message(const struct nlmsghdr *m, size_t *left)
{
    size_t step = NLMSG_ALIGN(m->nlmsg_len);

    *left = step < *left ? *left - step : 0;
    return (const void *)((const char *)m + step);
}

static void take_attribute(struct diag_unix *out, const struct rtattr *attr)
{
    size_t len = RTA_PAYLOAD(attr);

    if (attr->rta_type == UNIX_DIAG_PEER && len == sizeof out->peer_ino)
        memcpy(&out->peer_ino, RTA_DATA(attr), len);
    if (attr->rta_type == UNIX_DIAG_VFS && len == sizeof(struct unix_diag_vfs)) {
        struct unix_diag_vfs file;

        memcpy(&file, RTA_DATA(attr), sizeof file);
        out->file_ino = file.udiag_vfs_ino;
        out->file_dev = file.udiag_vfs_dev;
    }
    if (attr->rta_type == UNIX_DIAG_NAME) {
        out->name_len = (uint8_t)(len > sizeof out->name ? sizeof out->name : len);
        memcpy(out->name, RTA_DATA(attr), out->name_len);
    }
}

static int read_answer(const union answer *a, size_t len, struct diag_unix *out)
{
    struct nlmsgerr failure;
    struct unix_diag_msg msg;

    if (len < sizeof a->head || a->head.nlmsg_len > len)
        return -EIO;
    if (a->head.nlmsg_type == NLMSG_ERROR && len >= NLMSG_LENGTH(sizeof failure)) {
        memcpy(&failure, NLMSG_DATA(&a->head), sizeof failure);
        return failure.error < 0 ? failure.error : -EIO;
    }
    if (a->head.nlmsg_type != SOCK_DIAG_BY_FAMILY || a->head.nlmsg_len < NLMSG_LENGTH(sizeof msg))
        return -EIO;
    memcpy(&msg, NLMSG_DATA(&a->head), sizeof msg);
    *out = (struct diag_unix){.cookie = msg.udiag_cookie[0] | (uint64_t)msg.udiag_cookie[1] << 32,
                              .type = msg.udiag_type,
                              .state = msg.udiag_state};
    size_t left = a->head.nlmsg_len - NLMSG_LENGTH(sizeof msg);
    const struct rtattr *attr = (const void *)(a->bytes + NLMSG_LENGTH(sizeof msg));
    for (; RTA_OK(attr, left); attr = next_attribute(attr, &left))
        take_attribute(out, attr);
    return 0;
}

int diag_unix(uint32_t ino, struct diag_unix *out)
{
    union answer *a = (void *)scratch_take();
    size_t len;
    int err = a ? ask(ino, a, &len) : -ENOMEM;

    if (!err)
        err = read_answer(a, len, out);
    scratch_give((char *)a);
    return err;
}

/* From stat(2)'s form (new_encode_dev) to unix_diag's; major(3) may be a function. */
static uint32_t device_of(const struct stat *st)
{
    uint64_t dev = st->st_dev;

    return (uint32_t)((dev >> 8 & 0xfff) << 20 | (dev >> 12 & 0xfff00) | (dev & 0xff));
}

bool diag_is_file(const struct diag_unix *socket, const struct stat *st)
{
    return socket->file_ino && (uint32_t)st->st_ino == socket->file_ino && device_of(st) == socket->file_dev;
}

/* --- By name -------------------------------------------------------------- */

static bool message_has_name(const struct nlmsghdr *m, const void *name, size_t len)
{
    size_t left = m->nlmsg_len - NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    const struct rtattr *attr = (const void *)((const char *)m + NLMSG_LENGTH(sizeof(struct unix_diag_msg)));

    for (; RTA_OK(attr, left); attr = next_attribute(attr, &left)) {
        const char *at = RTA_DATA(attr);

        if (attr->rta_type == UNIX_DIAG_NAME && RTA_PAYLOAD(attr) == len + 1 && !at[0])
            return memcmp(at + 1, name, len) == 0;
    }
    return false;
}

/* 1: go on; 0: found; -ENOENT: that was the end. */
static int look_through(const char *buffer, size_t size, const void *name, size_t len)
{
    const struct nlmsghdr *m = (const void *)buffer;

    for (; NLMSG_OK(m, size); m = next_message(m, &size)) {
        if (m->nlmsg_type == NLMSG_DONE)
            return -ENOENT;
        if (m->nlmsg_type == NLMSG_ERROR)
            return -EIO;
        if (m->nlmsg_len >= NLMSG_LENGTH(sizeof(struct unix_diag_msg)) && message_has_name(m, name, len))
            return 0;
    }
    return 1;
}

static int search_dump(int fd, const void *name, size_t len)
{
    struct question q = question(0, NLM_F_DUMP, UDIAG_SHOW_NAME);
    char *buffer = scratch_take();
    int result = buffer ? 1 : -ENOMEM;

    if (buffer && SYS6(SYS_sendto, fd, &q, sizeof q, 0, NULL, 0) < 0)
        result = -EIO;
    while (result == 1) {
        long n = SYS6(SYS_recvfrom, fd, buffer, SCRATCH_SIZE, 0, NULL, NULL);

        result = n < 0 ? (int)n : n == 0 ? -EIO : look_through(buffer, (size_t)n, name, len);
    }
    scratch_give(buffer);
    return result;
}

static bool same_netns(int a, int b)
{
    uint64_t first = 0, second = 1;
    socklen_t len = sizeof first;

    return SYS5(SYS_getsockopt, a, SOL_SOCKET, SO_NETNS_COOKIE, &first, &len) >= 0 &&
           SYS5(SYS_getsockopt, b, SOL_SOCKET, SO_NETNS_COOKIE, &second, &len) >= 0 && first == second;
}

int diag_unix_named(const void *name, size_t len, int fd)
{
    int diag = open_diag();

    if (diag < 0)
        return diag;
    int result = same_netns(diag, fd) ? search_dump(diag, name, len) : -EXDEV;
    sys_close(diag);
    return result;
}

#include "inet_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>

#include "sys.h"

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 ask;
};

/* Attributes may follow; they are cut off. */
union answer {
    struct nlmsghdr head;
    struct {
        struct nlmsghdr h;
        struct inet_diag_msg msg;
    } found;
    struct {
        struct nlmsghdr h;
        struct nlmsgerr error;
    } failed;
};

/* TCP is asked by what would be the socket's own address; UDP, by an old accident of
 * the kernel (udp_dump_one), by the destination of a packet. */
static void set_target(struct inet_diag_req_v2 *ask, const struct policy_addr *name, const struct policy_addr *from)
{
    bool udp = ask->sdiag_protocol == IPPROTO_UDP;

    memcpy(udp ? ask->id.idiag_dst : ask->id.idiag_src, name->bytes, name->len);
    *(udp ? &ask->id.idiag_dport : &ask->id.idiag_sport) = htons(name->port);
    if (from && from->kind == name->kind) {
        memcpy(udp ? ask->id.idiag_src : ask->id.idiag_dst, from->bytes, from->len);
        *(udp ? &ask->id.idiag_sport : &ask->id.idiag_dport) = htons(from->port);
    }
    ask->id.idiag_cookie[0] = ask->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static int exchange(const struct question *q, union answer *a)
{
    int fd = (int)SYS3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return fd;
    long n = SYS6(SYS_sendto, fd, q, sizeof *q, 0, NULL, 0);
    if (n >= 0)
        n = SYS6(SYS_recvfrom, fd, a, sizeof *a, 0, NULL, NULL);
    sys_close(fd);
    return n < 0 ? (int)n : n < (long)sizeof a->head ? -EIO : 0;
}

int inet_diag_answers(const struct policy_addr *name, const struct policy_addr *from, int fd, uint64_t *cookie)
{
    struct question q = {
        .head = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .ask = {.sdiag_family = name->kind == POLICY_ADDR_INET ? AF_INET : AF_INET6, .idiag_states = ~0u},
    };
    union answer a;
    int type;
    int err = sys_getsockopt_int(fd, SO_TYPE, &type);

    if (err < 0)
        return err;
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return -EOPNOTSUPP;
    q.ask.sdiag_protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    set_target(&q.ask, name, from);
    err = exchange(&q, &a);
    if (err < 0)
        return err;
    if (a.head.nlmsg_type == NLMSG_ERROR)
        return a.failed.error.error < 0 ? a.failed.error.error : -EIO;
    if (a.head.nlmsg_type != SOCK_DIAG_BY_FAMILY || a.head.nlmsg_len < sizeof a.found)
        return -EIO;
    *cookie = a.found.msg.id.idiag_cookie[0] | (uint64_t)a.found.msg.id.idiag_cookie[1] << 32;
    return 0;
}

static bool is_multicast(const struct policy_addr *name)
{
    unsigned char first = *(const unsigned char *)name->bytes;

    return name->kind == POLICY_ADDR_INET6 ? first == 0xff : (first & 0xf0) == 0xe0;
}

/* Only an own address can be bound to, broadcast addresses apart; and those cannot
 * be connected to without SO_BROADCAST. No packet is sent by either. */
bool inet_is_local(const struct policy_addr *name)
{
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } addr = {.in = {.sin_family = AF_INET}};
    bool in6 = name->kind == POLICY_ADDR_INET6;

    if (is_multicast(name))
        return false;
    if (in6) {
        addr.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
        memcpy(&addr.in6.sin6_addr, name->bytes, 16);
    } else {
        memcpy(&addr.in.sin_addr, name->bytes, 4);
    }
    int fd = (int)SYS3(SYS_socket, in6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    size_t len = in6 ? sizeof addr.in6 : sizeof addr.in;
    long err = SYS3(SYS_bind, fd, &addr, len);
    addr.in.sin_port = htons(9); /* the port stands at the same place in both forms */
    if (err == 0)
        err = SYS3(SYS_connect, fd, &addr, len);
    sys_close(fd);
    return err == 0;
}

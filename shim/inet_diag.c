#include "inet_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
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
    struct {
        struct nlmsghdr h;
        struct rtmsg msg;
    } route;
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

static int exchange(int protocol, const struct nlmsghdr *q, union answer *a)
{
    int fd = (int)SYS3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        return fd;
    long n = SYS6(SYS_sendto, fd, q, q->nlmsg_len, 0, NULL, 0);
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
    err = exchange(NETLINK_SOCK_DIAG, &q.head, &a);
    if (err < 0)
        return err;
    if (a.head.nlmsg_type == NLMSG_ERROR)
        return a.failed.error.error < 0 ? a.failed.error.error : -EIO;
    if (a.head.nlmsg_type != SOCK_DIAG_BY_FAMILY || a.head.nlmsg_len < sizeof a.found)
        return -EIO;
    *cookie = a.found.msg.id.idiag_cookie[0] | (uint64_t)a.found.msg.id.idiag_cookie[1] << 32;
    return 0;
}

/* Asks where packets to it would go: an address of this machine, not one that many
 * have. (Whether it can be bound to says little: ip_nonlocal_bind, IP_FREEBIND.) */
bool inet_is_local(const struct policy_addr *name)
{
    struct {
        struct nlmsghdr head;
        struct rtmsg ask;
        struct rtattr attr;
        unsigned char to[16];
    } q = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof q.ask) + RTA_LENGTH(name->len), .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .ask = {.rtm_family = name->kind == POLICY_ADDR_INET ? AF_INET : AF_INET6, .rtm_dst_len = (unsigned char)(8 * name->len)},
        .attr = {.rta_len = (unsigned short)RTA_LENGTH(name->len), .rta_type = RTA_DST},
    };
    union answer a;

    memcpy(q.to, name->bytes, name->len);
    return exchange(NETLINK_ROUTE, &q.head, &a) == 0 && a.head.nlmsg_type == RTM_NEWROUTE &&
           a.head.nlmsg_len >= sizeof a.route && a.route.msg.rtm_type == RTN_LOCAL;
}

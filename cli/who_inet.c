/* TCP and UDP sockets as the kernel describes them, and addresses in words. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "who.h"

struct collecting {
    struct world *world;
    unsigned space;
    int protocol;
};

static struct end take_end(const void *address, uint16_t port)
{
    struct end e = {.port = ntohs(port)};

    memcpy(e.address, address, sizeof e.address);
    return e;
}

static void take_inet(void *ctx, const void *payload, size_t len)
{
    const struct collecting *c = ctx;
    const struct inet_diag_msg *m = payload;

    if (len < sizeof *m || !m->idiag_inode)
        return; /* what waits for its time to end belongs to nobody */
    struct sock *s = world_add(c->world, m->idiag_inode);
    s->described = s->has_uid = s->has_queue = true;
    s->family = m->idiag_family;
    s->protocol = c->protocol;
    s->type = c->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
    s->state = m->idiag_state;
    s->space = c->space;
    s->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
    s->uid = m->idiag_uid;
    s->recv = m->idiag_rqueue;
    s->send = m->idiag_wqueue;
    s->local = take_end(m->id.idiag_src, m->id.idiag_sport);
    s->remote = take_end(m->id.idiag_dst, m->id.idiag_dport);
}

int diag_inet(struct world *w, unsigned space, int family, int protocol)
{
    struct inet_diag_req_v2 r = {.sdiag_family = (uint8_t)family,
                                 .sdiag_protocol = (uint8_t)protocol,
                                 .idiag_states = ~0u,
                                 .id.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}};
    struct collecting c = {w, space, protocol};

    if (w->spaces[space].netlink < 0)
        return w->spaces[space].netlink;
    return diag_ask(w->spaces[space].netlink, &r, sizeof r, true, take_inet, &c);
}

char *sock_end(const struct sock *s, const struct end *e)
{
    char text[INET6_ADDRSTRLEN] = "?";

    inet_ntop(s->family, e->address, text, sizeof text);
    return format_new(s->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, e->port);
}

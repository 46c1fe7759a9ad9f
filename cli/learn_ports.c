/* Which ports a program asked for by number, and which the kernel gave it. */
#include <stdio.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn.h"

enum {
    PORT_BOUND = 1,   /* by number, before anybody had it otherwise */
    PORT_KERNEL = 2,  /* in use without that */
    PORT_LISTENS = 4, /* somebody listens or accepts there */
    PORT_OPEN = 8,    /* ... on all addresses */
    PORTS = 65536,
};

static bool is_inet(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

static uint8_t flags(const struct learned *l, int type, uint16_t port)
{
    return l->ports ? l->ports[(type == SOCK_STREAM) * PORTS + port] : 0;
}

static bool is_wildcard(const struct policy_addr *a)
{
    const uint8_t *bytes = a->bytes;

    for (uint32_t i = 0; i < a->len; i++)
        if (bytes[i])
            return false;
    return true;
}

/* A program that asks for a free port first, closes it and binds it by number was given it
 * all the same: who was first counts. */
void ports_note(struct learned *l, const struct policy_query *q, bool worked)
{
    if (!is_inet(&q->local) || !q->local.port)
        return;
    if (!l->ports)
        l->ports = allocate(2 * PORTS);
    uint8_t *f = &l->ports[(q->type == SOCK_STREAM) * PORTS + q->local.port];

    if (q->perm == POLICY_BIND && worked && !(*f & PORT_KERNEL))
        *f |= PORT_BOUND;
    else if (q->perm != POLICY_BIND && !(*f & PORT_BOUND))
        *f |= PORT_KERNEL;
    if (q->perm & (POLICY_LISTEN | POLICY_ACCEPT))
        *f |= PORT_LISTENS;
    if ((q->perm & (POLICY_BIND | POLICY_LISTEN | POLICY_ACCEPT)) && is_wildcard(&q->local))
        *f |= PORT_OPEN;
}

void ports_range(unsigned *low, unsigned *high)
{
    static unsigned known[2];

    if (!known[1]) {
        FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

        if (!f || fscanf(f, "%u %u", &known[0], &known[1]) != 2 || known[0] > known[1] || known[1] >= PORTS) {
            known[0] = 32768;
            known[1] = 60999;
        }
        if (f)
            fclose(f);
    }
    *low = known[0];
    *high = known[1];
}

bool port_is_ours(const struct learned *l, int type, uint16_t port)
{
    return flags(l, type, port) & PORT_KERNEL;
}

bool port_listens(const struct learned *l, int type, uint16_t port)
{
    return flags(l, type, port) & PORT_LISTENS;
}

bool port_is_bound(const struct learned *l, int type, uint16_t port)
{
    return flags(l, type, port) & PORT_BOUND;
}

bool port_is_open(const struct learned *l, int type, uint16_t port)
{
    return flags(l, type, port) & PORT_OPEN;
}

/* Of a peer that connects or sends nobody knows how it got its port, but from that range it
 * mostly is the kernel's. */
bool port_is_kernels(const struct learned *l, const struct policy_query *q, const struct policy_addr *a, bool peer)
{
    unsigned low, high;

    ports_range(&low, &high);
    if (a->port < low || a->port > high || port_is_bound(l, q->type, a->port))
        return false;
    return port_is_ours(l, q->type, a->port) || (peer && q->perm != POLICY_CONNECT);
}

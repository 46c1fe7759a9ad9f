/* From facts to rules: each call's rule says no more than what tells it from others. What a
 * server does on its own name goes into one rule about that name, what a client does with
 * another's into one about the peer. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn.h"
#include "policy/hint.h"
#include "policy/ip.h"

/* What <abstractions/sockets> grants: none of it reaches anybody. */
#define PLAIN_PERMS (POLICY_CREATE | POLICY_GETATTR | POLICY_SETATTR | POLICY_GETOPT | POLICY_SETOPT | POLICY_SHUTDOWN)

static const char include[] = "include <abstractions/sockets>";

/* A rule being put together: "" where it has no such condition. */
struct draft {
    enum rule_class order;
    const char *own, *peer;
    const char *type; /* NULL: any */
    bool autobind;
};

/* --- Conditions ---------------------------------------------------------- */

static bool has_name(const struct policy_addr *a)
{
    return (a->kind == POLICY_ADDR_PATHNAME || a->kind == POLICY_ADDR_ABSTRACT) && a->bytes && a->len;
}

static bool is_auto(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_AUTO || name_is_auto(a);
}

static const char *unix_condition(const struct learned *l, const struct policy_addr *a)
{
    const struct name *n = name_of(l, a);

    if (n)
        return format_new(" addr=%s", n->text);
    return is_auto(a) ? " addr=auto" : a->kind == POLICY_ADDR_NONE ? " addr=none" : "";
}

static bool is_inet(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

static const char *ip_text(const struct fact *f, const struct policy_addr *a)
{
    char room[64];
    struct text t = text_into(room, sizeof room);

    if (a->kind != (f->q.family == AF_INET ? POLICY_ADDR_INET : POLICY_ADDR_INET6))
        return ""; /* an IPv4 socket's address as an IPv6 one tells it: no rule about inet names it */
    text_ip(&t, a->bytes, a->kind == POLICY_ADDR_INET6);
    return format_new(" ip=%s", text_done(&t));
}

static const char *inet_condition(const struct learned *l, const struct fact *f, const struct policy_addr *a, bool peer)
{
    unsigned low, high;

    if (!is_inet(a))
        return a->kind == POLICY_ADDR_NONE ? " ip=none" : "";
    const char *ip = !peer && a->port && port_is_open(l, f->q.type, a->port) ? "" : ip_text(f, a);
    if (!port_is_kernels(l, &f->q, a, peer))
        return format_new("%s port=%u", ip, a->port);
    ports_range(&low, &high);
    return format_new("%s port=%u-%u", ip, low, high);
}

/* --- Whose rule ---------------------------------------------------------- */

/* What the kernel chose for somebody in the run can be told from what others have. */
static bool is_inside(const struct learned *l, const struct fact *f)
{
    const struct policy_addr *p = &f->q.peer;

    if (!(f->q.perm & (POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE)))
        return false;
    if (is_inet(p) && f->q.type == SOCK_DGRAM)
        return false; /* whose it was may be gone; then the port is nobody's, which is outside */
    if (is_inet(p))
        return port_is_kernels(l, &f->q, p, true) && port_is_ours(l, f->q.type, p->port);
    for (size_t i = 0; is_auto(p) && i < l->fact_count; i++) {
        const struct policy_query *q = &l->facts[i]->q;

        if (q->local.kind == p->kind && q->local.len == p->len && p->bytes && !memcmp(q->local.bytes, p->bytes, p->len))
            return true;
    }
    return false;
}

static bool listens(const struct learned *l, const struct fact *f)
{
    const struct name *n = name_of(l, &f->q.local);

    return n && n->listens;
}

static void own(const struct learned *l, const struct fact *f, struct draft *d)
{
    d->order = f->q.family == AF_UNIX ? RULE_OWN : RULE_NETWORK;
    d->own = f->q.family == AF_UNIX ? unix_condition(l, &f->q.local) : inet_condition(l, f, &f->q.local, false);
}

static void peer(const struct learned *l, const struct fact *f, struct draft *d)
{
    const char *text = f->q.family == AF_UNIX ? unix_condition(l, &f->q.peer) : inet_condition(l, f, &f->q.peer, true);

    d->order = f->q.family == AF_UNIX ? RULE_PEER : RULE_NETWORK;
    if (*text)
        d->peer = format_new(" peer=(%s%s)", text + 1, f->inside ? " scope=inside" : "");
}

/* Neither end has a name that would say more: socketpairs, and what could not be found out. */
static void pair(const struct learned *l, const struct fact *f, struct draft *d)
{
    const char *own_text = unix_condition(l, &f->q.local);

    peer(l, f, d);
    d->order = RULE_PAIR;
    d->type = policy_type_name(f->q.type);
    d->own = own_text;
}

static void unix_traffic(const struct learned *l, const struct fact *f, struct draft *d)
{
    const struct policy_addr *mine = &f->q.local, *other = &f->q.peer;
    bool dgram = f->q.type == SOCK_DGRAM, sends = f->q.perm == POLICY_SEND;

    if (!has_name(mine) && !has_name(other)) {
        pair(l, f, d);
    } else if (dgram && sends) {
        peer(l, f, d);
        if (has_name(mine) && !is_auto(mine) && (!has_name(other) || is_auto(other)))
            d->own = unix_condition(l, mine); /* a reply */
    } else if (dgram) {
        (has_name(mine) && (!is_auto(mine) || !has_name(other) || is_auto(other)) ? own : peer)(l, f, d);
    } else {
        (has_name(mine) && (!has_name(other) || listens(l, f)) ? own : peer)(l, f, d);
    }
}

static void unix_rule(const struct learned *l, const struct fact *f, struct draft *d)
{
    uint32_t perm = f->q.perm;

    if (perm & PLAIN_PERMS) {
        d->order = RULE_INCLUDE;
    } else if (perm == POLICY_BIND && f->q.local.kind == POLICY_ADDR_AUTO) {
        d->order = RULE_AUTOBIND;
        d->autobind = true;
        d->type = policy_type_name(f->q.type);
    } else if (perm & (POLICY_BIND | POLICY_LISTEN | POLICY_ACCEPT)) {
        own(l, f, d);
        if (!*d->own) /* the name is not known */
            d->type = policy_type_name(f->q.type);
    } else if (perm == POLICY_CONNECT) {
        peer(l, f, d);
    } else {
        unix_traffic(l, f, d);
    }
}

/* A datagram server that answers whoever asked: the asker's port is the kernel's. */
static void inet_traffic(const struct learned *l, const struct fact *f, struct draft *d)
{
    const struct policy_addr *mine = &f->q.local, *other = &f->q.peer;
    bool server = is_inet(mine) && (port_is_bound(l, f->q.type, mine->port) || port_listens(l, f->q.type, mine->port));

    if ((server && (f->q.type != SOCK_DGRAM || f->q.perm == POLICY_RECEIVE)) ||
        (is_inet(mine) && mine->port && other->kind == POLICY_ADDR_UNKNOWN)) { /* nobody asked who it was */
        own(l, f, d);
        return;
    }
    peer(l, f, d);
    if (server && port_is_kernels(l, &f->q, other, true))
        d->own = inet_condition(l, f, mine, false);
}

static void network_rule(const struct learned *l, const struct fact *f, struct draft *d)
{
    d->order = RULE_NETWORK;
    d->type = policy_type_name(f->q.type);
    if (f->q.family != AF_INET && f->q.family != AF_INET6)
        return;
    if (f->q.perm & (POLICY_BIND | POLICY_LISTEN | POLICY_ACCEPT))
        own(l, f, d);
    else if (f->q.perm == POLICY_CONNECT)
        peer(l, f, d);
    else if (f->q.perm & (POLICY_SEND | POLICY_RECEIVE))
        inet_traffic(l, f, d);
}

/* --- Rules --------------------------------------------------------------- */

static struct learned_rule *rule_for(struct learned *l, const struct learned_rule *like)
{
    for (size_t i = 0; i < l->rule_count; i++)
        if (l->rules[i]->order == like->order && !strcmp(l->rules[i]->key, like->key))
            return l->rules[i];
    if (l->rule_count == l->rule_room) {
        l->rule_room = l->rule_room ? 2 * l->rule_room : 64;
        l->rules = enlarged(l->rules, l->rule_count * sizeof *l->rules, l->rule_room * sizeof *l->rules);
    }
    struct learned_rule *r = allocate(sizeof *r);
    *r = *like;
    return l->rules[l->rule_count++] = r;
}

static void give_fact(struct learned_rule *r, struct fact *f)
{
    if (r->fact_count == r->fact_room) {
        r->fact_room = r->fact_room ? 2 * r->fact_room : 8;
        r->facts = enlarged(r->facts, r->fact_count * sizeof *r->facts, r->fact_room * sizeof *r->facts);
    }
    r->facts[r->fact_count++] = f;
    f->rule = r;
}

static const char *tail_of(const struct fact *f, const struct draft *d)
{
    const char *type = d->type ? d->type : "";

    if (d->order == RULE_INCLUDE)
        return "";
    if (f->q.family == AF_UNIX)
        return format_new("%s%s%s%s", *type ? " type=" : "", type, d->own, d->peer);
    return format_new(" %s%s%s%s%s", policy_family_name(f->q.family), *type ? " " : "", type, d->own, d->peer);
}

static void add(struct learned *l, struct fact *f, const struct draft *d)
{
    struct learned_rule like = {
        .order = d->order,
        .head = f->q.family == AF_UNIX ? "unix" : "network",
        .tail = tail_of(f, d),
        .perms = d->autobind ? POLICY_AUTOBIND : f->q.perm,
    };

    like.key = format_new("%s%s", like.head, like.tail);
    struct learned_rule *r = rule_for(l, &like);
    r->perms |= like.perms;
    give_fact(r, f);
}

/* Its names do not tell it from others after all. */
void rule_widen(struct learned *l, struct fact *f)
{
    const struct draft d = {.order = f->q.family == AF_UNIX ? RULE_PAIR : RULE_NETWORK, .own = "", .peer = "",
                            .type = policy_type_name(f->q.type)};
    struct learned_rule *before = f->rule;
    size_t kept = 0;

    for (size_t i = 0; i < before->fact_count; i++)
        if (before->facts[i] != f)
            before->facts[kept++] = before->facts[i];
    before->fact_count = kept;
    before->dropped |= !kept;
    add(l, f, &d);
}

static int by_key(const void *x, const void *y)
{
    const struct learned_rule *const *a = x, *const *b = y;

    if ((*a)->order != (*b)->order)
        return (*a)->order < (*b)->order ? -1 : 1;
    return strcmp((*a)->key, (*b)->key);
}

void rules_sort(struct learned *l)
{
    if (l->rule_count)
        qsort(l->rules, l->rule_count, sizeof(struct learned_rule *), by_key);
}

/* A name with so many odd bytes that it has no room in a rule. */
static bool is_too_long(const struct learned *l, const struct fact *f)
{
    const struct name *own_name = name_of(l, &f->q.local), *peer_name = name_of(l, &f->q.peer);

    return (own_name && strlen(own_name->text) > POLICY_NAME_MAX) || (peer_name && strlen(peer_name->text) > POLICY_NAME_MAX);
}

void rules_make(struct learned *l)
{
    l->rule_count = 0;
    for (size_t i = 0; i < l->fact_count; i++) {
        struct fact *f = l->facts[i];

        if (!f->skip && (!policy_family_name(f->q.family) || is_too_long(l, f))) { /* no rule can speak of it */
            f->skip = true;
            l->unclear += fact_count(f);
        }
        f->inside = is_inside(l, f);
        if (f->inside)
            f->q.bound = f->q.made = POLICY_SCOPE_INSIDE;
        struct draft d = {.own = "", .peer = ""};
        if (f->skip)
            continue;
        (f->q.family == AF_UNIX ? unix_rule : network_rule)(l, f, &d);
        add(l, f, &d);
    }
    rules_sort(l);
}

void rule_write(FILE *to, const struct learned_rule *r)
{
    const char *between = " (";

    if (r->order == RULE_INCLUDE) {
        fputs(include, to);
        return;
    }
    fputs(r->head, to);
    for (uint32_t bit = 1; bit < 1u << POLICY_PERM_COUNT && (r->order != RULE_PEER || r->perms != POLICY_PEER_PERMS); bit <<= 1)
        if (r->perms & bit) {
            fprintf(to, "%s%s", between, policy_perm_name(bit));
            between = ", ";
        }
    fprintf(to, "%s%s,", *between == ',' ? ")" : "", r->tail);
}

bool rule_speaks_of(const struct fact *f, const struct policy_addr **a)
{
    const struct learned_rule *r = f->rule;

    if (!r)
        return false;
    *a = strstr(r->tail, " peer=(") && (f->q.perm & POLICY_PEER_PERMS) ? &f->q.peer : &f->q.local;
    return strstr(r->tail, *a == &f->q.peer ? "peer=(" : f->q.family == AF_UNIX ? " addr=" : "port=");
}

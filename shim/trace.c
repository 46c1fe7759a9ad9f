#include "trace.h"

#include <errno.h>
#include <string.h>

#include "address.h"
#include "facts.h"
#include "pin.h"
#include "process.h"
#include "record.h"
#include "sys.h"

/* What is looked up when the call has returned. */
struct look {
    struct policy_query query;
    struct policy_addr given, bound;
    struct address own, peer, target;
    struct name local_name, peer_name;
    struct record_call call;
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t); /* the C library's asks no kernel (vdso(7)) */
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void trace_start(struct trace *t)
{
    t->family = t->type = t->protocol = -1;
    t->addr = NULL;
    t->keys[0] = t->keys[1] = NULL;
    t->verdict = NULL;
    t->rule_count = t->name_len = 0;
    t->canonical = false;
    clock_gettime(CLOCK_REALTIME, &t->began);
    t->clock = now();
}

void trace_room(struct trace *t, const socklen_t *room)
{
    if (t->on && room) /* what cannot be read fails the call, and no name comes */
        copy_in(&t->addr_len, room, sizeof *room);
}

void trace_came(struct trace *t, const void *addr, socklen_t len)
{
    if (!t->on)
        return;
    t->addr = addr;
    if (t->addr_len > len)
        t->addr_len = len;
}

/* A second look at the same call (accept, receive) replaces what the first one found. */
void trace_note(struct trace *t, const struct policy *p, uint32_t rule, const char *outcome)
{
    uint32_t layer = (uint32_t)((const struct active_layer *)p - state->layers); /* its first member */
    unsigned i = 0;

    if (!t || !t->on)
        return;
    if (outcome)
        t->verdict = outcome;
    if (rule == POLICY_RULE_NONE)
        return;
    while (i < t->rule_count && t->rules[i].layer != layer)
        i++;
    if (i == TRACE_RULES)
        return;
    t->rules[i].layer = layer;
    t->rules[i].rule = rule;
    t->rule_count += i == t->rule_count;
}

void trace_note_name(struct trace *t, const struct policy_addr *a, bool canonical)
{
    if (!t || !t->on || a->kind != POLICY_ADDR_PATHNAME || !a->bytes || a->len >= TRACE_NAME)
        return;
    memcpy(t->name, a->bytes, a->len);
    t->name[a->len] = '\0';
    t->name_len = a->len;
    t->canonical = canonical;
}

/* --- Names ---------------------------------------------------------------- */

/* Programs use the same few names again and again, and to look one up costs more than the rest
 * of a record: which were found to be canonical is kept. (A directory that later becomes a
 * symlink is shown by the name that the program used.) */
static _Atomic uint64_t plain_names[64];

static uint64_t hash_of(const struct policy_addr *a)
{
    const unsigned char *p = a->bytes;
    uint64_t hash = a->len;

    for (uint32_t i = 0; i < a->len; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash | 1;
}

static bool is_plain(const struct policy_addr *a, uint64_t *hash)
{
    *hash = hash_of(a);
    return atomic_load_explicit(&plain_names[*hash >> 40 & 63], memory_order_relaxed) == *hash;
}

/* `name` is what was found for `a`; where nothing was, `a` stays. */
static void take_found(struct policy_addr *a, const struct name *name, uint64_t hash)
{
    if (name->none) {
        a->kind = POLICY_ADDR_NONE;
    } else if (name->at && name->len == a->len && memcmp(name->at, a->bytes, a->len) == 0) {
        atomic_store_explicit(&plain_names[hash >> 40 & 63], hash, memory_order_relaxed);
    } else if (name->at) {
        a->bytes = name->at;
        a->len = name->len;
    }
}

/* Of a name that the kernel tells: of the peer of `fd`, or (-1) a socket of our own. */
static void resolve(struct policy_addr *a, struct name *name, int fd)
{
    struct policy_addr found = *a;
    uint64_t hash;

    if (a->kind != POLICY_ADDR_PATHNAME || !a->bytes || !a->len || (fd >= 0 && !facts_may_resolve(a, fd)) ||
        is_plain(a, &hash))
        return;
    facts_resolve(&found, name);
    if (found.kind == POLICY_ADDR_NONE)
        *a = found;
    else
        take_found(a, name, hash);
}

/* Of the name that the call was made with: connect and sends follow a link, bind does not. */
static void resolve_target(struct policy_addr *a, struct name *name, bool binds)
{
    struct pin pin = PIN_NONE;
    uint64_t hash;

    if (is_plain(a, &hash))
        return;
    if ((binds ? pin_new_name(name, a->bytes) : pin_file(&pin, name, a->bytes)) == 0)
        take_found(a, name, hash);
    pin_close(&pin);
}

static bool same_name(const struct policy_addr *a, const struct policy_addr *b)
{
    return a->kind == b->kind && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The name in the call, and what it led to; or the one that came with a message. */
static void look_at_target(struct look *l, const struct trace *t)
{
    bool binds = t->perm == POLICY_BIND, came = t->perm == POLICY_RECEIVE;
    struct policy_addr *a = binds ? &l->query.local : &l->query.peer;

    if (!t->addr || !t->addr_len ||
        address_read(&l->target, t->addr, t->addr_len, binds ? ADDRESS_BIND : came ? ADDRESS_KERNEL : ADDRESS_TARGET) < 0)
        return;
    l->query.family = l->target.family;
    l->given = *a = l->target.name;
    if (came && facts_known_by(a) == KNOWN_BY_ALL) /* the sender chose it */
        resolve(a, &l->peer_name, -1);
    if (came || a->kind != POLICY_ADDR_PATHNAME || !a->bytes || !a->len)
        return;
    if (t->name_len) {
        a->bytes = t->name;
        a->len = t->name_len;
    }
    if (!t->canonical)
        resolve_target(a, binds ? &l->local_name : &l->peer_name, binds);
    if (!same_name(a, &l->given))
        l->call.given = &l->given;
}

static void look_at_own(struct look *l, int fd, bool bound)
{
    if (address_own(&l->own, fd) < 0)
        return;
    if (l->query.family < 0)
        l->query.family = l->own.family;
    if (bound && l->query.local.kind == POLICY_ADDR_AUTO) {
        l->bound = l->own.name;
        l->call.bound = &l->bound;
    } else if (!bound) {
        l->query.local = l->own.name;
        resolve(&l->query.local, &l->local_name, -1);
    }
}

static void look_at_peer(struct look *l, int fd)
{
    struct peer_creds creds;

    if (l->query.peer.kind == POLICY_ADDR_UNKNOWN && address_peer(&l->peer, fd) == 0 && l->peer.len) {
        l->query.peer = l->peer.name;
        if (l->peer.family == AF_INET && l->query.family == AF_INET6)
            l->query.family = AF_INET; /* as it was judged: facts_peer() */
        resolve(&l->query.peer, &l->peer_name, fd);
    }
    if ((l->query.perm & (POLICY_CONNECT | POLICY_ACCEPT)) && l->query.family == AF_UNIX && process_creds(fd, &creds) == 0)
        l->call.peer_pid = creds.pid;
}

static bool makes_socket(const struct trace *t)
{
    return t->perm == POLICY_CREATE;
}

static void look_at_socket(struct look *l, const struct trace *t, long ret)
{
    int other = t->perm == POLICY_ACCEPT ? (int)ret : t->fd;

    if (makes_socket(t))
        return;
    look_at_target(l, t);
    sys_getsockopt_int(t->fd, SO_TYPE, &l->query.type);
    look_at_own(l, t->fd, t->perm == POLICY_BIND);
    if (l->query.family != AF_UNIX)
        sys_getsockopt_int(t->fd, SO_PROTOCOL, &l->query.protocol);
    if ((t->perm & POLICY_PEER_PERMS) && other >= 0 && (ret >= 0 || t->perm != POLICY_CONNECT))
        look_at_peer(l, other);
}

/* --- The record ------------------------------------------------------------- */

static void tell_rules(struct look *l, const struct trace *t)
{
    l->call.rule_count = t->rule_count;
    for (unsigned i = 0; i < t->rule_count; i++)
        if (!policy_rule(&state->layers[t->rules[i].layer].policy, t->rules[i].rule, &l->call.rules[i]))
            l->call.rules[i].file = NULL;
}

static __attribute__((noinline)) void look_and_tell(const struct trace *t, long ret, int err)
{
    struct look l = {
        .query = {.perm = t->perm, .family = t->family, .type = t->type, .protocol = t->protocol},
        .call = {.fd = t->fd, .result = ret, .err = err, .began = t->began, .duration = now() - t->clock,
                 .verdict = t->verdict, .keys = t->keys, .values = t->values},
    };

    look_at_socket(&l, t, ret);
    tell_rules(&l, t);
    record_call(t->operation, &l.query, &l.call);
    name_release(&l.local_name);
    name_release(&l.peer_name);
    address_release(&l.target);
}

void trace_write(struct trace *t, long ret)
{
    int before = errno;

    look_and_tell(t, ret, ret < 0 ? before : 0);
    errno = before;
}

#include "facts.h"

#include <errno.h>

#include "alias.h"
#include "domain/anon.h"
#include "domain.h"
#include "path.h"
#include "process.h"
#include "scope.h"
#include "scratch.h"
#include "state.h"
#include "sys.h"

static const struct policy_addr none = {.kind = POLICY_ADDR_NONE};

static bool is_anonymous(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_PATHNAME && anon_is(a->bytes, a->len);
}

void facts_start(struct facts *f, const struct request *r)
{
    f->query = (struct policy_query){
        .perm = r->perm, .family = r->family, .type = r->type, .protocol = r->protocol, .pair = r->pair,
        .label = domain_remembers() ? NULL : "unconfined", /* scope.c knows better */
    };
    f->sight.up = -1;
    f->connected = r->perm == POLICY_SEND && !r->target;
    if (f->connected)
        f->query.made = POLICY_SCOPE_INSIDE;
    f->sender = NULL;
    f->exe = NULL;
    f->unconnected = f->spoken = false;
    f->cookie = 0;
    f->local_name.scratch = f->peer_name.scratch = NULL;
    f->local_name.at = f->peer_name.at = NULL;
    if (!r->target)
        return;
    f->query.family = r->target->family;
    if (r->perm == POLICY_BIND)
        f->query.local = r->target->name;
    else
        f->query.peer = r->target->name;
    if (r->perm == POLICY_BIND && is_anonymous(&f->query.local))
        f->query.local = none;
}

void facts_end(struct facts *f)
{
    name_release(&f->local_name);
    name_release(&f->peer_name);
    scratch_give(f->exe);
}

uint32_t facts_needed_by(const struct facts *f, const struct active_layer *layer)
{
    uint32_t needs = f->connected ? policy_needs_connected(&layer->policy, f->query.perm, f->query.family)
                                  : policy_needs(&layer->policy, f->query.perm, f->query.family);

    return layer->own ? needs | policy_inject_needs(&layer->policy, f->query.perm, f->query.family) : needs;
}

uint32_t facts_needed(const struct facts *f)
{
    uint32_t needs = 0;

    for (unsigned i = 0; i < state->layer_count; i++)
        needs |= facts_needed_by(f, &state->layers[i]);
    return needs;
}

static int option(const struct request *r, int name, int *value)
{
    if (*value >= 0 || r->perm == POLICY_CREATE)
        return 0;
    int got, err = sys_getsockopt_int(r->fd, name, &got);
    if (err >= 0)
        *value = got;
    return err;
}

/* Puts the canonical name in place of a pathname as somebody wrote it. One that
 * cannot be resolved (any more) stays unknown. */
static void use_name(struct policy_addr *addr, const struct name *name)
{
    addr->bytes = name->at;
    addr->len = name->at ? name->len : 0;
    if (name->none)
        addr->kind = POLICY_ADDR_NONE;
}

/* Of a name that the kernel tells: an alias is no directory that rules would know. */
static int resolve(const struct policy_addr *addr, struct name *name)
{
    char *real = alias_prefix() ? scratch_take() : NULL;
    size_t len = real ? alias_resolve(addr->bytes, addr->len, true, real, SCRATCH_SIZE) : 0;
    int err = pin_new_name(name, len ? real : addr->bytes);

    scratch_give(real);
    return err;
}

static void resolve_known(struct policy_addr *addr, struct name *name, bool wanted)
{
    if (is_anonymous(addr))
        *addr = none;
    if (addr->kind != POLICY_ADDR_PATHNAME)
        return;
    name->none = false;
    if (!wanted || resolve(addr, name) < 0)
        name->at = NULL;
    use_name(addr, name);
}

void facts_resolve(struct policy_addr *addr, struct name *name)
{
    resolve_known(addr, name, true);
}

static int gather_local(struct facts *f, struct request *r, uint32_t needs)
{
    struct policy_addr *local = &f->query.local;
    bool path = needs & POLICY_NEEDS_LOCAL_PATH;

    if (r->perm == POLICY_BIND) {
        if (local->kind != POLICY_ADDR_PATHNAME || !path)
            return 0;
        int err = pin_new_name(&f->local_name, local->bytes);
        use_name(local, &f->local_name);
        return err;
    }
    if (!(needs & (POLICY_NEEDS_LOCAL | POLICY_NEEDS_LOCAL_PATH)) || r->perm == POLICY_CREATE)
        return 0;
    int err = address_own(&f->own, r->fd);
    if (err)
        return err;
    *local = f->own.name;
    resolve_known(local, &f->local_name, path);
    return 0;
}

void facts_peer(struct facts *f, const struct address *peer, uint32_t needs)
{
    f->sender = peer;
    f->query.peer = peer->name;
    if (peer->family == AF_INET && f->query.family == AF_INET6)
        f->query.family = AF_INET; /* a v4-mapped peer counts as IPv4 */
    resolve_known(&f->query.peer, &f->peer_name, needs & POLICY_NEEDS_PEER_PATH);
}

enum known_by facts_known_by(const struct policy_addr *peer)
{
    if (peer->kind != POLICY_ADDR_PATHNAME || !peer->bytes)
        return KNOWN_BY_ALL;
    if (path_is_own(peer->bytes))
        return KNOWN_BY_OWNER;
    return *(const char *)peer->bytes == '/' ? KNOWN_BY_ALL : KNOWN_BY_NEIGHBOURS;
}

/* True when it was this side that connected, to a name that was judged then:
 * datagram sockets are never accepted, and what is accepted has a name. */
static bool connected_here(int fd)
{
    struct address own;
    int type;

    if (sys_getsockopt_int(fd, SO_TYPE, &type) < 0 || address_own(&own, fd) < 0)
        return false;
    return type == SOCK_DGRAM || own.name.kind == POLICY_ADDR_NONE;
}

bool facts_may_resolve(const struct policy_addr *peer, int fd)
{
    enum known_by known = facts_known_by(peer);

    return known == KNOWN_BY_ALL || (known == KNOWN_BY_NEIGHBOURS && connected_here(fd));
}

/* Rules that ask no more than whether the peer has a name: it is looked up where it may have none. */
static bool is_looked_up(const struct policy_addr *peer, uint32_t needs)
{
    if (peer->kind != POLICY_ADDR_PATHNAME)
        return false;
    return (needs & (POLICY_NEEDS_PEER_PATH | SCOPE_NEEDS)) ||
           ((needs & POLICY_NEEDS_PEER) && pin_may_be_none(peer->bytes));
}

static int gather_peer(struct facts *f, struct request *r, uint32_t needs)
{
    struct policy_addr *peer = &f->query.peer;

    if (!(r->perm & POLICY_PEER_PERMS))
        return 0;
    if (r->target) {
        if (!is_looked_up(peer, needs))
            return 0;
        int err = pin_file(&r->pin, &f->peer_name, peer->bytes);
        use_name(peer, &f->peer_name);
        return err;
    }
    if (!(needs & (POLICY_NEEDS_PEER | POLICY_NEEDS_PEER_PATH | SCOPE_NEEDS)) || r->perm == POLICY_ACCEPT)
        return 0;
    int err = address_peer(&f->peer, r->fd);
    f->unconnected = f->peer.len == 0;
    if (!err && !facts_may_resolve(&f->peer.name, r->fd))
        needs &= ~(uint32_t)POLICY_NEEDS_PEER_PATH;
    if (!err)
        facts_peer(f, &f->peer, needs);
    return err;
}

/* Whoever is at the other end; asked for with accept and receive alone. */
static void gather_person(struct facts *f, struct request *r, uint32_t needs)
{
    int fd = r->other >= 0 ? r->other : r->fd;
    struct peer_creds creds = {r->sender_pid, r->sender_uid, 0};

    if (!r->sender_known && process_creds(fd, &creds) < 0)
        return;
    f->query.uid_known = true;
    f->query.uid = creds.uid;
    if (!(needs & POLICY_NEEDS_EXE) || creds.pid <= 0 || !(f->exe = scratch_take()))
        return;
    if (process_exe(creds.pid, r->sender_known ? -1 : fd, f->exe, SCRATCH_SIZE) > 0)
        f->query.exe = f->exe;
}

int facts_gather(struct facts *f, struct request *r, uint32_t needs)
{
    int err = 0;

    if (needs & POLICY_NEEDS_TYPE)
        err = option(r, SO_TYPE, &f->query.type);
    if (err >= 0 && (needs & POLICY_NEEDS_PROTOCOL))
        err = option(r, SO_PROTOCOL, &f->query.protocol);
    if (err >= 0)
        err = gather_local(f, r, needs);
    if (err >= 0)
        err = gather_peer(f, r, needs);
    if (err >= 0 && (needs & (POLICY_NEEDS_UID | POLICY_NEEDS_EXE)))
        gather_person(f, r, needs);
    return err;
}

void facts_complete(struct facts *f, struct request *r)
{
    struct policy_query *q = &f->query;

    if (r->perm == POLICY_CREATE)
        return;
    option(r, SO_DOMAIN, &q->family);
    option(r, SO_TYPE, &q->type);
    option(r, SO_PROTOCOL, &q->protocol);
    if (q->local.kind == POLICY_ADDR_UNKNOWN && address_own(&f->own, r->fd) == 0) {
        q->local = f->own.name;
        resolve_known(&q->local, &f->local_name, true);
    }
    if (q->peer.kind == POLICY_ADDR_UNKNOWN && (q->perm & (POLICY_SEND | POLICY_RECEIVE)) &&
        address_peer(&f->peer, r->fd) == 0)
        facts_peer(f, &f->peer, POLICY_NEEDS_PEER_PATH);
    if (r->target && r->pin.fd < 0 && q->peer.kind == POLICY_ADDR_PATHNAME)
        gather_peer(f, r, POLICY_NEEDS_PEER);
    /* Looked up in vain or not at all: show what the program asked for. */
    if (r->target && r->target->name.kind == POLICY_ADDR_PATHNAME) {
        struct policy_addr *a = r->perm == POLICY_BIND ? &q->local : &q->peer;

        if (!a->bytes && a->kind == POLICY_ADDR_PATHNAME)
            *a = r->target->name;
    }
}

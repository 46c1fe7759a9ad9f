#include "mediate.h"

#include <errno.h>
#include <stddef.h>

#include "facts.h"
#include "inject.h"
#include "procfd.h"
#include "record.h"
#include "remember.h"
#include "scope.h"
#include "settled.h"
#include "state.h"
#include "sys.h"

/* A send with a unix address over a socket that takes none: the kernel refuses it
 * (stream), or does not look at the name (seqpacket). `lost`: the name leads
 * nowhere. */
static bool name_is_idle(const struct request *r, bool lost)
{
    struct address peer;
    socklen_t len = ADDRESS_MAX;
    int type;

    if (r->perm != POLICY_SEND || r->target->family != AF_UNIX)
        return false;
    if (sys_getsockopt_int(r->fd, SO_TYPE, &type) < 0 || type == SOCK_STREAM)
        return true;
    return type == SOCK_SEQPACKET && (lost || sys_getpeername(r->fd, peer.raw.bytes, &len) < 0);
}

/* True when the kernel refuses the call whatever a policy says: no socket, or
 * an address that the socket does not take. */
static bool kernel_refuses(const struct request *r, bool lost)
{
    int domain;

    if (r->perm == POLICY_CREATE)
        return false;
    if (sys_getsockopt_int(r->fd, SO_DOMAIN, &domain) < 0)
        return true;
    if (!r->target)
        return false;
    int family = r->target->raw.any.sa_family;
    if (domain == AF_UNIX || family == AF_UNIX)
        return domain != family || name_is_idle(r, lost);
    return domain == AF_INET && family == AF_INET6;
}

/* One layer's verdict, put on record if it is to be. 0 or -errno. */
static int decide_layer(struct facts *f, struct request *r, const struct active_layer *layer)
{
    bool scope = facts_needed_by(f, layer) & SCOPE_NEEDS;
    struct policy_verdict v;
    int absent;

    do {
        if (scope)
            scope_fill(f, r, layer);
        policy_decide(&layer->policy, &f->query, &v);
        v.outcome = relaxed(layer, v.outcome);
        if (v.outcome == POLICY_ALLOWED) {
            trace_note(r->trace, &layer->policy, v.rule, NULL);
            return 0;
        }
        f->spoken = true;
        if (kernel_refuses(r, false))
            return 0;
        absent = scope && is_denial(v.outcome) ? scope_absent(f, r, layer) : 0;
    } while (absent == SCOPE_AGAIN);
    if (absent)
        return absent == SCOPE_KERNEL ? 0 : absent;
    trace_note(r->trace, &layer->policy, v.rule, record_word(v.outcome));
    if (v.outcome != POLICY_QUIET && !(r->again && !is_denial(v.outcome))) {
        facts_complete(f, r);
        record_verdict(r->operation, &f->query, &v, &layer->policy);
    }
    return is_denial(v.outcome) ? -v.err : 0;
}

/* Every layer must allow; the outermost that does not gives errno and record. */
static int decide(struct facts *f, struct request *r)
{
    for (unsigned i = 0; i < state->layer_count; i++) {
        int err = decide_layer(f, r, &state->layers[i]);

        if (err)
            return err;
    }
    return 0;
}

/* What every layer allows may still be broken. */
static int decide_and_inject(struct facts *f, struct request *r, enum inject_when when)
{
    int err = decide(f, r);

    if (err || !state->injects || r->again || !(facts_needed(f) & POLICY_INJECTS) || kernel_refuses(r, false))
        return err;
    return inject(f, r, when);
}

/* The call goes through the pin: what was judged is what is used. */
void mediate_aim(struct request *r)
{
    if (!r->target)
        return;
    r->given_len = r->target->len;
    if (r->pin.fd >= 0) {
        struct sockaddr_un *un = &r->target->raw.un;
        size_t len = procfd_path(r->pin.fd, un->sun_path, sizeof un->sun_path);

        r->target->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    }
    r->via = &r->target->raw.any;
    r->via_len = r->target->len;
}

/* Calls that learn their peer by being made: accept, and a receive that may
 * come from anybody. */
static bool learns_peer(struct facts *f, const struct request *r)
{
    if (r->perm != POLICY_RECEIVE)
        return r->perm == POLICY_ACCEPT;
    if (f->query.type < 0 && sys_getsockopt_int(r->fd, SO_TYPE, &f->query.type) < 0)
        return false;
    return f->query.type != SOCK_STREAM && f->query.type != SOCK_SEQPACKET;
}

/* An IPv6 socket may have IPv4 peers, and those may be judged otherwise. */
static bool may_be_mapped(const struct facts *f, const struct request *r)
{
    return f->query.family == AF_INET6 && !r->target && (r->perm & (POLICY_ACCEPT | POLICY_SEND | POLICY_RECEIVE)) &&
           !(state_free(r->perm, AF_INET) && state_free(r->perm, AF_INET6));
}

/* True when the call is refused whoever the peer turns out to be. */
static bool surely_denied(const struct facts *f, int family)
{
    struct policy_query q = f->query;
    struct policy_verdict v;

    q.family = family;
    for (unsigned i = 0; i < state->layer_count; i++) {
        const struct active_layer *layer = &state->layers[i];

        if (policy_needs(&layer->policy, q.perm, family))
            continue;
        policy_decide(&layer->policy, &q, &v);
        v.outcome = relaxed(layer, v.outcome);
        if (is_denial(v.outcome))
            return true;
    }
    return false;
}

/* A listening IPv6 socket that is bound to an IPv4 address is about IPv4, as its
 * bind was. */
static void look_for_mapped_name(struct facts *f, const struct request *r)
{
    if (r->perm == POLICY_LISTEN && f->query.family == AF_INET6 && address_own(&f->own, r->fd) == 0 &&
        f->own.family == AF_INET)
        f->query.family = AF_INET;
}

static int later(const struct facts *f, struct request *r)
{
    r->family = f->query.family;
    r->type = f->query.type;
    return MEDIATE_LATER;
}

static int gather_failed(struct request *r, int err)
{
    if (kernel_refuses(r, true) || err == -ENOTSUP)
        return MEDIATE_PROCEED;
    if (err == -EMFILE)
        return MEDIATE_FULL;
    if (err == -ENFILE || err == -ENOMEM)
        record_trouble(r->operation, err, "no free descriptor to look the path up with");
    return err;
}

static bool is_inet(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

static bool is_connected(const struct facts *f, const struct request *r, uint32_t needs)
{
    socklen_t no_room = 0;
    char nothing;

    if (needs & (POLICY_NEEDS_PEER | SCOPE_NEEDS))
        return !f->unconnected;
    return sys_getpeername(r->fd, &nothing, &no_room) == 0;
}

/* True when nothing the verdict depends on can change any more: a stream has
 * its peer, and its own name if that matters. */
static bool is_settled(struct facts *f, const struct request *r, uint32_t needs)
{
    const struct policy_query *q = &f->query;

    if ((needs & POLICY_NEEDS_LOCAL) && (q->local.kind == POLICY_ADDR_NONE || (is_inet(&q->local) && !q->local.port)))
        return false;
    if (r->perm == POLICY_ACCEPT)
        return true;
    if (f->query.type < 0 && sys_getsockopt_int(r->fd, SO_TYPE, &f->query.type) < 0)
        return false;
    if (q->type == SOCK_DGRAM) /* until it is connected to somebody else: settled_forget() */
        return r->perm == POLICY_SEND && is_connected(f, r, needs);
    if (q->type != SOCK_STREAM && (q->type != SOCK_SEQPACKET || q->family != AF_UNIX))
        return false;
    /* A connect gives an inet socket its own address as well. */
    return is_inet(&q->local) || (needs & ABOUT_PEER) ? is_connected(f, r, needs) : true;
}

/* Calls on a socket alone, whose verdict may be kept. */
static bool can_settle(const struct request *r, uint32_t needs)
{
    return needs && !(needs & POLICY_INJECTS) && !r->target && (r->perm & (POLICY_ACCEPT | POLICY_SEND | POLICY_RECEIVE));
}

static int gather_and_decide(struct facts *f, struct request *r, uint32_t needs)
{
    int family = f->query.family;
    int err = facts_gather(f, r, needs);

    /* The peer turned out to be of another family: ask what that one needs. */
    if (err >= 0 && f->query.family != family)
        err = facts_gather(f, r, facts_needed(f) & ~(uint32_t)KNOWN_PEER);
    if (err < 0)
        return gather_failed(r, err);
    f->spoken = false;
    err = decide_and_inject(f, r, INJECT_ONCE);
    if (!err && f->cookie && !f->spoken && is_settled(f, r, needs))
        settled_add(f->cookie, r->perm, f->age);
    return err;
}

static int mediate_facts(struct facts *f, struct request *r)
{
    uint32_t needs = facts_needed(f);

    f->age = settled_age();
    f->cookie = can_settle(r, needs) ? settled_cookie(r->fd) : 0;
    if (settled_has(f->cookie, r->perm))
        return MEDIATE_PROCEED;
    if ((needs & POLICY_NEEDS_FAMILY) && f->query.family < 0) {
        if (sys_getsockopt_int(r->fd, SO_DOMAIN, &f->query.family) < 0)
            return MEDIATE_PROCEED;
        needs = facts_needed(f);
    }
    look_for_mapped_name(f, r);
    needs = facts_needed(f);
    bool mapped = may_be_mapped(f, r);
    if (!mapped && state_free(r->perm, f->query.family))
        return MEDIATE_PROCEED;
    if (((needs & ABOUT_PEER) || mapped) && learns_peer(f, r)) {
        if (mapped && surely_denied(f, AF_INET6) && surely_denied(f, AF_INET))
            return decide(f, r);
        return later(f, r);
    }
    if (mapped) /* a connected socket: its peer can be asked for now */
        needs |= POLICY_NEEDS_PEER;
    return gather_and_decide(f, r, needs);
}

/* For the trace: where the call goes, if it has been found out. */
static void note_name(const struct facts *f, const struct request *r)
{
    const struct name *found = r->perm == POLICY_BIND ? &f->local_name : &f->peer_name;
    const struct policy_addr *a = r->perm == POLICY_BIND ? &f->query.local : &f->query.peer;

    if (r->trace && r->target)
        trace_note_name(r->trace, found->at ? a : &r->target->name, found->at);
}

int mediate(struct request *r)
{
    struct facts f;
    int result = MEDIATE_PROCEED;

    if (!r->target || r->target->valid) {
        facts_start(&f, r);
        result = mediate_facts(&f, r);
        note_name(&f, r);
        facts_end(&f);
        inject_sleep(r);
    }
    if (result >= 0)
        mediate_aim(r);
    else
        pin_close(&r->pin);
    return result;
}

int mediate_peer(struct request *r, const struct address *peer)
{
    struct facts f;

    facts_start(&f, r);
    if (peer->family == AF_INET)
        f.query.family = AF_INET;
    uint32_t needs = facts_needed(&f);
    facts_peer(&f, peer, facts_known_by(&peer->name) ? needs & ~(uint32_t)POLICY_NEEDS_PEER_PATH : needs);
    /* The peer is known; gather the rest. A socket that went away meanwhile has
     * nothing left to be judged by, so what it lacks counts as unknown. */
    facts_gather(&f, r, needs & ~(uint32_t)KNOWN_PEER);
    int err = decide_and_inject(&f, r, INJECT_PEER);
    facts_end(&f);
    inject_sleep(r);
    return err;
}

int mediate_wait(struct request *r)
{
    struct facts f;

    if (!state->injects)
        return 0;
    facts_start(&f, r);
    int err = facts_gather(&f, r, facts_needed(&f) & ~(uint32_t)ABOUT_PEER);
    err = err < 0 ? 0 : inject(&f, r, INJECT_WAITING);
    r->broken = err; /* a delay says nothing of the peer that comes */
    facts_end(&f);
    inject_sleep(r);
    return err;
}

int mediate_auto(const char *operation, int fd)
{
    struct request r = request(operation, fd, POLICY_BIND);
    struct facts f;

    r.family = AF_UNIX;
    facts_start(&f, &r);
    f.query.local.kind = POLICY_ADDR_AUTO;
    int err = facts_gather(&f, &r, facts_needed(&f) & (POLICY_NEEDS_TYPE | POLICY_NEEDS_PROTOCOL));
    err = err < 0 ? 0 : decide(&f, &r);
    facts_end(&f);
    return err;
}

/* Sends bind dgram sockets and connected seqpacket ones (unix_dgram_sendmsg);
 * others they do not get that far with. */
static bool send_binds(int fd)
{
    struct address peer;
    socklen_t len = ADDRESS_MAX;
    int type;

    if (sys_getsockopt_int(fd, SO_TYPE, &type) < 0 || type == SOCK_STREAM)
        return false;
    return type != SOCK_SEQPACKET || sys_getpeername(fd, peer.raw.bytes, &len) == 0;
}

/* The kernel would do the same a moment later; but then nobody would learn the name. */
static void bind_now(int fd)
{
    const sa_family_t family = AF_UNIX;
    struct binding b;

    remember_begin(&b);
    if (SYS3(SYS_bind, fd, &family, sizeof family) == 0)
        remember_bound(fd, NULL);
    remember_end(&b);
}

int mediate_autobind(const struct request *r)
{
    int on;
    struct address own;

    if (!mediate_may_autobind())
        return 0;
    if (r->target && r->target->family != AF_UNIX)
        return 0;
    if (sys_getsockopt_int(r->fd, SO_PASSCRED, &on) < 0)
        return 0;
    if (!on && (sys_getsockopt_int(r->fd, SO_PASSPIDFD, &on) < 0 || !on))
        return 0;
    if (address_own(&own, r->fd) < 0 || own.family != AF_UNIX || own.name.kind != POLICY_ADDR_NONE)
        return 0;
    if (r->perm == POLICY_SEND && !send_binds(r->fd))
        return 0;
    int err = mediate_auto(r->operation, r->fd);
    if (!err && domain_remembers())
        bind_now(r->fd);
    return err;
}

int mediate_failed(const struct request *r, int err)
{
    char link[PROCFD_SIZE];

    if (r->pin.fd < 0 || (err != ENOENT && err != ENOTDIR && err != EACCES))
        return err;
    procfd_path(r->pin.fd, link, sizeof link);
    if (procfd_works(link))
        return err;
    record_trouble(r->operation, -EACCES, "a connect that path rules must judge needs /proc");
    return EACCES;
}

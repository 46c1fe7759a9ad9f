#include "scope.h"

#include <errno.h>
#include <string.h>

#include "confirm.h"
#include "diag.h"
#include "domain.h"
#include "identity.h"
#include "inet_diag.h"
#include "process.h"
#include "sys.h"

/* A bind between its system call and its entry is waited for this long. */
enum { WAIT_NANOSECONDS = 50000, WAIT_TIMES = 200 };

/* --- Looking up ----------------------------------------------------------- */

static bool probe(const struct search *s, struct table_entry *out)
{
    struct table_key key = identity_key(s->table, &s->id);

    return table_get(s->table, &key, out) && confirm(s, out);
}

/* A wildcard bind answers on this machine's addresses only; and some sockets are bound
 * to those of others (IP_FREEBIND). */
static APART bool is_local(const struct search *s)
{
    static const unsigned char loopback[] = {127, 0, 0, 1};

    return (s->name->kind == POLICY_ADDR_INET && memcmp(s->name->bytes, loopback, sizeof loopback) == 0) ||
           inet_is_local(s->name);
}

static APART bool probe_inet(struct search *s, struct table_entry *out)
{
    int fd = s->request->fd;

    if (identity_of_inet(&s->id, fd, s->name, false) < 0)
        return false;
    bool found = probe(s, out);
    if (!found) {
        identity_of_inet(&s->id, fd, s->name, true);
        found = probe(s, out);
    }
    return found && is_local(s);
}

/* 0, or -errno: such a peer is not known by its name. */
static int identify(struct search *s)
{
    const struct policy_addr *name = s->name;

    switch (name->kind) {
    case POLICY_ADDR_ABSTRACT:
        return identity_of_abstract(&s->id, s->request->fd, name);
    case POLICY_ADDR_PATHNAME:
        if (s->request->pin.fd >= 0)
            return identity_of_pin(&s->id, s->request->pin.fd);
        /* A sender's name; by a relative one, or of its own descriptors, only it finds the file. */
        if (!name->bytes || facts_known_by(name))
            return -ENOENT;
        return identity_of_path(&s->id, name->bytes);
    case POLICY_ADDR_INET:
    case POLICY_ADDR_INET6:
        return 0;
    default:
        return -ENOTSUP;
    }
}

static bool probe_by_name(struct search *s, struct table_entry *out)
{
    bool inet = s->name->kind == POLICY_ADDR_INET || s->name->kind == POLICY_ADDR_INET6;

    uint64_t begun = table_begun(s->table);

    if (identify(s) < 0)
        return false;
    for (int i = 0;; i++) {
        const struct timespec moment = {.tv_nsec = WAIT_NANOSECONDS};
        bool busy = table_busy(s->table, begun);

        if (inet ? probe_inet(s, out) : probe(s, out))
            return true;
        if (!busy || i == WAIT_TIMES)
            return false;
        SYS2(SYS_nanosleep, &moment, NULL);
    }
}

/* A datagram socket keeps the credentials of a pair for ever, and may have another peer
 * by now; one without a name can only be that of the pair. */
static APART bool is_of_pair(int fd)
{
    struct address peer;

    return address_peer(&peer, fd) == 0 && peer.len && peer.name.kind == POLICY_ADDR_NONE;
}

/* The other end of a connection is known by the process that made it. */
static bool has_process(const struct request *r)
{
    int fd = r->other >= 0 ? r->other : r->fd;
    struct peer_creds creds;
    int type;

    if (r->target || process_creds(fd, &creds) < 0 || sys_getsockopt_int(fd, SO_TYPE, &type) < 0)
        return false;
    return type != SOCK_DGRAM || is_of_pair(fd);
}

static APART bool probe_by_process(struct search *s, struct table_entry *out)
{
    const struct request *r = s->request;

    return process_peer(&s->id, r->other >= 0 ? r->other : r->fd) == 0 && probe(s, out);
}

/* A connected datagram socket knows its peer, whatever has become of the name. */
static APART bool probe_by_socket(struct search *s, struct table_entry *out)
{
    struct diag_unix own, peer;
    struct stat st;

    if (sys_fstat(s->request->fd, &st) < 0 || diag_unix((uint32_t)st.st_ino, &own) < 0 || !own.peer_ino ||
        diag_unix(own.peer_ino, &peer) < 0)
        return false;
    if (peer.name_len && !peer.name[0]) {
        const struct policy_addr name = {.bytes = peer.name + 1, .len = peer.name_len - 1u};

        identity_of_abstract(&s->id, s->request->fd, &name);
    } else {
        s->id = (struct identity){.kind = TABLE_SOCKET, .len = sizeof peer.cookie};
        memcpy(s->id.bytes, &peer.cookie, sizeof peer.cookie);
    }
    struct table_key key = identity_key(s->table, &s->id);
    return table_get(s->table, &key, out) && out->cookie == peer.cookie && out->fd >= 0;
}

static bool is_unix(const struct policy_addr *name)
{
    return name->kind == POLICY_ADDR_ABSTRACT || name->kind == POLICY_ADDR_PATHNAME;
}

/* Which address the peer has: as it was given, or as the kernel told it, not the
 * canonical form that rules are about. */
static const struct policy_addr *name_of(const struct facts *f, const struct request *r)
{
    if (r->target)
        return &r->target->name;
    return f->sender ? &f->sender->name : &f->query.peer;
}

/* --- What is seen ---------------------------------------------------------- */

/* By whatever name: the file is that of the socket at the other end. */
static APART bool pin_is_peers(const struct request *r)
{
    struct stat st;
    struct diag_unix own, peer;

    return sys_fstat(r->fd, &st) == 0 && diag_unix((uint32_t)st.st_ino, &own) == 0 && own.peer_ino &&
           diag_unix(own.peer_ino, &peer) == 0 && sys_fstat(r->pin.fd, &st) == 0 && diag_is_file(&peer, &st);
}

/* A datagram socket that is connected to that very peer goes on sending to it. */
static APART bool is_own_peer(const struct request *r)
{
    struct address peer;

    if (r->perm != POLICY_SEND || address_peer(&peer, r->fd) < 0 || !peer.len)
        return false;
    if (r->pin.fd >= 0 && peer.name.kind == POLICY_ADDR_PATHNAME)
        return pin_is_peers(r);
    return peer.name.kind == r->target->name.kind && peer.name.len == r->target->name.len &&
           memcmp(peer.name.bytes, r->target->name.bytes, peer.name.len) == 0;
}

static void see(struct sight *sight, bool found, bool unknown, const struct table_entry *e)
{
    sight->found = found;
    sight->bound = found ? POLICY_SCOPE_INSIDE : unknown ? POLICY_SCOPE_UNKNOWN : POLICY_SCOPE_OUTSIDE;
    sight->made = found ? (enum policy_scope)e->made : POLICY_SCOPE_OUTSIDE;
    if (found) {
        memcpy(sight->profiles, e->profiles, sizeof sight->profiles);
        sight->policies = e->policies;
    }
}

/* Nothing of it is there any more when the decision is made. */
static APART void look(struct facts *f, const struct request *r, unsigned up)
{
    struct search s = {.table = domain_table(up), .facts = f, .request = r, .name = name_of(f, r)};
    struct table_entry e;
    bool found = false, unknown = false;

    if (s.table && has_process(r)) {
        found = probe_by_process(&s, &e);
    } else if (s.table) {
        found = r->perm == POLICY_SEND && !r->target && is_unix(s.name) ? probe_by_socket(&s, &e)
                                                                        : probe_by_name(&s, &e);
        unknown = s.name->kind == POLICY_ADDR_NONE || s.name->kind == POLICY_ADDR_UNKNOWN;
    }
    see(&f->sight, found, unknown, &e);
    f->sight.up = (int)up;
    if (!r->target || (f->sight.made != POLICY_SCOPE_INSIDE && is_own_peer(r)))
        f->sight.made = POLICY_SCOPE_INSIDE; /* what is connected goes on */
}

static const char *label(const struct sight *sight, const struct active_layer *layer)
{
    struct policy as = layer->policy;

    if (sight->bound == POLICY_SCOPE_UNKNOWN)
        return NULL;
    if (!sight->found)
        return "unconfined";
    /* Of another text than ours: somebody edited it meanwhile. */
    if (layer->nth >= TABLE_PROFILES || sight->policies != state->runs[layer->up].policies)
        return NULL;
    as.profile = sight->profiles[layer->nth];
    return as.profile < policy_profile_count(&as) ? policy_profile_name(&as) : NULL;
}

void scope_fill(struct facts *f, const struct request *r, const struct active_layer *layer)
{
    if (f->sight.up != (int)layer->up)
        look(f, r, layer->up);
    f->query.bound = f->sight.bound;
    f->query.made = f->sight.made;
    f->query.label = label(&f->sight, layer);
}

/* True when nothing but scope stands against it. */
static bool only_outside(const struct facts *f, const struct active_layer *layer)
{
    struct policy_query q = f->query;
    struct policy_verdict v;

    q.bound = q.made = POLICY_SCOPE_INSIDE;
    policy_decide(&layer->policy, &q, &v);
    return v.outcome != POLICY_DENIED && v.outcome != POLICY_QUIET;
}

/* It is there now, and may have come since it was looked for. */
static int look_again(struct facts *f, const struct request *r, const struct active_layer *layer)
{
    look(f, r, layer->up);
    return f->sight.found ? SCOPE_AGAIN : 0;
}

/* Who sends to a peer that has closed its socket, or without any, is to hear so. */
static bool peer_is_none(const struct facts *f, const struct request *r, const struct policy_addr *name)
{
    if (f->unconnected)
        return true;
    return r->perm == POLICY_SEND && name->kind == POLICY_ADDR_ABSTRACT &&
           diag_unix_named(name->bytes, name->len, r->fd) == -ENOENT;
}

int scope_absent(struct facts *f, const struct request *r, const struct active_layer *layer)
{
    struct identity id;
    uint64_t cookie;

    if (f->sight.found || !only_outside(f, layer))
        return 0;
    const struct policy_addr *name = name_of(f, r);
    if (!r->target)
        return peer_is_none(f, r, name) ? SCOPE_KERNEL : 0;
    if (name->kind == POLICY_ADDR_PATHNAME)
        return identity_of_pin(&id, r->pin.fd) == -ENOTSOCK ? SCOPE_KERNEL : 0;
    if (name->kind == POLICY_ADDR_ABSTRACT)
        return diag_unix_named(name->bytes, name->len, r->fd) == -ENOENT ? -ECONNREFUSED : look_again(f, r, layer);
    if ((name->kind != POLICY_ADDR_INET && name->kind != POLICY_ADDR_INET6) || r->perm != POLICY_CONNECT ||
        !inet_is_local(name))
        return 0;
    return inet_diag_answers(name, NULL, r->fd, &cookie) == -ENOENT ? -ECONNREFUSED : look_again(f, r, layer);
}

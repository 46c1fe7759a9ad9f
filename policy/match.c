#include "match.h"

#include "build.h"

#include <string.h>
#include <sys/socket.h>

enum match match_family(uint64_t families, int family)
{
    if (rule_any_family(families))
        return MATCH_YES;
    if (family < 0)
        return MATCH_UNKNOWN;
    return family < POLICY_FAMILIES && families >> family & 1 ? MATCH_YES : MATCH_NO;
}

static bool abstract_matches(const struct glob *g, const struct policy_addr *addr)
{
    /* Program of an abstract name: GLOB_QUOTE, NUL, then the rest. */
    return g->code[0] == GLOB_QUOTE && glob_match_from(g, 2, addr->bytes, addr->len);
}

static enum match match_globs(const void *blob, const struct blob_cond *c, const struct policy_addr *addr)
{
    if (addr->kind == POLICY_ADDR_PATHNAME && !addr->bytes)
        return c->has_path ? MATCH_UNKNOWN : MATCH_NO;
    for (uint32_t i = 0; i < c->glob_count; i++) {
        struct glob g = blob_glob(blob, c->globs + i);
        if (addr->kind == POLICY_ADDR_PATHNAME ? glob_match(&g, addr->bytes, addr->len)
                                               : abstract_matches(&g, addr))
            return MATCH_YES;
    }
    return MATCH_NO;
}

static bool prefix_matches(const struct blob_cond *c, const struct policy_addr *addr)
{
    const uint8_t *bytes = addr->bytes;
    unsigned whole = c->ip_bits / 8, rest = c->ip_bits % 8;

    if (!c->ip_family)
        return true;
    if ((c->ip_family == AF_INET) != (addr->kind == POLICY_ADDR_INET) || whole + (rest > 0) > addr->len)
        return false;
    return !memcmp(bytes, c->ip, whole) && (!rest || !((bytes[whole] ^ c->ip[whole]) >> (8 - rest)));
}

static enum match match_inet(const struct blob_cond *c, const struct policy_addr *addr)
{
    if (addr->kind != POLICY_ADDR_INET && addr->kind != POLICY_ADDR_INET6)
        return MATCH_NO;
    return c->port_low <= addr->port && addr->port <= c->port_high && prefix_matches(c, addr) ? MATCH_YES
                                                                                               : MATCH_NO;
}

enum match match_addr(const void *blob, uint32_t cond, const struct policy_addr *addr, uint32_t perm)
{
    const struct blob_cond *c = BLOB_TABLE(blob, struct blob_cond, BLOB_CONDS) + cond;
    bool none = addr->kind == POLICY_ADDR_NONE, automatic = addr->kind == POLICY_ADDR_AUTO;

    if (c->match == ADDR_ANY)
        return MATCH_YES;
    if (addr->kind == POLICY_ADDR_UNKNOWN)
        return MATCH_UNKNOWN;
    switch (c->match) {
    case ADDR_NONE:
        return none || (automatic && perm == POLICY_BIND) ? MATCH_YES : MATCH_NO;
    case ADDR_AUTO:
        return automatic ? MATCH_YES : MATCH_NO;
    case ADDR_NOT_PATHNAME:
        return none || automatic || addr->kind == POLICY_ADDR_ABSTRACT ? MATCH_YES : MATCH_NO;
    case ADDR_PATHNAME:
        return addr->kind == POLICY_ADDR_PATHNAME ? MATCH_YES : MATCH_NO;
    case ADDR_ABSTRACT:
        return addr->kind == POLICY_ADDR_ABSTRACT ? MATCH_YES : MATCH_NO;
    case ADDR_INET:
        return match_inet(c, addr);
    default:
        return addr->kind == POLICY_ADDR_ABSTRACT || addr->kind == POLICY_ADDR_PATHNAME
                   ? match_globs(blob, c, addr)
                   : MATCH_NO;
    }
}

/* Inline: a frame less on the way to the glob. */
static inline __attribute__((always_inline)) enum match match_text(const void *blob, uint32_t globs,
                                                                  uint32_t count, const char *text)
{
    if (!count)
        return MATCH_YES;
    if (!text)
        return MATCH_UNKNOWN;
    for (uint32_t i = 0; i < count; i++) {
        struct glob g = blob_glob(blob, globs + i);
        if (glob_match_low(&g, text, strlen(text)))
            return MATCH_YES;
    }
    return MATCH_NO;
}

static enum match match_scope(uint8_t wanted, enum policy_scope scope)
{
    if (!wanted)
        return MATCH_YES;
    return scope == POLICY_SCOPE_UNKNOWN ? MATCH_UNKNOWN : wanted == scope ? MATCH_YES : MATCH_NO;
}

static enum match match_uid(const struct blob_more *m, const struct policy_query *q)
{
    if (!m->uid_given)
        return MATCH_YES;
    return !q->uid_known ? MATCH_UNKNOWN : m->uid == q->uid ? MATCH_YES : MATCH_NO;
}

static enum match match_fd(const struct blob_more *m, int fd)
{
    if (!m->fd_given)
        return MATCH_YES;
    return fd < 0 ? MATCH_UNKNOWN : m->fd_low <= (uint32_t)fd && (uint32_t)fd <= m->fd_high ? MATCH_YES : MATCH_NO;
}

enum policy_miss match_more(const void *blob, const struct blob_rule *r, const struct policy_query *q)
{
    const struct blob_more *m = BLOB_TABLE(blob, struct blob_more, BLOB_MORES) + r->more;
    bool deny = r->flags & RULE_DENY;

    if (!match_holds(match_text(blob, m->labels, m->label_count, q->label), deny))
        return POLICY_MISS_LABEL;
    if (!match_holds(match_scope(m->bound, q->bound), deny) || !match_holds(match_scope(m->made, q->made), deny))
        return POLICY_MISS_SCOPE;
    if (!match_holds(match_uid(m, q), deny))
        return POLICY_MISS_UID;
    if (!match_holds(match_text(blob, m->exes, m->exe_count, q->exe), deny))
        return POLICY_MISS_EXE;
    return match_holds(match_fd(m, q->fd), deny) ? POLICY_MATCHES : POLICY_MISS_FD;
}

enum policy_miss match_rule(const void *blob, const struct blob_rule *r, const struct policy_query *q)
{
    bool deny = r->flags & RULE_DENY;

    if (!match_holds(match_family(r->families, q->family), deny))
        return POLICY_MISS_FAMILY;
    if (!(r->perms & (r->flags & RULE_INJECT && q->pair ? PERM_PAIR : q->perm)))
        return POLICY_MISS_PERM;
    if (!match_holds(match_type(r->types, q->type), deny))
        return POLICY_MISS_TYPE;
    if (!match_holds(match_protocol(r->protocol, q->protocol), deny))
        return POLICY_MISS_PROTOCOL;
    if (!match_holds(match_addr(blob, r->conds[SIDE_LOCAL], &q->local, q->perm), deny))
        return POLICY_MISS_LOCAL;
    if (!match_holds(match_addr(blob, r->conds[SIDE_PEER], &q->peer, q->perm), deny))
        return POLICY_MISS_PEER;
    enum policy_miss miss = match_more(blob, r, q);
    if (!miss && q->exempt && q->perm == POLICY_INHERIT && !(r->perms & PERM_EXEMPT))
        return POLICY_MISS_FD;
    return miss;
}

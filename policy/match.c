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
    case ADDR_INET:
        return match_inet(c, addr);
    default:
        return addr->kind == POLICY_ADDR_ABSTRACT || addr->kind == POLICY_ADDR_PATHNAME
                   ? match_globs(blob, c, addr)
                   : MATCH_NO;
    }
}

enum match match_label(const void *blob, const struct blob_rule *r, const char *label)
{
    if (!r->label_count)
        return MATCH_YES;
    if (!label)
        return MATCH_UNKNOWN;
    for (uint32_t i = 0; i < r->label_count; i++) {
        struct glob g = blob_glob(blob, r->labels + i);
        if (glob_match_low(&g, label, strlen(label)))
            return MATCH_YES;
    }
    return MATCH_NO;
}

enum policy_miss match_rule(const void *blob, const struct blob_rule *r, const struct policy_query *q)
{
    bool deny = r->flags & RULE_DENY;

    if (!match_holds(match_family(r->families, q->family), deny))
        return POLICY_MISS_FAMILY;
    if (!(r->perms & q->perm))
        return POLICY_MISS_PERM;
    if (!match_holds(match_type(r->types, q->type), deny))
        return POLICY_MISS_TYPE;
    if (!match_holds(match_protocol(r->protocol, q->protocol), deny))
        return POLICY_MISS_PROTOCOL;
    if (!match_holds(match_addr(blob, r->conds[SIDE_LOCAL], &q->local, q->perm), deny))
        return POLICY_MISS_LOCAL;
    if (!match_holds(match_addr(blob, r->conds[SIDE_PEER], &q->peer, q->perm), deny))
        return POLICY_MISS_PEER;
    if (!match_holds(match_label(blob, r, q->label), deny))
        return POLICY_MISS_LABEL;
    return POLICY_MATCHES;
}

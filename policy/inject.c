/* Inject rules: which of them are about a call, and whether they act. There are few, and
 * only calls that they may be about look at them: one after the other. */
#include "match.h"

static const struct blob_rule *rules(const struct policy *p)
{
    return BLOB_TABLE(p->blob, struct blob_rule, BLOB_RULES) + blob_profile(p)->injects;
}

static const struct policy_inject *inject_of(const struct policy *p, const struct blob_rule *r)
{
    return BLOB_TABLE(p->blob, struct policy_inject, BLOB_INJECTS) + r->err;
}

uint32_t policy_inject_count(const struct policy *p)
{
    return ((const struct blob_header *)p->blob)->tables[BLOB_INJECTS].count;
}

const struct policy_inject *policy_inject(const struct policy *p, uint32_t number)
{
    return number < policy_inject_count(p) ? BLOB_TABLE(p->blob, struct policy_inject, BLOB_INJECTS) + number : NULL;
}

uint32_t policy_inject_needs(const struct policy *p, uint32_t perm, int family)
{
    const struct blob_rule *r = rules(p), *end = r + blob_profile(p)->inject_count;
    uint32_t needs = 0;

    if (perm == POLICY_CREATE)
        perm |= PERM_PAIR;
    for (; r < end; r++) {
        enum match m = r->perms & perm ? match_family(r->families, family) : MATCH_NO;

        if (m == MATCH_UNKNOWN)
            return POLICY_INJECTS | POLICY_NEEDS_FAMILY;
        needs |= m ? POLICY_INJECTS | inject_of(p, r)->needs : 0;
    }
    return needs;
}

const struct policy_inject *policy_inject_next(const struct policy *p, const struct policy_query *q, uint32_t *at)
{
    const struct blob_rule *r = rules(p);
    uint32_t count = blob_profile(p)->inject_count;

    while (*at < count) {
        const struct policy_inject *i = inject_of(p, &r[*at]);
        bool matches = false;

        for (; *at < count && inject_of(p, &r[*at]) == i; ++*at) /* of one rule in the text */
            matches = matches || match_rule(p->blob, &r[*at], q) == POLICY_MATCHES;
        if (matches)
            return i;
    }
    return NULL;
}

/* Well mixed in all bits (splitmix64). */
static uint64_t scatter(uint64_t n)
{
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

bool policy_inject_fires(const struct policy_inject *i, uint64_t hit)
{
    if (hit < i->first || hit > i->last || (hit - i->first) % i->step)
        return false;
    return (scatter(scatter(i->seed) + hit * 0x9e3779b97f4a7c15u) >> 32) * 1000000000 >> 32 < i->chance;
}

#include "match.h"

#include <errno.h>

uint32_t policy_needs(const struct policy *p, uint32_t perm, int family)
{
    (void)p;
    (void)perm;
    return family < 0 ? 0xff : 0xfe;
}

void policy_decide(const struct policy *p, const struct policy_query *q, struct policy_verdict *v)
{
    const struct blob_profile *profile = blob_profile(p);
    const struct blob_rule *r = BLOB_TABLE(p->blob, struct blob_rule, BLOB_RULES) + profile->rules;
    const struct blob_rule *deny = NULL, *allow = NULL, *audit = NULL;

    for (uint32_t i = 0; i < profile->rule_count; i++, r++) {
        if (match_rule(p->blob, r, q) != POLICY_MATCHES)
            continue;
        if (r->flags & RULE_DENY)
            deny = deny ? deny : r;
        else
            allow = allow ? allow : r;
        if (!(r->flags & RULE_DENY) && r->flags & RULE_AUDIT)
            audit = audit ? audit : r;
    }
    *v = (struct policy_verdict){.outcome = POLICY_ALLOWED, .rule = POLICY_RULE_NONE};
    if (deny) {
        v->outcome = deny->flags & RULE_QUIET ? POLICY_QUIET : POLICY_DENIED;
        v->err = deny->err;
        v->rule = deny->source;
        v->explicit_deny = true;
    } else if (audit) {
        v->outcome = POLICY_AUDITED;
        v->rule = audit->source;
    } else if (allow) {
        v->rule = allow->source;
    } else if (!profile->default_allow) {
        v->outcome = profile->complain ? POLICY_COMPLAIN : POLICY_DENIED;
        v->err = EACCES;
    }
}

/* One answer of `sunshim explain`: the verdict, the rule, and what else is to be said. */
#include <stdio.h>
#include <string.h>

#include "explain.h"

static bool allows(const struct policy_verdict *v)
{
    return v->outcome != POLICY_DENIED && v->outcome != POLICY_QUIET;
}

/* An inherited socket goes by without a rule about it. */
static void print_free_inherit(const struct policy *p, const struct policy_query *q)
{
    if (!policy_mediates_inherit(p))
        puts("note: no rule names inherit: every inherited socket is allowed");
    else if (q->exempt)
        puts("note: only rules with its fd= are about this descriptor");
}

static bool breaks(const struct policy *p, const struct policy_query *q, const struct policy_inject *which)
{
    const struct policy_inject *rule;
    uint32_t at = 0;

    while ((rule = policy_inject_next(p, q, &at)) && rule != which)
        ;
    return rule != NULL;
}

/* What every layer allows, rules may break. */
static void print_injects(const struct explanation *e, const struct policy_query *q)
{
    struct policy_query pair = *q;
    const struct policy_inject *rule;

    pair.pair = q->perm == POLICY_CREATE;
    for (unsigned i = 0; i < e->layer_count; i++) {
        const struct policy *p = &e->layers[i].policy;

        for (uint32_t n = 0; (rule = policy_inject(p, n)); n++)
            if (breaks(p, q, rule))
                explain_rule("inject", p, rule->rule, "");
            else if (breaks(p, &pair, rule))
                explain_rule("inject", p, rule->rule, " (socketpair)");
    }
}

/* The layer that decides: the outermost that denies, else the first. */
static unsigned decide(const struct explanation *e, const struct policy_query *q, struct policy_verdict *v)
{
    unsigned first = 0;

    policy_decide(&e->layers[0].policy, q, v);
    for (unsigned i = 1; i < e->layer_count && allows(v); i++) {
        struct policy_verdict next;

        policy_decide(&e->layers[i].policy, q, &next);
        if (allows(&next))
            continue;
        *v = next;
        first = i;
    }
    return first;
}

/* Which operation, layer and profile the answer is about, where there is a choice. */
static void print_subject(const struct explanation *e, unsigned layer, const struct policy_query *q)
{
    const struct policy *p = &e->layers[layer].policy;

    if (e->asked_count > 1 || e->asked[0].perms & (e->asked[0].perms - 1))
        printf("operation: %s\n", policy_perm_name(q->perm));
    if (e->layer_count > 1)
        explain_line("layer: ", e->layers[layer].path, "");
    if (strcmp(policy_profile_name(p), "-"))
        explain_line("profile: ", policy_profile_name(p), "");
}

static void print_notes(const struct explanation *e, const struct policy *p, const struct asked *a,
                        const struct policy_query *q, const struct policy_verdict *v)
{
    const char *port = explain_port_missing(q, a);

    if (e->foreign)
        explain_line("note: the record's profile '", e->foreign, "' is not in the policy; it was asked without");
    if (v->outcome == POLICY_COMPLAIN)
        printf("note: the profile complains: without that, %s\n", policy_errno_name(v->err));
    if (v->outcome == POLICY_QUIET)
        puts("note: denied without a record");
    if (port && policy_needs(p, q->perm, q->family) & (POLICY_NEEDS_LOCAL | POLICY_NEEDS_PEER))
        printf("note: %s= was not given; asked about port 0\n", port);
    if (allows(v) && q->perm == POLICY_INHERIT && v->rule == POLICY_RULE_NONE)
        print_free_inherit(p, q);
}

int explain_answer(const struct explanation *e, const struct asked *a, const struct policy_query *q)
{
    struct policy_verdict v;
    unsigned layer = decide(e, q, &v);
    const struct policy *p = &e->layers[layer].policy;
    bool allowed = allows(&v);

    puts(allowed ? "allow" : "deny");
    explain_rule("rule", p, v.rule, "");
    if (!allowed)
        printf("errno: %s\n", policy_errno_name(v.err) ? policy_errno_name(v.err) : "unknown");
    else
        print_injects(e, q);
    print_subject(e, layer, q);
    fputs(e->mapped, stdout);
    print_notes(e, p, a, q, &v);
    if (!allowed && !v.explicit_deny)
        explain_nearest(p, q);
    if (!allowed)
        explain_remedy(p, q, a, v.explicit_deny);
    return allowed ? 0 : 1;
}

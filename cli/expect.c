#include "expect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "told.h"

/* A connection that is being made is one that was asked for and not refused. */
static bool worked(const struct record *r)
{
    return record_number(r, "result", 0) >= 0 || !strcmp(record_text(r, "errno"), "EINPROGRESS");
}

static char *told(const struct record *r)
{
    char *call = told_call(r), *who = told_who(r), *all;
    const char *err = record_text(r, "errno");

    all = format_new("%s by %s%s%s", call, who, *err ? ": " : "", err);
    free(call), free(who);
    return all;
}

static void keep_nearest(struct expectation *e, const struct policy_query *q, const struct record *r)
{
    enum policy_miss best = POLICY_MATCHES;

    for (uint32_t i = 0; i < policy_rule_count(&e->policy); i++) {
        enum policy_miss miss = policy_rule_active(&e->policy, i) ? policy_rule_miss(&e->policy, i, q) : POLICY_MATCHES;

        best = miss > best ? miss : best;
    }
    if (best <= POLICY_MISS_PERM || best <= e->near_miss)
        return;
    free(e->near);
    e->near = told(r);
    e->near_miss = best;
}

static bool matches(struct expectation *e, const struct policy_query *q)
{
    struct policy_verdict v;

    if (e->not_unix && q->family == AF_UNIX)
        return false;
    policy_decide(&e->policy, q, &v);
    if (v.rule == POLICY_RULE_NONE) /* what no rule is about may be allowed: inherit */
        return false;
    return v.outcome == POLICY_ALLOWED || v.outcome == POLICY_AUDITED;
}

static void see(struct expectation *e, const struct policy_query *q, const struct record *r, bool success)
{
    if (!e->forbidden && e->done)
        return;
    if (policy_profile_count(&e->policy) > 1 && policy_select(&e->policy, record_text(r, "exe"), NULL))
        return;
    if (!matches(e, q)) {
        if (!e->forbidden && !e->tried)
            keep_nearest(e, q, r);
        return;
    }
    e->done += success;
    if (!e->tried++)
        e->first = told(r);
}

void expect_see(struct expectations *e, struct record *r)
{
    struct policy_query q;

    if (!e->count || !(record_is(r, "TRACE") || record_is(r, "LEAK")) || !record_query(r, &q))
        return;
    for (unsigned i = 0; i < e->count; i++)
        see(&e->at[i], &q, r, worked(r));
}

static char *why(const struct expectation *e, const char *unseen)
{
    if (e->forbidden && !e->tried)
        return format_new("nobody knows: calls of %s are not seen", unseen);
    if (e->forbidden && e->tried > 1)
        return format_new("%" PRIu64 " times, first %s", e->tried, e->first);
    if (e->forbidden)
        return e->first;
    if (e->tried > 1)
        return format_new("tried %" PRIu64 " times, never with success; first %s", e->tried, e->first);
    if (e->tried)
        return format_new("tried without success: %s", e->first);
    return e->near ? format_new("no such call; nearest: %s", e->near) : format_new("no such call");
}

void expect_judge(const struct expectations *e, const char *unseen, struct verdicts *v)
{
    for (unsigned i = 0; i < e->count; i++) {
        const struct expectation *one = &e->at[i];
        bool met = one->forbidden ? !one->tried && !unseen : one->done > 0;

        verdict_add(v, (struct verdict){
            .kind = VERDICT_EXPECTATION, .result = met ? VERDICT_PASSED : VERDICT_FAILED,
            .name = format_new("%s:%u: %s", one->file, one->line, one->text), .message = met ? NULL : why(one, unseen),
        });
    }
}

/* The index against every rule tried one after another. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const struct lab *l, const struct policy_query *q, const char *what)
{
    fprintf(stderr, "%s differs: %u rules, perm %x family %d type %d protocol %d local %d peer %d label %s ", what,
            l->count, q->perm, q->family, q->type, q->protocol, q->local.kind, q->peer.kind,
            q->label ? q->label : "-");
    fprintf(stderr, "bound %d made %d uid %d exe %s fd %d exempt %d\n", q->bound, q->made,
            q->uid_known ? (int)q->uid : -1, q->exe ? q->exe : "-", q->fd, q->exempt);
}

static unsigned disagreements(uint64_t seed, uint32_t rules, unsigned queries)
{
    struct lab *l = malloc(sizeof *l);
    unsigned bad = 0;

    lab_start(l, rules, seed);
    lab_random_rules(l, rules);
    lab_build(l);
    for (unsigned i = 0; i < queries; i++) {
        struct policy_query q = lab_random_query(l);
        struct policy_verdict fast, slow;

        policy_decide(&l->policy, &q, &fast);
        lab_slow(l, &q, &slow);
        if (lab_compare(&fast, &slow) && !bad++)
            show(l, &q, lab_compare(&fast, &slow));
    }
    lab_end(l);
    free(l);
    return bad;
}

Test(engine_random, small_rule_sets_decide_as_their_rules_one_by_one)
{
    unsigned bad = 0;

    for (uint64_t seed = 1; seed <= 1500; seed++)
        bad += disagreements(seed, 1 + seed % 12, 60);
    cr_assert_eq(bad, 0, "%u verdicts differ", bad);
}

Test(engine_random, large_rule_sets_decide_as_their_rules_one_by_one)
{
    unsigned bad = 0;

    for (uint64_t seed = 1; seed <= 40; seed++)
        bad += disagreements(1000000 + seed, 50 + (uint32_t)seed * 10, 1000);
    cr_assert_eq(bad, 0, "%u verdicts differ", bad);
}

/* A plain ALLOWED is not recorded, so there its rule may differ. */
static bool same_effect(const struct policy_verdict *a, const struct policy_verdict *b)
{
    const char *what = lab_compare(a, b);

    return !what || (a->outcome == POLICY_ALLOWED && b->outcome == POLICY_ALLOWED);
}

static unsigned forgetful_disagreements(uint64_t seed, uint32_t rules, unsigned queries)
{
    struct lab *l = malloc(sizeof *l);
    unsigned bad = 0;

    lab_start(l, rules, seed);
    lab_random_rules(l, rules);
    lab_build(l);
    for (unsigned i = 0; i < queries; i++) {
        struct policy_query all = lab_random_query(l), few;
        struct policy_verdict full, partial;
        uint32_t needs = policy_needs(&l->policy, all.perm, -1);

        few = all;
        if (needs & POLICY_NEEDS_FAMILY)
            needs = policy_needs(&l->policy, all.perm, all.family);
        else
            few.family = -1;
        few = lab_forget(&few, needs);
        policy_decide(&l->policy, &all, &full);
        policy_decide(&l->policy, &few, &partial);
        if (all.family >= 0 && !same_effect(&full, &partial) && !bad++)
            show(l, &all, lab_compare(&full, &partial));
    }
    lab_end(l);
    free(l);
    return bad;
}

Test(engine_random, facts_that_are_not_needed_do_not_change_what_happens)
{
    unsigned bad = 0;

    for (uint64_t seed = 1; seed <= 3000; seed++)
        bad += forgetful_disagreements(7000000 + seed, 1 + seed % 10, 40);
    cr_assert_eq(bad, 0, "%u verdicts differ", bad);
}

/* Many patterns on one node, full of stars and braces and with runs long enough
 * to be found by; each rule alone must be found exactly where its glob matches. */
static void crowd_text(struct lab *l, char *out, const char *const *parts, unsigned n, unsigned most)
{
    for (unsigned i = 1 + lab_random(l, most); i; i--)
        strcat(out, parts[lab_random(l, n)]);
}

static void crowd(struct lab *l, uint32_t rules)
{
    static const char *const parts[] = {"*",    "**",    "{a,b}", "{,a*}", "[^a]",  "a",        "b",    "/",
                                        "abba", "/ab-1", "-ba-",  "ba/ab", ".sock", "{abba,-ba-}", "?", "{**b,c}"};
    for (uint32_t i = 0; i < rules; i++) {
        char text[256] = "/*";
        crowd_text(l, text, parts, 16, 5);
        struct rule *r = lab_rule(l, POLICY_CONNECT);
        r->protocol = (int)i; /* so that each can be asked for alone */
        r->peer = lab_cond(l, text);
    }
}

static unsigned crowd_disagreements(uint64_t seed, uint32_t rules, unsigned names, unsigned *matched)
{
    static const char *const parts[] = {"a", "b", "/", "abba", "/ab-1", "-ba-", "ba/ab", ".sock", "c"};
    struct lab *l = malloc(sizeof *l);
    unsigned bad = 0;

    lab_start(l, rules, seed);
    crowd(l, rules);
    lab_build(l);
    for (unsigned n = 0; n < names; n++) {
        char name[256] = "/";
        crowd_text(l, name, parts, 9, 7);
        struct policy_query q = {.perm = POLICY_CONNECT, .family = 1, .type = 1, .label = "unconfined"};
        q.peer = (struct policy_addr){
            .kind = POLICY_ADDR_PATHNAME, .bytes = name, .len = (uint32_t)strlen(name)};
        for (uint32_t i = 0; i < rules; i++) {
            struct policy_verdict v;
            bool expected = glob_match(l->rules[i].peer.globs, name, strlen(name));
            q.protocol = (int)i;
            policy_decide(&l->policy, &q, &v);
            bad += (v.outcome == POLICY_ALLOWED) != expected || (expected && v.rule != i);
            *matched += expected;
        }
    }
    lab_end(l);
    free(l);
    return bad;
}

Test(engine_random, crowded_patterns_are_found_exactly_where_they_match)
{
    unsigned bad = 0, matched = 0;

    for (uint64_t seed = 1; seed <= 60; seed++)
        bad += crowd_disagreements(seed, 3 + (uint32_t)seed, 120, &matched);
    cr_expect_eq(bad, 0, "%u patterns", bad);
    cr_expect_gt(matched, 10000, "only %u matches", matched);
}

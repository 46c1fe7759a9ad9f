/* Rules that change nothing: found, and only those. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lint.h"
#include "tests/unit/parse_support.h"

/* --- What it says of texts -------------------------------------------------- */

/* "2 duplicate of 1\n" and so on, by line; of the file itself. */
static const char *verdicts(const char *text, const struct memory_file *files)
{
    static const char *const words[] = {"", "shadowed by", "duplicate of", "redundant to"};
    static char out[2048];
    struct parsed *p = calloc(1, sizeof *p);
    struct lab *l = calloc(1, sizeof *l); /* for its arena */
    char *at = out;

    *at = '\0';
    p->files = files;
    parse_policy(p, text, strlen(text));
    cr_assert_eq(p->status, 0, "%s", p->says);
    lab_start(l, 1, 1);
    struct lint_room room = {.arena = &l->arena};
    struct lint_verdict *v = calloc(p->set.source_count, sizeof *v);
    cr_assert_eq(lint_rules(&p->set, "p", &room, v), 0);
    for (uint32_t i = 0; i < p->set.source_count; i++) {
        if (v[i].use == LINT_USED)
            continue;
        at += sprintf(at, "%s%u %s", strcmp(p->set.sources[i].file, "p") ? "other " : "", p->set.sources[i].line,
                      words[v[i].use]);
        for (unsigned k = 0; k < v[i].other_count; k++)
            at += sprintf(at, " %u", p->set.sources[v[i].others[k]].line);
        at += sprintf(at, "\n");
    }
    free(v);
    lab_end(l);
    free(l);
    parsed_free(p);
    free(p);
    return out;
}

static const struct {
    const char *text, *says;
} rows[] = {
    {"unix (connect) peer=(addr=/a),\nunix (connect) peer=(addr=/b),\n", ""},
    {"unix (connect) peer=(addr=/a),\nunix (connect) peer=(addr=/a),\n", "2 duplicate of 1\n"},
    {"unix (connect) peer=(addr=/a),\nunix connect peer=(addr=\"/a\"),\n", "2 duplicate of 1\n"},
    {"unix (connect) peer=(addr=/a),\nunix (connect) peer=(addr=/*),\n", "1 redundant to 2\n"},
    {"unix (connect) peer=(addr=/a),\nunix,\n", "1 redundant to 2\n"},
    {"unix (connect) peer=(addr=/a),\nnetwork,\n", "1 redundant to 2\n"},
    {"unix (connect, send) peer=(addr=/a),\nunix (connect) peer=(addr=/*),\n", ""},
    {"unix (connect, send) peer=(addr=/a),\nunix (connect) peer=(addr=/*),\nunix send,\n", "1 redundant to 2 3\n"},
    {"unix addr=/a,\nunix,\n", "1 redundant to 2\n"},
    {"unix addr=/a,\nunix (create),\n", "2 redundant to 1\n"},
    {"unix (connect) peer=(addr=/a),\nallow all,\n", "1 redundant to 2\n"},
    /* On record. */
    {"audit unix (connect) peer=(addr=/a),\nunix,\n", ""},
    {"unix (connect) peer=(addr=/a),\naudit unix,\n", "1 redundant to 2\n"},
    {"unix,\naudit unix,\n", "1 redundant to 2\n"},
    /* Denials. */
    {"unix (connect) peer=(addr=/a),\ndeny unix (connect) peer=(addr=/*),\n", "1 shadowed by 2\n"},
    {"unix (connect) peer=(addr=/*),\ndeny unix (connect) peer=(addr=/a),\n", ""},
    {"unix peer=(addr=/a),\ndeny unix (connect) peer=(addr=/a),\n", ""},
    {"allow all,\ndeny unix (connect),\ndeny unix (connect) peer=(addr=/a),\n", "3 redundant to 2\n"},
    {"allow all,\ndeny unix (connect) peer=(addr=/a),\ndeny unix (connect),\n", "2 redundant to 3\n"},
    {"allow all,\ndeny unix (connect),\ndeny unix (connect) peer=(addr=/a) errno=ENOENT,\n", "3 shadowed by 2\n"},
    {"allow all,\ndeny unix (connect) peer=(addr=/a) errno=ENOENT,\ndeny unix (connect),\n", ""},
    {"allow all,\ndeny unix (connect),\nquiet deny unix (connect),\n", "3 shadowed by 2\n"},
    /* Faults. */
    {"unix,\ndeny unix (send),\ninject unix (send) errno=EPERM,\n", "3 shadowed by 2\n"},
    {"unix,\ninject unix (connect) errno=EPERM when=2,\ninject unix (connect) errno=EPERM when=2,\n", ""},
    {"unix,\ninject unix (connect) errno=EPERM,\ninject unix (connect) peer=(addr=/a) delay=1ms when=2,\n", "3 shadowed by 2\n"},
    {"unix,\ninject unix (connect) delay=1ms,\ninject unix (connect) delay=1ms,\n", "3 shadowed by 2\n"},
    {"unix,\ninject unix (connect) peer=(addr=/a) errno=EPERM,\ninject unix (connect) errno=EPERM,\n", ""},
    {"unix,\ninject unix (connect) errno=EPERM when=2+,\ninject unix (connect) errno=EPERM,\n", ""},
    {"unix,\ninject unix (connect) errno=EPERM chance=50%,\ninject unix (connect) errno=EPERM,\n", ""},
    {"unix,\ninject unix (send) short=1,\ninject unix (send) errno=EPERM,\n", ""},
    {"unix,\ninject unix (connect, send) errno=EPERM,\ninject unix (send, receive) errno=EPERM,\n", ""},
    /* A third stands between them and gives another errno for some. */
    {"allow all,\ndeny unix (connect) peer=(addr=/a),\ndeny unix (connect) peer=(addr=/*a) errno=EPERM,\n"
     "deny unix (connect),\n", ""},
    {"unix,\nscope pathname abstract,\nscope abstract,\n", "3 redundant to 2\n"},
    {"unix,\ndeny unix (connect),\nscope abstract,\n", ""},
    {"unix (send) peer=(addr=@a),\nunix,\ndeny unix (connect),\n", "1 redundant to 2\n"},
    /* A denial that denies nothing that is allowed gives the errno all the same. */
    {"unix (create),\ndeny unix (connect) peer=(addr=/a) errno=ENOENT,\n", ""},
    /* Addresses. */
    {"network (connect) inet peer=(ip=10.0.0.0/8),\nnetwork (connect) inet peer=(ip=10.1.0.0/16 port=80),\n",
     "2 redundant to 1\n"},
    {"network (connect) inet peer=(ip=10.0.0.0/16),\nnetwork (connect) inet peer=(ip=10.0.0.0/8),\n",
     "1 redundant to 2\n"},
    {"network (connect) inet peer=(ip=10.0.0.0/9),\nnetwork (connect) inet peer=(ip=10.128.0.0/9),\n", ""},
    {"network (connect) inet peer=(ip=10.0.0.0/8 port=80),\nnetwork (connect) inet peer=(ip=10.1.0.0/16),\n", ""},
    {"network (connect) inet peer=(port=80-90),\nnetwork (connect) inet peer=(port=85),\n", "2 redundant to 1\n"},
    {"network (connect) inet stream,\nnetwork (connect) inet,\n", "1 redundant to 2\n"},
    {"unix (bind) addr=none,\nunix (bind) addr=auto,\n", "2 redundant to 1\n"},
    {"unix (bind) addr=auto,\nunix (bind) addr=none,\n", "1 redundant to 2\n"},
    {"unix (autobind),\nunix (bind) addr=auto,\n", "2 duplicate of 1\n"},
    /* Other conditions. */
    {"unix (connect) peer=(scope=inside),\nunix (connect) peer=(addr=/a scope=inside),\n", "2 redundant to 1\n"},
    {"unix (connect) peer=(scope=inside),\nunix (connect) peer=(addr=/a),\n", ""},
    {"unix (accept) peer=(uid=0),\nunix (accept),\n", "1 redundant to 2\n"},
    {"unix (accept) peer=(exe=/bin/*),\nunix (accept) peer=(exe=/bin/a),\n", "2 redundant to 1\n"},
    {"unix (accept) peer=(label=a*),\nunix (accept) peer=(label=ab),\n", "2 redundant to 1\n"},
    /* That somebody names inherit is an effect of its own. */
    {"allow all,\nunix (inherit) type=stream,\n", ""},
    {"network (inherit),\nunix (inherit) type=stream,\n", "2 redundant to 1\n"},
    {"network (inherit),\nunix (inherit) fd=3,\n", ""},
    /* Profiles. */
    {"unix (connect) peer=(addr=/a),\nprofile x /x {\n unix (connect) peer=(addr=/a),\n}\n", "3 duplicate of 1\n"},
    {"profile x /x {\n unix (connect) peer=(addr=/a),\n}\nunix (connect) peer=(addr=/a),\n", "2 duplicate of 4\n"},
    {"unix (connect) peer=(addr=/a),\nprofile x /x {\n unix,\n}\n", ""},
    {"profile x /x {\n unix (connect),\n}\nprofile y /y {\n unix (connect),\n}\n", ""},
    {"profile x /x flags=(default_allow) {\n unix (connect),\n deny unix (bind),\n}\n", "2 redundant to 1\n"},
    {"deny unix (connect),\nprofile x /x {\n unix (connect) peer=(addr=/a),\n}\n", "3 shadowed by 1\n"},
};

Test(lint_rules, says_which_rules_have_no_effect_and_why)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *says = verdicts(rows[i].text, NULL);

        cr_expect_str_eq(says, rows[i].says, "%s---\n%s", rows[i].text, says);
    }
}

Test(lint_rules, of_equal_rules_the_one_in_an_included_file_stays)
{
    const struct memory_file files[] = {{"/s1/a", "unix (create),\n"}, {NULL, NULL}};

    cr_expect_str_eq(verdicts("unix (create),\ninclude <a>\n", files), "1 duplicate of 1\n");
}

/* --- The promise ------------------------------------------------------------ */

/* Rules that have something to do with each other: some take their names from others. */
static void relate(struct lab *l)
{
    for (uint32_t i = 1; i < l->count; i++) {
        const struct rule *from = &l->rules[lab_random(l, i)];

        if (lab_random(l, 2)) {
            l->rules[i].local = from->local;
            l->rules[i].peer = from->peer;
        }
        if (lab_random(l, 3) == 0)
            l->rules[i].local = (struct addr_cond){.match = ADDR_ANY};
        if (lab_random(l, 3) == 0)
            l->rules[i].peer = (struct addr_cond){.match = ADDR_ANY};
        if (lab_random(l, 4) == 0)
            l->rules[i].families = ~0ull;
        if (lab_random(l, 3) == 0)
            l->rules[i].perms = (l->rules[i].perms & POLICY_INHERIT) | ((1u << 12) - 1);
    }
}

/* A source's number is that of its first rule. */
static void without(struct lab *to, const struct lab *from, const struct lint_verdict *v)
{
    uint32_t first = 0, of = UINT32_MAX;

    lab_start(to, from->room, 1);
    for (uint32_t i = 0; i < from->count; i++) {
        if (v[from->rules[i].source].use != LINT_USED)
            continue;
        if (from->rules[i].source != of)
            first = to->count;
        of = from->rules[i].source;
        to->rules[to->count] = from->rules[i];
        to->rules[to->count++].source = first;
    }
    to->profile.complain = from->profile.complain;
    to->profile.default_allow = from->profile.default_allow;
    lab_build(to);
}

static bool same(const struct policy_verdict *a, const struct policy_verdict *b)
{
    return a->outcome == b->outcome && a->err == b->err && a->explicit_deny == b->explicit_deny;
}

static unsigned disagreements(uint64_t seed, unsigned *gone)
{
    struct lab *l = malloc(sizeof *l), *few = malloc(sizeof *few);
    struct lint_verdict v[64];
    unsigned bad = 0;

    lab_start(l, 64, seed);
    lab_random_rules(l, 2 + (uint32_t)seed % 12);
    relate(l);
    lab_build(l);
    struct ruleset set = {.profiles = &l->profile, .profile_count = 1, .sources = l->sources, .source_count = l->count};
    struct lint_room room = {.arena = &l->arena};
    cr_assert_eq(lint_rules(&set, "lab", &room, v), 0);
    for (uint32_t i = 0; i < l->count; i++)
        *gone += v[i].use != LINT_USED;
    without(few, l, v);
    for (unsigned i = 0; i < 200; i++) {
        struct policy_query q = lab_random_query(l);
        struct policy_verdict all, rest;

        policy_decide(&l->policy, &q, &all);
        policy_decide(&few->policy, &q, &rest);
        if (!same(&all, &rest) && !bad++)
            fprintf(stderr, "seed %lu: %d errno %d is %d errno %d without them\n", (unsigned long)seed, all.outcome,
                    all.err, rest.outcome, rest.err);
    }
    lab_end(few);
    lab_end(l);
    free(few);
    free(l);
    return bad;
}

Test(lint_rules, without_those_it_finds_a_policy_decides_the_same)
{
    unsigned bad = 0, gone = 0;

    for (uint64_t seed = 1; seed <= 3000; seed++)
        bad += disagreements(seed, &gone) > 0;
    cr_expect_eq(bad, 0, "%u policies decide differently", bad);
    cr_expect_gt(gone, 1000, "only %u rules were found", gone);
}

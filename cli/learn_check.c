/* The proof: the rules are compiled and every call is put to them, with each rule and each
 * permission left out in turn. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn_trial.h"
#include "lint.h"

/* Denials alone, or nothing yet, are no policy, but can become one: as if it allowed something
 * that nobody asks for. */
static const char *old_text(const struct policy_input *around, const struct old_policy *old)
{
    const char *more = format_new("%s\nnetwork (getattr) rose,\n", old->text);
    struct policy_input in = trial_input(around, old, old->text);
    struct trial t;

    in.report = NULL;
    if (!trial_compile(&t, &in)) {
        trial_end(&t);
        return old->text;
    }
    in = trial_input(around, old, more);
    in.report = NULL;
    if (trial_compile(&t, &in))
        return old->text;
    trial_end(&t);
    return more;
}

int check_old(struct learned *l, const struct policy_input *around, const struct old_policy *old)
{
    struct policy_input with_text = *around;
    struct policy_rule_info rule;
    struct policy_verdict v;
    struct trial t;
    uint32_t said = POLICY_RULE_NONE;

    if (!old->text)
        return 0;
    with_text.flags |= POLICY_INPUT_KEEP_TEXT;
    if (trial_begin(&t, &with_text, old, old_text(around, old)))
        return EXIT_SUNSHIM;
    for (size_t i = 0; i < l->fact_count; i++) {
        struct fact *f = l->facts[i];

        f->skip |= trial_passes(&t.policy, f, &v);
        if (f->skip || !v.explicit_deny)
            continue;
        f->skip = true; /* a rule that denies cannot be overridden */
        l->refused += fact_count(f);
        if (v.rule != said && policy_rule(&t.policy, v.rule, &rule))
            say("%s:%u: this rule denies what was used, and stays: %.*s", rule.file, rule.line, (int)rule.text_len, rule.text);
        said = v.rule;
    }
    trial_end(&t);
    return 0;
}

/* --- All of them --------------------------------------------------------- */

/* Calls that `r` may have to allow: its own, those of rules that were dropped, and those that
 * hang on what others ask for. */
static bool all_pass(const struct learned *l, struct policy *p, const struct learned_rule *r, uint32_t perms)
{
    struct policy_verdict v;

    for (size_t i = 0; i < l->fact_count; i++) {
        const struct fact *f = l->facts[i];
        bool own = !r || (f->rule == r && (f->q.perm & perms));

        if (f->skip || !(own || f->rule->dropped || f->lost || f->idle))
            continue;
        if (!trial_passes(p, f, &v))
            return false;
    }
    return true;
}

static unsigned count_lines(const char *text)
{
    unsigned n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* Which of ours a rule of the policy `name` is: without comments they are its last lines. */
static struct learned_rule *rule_of(const struct learned *l, const struct policy *p, uint32_t source, const char *name, unsigned lines)
{
    struct policy_rule_info rule;
    unsigned at = lines;

    if (!policy_rule(p, source, &rule) || strcmp(rule.file, name) != 0)
        return NULL;
    for (size_t i = l->rule_count; i--;)
        if (!l->rules[i]->dropped && at-- == rule.line)
            return l->rules[i];
    return NULL;
}

static bool alone(const struct policy *p, uint32_t rule, const struct policy_query *q)
{
    for (uint32_t i = 0, n = policy_rule_count(p); i < n; i++)
        if (i != rule && policy_rule_miss(p, i, q) == POLICY_MATCHES)
            return false;
    return true;
}

/* Where one rule alone matches a call, leaving it out need not be tried. Profiles are too much for
 * this. */
static void prove_needs(struct learned *l, const struct policy_input *around, const struct old_policy *old)
{
    char *text = learned_text(l, old, false);
    struct policy_input in = trial_input(around, old, text);
    const unsigned lines = count_lines(text);
    struct policy_verdict v;
    struct learned_rule *r;
    struct trial t;

    in.report = NULL;
    if (!trial_compile(&t, &in)) {
        for (size_t i = 0; i < l->fact_count && policy_profile_count(&t.policy) == 1; i++) {
            const struct fact *f = l->facts[i];

            if (f->skip || f->lost || f->idle || !trial_passes(&t.policy, f, &v) ||
                !(r = rule_of(l, &t.policy, v.rule, in.name, lines)) || (r->needed & f->q.perm) || !alone(&t.policy, v.rule, &f->q))
                continue;
            r->needed |= f->q.perm;
        }
        trial_end(&t);
    }
    free(text);
}

static bool enough(struct learned *l, const struct policy_input *around, const struct old_policy *old,
                   const struct learned_rule *r, uint32_t perms)
{
    char *text = learned_text(l, old, false);
    struct policy_input in = trial_input(around, old, text);
    struct trial t;
    bool all;

    in.report = NULL; /* a policy in which nothing allows anything is none, and that is no news */
    all = !trial_compile(&t, &in) && all_pass(l, &t.policy, r, perms);
    trial_end(&t);
    free(text);
    return all;
}

/* Leaves out what is not needed. Rules for names that were not there come first: they are the
 * least likely to be. */
static void drop_rule(struct learned *l, const struct policy_input *around, const struct old_policy *old, struct learned_rule *r)
{
    r->dropped = !r->needed;
    if (r->dropped && !enough(l, around, old, r, ~0u))
        r->dropped = false;
    for (uint32_t bit = 1; !r->dropped && bit < 1u << POLICY_PERM_COUNT && r->order != RULE_INCLUDE; bit <<= 1) {
        if (!(r->perms & bit) || r->perms == bit || (r->needed & bit))
            continue;
        r->perms &= ~bit;
        if (!enough(l, around, old, r, bit == POLICY_AUTOBIND ? POLICY_BIND : bit))
            r->perms |= bit;
    }
}

static bool is_lost(const struct learned_rule *r)
{
    for (size_t i = 0; i < r->fact_count; i++)
        if (!r->facts[i]->lost)
            return false;
    return true;
}

/* For each address of a call that does not pass. */
static bool of_failing(struct learned *l, struct policy *p, bool (*change)(const struct learned *l, const struct policy_addr *a))
{
    struct policy_verdict v;
    bool any = false;

    for (size_t i = 0; i < l->fact_count; i++) {
        const struct fact *f = l->facts[i];

        if (f->skip || trial_passes(p, f, &v))
            continue;
        any |= change(l, &f->q.local);
        any |= change(l, &f->q.peer);
    }
    if (any)
        rules_make(l);
    return any;
}

/* A pattern may not take in what it was made of: `old`, or what it includes, has its own idea of a
 * variable. Then the name as it was does, and otherwise the pattern was not to blame. */
static int try_without_patterns(struct learned *l, const struct policy_input *around, const struct old_policy *old,
                                struct trial *t)
{
    char *text;
    int status;

    if (!of_failing(l, &t->policy, name_as_it_was))
        return 0;
    text = learned_text(l, old, false);
    trial_end(t);
    status = trial_begin(t, around, old, text);
    free(text);
    if (status || !of_failing(l, &t->policy, name_as_pattern))
        return status;
    text = learned_text(l, old, false);
    trial_end(t);
    status = trial_begin(t, around, old, text);
    free(text);
    return status;
}

/* What no rule with its names allows (a name that could not be found out) gets a wider one. */
static int widen(struct learned *l, const struct policy_input *around, const struct old_policy *old)
{
    char *text = learned_text(l, old, false);
    struct policy_verdict v;
    struct trial t;

    if (!*text)
        return 0;
    if (trial_begin(&t, around, old, text))
        return EXIT_SUNSHIM;
    free(text);
    if (try_without_patterns(l, around, old, &t))
        return EXIT_SUNSHIM;
    for (size_t i = 0; i < l->fact_count; i++)
        if (!l->facts[i]->skip && !trial_passes(&t.policy, l->facts[i], &v))
            rule_widen(l, l->facts[i]);
    rules_sort(l);
    trial_end(&t);
    return 0;
}

/* Above a rule that opens the house it shall stand that it does. */
static void mark_keys(struct learned *l, const struct policy_input *around, const struct old_policy *old)
{
    char *text = learned_text(l, old, false);
    struct loaded loaded = {.input = trial_input(around, old, text)};
    struct lint lint = {.loaded = &loaded, .arena = new_arena};
    const struct lint_key *keys;
    struct learned_rule *r;
    struct trial t;

    if (!*text || policy_parse(&loaded.input, &lint.arena, &lint.set) || trial_begin(&t, around, old, text))
        return;
    loaded.policy = t.policy;
    for (unsigned i = lint_keys(&lint, &keys); i--;) /* the worst is the first, and stays */
        if ((r = rule_of(l, &t.policy, keys[i].source, loaded.input.name, count_lines(text))))
            r->key_to_house = keys[i].why;
    trial_end(&t);
}

int check_rules(struct learned *l, const struct policy_input *around, const struct old_policy *old)
{
    if (!l->rule_count)
        return 0;
    if (widen(l, around, old))
        return EXIT_SUNSHIM;
    prove_needs(l, around, old);
    for (int lost = 1; lost >= 0; lost--)
        for (size_t i = l->rule_count; i--;)
            if (is_lost(l->rules[i]) == lost && !l->rules[i]->dropped)
                drop_rule(l, around, old, l->rules[i]);
    if (!enough(l, around, old, NULL, 0))
        return fail("what was learned does not allow all that was seen: please report this, with the records");
    mark_keys(l, around, old);
    return 0;
}

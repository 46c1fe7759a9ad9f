/* Rules that change nothing, because of other rules.
 *
 * A rule can go where, for each of its permissions, some other rule has the same effect
 * on more calls (or on the same, and comes first in an order of all rules). That
 * relation has no circles, so all such rules can go together: at the end of each chain
 * stands one that stays. Rules are found by what their names begin with; a comparison of
 * all with all would take minutes where there are many. */
#include "lint.h"

#include <errno.h>
#include <string.h>

enum { STEPS_MAX = 200000000, PAIRS_MAX = 20000000 };

/* A rule of a profile. */
struct item {
    const struct rule *r;
    uint32_t next;  /* in its bucket: index + 1 */
    uint32_t run;   /* denials: of those in a row that deny alike */
    bool bare, elsewhere;
};

struct judge {
    const struct ruleset *set;
    const struct profile *profile;
    const char *main_file;
    struct lint_room *room;
    struct item *items;
    uint32_t *buckets, mask;
    bool *bare;     /* by source: it is in all profiles */
    uint32_t *parts;  /* by source: rules it became, in all profiles, ... */
    uint32_t *same, *denied; /* of them duplicates, and those that are denied */
    uint32_t *in, *pieces; /* ... the first profile it is in, from 1, and rules there */
    bool *used;       /* one of them is needed */
    struct lint_verdict *out;
    uint64_t pairs;
};

/* --- Finding candidates -------------------------------------------------- */

/* What a rule's names begin with: bytes that each name has that it is about. */
struct start {
    uint8_t bytes[GLOB_CODE_MAX + 1];
    uint32_t len;
};

static void start_of(struct start *s, char side, const struct addr_cond *c)
{
    s->bytes[0] = (uint8_t)side;
    s->len = 1;
    if (c->match == ADDR_INET && c->ip.family) {
        s->bytes[s->len++] = c->ip.family;
        for (unsigned i = 0; i < c->ip.bits / 8u; i++)
            s->bytes[s->len++] = c->ip.bytes[i];
    }
    if (c->match != ADDR_GLOB || !c->glob_count)
        return;
    for (const uint8_t *at = c->globs[0].code; *at >= GLOB_OPS || *at == GLOB_QUOTE; at += glob_step(at))
        s->bytes[s->len++] = *at == GLOB_QUOTE ? at[1] : *at;
}

static uint64_t hash_byte(uint64_t h, uint8_t byte)
{
    h = (h ^ byte) * 0x100000001b3ull;
    return h;
}
#define HASH_START 0xcbf29ce484222325ull

/* Several names: only what they have in common, the first bytes of all. */
static void common_start(struct start *s, char side, const struct addr_cond *c)
{
    struct start next;

    start_of(s, side, c);
    for (uint32_t i = 1; c->match == ADDR_GLOB && i < c->glob_count; i++) {
        struct addr_cond one = {.match = ADDR_GLOB, .globs = &c->globs[i], .glob_count = 1};
        uint32_t n = 0;

        start_of(&next, side, &one);
        while (n < s->len && n < next.len && s->bytes[n] == next.bytes[n])
            n++;
        s->len = n;
    }
}

static bool has_start(const struct addr_cond *c)
{
    return c->match == ADDR_GLOB || c->match == ADDR_INET;
}

static void index_rule(struct judge *j, uint32_t i)
{
    const struct rule *r = j->items[i].r;
    uint64_t h = HASH_START;
    struct start s;

    if (has_start(&r->peer))
        common_start(&s, 'p', &r->peer);
    else if (has_start(&r->local))
        common_start(&s, 'l', &r->local);
    else
        s.len = 0;
    for (uint32_t k = 0; k < s.len; k++)
        h = hash_byte(h, s.bytes[k]);
    uint32_t *bucket = &j->buckets[(h ^ h >> 32) & j->mask];
    j->items[i].next = *bucket;
    *bucket = i + 1;
}

/* --- One rule against another -------------------------------------------- */

static bool acts_alike(const struct rule *a, const struct rule *b)
{
    return a->deny == b->deny && a->err == b->err && a->quiet == b->quiet && a->audit == b->audit;
}

/* In an order of all rules: those that all profiles have, then those about more,
 * then those of other files, then as they stand. What comes first stays. */
static bool before(const struct item *a, const struct item *b)
{
    int more = __builtin_popcount(a->r->perms) - __builtin_popcount(b->r->perms);

    if (a->bare != b->bare)
        return a->bare;
    if (more)
        return more > 0;
    if (a->elsewhere != b->elsewhere)
        return a->elsewhere;
    return a->r->source < b->r->source;
}

/* Both deny, and `big` denies what `small` does. The first in the file gives the errno:
 * a later one can only stand in for it if all between deny alike. */
static bool denies_instead(const struct item *big, const struct item *small, bool equal)
{
    bool earlier = big->r->source < small->r->source;

    if (!acts_alike(big->r, small->r))
        return earlier;
    return (earlier || big->run == small->run) && (!equal || before(big, small));
}

/* Both allow; what is wanted on record must stay so. */
static bool allows_instead(const struct item *big, const struct item *small, bool equal)
{
    if (small->r->audit && !big->r->audit)
        return false;
    return !equal || big->r->audit != small->r->audit || before(big, small);
}

static uint32_t common_perms(const struct rule *big, const struct rule *small)
{
    uint32_t perms = big->perms & small->perms;

    /* That somebody names inherit makes all of it mediated. */
    return small->names_inherit && !big->names_inherit ? perms & ~(uint32_t)POLICY_INHERIT : perms;
}

/* What was found out about one rule so far. */
struct tally {
    uint32_t denied, done; /* permissions */
    uint32_t others[LINT_OTHERS];
    unsigned other_count;
    bool same, acted;
};

static void blame(struct tally *t, uint32_t source)
{
    for (unsigned i = 0; i < t->other_count && i < LINT_OTHERS; i++)
        if (t->others[i] == source)
            return;
    if (t->other_count < LINT_OTHERS)
        t->others[t->other_count++] = source;
}

/* Acts on each call that it matches, so that none behind it does. A short send of a datagram is not
 * made, and left to others. */
static bool always_acts(const struct policy_inject *i)
{
    return i->first <= 1 && i->last == UINT64_MAX && i->step <= 1 && i->chance >= 1000000000 && !i->size;
}

static void compare(struct judge *j, struct tally *t, const struct item *small, const struct item *big)
{
    uint32_t perms = common_perms(big->r, small->r) & ~(t->done | t->denied);
    bool equal, instead;

    if (!perms || big->r->source == small->r->source || big->r->made != small->r->made)
        return;
    /* Rules that inject faults act on what others allow, and each counts for itself. */
    if (big->r->inject ? !small->r->inject || big->r->source > small->r->source || !always_acts(big->r->inject)
                       : !big->r->deny && (small->r->deny || small->r->inject))
        return;
    j->pairs++;
    if (!lint_rule_covers(j->room, big->r, small->r))
        return;
    if (big->r->inject || (big->r->deny && !small->r->deny)) {
        t->denied |= perms;
        t->acted |= big->r->inject != NULL;
        blame(t, big->r->source);
        return;
    }
    equal = lint_rule_covers(j->room, small->r, big->r);
    instead = small->r->deny ? denies_instead(big, small, equal) : allows_instead(big, small, equal);
    if (!instead)
        return;
    if (!acts_alike(big->r, small->r) && small->r->deny)
        t->denied |= perms;
    else
        t->done |= perms;
    t->same |= equal && big->r->perms == small->r->perms && acts_alike(big->r, small->r);
    blame(t, big->r->source);
}

static void compare_bucket(struct judge *j, struct tally *t, const struct item *small, uint64_t hash)
{
    for (uint32_t i = j->buckets[(hash ^ hash >> 32) & j->mask]; i; i = j->items[i - 1].next)
        if (&j->items[i - 1] != small)
            compare(j, t, small, &j->items[i - 1]);
}

static void compare_side(struct judge *j, struct tally *t, const struct item *small, char side,
                         const struct addr_cond *c)
{
    uint64_t h = HASH_START;
    struct start s;

    if (!has_start(c))
        return;
    start_of(&s, side, c);
    for (uint32_t i = 0; i < s.len; i++) {
        h = hash_byte(h, s.bytes[i]);
        compare_bucket(j, t, small, h);
    }
}

static bool too_much(struct judge *j)
{
    if (j->pairs > PAIRS_MAX || j->room->steps > STEPS_MAX)
        j->room->gave_up = true;
    return j->room->gave_up;
}

/* --- Verdicts ------------------------------------------------------------ */

/* In the order of the file. */
static void name_other(struct lint_verdict *v, uint32_t source)
{
    unsigned at = 0;

    while (at < v->other_count && v->others[at] < source)
        at++;
    if (v->other_count == LINT_OTHERS || (at < v->other_count && v->others[at] == source))
        return;
    memmove(&v->others[at + 1], &v->others[at], (v->other_count - at) * sizeof *v->others);
    v->others[at] = source;
    v->other_count++;
}

static void record(struct judge *j, const struct rule *r, const struct tally *t)
{
    uint32_t profile = (uint32_t)(j->profile - j->set->profiles) + 1;

    j->parts[r->source]++;
    if (!j->in[r->source])
        j->in[r->source] = profile;
    j->pieces[r->source] += j->in[r->source] == profile;
    j->used[r->source] |= (t->done | t->denied) != r->perms;
    j->denied[r->source] += t->denied == r->perms;
    j->same[r->source] += t->same && !t->denied;
    j->out[r->source].acted |= t->acted;
    for (unsigned i = 0; i < t->other_count; i++)
        name_other(&j->out[r->source], t->others[i]);
}

static void judge_rule(struct judge *j, const struct item *small)
{
    const struct rule *r = small->r;
    struct tally t = {0};

    if (!j->used[r->source] && !too_much(j)) {
        compare_bucket(j, &t, small, HASH_START);
        compare_side(j, &t, small, 'p', &r->peer);
        compare_side(j, &t, small, 'l', &r->local);
    }
    record(j, r, &t);
}

static int index_profile(struct judge *j)
{
    const struct profile *p = j->profile;
    uint32_t size = 16, run = 0;
    const struct rule *last = NULL;

    while (size < p->rule_count * 2)
        size *= 2;
    j->mask = size - 1;
    j->items = ARENA_ARRAY(j->room->arena, struct item, p->rule_count + 1);
    j->buckets = ARENA_ARRAY(j->room->arena, uint32_t, size);
    if (!j->items || !j->buckets)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];

        if (r->deny) {
            run += last && !acts_alike(last, r);
            last = r;
        }
        j->items[i] = (struct item){
            .r = r,
            .run = run,
            .bare = j->bare[r->source],
            .elsewhere = strcmp(j->set->sources[r->source].file, j->main_file) != 0,
        };
    }
    for (uint32_t i = p->rule_count; i-- > 0;) /* so that buckets are in file order */
        index_rule(j, i);
    return 0;
}

static int judge_profile(struct judge *j, const struct profile *p)
{
    j->profile = p;
    if (index_profile(j))
        return -ENOMEM;
    for (uint32_t i = 0; i < p->rule_count; i++)
        judge_rule(j, &j->items[i]);
    return 0;
}

static void conclude(struct judge *j, uint32_t source)
{
    struct lint_verdict *v = &j->out[source];
    uint32_t parts = j->parts[source];
    bool alike = v->other_count == 1 && j->pieces[v->others[0]] == j->pieces[source] && j->same[source] == parts;

    v->use = !parts || j->used[source]    ? LINT_USED
             : j->denied[source] == parts ? LINT_SHADOWED
             : alike                      ? LINT_DUPLICATE
                                          : LINT_REDUNDANT;
}

int lint_rules(const struct ruleset *set, const char *main_file, struct lint_room *room, struct lint_verdict *out)
{
    uint32_t n = set->source_count + 1;
    struct judge j = {.set = set, .main_file = main_file, .room = room, .out = out};

    j.bare = ARENA_ARRAY(room->arena, bool, n);
    j.parts = ARENA_ARRAY(room->arena, uint32_t, n);
    j.same = ARENA_ARRAY(room->arena, uint32_t, n);
    j.denied = ARENA_ARRAY(room->arena, uint32_t, n);
    j.used = ARENA_ARRAY(room->arena, bool, n);
    j.in = ARENA_ARRAY(room->arena, uint32_t, n);
    j.pieces = ARENA_ARRAY(room->arena, uint32_t, n);
    if (!j.bare || !j.parts || !j.same || !j.denied || !j.used || !j.in || !j.pieces)
        return -ENOMEM;
    memset(out, 0, set->source_count * sizeof *out);
    for (uint32_t i = 0; i < set->profiles[0].rule_count; i++)
        j.bare[set->profiles[0].rules[i].source] = true;
    for (uint32_t i = 0; i < set->profile_count; i++)
        if (judge_profile(&j, &set->profiles[i]))
            return -ENOMEM;
    for (uint32_t i = 0; i < set->source_count; i++)
        conclude(&j, i);
    return 0;
}

/* What does not depend on an address: for each permission and each group of
 * families, the rules without an address condition, and which facts a verdict
 * can depend on. */
#include "index.h"

#include <string.h>

#define SLOT_PARTS 3 /* deny, allow, audit */

struct kept {
    uint32_t rule, next;
    uint16_t flags;
};

struct slot {
    uint32_t first[SLOT_PARTS], last[SLOT_PARTS]; /* kept + 1 */
    bool denied, allowed, audited; /* always, whatever the facts */
    uint16_t deny_facts, scope_facts, allow_facts, audit_facts; /* scope: of scope statements */
};

/* Rules alike in all of this have the same effect on every slot but for their
 * place, where the first counts. */
struct shape {
    uint64_t families;
    uint32_t types;
    int32_t protocol;
    uint32_t more;
    uint16_t perms, facts;
    uint8_t flags, seen;
};
enum { SHAPES = 64 };

struct slots {
    struct build *b;
    struct blob_profile *p;
    const struct blob_rule *rules;
    struct slot *slots;
    struct vec kept;
    uint32_t real_groups;
    uint64_t members[POLICY_FAMILIES]; /* families of each group */
    struct shape shapes[SHAPES];
};

/* --- Groups of families ------------------------------------------------ */

static void split(struct slots *s, uint64_t families)
{
    for (uint32_t g = 0, n = s->real_groups; g < n; g++) {
        uint64_t in = s->members[g] & families, out = s->members[g] & ~families;
        if (in && out) {
            s->members[g] = in;
            s->members[s->real_groups++] = out;
        }
    }
}

static void group_families(struct slots *s)
{
    uint64_t last = ~0ull;

    s->members[0] = (1ull << POLICY_FAMILIES) - 1;
    s->real_groups = 1;
    for (uint32_t i = s->p->rules; i < s->p->rules + s->p->rule_count; i++) {
        uint64_t families = s->rules[i].families;
        if (families != last && !rule_any_family(families))
            split(s, families);
        last = families;
    }
    for (uint32_t g = 0; g < s->real_groups; g++)
        for (uint64_t left = s->members[g]; left; left &= left - 1)
            s->p->group[__builtin_ctzll(left)] = (uint8_t)g;
    s->p->group[GROUP_OTHER] = (uint8_t)s->real_groups;
    s->p->group[GROUP_UNKNOWN] = (uint8_t)(s->real_groups + 1);
    s->p->groups = s->real_groups + 2;
}

/* --- Facts ------------------------------------------------------------- */

/* The number of a descriptor is a condition, but no fact to gather. */
enum { FACT_FD = 1 << 15 };

static unsigned more_facts(const struct build *b, const struct blob_rule *r)
{
    const struct blob_more *m = &TABLE(b, struct blob_more, BLOB_MORES)[r->more];

    return (m->label_count ? POLICY_NEEDS_LABEL : 0) | (m->bound ? POLICY_NEEDS_BOUND : 0) |
           (m->made ? POLICY_NEEDS_MADE : 0) | (m->uid_given ? POLICY_NEEDS_UID : 0) |
           (m->exe_count ? POLICY_NEEDS_EXE : 0) | (m->fd_given ? FACT_FD : 0);
}

uint16_t slots_facts(const struct build *b, const struct blob_rule *r)
{
    const struct blob_cond *conds = TABLE(b, struct blob_cond, BLOB_CONDS);
    unsigned facts = 0;

    facts |= r->types != UINT32_MAX ? POLICY_NEEDS_TYPE : 0;
    facts |= r->protocol >= 0 ? POLICY_NEEDS_PROTOCOL : 0;
    facts |= r->conds[SIDE_LOCAL] ? POLICY_NEEDS_LOCAL : 0;
    facts |= r->conds[SIDE_PEER] ? POLICY_NEEDS_PEER : 0;
    facts |= conds[r->conds[SIDE_LOCAL]].has_path ? POLICY_NEEDS_LOCAL_PATH : 0;
    facts |= conds[r->conds[SIDE_PEER]].has_path ? POLICY_NEEDS_PEER_PATH : 0;
    return (uint16_t)(r->more ? facts | more_facts(b, r) : facts);
}

static uint16_t ghost_flags(uint16_t facts)
{
    return (uint16_t)((facts & POLICY_NEEDS_LOCAL ? ENTRY_LOCAL : 0) |
                      (facts & POLICY_NEEDS_LOCAL_PATH ? ENTRY_LOCAL_PATH : 0) |
                      (facts & POLICY_NEEDS_PEER ? ENTRY_PEER : 0) |
                      (facts & POLICY_NEEDS_PEER_PATH ? ENTRY_PEER_PATH : 0));
}

/* Whether an entry needing `e` unknown holds whenever one needing `r` does. */
static bool ghost_covers(uint16_t e, uint16_t r)
{
    unsigned local = e & (ENTRY_LOCAL | ENTRY_LOCAL_PATH), peer = e & (ENTRY_PEER | ENTRY_PEER_PATH);

    if (local && (!(r & ENTRY_LOCAL) || (local & ENTRY_LOCAL_PATH) < (r & ENTRY_LOCAL_PATH)))
        return false;
    return !peer || (r & ENTRY_PEER && (peer & ENTRY_PEER_PATH) >= (r & ENTRY_PEER_PATH));
}

/* --- Filling ----------------------------------------------------------- */

static void keep(struct slots *s, struct slot *slot, int part, uint32_t rule, uint16_t flags)
{
    unsigned seen = 0;

    for (uint32_t i = slot->first[part]; i && seen < 32; seen++) {
        const struct kept *k = VEC_AT(&s->kept, struct kept, i - 1);
        if (ghost_covers(k->flags, flags) && list_covers(&s->rules[k->rule], &s->rules[rule]))
            return;
        i = k->next;
    }
    struct kept *new = VEC_ADD(s->b, &s->kept, struct kept);
    if (!new)
        return;
    *new = (struct kept){.rule = rule, .flags = flags};
    if (slot->last[part])
        VEC_AT(&s->kept, struct kept, slot->last[part] - 1)->next = s->kept.count;
    else
        slot->first[part] = s->kept.count;
    slot->last[part] = s->kept.count;
}

/* `certain`: the rule is about the slot's families for sure. */
static void add_deny(struct slots *s, struct slot *slot, uint32_t rule, uint16_t facts, bool certain)
{
    uint16_t flags = (uint16_t)(list_flags(&s->rules[rule]) & 0xff);

    if (slot->denied)
        return;
    *(facts & POLICY_NEEDS_MADE ? &slot->scope_facts : &slot->deny_facts) |=
        (uint16_t)(facts | (certain ? 0 : POLICY_NEEDS_FAMILY));
    slot->denied = certain && !facts;
    keep(s, slot, PART_DENY, rule, flags | ghost_flags(facts));
}

static void add_allow(struct slots *s, struct slot *slot, uint32_t rule, uint16_t facts, bool certain)
{
    uint16_t flags = (uint16_t)(list_flags(&s->rules[rule]) & 0xff);
    bool audit = s->rules[rule].flags & RULE_AUDIT;
    bool without_address = certain && !ghost_flags(facts);
    uint16_t all = (uint16_t)(facts | (certain ? 0 : POLICY_NEEDS_FAMILY));

    if (without_address && !slot->allowed)
        keep(s, slot, PART_ALLOW, rule, flags);
    if (without_address && audit && !slot->audited)
        keep(s, slot, PART_AUDIT, rule, flags);
    if (audit && !slot->audited)
        slot->audit_facts |= all;
    slot->allow_facts |= all;
    slot->allowed |= !all;
    slot->audited |= audit && !all;
}

static void add_to_group(struct slots *s, uint32_t group, uint32_t rule, uint16_t facts, bool certain)
{
    const struct blob_rule *r = &s->rules[rule];

    for (uint32_t left = r->perms & ((1u << SLOT_PERMS) - 1); left; left &= left - 1) {
        struct slot *slot = &s->slots[group * SLOT_PERMS + (uint32_t)__builtin_ctz(left)];
        if (r->flags & RULE_DENY)
            add_deny(s, slot, rule, facts, certain);
        else
            add_allow(s, slot, rule, facts, certain);
    }
}

static void add_rule(struct slots *s, uint32_t rule, uint16_t facts)
{
    uint64_t families = s->rules[rule].families;
    bool any = rule_any_family(families);

    for (uint32_t g = 0; g < s->real_groups; g++)
        if (any || s->members[g] & families)
            add_to_group(s, g, rule, facts, true);
    if (any)
        add_to_group(s, s->real_groups, rule, facts, true);
    add_to_group(s, s->real_groups + 1, rule, facts, any);
}

static bool seen_before(struct slots *s, const struct blob_rule *r, uint16_t facts)
{
    struct shape new = {.families = r->families,
                        .types = r->types,
                        .protocol = r->protocol,
                        .more = r->more,
                        .perms = r->perms,
                        .facts = facts,
                        .flags = r->flags & (RULE_DENY | RULE_AUDIT),
                        .seen = 1};
    uint64_t h = mix(mix(mix(r->families, r->types), (uint32_t)r->protocol), (uint64_t)r->more << 32 | (uint64_t)r->perms << 16 | facts);
    struct shape *at = &s->shapes[h % SHAPES];

    if (at->seen && at->families == new.families && at->types == new.types && at->protocol == new.protocol &&
        at->more == new.more && at->perms == new.perms && at->facts == new.facts && at->flags == new.flags)
        return true;
    *at = new;
    return false;
}

/* --- Laying out -------------------------------------------------------- */

static uint32_t facts_of(const struct slot *slot, bool default_allow)
{
    uint32_t facts = slot->deny_facts;

    if (!slot->denied) {
        facts |= slot->audit_facts;
        if (!slot->allowed && !default_allow)
            facts |= slot->allow_facts;
    }
    return facts & ~(uint32_t)FACT_FD;
}

/* Slot `i` of all; whoever asks about inherit does not say whether it is exempt. */
static uint16_t needs(const struct slots *s, uint32_t i, bool connected)
{
    uint32_t facts = facts_of(&s->slots[i], s->p->default_allow);

    if (!connected)
        facts |= s->slots[i].scope_facts;
    if (i % SLOT_PERMS == POLICY_PERM_COUNT - 1)
        facts |= facts_of(&s->slots[i + 1], true);
    return (uint16_t)(facts & POLICY_NEEDS_FAMILY ? POLICY_NEEDS_FAMILY : facts);
}

static bool same_kept(const struct slots *s, const struct slot *a, const struct slot *b)
{
    for (int part = 0; part < SLOT_PARTS; part++) {
        uint32_t i = a->first[part], j = b->first[part];
        for (; i && j; i = VEC_AT(&s->kept, struct kept, i - 1)->next,
                       j = VEC_AT(&s->kept, struct kept, j - 1)->next) {
            const struct kept *x = VEC_AT(&s->kept, struct kept, i - 1),
                              *y = VEC_AT(&s->kept, struct kept, j - 1);
            if (x->rule != y->rule || x->flags != y->flags)
                return false;
        }
        if (i || j)
            return false;
    }
    return true;
}

static uint32_t lay_list(struct slots *s, const struct slot *slot)
{
    struct blob_list list = {.entries = table_count(s->b, BLOB_ENTRIES)};
    uint32_t index = table_count(s->b, BLOB_LISTS);

    for (int part = 0; part < SLOT_PARTS; part++)
        for (uint32_t i = slot->first[part]; i; i = VEC_AT(&s->kept, struct kept, i - 1)->next) {
            const struct kept *k = VEC_AT(&s->kept, struct kept, i - 1);
            struct blob_entry *out = table_add(s->b, BLOB_ENTRIES, 1);
            *out = (struct blob_entry){.rule = k->rule, .perms = UINT16_MAX, .flags = k->flags};
            list.counts[part]++;
        }
    if (table_count(s->b, BLOB_ENTRIES) == list.entries)
        return 0;
    memcpy(table_add(s->b, BLOB_LISTS, 1), &list, sizeof list);
    return index;
}

/* Most permissions of a group share their rules, and so do similar groups. */
static uint32_t shared_list(struct slots *s, uint32_t i, const struct blob_slot *laid)
{
    for (uint32_t back = 1; back <= SLOT_PERMS && back <= i; back++)
        if (same_kept(s, &s->slots[i], &s->slots[i - back]))
            return laid[i - back].list;
    return lay_list(s, &s->slots[i]);
}

static void lay(struct slots *s)
{
    uint32_t n = s->p->groups * SLOT_PERMS;

    s->p->slots = table_count(s->b, BLOB_SLOTS);
    if (!table_add(s->b, BLOB_SLOTS, n) || s->b->err)
        return;
    struct blob_slot *out = TABLE(s->b, struct blob_slot, BLOB_SLOTS) + s->p->slots;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (struct blob_slot){.list = shared_list(s, i, out), .needs = needs(s, i, false), .connected = needs(s, i, true)};
}

void slots_build(struct build *b, struct blob_profile *p)
{
    struct slots s = {.b = b, .p = p, .rules = TABLE(b, struct blob_rule, BLOB_RULES)};

    group_families(&s);
    s.slots = build_alloc(b, p->groups * SLOT_PERMS * sizeof *s.slots);
    if (!s.slots)
        return;
    for (uint32_t i = p->rules; i < p->rules + p->rule_count && !b->err; i++) {
        uint16_t facts = slots_facts(b, &s.rules[i]);
        if (!seen_before(&s, &s.rules[i], facts))
            add_rule(&s, i, facts);
    }
    if (!b->err)
        lay(&s);
}

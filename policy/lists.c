#include "index.h"

#include <string.h>

uint16_t list_flags(const struct blob_rule *r)
{
    unsigned family = 0; /* any */

    if (!rule_any_family(r->families))
        family = r->families && !(r->families & (r->families - 1))
                     ? (unsigned)__builtin_ctzll(r->families) + 1
                     : ENTRY_FAMILIES;
    return (uint16_t)(family << 8 | (r->types != UINT32_MAX ? ENTRY_TYPE : 0) |
                      (r->protocol >= 0 ? ENTRY_PROTOCOL : 0) | (r->more ? ENTRY_MORE : 0));
}

bool list_covers(const struct blob_rule *e, const struct blob_rule *r)
{
    if (e->more && e->more != r->more)
        return false;
    if (e->types != UINT32_MAX && (r->types == UINT32_MAX || (e->types | r->types) != e->types))
        return false;
    return e->protocol < 0 || e->protocol == r->protocol;
}

/* The parts that the rule belongs to, a bit for each. */
static unsigned parts_of(const struct blob_rule *r)
{
    unsigned parts = r->flags & RULE_DENY ? 1u << PART_DENY : 1u << PART_ALLOW;

    if ((r->flags & (RULE_DENY | RULE_AUDIT)) == RULE_AUDIT)
        parts |= 1u << PART_AUDIT;
    return r->conds[SIDE_LOCAL] && r->conds[SIDE_PEER] ? parts << PART_BOTH_DENY : parts;
}

/* An earlier rule of the list that always holds when this one does decides
 * before it. Only the first few are looked at: those collapse what people
 * write (the same name under several rules), the rest costs little. */
static bool superfluous(const struct build *b, uint32_t first, const struct item *item)
{
    const struct blob_rule *rules = TABLE(b, struct blob_rule, BLOB_RULES);
    const struct blob_entry *kept = TABLE(b, struct blob_entry, BLOB_ENTRIES);
    const struct blob_rule *r = &rules[item->rule];
    uint32_t end = table_count(b, BLOB_ENTRIES);

    for (uint32_t i = first; i < end && i < first + 8; i++) {
        const struct blob_rule *e = &rules[kept[i].rule];
        if ((item->perms & ~(uint32_t)kept[i].perms) == 0 &&
            (e->families == r->families || rule_any_family(e->families)) && list_covers(e, r) &&
            e->conds[0] == r->conds[0] && e->conds[1] == r->conds[1])
            return true;
        if ((item->perms & ~(uint32_t)kept[i].perms) == 0 && e == r)
            return true;
    }
    return false;
}

static void add_entry(struct build *b, const struct item *item)
{
    struct blob_entry *out = table_add(b, BLOB_ENTRIES, 1);

    *out = (struct blob_entry){.rule = item->rule,
                               .perms = (uint16_t)item->perms,
                               .flags = list_flags(TABLE(b, struct blob_rule, BLOB_RULES) + item->rule)};
}

uint32_t list_add(struct build *b, const struct item *items, uint32_t n)
{
    const struct blob_rule *rules = TABLE(b, struct blob_rule, BLOB_RULES);
    uint32_t index = table_count(b, BLOB_LISTS);
    struct blob_list list = {.entries = table_count(b, BLOB_ENTRIES)};
    unsigned present = 0;

    for (uint32_t i = 0; i < n; i++)
        present |= parts_of(&rules[items[i].rule]);
    for (; present; present &= present - 1) {
        unsigned part = (unsigned)__builtin_ctz(present);
        uint32_t first = table_count(b, BLOB_ENTRIES);
        for (uint32_t i = 0; i < n && !b->err; i++)
            if (items[i].perms && parts_of(&rules[items[i].rule]) >> part & 1 && !superfluous(b, first, &items[i]))
                add_entry(b, &items[i]);
        list.counts[part] = table_count(b, BLOB_ENTRIES) - first;
    }
    if (table_count(b, BLOB_ENTRIES) == list.entries)
        return 0;
    memcpy(table_add(b, BLOB_LISTS, 1), &list, sizeof list);
    return index;
}

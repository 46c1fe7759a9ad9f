/* Which profile a process gets, and what can be asked about rules. */
#include "match.h"

#include <errno.h>
#include <string.h>

static const char *string(const struct policy *p, uint32_t at)
{
    return BLOB_TABLE(p->blob, char, BLOB_STRINGS) + at;
}

/* AppArmor's rule: an attachment without wildcards wins over one with, then the
 * one with the longer text before its first wildcard. 0: does not match. */
static uint32_t rank(const struct glob *g, const char *exe)
{
    const uint8_t *c = g->code;
    uint32_t prefix = 0;

    for (; *c >= GLOB_OPS || *c == GLOB_QUOTE; c += glob_step(c))
        prefix++;
    if (!glob_match(g, exe, strlen(exe)))
        return 0;
    return *c == GLOB_END ? UINT32_MAX : prefix + 1;
}

static uint32_t best_rank(const struct policy *p, const struct blob_profile *profile, const char *exe)
{
    uint32_t best = 0;

    for (uint32_t i = 0; i < profile->attachment_count; i++) {
        struct glob g = blob_glob(p->blob, profile->attachments + i);
        uint32_t r = rank(&g, exe);
        best = r > best ? r : best;
    }
    return best;
}

static int select_named(struct policy *p, const struct blob_profile *all, uint32_t count, const char *name)
{
    for (uint32_t i = 1; i < count; i++)
        if (all[i].name != BLOB_NONE && !strcmp(string(p, all[i].name), name)) {
            p->profile = i;
            return 0;
        }
    return -ENOENT;
}

int policy_select(struct policy *p, const char *exe, const char *name)
{
    const struct blob_header *h = p->blob;
    const struct blob_profile *all = BLOB_TABLE(p->blob, struct blob_profile, BLOB_PROFILES);
    uint32_t count = h->tables[BLOB_PROFILES].count, best = 0;

    if (name)
        return select_named(p, all, count, name);
    p->profile = 0;
    for (uint32_t i = 1; exe && i < count; i++) {
        uint32_t r = best_rank(p, &all[i], exe);
        if (r > best) {
            best = r;
            p->profile = i;
        }
    }
    return 0;
}

const char *policy_profile_name(const struct policy *p)
{
    const struct blob_profile *profile = blob_profile(p);

    return profile->name == BLOB_NONE ? "-" : string(p, profile->name);
}

const char *policy_name(const struct policy *p)
{
    return string(p, ((const struct blob_header *)p->blob)->name);
}

uint32_t policy_uses(const struct policy *p)
{
    return ((const struct blob_header *)p->blob)->uses;
}

bool policy_mediates_inherit(const struct policy *p)
{
    return blob_profile(p)->mediates_inherit;
}

uint32_t policy_profile_count(const struct policy *p)
{
    return ((const struct blob_header *)p->blob)->tables[BLOB_PROFILES].count;
}

uint32_t policy_rule_count(const struct policy *p)
{
    return ((const struct blob_header *)p->blob)->tables[BLOB_SOURCES].count;
}

bool policy_rule(const struct policy *p, uint32_t rule, struct policy_rule_info *out)
{
    if (rule >= policy_rule_count(p))
        return false;
    const struct blob_source *s = BLOB_TABLE(p->blob, struct blob_source, BLOB_SOURCES) + rule;
    *out = (struct policy_rule_info){.file = string(p, s->file),
                                     .line = s->line,
                                     .text = string(p, s->text),
                                     .text_len = s->text_len,
                                     .deny = s->deny,
                                     .inject = s->inject};
    return true;
}

/* The first of the chosen profile's rules that came from source rule `rule`, or
 * the end; they stand in order of their sources. */
static const struct blob_rule *first_of(const struct policy *p, uint32_t rule, const struct blob_rule **end)
{
    const struct blob_profile *profile = blob_profile(p);
    const struct blob_rule *low = BLOB_TABLE(p->blob, struct blob_rule, BLOB_RULES) + profile->rules;
    uint32_t n = profile->rule_count;

    *end = low + n;
    while (n) {
        uint32_t half = n / 2;
        if (low[half].source < rule) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

bool policy_rule_active(const struct policy *p, uint32_t rule)
{
    const struct blob_rule *end, *r = first_of(p, rule, &end);

    return r < end && r->source == rule;
}

enum policy_miss policy_rule_miss(const struct policy *p, uint32_t rule, const struct policy_query *q)
{
    const struct blob_rule *end, *r = first_of(p, rule, &end);
    enum policy_miss best = POLICY_MISS_FAMILY;

    for (; r < end && r->source == rule; r++) {
        enum policy_miss m = match_rule(p->blob, r, q);
        if (m == POLICY_MATCHES)
            return m;
        best = m > best ? m : best;
    }
    return best;
}

/* Expectations that nothing can ever match: `must not` would always pass. */
#include "expect.h"
#include "files.h"
#include "lint.h"

/* create comes off every rule that has an address, and is about none. */
static bool counts(const struct rule *r)
{
    return r->perms != POLICY_CREATE;
}

static const char *why_never(const struct ruleset *set, const struct profile *p, const struct rule *r, const char **suggestion)
{
    enum lint_side side;
    const char *why = lint_never(set, p, r, &side);

    if (!(r->perms & ~(uint32_t)POLICY_SETATTR))
        return "'setattr' is in AppArmor's language, and no call needs it";
    return why ? why : lint_link(r, &side, suggestion);
}

static bool parse_silently(const struct policy_input *in, struct ruleset *set)
{
    struct policy_input silent = *in;
    struct arena arena = new_arena;

    silent.report = NULL;
    return !policy_parse(&silent, &arena, set);
}

bool expect_inherits(const struct policy_input *in)
{
    struct ruleset set;

    if (!parse_silently(in, &set))
        return false;
    for (uint32_t i = 0; i < set.profile_count; i++)
        for (uint32_t k = 0; k < set.profiles[i].rule_count; k++)
            if (set.profiles[i].rules[k].names_inherit)
                return true;
    return false;
}

const char *expect_never(const struct policy_input *in, const char **suggestion)
{
    struct ruleset set;
    const char *first = NULL;

    *suggestion = NULL;
    if (!parse_silently(in, &set))
        return NULL;
    for (uint32_t i = 0; i < set.profile_count; i++)
        for (uint32_t k = 0; k < set.profiles[i].rule_count; k++) {
            const struct profile *p = &set.profiles[i];
            const char *why = why_never(&set, p, &p->rules[k], suggestion);

            if (!why && counts(&p->rules[k]))
                return NULL;
            first = first ? first : why;
        }
    return first;
}

/* The words in front of a rule: priority=, audit, quiet, allow, deny, owner. */
#include "parse.h"

static bool is_number(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    return s.len > 0;
}

/* priority=N; AppArmor's range is -1000 to 1000. */
static bool parse_priority(struct parser *p, struct prefix *pre)
{
    struct span word = take_word(p), digits;
    bool minus;

    skip_blank(p);
    take(p, '=');
    skip_blank(p);
    minus = take(p, '-');
    if (!minus)
        take(p, '+');
    digits = take_word(p);
    if (!is_number(digits) || digits.len > 4)
        return say_error(p, word, NULL, "a priority is a number from -1000 to 1000");
    for (size_t i = 0; i < digits.len; i++)
        pre->priority = pre->priority * 10 + (digits.at[i] - '0');
    if (pre->priority > 1000)
        return say_error(p, digits, NULL, "priority %s%w is out of range; the limit is 1000", minus ? "-" : "",
                         &digits);
    if (minus)
        pre->priority = -pre->priority;
    pre->priority_word = word;
    return true;
}

static int say_order(struct parser *p, struct span word, const char *other)
{
    say_error(p, word, NULL, "'%w' cannot stand after '%s'", &word, other);
    return -1;
}

/* The word that stands nearest before, of those a rule can have only one of. */
static const char *mode_of(const struct prefix *pre)
{
    return pre->owner ? "owner" : pre->deny ? "deny" : pre->allow ? "allow" : NULL;
}

/* One word of the prefix. -1: an error; 0: the word is not one; 1: taken. */
static int take_prefix(struct parser *p, struct prefix *pre, struct span word)
{
    const char *mode = mode_of(pre), *flag = pre->audit ? "audit" : pre->quiet ? "quiet" : NULL;

    if (span_is(word, "audit") || span_is(word, "quiet")) {
        if (mode || flag)
            return say_order(p, word, mode ? mode : flag);
        pre->audit = span_is(word, "audit");
        pre->quiet = !pre->audit;
    } else if (span_is(word, "allow") || span_is(word, "deny") || span_is(word, "prompt")) {
        if (mode)
            return say_order(p, word, mode);
        pre->deny = span_is(word, "deny");
        pre->allow = !pre->deny;
    } else if (span_is(word, "owner") || span_is(word, "other")) {
        if (pre->owner)
            return say_order(p, word, "owner");
        pre->owner = true;
        pre->owner_word = word;
    } else {
        return 0;
    }
    return 1;
}

bool parse_prefix(struct parser *p, struct prefix *pre)
{
    for (;;) {
        struct span word = peek_word(p);

        if (span_is(word, "priority") && at_condition(p)) {
            if (pre->given)
                return say_error(p, word, NULL, "priority= must be the first word of a rule");
            if (!parse_priority(p, pre))
                return false;
        } else {
            int taken = take_prefix(p, pre, word);

            if (taken <= 0)
                return taken == 0;
            p->src->at += word.len;
        }
        pre->given = true;
        skip_comments(p);
    }
}

bool merge_prefix(struct parser *p, struct prefix *pre, const struct prefix *around)
{
    if (!around)
        return true;
    if ((around->deny && pre->allow) || (around->allow && pre->deny))
        return say_error(p, span_of(pre->at, 1), NULL, "the block around this rule says the opposite");
    pre->audit |= around->audit;
    pre->quiet |= around->quiet;
    pre->allow |= around->allow;
    pre->deny |= around->deny;
    return true; /* owner is for file rules, which do not look at it */
}

/* scope denies without the word; map and inject have messages of their own. */
bool check_prefix(struct parser *p, const struct prefix *pre, struct span word)
{
    if (pre->quiet && !pre->deny && !span_is(word, "scope") && !span_is(word, "map") && !span_is(word, "inject"))
        return say_error(p, span_of(pre->at, 5), NULL, "quiet goes with deny only");
    return true;
}

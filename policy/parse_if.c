/* if CONDITION { rules } [else if ... ] [else { rules }] */
#include "parse.h"

#include <string.h>

enum { UNKNOWN = -1 };

static int parse_or(struct parser *p, unsigned depth);

/* $name, @{name} or @name. */
static bool take_variable(struct parser *p, struct span *name, bool *boolean)
{
    bool braces;

    *boolean = peek(p) == '$';
    if (!take(p, '$') && !take(p, '@'))
        return say_unexpected(p, "a variable");
    braces = take(p, '{');
    *name = take_word(p);
    if (!name->len || (braces && !take(p, '}')))
        return say_unexpected(p, "a variable's name");
    return true;
}

static int parse_defined(struct parser *p)
{
    struct span name;
    bool boolean;

    skip_blank(p);
    return take_variable(p, &name, &boolean) ? variable_defined(p, name, boolean) : UNKNOWN;
}

static int parse_factor(struct parser *p, unsigned depth)
{
    struct span word, name;
    bool boolean;
    int truth;

    skip_blank(p);
    if (depth > NEST_MAX) {
        say_error(p, span_of(p->src->at, 1), NULL, "the condition is nested more than %u deep",
                  (unsigned long)NEST_MAX);
        return UNKNOWN;
    }
    if (take(p, '(')) {
        truth = parse_or(p, depth + 1);
        skip_blank(p);
        return truth == UNKNOWN || take(p, ')') ? truth : (say_unexpected(p, "')'"), UNKNOWN);
    }
    word = peek_word(p);
    if (span_is(word, "not")) {
        take_word(p);
        truth = parse_factor(p, depth + 1);
        return truth == UNKNOWN ? truth : !truth;
    }
    if (span_is(word, "defined")) {
        take_word(p);
        return parse_defined(p);
    }
    if (span_is(word, "true") || span_is(word, "false"))
        return take_word(p).len == 4;
    if (peek(p) != '$') {
        say_unexpected(p, "$variable, not, defined or '('");
        return UNKNOWN;
    }
    return take_variable(p, &name, &boolean) ? variable_truth(p, name) : UNKNOWN;
}

/* Both sides are read whatever the first one says. */
static int parse_and(struct parser *p, unsigned depth)
{
    int truth = parse_factor(p, depth), more;

    for (;;) {
        skip_blank(p);
        if (truth == UNKNOWN || !span_is(peek_word(p), "and"))
            return truth;
        take_word(p);
        more = parse_factor(p, depth);
        truth = more == UNKNOWN ? more : truth && more;
    }
}

static int parse_or(struct parser *p, unsigned depth)
{
    int truth = parse_and(p, depth), more;

    for (;;) {
        skip_blank(p);
        if (truth == UNKNOWN || !span_is(peek_word(p), "or"))
            return truth;
        take_word(p);
        more = parse_and(p, depth);
        truth = more == UNKNOWN ? more : truth || more;
    }
}

static bool parse_branch(struct parser *p, const struct prefix *around, bool taken)
{
    bool ok;

    skip_comments(p);
    p->dead += !taken;
    ok = parse_block(p, around);
    p->dead -= !taken;
    return ok;
}

bool parse_if(struct parser *p, const struct prefix *around)
{
    bool done = false;

    for (;;) {
        int truth = parse_or(p, 0);

        if (truth == UNKNOWN || !parse_branch(p, around, truth && !done))
            return false;
        done |= truth;
        skip_comments(p);
        if (!span_is(peek_word(p), "else"))
            return true;
        take_word(p);
        skip_comments(p);
        if (!span_is(peek_word(p), "if"))
            return parse_branch(p, around, !done);
        take_word(p);
    }
}

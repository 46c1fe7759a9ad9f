/* scope pathname abstract, : sockets with names of these kinds that were made outside
 * the run cannot be reached, as with Landlock's scopes. It becomes a denial for each
 * kind, which nothing can undo. */
#include "socket_rule.h"

#include <errno.h>
#include <sys/socket.h>

enum { SCOPE_PATHNAME = 1, SCOPE_ABSTRACT = 2 };

static bool say_before(struct parser *p, struct span keyword, const char *word, const char *hint)
{
    return say_error(p, keyword, hint, "'%s' cannot stand before scope", word);
}

static bool check_words(struct parser *p, const struct prefix *pre, struct span keyword)
{
    if (pre->owner)
        return say_error(p, pre->owner_word, NULL, "'%w' cannot stand before scope", &pre->owner_word);
    if (pre->priority)
        return say_error(p, pre->priority_word, "deny rules win whatever the order",
                         "priorities of scope rules are not supported in this version");
    if (pre->deny)
        return say_before(p, keyword, "deny", "scope denies by itself; write it alone");
    if (pre->allow)
        return say_before(p, keyword, "allow", "scope denies, and no rule makes an exception to it");
    if (pre->audit)
        return say_before(p, keyword, "audit", "what scope denies is on record unless it is a quiet scope");
    return true;
}

static bool add_kind(struct parser *p, struct span word, unsigned *kinds)
{
    unsigned kind = span_is(word, "pathname") ? SCOPE_PATHNAME : span_is(word, "abstract") ? SCOPE_ABSTRACT : 0;
    struct guess g = guess_for(word);
    char hint[SUGGESTION_MAX];

    if (*kinds & kind)
        return say_error(p, word, NULL, "'%w' stands here twice", &word);
    *kinds |= kind;
    if (kind)
        return true;
    guess_list(&g, "pathname\0abstract\0");
    return say_error(p, word, g.best ? guess_text(&g, hint) : "write pathname, abstract or both",
                     "'%w' is not a kind of socket name", &word);
}

static bool parse_kind(struct parser *p, unsigned *kinds)
{
    struct span word = peek_word(p);

    if (!word.len)
        return say_unexpected(p, "pathname or abstract");
    take_word(p);
    return add_kind(p, word, kinds);
}

static bool parse_list(struct parser *p, unsigned *kinds)
{
    const char *open = p->src->at++;
    bool ok = true;

    for (;;) {
        skip_blank(p);
        if (take(p, ','))
            continue;
        if (take(p, ')'))
            return ok;
        if (list_breaks(p))
            return say_error(p, span_of(open, 1), NULL, "this '(' is not closed");
        if (!is_word(peek(p)))
            return say_unexpected(p, "pathname or abstract");
        ok &= parse_kind(p, kinds); /* every wrong word is worth a message */
    }
}

static bool parse_kinds(struct parser *p, struct span keyword, unsigned *kinds)
{
    skip_blank(p);
    if (peek(p) == '(') {
        if (!parse_list(p, kinds))
            return false;
    } else {
        while (peek(p) != ',' && !at_condition(p) && !list_breaks(p)) {
            if (!parse_kind(p, kinds))
                return false;
            skip_blank(p);
        }
    }
    return *kinds ? true
                  : say_error(p, keyword, "write scope pathname abstract,", "scope does not say what it is about");
}

/* Both share one source: a record names the statement. */
static void add_scope(struct parser *p, struct rule *r, enum addr_match match)
{
    r->peer.match = match;
    add_rule(p, r);
}

bool parse_scope(struct parser *p, const struct prefix *pre, struct span keyword)
{
    struct prefix denies = {.deny = true};
    struct draft d = {.pre = &denies, .keyword = keyword};
    unsigned kinds = 0;

    d.r = (struct rule){
        .deny = true,
        .quiet = pre->quiet,
        .perms = POLICY_CONNECT | POLICY_SEND,
        .families = 1ull << AF_UNIX,
        .types = UINT32_MAX,
        .protocol = -1,
        .made = POLICY_SCOPE_OUTSIDE,
        .err = EPERM,
    };
    if (!check_words(p, pre, keyword) || !parse_kinds(p, keyword, &kinds) || !parse_only_errno(p, &d) || !end_rule(p))
        return false;
    p->scoped |= !p->dead;
    if (kinds & SCOPE_PATHNAME)
        add_scope(p, &d.r, ADDR_PATHNAME);
    if (kinds & SCOPE_ABSTRACT)
        add_scope(p, &d.r, ADDR_ABSTRACT);
    return !p->failed;
}

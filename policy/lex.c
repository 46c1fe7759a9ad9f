#include "parse.h"

#include <string.h>

#define LETTERS(c) [c] = BYTE_ALPHA, [c + 1] = BYTE_ALPHA, [c + 2] = BYTE_ALPHA, [c + 3] = BYTE_ALPHA, \
                   [c + 4] = BYTE_ALPHA, [c + 5] = BYTE_ALPHA
#define ALPHABET(c) LETTERS(c), LETTERS(c + 6), LETTERS(c + 12), LETTERS(c + 18), [c + 24] = BYTE_ALPHA, \
                    [c + 25] = BYTE_ALPHA
const uint8_t byte_classes[256] = {
    [' '] = BYTE_BLANK, ['\t'] = BYTE_BLANK, ['\n'] = BYTE_BLANK, ['\r'] = BYTE_BLANK,
    ALPHABET('A'), ALPHABET('a'), ['_'] = BYTE_ALPHA,
    ['0'] = BYTE_DIGIT, ['1'] = BYTE_DIGIT, ['2'] = BYTE_DIGIT, ['3'] = BYTE_DIGIT, ['4'] = BYTE_DIGIT,
    ['5'] = BYTE_DIGIT, ['6'] = BYTE_DIGIT, ['7'] = BYTE_DIGIT, ['8'] = BYTE_DIGIT, ['9'] = BYTE_DIGIT,
    /* What take_value() has to look at. */
    ['"'] = BYTE_SPECIAL, ['!'] = BYTE_SPECIAL, [','] = BYTE_SPECIAL, ['('] = BYTE_SPECIAL,
    [')'] = BYTE_SPECIAL, ['\\'] = BYTE_SPECIAL, ['{'] = BYTE_SPECIAL, ['}'] = BYTE_SPECIAL,
};

void skip_blank(struct parser *p)
{
    struct source *s = p->src;

    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

char peek(const struct parser *p)
{
    return at_end(p) ? '\0' : *p->src->at;
}

bool take(struct parser *p, char c)
{
    if (at_end(p) || *p->src->at != c)
        return false;
    p->src->at++;
    return true;
}

struct span peek_word(const struct parser *p)
{
    const char *at = p->src->at, *end = p->src->end;

    while (at < end && is_word(*at))
        at++;
    return span_of(p->src->at, (size_t)(at - p->src->at));
}

struct span take_word(struct parser *p)
{
    struct span word = peek_word(p);

    p->src->at += word.len;
    return word;
}

bool names_condition(const struct parser *p, struct span word)
{
    const char *at = word.at + word.len;

    while (at < p->src->end && is_blank(*at))
        at++;
    return word.len && at < p->src->end && *at == '=';
}

bool at_condition(const struct parser *p)
{
    return names_condition(p, peek_word(p));
}

bool span_in(struct span word, const char *list)
{
    for (; *list; list += strlen(list) + 1)
        if (span_is(word, list))
            return true;
    return false;
}

static const char *line_end(const char *at, const char *end)
{
    const char *nl = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return nl ? nl : end;
}

static bool at_hash_include(const struct parser *p)
{
    static const char word[] = "#include";
    size_t len = sizeof word - 1;

    return (size_t)(p->src->end - p->src->at) > len && memcmp(p->src->at, word, len) == 0 &&
           (is_blank(p->src->at[len]) || p->src->at[len] == '<' || p->src->at[len] == '"');
}

void skip_comments(struct parser *p)
{
    for (;;) {
        skip_blank(p);
        if (peek(p) != '#' || at_hash_include(p))
            return;
        p->src->at = line_end(p->src->at, p->src->end);
    }
}

static bool take_quoted(struct parser *p, struct span *out)
{
    const char *open = p->src->at, *at = open + 1;

    for (; at < p->src->end && *at != '\n'; at++) {
        if (*at == '"') {
            *out = (struct span){.at = open + 1, .len = (size_t)(at - open - 1), .quoted = true};
            p->src->at = at + 1;
            return true;
        }
        if (*at == '\\' && at + 1 < p->src->end && at[1] != '\n')
            at++;
    }
    say_error(p, span_of(open, (size_t)(at - open)), NULL, "this quote is not closed on its line");
    p->src->at = at;
    return false;
}

/* A comma is part of a name when more of the name follows it at once. */
static bool comma_inside(const struct source *s, const char *at, unsigned braces)
{
    char next = at + 1 < s->end ? at[1] : '\0';

    return next && !is_blank(next) && next != '"' && next != '!' && next != ',' && !(next == '}' && !braces);
}

bool take_value(struct parser *p, bool in_list, struct span *out)
{
    const struct source *s = p->src;
    const char *at = s->at, *end = s->end;
    unsigned braces = 0;

    if (at < end && *at == '"')
        return take_quoted(p, out);
    for (; at < end; at++) {
        while (at < end && !(byte_classes[(unsigned char)*at] & (BYTE_BLANK | BYTE_SPECIAL)))
            at++;
        if (at == end || is_blank(*at) || *at == '"' || *at == '!')
            break;
        if (*at == ',' && in_list && braces)
            return say_error(p, span_of(s->at, (size_t)(at - s->at)), "put it in quotes",
                             "a comma ends a name in parentheses");
        if (*at == ',' && (in_list || !comma_inside(s, at, braces)))
            break;
        if (in_list && (*at == '(' || *at == ')'))
            break;
        if (*at == '\\' && at + 1 < s->end && memchr(" \t\"!,#()", at[1], 8))
            at++;
        else if (*at == '{')
            braces++;
        else if (*at == '}' && braces)
            braces--;
    }
    *out = span_of(s->at, (size_t)(at - s->at));
    if (!out->len)
        return say_unexpected(p, "a value");
    p->src->at = at;
    return true;
}

bool say_unexpected(struct parser *p, const char *wanted)
{
    struct span c = span_of(p->src->at, 1);

    while (c.at + c.len < p->src->end && (c.at[c.len] & 0xc0) == 0x80)
        c.len++; /* the rest of a character */
    if (at_end(p))
        return say_error(p, span_of(p->src->at, 0), NULL, "the file ends where %s should stand", wanted);
    if (*c.at == '\n' || *c.at == '\r')
        return say_error(p, c, NULL, "the line ends where %s should stand", wanted);
    if (*c.at == '#')
        return say_error(p, c, NULL, "a comment cannot stand inside a rule");
    struct span word = peek_word(p);
    if (word.len)
        return say_error(p, word, NULL, "'%w' stands where %s should", &word, wanted);
    return say_error(p, c, NULL, "'%w' stands where %s should", &c, wanted);
}

/* Words a rule or block can begin with: a line that begins with one of them is
 * taken to be a new rule when something before it went wrong. Words that could
 * as well continue a rule ("all", "link") are not among them. */
static bool begins_rule(struct span word)
{
    static const char words[] =
        "unix\0network\0deny\0allow\0audit\0quiet\0profile\0include\0hat\0abi\0alias\0owner\0mount\0"
        "remount\0umount\0signal\0ptrace\0dbus\0set\0userns\0mqueue\0io_uring\0change_profile\0"
        "capability\0file\0if\0scope\0priority\0inject\0map\0pivot_root\0";

    return span_in(word, words);
}

/* At the start of a line that looks like a new rule. */
static bool at_new_rule(const struct parser *p, const char *at)
{
    const char *word;

    while (at < p->src->end && (*at == ' ' || *at == '\t'))
        at++;
    for (word = at; at < p->src->end && is_word(*at); at++)
        ;
    return begins_rule(span_of(word, (size_t)(at - word))) && (at == p->src->end || *at != '=');
}

bool list_breaks(const struct parser *p)
{
    const char *at = p->src->at;

    if (at_end(p) || *at == '{' || *at == '}')
        return true;
    while (at > p->rule_at && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at > p->rule_at && at[-1] == '\n' && at_new_rule(p, at);
}

static const char *skip_quote(const struct source *s, const char *at)
{
    for (at++; at < s->end && *at != '\n' && *at != '"'; at++)
        if (*at == '\\' && at + 1 < s->end && at[1] != '\n')
            at++;
    return at < s->end && *at == '"' ? at + 1 : at;
}

/* What is open: parentheses, and braces that a blank does not end. */
struct nesting {
    unsigned depth, braces;
};

static void nest(struct nesting *in, char c)
{
    if (is_blank(c))
        in->braces = 0;
    else if (c == '{')
        in->braces++;
    else if (c == '}')
        in->braces--;
    else if (c == '(')
        in->depth++;
    else if (c == ')' && in->depth)
        in->depth--;
}

/* The comma ends the rule unless a name goes on behind it: "capability chown,capability
 * kill," are two rules, "/a,b r," is one. `plain`: the text before it is a mere word. */
static bool ends_here(const struct source *s, const char *comma, bool plain)
{
    return plain || comma + 1 >= s->end || is_blank(comma[1]) || comma[1] == '}' || comma[1] == '#';
}

bool recover(struct parser *p)
{
    struct source *s = p->src;
    const char *start = s->at;
    struct nesting in = {0};

    while (s->at < s->end) {
        char c = *s->at;

        if (c == '"') {
            s->at = skip_quote(s, s->at);
            continue;
        }
        if (c == '\n' && at_new_rule(p, s->at + 1))
            break;
        if (c == '{' && !in.depth && !in.braces && (s->at == start || is_blank(s->at[-1])))
            return true;
        if (c == '}' && !in.braces)
            break;
        nest(&in, c);
        s->at++;
        if (c == ',' && !in.depth && ends_here(s, s->at - 1, false))
            break;
    }
    return false;
}

bool end_rule(struct parser *p)
{
    const char *after = p->src->at;

    skip_blank(p);
    if (take(p, ',')) {
        p->rule_end = p->src->at;
        return true;
    }
    if (at_end(p) || peek(p) == '}' || at_new_rule(p, p->src->at)) {
        while (after > p->rule_at && is_blank(after[-1]))
            after--;
        p->src->at = after;
        return say_error(p, span_of(after, 1), NULL, "the rule is not ended by a comma");
    }
    return say_unexpected(p, "the comma that ends the rule");
}

bool skip_rule(struct parser *p, struct span keyword)
{
    struct source *s = p->src;
    struct nesting in = {0};
    bool plain = true;

    while (s->at < s->end) {
        char c = *s->at;

        if (c == '"') {
            const char *after = skip_quote(s, s->at);

            if (after[-1] != '"' || after == s->at + 1)
                return say_error(p, span_of(s->at, (size_t)(after - s->at)), NULL,
                                 "this quote is not closed on its line");
            s->at = after;
            plain = true;
            continue;
        }
        if (c == '#' && s->at > s->text && is_blank(s->at[-1])) {
            s->at = line_end(s->at, s->end);
            continue;
        }
        if (c == ',' && !in.depth && !in.braces && ends_here(s, s->at, plain)) {
            p->rule_end = ++s->at;
            return true;
        }
        if ((c == '\n' && at_new_rule(p, s->at + 1)) || (c == '}' && !in.braces))
            break;
        plain = is_blank(c) || c == ')' || (plain && is_word(c));
        nest(&in, c);
        s->at++;
    }
    return say_error(p, keyword, NULL, "the '%w' rule is not ended by a comma", &keyword);
}

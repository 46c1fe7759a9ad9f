#include "domain/longnames.h"

#include <limits.h>
#include <string.h>

enum { READINGS = 8, WORK = 1 << 20 }; /* of one name; see struct scan */

/* What separates words in commands and lists, and what ends a name in an address or an option. Names
 * have such bytes, too, but not often. */
enum { BLANK = 1, MARK = 2, COMMA = 4, AFTER = 8, EQUALS = 16, ENDS = BLANK | MARK | EQUALS };

static const unsigned char kinds[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = BLANK, ['"'] = BLANK, ['\''] = BLANK, ['`'] = BLANK,
    ['<'] = BLANK, ['>'] = BLANK,
    [','] = MARK | COMMA, [':'] = MARK | AFTER, [';'] = MARK | AFTER, ['?'] = MARK | AFTER, ['#'] = MARK | AFTER,
    ['&'] = MARK, ['|'] = MARK, ['('] = MARK, [')'] = MARK, ['['] = MARK, [']'] = MARK, ['{'] = MARK, ['}'] = MARK,
    ['='] = EQUALS,
};

static bool is(char c, unsigned kind)
{
    return kinds[(unsigned char)c] & kind;
}

struct scan {
    const char *text;
    size_t least;
    void (*found)(void *ctx, const struct longname *name);
    void *ctx;
    unsigned readings; /* of the name that starts here */
    unsigned left;     /* bytes that may be looked at in search of ends */
};

static void report(struct scan *s, size_t from, size_t to)
{
    const struct longname name = {s->text + from, to - from, s->readings > 0};

    if (name.len < s->least || s->readings >= READINGS)
        return;
    s->readings++;
    s->found(s->ctx, &name);
}

/* Nothing but "--option=" or "key=" stands before it: then the shell has told where
 * it ends, and what separates words elsewhere is part of it. */
static bool is_whole(const char *text, size_t from)
{
    if (from == 0)
        return true;
    for (size_t i = 0; i < from - 1; i++)
        if (is(text[i], ENDS))
            return false;
    return text[from - 1] == '=' || (from == 2 && text[0] == '-');
}

/* Where the next element of a list of names starts, there ends this one. */
static bool starts_next(const char *at)
{
    return (*at == ':' || *at == ',' || *at == ' ') && at[1] == '/';
}

static size_t end_of(const char *text, size_t from, bool whole)
{
    size_t to = from;

    while (text[to] && to - from < PATH_MAX && !starts_next(text + to) && (whole || !is(text[to], BLANK)))
        to++;
    return to;
}

static void cuts(struct scan *s, size_t from, size_t to, unsigned kind)
{
    for (size_t at = from + s->least; at < to; at++)
        if (is(s->text[at], kind))
            report(s, from, at);
}

static void absolute(struct scan *s, size_t from)
{
    bool whole = is_whole(s->text, from);
    size_t to = end_of(s->text, from, whole);

    s->left = to - from < s->left ? s->left - (unsigned)(to - from) : 0;
    if (to - from < s->least || to - from >= PATH_MAX)
        return;
    s->readings = 0;
    if (whole) {
        cuts(s, from, to, COMMA);
        report(s, from, to);
        cuts(s, from, to, AFTER);
    } else {
        cuts(s, from, to, MARK);
        report(s, from, to);
    }
}

static void relative(struct scan *s, size_t from)
{
    size_t to = from;

    while (s->text[to] && !is(s->text[to], ENDS))
        to++;
    s->readings = 0;
    if (to - from < PATH_MAX && s->text[from] != '-')
        report(s, from, to);
}

/* A slash that may be the first of a name. Of several ("unix:///x") only the first and
 * the last: programs take the name from either. */
static bool may_start(const char *text, size_t at)
{
    char before = at ? text[at - 1] : '\0';

    if (text[at] != '/')
        return false;
    if (before == '/')
        return text[at + 1] != '/';
    return at == 0 || before == '@' || is(before, ENDS) || (at == 2 && text[0] == '-');
}

void longnames_in(const char *text, size_t least, void (*found)(void *ctx, const struct longname *name), void *ctx)
{
    struct scan s = {.text = text, .least = least, .found = found, .ctx = ctx, .left = WORK};

    if (strlen(text) < least)
        return;
    for (size_t i = 0; text[i] && s.left; i++) {
        if (may_start(text, i))
            absolute(&s, i);
        else if (text[i] != '/' && (i == 0 || text[i - 1] == '=' || text[i - 1] == ':'))
            relative(&s, i);
    }
}

static bool is_other(const char *name, size_t len)
{
    static const char others[][10] = {"PATH", "PWD", "OLDPWD", "_", "LS_COLORS", "LD_*", "SUNSHIM_*"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *other = others[i];
        size_t n = 0;

        while (n < len && name[n] == other[n])
            n++;
        if (other[n] == (n < len ? '*' : '\0'))
            return true;
    }
    return false;
}

const char *longnames_value(const char *assignment)
{
    const char *equals = strchr(assignment, '=');

    return equals && !is_other(assignment, (size_t)(equals - assignment)) ? equals + 1 : NULL;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t longnames_decode(char *to, const char *from, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int high = from[i] == '%' && len - i > 2 ? digit(from[i + 1]) : -1, low = high < 0 ? -1 : digit(from[i + 2]);

        if (low < 0 || high + low == 0) {
            to[n++] = from[i];
            continue;
        }
        to[n++] = (char)(high << 4 | low);
        i += 2;
    }
    return n;
}

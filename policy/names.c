/* Names in rules: text with variables and escapes, to globs. */
#include "parse.h"

#include <string.h>

/* The value of an escape at text[0] == '\\' and its length; -1: not a number. */
static int escape(const char *text, size_t len, size_t *used)
{
    static const char digits[] = "0123456789abcdef";
    unsigned base, n = 0;
    size_t i;

    if (len < 2)
        return -1;
    if (text[1] == 'x')
        base = 16, i = 2;
    else if (text[1] == 'd')
        base = 10, i = 2;
    else
        base = 8, i = 1;
    size_t start = i, max = base == 16 ? 2 : 3;
    for (; i < len && i - start < max; i++) {
        char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
        const char *d = c ? memchr(digits, c, base) : NULL;

        if (!d)
            break;
        n = n * base + (unsigned)(d - digits);
    }
    *used = i;
    return i > start && n < 256 ? (int)n : -1;
}

/* A first byte that is written as an escape counts as itself, as in AppArmor. */
static const char *unescape_first(struct parser *p, const char *text, size_t *len)
{
    size_t used;
    int c = *len && *text == '\\' ? escape(text, *len, &used) : -1;
    char *copy;

    if (c != '@' && c != '/')
        return text;
    copy = arena_text(p->arena, text + used - 1, *len - used + 1);
    if (!copy) {
        say_nomem(p);
        return NULL;
    }
    *copy = (char)c;
    *len -= used - 1;
    return copy;
}

/* What is odd about a pathname, in one look: "//", and components "." and "..". */
struct oddities {
    bool slashes, dots;
};

static struct oddities look(const char *text, size_t len)
{
    struct oddities odd = {false, false};
    const char *at = text, *end = text + len;

    while (at < end && (at = memchr(at, '/', (size_t)(end - at))) != NULL) {
        const char *next = ++at;

        odd.slashes |= next < end && *next == '/';
        while (next < end && next < at + 2 && *next == '.')
            next++;
        odd.dots |= next > at && (next == end || *next == '/');
    }
    return odd;
}

/* Pathnames are canonical when they are compared: '//' means '/'. */
static const char *one_slash(struct parser *p, const char *text, size_t *len)
{
    char *copy = arena_alloc(p->arena, *len, 1);
    size_t n = 0;

    if (!copy) {
        say_nomem(p);
        return NULL;
    }
    for (size_t i = 0; i < *len; i++)
        if (!(text[i] == '/' && n && copy[n - 1] == '/'))
            copy[n++] = text[i];
    *len = n;
    return copy;
}

static bool check_start(struct parser *p, enum name_kind kind, struct span where, const char *text, size_t len)
{
    struct span value = span_of(text, len);

    if (kind == NAME_LABEL)
        return len ? true : say_error(p, where, NULL, "an empty label matches nothing");
    if (len && (*text == '/' || (*text == '@' && kind == NAME_ADDRESS)))
        return true;
    if (kind == NAME_PATH)
        return say_error(p, where, NULL, "'%w' is not an absolute path", &value);
    return say_error(p, where, "write @name for an abstract name, or a path that begins with /",
                     "'%w' is not a socket address", &value);
}

static bool parse_name(struct parser *p, enum name_kind kind, struct span where, const struct name *name,
                       struct glob *out)
{
    size_t len = name->len, at = 0;
    const char *text = name->text, *why = "", *first;
    bool as_written = text == where.at;

    if (len > POLICY_NAME_MAX)
        return say_error(p, where, NULL, "a name of %u bytes; the limit is %u", (unsigned long)len,
                         (unsigned long)POLICY_NAME_MAX);
    first = text;
    if (kind != NAME_LABEL) {
        text = unescape_first(p, text, &len);
        if (!text || !check_start(p, kind, where, text, len))
            return false;
        struct oddities odd = *text == '/' ? look(text, len) : (struct oddities){false, false};
        struct span value = span_of(text, len);
        if (odd.dots)
            say_warning(p, where, NULL, "'%w' never matches: names are compared without '.' and '..'", &value);
        if (odd.slashes)
            text = one_slash(p, text, &len);
        if (!text)
            return false;
        as_written &= text == first;
    } else if (!check_start(p, kind, where, text, len)) {
        return false;
    }
    switch (glob_parse(p->arena, kind == NAME_ADDRESS ? GLOB_ADDR : GLOB_PLAIN, text, len, out, &at, &why)) {
    case 0:
        return true;
    case -12: /* ENOMEM */
        return say_nomem(p);
    }
    if (as_written && at < len)
        return say_error(p, span_of(where.at + at, 1), NULL, "%s", why);
    if (as_written)
        return say_error(p, where, NULL, "%s", why);
    struct span value = span_of(text, len);
    return say_error(p, where, NULL, "%s in '%w'", why, &value);
}

bool has_variable(struct span text)
{
    const char *at = text.at, *end = at + text.len;

    while (at + 1 < end && (at = memchr(at, '@', (size_t)(end - at - 1))) != NULL)
        if (*++at == '{')
            return true;
    return false;
}

static bool is_absolute(const struct name *n)
{
    return n->len && (n->text[0] == '/' || n->text[0] == '\\');
}

bool parse_names(struct parser *p, enum name_kind kind, struct span text, const struct glob **globs,
                 uint32_t *count)
{
    struct name plain = {.text = text.at, .len = text.len};
    const struct name *first = &plain, *n;
    struct glob *all;

    if (has_variable(text))
        first = expand(p, text);
    if (!first)
        return false;
    *count = 0;
    for (n = first; n; n = n->next)
        ++*count;
    all = ARENA_ARRAY(p->arena, struct glob, *count);
    if (!all)
        return say_nomem(p);
    *globs = all;
    for (n = first; n; n = n->next)
        if (kind == NAME_PATH && first != &plain && !is_absolute(n))
            --*count; /* AppArmor takes what a variable brings; no pathname is like that */
        else if (!parse_name(p, kind, text, n, all++))
            return false;
    return true;
}

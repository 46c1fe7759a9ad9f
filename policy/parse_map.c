/* map FROM -> TO, : where a name that the program uses leads. It decides nothing. */
#include "parse.h"

#include <limits.h>
#include <string.h>

enum { COMPONENT_MAX = 255, ADDRESS_MAX = 107 /* what every program can put into sun_path */ };

/* --- Names ------------------------------------------------------------------ */

/* One of the two names, as it stands in the rule and as bytes. */
struct end {
    struct span where;   /* in the text */
    bool as_written;     /* no variables in it: offsets into it are offsets into the text */
    char *bytes;         /* terminated */
    size_t len;
};

/* The first byte that would make it a pattern; NULL: there is none. */
static const char *pattern_byte(const char *text, size_t len)
{
    for (const char *at = text; at < text + len; at++) {
        if (*at == '\\')
            at++;
        else if (*at && strchr("*?[]{}", *at))
            return at;
    }
    return NULL;
}

static bool say_pattern(struct parser *p, const struct end *e, const char *at)
{
    struct span c = span_of(at, 1);

    return say_error(p, e->as_written ? c : e->where, "put a backslash before it if the name has it",
                     "'%w' makes a pattern, and map takes names", &c);
}

/* Undoes the escapes: a glob without operators is the name itself. */
static bool decode(struct parser *p, const char *text, size_t len, struct end *e)
{
    const char *odd = pattern_byte(text, len), *why = "";
    struct glob g;
    size_t at = 0;

    if (odd)
        return say_pattern(p, e, odd);
    if (glob_parse(p->arena, GLOB_PLAIN, text, len, &g, &at, &why) == -12 /* ENOMEM */ ||
        !(e->bytes = arena_alloc(p->arena, len + 1, 1)))
        return say_nomem(p);
    if (*why)
        return say_error(p, e->where, NULL, "%s", why);
    e->len = 0;
    for (uint32_t i = 0; g.code[i] != GLOB_END; i++)
        e->bytes[e->len++] = (char)g.code[g.code[i] == GLOB_QUOTE ? ++i : i];
    if (memchr(e->bytes, '\0', e->len))
        return say_error(p, e->where, NULL, "a path has no NUL byte in it");
    return true;
}

/* The name without "//", "." and ".."; the slash at its end stays. */
static size_t canonical(const char *from, size_t len, char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        const char *slash = memchr(from + i + 1, '/', len - i - 1);
        size_t next = slash ? (size_t)(slash - from) : len, part = next - i - 1; /* from[i] is a slash */
        bool up = part == 2 && from[i + 1] == '.' && from[i + 2] == '.', last = !slash;

        if (up)
            while (n && to[--n] != '/')
                ;
        if (part && !up && !(part == 1 && from[i + 1] == '.')) {
            memmove(to + n, from + i, part + 1);
            n += part + 1;
        } else if (last) {
            to[n++] = '/';
        }
        i = next;
    }
    to[n] = '\0';
    return n;
}

/* A variable may bring slashes to where there are some already. */
static void squeeze(struct end *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->len; i++)
        if (e->bytes[i] != '/' || !n || e->bytes[n - 1] != '/')
            e->bytes[n++] = e->bytes[i];
    e->bytes[e->len = n] = '\0';
}

static bool check_canonical(struct parser *p, struct end *e)
{
    char *plain;

    if (!e->as_written)
        squeeze(e);
    plain = arena_alloc(p->arena, e->len + 8, 1);
    if (!plain)
        return say_nomem(p);
    memcpy(plain, "write ", 6);
    size_t n = canonical(e->bytes, e->len, plain + 6);
    if (n == e->len && memcmp(plain + 6, e->bytes, n) == 0)
        return true;
    struct span value = span_of(e->bytes, e->len);
    return say_error(p, e->where, plain, "'%w' is not canonical: '//', '.' and '..' cannot stand in a map", &value);
}

static bool check_absolute(struct parser *p, const struct end *e)
{
    struct span value = span_of(e->bytes, e->len);

    if (e->len && *e->bytes == '/')
        return true;
    if (e->len && *e->bytes == '@')
        return say_error(p, e->where, NULL, "'%w' is an abstract name; map is about paths", &value);
    return say_error(p, e->where, NULL, "'%w' is not an absolute path", &value);
}

static bool read_end(struct parser *p, const struct name *n, struct end *e)
{
    if (n->len > POLICY_NAME_MAX)
        return say_error(p, e->where, NULL, "a name of %u bytes; the limit is %u", (unsigned long)n->len,
                         (unsigned long)POLICY_NAME_MAX);
    e->as_written = n->text == e->where.at;
    return decode(p, n->text, n->len, e);
}

static bool check_path(struct parser *p, struct end *e)
{
    return check_absolute(p, e) && check_canonical(p, e);
}

static bool is_passed(const struct end *e)
{
    return e->len >= 3 && memcmp(e->bytes, "fd:", 3) == 0;
}

static bool is_number(const struct end *e)
{
    return strspn(e->bytes + 3, "0123456789") == e->len - 3;
}

/* fd:NAME */
static bool check_passed(struct parser *p, const struct end *e)
{
    struct span value = span_of(e->bytes, e->len);

    if (!policy_passed_name(e->bytes + 3, e->len - 3))
        return say_error(p, e->where, "write fd:NAME for what --pass NAME=FD passes",
                         "'%w': the name of a descriptor has 1 to %u letters, digits, '.', '_' and '-'", &value,
                         (unsigned long)POLICY_PASSED_MAX);
    if (is_number(e))
        say_note(p, e->where, "'%w' is a name, as --pass gives it, and not the number of a descriptor", &value);
    return true;
}

/* The kernel has to take it. */
static bool check_lengths(struct parser *p, const struct end *e)
{
    if (e->len > PATH_MAX - 1)
        return say_error(p, e->where, NULL, "a path of %u bytes; the limit is %u", (unsigned long)e->len,
                         PATH_MAX - 1ul);
    for (const char *at = e->bytes, *slash; at; at = slash ? slash + 1 : NULL) {
        size_t len;

        slash = strchr(at, '/');
        len = slash ? (size_t)(slash - at) : strlen(at);
        if (len > COMPONENT_MAX)
            return say_error(p, e->where, NULL, "a component of %u bytes; the limit is %u", (unsigned long)len,
                             (unsigned long)COMPONENT_MAX);
    }
    return true;
}

static bool ends_in_slash(const struct end *e)
{
    return e->bytes[e->len - 1] == '/';
}

/* A directory leads to a directory, and one name to a descriptor. */
static bool check_kinds(struct parser *p, const struct end *from, const struct end *to)
{
    bool below = ends_in_slash(from);
    struct span value = span_of(to->bytes, to->len), froms = span_of(from->bytes, from->len);
    size_t len = to->len - ends_in_slash(to);
    char *hint;

    if (below == ends_in_slash(to))
        return true;
    if (is_passed(to))
        return say_error(p, from->where, "write a rule for each name, without the slash",
                         "'%w' ends in '/', for all names below it, and a descriptor is one file", &froms);
    if (!(hint = arena_alloc(p->arena, len + 8, 1)))
        return say_nomem(p);
    memcpy(hint, "write ", 6);
    memcpy(hint + 6, to->bytes, len);
    if (below) {
        hint[6 + len] = '/';
        return say_error(p, to->where, hint, "FROM ends in '/', for all names below it, and '%w' does not", &value);
    }
    return say_error(p, to->where, len ? hint : NULL, "'%w' ends in '/', for all names below it, and FROM does not",
                     &value);
}

/* --- The rule ----------------------------------------------------------------- */

static bool check_words(struct parser *p, const struct prefix *pre, struct span keyword)
{
    static const char words[][8] = {"audit", "quiet", "allow", "deny"};
    const bool there[] = {pre->audit, pre->quiet, pre->allow, pre->deny};

    if (pre->owner)
        return say_error(p, pre->owner_word, NULL, "'%w' cannot stand before map", &pre->owner_word);
    if (pre->priority)
        return say_error(p, pre->priority_word, "the longest FROM wins", "map rules have no priorities");
    for (size_t i = 0; i < sizeof there; i++)
        if (there[i])
            return say_error(p, keyword, "map decides nothing; write it alone", "'%s' cannot stand before map",
                             words[i]);
    return true;
}

/* FROM or TO. An arrow without blanks around it is a part of a name, which nobody means. */
static bool take_end(struct parser *p, const char *what, struct span *out)
{
    const char *arrow, *before = p->src->at;

    skip_blank(p);
    if (list_breaks(p))
        p->src->at = before; /* another rule begins on the next line */
    if (list_breaks(p) || is_blank(peek(p)) || peek(p) == ',' || (peek(p) == '-' && peek_at(p, 1) == '>'))
        return say_unexpected(p, what);
    if (!take_value(p, false, out))
        return false;
    arrow = out->quoted ? NULL : memmem(out->at, out->len, "->", 2);
    return arrow ? say_error(p, span_of(arrow, 2), "blanks stand around '->'; a name with it is put in quotes",
                             "'->' stands inside a name")
                 : true;
}

static bool take_arrow(struct parser *p)
{
    skip_blank(p);
    if (peek(p) != '-' || peek_at(p, 1) != '>')
        return say_unexpected(p, "'->'");
    p->src->at += 2;
    return true;
}

static bool parse_ends(struct parser *p, struct span *from, struct span *to)
{
    struct span word;

    if (!take_end(p, "a path", from) || !take_arrow(p) || !take_end(p, "a path or fd:NAME", to))
        return false;
    skip_blank(p);
    word = peek_word(p);
    if (word.len && at_condition(p))
        return say_error(p, word, "map decides nothing", "'%w=' is not a condition of map rules", &word);
    return end_rule(p);
}

static void copy_place(struct parser *p, struct map *m, struct span from, struct span to)
{
    m->file = p->src->name;
    m->line = line_of(p->src, from.at);
    m->line_at = p->src->line_at;
    m->end = p->src->end;
    m->from_span = from;
    m->to_span = to;
}

static bool add_map(struct parser *p, const struct end *from, const struct end *to)
{
    struct map_list *l = &p->block->maps;
    bool below = ends_in_slash(from);
    struct map *m;

    p->mapped |= !p->dead;
    if (!count_rule(p, false))
        return !p->failed;
    if (!(m = ARENA_NEW(p->arena, struct map)))
        return say_nomem(p);
    *m = (struct map){
        .from = from->bytes,
        .to = to->bytes,
        .from_len = (uint32_t)(from->len - below),
        .to_len = (uint32_t)(to->len - below),
        .below = below,
        .bare = p->block == &p->bare,
        .own = p->named && p->block == &p->bare,
        .source = p->rule_source,
    };
    copy_place(p, m, from->where, to->where);
    if (l->last)
        l->last->next = m;
    else
        l->first = m;
    l->last = m;
    l->count++;
    return true;
}

static bool read_target(struct parser *p, struct span text, struct end *to)
{
    struct name plain = {.text = text.at, .len = text.len};
    const struct name *n = has_variable(text) ? expand(p, text) : &plain;

    to->where = text;
    if (!n)
        return false;
    if (n->next)
        return say_error(p, text, "write a rule for each", "'%w' has several values; a map leads to one name", &text);
    return read_end(p, n, to) &&
           (is_passed(to) ? check_passed(p, to) : check_path(p, to) && check_lengths(p, to));
}

/* One of the values of FROM. */
static bool parse_one(struct parser *p, struct span text, const struct name *n, const struct end *to)
{
    struct end from = {.where = text};

    if (!read_end(p, n, &from) || !check_path(p, &from) || !check_kinds(p, &from, to))
        return false;
    if (from.len > ADDRESS_MAX)
        say_warning(p, text, NULL, "a FROM of %u bytes is too long for a socket's address, which has room for %u",
                    (unsigned long)from.len, (unsigned long)ADDRESS_MAX);
    return add_map(p, &from, to);
}

bool parse_map(struct parser *p, const struct prefix *pre, struct span keyword)
{
    struct span from_text, to_text;
    struct end to = {0};
    struct name plain;
    const struct name *n;

    if (!check_words(p, pre, keyword) || !parse_ends(p, &from_text, &to_text))
        return false;
    plain = (struct name){.text = from_text.at, .len = from_text.len};
    n = has_variable(from_text) ? expand(p, from_text) : &plain;
    if (!n || !read_target(p, to_text, &to))
        return false;
    for (; n; n = n->next)
        if (!parse_one(p, from_text, n, &to))
            return false;
    return !p->failed;
}

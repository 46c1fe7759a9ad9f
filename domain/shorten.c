#include "shorten.h"

#include <string.h>

#include "alias.h"

/* What may stand in front of a path, and what ends it unless a file's name goes on
 * with it. Control characters end it in any case. */
#define FRONT "=:,; \t\n\"'`(<>|&{["
#define ENDS "=:,; \"'`()<>|&{}[]?#\\"

enum {
    COMPONENT_MAX = 255 * 3, /* all of it %xx */
    BUS_MAX = 256,           /* what stands between unix: and path= in a D-Bus address */
    COMMAND_MAX = 4096,      /* a command with its arguments */
};

/* A path in a text. Places count from its first byte, a slash. */
struct found {
    const struct shorten *s;
    const char *from;
    size_t limit;           /* it goes no further */
    bool escaped;           /* %xx stands for a byte: D-Bus addresses */
    size_t end;             /* where it ends */
    enum shorten_file kind; /* what it leads to */
    size_t dir, dir_name;   /* end of the deepest directory on it, and its length in s->work */
    size_t up, up_name;     /* the same of the directory that one is in */
};

static bool is_one_of(const char *set, char c)
{
    return c && strchr(set, c);
}

static bool ends_with(const char *text, size_t len, const char *tail)
{
    size_t n = strlen(tail);

    return len >= n && memcmp(text + len - n, tail, n) == 0;
}

/* --- Where a path begins -------------------------------------------------------- */

/* After "cd " and its like: `front` are the len bytes before the path. */
static bool follows_word(const char *front, size_t len)
{
    size_t to = len - (len && is_one_of("\"'", front[len - 1])), from;

    if (!to || !is_one_of(" \t", front[to - 1]))
        return false;
    while (to && is_one_of(" \t", front[to - 1]))
        to--;
    for (from = to; from && !is_one_of(FRONT, front[from - 1]); from--)
        ;
    return shorten_keeps_after(front + from, to - from);
}

/* Whether the command of a shell that `front` is the begin of is a compiler's. */
static bool is_kept_command(const char *front, size_t len)
{
    size_t from = len, to;

    for (unsigned n = 0; from && !is_one_of(";&|(\n", front[from - 1]); from--)
        if (n++ == COMMAND_MAX)
            return false;
    while (from < len && is_one_of(" \t", front[from]))
        from++;
    for (to = from; to < len && !is_one_of(" \t", front[to]); to++)
        ;
    return to < len && shorten_keeps_command(front + from, to - from);
}

/* How many bytes after `at` a path begins, with len bytes in front; -1: none does. */
static int begins(const char *at, const char *front, size_t len)
{
    if (*at != '/' || (len && !is_one_of(FRONT, front[len - 1])) || ends_with(front, len, "abstract="))
        return -1;
    if (!len || front[len - 1] != ':' || at[1] != '/')
        return 0;
    /* a URL: of a file on this host, but not of one to be read */
    return at[2] == '/' && !ends_with(front, len, "file:") ? 2 : -1;
}

static size_t line_end(const char *text, size_t at, size_t len)
{
    while (at < len && (unsigned char)text[at] >= ' ')
        at++;
    return at;
}

bool shorten_worth(const char *text, size_t len)
{
    for (size_t i = 0, line = 0; i < len && len - i > SHORTEN_OVER; i++) {
        if (begins(text + i, text, i) < 0)
            continue;
        if (line <= i)
            line = line_end(text, i, len);
        if (line - i > SHORTEN_OVER)
            return true;
    }
    return false;
}

/* In "unix:path=/x,guid=..." what stands in front of /x. */
static bool is_bus_address(const char *front, size_t len)
{
    if (!ends_with(front, len, "path=") && !ends_with(front, len, "dir="))
        return false;
    for (unsigned n = 0; len && n < BUS_MAX && !is_one_of("; ", front[len - 1]); len--, n++)
        if (ends_with(front, len, "unix:"))
            return true;
    return false;
}

/* --- What is there ---------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char take_byte(const struct found *f, size_t *at)
{
    const char *p = f->from + (*at)++;

    if (!f->escaped || *p != '%' || hex(p[1]) < 0 || hex(p[2]) < 0)
        return *p;
    *at += 2;
    return (char)(hex(p[1]) << 4 | hex(p[2]));
}

/* Looks at from[at..to) in the directory that the first `name` bytes in s->work name;
 * *longer: their number with it. */
static enum shorten_file look(const struct found *f, size_t name, size_t at, size_t to, size_t *longer)
{
    char *work = f->s->work, c = '/';

    work[name++] = '/';
    while (at < to && name < SHORTEN_WORK - 1 && (c = take_byte(f, &at)))
        work[name++] = c;
    work[name] = '\0';
    *longer = name;
    return at < to || !c ? SHORTEN_NOTHING : f->s->look(f->s->ctx, work);
}

static size_t first_end(const struct found *f, size_t at)
{
    while (at < f->limit && !is_one_of(ENDS, f->from[at]))
        at++;
    return at;
}

static void descend(struct found *f, size_t end, size_t name)
{
    f->up = f->dir;
    f->up_name = f->dir_name;
    f->dir = end;
    f->dir_name = name;
}

/* No file is called from[at..to): the path ends within, after the longest name that one has. */
static void find_end(struct found *f, size_t at, size_t to)
{
    size_t name;

    f->kind = SHORTEN_NOTHING;
    for (size_t i = to - at > COMPONENT_MAX ? at + COMPONENT_MAX : to; i-- > at;) {
        if (!is_one_of(ENDS, f->from[i]))
            continue;
        f->end = i;
        f->kind = i > at ? look(f, f->dir_name, at, i, &name) : SHORTEN_DIRECTORY;
        if (f->kind == SHORTEN_DIRECTORY && i > at)
            descend(f, i, name);
        if (f->kind != SHORTEN_NOTHING)
            return;
    }
    f->end = first_end(f, at);
}

/* Follows the path through all directories that are there. */
static void walk(struct found *f)
{
    size_t at = 0, to, name;

    for (;; at = to) {
        while (at < f->limit && f->from[at] == '/')
            at++;
        for (to = at; to < f->limit && f->from[to] != '/'; to++)
            ;
        f->end = to;
        f->kind = SHORTEN_DIRECTORY;
        if (at == to)
            return;
        if (to - at == 1 && f->from[at] == '.')
            continue;
        f->kind = look(f, f->dir_name, at, to, &name);
        if (f->kind == SHORTEN_DIRECTORY) {
            descend(f, to, name);
            continue;
        }
        if (f->kind == SHORTEN_NOTHING)
            find_end(f, at, to);
        return;
    }
}

static void find(struct found *f)
{
    const char *below = f->s->below;
    size_t name;

    f->end = first_end(f, 0);
    f->kind = SHORTEN_OTHER;
    if (strncmp(f->from, below, strlen(below)) == 0)
        return;
    /* most long arguments are files that a compiler is to read */
    if (f->end <= SHORTEN_OVER || look(f, 0, 1, f->end, &name) != SHORTEN_OTHER)
        walk(f);
}

/* --- What stands there instead -------------------------------------------------------- */

/* Whether what follows the directory that ends at `at` leads out of it by "..": programs that
 * work such names out without asking the kernel must not end up among the aliases. */
static bool climbs(const struct found *f, size_t at)
{
    int depth = 0;

    while (at < f->end) {
        size_t from = at += f->from[at] == '/';

        while (at < f->end && f->from[at] != '/')
            at++;
        bool dots = at - from <= 2 && f->from[from] == '.' && f->from[at - 1] == '.';
        depth += at == from || (dots && at - from == 1) ? 0 : dots ? -1 : 1;
        if (depth < 0)
            return true;
    }
    return false;
}

/* How much of it an alias of `alias` bytes is to stand for, cut in s->work to that; 0: nothing. */
static size_t choose(const struct found *f, size_t alias)
{
    if (f->kind == SHORTEN_OTHER || f->dir_name + (f->end - f->dir) <= SHORTEN_OVER)
        return 0;
    if (f->kind == SHORTEN_DIRECTORY && f->up > alias && alias + (f->end - f->up) <= SHORTEN_WANT &&
        !climbs(f, f->up)) {
        f->s->work[f->up_name] = '\0';
        return f->up;
    }
    if (f->dir <= alias || climbs(f, f->dir))
        return 0;
    f->s->work[f->dir_name] = '\0';
    return f->dir;
}

bool shorten_is_plain(const char *name)
{
    for (; *name; name++)
        if (is_one_of(ENDS "%$*!~", *name) || (unsigned char)*name <= ' ')
            return false;
    return true;
}

/* Writes what is to stand in front of from[*cut]; its length. 0: nothing. `front`: the len bytes
 * before it. */
static size_t replace(const struct found *f, bool whole, const char *front, size_t len, char to[SHORTEN_ALIAS_MAX],
                      size_t *cut)
{
    const char *below = f->s->below;
    size_t expected = strlen(below) + 1 + ALIAS_LETTERS;

    *cut = whole || shorten_is_plain(below) ? choose(f, expected) : 0;
    if (*cut && is_kept_command(front, len))
        *cut = 0;
    long n = *cut ? f->s->alias(f->s->ctx, f->s->work, to) : 0;
    if (n <= 0 || (size_t)n > expected)
        *cut = 0;
    return *cut ? (size_t)n : 0;
}

size_t shorten_text(const struct shorten *s, char *text, size_t len)
{
    size_t at = 0, to = 0, line = 0;

    while (s->below && len - at > SHORTEN_OVER) {
        int skip = begins(text + at, text, to);

        if (skip < 0 || follows_word(text, to)) {
            text[to++] = text[at++];
            continue;
        }
        memmove(text + to, text + at, (size_t)skip);
        to += (size_t)skip, at += (size_t)skip;
        if (line <= at)
            line = line_end(text, at, len);
        struct found f = {.s = s, .from = text + at, .escaped = is_bus_address(text, to)};
        char alias[SHORTEN_ALIAS_MAX];
        size_t cut;
        f.limit = line - at < SHORTEN_WORK - 1 ? line - at : SHORTEN_WORK - 1;
        find(&f);
        size_t n = replace(&f, at == 0 && f.end == len, text, to, alias, &cut);
        memcpy(text + to, alias, n);
        memmove(text + to + n, text + at + cut, f.end - cut);
        to += n + f.end - cut;
        at += f.end;
    }
    memmove(text + to, text + at, len - at + 1);
    return to + len - at;
}

/* Files within files. */
#include "parse.h"

#include <errno.h>
#include <string.h>

struct seen {
    struct seen *next;
    const char *path;
};

/* --- A text ---------------------------------------------------------------- */

/* Length of the UTF-8 sequence at s, 0 if it is none (RFC 3629). */
static size_t utf8(const unsigned char *s, size_t len)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    if (n > len || n == 0)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static const char *first_odd(const char *at, const char *end)
{
    const uint64_t high = 0x8080808080808080u, low = 0x0101010101010101u;

    while (at < end) {
        uint64_t word;

        /* Eight bytes at once while all are 1..127. */
        for (; end - at >= 8; at += 8) {
            memcpy(&word, at, 8);
            if ((word | (word - low)) & high)
                break;
        }
        if (at == end || !*at)
            return at;
        size_t n = utf8((const unsigned char *)at, (size_t)(end - at));
        if (!n)
            return at;
        at += n;
    }
    return end;
}

/* Policies are text: a byte that is not must be a mistake. */
static bool check_text(struct parser *p, struct source *s)
{
    const char *odd = first_odd(s->at, s->end);

    if (odd == s->end)
        return true;
    if (!*odd)
        return say_error(p, span_of(odd, 1), "write it as \\x00 in a name", "a NUL byte in the text");
    return say_error(p, span_of(odd, 1), "write the byte as \\xHH in a name", "not UTF-8");
}

bool parse_text(struct parser *p, struct source *s)
{
    struct source *was = p->src;
    bool ok;

    s->at = s->line_at = s->counted = s->text;
    s->line = 1;
    p->src = s;
    if (s->end - s->at >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0)
        s->at += 3; /* a byte order mark */
    ok = check_text(p, s);
    if (ok)
        parse_items(p);
    p->src = was;
    return ok;
}

/* --- Finding it ------------------------------------------------------------ */

static const char *join(struct parser *p, const char *dir, size_t dir_len, const char *name, size_t len)
{
    char *path = arena_alloc(p->arena, dir_len + 1 + len + 1, 1);

    if (!path) {
        say_nomem(p);
        return NULL;
    }
    memcpy(path, dir, dir_len);
    path[dir_len] = '/';
    memcpy(path + dir_len + 1, name, len);
    return path;
}

static bool say_cannot(struct parser *p, struct span where, const char *path, int err)
{
    const char *name = policy_errno_name(err);

    if (err == EFBIG)
        return say_error(p, where, NULL, "'%s' is larger than %u bytes", path, (unsigned long)POLICY_TEXT_MAX);
    if (err == ENOENT)
        return say_error(p, where, NULL, "there is no file '%s'", path);
    if (err == EACCES)
        return say_error(p, where, NULL, "'%s' may not be read (EACCES)", path);
    return say_error(p, where, NULL, "'%s' cannot be read (%s)", path, name ? name : "unknown error");
}

/* True when the file need not be read: it is here already. */
static bool seen_before(struct parser *p, struct span where, const char *path, bool *ok)
{
    struct seen *new;

    for (const struct source *s = p->src; s; s = s->parent)
        if (strcmp(s->name, path) == 0) {
            *ok = say_error(p, where, NULL, "'%s' includes itself", path);
            return true;
        }
    for (const struct seen *s = p->seen; s; s = s->next)
        if (strcmp(s->path, path) == 0)
            return true;
    new = ARENA_NEW(p->arena, struct seen);
    if (!new) {
        *ok = say_nomem(p);
        return true;
    }
    *new = (struct seen){.next = p->seen, .path = path};
    p->seen = new;
    return false;
}

static size_t dir_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static bool read_text(struct parser *p, struct span where, const char *path, const struct policy_file *f)
{
    struct source *s;

    if (f->len > POLICY_TEXT_MAX - p->text_bytes)
        return say_error(p, where, NULL, "all files together are larger than %u bytes",
                         (unsigned long)POLICY_TEXT_MAX);
    p->text_bytes += f->len;
    s = ARENA_NEW(p->arena, struct source);
    if (!s)
        return say_nomem(p);
    *s = (struct source){
        .name = path,
        .text = f->text,
        .end = f->text + f->len,
        .dir = path,
        .dir_len = dir_len(path),
        .apparmor = p->src->apparmor,
        .parent = p->src,
        .depth = p->src->depth + 1,
    };
    parse_text(p, s);
    return true;
}

/* Editors' and package managers' leftovers, as AppArmor leaves them out. */
static bool ignored(const char *name)
{
    static const char ends[][12] = {".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove",
                                    ".pacsave", ".pacnew", ".rpmnew", ".rpmsave", ".orig", ".rej", "~"};
    size_t len = strlen(name);

    if (*name == '.' || strcmp(name, "README") == 0)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strnlen(ends[i], sizeof *ends);

        if (len >= n && memcmp(name + len - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

static int include_file(struct parser *p, struct span where, const char *path);

/* Reads a directory's files in the order of their names: each time the least
 * name above the last one. Directories of policies are small. */
static bool include_directory(struct parser *p, struct span where, const char *path,
                              const struct policy_file *names)
{
    const char *last = "", *end = names->text + names->len;

    for (unsigned n = 0; n < INCLUDES_MAX && !p->stop; n++) {
        const char *least = NULL;

        for (const char *at = names->text; at < end; at += strlen(at) + 1)
            if (strcmp(at, last) > 0 && (!least || strcmp(at, least) < 0) && !ignored(at))
                least = at;
        if (!least)
            return true;
        last = least;
        const char *file = join(p, path, strlen(path), least, strlen(least));
        if (!file)
            return false;
        struct policy_file inner;
        bool ok = true;
        int err = p->in->files->read(p->in->files->ctx, file, &inner);
        if (err == -EISDIR)
            continue; /* AppArmor does not descend */
        if (err)
            return say_cannot(p, where, file, -err);
        if (!seen_before(p, where, file, &ok))
            ok = read_text(p, where, file, &inner);
        if (!ok)
            return false;
    }
    return true;
}

/* 1: read, or read before; 0: it is not there; -1: reported. */
static int include_file(struct parser *p, struct span where, const char *path)
{
    struct policy_file f = {0};
    bool ok = true;
    int err;

    if (seen_before(p, where, path, &ok))
        return ok ? 1 : -1;
    err = p->in->files->read(p->in->files->ctx, path, &f);
    if (err == -EISDIR && p->in->files->list) {
        err = p->in->files->list(p->in->files->ctx, path, &f);
        if (!err)
            return include_directory(p, where, path, &f) ? 1 : -1;
    }
    if (err == -ENOENT || err == -ENOTDIR) {
        p->seen = p->seen->next;
        return 0;
    }
    if (err) {
        say_cannot(p, where, path, -err);
        return -1;
    }
    return read_text(p, where, path, &f) ? 1 : -1;
}

static int search(struct parser *p, struct span name)
{
    for (const char *const *dir = p->in->search; dir && *dir; dir++) {
        const char *path = join(p, *dir, strlen(*dir), name.at, name.len);
        int found = path ? include_file(p, name, path) : -1;

        if (found)
            return found;
    }
    return 0;
}

static int include_named(struct parser *p, struct span name)
{
    const char *path;

    if (*name.at == '/')
        path = arena_text(p->arena, name.at, name.len);
    else if (p->src->dir)
        path = join(p, p->src->dir, p->src->dir_len, name.at, name.len);
    else {
        say_error(p, name, "give the whole path, or <%s>", "no directory is known that '%w' could be relative to",
                  &name);
        return -1;
    }
    if (!path) {
        say_nomem(p);
        return -1;
    }
    return include_file(p, name, path);
}

/* --- Reading the line ------------------------------------------------------ */

static void skip_spaces(struct parser *p)
{
    while (peek(p) == ' ' || peek(p) == '\t')
        p->src->at++;
}

/* `<name>`, `"name"` or `name`, on one line. */
static bool take_file_name(struct parser *p, struct span *name, bool *angle)
{
    const char *at;

    *angle = take(p, '<');
    if (!*angle) {
        if (peek(p) == '"')
            return take_value(p, false, name);
        for (at = p->src->at; at < p->src->end && !is_blank(*at) && *at != ','; at++)
            ;
        *name = span_of(p->src->at, (size_t)(at - p->src->at));
        p->src->at = at;
        return true;
    }
    for (at = p->src->at; at < p->src->end && *at != '>' && *at != '\n'; at++)
        ;
    *name = span_of(p->src->at, (size_t)(at - p->src->at));
    if (at == p->src->end || *at != '>')
        return say_error(p, span_of(p->src->at - 1, name->len + 1), NULL, "this '<' has no '>' on its line");
    p->src->at = at + 1;
    while (name->len && (is_blank(*name->at) || *name->at == '"'))
        name->at++, name->len--;
    while (name->len && (is_blank(name->at[name->len - 1]) || name->at[name->len - 1] == '"'))
        name->len--;
    return true;
}

static bool take_if_exists(struct parser *p)
{
    const char *start = p->src->at;
    struct span word = take_word(p);

    skip_spaces(p);
    if (span_is(word, "if") && word.at + word.len != p->src->at) {
        struct span second = take_word(p);

        if (span_is(second, "exists") && (peek(p) == ' ' || peek(p) == '\t')) {
            skip_spaces(p);
            return true;
        }
    }
    p->src->at = start;
    return false;
}

static bool check_include(struct parser *p, struct span name)
{
    if (!name.len)
        return say_error(p, name, NULL, "no file is named");
    if (name.len > POLICY_NAME_MAX)
        return say_error(p, name, NULL, "a name of %u bytes; the limit is %u", (unsigned long)name.len,
                         (unsigned long)POLICY_NAME_MAX);
    if (!p->in->files)
        return say_error(p, name, NULL, "files cannot be included here");
    if (p->src->depth >= POLICY_INCLUDE_DEPTH)
        return say_error(p, name, NULL, "includes are nested more than %u deep",
                         (unsigned long)POLICY_INCLUDE_DEPTH);
    if (p->include_count++ >= INCLUDES_MAX) {
        say_error(p, name, NULL, "more than %u includes", (unsigned long)INCLUDES_MAX);
        p->stop = true;
        return false;
    }
    return true;
}

bool parse_include(struct parser *p)
{
    struct span name;
    bool angle, optional;
    int found;

    take(p, '#');
    take_word(p);
    skip_spaces(p);
    optional = take_if_exists(p);
    if (!take_file_name(p, &name, &angle))
        return false;
    take(p, ','); /* not AppArmor's, but everything else ends in one */
    p->rule_end = p->src->at;
    if (!check_include(p, name))
        return false;
    if (p->dead)
        return true;
    const char *start = p->rule_at, *end = p->rule_end;
    found = angle ? search(p, name) : include_named(p, name);
    p->rule_at = start; /* of this rule again */
    p->rule_end = end;
    if (found == 0 && optional)
        return true;
    if (found == 0 && angle)
        return say_error(p, name, "-I DIR adds a directory to search",
                         "'%w' is in none of the directories that are searched", &name);
    if (found == 0)
        return say_error(p, name, NULL, "there is no file '%w'", &name);
    return found > 0;
}

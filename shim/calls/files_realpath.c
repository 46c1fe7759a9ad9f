/* realpath(3) and its like. They undo symbolic links, and with them what was
 * done to get a short name: a program that resolves its directory first (tmux)
 * would end up with the long one after all. So the name that it asked for is put
 * back in front, where the result lies below what that stands for. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "calls.h"
#include "files.h"
#include "shim/alias.h"
#include "shim/map.h"
#include "shim/scratch.h"
#include "shim/shorten.h"
#include "shim/sys.h"

/* stdlib.h has them; nothing else of it is used here. */
char *realpath(const char *restrict path, char *restrict to);
char *canonicalize_file_name(const char *path);

struct names {
    char *asked;  /* what to resolve in place of what the program gave */
    char *shown;  /* by which name the program knows that */
    size_t same;  /* so many bytes at the start of `shown` stand for ... */
    size_t meant; /* ... so many of `asked`; 0: nothing is known */
    char *spare;
};

static char *next_realpath(const char *path, char *to)
{
    return (char *)file_call((long)path, (long)to, 0, 0, 0, FILE_realpath);
}

/* What both names end in, whole components of them, is not of the rule. */
static void find_rule(struct names *n, size_t len, size_t asked_len)
{
    size_t tail = 0;

    for (size_t i = 1; i <= len && i <= asked_len && n->shown[len - i] == n->asked[asked_len - i]; i++)
        if (n->shown[len - i] == '/')
            tail = i;
    n->same = len - tail;
    n->meant = asked_len - tail;
}

/* How much of `path` is an alias that a program was given; 0: it begins with none. */
static size_t alias_at_start(const char *path)
{
    const char *prefix = state->shortens ? alias_prefix() : NULL;
    size_t len = prefix ? strlen(prefix) : 0, all = len + 1 + ALIAS_LETTERS;

    if (!len || strncmp(path, prefix, len) != 0 || path[len] != ALIAS_SHORTENED || strnlen(path, all) < all)
        return 0;
    return path[all] == '/' || path[all] == '\0' ? all : 0;
}

/* 1: n->asked has the name to resolve; 0: it is what was given; -errno. */
static int look(const char *path, struct names *n)
{
    size_t len = strnlen(path, PATH_MAX);

    if (*path != '/' || len == PATH_MAX)
        return 0;
    long mapped = map_on() ? map_path(path, n->asked, PATH_MAX) : 0;
    if (mapped < 0)
        return (int)mapped;
    if (mapped) {
        long back = map_back(n->asked, (size_t)mapped, n->shown, PATH_MAX);
        if (back > 0)
            find_rule(n, (size_t)back, (size_t)mapped);
        return 1;
    }
    n->same = n->meant = alias_at_start(path);
    memcpy(n->asked, path, len + 1);
    memcpy(n->shown, path, len + 1);
    return n->meant > 0;
}

/* Puts the name that is shown in place of the directory `real_one` at the start of `name`. */
static void put_back(char *name, const char *real_one, const struct names *n)
{
    size_t len = strlen(real_one) > 1 ? strlen(real_one) : 0; /* the root's slash belongs to what follows */

    if (strncmp(name, real_one, len) != 0 || (name[len] != '/' && name[len] != '\0'))
        return;
    size_t rest = strlen(name + len);
    if (n->same + rest == 0 || n->same + rest >= PATH_MAX)
        return;
    memmove(name + n->same, name + len, rest + 1);
    memcpy(name, n->shown, n->same);
}

/* `name` has PATH_MAX bytes. */
static char *resolve(struct names *n, char *name)
{
    if (!next_realpath(n->asked, name))
        return NULL;
    long back = map_on() ? map_back(name, strlen(name), n->spare, PATH_MAX) : 0;
    if (back > 0) {
        memcpy(name, n->spare, (size_t)back + 1);
    } else if (n->meant) {
        n->asked[n->meant] = '\0';
        if (next_realpath(n->asked, n->spare))
            put_back(name, n->spare, n);
    }
    return name;
}

static char *resolve_in(char *room, char *more, const char *path, char *to)
{
    struct names n = {.asked = room, .shown = room + PATH_MAX, .spare = room + 2 * PATH_MAX};
    int changed = room && more ? look(path, &n) : -ENOMEM;

    if (changed < 0) {
        errno = -changed;
        return NULL;
    }
    if (!changed)
        return next_realpath(path, to);
    char *name = resolve(&n, to ? to : more);
    return name && !to ? (char *)file_call((long)name, 0, 0, 0, 0, FILE_strdup) : name;
}

static char *resolve_short(const char *path, char *to)
{
    char *room = scratch_take(), *more = scratch_take(), *name = resolve_in(room, more, path, to);

    scratch_give(more);
    scratch_give(room);
    return name;
}

static char *resolve_any(const char *path, char *to)
{
    if (!path || !(map_on() || state->shortens) || !files_ready())
        return next_realpath(path, to);
    return resolve_short(path, to);
}

INTERPOSED char *realpath(const char *restrict path, char *restrict to)
{
    return resolve_any(path, to);
}

INTERPOSED char *canonicalize_file_name(const char *path)
{
    return resolve_any(path, NULL);
}

INTERPOSED char *__realpath_chk(const char *path, char *to, size_t room);
INTERPOSED char *__realpath_chk(const char *path, char *to, size_t room)
{
    if (room < PATH_MAX) /* the C library ends the program */
        return (char *)file_call((long)path, (long)to, (long)room, 0, 0, FILE___realpath_chk);
    return resolve_any(path, to);
}

/* --- Links, which are there for longer than aliases ------------------------------- */

static long link_to(const char *target, long b, long c, enum file_call which)
{
    char first, *room = NULL;

    if (state->shortens && files_ready() && copy_in(&first, target, 1) == 0 && alias_at_start(target))
        room = scratch_take();
    if (room && shorten_undo(target, strlen(target), room, PATH_MAX) < PATH_MAX)
        target = room;
    long ret = file_call((long)target, b, c, 0, 0, which);
    scratch_give(room);
    return ret;
}

INTERPOSED int symlink(const char *target, const char *path)
{
    return (int)link_to(target, (long)path, 0, FILE_symlink);
}

INTERPOSED int symlinkat(const char *target, int dir, const char *path)
{
    return (int)link_to(target, dir, (long)path, FILE_symlinkat);
}

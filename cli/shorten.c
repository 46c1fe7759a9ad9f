#include "shorten.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aliases.h"
#include "cli.h"
#include "domain/alias.h"
#include "domain/shorten.h"

struct place {
    int dir;          /* of the aliases */
    const char *path; /* "D/a/" */
    int err;          /* of the last that could not be made */
};

static int make_link(void *ctx, const char *target, const char *name)
{
    return symlinkat(target, ((struct place *)ctx)->dir, name) ? -errno : 0;
}

/* Another user's could be exchanged. */
static long read_link(void *ctx, const char *name, char *to, size_t room)
{
    int dir = ((struct place *)ctx)->dir;
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || (st.st_uid && st.st_uid != geteuid()))
        return -EPERM;
    ssize_t n = readlinkat(dir, name, to, room);

    return n < 0 ? -errno : n;
}

static long make_alias(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX])
{
    struct place *p = ctx;
    const struct alias_links links = {make_link, read_link, p};
    char name[ALIAS_NAME_MAX], room[PATH_MAX];
    int err = alias_make(&links, ALIAS_SHORTENED, dir, room, sizeof room, name);

    if (err)
        return p->err = err;
    int n = snprintf(path, SHORTEN_ALIAS_MAX, "%s%s", p->path, name);
    return n < SHORTEN_ALIAS_MAX ? n : (p->err = -ENAMETOOLONG);
}

static enum shorten_file look(void *ctx, const char *path)
{
    struct stat st;

    (void)ctx;
    if (stat(path, &st))
        return SHORTEN_NOTHING;
    return S_ISDIR(st.st_mode) ? SHORTEN_DIRECTORY : S_ISSOCK(st.st_mode) ? SHORTEN_SOCKET : SHORTEN_OTHER;
}

/* `text` itself where nothing in it is long. The first `head` bytes stay. */
static char *shorten(const struct shorten *s, char *text, size_t head)
{
    size_t len = strlen(text + head);

    if (!shorten_worth(text + head, len))
        return text;
    char *copy = format_new("%s", text);
    shorten_text(s, copy + head, len);
    return copy;
}

static unsigned count(char **list)
{
    unsigned n = 0;

    while (list[n])
        n++;
    return n;
}

static char **arguments(const struct shorten *s, char **argv)
{
    unsigned n = count(argv);
    char **out = allocate((n + 1) * sizeof *out);
    bool keep = shorten_keeps_program(argv[0]);

    out[0] = argv[0];
    for (unsigned i = 1; i < n; i++)
        out[i] = keep || shorten_keeps_argument(argv[i], argv[i - 1]) ? argv[i] : shorten(s, argv[i], 0);
    out[n] = NULL;
    return out;
}

static char **variables(const struct shorten *s)
{
    unsigned n = count(environ);
    char **out = allocate((n + 1) * sizeof *out);

    for (unsigned i = 0; i < n; i++) {
        const char *value = strchr(environ[i], '=');

        out[i] = value && !shorten_keeps_variable(environ[i])
                     ? shorten(s, environ[i], (size_t)(value + 1 - environ[i]))
                     : environ[i];
    }
    out[n] = NULL;
    return out;
}

int shorten_program(const struct domain *d, char **argv, struct shortened *out)
{
    static char work[SHORTEN_WORK];
    struct place place = {.err = 0};
    struct shorten s = {look, make_alias, &place, NULL, work};

    if ((place.dir = aliases_open(d, &place.path)) < 0)
        return fail("cannot open the directory of aliases %s: %s", place.path, strerror(errno));
    s.below = place.path;
    out->argv = arguments(&s, argv);
    out->environment = shorten_keeps_environment(argv[0]) ? environ : variables(&s);
    close(place.dir);
    return place.err ? fail("cannot make an alias in %s: %s", place.path, strerror(-place.err)) : 0;
}

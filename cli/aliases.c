#include "aliases.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bases.h"
#include "cli.h"
#include "domain/alias.h"
#include "domain/names.h"
#include "policy/layers.h"

/* What a link in `dir` holds; NULL: it is none. */
static char *link_in(const char *dir, const char *name)
{
    char *path = format_new("%s/%s", dir, name), target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);

    free(path);
    return n > 0 ? format_new("%.*s", (int)n, target) : NULL;
}

/* Another user could put links there that lead our programs anywhere; root could, too,
 * but root's word counts. */
static bool usable(const char *dir)
{
    const char *slash = strrchr(dir, '/');
    struct stat st;

    return *dir == '/' && !strcmp(slash, "/" DOMAIN_ALIASES) && strlen(dir) + sizeof "/sXXXXX" - 1 <= ALIAS_PATH &&
           !lstat(dir, &st) && S_ISDIR(st.st_mode) && (!st.st_uid || st.st_uid == geteuid()) &&
           !faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS);
}

/* NULL: this run needs one of its own. */
static const char *shared(const char *outer)
{
    const char *found = NULL;

    for (unsigned i = 0; outer && i < RUNS_MAX; i++) {
        const char *target = link_in(outer, DOMAIN_ALIASES);
        const char *dir = target ? target : format_new("%s/" DOMAIN_ALIASES, outer);

        if (usable(dir))
            found = dir;
        outer = link_in(outer, DOMAIN_OUTER);
    }
    return found;
}

enum { OWN_LETTERS = 8, TRIES = 4 };
#define OWN_PREFIX ".sun-" /* domain_sweep() passes over names that begin so */

bool aliases_is_own(const char *name)
{
    size_t n = sizeof OWN_PREFIX - 1;

    return !strncmp(name, OWN_PREFIX, n) && strlen(name) == n + OWN_LETTERS && are_letters(name + n, OWN_LETTERS);
}

/* Beside the run's directory. The link is there before what it leads to: whoever is killed in
 * between leaves nothing that the next one does not find. NULL with errno. */
static const char *make_elsewhere(const struct domain *d)
{
    char letters[OWN_LETTERS + 1];
    char *path;

    for (unsigned i = 0; i < TRIES; i++) {
        if (random_letters(letters, OWN_LETTERS))
            return NULL;
        path = format_new("%.*s/" OWN_PREFIX "%s", (int)(strrchr(d->path, '/') - d->path), d->path, letters);
        if (symlinkat(path, d->fd, DOMAIN_OWN_ALIASES))
            return NULL;
        if (!mkdir(path, 0711) && !chmod(path, 0711))
            return path;
        unlinkat(d->fd, DOMAIN_OWN_ALIASES, 0);
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

/* Services change their uid and make aliases, too: as in /tmp, everybody may, and nobody can
 * exchange somebody else's. */
static const char *make_public(const struct domain *d)
{
    const char *parent = make_elsewhere(d);
    const char *path = parent ? format_new("%s/" DOMAIN_ALIASES, parent) : NULL;

    return path && !mkdir(path, 01777) && !chmod(path, 01777) ? path : NULL;
}

int aliases_make(const struct domain *d, const char *outer)
{
    const char *target = shared(outer);
    int err = 0;

    if (!target && domain_is_roots())
        err = (target = make_public(d)) ? 0 : -1;
    if (target)
        err = symlinkat(target, d->fd, DOMAIN_ALIASES);
    else if (!err && !(err = mkdirat(d->fd, DOMAIN_ALIASES, 0700)))
        err = fchmodat(d->fd, DOMAIN_ALIASES, 0700, 0);
    return err ? domain_refuse(d, DOMAIN_ALIASES, 0, -errno) : 0;
}

int aliases_open(const struct domain *d, const char **path)
{
    const char *target = link_in(d->path, DOMAIN_ALIASES);

    *path = target ? format_new("%s/", target) : format_new("%s/" DOMAIN_ALIASES "/", d->path);
    return openat(d->fd, DOMAIN_ALIASES, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

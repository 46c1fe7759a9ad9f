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

/* No sticky bit for root's: links of other users would not be followed there (proc(5),
 * protected_symlinks). */
int aliases_make(const struct domain *d, const char *outer)
{
    const char *target = shared(outer);
    mode_t mode = domain_is_roots() ? 0777 : 0700;
    int err;

    if (target)
        err = symlinkat(target, d->fd, DOMAIN_ALIASES);
    else if (!(err = mkdirat(d->fd, DOMAIN_ALIASES, mode)))
        err = fchmodat(d->fd, DOMAIN_ALIASES, mode, 0);
    return err ? domain_refuse(d, DOMAIN_ALIASES, 0, -errno) : 0;
}

int aliases_open(const struct domain *d, const char **path)
{
    const char *target = link_in(d->path, DOMAIN_ALIASES);

    *path = target ? format_new("%s/", target) : format_new("%s/" DOMAIN_ALIASES "/", d->path);
    return openat(d->fd, DOMAIN_ALIASES, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

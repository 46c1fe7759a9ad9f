#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bases.h"
#include "cli.h"
#include "domain/names.h"
#include "tree.h"

#define BASE "/tmp"
#define PREFIX "sun-"
enum { SHORT_ENOUGH = 40, LETTERS = 8 };

static const char *const variables[] = {"TMPDIR", "TMP", "TEMP", "TEMPDIR"};
enum { VARIABLES = sizeof variables / sizeof *variables };

/* One that is not there is not to come into being. */
static bool is_long(const char *variable, struct stat *st)
{
    const char *value = getenv(variable);

    return value && strlen(value) > SHORT_ENOUGH && !stat(value, st) && S_ISDIR(st->st_mode);
}

/* Where everybody could make files, everybody still can: root's services change their uid. */
static mode_t mode_for(const struct stat *st)
{
    return domain_is_roots() && (st->st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH) ? 01777 : 0700;
}

static int choose(struct tmpdir *t, const struct stat *st)
{
    char letters[LETTERS + 1];
    int err = random_letters(letters, LETTERS);

    if (err)
        return fail("cannot choose a name for a short TMPDIR: %s", strerror(-err));
    snprintf(t->path, sizeof t->path, BASE "/" PREFIX "%s", letters);
    t->mode = mode_for(st);
    return 0;
}

int tmpdir_choose(struct tmpdir *t)
{
    struct stat st;

    for (unsigned i = 0; i < VARIABLES; i++) {
        if (!is_long(variables[i], &st))
            continue;
        if (!*t->path && choose(t, &st))
            return EXIT_SUNSHIM;
        setenv(variables[i], t->path, 1);
    }
    return 0;
}

int tmpdir_make(const struct tmpdir *t, const struct domain *d, bool keep)
{
    if (!*t->path)
        return 0;
    if (!keep && symlinkat(t->path, d->fd, DOMAIN_TMP))
        return domain_refuse(d, DOMAIN_TMP, strlen(t->path), -errno);
    if (!mkdir(t->path, 0700) && !chmod(t->path, t->mode))
        return 0;
    if (errno == EEXIST) /* somebody else's is not to be removed */
        unlinkat(d->fd, DOMAIN_TMP, 0);
    return fail("cannot make a short directory for TMPDIR: %s: %s", t->path, strerror(errno));
}

/* Nothing else is removed, whatever the link says. */
static const char *noted(const char *path)
{
    static const char start[] = BASE "/" PREFIX;
    const char *letters = path + sizeof start - 1;

    return !strncmp(path, start, sizeof start - 1) && are_letters(letters, LETTERS) ? path + sizeof BASE : NULL;
}

bool tmpdir_erase(int run)
{
    char path[64] = "";
    const char *name;

    if (readlinkat(run, DOMAIN_TMP, path, sizeof path - 1) < 0)
        return errno == ENOENT || errno == EINVAL; /* EINVAL: no link, and not ours */
    if ((name = noted(path))) {
        int base = open(BASE, O_PATH | O_DIRECTORY | O_CLOEXEC);
        bool removed = base >= 0 && tree_remove(base, name);

        if (base >= 0)
            close(base);
        if (!removed)
            return false;
    }
    return !unlinkat(run, DOMAIN_TMP, 0) || errno == ENOENT;
}

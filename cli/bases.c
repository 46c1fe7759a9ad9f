#include "bases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli.h"

bool domain_is_roots(void)
{
    return geteuid() == 0;
}

static mode_t dir_mode(void)
{
    return domain_is_roots() ? 0711 : 0700;
}

enum { ALIAS_TAIL = sizeof "/0123456789abcdef/a/sXXXXX" - 1 };

/* Its own name, so that all processes of nested runs know an alias by the same one;
 * NULL: it cannot be a place for runs. LD_PRELOAD holds no blanks and colons. */
static const char *runtime_base(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *real = runtime && *runtime == '/' ? realpath(runtime, NULL) : NULL;

    if (!real || strpbrk(real, " :\t\n") || strlen(real) + sizeof "/sunshim" - 1 + ALIAS_TAIL > ALIAS_PATH)
        return NULL;
    return format_new("%s/sunshim", real);
}

const struct domain_base *domain_bases(void)
{
    static struct domain_base bases[3];
    const char *runtime;
    unsigned n = 0;

    if (bases[0].dir)
        return bases;
    if (domain_is_roots())
        bases[n++] = (struct domain_base){"/run/sunshim", "", true};
    else if ((runtime = runtime_base()))
        bases[n++] = (struct domain_base){runtime, "", true};
    bases[n] = (struct domain_base){"/tmp", "sunshim-", false};
    return bases;
}

/* A base of our own must really be ours: in a directory that somebody else can
 * write, a name can be exchanged. */
static bool usable(const struct domain_base *base, bool for_copy)
{
    struct statvfs fs;
    struct stat st;

    if (base->own && !mkdir(base->dir, dir_mode()) && chmod(base->dir, dir_mode()))
        return false;
    if (lstat(base->dir, &st) || !S_ISDIR(st.st_mode))
        return false;
    if (base->own && (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)))
        return false;
    /* Code cannot be mapped from a file that lies on a noexec mount. */
    return !for_copy || (!statvfs(base->dir, &fs) && !(fs.f_flag & ST_NOEXEC));
}

/* Six random letters, as mkdtemp() has them, can be guessed in a day, and whoever
 * knows the name may write to what root's runs remember: 80 bits. */
static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

int random_letters(char *to, unsigned count)
{
    if (getrandom(to, count, 0) != (ssize_t)count)
        return -EIO;
    for (unsigned i = 0; i < count; i++)
        to[i] = letters[(unsigned char)to[i] % (sizeof letters - 1)];
    to[count] = '\0';
    return 0;
}

bool are_letters(const char *text, unsigned count)
{
    return strlen(text) == count && strspn(text, letters) == count;
}

/* What has no pid file yet is not abandoned as long as it is locked. A sweeper may have
 * taken it before the lock: then it is gone. */
static bool lock(const struct domain *d)
{
    struct stat st, named;

    flock(d->fd, LOCK_EX);
    return !fstat(d->fd, &st) && !lstat(d->path, &named) && st.st_ino == named.st_ino && st.st_dev == named.st_dev;
}

static int make(struct domain *d)
{
    if (mkdir(d->path, 0700) || chmod(d->path, dir_mode()) ||
        (d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        return -errno;
    if (lock(d))
        return 0;
    close(d->fd);
    return -EAGAIN;
}

int domain_place(struct domain *d, bool for_copy)
{
    char name[DOMAIN_LETTERS + 1];
    int err = -EACCES;

    for (const struct domain_base *b = domain_bases(); b->dir; b++) {
        if (!usable(b, for_copy))
            continue;
        for (unsigned tries = 0; tries < 100; tries++) {
            if ((err = random_letters(name, sizeof name - 1)))
                return err;
            snprintf(d->path, sizeof d->path, "%s/%s%s", b->dir, b->prefix, name);
            if (!(err = make(d)))
                return 0;
            if (err != -EAGAIN && err != -ENOENT)
                break;
        }
    }
    return err;
}

#include "domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli.h"
#include "domain_names.h"
#include "library.h"

/* Root's services change their uid and go on: they must reach what is inside,
 * by its unguessable name. */
static bool is_root(void)
{
    return geteuid() == 0;
}

static mode_t dir_mode(void)
{
    return is_root() ? 0711 : 0700;
}

const struct domain_base *domain_bases(void)
{
    static struct domain_base bases[3];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    unsigned n = 0;

    if (bases[0].dir)
        return bases;
    if (is_root())
        bases[n++] = (struct domain_base){"/run/sunshim", "", true};
    else if (runtime && *runtime == '/' && !strpbrk(runtime, " :\t\n") && strlen(runtime) < PATH_MAX / 2)
        bases[n++] = (struct domain_base){format_new("%s/sunshim", runtime), "", true};
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

static int make_dir(struct domain *d, bool for_copy)
{
    int err = EACCES;

    for (const struct domain_base *b = domain_bases(); b->dir; b++) {
        if (!usable(b, for_copy))
            continue;
        snprintf(d->path, sizeof d->path, "%s/%sXXXXXX", b->dir, b->prefix);
        if (mkdtemp(d->path) && !chmod(d->path, dir_mode()) &&
            (d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) >= 0)
            return 0;
        err = errno;
    }
    return -err;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0)
            return -errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Under a temporary name first: a process that finds the file finds all of it. */
static int put(const struct domain *d, const char *name, const void *bytes, size_t len)
{
    char temporary[64];
    int fd, err;

    snprintf(temporary, sizeof temporary, "%s" DOMAIN_NEW, name);
    fd = openat(d->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    err = write_all(fd, bytes, len);
    /* Whatever the umask: other uids of a root's run have to read it. */
    if (!err && fchmod(fd, is_root() ? 0444 : 0400))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (!err && renameat(d->fd, temporary, d->fd, name))
        err = -errno;
    return err;
}

static int put_pid(const struct domain *d)
{
    char text[96];
    int len = snprintf(text, sizeof text, "%d %llu %llu\n", getpid(), process_start(getpid()), process_namespace());

    return put(d, DOMAIN_PID, text, (size_t)len);
}

static int copy_library(const struct domain *d, const char *library)
{
    int fd = open(library, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int err = -EIO;

    if (fd < 0)
        return -errno;
    if (!fstat(fd, &st)) {
        char *bytes = allocate((size_t)st.st_size);

        if (read(fd, bytes, (size_t)st.st_size) == st.st_size)
            err = put(d, DOMAIN_LIBRARY, bytes, (size_t)st.st_size);
        free(bytes);
    }
    close(fd);
    return err;
}

static int put_library(const struct domain *d, const char *library, bool copy)
{
    if (copy)
        return copy_library(d, library);
    return symlinkat(library, d->fd, DOMAIN_LIBRARY) ? -errno : 0;
}

int domain_make(struct domain *d, const char *library, const void *layers, size_t len)
{
    bool copy = is_root() && !library_public(library);
    int err = make_dir(d, copy);

    if (err == -EACCES && copy) {
        say("warning: other users cannot reach %s: a program that changes its uid will not find it", library);
        copy = false;
        err = make_dir(d, copy);
    }
    if (err)
        return fail("cannot make a directory for the run in %s: %s", domain_bases()->dir, strerror(-err));
    if ((err = put_pid(d)) || (err = put_library(d, library, copy)) || (err = put(d, DOMAIN_POLICY, layers, len))) {
        domain_remove(d);
        return fail("cannot write to %s: %s", d->path, strerror(-err));
    }
    return 0;
}

bool domain_reported(const struct domain *d)
{
    return !faccessat(d->fd, DOMAIN_REPORTED, F_OK, AT_SYMLINK_NOFOLLOW);
}

void domain_remove(struct domain *d)
{
    domain_erase(AT_FDCWD, d->path, d->fd);
    close(d->fd);
    d->fd = -1;
}

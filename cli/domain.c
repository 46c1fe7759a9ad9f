#include "domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "aliases.h"
#include "bases.h"
#include "cli.h"
#include "domain/names.h"
#include "library.h"
#include "memory.h"

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

int domain_begin(const struct domain *d, const char *name)
{
    char temporary[64];
    int fd;

    snprintf(temporary, sizeof temporary, "%s" DOMAIN_NEW, name);
    fd = openat(d->fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

int domain_finish(const struct domain *d, const char *name, int fd, int err, enum domain_mode mode)
{
    static const mode_t modes[][2] = {[DOMAIN_READABLE] = {0400, 0444}, [DOMAIN_WRITABLE] = {0600, 0666}};
    char temporary[64];

    snprintf(temporary, sizeof temporary, "%s" DOMAIN_NEW, name);
    if (!err && fchmod(fd, modes[mode][domain_is_roots()]))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (!err && renameat(d->fd, temporary, d->fd, name))
        err = -errno;
    return err;
}

/* What would have to be different: the file system, or a limit. */
int domain_refuse(const struct domain *d, const char *name, size_t bytes, int err)
{
    struct statvfs fs;
    struct rlimit limit;

    if ((err == -ENOSPC || err == -EDQUOT) && !fstatvfs(d->fd, &fs)) {
        unsigned long long left = (unsigned long long)fs.f_bavail * fs.f_frsize;

        if (left >= bytes && fs.f_files && !fs.f_favail)
            return fail("cannot make %s/%s: %s (no further file)", d->path, name, strerror(-err));
        return fail("cannot make %s/%s: %s (%zu bytes needed, %llu free)", d->path, name, strerror(-err), bytes, left);
    }
    if (err == -EFBIG && !getrlimit(RLIMIT_FSIZE, &limit))
        return fail("cannot make %s/%s: %s (%zu bytes needed, a file may have %llu: ulimit -f)", d->path, name,
                    strerror(-err), bytes, (unsigned long long)limit.rlim_cur);
    return fail("cannot make %s/%s: %s", d->path, name, strerror(-err));
}

/* 0, or 125 after saying why not. */
static int put(const struct domain *d, const char *name, const void *bytes, size_t len)
{
    int fd = domain_begin(d, name), err = fd < 0 ? fd : write_all(fd, bytes, len);

    if (fd >= 0)
        err = domain_finish(d, name, fd, err, DOMAIN_READABLE);
    return err ? domain_refuse(d, name, len, err) : 0;
}

static int put_link(const struct domain *d, const char *name, const char *target)
{
    return symlinkat(target, d->fd, name) ? domain_refuse(d, name, strlen(target), -errno) : 0;
}

static int put_pid(const struct domain *d)
{
    char text[96];
    int len = snprintf(text, sizeof text, "%d %llu %llu\n", getpid(), process_start(getpid()), process_namespace());

    return put(d, DOMAIN_PID, text, (size_t)len);
}

/* NULL with errno. */
static char *read_whole(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = NULL;
    struct stat st;

    if (fd < 0)
        return NULL;
    if (!fstat(fd, &st)) {
        bytes = allocate(*len = (size_t)st.st_size);
        errno = EIO;
        if (read(fd, bytes, *len) != st.st_size) {
            free(bytes);
            bytes = NULL;
        }
    }
    close(fd);
    return bytes;
}

static int copy_library(const struct domain *d, const char *library)
{
    size_t len = 0;
    char *bytes = read_whole(library, &len);

    if (!bytes)
        return fail("cannot read %s: %s", library, strerror(errno));
    int status = put(d, DOMAIN_LIBRARY, bytes, len);
    free(bytes);
    return status;
}

static int fill(const struct domain *d, const struct contents *c, bool copy)
{
    int status;

    if ((status = put_pid(d)) ||
        (status = copy ? copy_library(d, c->library) : put_link(d, DOMAIN_LIBRARY, c->library)) ||
        (status = c->outer ? put_link(d, DOMAIN_OUTER, c->outer) : 0) || (status = memory_make(d, c->memory)) ||
        (status = aliases_make(d, c->outer)))
        return status;
    return put(d, DOMAIN_POLICY, c->layers, c->len);
}

int domain_make(struct domain *d, const struct contents *c)
{
    bool copy = domain_is_roots() && !library_public(c->library);
    int err = domain_place(d, copy), status;

    if (err == -EACCES && copy) {
        say("warning: other users cannot reach %s: a program that changes its uid will not find it", c->library);
        copy = false;
        err = domain_place(d, copy);
    }
    if (err)
        return fail("cannot make a directory for the run in %s: %s", domain_bases()->dir, strerror(-err));
    if ((status = fill(d, c, copy)))
        domain_remove(d);
    return status;
}

bool domain_reported(const struct domain *d)
{
    return !faccessat(d->fd, DOMAIN_REPORTED, F_OK, AT_SYMLINK_NOFOLLOW);
}

bool domain_remove(struct domain *d)
{
    bool removed = domain_erase(AT_FDCWD, d->path, d->fd);

    close(d->fd);
    d->fd = -1;
    return removed;
}

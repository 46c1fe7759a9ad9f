#include "domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli.h"
#include "bases.h"
#include "domain/names.h"
#include "library.h"
#include "memory.h"

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

/* Six random letters, as mkdtemp() has them, can be guessed in a day, and whoever
 * knows the name may write to what root's runs remember: 80 bits. */
static int random_name(char *to)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -EIO;
    for (unsigned i = 0; i < sizeof bytes; i++)
        to[i] = letters[bytes[i] % (sizeof letters - 1)];
    to[sizeof bytes] = '\0';
    return 0;
}

static int make_dir(struct domain *d, bool for_copy)
{
    char name[17];
    int err = random_name(name);

    if (err)
        return err;
    err = EACCES;
    for (const struct domain_base *b = domain_bases(); b->dir; b++) {
        if (!usable(b, for_copy))
            continue;
        snprintf(d->path, sizeof d->path, "%s/%s%s", b->dir, b->prefix, name);
        if (!mkdir(d->path, 0700) && !chmod(d->path, dir_mode()) &&
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
    if (!err && fchmod(fd, modes[mode][is_root()]))
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

    if ((err == -ENOSPC || err == -EDQUOT) && !fstatvfs(d->fd, &fs))
        return fail("cannot make %s/%s: %s (%zu bytes needed, %llu free)", d->path, name, strerror(-err), bytes,
                    (unsigned long long)fs.f_bavail * fs.f_frsize);
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
        (status = c->outer ? put_link(d, DOMAIN_OUTER, c->outer) : 0) || (status = memory_make(d, c->memory)))
        return status;
    return put(d, DOMAIN_POLICY, c->layers, c->len);
}

int domain_make(struct domain *d, const struct contents *c)
{
    bool copy = is_root() && !library_public(c->library);
    int err = make_dir(d, copy), status;

    if (err == -EACCES && copy) {
        say("warning: other users cannot reach %s: a program that changes its uid will not find it", c->library);
        copy = false;
        err = make_dir(d, copy);
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

void domain_remove(struct domain *d)
{
    domain_erase(AT_FDCWD, d->path, d->fd);
    close(d->fd);
    d->fd = -1;
}

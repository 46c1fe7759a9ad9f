/* Names for sockets that have none, or a private one. */
#include <linux/fs.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "private.h"
#include "shim/helper.h"
#include "shim/procfd.h"
#include "shim/scratch.h"
#include "shim/spare.h"
#include "shim/sys.h"

/* Of <stdio.h>, which has no business here. */
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);

/* The private name of a file. */
struct kept {
    int dir;
    char *where; /* scratch: the directory's name */
    const char *name;
};

static void kept_release(struct kept *k)
{
    if (k->dir >= 0)
        sys_close(k->dir);
    scratch_give(k->where);
}

/* ".../.sunat-X/.sunat-Y": cut in two. */
static bool split(struct kept *k)
{
    char *slash = strrchr(k->where, '/'), *before;

    if (!slash || slash == k->where || !anon_is(slash + 1, strlen(slash + 1)))
        return false;
    *slash = '\0';
    before = strrchr(k->where, '/');
    k->name = slash + 1;
    return before && anon_is(before + 1, strlen(before + 1));
}

static bool is_same(const struct kept *k, const struct stat *st)
{
    struct stat there;

    return SYS4(SYS_newfstatat, k->dir, k->name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_dev == st->st_dev &&
           there.st_ino == st->st_ino;
}

/* 1: found, and to be released. 0: none; -errno, AT_HELPED. */
static int find(int fd, const struct stat *st, struct kept *k)
{
    char link[PROCFD_SIZE];
    unsigned mode;

    *k = (struct kept){.dir = -1, .where = scratch_take()};
    if (!k->where)
        return -ENOMEM;
    procfd_path(fd, link, sizeof link);
    long len = sys_readlink(link, k->where, AT_PATH_BYTES);
    k->where[len < 0 ? 0 : len] = '\0';
    int err = split(k) ? at_open(AT_FDCWD, k->where, O_DIRECTORY | O_NOFOLLOW, &k->dir) : -ENOENT;
    if (!err && private_check(k->dir, &mode) == 0 && is_same(k, st))
        return 1;
    kept_release(k);
    return err == AT_HELPED ? err : 0;
}

static void take_away(const struct kept *k)
{
    SYS3(SYS_unlinkat, k->dir, k->name, 0);
    SYS3(SYS_unlinkat, AT_FDCWD, k->where, AT_REMOVEDIR);
}

static int is_socket_file(int fd, struct stat *st)
{
    int flags = sys_getflags(fd);

    if (flags < 0)
        return flags;
    return (flags & O_PATH) && sys_fstat(fd, st) == 0 && S_ISSOCK(st->st_mode) ? 0 : -EINVAL;
}

/* The caller's name goes through the C library: a policy may map it. */
static int link_it(int fd, int dirfd, const char *path)
{
    char link[PROCFD_SIZE];

    procfd_path(fd, link, sizeof link);
    int ret = procfd_works(link) ? linkat(AT_FDCWD, link, dirfd, path, AT_SYMLINK_FOLLOW)
                                 : linkat(fd, "", dirfd, path, AT_EMPTY_PATH);
    return ret < 0 ? -errno : 0;
}

/* By renaming, the descriptor's own name becomes the new one, too. Not all file systems can refuse to
 * replace. */
static int name_kept(int fd, const struct kept *k, int dirfd, const char *path)
{
    int err = renameat2(k->dir, k->name, dirfd, path, RENAME_NOREPLACE) < 0 ? -errno : 0;

    if (err == -EINVAL || err == -ENOSYS)
        err = link_it(fd, dirfd, path);
    if (!err)
        take_away(k);
    return err;
}

struct job {
    int fd, dirfd;
    const char *path; /* NULL: no name */
    bool begun;
};

static long work(struct job *j)
{
    struct stat st;
    struct kept k;
    int err = is_socket_file(j->fd, &st);

    if (err)
        return err;
    int found = find(j->fd, &st, &k);
    if (found < 0)
        return found;
    if (j->path)
        err = found ? name_kept(j->fd, &k, j->dirfd, j->path) : st.st_nlink ? link_it(j->fd, j->dirfd, j->path) : -ENOENT;
    else if (found)
        err = (int)SYS3(SYS_fchmodat, k.dir, k.name, 0666), take_away(&k);
    else
        err = at_has_proc(j->fd) ? -EINVAL : -ENOSYS;
    if (found)
        kept_release(&k);
    return err;
}

static long in_own_table(void *ctx)
{
    struct job *j = ctx;

    j->begun = true;
    sys_close(spare_find((const int[]){j->fd, j->dirfd, j->path ? spare_named(j->path) : -1}, NULL));
    return work(j);
}

static int finish(struct job *j, int before)
{
    long err = work(j);

    if (err == AT_HELPED)
        err = helper_run(HELPER_OWN_TABLE, in_own_table, j);
    return (int)at_result(err == AT_HELPED ? -EMFILE : err, before);
}

SUNAT_PUBLIC int sunat_link(int fd, int dirfd, const char *path)
{
    struct job j = {fd, dirfd, path, false};

    return path ? finish(&j, errno) : (int)at_result(-EFAULT, 0);
}

SUNAT_PUBLIC int sunat_unlink(int fd)
{
    struct job j = {fd, -1, NULL, false};

    return finish(&j, errno);
}

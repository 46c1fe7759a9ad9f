#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Descriptors may be few: what is deeper is moved up first. */
enum { DEPTH_MAX = 8 };
/* Somebody may go on making more; and some things cannot be removed. */
enum { PASSES_MAX = 100000, FAILED_MAX = 3 };

struct tree {
    int top;
    dev_t dev;
    unsigned moved; /* directories, to the top */
    bool again;     /* there are new ones at the top */
};

static bool special(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

/* A bind mount may be of the same device: openat2() knows. */
static int open_below(const struct tree *t, int at, const char *name, int flags)
{
    const struct open_how how = {.flags = (unsigned)(flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                 .resolve = RESOLVE_NO_XDEV};
    struct stat st;
    long fd = syscall(SYS_openat2, at, name, &how, sizeof how);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(at, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat((int)fd, &st) || st.st_dev != t->dev)) {
        close((int)fd);
        errno = EXDEV;
        return -1;
    }
    return (int)fd;
}

/* What this user may not read, search or write is his own all the same. By its
 * descriptor: the name may lead elsewhere a moment later. */
static void give_access(const struct tree *t, int at, const char *name)
{
    int pin = open_below(t, at, name, O_PATH);
    char path[40];
    struct stat st;

    if (pin < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", pin);
    if (!fstat(pin, &st) && (st.st_mode & S_IRWXU) != S_IRWXU)
        chmod(path, S_IRWXU);
    close(pin);
}

static int open_dir(const struct tree *t, int at, const char *name)
{
    give_access(t, at, name);
    return open_below(t, at, name, O_RDONLY | O_NONBLOCK);
}

static bool move_up(struct tree *t, int at, const char *name)
{
    char to[40];

    give_access(t, at, name); /* its ".." changes */
    snprintf(to, sizeof to, ".sunshim-removing-%u", t->moved++);
    t->again = !renameat(at, name, t->top, to) || errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
    return t->again; /* where the name was taken: with the next one */
}

static bool empty(struct tree *t, int fd, unsigned depth);

static bool remove_dir(struct tree *t, int at, const char *name, unsigned depth)
{
    int fd;

    if (!unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT)
        return true;
    if (depth == DEPTH_MAX)
        return move_up(t, at, name);
    if ((fd = open_dir(t, at, name)) < 0)
        return errno == ENOENT;
    empty(t, fd, depth + 1);
    return !unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT;
}

static bool remove_entry(struct tree *t, int at, const char *name, unsigned depth)
{
    if (!unlinkat(at, name, 0) || errno == ENOENT)
        return true;
    return (errno == EISDIR || errno == EPERM) && remove_dir(t, at, name, depth);
}

/* Closes `fd`. */
static bool empty(struct tree *t, int fd, unsigned depth)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    bool all = dir;

    while (dir && (entry = readdir(dir)))
        if (!special(entry->d_name))
            all &= remove_entry(t, dirfd(dir), entry->d_name, depth);
    if (dir)
        closedir(dir);
    else
        close(fd);
    return all;
}

static void empty_top(struct tree *t)
{
    bool all = false;

    for (unsigned passes = 0, failed = 0; !all && passes < PASSES_MAX && failed < FAILED_MAX; passes++) {
        int fd = openat(t->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
            return;
        t->again = false;
        all = empty(t, fd, 1) && !t->again;
        failed += !all && !t->again;
    }
}

/* Sets the device. 0, or an errno. */
static int look_at_top(int base, const char *name, dev_t *dev)
{
    struct stat st;

    if (fstatat(base, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno;
    *dev = st.st_dev;
    return S_ISDIR(st.st_mode) && st.st_uid == geteuid() ? 0 : EPERM;
}

bool tree_remove(int base, const char *name)
{
    struct tree t = {0};
    int err = look_at_top(base, name, &t.dev);

    if (err)
        return err == ENOENT;
    if ((t.top = open_dir(&t, base, name)) < 0)
        return false;
    empty_top(&t);
    close(t.top);
    return !unlinkat(base, name, AT_REMOVEDIR) || errno == ENOENT;
}

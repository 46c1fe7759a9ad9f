/* From component to component by descriptors: a path of any length, and each
 * symbolic link, directory and permission on the way by itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

struct position {
    struct walk *w;
    char *rest; /* what is still to be walked */
    char *name; /* the component in hand */
    bool last;  /* no other follows */
    bool slash; /* but a slash does */
};

char *canonical_of(int fd)
{
    char link[40], target[PATH_MAX + 1];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, target, PATH_MAX);
    return n <= 0 || *target != '/' ? NULL : format_new("%.*s", (int)n, target);
}

static char *below(const char *dir, const char *name)
{
    if (!strcmp(dir, "."))
        return format_new("%s", name);
    return format_new("%s%s%s", dir, strcmp(dir, "/") ? "/" : "", name);
}

static bool stop(struct position *p, int error, char *at)
{
    p->w->error = error;
    p->w->stopped = at;
    p->w->last = p->last;
    return false;
}

/* At the component in hand. */
static bool stop_here(struct position *p, int error)
{
    return stop(p, error, below(p->w->dir_name, p->name));
}

static void enter(struct walk *w, int fd, char *name)
{
    if (w->dir >= 0)
        close(w->dir);
    free(w->dir_name); /* thousands of them would add up */
    w->dir = fd;
    w->dir_name = name;
    if (fd < 0 || fstat(fd, &w->dir_st))
        w->error = errno;
}

static void start(struct walk *w, const char *path)
{
    const char *at = *path == '/' ? "/" : ".";

    enter(w, open(at, O_PATH | O_DIRECTORY | O_CLOEXEC), format_new("%s", at));
}

static bool take_component(struct position *p)
{
    p->rest += strspn(p->rest, "/");
    size_t n = strcspn(p->rest, "/");
    p->name = format_new("%.*s", (int)n, p->rest);
    p->rest += n;
    p->slash = *p->rest;
    p->last = !p->rest[strspn(p->rest, "/")];
    return n;
}

/* Links in /proc lead to things, not to names. */
static bool is_magic(int dir)
{
    struct statfs fs;

    return !fstatfs(dir, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static char *link_target(int fd)
{
    char target[PATH_MAX + 1];
    ssize_t n = readlinkat(fd, "", target, PATH_MAX);

    return n <= 0 ? NULL : format_new("%.*s", (int)n, target);
}

static bool follow(struct position *p, int link)
{
    struct walk *w = p->w;
    char *target = link_target(link), *name = below(w->dir_name, p->name);

    close(link);
    w->ends_in_link |= p->last;
    if (!target)
        return stop(p, EIO, name);
    w->links[w->link_count].name = name;
    w->links[w->link_count++].target = target;
    if (w->link_count > LINKS_MAX)
        return stop(p, ELOOP, name);
    p->rest = format_new("%s%s", target, p->rest);
    if (*target == '/')
        start(w, "/");
    return !w->error;
}

static bool arrive(struct position *p, int fd, const struct stat *st)
{
    struct walk *w = p->w;
    char *name = below(w->dir_name, p->name);

    if (!S_ISDIR(st->st_mode) && (!p->last || p->slash)) {
        close(fd);
        return stop(p, ENOTDIR, name);
    }
    if (!p->last) {
        enter(w, fd, name);
        return !w->error;
    }
    w->file = fd;
    w->st = *st;
    return false;
}

/* False: that was it. */
static bool step(struct position *p)
{
    struct walk *w = p->w;
    struct stat st;
    int fd;

    if (!take_component(p))
        return false;
    w->name = p->name;
    if (strlen(p->name) > NAME_MAX)
        return stop_here(p, ENAMETOOLONG);
    if (faccessat(w->dir, ".", X_OK, AT_EACCESS) && errno == EACCES)
        return stop(p, EACCES, w->dir_name);
    fd = openat(w->dir, p->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        return stop_here(p, errno);
    if (S_ISLNK(st.st_mode) && !is_magic(w->dir))
        return follow(p, fd);
    if (S_ISLNK(st.st_mode)) {
        close(fd);
        fd = openat(w->dir, p->name, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st))
            return stop_here(p, errno);
    }
    return arrive(p, fd, &st);
}

/* "/", "a/..", "//": a directory, without a last component. */
static void end_at_directory(struct walk *w)
{
    if (w->file >= 0 || w->error || w->dir < 0)
        return;
    w->file = dup(w->dir);
    w->st = w->dir_st;
}

void walk_path(struct walk *w, const char *path)
{
    struct position p = {.w = w, .rest = format_new("%s", path)};

    *w = (struct walk){.dir = -1, .file = -1, .name = format_new("%s", "")};
    w->ends_in_slash = *path && path[strlen(path) - 1] == '/';
    start(w, path);
    if (w->error)
        w->stopped = w->dir_name;
    while (!w->error && step(&p))
        ;
    end_at_directory(w);
}

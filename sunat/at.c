#include "at.h"

#include <string.h>

#include "shim/path.h"
#include "shim/procfd.h"
#include "shim/sys.h"

int at_init(struct at *at, int dirfd, const char *path, bool empty)
{
    if (!path)
        return -EFAULT;
    *at = (struct at){path[0] == '/' ? AT_FDCWD : dirfd, path, strnlen(path, AT_PATH_BYTES)};
    if (at->len == AT_PATH_BYTES)
        return -ENAMETOOLONG;
    return at->len || empty ? 0 : -ENOENT;
}

/* rt_sigprocmask(2) reads the set before it looks at `how`, and does nothing with a bad one. */
static bool word_readable(uintptr_t at)
{
    return at >= 8 && SYS4(SYS_rt_sigprocmask, -1, at & ~7ul, NULL, 8) != -EFAULT;
}

bool at_readable(const void *from, size_t len)
{
    enum { IN_PAGE = 4095 /* of the smallest there are */ };
    uintptr_t at = (uintptr_t)from, last = at + len - 1;

    if (last < at)
        return false;
    for (; word_readable(at); at = (at | IN_PAGE) + 1)
        if ((at | IN_PAGE) >= last)
            return true;
    return false;
}

void at_plain(const char *name, size_t len, struct at_addr *a)
{
    a->un.sun_family = AF_UNIX;
    memcpy(a->un.sun_path, name, len);
    a->un.sun_path[len] = '\0';
    a->at = (const struct sockaddr *)&a->un;
    a->len = (socklen_t)(AT_HEAD + len + 1);
}

bool at_through(int fd, const char *last, struct at_addr *a)
{
    char link[PROCFD_SIZE];
    size_t len = procfd_path(fd, link, sizeof link), more = last ? strlen(last) : 0;

    if (len + 1 + more > AT_NAME_MAX)
        return false;
    at_plain(link, len, a);
    if (!last)
        return true;
    a->un.sun_path[len] = '/';
    memcpy(a->un.sun_path + len + 1, last, more + 1);
    a->len += (socklen_t)(1 + more);
    return true;
}

static bool write_long(const struct at *at, struct at_addr *a, char *room)
{
    const sa_family_t family = AF_UNIX;
    size_t len = 0;
    char *name = room + AT_HEAD;

    memcpy(room, &family, sizeof family);
    if (at->dirfd != AT_FDCWD) {
        len = procfd_path(at->dirfd, name, PROCFD_SIZE);
        name[len++] = '/';
    }
    if (len + at->len >= AT_PATH_BYTES)
        return false;
    memcpy(name + len, at->path, at->len + 1);
    a->at = (const void *)room;
    a->len = (socklen_t)(AT_HEAD + len + at->len + 1);
    return true;
}

bool at_whole(const struct at *at, struct at_addr *a, char *room)
{
    if (at->dirfd != AT_FDCWD ? at_through(at->dirfd, at->path, a) : at->len <= AT_NAME_MAX) {
        if (at->dirfd == AT_FDCWD)
            at_plain(at->path, at->len, a);
        return true;
    }
    return room && write_long(at, a, room);
}

int at_is_unix(int sockfd)
{
    int domain, err = sys_getsockopt_int(sockfd, SO_DOMAIN, &domain);

    return err < 0 ? err : domain == AF_UNIX ? 0 : -EAFNOSUPPORT;
}

bool at_has_proc(int fd)
{
    char link[PROCFD_SIZE];

    procfd_path(fd, link, sizeof link);
    return procfd_works(link);
}

int at_meaning(int fd, int err)
{
    if (fd == AT_FDCWD || (err != -ENOENT && err != -ENOTDIR && err != -EACCES))
        return err;
    if (sys_getflags(fd) < 0)
        return -EBADF;
    return at_has_proc(fd) ? err : AT_HELPED;
}

int at_open(int dirfd, const char *path, int flags, int *fd)
{
    int got = sys_openat(dirfd, path, O_PATH | O_CLOEXEC | flags, 0);

    *fd = got < 0 ? -1 : got;
    return got == -EMFILE || got == -ENFILE ? AT_HELPED : got < 0 ? got : 0;
}

int at_directory(const struct at *at, char *room, int *fd)
{
    struct path_parts parts = path_split(at->path);

    path_directory(&parts, at->path, room);
    return at_open(at->dirfd, room, O_DIRECTORY, fd);
}

long at_enter(const struct at *at, char *room)
{
    struct path_parts parts = path_split(at->path);
    long err = at->dirfd == AT_FDCWD ? 0 : SYS1(SYS_fchdir, at->dirfd);

    if (err < 0 || !parts.dir_len)
        return err;
    path_directory(&parts, at->path, room);
    return SYS1(SYS_chdir, room);
}

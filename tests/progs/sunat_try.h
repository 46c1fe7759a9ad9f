/* What the programs that test libsunat share. */
#ifndef TESTS_PROGS_SUNAT_TRY_H
#define TESTS_PROGS_SUNAT_TRY_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "include/sunat.h"

#define must(ok) \
    do { \
        if (!(ok)) { \
            fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #ok, strerrorname_np(errno)); \
            _exit(1); \
        } \
    } while (0)

/* The call fails, with this errno. */
#define must_fail(err, call) \
    do { \
        long try_ret = (long)(call); \
        int try_errno = errno; \
        if (try_ret != -1 || try_errno != (err)) { \
            fprintf(stderr, "%s:%d: %s gives %ld %s, not %s\n", __FILE__, __LINE__, #call, try_ret, \
                    try_ret == -1 ? strerrorname_np(try_errno) : "", strerrorname_np(err)); \
            _exit(1); \
        } \
    } while (0)

/* ... and returns this, with errno as it was. */
#define must_give(want, call) \
    do { \
        errno = 4711; \
        long give_ret = (long)(call); \
        if (give_ret != (want) || errno != 4711) { \
            fprintf(stderr, "%s:%d: %s gives %ld, errno %d %s\n", __FILE__, __LINE__, #call, give_ret, errno, \
                    errno == 4711 ? "" : strerrorname_np(errno)); \
            _exit(1); \
        } \
    } while (0)

static inline int descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static inline int new_socket(int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    must(fd >= 0);
    return fd;
}

static inline int directory(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    must(fd >= 0);
    return fd;
}

/* What is in a directory, without . and .. */
static inline int entries(int dirfd, const char *path)
{
    DIR *d = fdopendir(openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int count = -2;

    must(d);
    while (readdir(d))
        count++;
    closedir(d);
    return count;
}

static inline int clear_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag;
    return ftw->level ? remove(path) : 0;
}

/* Removes what is in it, however deep. */
static inline void clear(const char *path)
{
    must(nftw(path, clear_one, 50, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0);
}

static inline bool is_socket(int dirfd, const char *path)
{
    struct stat st;

    return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
}

/* A listening socket, or one that takes datagrams, at path. */
static inline int serving(int type, int dirfd, const char *path)
{
    int fd = new_socket(type);

    must_give(0, sunat_bind(dirfd, fd, path, 0));
    must(type == SOCK_DGRAM || listen(fd, 64) == 0);
    return fd;
}

/* Whether what `client` is connected to is `server`: one byte goes there. By write(2), which no policy judges. */
static inline bool arrives(int client, int server)
{
    static _Thread_local char next = 'a';
    char sent = next == 'z' ? (next = 'a') : ++next, got = 0;
    int type, from = server;
    socklen_t len = sizeof type;

    must(getsockopt(server, SOL_SOCKET, SO_TYPE, &type, &len) == 0);
    if (type != SOCK_DGRAM && (from = accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) < 0)
        return false;
    bool ok = write(client, &sent, 1) == 1 && recv(from, &got, 1, MSG_DONTWAIT) == 1 && got == sent;
    if (from != server)
        close(from);
    return ok;
}

/* sunat_connect of a new socket leads to `server`. */
static inline bool reaches(int server, int dirfd, const char *path, int flags)
{
    int type;
    socklen_t len = sizeof type;

    must(getsockopt(server, SOL_SOCKET, SO_TYPE, &type, &len) == 0);
    int client = new_socket(type);
    must_give(0, sunat_connect(dirfd, client, path, flags));
    bool ok = arrives(client, server);
    close(client);
    return ok;
}

static inline ssize_t send_byte(int dirfd, int fd, const char *path, int msg_flags, int flags)
{
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

    return sunat_sendmsg(dirfd, fd, path, &m, msg_flags, flags);
}

/* "n/n/.../" of `bytes` bytes at all, whose components are as long as `component` or shorter. */
static inline char *deep_name(size_t bytes, size_t component)
{
    char *name = malloc(bytes + 1);

    must(name);
    for (size_t i = 0; i < bytes; i++)
        name[i] = i % (component + 1) == component && i + 1 < bytes ? '/' : 'n';
    if (bytes > 1 && name[bytes - 2] == '/')
        name[bytes - 2] = 'n';
    name[bytes] = '\0';
    return name;
}

/* The directories above the last component. */
static inline void make_parents(int dirfd, const char *path)
{
    char *copy = strdup(path), *at = copy + (*copy == '/');
    int fd = *copy == '/' ? directory(AT_FDCWD, "/") : dirfd == AT_FDCWD ? directory(AT_FDCWD, ".") : dup(dirfd);

    must(fd >= 0);
    for (char *slash; (slash = strchr(at, '/')); at = slash + 1) {
        *slash = '\0';
        must(!*at || mkdirat(fd, at, 0755) == 0 || errno == EEXIST);
        int next = *at ? directory(fd, at) : dup(fd);
        close(fd);
        fd = next;
    }
    close(fd);
    free(copy);
}

/* Goes to the directory; its absolute name, and a descriptor of it. */
static inline const char *try_set_out(const char *path, int *dir)
{
    const char *top = realpath(path, NULL);

    must(top && chdir(top) == 0);
    umask(022);
    *dir = directory(AT_FDCWD, ".");
    return top;
}

struct part {
    const char *name;
    void (*what)(void);
};

/* Does that part, which leaves nothing behind in `dir`. Returns what main() does. */
static inline int try_part(const struct part *parts, size_t count, const char *name, int dir)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(parts[i].name, name)) {
            parts[i].what();
            must(entries(dir, ".") == 0);
            puts("as it should be");
            return 0;
        }
    return 2;
}

#endif

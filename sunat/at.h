/* The parts that all calls of libsunat have in common.
 *
 * The kernel knows no directory descriptors here, but follows names in /proc: a path below descriptor N
 * is "/proc/thread-self/fd/N/path". What is too long even so goes through a descriptor of the file (connect,
 * send) or of its directory (bind). Socket calls go through the C library, so that a preloaded
 * sunshim sees them; everything else straight to the kernel (shim/sys.h). */
#ifndef SUNAT_AT_H
#define SUNAT_AT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "include/sunat.h"

#define SUNAT_PUBLIC __attribute__((visibility("default")))

enum {
    AT_PATH_BYTES = 4096,
    AT_HEAD = offsetof(struct sockaddr_un, sun_path), /* of an address, before the name */
    AT_NAME_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1, /* with its NUL it fits an address */
    AT_HELPED = -4096, /* no errno: only a helper thread can do it */
};

struct at {
    int dirfd; /* AT_FDCWD for an absolute path */
    const char *path;
    size_t len;
};

/* Where errors become errno; on success that is what it was `before`. */
static inline long at_result(long ret, int before)
{
    errno = ret < 0 ? (int)-ret : before;
    return ret < 0 ? -1 : ret;
}

/* -EFAULT: NULL; -ENOENT: empty, unless `empty` allows that; -ENAMETOOLONG. */
int at_init(struct at *at, int dirfd, const char *path, bool empty);

/* Whether the caller's memory is there: one system call for each page. */
bool at_readable(const void *from, size_t len);

/* An address for the kernel. `un` holds what fits it. */
struct at_addr {
    const struct sockaddr *at;
    socklen_t len;
    struct sockaddr_un un;
};

/* The whole name: the path, or what it is in /proc. Too long for `un` it is written to `room`
 * (SCRATCH_SIZE bytes). False: too long for that, or there is no room. */
bool at_whole(const struct at *at, struct at_addr *a, char *room);

/* The name of a descriptor in /proc, with "/last" unless that is NULL. False: too long. */
bool at_through(int fd, const char *last, struct at_addr *a);

/* A short name as it is. */
void at_plain(const char *name, size_t len, struct at_addr *a);

/* 0; -EAFNOSUPPORT: of another family than AF_UNIX; -EBADF, -ENOTSOCK. */
int at_is_unix(int sockfd);

/* What a call through descriptor `fd` of /proc means that failed with `err` (negative): that, -EBADF, or
 * AT_HELPED where there is no /proc. */
int at_meaning(int fd, int err);

/* Whether /proc is there; `fd` is some descriptor that is open. */
bool at_has_proc(int fd);

/* Opens the path with O_PATH, O_CLOEXEC and `flags`. 0, -errno, or AT_HELPED: there is no free number. */
int at_open(int dirfd, const char *path, int flags, int *fd);

/* The same for the directory part of the path; `room`: AT_PATH_BYTES. */
int at_directory(const struct at *at, char *room, int *fd);

/* In a helper with a working directory of its own: goes to the directory part. 0 or -errno. */
long at_enter(const struct at *at, char *room);

#endif

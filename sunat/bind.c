#include "bind.h"

#include "shim/path.h"
#include "shim/scratch.h"
#include "shim/sys.h"

static int perform(const struct at *at, int sockfd, const struct at_addr *a)
{
    return bind(sockfd, a->at, a->len) < 0 ? at_meaning(at->dirfd, -errno) : 0;
}

static int in_directory(int dir, const char *last, int sockfd)
{
    struct at_addr a;

    if (!at_through(dir, last, &a))
        return bind_aside(dir, last, sockfd, false);
    return bind(sockfd, a.at, a.len) < 0 ? at_meaning(dir, -errno) : 0;
}

static int through_directory(const struct at *at, int sockfd, char *room)
{
    struct path_parts parts = path_split(at->path);
    int dir = at->dirfd;

    if (!*parts.last)
        return -EADDRINUSE; /* "//...//" */
    if (!parts.dir_len && dir != AT_FDCWD)
        return in_directory(dir, parts.last, sockfd);
    int err = at_directory(at, room, &dir);
    if (err < 0)
        return err;
    err = in_directory(dir, parts.last, sockfd);
    sys_close(dir);
    return err;
}

/* What is too long the kernel refuses at once; a sunshim in between takes it whole. */
static int bind_long(const struct at *at, int sockfd)
{
    char *room = scratch_take();
    struct at_addr a;

    if (!room)
        return -ENOMEM;
    int err = at_whole(at, &a, room) ? perform(at, sockfd, &a) : -EINVAL;
    if (err == -EINVAL && (err = at_is_unix(sockfd)) == 0)
        err = through_directory(at, sockfd, room);
    scratch_give(room);
    return err;
}

SUNAT_PUBLIC int sunat_bind(int dirfd, int sockfd, const char *path, int flags)
{
    int before = errno;
    struct at_addr a;
    struct at at;
    int err = flags ? -EINVAL : at_init(&at, dirfd, path, false);

    if (!err)
        err = at_whole(&at, &a, NULL) ? perform(&at, sockfd, &a) : bind_long(&at, sockfd);
    if (err == AT_HELPED)
        err = bind_helped(&at, sockfd);
    return (int)at_result(err, before);
}

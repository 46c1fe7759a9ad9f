#include "bind.h"

#include <string.h>

#include "shim/path.h"
#include "shim/scratch.h"
#include "shim/sys.h"

static int perform(const struct at *at, int sockfd, const struct at_addr *a)
{
    return bind(sockfd, a->at, a->len) < 0 ? at_meaning(at->dirfd, -errno) : 0;
}

/* What is too long the kernel refuses at once; a sunshim in between takes it whole, and judges it by its name. */
static int try_whole(const struct at *at, int sockfd, char *room)
{
    struct at_addr a;

    return at_whole(at, &a, room) ? perform(at, sockfd, &a) : -EINVAL;
}

static int in_directory(int dir, const char *last, int sockfd, char *room)
{
    const struct at at = {dir, last, strlen(last)};
    struct at_addr a;

    if (at_whole(&at, &a, NULL))
        return perform(&at, sockfd, &a);
    int err = try_whole(&at, sockfd, room);
    return err == -EINVAL ? bind_aside(dir, last, sockfd, false) : err;
}

static int through_directory(const struct at *at, int sockfd, char *room)
{
    struct path_parts parts = path_split(at->path);
    int dir = at->dirfd;

    if (!*parts.last)
        return -EADDRINUSE; /* "//...//" */
    if (!parts.dir_len && dir != AT_FDCWD)
        return in_directory(dir, parts.last, sockfd, room);
    int err = at_directory(at, room, &dir);
    if (err < 0)
        return err;
    err = in_directory(dir, parts.last, sockfd, room);
    sys_close(dir);
    return err;
}

static int bind_long(const struct at *at, int sockfd)
{
    char *room = scratch_take();

    if (!room)
        return -ENOMEM;
    int err = try_whole(at, sockfd, room);
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

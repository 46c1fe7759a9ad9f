/* Without /proc or a free descriptor: a helper thread goes to the directory and binds there. */
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "shim/helper.h"
#include "shim/path.h"
#include "shim/scratch.h"
#include "shim/spare.h"
#include "shim/sys.h"

struct help {
    const struct at *at;
    int sockfd;
    char *room;
    bool begun;
};

/* Two numbers are needed, and one for a sunshim; the table is the helper's own. */
static long aside(const struct help *h, const char *last)
{
    const struct at at = {AT_FDCWD, last, strlen(last)};
    struct at_addr a;
    int dir;

    /* A sunshim takes it whole, and judges it by its name. */
    at_whole(&at, &a, h->room);
    if (syscall(SYS_bind, h->sockfd, a.at, a.len) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    for (int i = 0; i < 3; i++)
        sys_close(spare_find((const int[]){h->sockfd, -1, -1}, NULL));
    int err = at_open(AT_FDCWD, ".", O_DIRECTORY, &dir);
    return err < 0 ? err : bind_aside(dir, last, h->sockfd, true);
}

static long job(void *ctx)
{
    struct help *h = ctx;
    const char *last = path_split(h->at->path).last;
    struct at_addr a;

    h->begun = true;
    if (!*last)
        return -EADDRINUSE;
    long err = at_enter(h->at, h->room);
    if (err < 0)
        return err;
    if (strlen(last) > AT_NAME_MAX)
        return aside(h, last);
    at_plain(last, strlen(last), &a);
    return syscall(SYS_bind, h->sockfd, a.at, a.len) < 0 ? -errno : 0;
}

int bind_helped(const struct at *at, int sockfd)
{
    bool aside_too = strlen(path_split(at->path).last) > AT_NAME_MAX;
    struct help h = {at, sockfd, scratch_take(), false};
    int err = at_is_unix(sockfd);

    if (!err && !h.room)
        err = -ENOMEM;
    if (!err) {
        err = (int)helper_run(HELPER_OWN_DIRECTORY | (aside_too ? HELPER_OWN_TABLE : 0u), job, &h);
        if (!h.begun || err == AT_HELPED)
            err = -EMFILE; /* not what clone(2) said */
    }
    scratch_give(h.room);
    return err;
}

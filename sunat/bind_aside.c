/* A last component that leaves no room for the directory's name in an address. */
#include <unistd.h>

#include "bind.h"
#include "private.h"
#include "shim/reserve.h"
#include "shim/sys.h"

/* The mask is the helper's own. */
static int make(int dir, bool helper, struct private *p)
{
    long mask = helper ? SYS1(SYS_umask, 0) : 0;
    int err = private_make(dir, "", p);

    if (helper)
        SYS1(SYS_umask, mask);
    return err;
}

static int bind_there(const struct private *p, int sockfd, bool helper)
{
    struct at_addr a;

    if (!helper) {
        at_through(p->fd, p->name, &a);
        return bind(sockfd, a.at, a.len) < 0 ? -errno : 0;
    }
    long err = SYS1(SYS_fchdir, p->fd);
    at_plain(p->name, ANON_NAME_MAX - 1, &a);
    return err < 0 ? (int)err : syscall(SYS_bind, sockfd, a.at, a.len) < 0 ? -errno : 0;
}

static int bind_and_move(int dir, const char *last, int sockfd, bool helper)
{
    struct private p;
    int err = make(dir, helper, &p);

    if (err)
        return err;
    p.name[sizeof ANON_PREFIX - 2] = '_'; /* it will have a name: not to be taken for one that has none */
    err = bind_there(&p, sockfd, helper);
    if (!err)
        err = (int)SYS5(SYS_renameat2, p.fd, p.name, dir, last, 0);
    private_remove(&p);
    return err;
}

int bind_aside(int dir, const char *last, int sockfd, bool helper)
{
    /* Before anything is made. */
    int err = helper || at_has_proc(dir) ? 0 : at_meaning(dir, -ENOENT);

    if (!err)
        err = reserve(dir, last);
    if (err)
        return err;
    if ((err = bind_and_move(dir, last, sockfd, helper)) < 0)
        SYS3(SYS_unlinkat, dir, last, 0);
    return err;
}

#include "private.h"

#include <string.h>
#include <unistd.h>

#include "at.h"
#include "shim/procfd.h"
#include "shim/reserve.h"
#include "shim/sys.h"

enum { TRIES = 8, FCHMODAT2 = 452 /* Linux 6.6; not in older headers */ };

int private_check(int fd, unsigned *mode)
{
    struct stat st;
    int err = sys_fstat(fd, &st);

    if (err < 0)
        return err;
    *mode = st.st_mode & 0700;
    return S_ISDIR(st.st_mode) && st.st_uid == (uid_t)SYS0(SYS_geteuid) && !(st.st_mode & 077) ? 0 : -EAGAIN;
}

/* The umask may have taken away what its owner needs. By the descriptor: somebody else's link
 * may have the name by now. */
static int repair(int fd)
{
    char link[PROCFD_SIZE];

    procfd_path(fd, link, sizeof link);
    long err = SYS3(SYS_fchmodat, AT_FDCWD, link, 0700);
    return (int)(err < 0 ? SYS4(FCHMODAT2, fd, "", 0700, AT_EMPTY_PATH) : err);
}

static int open_it(struct private *p)
{
    unsigned mode;
    int err = at_open(p->parent, p->dir, O_DIRECTORY | O_NOFOLLOW, &p->fd);

    if (err < 0)
        return err == AT_HELPED ? err : -EAGAIN;
    err = private_check(p->fd, &mode);
    if (!err && mode != 0700)
        err = repair(p->fd);
    if (err < 0)
        private_close(p);
    return err;
}

static int make_once(struct private *p, size_t where_len)
{
    anon_name(reserve_bits(), p->dir + where_len);
    anon_name(reserve_bits(), p->name);
    int err = (int)SYS3(SYS_mkdirat, p->parent, p->dir, 0700);
    if (err < 0)
        return err == -EEXIST ? -EAGAIN : err;
    if ((err = open_it(p)) < 0)
        SYS3(SYS_unlinkat, p->parent, p->dir, AT_REMOVEDIR);
    return err;
}

int private_make(int parent, const char *where, struct private *p)
{
    size_t len = strlen(where);
    int err = -EAGAIN;

    p->parent = parent;
    p->fd = -1;
    memcpy(p->dir, where, len);
    for (int i = 0; i < TRIES && err == -EAGAIN; i++)
        err = make_once(p, len);
    return err;
}

void private_close(struct private *p)
{
    sys_close(p->fd);
    p->fd = -1;
}

void private_remove(struct private *p)
{
    SYS3(SYS_unlinkat, p->fd, p->name, 0);
    SYS3(SYS_unlinkat, p->parent, p->dir, AT_REMOVEDIR);
    private_close(p);
}

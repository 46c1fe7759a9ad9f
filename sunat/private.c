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
    /* Files belong to the user for file systems, which is seen by asking for one that there is not. */
    uid_t own = (uid_t)SYS1(SYS_setfsuid, -1);
    return S_ISDIR(st.st_mode) && st.st_uid == own && !(st.st_mode & 077) ? 0 : -EAGAIN;
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

static int open_it(int parent, const char *dir, struct private *p)
{
    unsigned mode;
    int err = at_open(parent, dir, O_DIRECTORY | O_NOFOLLOW, &p->fd);

    if (err < 0)
        return err == AT_HELPED ? err : -EAGAIN;
    err = private_check(p->fd, &mode);
    if (!err && mode != 0700)
        err = repair(p->fd);
    if (err < 0)
        private_close(p);
    return err;
}

static int make_once(int parent, const char *where, struct private *p)
{
    char dir[PRIVATE_WHERE_MAX + ANON_NAME_MAX];
    size_t len = strlen(where);

    memcpy(dir, where, len);
    anon_name(reserve_bits(), dir + len);
    anon_name(reserve_bits(), p->name);
    memcpy(p->from_inside, "../", 3);
    memcpy(p->from_inside + 3, dir + len, ANON_NAME_MAX);
    int err = (int)SYS3(SYS_mkdirat, parent, dir, 0700);
    if (err < 0)
        return err == -EEXIST ? -EAGAIN : err;
    if ((err = open_it(parent, dir, p)) < 0)
        SYS3(SYS_unlinkat, parent, dir, AT_REMOVEDIR);
    return err;
}

/* Other threads may change the working directory meanwhile: it is opened once. */
int private_make(int parent, const char *where, struct private *p)
{
    int here = parent, err = parent == AT_FDCWD && !*where ? at_open(AT_FDCWD, ".", O_DIRECTORY, &here) : 0;

    if (err)
        return err;
    err = -EAGAIN;
    for (int i = 0; i < TRIES && err == -EAGAIN; i++)
        err = make_once(here, where, p);
    if (here != parent)
        sys_close(here);
    return err == -EAGAIN ? -EPERM : err;
}

void private_close(struct private *p)
{
    sys_close(p->fd);
    p->fd = -1;
}

void private_remove(struct private *p)
{
    SYS3(SYS_unlinkat, p->fd, p->name, 0);
    SYS3(SYS_unlinkat, p->fd, p->from_inside, AT_REMOVEDIR);
    private_close(p);
}

#include <string.h>
#include <unistd.h>

#include "at.h"
#include "policy/text.h"
#include "private.h"
#include "shim/helper.h"
#include "shim/sys.h"

enum { BY_ALL = 0666 };

struct here {
    int fd, sockfd;
    const char *name;
    bool begun;
};

static long bind_here(void *ctx)
{
    struct here *h = ctx;
    struct at_addr a;
    long err = SYS1(SYS_fchdir, h->fd);

    h->begun = true;
    at_plain(h->name, strlen(h->name), &a);
    return err < 0 ? err : syscall(SYS_bind, h->sockfd, a.at, a.len) < 0 ? -errno : 0;
}

static int bind_in(const struct private *p, int sockfd)
{
    struct here h = {p->fd, sockfd, p->name, false};
    struct at_addr a;

    at_through(p->fd, p->name, &a);
    int err = bind(sockfd, a.at, a.len) < 0 ? at_meaning(p->fd, -errno) : 0;
    if (err != AT_HELPED)
        return err;
    err = (int)helper_run(HELPER_OWN_DIRECTORY, bind_here, &h);
    return h.begun ? err : -ENOSYS; /* not what clone(2) said */
}

/* Its descriptor. What is bound cannot be bound again: a number for it is taken before that. */
static int bind_and_open(const struct private *p, int sockfd)
{
    int fd, number = (int)SYS3(SYS_fcntl, p->fd, F_DUPFD_CLOEXEC, 0);

    if (number < 0)
        return number;
    int err = bind_in(p, sockfd);
    sys_close(number);
    if (err < 0)
        return err;
    err = at_open(p->fd, p->name, O_NOFOLLOW, &fd);
    return err == AT_HELPED ? -EMFILE : err < 0 ? err : fd;
}

static int bind_in_private(struct private *p, int sockfd, int flags)
{
    int fd = bind_and_open(p, sockfd);

    if (fd >= 0 && (flags & SUNAT_LINKABLE)) {
        private_close(p);
        return fd;
    }
    if (fd >= 0)
        SYS3(SYS_fchmodat, p->fd, p->name, BY_ALL);
    private_remove(p);
    return fd;
}

static int bind_at(int dirfd, int sockfd, int flags)
{
    struct private p;
    int err = private_make(dirfd, "", &p);

    return err == AT_HELPED ? -EMFILE : err ? err : bind_in_private(&p, sockfd, flags);
}

/* Some have directories and no sockets, or are full. */
static bool is_of_file_system(int err)
{
    return err == -EPERM || err == -EOPNOTSUPP || err == -ENOSYS || err == -ENOSPC || err == -EDQUOT;
}

/* True: done, with *fd as the result. */
static bool bind_below(const char *where, int sockfd, int flags, int *fd)
{
    struct private p;
    int err = private_make(AT_FDCWD, where, &p);

    *fd = err == AT_HELPED ? -EMFILE : err ? err : bind_in_private(&p, sockfd, flags);
    return err ? err == AT_HELPED : !is_of_file_system(*fd);
}

static int bind_somewhere(int sockfd, int flags)
{
    static const char *const places[] = {"/dev/shm/", "/tmp/", "/var/tmp/", ""};
    char own[PRIVATE_WHERE_MAX];
    struct text t = text_into(own, sizeof own);
    int fd;

    text_str(&t, "/run/user/");
    text_unsigned(&t, (uint64_t)SYS0(SYS_geteuid));
    text_byte(&t, '/');
    if (bind_below(text_done(&t), sockfd, flags, &fd))
        return fd;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (bind_below(places[i], sockfd, flags, &fd))
            return fd;
    return fd;
}

static int check(int sockfd, int flags)
{
    return flags & ~SUNAT_LINKABLE ? -EINVAL : at_is_unix(sockfd);
}

SUNAT_PUBLIC int sunat_bind_anon(int sockfd, int flags)
{
    int before = errno, err = check(sockfd, flags);

    return (int)at_result(err ? err : bind_somewhere(sockfd, flags), before);
}

SUNAT_PUBLIC int sunat_bind_anonat(int dirfd, int sockfd, int flags)
{
    int before = errno, err = check(sockfd, flags);

    return (int)at_result(err ? err : bind_at(dirfd, sockfd, flags), before);
}

/* Without /proc a helper thread goes to the directory and calls by the last component. Without a free
 * descriptor it gives one up in a table of its own. */
#include <string.h>
#include <unistd.h>

#include "shim/helper.h"
#include "shim/path.h"
#include "shim/patience.h"
#include "shim/spare.h"
#include "shim/sys.h"
#include "target.h"

struct help {
    struct target *t;
    long (*job)(void *);
    unsigned own;
    bool begun;
    struct patience wait;
};

/* By syscall(2), which is no cancellation point, and which a sunshim sees. errno is this thread's and the caller's. */
static long perform(struct help *h)
{
    struct target *t = h->t;
    long ret;

    h->wait.ran = true;
    if (t->msg) {
        struct msghdr msg = *t->msg;

        msg.msg_name = (void *)(uintptr_t)t->addr.at;
        msg.msg_namelen = t->addr.len;
        ret = syscall(SYS_sendmsg, t->sockfd, &msg, t->msg_flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        ret = syscall(SYS_connect, t->sockfd, t->addr.at, t->addr.len);
    }
    return ret < 0 ? -errno : ret;
}

/* Nobody but this thread uses the pin, so that its number need not be noted. */
static long from_pin(void *ctx)
{
    struct help *h = ctx;
    struct target *t = h->t;
    struct msghdr *msg = (struct msghdr *)(uintptr_t)t->msg;
    bool nofollow = t->flags & AT_SYMLINK_NOFOLLOW;
    struct stat st;

    h->begun = true;
    for (int i = 0; i < 2; i++) /* a sunshim may need another */
        sys_close(spare_find((const int[]){t->sockfd, t->at.dirfd, spare_named(t->at.path)}, msg));
    int fd = sys_openat(t->at.dirfd, t->at.path, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0), 0);
    if (fd < 0)
        return fd;
    if (nofollow && sys_fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
        return -ELOOP;
    at_through(fd, NULL, &t->addr);
    return perform(h);
}

static long from_directory(void *ctx)
{
    struct help *h = ctx;
    struct target *t = h->t;
    const char *last = path_split(t->at.path).last;
    struct stat st;

    h->begun = true;
    if (!*last)
        last = "/";
    bool nofollow = t->flags & AT_SYMLINK_NOFOLLOW, fits = strlen(last) <= AT_NAME_MAX;
    long err = at_enter(&t->at, t->room);
    if (!err && (nofollow || !fits))
        err = SYS4(SYS_newfstatat, AT_FDCWD, last, &st, nofollow ? AT_SYMLINK_NOFOLLOW : 0);
    if (err < 0)
        return err;
    if (nofollow && S_ISLNK(st.st_mode))
        return -ELOOP;
    if (!fits)
        return -ENAMETOOLONG;
    at_plain(last, strlen(last), &t->addr);
    return perform(h);
}

static long attempt(void *ctx)
{
    struct help *h = ctx;

    return helper_run(h->own, h->job, h);
}

long target_helped(struct target *t)
{
    bool proc = at_has_proc(t->sockfd);
    bool pins = proc && ((t->flags & AT_SYMLINK_NOFOLLOW) || strlen(path_split(t->at.path).last) > AT_NAME_MAX);
    struct help h = {.t = t, .job = pins ? from_pin : from_directory,
                     .own = pins ? HELPER_OWN_TABLE : HELPER_OWN_DIRECTORY};

    h.wait = (struct patience){.fd = t->sockfd, .connects = !t->msg, .flags = t->msg_flags, .attempt = attempt, .ctx = &h,
                               .cancels = connect};
    long ret = patience_wait(&h.wait);
    return h.begun ? ret : proc ? -EMFILE : -ENOSYS; /* not what clone(2) said */
}

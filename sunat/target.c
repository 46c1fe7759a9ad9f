#include "target.h"

#include "shim/cleanup.h"
#include "shim/scratch.h"
#include "shim/sys.h"

static void release(void *ctx)
{
    struct target *t = ctx;

    if (t->pin >= 0)
        sys_close(t->pin);
    scratch_give(t->room);
    t->pin = -1;
    t->room = NULL;
}

static long perform(const struct target *t)
{
    ssize_t ret;

    if (t->msg) {
        struct msghdr msg = *t->msg;

        msg.msg_name = (void *)(uintptr_t)t->addr.at;
        msg.msg_namelen = t->addr.len;
        ret = sendmsg(t->sockfd, &msg, t->msg_flags);
    } else {
        ret = connect(t->sockfd, t->addr.at, t->addr.len);
    }
    return ret < 0 ? -errno : ret;
}

/* To the file that dirfd is open on. */
static long to_itself(struct target *t)
{
    if (t->at.dirfd == AT_FDCWD)
        at_plain(".", 1, &t->addr);
    else
        at_through(t->at.dirfd, NULL, &t->addr);
    long ret = perform(t);
    if (ret < 0 && (ret = at_meaning(t->at.dirfd, (int)ret)) == AT_HELPED)
        ret = -ENOSYS;
    return ret;
}

static bool is_link(int fd)
{
    struct stat st;

    return sys_fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

static long to_pin(struct target *t)
{
    bool nofollow = t->flags & AT_SYMLINK_NOFOLLOW;
    int err = at_open(t->at.dirfd, t->at.path, nofollow ? O_NOFOLLOW : 0, &t->pin);

    if (err < 0) {
        int bad = at_is_unix(t->sockfd); /* the kernel looks at the socket first */

        return bad ? bad : err;
    }
    if (nofollow && is_link(t->pin))
        return -ELOOP;
    at_through(t->pin, NULL, &t->addr);
    long ret = perform(t);
    return ret < 0 ? at_meaning(t->pin, (int)ret) : ret;
}

/* What is too long the kernel refuses at once; a sunshim in between takes it whole. */
static long to_long_name(struct target *t)
{
    if (!t->room && !(t->room = scratch_take()))
        return -ENOMEM;
    long ret = at_whole(&t->at, &t->addr, t->room) ? perform(t) : -EINVAL;
    if (ret == -EINVAL)
        return to_pin(t);
    return ret < 0 ? at_meaning(t->at.dirfd, (int)ret) : ret;
}

static long to_short_name(struct target *t)
{
    long ret = perform(t);

    return ret < 0 ? at_meaning(t->at.dirfd, (int)ret) : ret;
}

static long choose(struct target *t)
{
    if (!t->at.len)
        return to_itself(t);
    if (t->flags & AT_SYMLINK_NOFOLLOW)
        return to_pin(t);
    return at_whole(&t->at, &t->addr, NULL) ? to_short_name(t) : to_long_name(t);
}

long target_call(struct target *t)
{
    long ret;

    t->pin = -1;
    t->room = NULL;
    CLEANUP_PUSH(release, t);
    ret = choose(t);
    if (ret == AT_HELPED) {
        release(t);
        t->room = scratch_take();
        ret = t->room ? target_helped(t) : -ENOMEM;
    }
    CLEANUP_POP();
    return ret;
}

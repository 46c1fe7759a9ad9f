#include "reach.h"

#include <string.h>

#include "alias.h"
#include "gone.h"
#include "helper.h"
#include "path.h"
#include "procfd.h"
#include "real.h"
#include "record.h"
#include "scratch.h"
#include "sys.h"

enum { PATH_BYTES = 4096, SUN_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) };

/* --- Directly ------------------------------------------------------------- */

/* Names of sends are looked at by datagram sockets alone. */
static bool is_looked_at(const struct request *r)
{
    int domain, type;

    if (sys_getsockopt_int(r->fd, SO_DOMAIN, &domain) < 0 || domain != AF_UNIX)
        return false;
    return r->perm != POLICY_SEND || (sys_getsockopt_int(r->fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM);
}

static bool has_proc(int fd)
{
    char link[PROCFD_SIZE];

    procfd_path(fd, link, sizeof link);
    return procfd_works(link);
}

static int pin(struct request *r)
{
    struct name name;
    int err = pin_file(&r->pin, &name, r->target->name.bytes);

    if (err)
        return err;
    name_release(&name);
    if (!has_proc(r->pin.fd)) {
        pin_close(&r->pin);
        return -ENOSYS;
    }
    mediate_aim(r);
    return 0;
}

/* Of the directory, or where the last component does not fit either, of the file. */
static long alias_for(const char *path, char *room, char *to)
{
    struct path_parts parts = path_split(path);
    size_t last_len = strlen(parts.last);
    bool whole = last_len > SUN_PATH - 1 - ALIAS_PATH_MAX / 2;
    long len = path_absolute(path, whole ? strlen(path) : parts.dir_len, room, PATH_BYTES);

    if (len < 0 || (len = alias_of(ALIAS_SHORTENED, room, to)) < 0 || whole)
        return len;
    if ((size_t)len + 1 + last_len >= SUN_PATH)
        return -ENAMETOOLONG;
    to[len] = '/';
    memcpy(to + len + 1, parts.last, last_len + 1);
    return len + 1 + (long)last_len;
}

static bool through_alias(struct request *r)
{
    char to[SUN_PATH + ALIAS_PATH_MAX];
    char *room = scratch_take();
    long len = room ? alias_for(r->target->name.bytes, room, to) : -ENOMEM;

    scratch_give(room);
    if (len < 0 || len >= SUN_PATH)
        return false;
    address_rename(r->target, to, (size_t)len);
    r->via = &r->target->raw.any;
    r->via_len = r->target->len;
    return true;
}

int reach_long(struct request *r)
{
    if (!is_looked_at(r))
        return REACH_DIRECT;
    int err = pin(r);
    gone_note(r->operation, err, r->target);
    if (err != -EMFILE && err != -ENFILE && err != -ENOSYS)
        return err;
    return through_alias(r) ? REACH_DIRECT : REACH_HELPED;
}

/* --- In a helper thread ------------------------------------------------------- */

struct help {
    struct request *r;
    const struct msghdr *msg; /* NULL: connect */
    int flags;
    int spare; /* a number to give up in a table of its own; -1: there is none */
    bool judges;
    bool begun; /* there is a helper, and a verdict if it judges */
    bool ran;   /* what was returned is the call's */
};

static long make_call(struct help *h, const struct sockaddr_un *un, socklen_t len)
{
    h->ran = true;
    if (!h->msg)
        return SYS3(SYS_connect, h->r->fd, un, len);
    struct msghdr msg = *h->msg;
    msg.msg_name = (void *)(uintptr_t)un;
    msg.msg_namelen = len;
    return SYS3(SYS_sendmsg, h->r->fd, &msg, h->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* With a working directory of its own: by the last component alone. Behind the name there is
 * room for another. */
static long from_directory(void *ctx)
{
    struct help *h = ctx;
    h->begun = true;
    const char *path = h->r->target->name.bytes;
    char *room = h->r->target->longer + PATH_BYTES;
    struct path_parts parts = path_split(path);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const char *last = *parts.last ? parts.last : ".";
    size_t len = strlen(last);

    path_directory(&parts, path, room);
    long err = SYS1(SYS_chdir, room);
    if (err < 0)
        return err;
    memcpy(un.sun_path, last, len);
    return make_call(h, &un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

/* Whether `fd` is sent along in control data. */
static bool passes(struct msghdr *msg, int fd)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        size_t left = msg->msg_controllen - (size_t)((char *)c - (char *)msg->msg_control);

        if (c->cmsg_len > left)
            return false; /* the kernel refuses it */
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            for (size_t at = CMSG_LEN(0); at + sizeof fd <= c->cmsg_len; at += sizeof fd)
                if (memcmp((char *)c + at, &fd, sizeof fd) == 0)
                    return true;
    }
    return false;
}

/* A number that the call does not need; -1: there is none. */
static int find_spare(const struct request *r, const struct msghdr *msg)
{
    enum { MOST = 4096, NUMBERS = 512 /* more than SCM_MAX_FD */ };
    struct msghdr copy = {.msg_controllen = msg && msg->msg_control ? msg->msg_controllen : 0};
    int fd = 0;

    if (copy.msg_controllen > MOST || (copy.msg_controllen && !(copy.msg_control = scratch_take())))
        return -1;
    if (copy.msg_controllen && copy_in(copy.msg_control, msg->msg_control, copy.msg_controllen) < 0)
        copy.msg_controllen = 0; /* the kernel will say EFAULT */
    while (fd < NUMBERS && (fd == r->fd || fd == state->log.fd || sys_getflags(fd) < 0 || passes(&copy, fd)))
        fd++;
    scratch_give(copy.msg_control);
    return fd < NUMBERS ? fd : -1;
}

static long from_pin(void *ctx)
{
    struct help *h = ctx;
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    h->begun = true;
    sys_close(h->spare);
    int fd = sys_openat(AT_FDCWD, h->r->target->name.bytes, O_PATH | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    if (!has_proc(fd))
        return -ENAMETOOLONG;
    size_t len = procfd_path(fd, un.sun_path, sizeof un.sun_path);
    return make_call(h, &un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1));
}

static long from_verdict(void *ctx)
{
    struct help *h = ctx;
    struct request r = *h->r;
    struct address target = *r.target; /* judging changes it, and there may be another attempt */

    sys_close(h->spare);
    if ((uintptr_t)target.name.bytes - (uintptr_t)r.target < sizeof target)
        target.name.bytes = (const char *)&target + ((const char *)target.name.bytes - (const char *)r.target);
    r.target = &target;
    r.again = h->begun;
    long ret = mediate(&r);
    h->begun = ret != MEDIATE_FULL;
    if (ret == 0 && address_is_long(&target) && r.pin.fd < 0)
        ret = -EMFILE;
    if (ret == 0 && (ret = make_call(h, (const struct sockaddr_un *)r.via, r.via_len)) < 0)
        ret = -mediate_failed(&r, (int)-ret);
    pin_close(&r.pin);
    return ret;
}

static long attempt(struct help *h)
{
    if (h->judges)
        return helper_run(HELPER_OWN_TABLE, from_verdict, h);
    struct path_parts parts = path_split(h->r->target->name.bytes);

    if (strlen(parts.last) <= SUN_PATH)
        return helper_run(HELPER_OWN_DIRECTORY, from_directory, h);
    return helper_run(HELPER_OWN_TABLE, from_pin, h);
}

/* A connect that the kernel would wait with comes back at once: nobody could
 * interrupt the helper. The time-out is the socket's, so that it is changed for as
 * short as can be. */
static long attempt_briefly(struct help *h)
{
    const struct timeval tick = {.tv_usec = 1};
    struct timeval before;
    socklen_t len = sizeof before;

    if (h->msg || SYS5(SYS_getsockopt, h->r->fd, SOL_SOCKET, SO_SNDTIMEO, &before, &len) < 0)
        return attempt(h);
    SYS5(SYS_setsockopt, h->r->fd, SOL_SOCKET, SO_SNDTIMEO, &tick, sizeof tick);
    long ret = attempt(h);
    SYS5(SYS_setsockopt, h->r->fd, SOL_SOCKET, SO_SNDTIMEO, &before, sizeof before);
    return ret;
}

/* Milliseconds that the call may take; -1: as long as it takes. */
static int64_t patience(const struct request *r, int flags)
{
    struct timeval t = {0};
    socklen_t len = sizeof t;
    int status = sys_getflags(r->fd);

    if ((flags & MSG_DONTWAIT) || (status >= 0 && (status & O_NONBLOCK)))
        return 0;
    SYS5(SYS_getsockopt, r->fd, SOL_SOCKET, SO_SNDTIMEO, &t, &len);
    return t.tv_sec || t.tv_usec ? t.tv_sec * 1000 + t.tv_usec / 1000 + 1 : -1;
}

/* Milliseconds. */
static int64_t now(void)
{
    struct timespec t;

    SYS2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether a handler for one of these ends a call; one with a time-out is never made again (signal(7)). */
static bool interrupt(uint64_t signals, bool restarts)
{
    for (; signals; signals &= signals - 1) {
        unsigned long action[8] = {0}; /* as the kernel has it: handler, flags, ... */

        SYS4(SYS_rt_sigaction, __builtin_ctzll(signals) + 1, NULL, action, sizeof signals);
        if (action[0] > 1 && !(restarts && (action[1] & SA_RESTART)))
            return true;
    }
    return false;
}

/* A call that changes nothing, and that a thread can be cancelled in. */
static void act_on_cancellation(void)
{
    int before = errno;

    real.connect(-1, NULL, 0);
    errno = before;
}

/* Signals are held back until it is clear that they have to end the call: a handler that ran
 * after the helper and before the sleep would not. */
static long wait_for(struct help *h)
{
    const int64_t most = patience(h->r, h->flags), end = most < 0 ? INT64_MAX : now() + most;
    const struct timespec step = {.tv_nsec = 5000000};
    const uint64_t held = ~((uint64_t)1 << (SIGSYS - 1));
    bool again = most;
    long ret = again ? 0 : attempt(h);

    while (again) {
        uint64_t before, pending = 0;

        sys_sigmask(SIG_BLOCK, &held, &before);
        ret = attempt_briefly(h);
        again = ret == -EAGAIN && h->ran && now() < end;
        if (again) {
            SYS2(SYS_nanosleep, &step, NULL);
            SYS2(SYS_rt_sigpending, &pending, sizeof pending);
        }
        if (interrupt(pending & ~before, most < 0))
            ret = -EINTR, again = false;
        sys_sigmask(SIG_SETMASK, &before, NULL);
        if (again)
            act_on_cancellation();
    }
    return ret;
}

/* Not what clone(2) said: EAGAIN and EPERM would mean something else. */
static int no_descriptor(const char *operation)
{
    record_trouble(operation, -EMFILE, "no free descriptor to look the path up with");
    return -EMFILE;
}

long reach_judged(struct request *r, const struct msghdr *msg, int flags)
{
    struct help h = {.r = r, .msg = msg, .flags = flags, .spare = find_spare(r, msg), .judges = true};
    long ret = wait_for(&h);

    return h.begun ? ret : no_descriptor(r->operation);
}

static long decide(void *ctx)
{
    struct help *h = ctx;

    sys_close(h->spare);
    long ret = mediate(h->r);
    h->begun = ret != MEDIATE_FULL;
    return ret;
}

int reach_mediate(struct request *r)
{
    struct help h = {.r = r, .spare = find_spare(r, NULL)};
    int ret = (int)helper_run(HELPER_OWN_TABLE, decide, &h);

    return h.begun ? ret : no_descriptor(r->operation);
}

long reach_helped(struct request *r, const struct msghdr *msg, int flags)
{
    struct help h = {.r = r, .msg = msg, .flags = flags, .spare = find_spare(r, msg)};

    if (!r->target->longer && !(r->target->longer = scratch_take())) /* the name is nobody's to be given back */
        return -ENOMEM;
    long ret = wait_for(&h);
    if (!h.begun)
        ret = -EMFILE;
    if (ret < 0 && !h.ran && ret != -ENOENT && ret != -ENOTDIR && ret != -EACCES)
        record_trouble(r->operation, (int)ret, "a path this long needs /proc or a run (sunshim run)");
    return ret;
}

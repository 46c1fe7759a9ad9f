#include "reach.h"

#include <string.h>

#include "alias.h"
#include "gone.h"
#include "helper.h"
#include "path.h"
#include "patience.h"
#include "procfd.h"
#include "real.h"
#include "record.h"
#include "scratch.h"
#include "spare.h"
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
    struct patience wait;
};

static long make_call(struct help *h, const struct sockaddr_un *un, socklen_t len)
{
    h->wait.ran = true;
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

/* A descriptor that the name begins at. */
static int named(const struct address *target)
{
    return target && target->name.kind == POLICY_ADDR_PATHNAME ? spare_named(target->name.bytes) : -1;
}

/* A number that the call does not need; -1: there is none. */
static int find_spare(const struct request *r, const struct msghdr *msg)
{
    enum { MOST = 4096 };
    struct msghdr copy = {.msg_controllen = msg && msg->msg_control ? msg->msg_controllen : 0};

    if (copy.msg_controllen > MOST || (copy.msg_controllen && !(copy.msg_control = scratch_take())))
        return -1;
    if (copy.msg_controllen && copy_in(copy.msg_control, msg->msg_control, copy.msg_controllen) < 0)
        copy.msg_controllen = 0; /* the kernel will say EFAULT */
    int fd = spare_find((const int[]){r->fd, state->log.fd, named(r->target)}, &copy);
    scratch_give(copy.msg_control);
    return fd;
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

static long attempt(void *ctx)
{
    struct help *h = ctx;

    if (h->judges)
        return helper_run(HELPER_OWN_TABLE, from_verdict, h);
    struct path_parts parts = path_split(h->r->target->name.bytes);

    if (strlen(parts.last) <= SUN_PATH)
        return helper_run(HELPER_OWN_DIRECTORY, from_directory, h);
    return helper_run(HELPER_OWN_TABLE, from_pin, h);
}

static long wait_for(struct help *h)
{
    h->wait = (struct patience){.fd = h->r->fd, .connects = !h->msg, .flags = h->flags, .attempt = attempt, .ctx = h,
                                .cancels = real.connect};
    return patience_wait(&h->wait);
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
    if (ret < 0 && !h.wait.ran && ret != -ENOENT && ret != -ENOTDIR && ret != -EACCES)
        record_trouble(r->operation, (int)ret, "a path this long needs /proc or a run (sunshim run)");
    return ret;
}

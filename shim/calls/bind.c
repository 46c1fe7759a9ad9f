#include <sys/syscall.h>

#include "calls.h"
#include "domain/anon.h"
#include "shim/alias.h"
#include "shim/diag.h"
#include "shim/gone.h"
#include "shim/path.h"
#include "shim/place.h"
#include "shim/reach.h"
#include "shim/record.h"
#include "shim/remember.h"
#include "shim/scratch.h"
#include "shim/sys.h"
#include "shim/tally.h"
#include "shim/track.h"
#include "shim/whole.h"

static int perform(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    return via == VIA_LIBC ? real.bind(fd, addr, len) : (int)real.syscall(SYS_bind, fd, addr, len);
}

/* AF_UNSPEC is the socket's own family to an inet socket (__inet_bind); others
 * refuse it. */
static void read_unspec(struct address *target, int fd)
{
    int domain;

    if (sys_getsockopt_int(fd, SO_DOMAIN, &domain) == 0 && domain == AF_INET)
        address_unspec_is_inet(target, ADDRESS_BIND);
    else
        target->valid = false;
}

/* Some layer would refuse somebody for what is not remembered. */
static bool memory_matters(void)
{
    for (unsigned i = 0; i < state->layer_count && !state->complain; i++)
        if (!state->layers[i].complain && (policy_uses(&state->layers[i].policy) & POLICY_USES_MEMORY))
            return true;
    return false;
}

/* What nobody can remember would be outside from then on, and the program wonder
 * why: it is better told now. Where nothing is enforced it only goes on record. */
static int memory_full(int ret)
{
    record_trouble("bind", -ENOSPC, "the memory of the run is full: this socket would count as outside");
    tally(COUNT_OUTSIDE);
    return memory_matters() ? fail(-ENOSPC) : ret;
}

/* The name as it is now, absolute; where it cannot be had, as it was given. */
static __attribute__((noinline)) void track(int fd, const struct address *target)
{
    struct policy_addr addr = target->name;
    struct address own;
    struct name name;

    if (addr.kind == POLICY_ADDR_PATHNAME) {
        if (pin_new_name(&name, addr.bytes) == 0 && name.at) {
            addr.bytes = name.at;
            addr.len = name.len;
        }
        track_bound(fd, &addr);
        name_release(&name);
    } else if (address_own(&own, fd) == 0) {
        track_bound(fd, &own.name);
    }
}

/* A second autobind succeeds and changes nothing: the name is still that of whoever
 * bound the socket, and that may be somebody outside. */
static __attribute__((noinline)) bool has_name(int fd)
{
    struct address own;

    return address_own(&own, fd) == 0 && own.name.kind != POLICY_ADDR_NONE;
}

static bool is_unix(int fd)
{
    int domain;

    return sys_getsockopt_int(fd, SO_DOMAIN, &domain) == 0 && domain == AF_UNIX;
}

/* A name that does not fit sun_path, by another one that leads to the same place. */
static __attribute__((noinline)) int perform_elsewhere(enum via via, int fd, struct place *p)
{
    int before = errno, err = 0;

    if (p->helped)
        err = place_helped(p, fd);
    else if (perform(via, fd, (const struct sockaddr *)&p->via, p->via_len) < 0)
        err = -errno;
    errno = before;
    err = place_end(p, fd, err);
    return err < 0 ? fail(err) : 0;
}

static int perform_long(enum via via, int fd, const struct address *target)
{
    struct place p;
    int err = place_begin(&p, target->name.bytes);

    if (err < 0) {
        gone_note("bind", err, target);
        return fail(err);
    }
    return perform_elsewhere(via, fd, &p);
}

static bool is_same_file(const char *a, const char *b, int flags)
{
    struct stat one, other;

    return SYS4(SYS_newfstatat, AT_FDCWD, a, &one, flags) == 0 && SYS4(SYS_newfstatat, AT_FDCWD, b, &other, flags) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void directory(const char *path, char *to)
{
    struct path_parts parts = path_split(path);

    path_directory(&parts, path, to);
}

/* Not where something is mounted on the directory that the descriptor leads to. */
static bool is_same_directory(const char *a, const char *b)
{
    char *room = scratch_take();

    if (!room)
        return false;
    directory(a, room);
    directory(b, room + SCRATCH_SIZE / 2);
    bool same = is_same_file(room, room + SCRATCH_SIZE / 2, 0);
    scratch_give(room);
    return same;
}

static bool is_bound_at(int fd, int dir, const char *path)
{
    struct diag_unix own;
    struct stat st;

    return sys_fstat(fd, &st) == 0 && diag_unix((uint32_t)st.st_ino, &own) == 0 &&
           SYS4(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && diag_is_file(&own, &st);
}

/* What was made in another directory. Whoever exchanges them may do it again. */
static void remove_stray(int fd, const char *path)
{
    char *room = scratch_take();
    bool found = !room;

    for (int i = 0; i < 16 && !found; i++) {
        directory(path, room);
        int dir = sys_openat(AT_FDCWD, room, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        const char *last = path_split(path).last;

        if ((found = is_bound_at(fd, dir, last)))
            SYS3(SYS_unlinkat, dir, last, 0);
        sys_close(dir);
    }
    scratch_give(room);
}

/* Where the directory was moved in the middle the socket is elsewhere, and bound for good: the call has failed. */
static int look_where(int fd, const char *wanted, const char *name)
{
    if (is_same_file(wanted, name, AT_SYMLINK_NOFOLLOW) || is_bound_at(fd, AT_FDCWD, wanted))
        return 0;
    remove_stray(fd, name);
    return fail(-ENOENT);
}

/* A name below a descriptor leads nowhere for others, and peers are known by the kernel's names: bound through
 * an alias of the directory, as a long one. True: it was, and *ret is what bind(2) returns. */
static __attribute__((noinline)) bool performed_by_alias(enum via via, int fd, const struct address *target, int *ret)
{
    struct name name;
    struct place p;
    bool aliased = false;

    if (pin_new_name(&name, target->name.bytes) < 0)
        return false;
    if (name.at && is_same_directory(target->name.bytes, name.at) && place_begin(&p, name.at) == 0) {
        aliased = p.alias;
        if (aliased)
            *ret = perform_elsewhere(via, fd, &p);
        else
            place_end(&p, fd, -ENOENT);
    }
    if (aliased && *ret == 0)
        *ret = look_where(fd, target->name.bytes, name.at);
    name_release(&name);
    return aliased;
}

/* Whether it is to be known by another name. */
static bool is_below_descriptor(const struct address *target, int fd)
{
    return alias_prefix() && target->name.kind == POLICY_ADDR_PATHNAME && path_is_own(target->name.bytes) &&
           !anon_is(target->name.bytes, target->name.len) && is_unix(fd);
}

static int perform_placed(enum via via, int fd, const struct address *target)
{
    int aliased;

    if (is_below_descriptor(target, fd) && performed_by_alias(via, fd, target, &aliased))
        return aliased;
    if (address_is_long(target) && is_unix(fd))
        return perform_long(via, fd, target);
    int ret = perform(via, fd, &target->raw.any, target->len);
    if (ret < 0 && state->shortens)
        gone_note("bind", -errno, target);
    return ret;
}

static int perform_remembered(enum via via, int fd, const struct address *target)
{
    struct binding b;
    int err = 0;

    if (target->name.kind == POLICY_ADDR_AUTO && has_name(fd))
        return perform_placed(via, fd, target);
    remember_begin(&b);
    int ret = perform_placed(via, fd, target);
    if (ret == 0) {
        err = remember_bound(fd, target);
        remember_process_once();
        if (track_on())
            track(fd, target);
    }
    remember_end(&b);
    return err ? memory_full(ret) : ret;
}

/* The target as it was read, judged and done. */
static int judged(enum via via, int fd, struct address *target)
{
    struct request r = request("bind", fd, POLICY_BIND);

    if (target->family == AF_UNSPEC)
        read_unspec(target, fd);
    int err = whole_make(target, "bind", true);
    r.target = target;
    if (err == 0 && !state_free(POLICY_BIND, target->family) && (err = mediate(&r)) == MEDIATE_FULL)
        err = reach_mediate(&r);
    if (err < 0)
        return fail(err);
    if (domain_remembers() || track_on())
        return perform_remembered(via, fd, target);
    return perform_placed(via, fd, target);
}

int call_bind(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct address target;
    int err = address_read(&target, addr, len, ADDRESS_BIND);

    if (err < 0)
        return address_refused_here(err, fd) ? fail(err)
                                             : perform(via, fd, ADDRESS_UNREADABLE, address_refused_len(err, len));
    int ret = judged(via, fd, &target);
    address_release(&target);
    return ret;
}

/* The kernel refuses what is too long without looking at it. */
static int bind_unjudged(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (whole_doubtful(len))
        return call_bind(VIA_LIBC, fd, addr, len);
    int before = errno, ret = real.bind(fd, addr, len);
    if (ret < 0 && len > ADDRESS_UN_MAX && errno == EINVAL) {
        errno = before;
        return call_bind(VIA_LIBC, fd, addr, len);
    }
    if (ret < 0 && state->shortens)
        gone_look("bind", errno, addr, len);
    return ret;
}

INTERPOSED int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (!state_pass())
        return call_bind(VIA_LIBC, fd, addr, len);
    if (len < ADDRESS_FULL && !state->shortens)
        return real.bind(fd, addr, len);
    return bind_unjudged(fd, addr, len);
}

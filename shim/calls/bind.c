#include <sys/syscall.h>

#include "bind.h"
#include "shim/gone.h"
#include "shim/reach.h"
#include "shim/record.h"
#include "shim/remember.h"
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
int bind_elsewhere(enum via via, int fd, struct place *p)
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
    return bind_elsewhere(via, fd, &p);
}

static int perform_placed(enum via via, int fd, const struct address *target)
{
    int aliased;

    if (bind_is_below(target) && is_unix(fd) && bind_below(via, fd, target, &aliased))
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
static int judged(enum via via, int fd, struct address *target, struct trace *t)
{
    struct request r = request_of(t);

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

static int taken(enum via via, int fd, const struct sockaddr *addr, socklen_t len, struct trace *t)
{
    struct address target;
    int err = address_read(&target, addr, len, ADDRESS_BIND);

    if (err < 0)
        return address_refused_here(err, fd) ? fail(err)
                                             : perform(via, fd, ADDRESS_UNREADABLE, address_refused_len(err, len));
    int ret = judged(via, fd, &target, t);
    address_release(&target);
    return ret;
}

int call_bind(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct trace t;

    trace_begin(&t, "bind", POLICY_BIND, fd);
    trace_named(&t, addr, len);
    return (int)trace_end(&t, taken(via, fd, addr, len, &t));
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

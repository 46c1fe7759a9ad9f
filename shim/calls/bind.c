#include <sys/syscall.h>

#include "calls.h"
#include "shim/record.h"
#include "shim/remember.h"
#include "shim/sys.h"
#include "shim/tally.h"
#include "shim/track.h"

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

static int perform_remembered(enum via via, int fd, const struct address *target)
{
    struct binding b;
    int err = 0;

    if (target->name.kind == POLICY_ADDR_AUTO && has_name(fd))
        return perform(via, fd, &target->raw.any, target->len);
    remember_begin(&b);
    int ret = perform(via, fd, &target->raw.any, target->len);
    if (ret == 0) {
        err = remember_bound(fd, target);
        remember_process_once();
        if (track_on())
            track(fd, target);
    }
    remember_end(&b);
    return err ? memory_full(ret) : ret;
}

int call_bind(enum via via, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct request r = request("bind", fd, POLICY_BIND);
    struct address target;

    if (address_read(&target, addr, len, ADDRESS_BIND) < 0)
        return perform(via, fd, ADDRESS_UNREADABLE, len);
    if (target.family == AF_UNSPEC)
        read_unspec(&target, fd);
    r.target = &target;
    int err = state_free(POLICY_BIND, target.family) ? 0 : mediate(&r);
    if (err < 0)
        return fail(err);
    if (domain_remembers() || track_on())
        return perform_remembered(via, fd, &target);
    return perform(via, fd, &target.raw.any, target.len);
}

INTERPOSED int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (state_pass())
        return real.bind(fd, addr, len);
    return call_bind(VIA_LIBC, fd, addr, len);
}

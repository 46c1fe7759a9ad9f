#include <sys/syscall.h>

#include "calls.h"
#include "shim/sys.h"

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
    return perform(via, fd, &target.raw.any, target.len);
}

INTERPOSED int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (state_pass())
        return real.bind(fd, addr, len);
    return call_bind(VIA_LIBC, fd, addr, len);
}

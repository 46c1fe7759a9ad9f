#include <sys/syscall.h>

#include "calls.h"
#include "shim/sys.h"

static int judge(struct trace *t, int level, int option)
{
    struct request r = request_of(t);

    trace_number(t, 0, "level", level);
    trace_number(t, 1, "option", option);
    return state_free(t->perm, -1) ? 0 : mediate(&r);
}

/* A connected, unbound dgram or seqpacket end with this option on is bound by a
 * plain write(), which is not seen: so it is now that the bind is judged.
 * Anything else is judged at connect and at sends. */
static int judge_autobind(int fd, int level, int option, const void *value, socklen_t len)
{
    struct address own, peer;
    int on, type;

    if (level != SOL_SOCKET || (option != SO_PASSCRED && option != SO_PASSPIDFD) || !state->autobind_matters)
        return 0;
    if (len < (socklen_t)sizeof on || copy_in(&on, value, sizeof on) < 0 || !on)
        return 0;
    if (sys_getsockopt_int(fd, SO_TYPE, &type) < 0 || address_own(&own, fd) < 0 || own.family != AF_UNIX)
        return 0;
    atomic_store_explicit(&state_autobind_probe, true, memory_order_relaxed);
    if (type == SOCK_STREAM || own.name.kind != POLICY_ADDR_NONE)
        return 0;
    socklen_t peer_len = ADDRESS_MAX;
    return sys_getpeername(fd, peer.raw.bytes, &peer_len) == 0 ? mediate_auto("setsockopt", fd) : 0;
}

int call_getsockopt(enum via via, int fd, int level, int option, void *value, socklen_t *len)
{
    struct trace t;

    trace_begin(&t, "getsockopt", POLICY_GETOPT, fd);
    int err = judge(&t, level, option);
    return (int)trace_end(&t, err < 0           ? fail(err)
                              : via == VIA_LIBC ? real.getsockopt(fd, level, option, value, len)
                                                : (int)real.syscall(SYS_getsockopt, fd, level, option, value, len));
}

int call_setsockopt(enum via via, int fd, int level, int option, const void *value, socklen_t len)
{
    struct trace t;

    trace_begin(&t, "setsockopt", POLICY_SETOPT, fd);
    int err = judge(&t, level, option);
    if (err >= 0)
        err = judge_autobind(fd, level, option, value, len);
    return (int)trace_end(&t, err < 0           ? fail(err)
                              : via == VIA_LIBC ? real.setsockopt(fd, level, option, value, len)
                                                : (int)real.syscall(SYS_setsockopt, fd, level, option, value, len));
}

INTERPOSED int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict len)
{
    if (state_pass())
        return real.getsockopt(fd, level, option, value, len);
    return call_getsockopt(VIA_LIBC, fd, level, option, value, len);
}

INTERPOSED int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (state_pass())
        return real.setsockopt(fd, level, option, value, len);
    return call_setsockopt(VIA_LIBC, fd, level, option, value, len);
}

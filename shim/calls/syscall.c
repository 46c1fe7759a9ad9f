/* syscall(2): the same calls by number. */
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "shim/readback.h"
#include "shim/remember.h"

/* The registers of a system call. */
struct registers {
    long a, b, c, d, e, f;
};

#define P(type, value) ((type)(uintptr_t)(value))

static long senders(long number, const struct registers *r)
{
    switch (number) {
    case SYS_sendto:
        return call_sendto(VIA_SYSCALL, (int)r->a, P(const void *, r->b), (size_t)r->c, (int)r->d,
                           P(const struct sockaddr *, r->e), (socklen_t)r->f);
    case SYS_sendmsg:
        return call_sendmsg(VIA_SYSCALL, (int)r->a, P(const struct msghdr *, r->b), (int)r->c);
    default:
        return call_sendmmsg(VIA_SYSCALL, (int)r->a, P(struct mmsghdr *, r->b), (unsigned)r->c, (int)r->d);
    }
}

static long receivers(long number, const struct registers *r)
{
    switch (number) {
    case SYS_recvfrom:
        return call_recvfrom(VIA_SYSCALL, (int)r->a, P(void *, r->b), (size_t)r->c, (int)r->d,
                             P(struct sockaddr *, r->e), P(socklen_t *, r->f));
    case SYS_recvmsg:
        return call_recvmsg(VIA_SYSCALL, (int)r->a, P(struct msghdr *, r->b), (int)r->c);
    default:
        return call_recvmmsg(VIA_SYSCALL, (int)r->a, P(struct mmsghdr *, r->b), (unsigned)r->c, (int)r->d,
                             P(struct timespec *, r->e));
    }
}

/* Calls with the address as second and its length as third argument. */
static long named(long number, const struct registers *r)
{
    struct sockaddr *addr = P(struct sockaddr *, r->b);
    socklen_t *len = P(socklen_t *, r->c);

    switch (number) {
    case SYS_bind:
        return call_bind(VIA_SYSCALL, (int)r->a, addr, (socklen_t)r->c);
    case SYS_connect:
        return call_connect(VIA_SYSCALL, (int)r->a, addr, (socklen_t)r->c);
#ifdef SYS_accept
    case SYS_accept:
        return call_accept(VIA_SYSCALL, (int)r->a, addr, len);
#endif
    case SYS_accept4:
        return call_accept4(VIA_SYSCALL, (int)r->a, addr, len, (int)r->d);
    case SYS_getsockname:
        return call_getsockname(VIA_SYSCALL, (int)r->a, addr, len);
    default:
        return call_getpeername(VIA_SYSCALL, (int)r->a, addr, len);
    }
}

static long others(long number, const struct registers *r)
{
    switch (number) {
    case SYS_socket:
        return call_socket(VIA_SYSCALL, (int)r->a, (int)r->b, (int)r->c);
    case SYS_socketpair:
        return call_socketpair(VIA_SYSCALL, (int)r->a, (int)r->b, (int)r->c, P(int *, r->d));
    case SYS_listen:
        return call_listen(VIA_SYSCALL, (int)r->a, (int)r->b);
    case SYS_shutdown:
        return call_shutdown(VIA_SYSCALL, (int)r->a, (int)r->b);
    case SYS_getsockopt:
        return call_getsockopt(VIA_SYSCALL, (int)r->a, (int)r->b, (int)r->c, P(void *, r->d),
                               P(socklen_t *, r->e));
    default:
        return call_setsockopt(VIA_SYSCALL, (int)r->a, (int)r->b, (int)r->c, P(const void *, r->d),
                               (socklen_t)r->e);
    }
}

static long programs(long number, const struct registers *r)
{
    if (number == SYS_execve)
        return call_execve(VIA_SYSCALL, P(const char *, r->a), P(char *const *, r->b), P(char *const *, r->c));
    return call_execveat(VIA_SYSCALL, (int)r->a, P(const char *, r->b), P(char *const *, r->c), P(char *const *, r->d),
                         (int)r->e);
}

static long came(long fd)
{
    state_let_in();
    if (fd >= 0 && domain_remembers())
        remember_came((int)fd);
    return fd;
}

static long dispatch(long number, const struct registers *r)
{
    switch (number) {
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
        return senders(number, r);
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
        return receivers(number, r);
#ifdef SYS_accept
    case SYS_accept:
#endif
    case SYS_bind:
    case SYS_connect:
    case SYS_accept4:
    case SYS_getsockname:
    case SYS_getpeername:
        return named(number, r);
    case SYS_socket:
    case SYS_socketpair:
    case SYS_listen:
    case SYS_shutdown:
    case SYS_getsockopt:
    case SYS_setsockopt:
        return others(number, r);
    case SYS_execve:
    case SYS_execveat:
        return programs(number, r);
    case SYS_pidfd_getfd: /* another process's socket */
        return came(real.syscall(number, r->a, r->b, r->c, r->d, r->e, r->f));
    case SYS_io_uring_setup: /* receives and accepts that are not seen */
        state_let_in();
        /* fall through */
    default:
        return real.syscall(number, r->a, r->b, r->c, r->d, r->e, r->f);
    }
}

static bool takes_name(long number)
{
    return number == SYS_bind || number == SYS_connect || number == SYS_sendto || number == SYS_sendmsg ||
           number == SYS_sendmmsg;
}

static bool tells_name(long number)
{
#ifdef SYS_accept
    if (number == SYS_accept)
        return true;
#endif
    return number == SYS_accept4 || number == SYS_getsockname || number == SYS_getpeername || number == SYS_recvfrom ||
           number == SYS_recvmsg || number == SYS_recvmmsg;
}

/* Nothing is judged; but names may be too long, cut, or not what the program knows. */
static long unjudged(long number, const struct registers *r)
{
    if ((takes_name(number) && state->suspect_count) || (tells_name(number) && readback_on()) ||
        ((number == SYS_execve || number == SYS_execveat) && state->follows))
        return dispatch(number, r);
    int before = errno;
    long ret = real.syscall(number, r->a, r->b, r->c, r->d, r->e, r->f);
    if (ret >= 0 || errno != EINVAL || !takes_name(number))
        return ret;
    errno = before;
    return dispatch(number, r);
}

/* The sixth may not be there: sanitizers know that. */
__attribute__((no_sanitize("address"))) INTERPOSED long syscall(long number, ...)
{
    struct registers r;
    va_list ap;

    /* As many as any call has; reading more than were passed is what libc's own
     * does too. */
    va_start(ap, number);
    r.a = va_arg(ap, long);
    r.b = va_arg(ap, long);
    r.c = va_arg(ap, long);
    r.d = va_arg(ap, long);
    r.e = va_arg(ap, long);
    r.f = va_arg(ap, long);
    va_end(ap);
    if (state_pass())
        return unjudged(number, &r);
    return dispatch(number, &r);
}

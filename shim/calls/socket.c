#include <netinet/in.h>
#include <sys/syscall.h>

#include "calls.h"
#include "shim/dgram.h"
#include "shim/remember.h"
#include "shim/track.h"

/* What kind of socket the kernel will make of it. */
static void normalize(struct request *r)
{
    if (r->family == AF_INET && r->type == SOCK_PACKET)
        r->family = AF_PACKET; /* __sock_create: "bogus families", kept for libpcap */
    if (r->family == AF_UNIX && r->type == SOCK_RAW)
        r->type = SOCK_DGRAM; /* unix_create: "believe it or not BSD has AF_UNIX, SOCK_RAW" */
    if (r->family == AF_UNIX)
        r->protocol = 0;
    if ((r->family == AF_INET || r->family == AF_INET6) && r->protocol == 0)
        r->protocol = r->type == SOCK_STREAM ? IPPROTO_TCP : r->type == SOCK_DGRAM ? IPPROTO_UDP : 0;
}

static int judge(struct trace *t, bool pair, int domain, int type, int protocol)
{
    struct request r = request_of(t);

    /* The kernel refuses these before anything else. */
    if (domain < 0 || domain >= POLICY_FAMILIES || (type & ~0xf & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)))
        return 0;
    r.family = domain;
    r.type = type & 0xf;
    r.protocol = protocol;
    r.pair = pair;
    normalize(&r);
    if (t->on) {
        t->family = r.family;
        t->type = r.type;
        t->protocol = r.protocol;
    }
    return state_free(POLICY_CREATE, r.family) ? 0 : mediate(&r);
}

static int judged_socket(enum via via, int domain, int type, int protocol, struct trace *t)
{
    int err = judge(t, false, domain, type, protocol);

    if (err < 0)
        return fail(err);
    int fd = via == VIA_LIBC ? real.socket(domain, type, protocol)
                             : (int)real.syscall(SYS_socket, domain, type, protocol);
    dgram_note(fd, type & 0xf);
    if (track_on() && fd >= 0)
        track_created(fd, RING_SOCKET, domain, type);
    return fd;
}

int call_socket(enum via via, int domain, int type, int protocol)
{
    struct trace t;

    trace_begin(&t, "socket", POLICY_CREATE, -1);
    return (int)trace_end(&t, judged_socket(via, domain, type, protocol, &t));
}

static int judged_socketpair(enum via via, int domain, int type, int protocol, int sv[2], struct trace *t)
{
    int err = judge(t, true, domain, type, protocol);

    if (err < 0)
        return fail(err);
    remember_process_once();
    int ret = via == VIA_LIBC ? real.socketpair(domain, type, protocol, sv)
                              : (int)real.syscall(SYS_socketpair, domain, type, protocol, sv);
    for (int i = 0; ret == 0 && i < 2; i++) {
        dgram_note(sv[i], type & 0xf);
        if (track_on())
            track_created(sv[i], RING_SOCKETPAIR, domain, type);
    }
    return ret;
}

int call_socketpair(enum via via, int domain, int type, int protocol, int sv[2])
{
    struct trace t;

    trace_begin(&t, "socketpair", POLICY_CREATE, -1);
    int ret = judged_socketpair(via, domain, type, protocol, sv, &t);
    for (unsigned i = 0; ret == 0 && i < 2; i++)
        trace_number(&t, i, i ? "fd2" : "fd1", sv[i]);
    return (int)trace_end(&t, ret);
}

INTERPOSED int socket(int domain, int type, int protocol)
{
    if (state_pass())
        return real.socket(domain, type, protocol);
    return call_socket(VIA_LIBC, domain, type, protocol);
}

INTERPOSED int socketpair(int domain, int type, int protocol, int sv[2])
{
    if (state_pass())
        return real.socketpair(domain, type, protocol, sv);
    return call_socketpair(VIA_LIBC, domain, type, protocol, sv);
}

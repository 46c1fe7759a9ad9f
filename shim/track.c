#include "track.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "policy/text.h"
#include "settled.h"
#include "sys.h"

/* The C library's clock_gettime is no system call here (vdso(7)); a tick of a few
 * milliseconds is fine enough. */
static uint64_t now(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint32_t inode_of(int fd)
{
    struct stat st;

    return sys_fstat(fd, &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

void track_write(const struct ring_entry *e)
{
    for (unsigned up = 0; up < domain_runs(); up++)
        if (domain_ring(up))
            ring_put(domain_ring(up), e);
}

/* A run inside another may know no more of a socket than the name it got there. */
bool track_find(uint64_t cookie, struct ring_entry *out)
{
    struct ring_entry e;
    bool found = false;

    for (unsigned up = 0; cookie && up < domain_runs(); up++) {
        if (!domain_ring(up) || !ring_get(domain_ring(up), cookie, &e))
            continue;
        if (found && out->name_kind != RING_NO_NAME) {
            e.name_kind = out->name_kind;
            e.name_len = out->name_len;
            memcpy(e.name, out->name, sizeof e.name);
        }
        *out = e;
        found = true;
        if (e.origin != RING_UNKNOWN)
            break;
    }
    return found;
}

/* The caller made the socket just now. */
static void made_here(struct ring_entry *e, enum ring_origin origin, bool cloexec)
{
    e->time = now();
    e->pid = (int32_t)domain_self().pid;
    e->origin = (uint8_t)origin;
    e->cloexec = cloexec;
    memcpy(e->comm, domain_comm(), sizeof e->comm);
}

/* As unix_create() has it: SOCK_RAW is a datagram socket there. */
static uint8_t type_of(int family, int type)
{
    type &= 0xf;
    return (uint8_t)(family == AF_UNIX && type == SOCK_RAW ? SOCK_DGRAM : type);
}

void track_created(int fd, enum ring_origin origin, int family, int type)
{
    struct ring_entry e = {.cookie = settled_cookie(fd), .family = (uint8_t)family, .type = type_of(family, type)};

    if (!e.cookie)
        return;
    made_here(&e, origin, type & SOCK_CLOEXEC);
    track_write(&e);
}

/* What is passed on from a socket that the rings do not know. */
static void ask_kernel(struct ring_entry *e, int fd)
{
    int family, type;

    if (sys_getsockopt_int(fd, SO_DOMAIN, &family) >= 0)
        e->family = (uint8_t)family;
    if (sys_getsockopt_int(fd, SO_TYPE, &type) >= 0)
        e->type = (uint8_t)type;
}

static void set_name(struct ring_entry *e, const struct policy_addr *name)
{
    static const char gap[3] = "...";
    const size_t half = (RING_NAME - sizeof gap) / 2;
    const char *bytes = name->bytes;

    if ((name->kind != POLICY_ADDR_PATHNAME && name->kind != POLICY_ADDR_ABSTRACT) || !bytes)
        return;
    e->name_kind = name->kind == POLICY_ADDR_PATHNAME ? RING_PATHNAME : RING_ABSTRACT;
    e->name_len = (uint8_t)(name->len > RING_NAME ? 2 * half + sizeof gap : name->len);
    if (name->len <= RING_NAME) {
        memcpy(e->name, bytes, name->len);
        return;
    }
    memcpy(e->name, bytes, half);
    memcpy(e->name + half, gap, sizeof gap);
    memcpy(e->name + half + sizeof gap, bytes + name->len - half, half);
}

static void name_from_kernel(struct ring_entry *e, int fd)
{
    struct address own;

    if (address_own(&own, fd) == 0)
        set_name(e, &own.name);
}

void track_accepted(int fd, int listener, int flags)
{
    uint64_t cookie = settled_cookie(fd), from = settled_cookie(listener);
    struct ring_entry e;

    if (!cookie)
        return;
    if (track_find(from, &e)) {
        track_write(&e); /* a listener in use is worth remembering however old it is */
    } else {
        e = (struct ring_entry){0};
        ask_kernel(&e, fd);
        name_from_kernel(&e, listener);
    }
    e.from_ino = e.ino ? e.ino : inode_of(listener);
    e.from_cookie = from;
    e.cookie = cookie;
    e.ino = e.passed_ino = 0;
    e.passed_pid = 0;
    made_here(&e, RING_ACCEPT, flags & SOCK_CLOEXEC);
    track_write(&e);
}

void track_bound(int fd, const struct policy_addr *name)
{
    uint64_t cookie = settled_cookie(fd);
    struct ring_entry e;

    if (!cookie)
        return;
    if (!track_find(cookie, &e)) {
        e = (struct ring_entry){.cookie = cookie, .time = now()};
        ask_kernel(&e, fd);
    }
    e.ino = inode_of(fd);
    set_name(&e, name);
    track_write(&e);
}

/* --- Passed from process to process -------------------------------------- */

struct passing {
    uint64_t cookie; /* of the socket they came over */
    uint32_t ino;
    int32_t pid;     /* who sent them; 0: not known */
};

/* What the kernel says of the other side goes back to connect(2) or listen(2). Both
 * ends of a pair were made by the same process, whoever has them now. */
static int32_t peer_pid(const struct passing *p, int carrier)
{
    struct ring_entry e;
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    bool known = track_find(p->cookie, &e) && e.origin != RING_UNKNOWN;

    if (known && e.origin != RING_SOCKET && e.origin != RING_ACCEPT)
        return 0;
    if (SYS5(SYS_getsockopt, carrier, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
        return 0;
    return known || (uint32_t)peer.pid != domain_self().pid ? peer.pid : 0;
}

static int32_t sender_pid(const struct msghdr *msg, const struct passing *p, int carrier)
{
    struct msghdr *m = (struct msghdr *)(uintptr_t)msg;
    struct ucred from;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len >= CMSG_LEN(sizeof from)) {
            memcpy(&from, CMSG_DATA(c), sizeof from);
            return from.pid > 0 ? from.pid : 0;
        }
    return peer_pid(p, carrier);
}

static void read_comm(char comm[16], int32_t pid)
{
    char path[40], line[17];
    struct text t = text_into(path, sizeof path);

    text_str(&t, "/proc/");
    text_signed(&t, pid);
    text_str(&t, "/comm");
    int fd = pid > 0 ? sys_openat(AT_FDCWD, text_done(&t), O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    long n = sys_read(fd, line, sizeof line);
    sys_close(fd);
    if (n > 1)
        memcpy(comm, line, (size_t)n - 1); /* but for the newline */
}

/* A socket whose creation was seen keeps its origin. */
static void passed(int fd, const struct passing *p, bool cloexec)
{
    uint64_t cookie = settled_cookie(fd);
    struct ring_entry e;

    if (!cookie)
        return;
    if (!track_find(cookie, &e)) {
        e = (struct ring_entry){.cookie = cookie};
        ask_kernel(&e, fd);
    }
    if (e.origin == RING_UNKNOWN || e.origin == RING_RECEIVED) {
        e.origin = RING_RECEIVED;
        e.time = now();
        e.pid = p->pid;
        e.from_cookie = p->cookie;
        e.from_ino = p->ino;
        e.cloexec = cloexec;
        memset(e.comm, 0, sizeof e.comm);
        read_comm(e.comm, p->pid);
    }
    e.passed_pid = p->pid;
    e.passed_ino = p->ino;
    track_write(&e);
}

void track_received(const struct msghdr *msg, int carrier)
{
    struct msghdr *m = (struct msghdr *)(uintptr_t)msg;
    struct passing p = {.ino = 0};

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        if (!p.ino) {
            p.cookie = settled_cookie(carrier);
            p.ino = inode_of(carrier);
            p.pid = sender_pid(msg, &p, carrier);
        }
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            passed(fd, &p, msg->msg_flags & MSG_CMSG_CLOEXEC);
        }
    }
}

#include "address.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "scratch.h"
#include "state.h"
#include "sys.h"

enum { PATH_BYTES = 4096 };

/* The main stack is never further down than this; other stacks are further
 * away from its end (the kernel keeps a gap of at least 128 MiB below it). */
enum { STACK_REACH = 64 << 20 };

bool on_main_stack(const void *at, size_t len)
{
    const char *from = at, *here = __builtin_frame_address(0), *end = state->stack_end;

    return from >= here && from < end && len <= (size_t)(end - from) && end - here < STACK_REACH;
}

static bool surely_readable(const char *from, size_t len)
{
    const struct state *s = state;

    if (on_main_stack(from, len))
        return true;
    return from >= s->data_start && from < s->data_end && len <= (size_t)(s->data_end - from);
}

/* rt_sigprocmask(2) copies the new set in before it looks at `how`: with a bad
 * `how` it is the cheapest call that tells EFAULT from EINVAL and does nothing.
 * (NULL would mean no set at all.) */
static bool word_readable(uintptr_t at)
{
    return at >= 8 && SYS4(SYS_rt_sigprocmask, -1, at & ~7ul, NULL, 8) != -EFAULT;
}

static bool readable(const void *from, size_t len)
{
    uintptr_t first = (uintptr_t)from, last = first + len - 1;

    if (surely_readable(from, len))
        return true;
    if (last < first || !word_readable(first))
        return false;
    return (first & ~4095ul) == (last & ~4095ul) || word_readable(last);
}

int copy_in(void *to, const void *from, size_t len)
{
    if (len > 4096 || !readable(from, len)) /* readable() looks at two pages */
        return -EFAULT;
    memcpy(to, from, len);
    return 0;
}

/* More than copy_in() takes: in one go by the kernel, which cannot fault; where a
 * sandbox forbids that, page by page. */
static int copy_long(char *to, const char *from, size_t len)
{
    const struct iovec local = {to, len}, remote = {(void *)(uintptr_t)from, len};
    long n = SYS6(SYS_process_vm_readv, sys_getpid(), &local, 1, &remote, 1, 0);

    if (n >= 0)
        return n == (long)len ? 0 : -EFAULT;
    if (n == -EFAULT)
        return -EFAULT;
    for (size_t done = 0; done < len; done += 2048) {
        size_t part = len - done < 2048 ? len - done : 2048;
        int err = copy_in(to + done, from + done, part);

        if (err)
            return err;
    }
    return 0;
}

void address_rename(struct address *a, const char *path, size_t len)
{
    struct sockaddr_un *un = &a->raw.un;
    size_t part = len < sizeof un->sun_path ? len : sizeof un->sun_path;

    /* Of a long one the beginning: a socket of another family refuses it as it would a whole one. */
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, part);
    if (part < sizeof un->sun_path)
        un->sun_path[part++] = '\0';
    a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + part);
    address_classify(a, ADDRESS_TARGET);
    if (len <= sizeof un->sun_path)
        return;
    a->name.bytes = path;
    a->name.len = (uint32_t)len;
}

void address_release(struct address *a)
{
    scratch_give(a->longer);
    a->longer = NULL;
}

/* The name in `len` bytes of an address, which do not fit a sockaddr_un. raw holds its first 110. */
static int read_long(struct address *a, const struct sockaddr *from, socklen_t len)
{
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    size_t room = len - head < PATH_BYTES ? len - head : PATH_BYTES;
    char *path = a->longer = scratch_take();

    if (!path)
        return -ENOMEM;
    int err = copy_long(path, (const char *)from + head, room);
    path[room] = '\0';
    size_t path_len = strlen(path);
    if (!err && path_len < sizeof a->raw.un.sun_path) /* it changed under our hands */
        err = -EINVAL;
    if (!err && path_len >= PATH_BYTES)
        err = -ENAMETOOLONG;
    err ? address_release(a) : address_rename(a, path, path_len);
    return err;
}

static bool is_full_path(const struct address *a)
{
    return a->raw.any.sa_family == AF_UNIX && !memchr(a->raw.un.sun_path, '\0', sizeof a->raw.un.sun_path);
}

int address_read(struct address *a, const struct sockaddr *from, socklen_t len, enum address_source source)
{
    const socklen_t part = len < ADDRESS_MAX ? len : ADDRESS_MAX;

    a->valid = false;
    a->len = 0;
    a->family = AF_UNSPEC;
    a->longer = NULL;
    a->name = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    if (len == 0 || len > INT32_MAX)
        return -EINVAL;
    if (copy_in(a->raw.bytes, from, part) < 0)
        return len > ADDRESS_MAX ? -EINVAL : -EFAULT; /* the kernel looks at the length first */
    if (len > ADDRESS_UN_MAX && is_full_path(a))
        return read_long(a, from, len);
    if (len > ADDRESS_MAX)
        return -EINVAL;
    a->len = len;
    address_classify(a, source);
    return 0;
}

bool address_refused_here(int err, int fd)
{
    int domain;

    if (err != -ENAMETOOLONG && err != -ENOMEM)
        return false;
    return sys_getsockopt_int(fd, SO_DOMAIN, &domain) == 0 && domain == AF_UNIX;
}

static void classify_unix(struct address *a, enum address_source source)
{
    const socklen_t head = offsetof(struct sockaddr_un, sun_path);

    if (a->len == head) {
        a->name.kind = source == ADDRESS_BIND ? POLICY_ADDR_AUTO : POLICY_ADDR_NONE;
        a->valid = source != ADDRESS_TARGET;
        return;
    }
    if (a->len > sizeof(struct sockaddr_un) + (source == ADDRESS_KERNEL))
        return;
    a->valid = true;
    a->raw.bytes[a->len] = '\0';
    if (a->raw.un.sun_path[0] == '\0') {
        a->name.kind = POLICY_ADDR_ABSTRACT;
        a->name.bytes = a->raw.un.sun_path + 1;
        a->name.len = a->len - head - 1;
    } else {
        a->name.kind = POLICY_ADDR_PATHNAME;
        a->name.bytes = a->raw.un.sun_path;
        /* May run one past sun_path: raw has the room. */
        a->name.len = (uint32_t)strlen((const char *)a->raw.bytes + head);
    }
}

/* Connecting or sending to no address in particular reaches this host
 * (inet(7) leaves it out; ip_route_output_key, tcp_v6_connect): rules about
 * loopback speak for it. */
static void aim_at_loopback(struct policy_addr *name)
{
    static const unsigned char any[16], loopback[16] = {[15] = 1}, loopback4[4] = {127, 0, 0, 1};

    if (memcmp(name->bytes, any, name->len) == 0)
        name->bytes = name->len == 4 ? loopback4 : loopback;
}

static void classify_inet(struct address *a)
{
    if (a->len < sizeof(struct sockaddr_in))
        return;
    a->valid = true;
    a->name.kind = POLICY_ADDR_INET;
    a->name.bytes = &a->raw.in.sin_addr;
    a->name.len = 4;
    a->name.port = ntohs(a->raw.in.sin_port);
}

static void classify_inet6(struct address *a)
{
    /* Without sin6_scope_id: the kernel still takes the form of RFC 2133. */
    if (a->len < offsetof(struct sockaddr_in6, sin6_scope_id))
        return;
    a->valid = true;
    a->name.port = ntohs(a->raw.in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&a->raw.in6.sin6_addr)) {
        a->family = AF_INET;
        a->name.kind = POLICY_ADDR_INET;
        a->name.bytes = a->raw.in6.sin6_addr.s6_addr + 12;
        a->name.len = 4;
    } else {
        a->name.kind = POLICY_ADDR_INET6;
        a->name.bytes = &a->raw.in6.sin6_addr;
        a->name.len = 16;
    }
}

void address_classify(struct address *a, enum address_source source)
{
    a->valid = false;
    a->family = AF_UNSPEC;
    a->name = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    if (a->len < sizeof(sa_family_t))
        return;
    a->family = a->raw.any.sa_family;
    if (a->family == AF_UNIX)
        classify_unix(a, source);
    else if (a->family == AF_INET)
        classify_inet(a);
    else if (a->family == AF_INET6)
        classify_inet6(a);
    else {
        a->valid = true;
        a->name.kind = POLICY_ADDR_OTHER;
    }
    if (source == ADDRESS_TARGET && (a->name.kind == POLICY_ADDR_INET || a->name.kind == POLICY_ADDR_INET6))
        aim_at_loopback(&a->name);
}

static int from_kernel(struct address *a, int err, socklen_t len)
{
    if (err < 0)
        return err;
    a->len = len > ADDRESS_MAX ? ADDRESS_MAX : len;
    address_classify(a, ADDRESS_KERNEL);
    return 0;
}

int address_own(struct address *a, int fd)
{
    socklen_t len = ADDRESS_MAX;
    int err = sys_getsockname(fd, a->raw.bytes, &len);

    return from_kernel(a, err, len);
}

int address_peer(struct address *a, int fd)
{
    socklen_t len = ADDRESS_MAX;
    int err = sys_getpeername(fd, a->raw.bytes, &len);

    if (err == -ENOTCONN) {
        *a = (struct address){.name.kind = POLICY_ADDR_NONE};
        return 0;
    }
    return from_kernel(a, err, len);
}

void address_unspec_is_inet(struct address *a, enum address_source source)
{
    a->family = AF_INET;
    classify_inet(a);
    if (source == ADDRESS_TARGET && a->name.bytes)
        aim_at_loopback(&a->name);
}

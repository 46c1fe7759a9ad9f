/* bind, connect and sends to each address, odd and ordinary. */
#include <arpa/inet.h>
#include <limits.h>
#include <sys/syscall.h>

#include "oddcalls.h"

static const char *const type_names[] = {"?", "stream", "dgram", "raw", "rdm", "seqpacket"};

/* --- The addresses ---------------------------------------------------------- */

struct odd {
    const char *name;
    const void *addr;
    int len;
};

static struct odd odd[200];
static int odds;

static void add(const char *name, const void *addr, int len)
{
    odd[odds++] = (struct odd){strdup(name), addr, len};
}

static void add_path(const char *path)
{
    add(label("path:%.40s", path), un_bytes(path, strlen(path)), (int)(PATH_AT + strlen(path) + 1));
}

static void add_lengths(void)
{
    static const int lens[] = {0, 1, 2, 3, 4, 5, 107, 108, 109, 110, 111, 112, 128, 129, 200, -1, INT_MIN, INT_MAX};
    struct sockaddr_un *un = un_bytes("fresh", 5);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
        add(label("fresh/%d", lens[i]), un, lens[i]);
}

/* sun_path filled to the brim: 107 and 108 bytes of name. */
static void add_full(void)
{
    char name[128];
    memset(name, 'n', sizeof name);
    add("107-bytes/109", un_bytes(name, 107), 109);
    add("107-bytes/110", un_bytes(name, 107), 110);
    add("108-bytes/110", un_bytes(name, 108), 110);
    add("107-bytes/111", un_bytes(name, 107), 111);
    memcpy(name, "./", 2);
    add("dot-108-bytes/110", un_bytes(name, 108), 110);
    memcpy(name, "dir/", 4);
    add("dir-108-bytes/110", un_bytes(name, 108), 110);
    memcpy(name, "no-dir/", 7);
    add("no-dir-108-bytes/110", un_bytes(name, 108), 110);
}

static void add_abstract(void)
{
    char name[108] = {0};
    add("nul/3", un_bytes("", 1), 3);
    add("zeroes/110", un_bytes("", 1), 110);
    snprintf(name + 1, 100, "%s-odd", tag);
    add("abstract", un_bytes(name, 108), (int)(PATH_AT + 1 + strlen(name + 1)));
    add("abstract/110", un_bytes(name, 108), 110);
    add("abstract/50", un_bytes(name, 108), 50);
    snprintf(name + 1, 100, "%s", "0002a");
    add("abstract-like-auto", un_bytes(name, 108), 8);
}

static void add_pointers(void)
{
    static const int lens[] = {0, 1, 2, 3, 110, 111, 128, 129, -1};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        add(label("NULL/%d", lens[i]), NULL, lens[i]);
        add(label("unreadable/%d", lens[i]), guard, lens[i]);
    }
    add("wild/110", (void *)0x10, 110);
    add("kernel/110", (void *)0xffff800000000000ul, 110);
}

static void add_families(void)
{
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 9999, 65535};
    static const int lens[] = {2, 3, 15, 16, 28, 110};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (size_t j = 0; j < sizeof lens / sizeof *lens; j++) {
            /* Read as IPv4 this is 127.0.0.1, port 1. */
            struct sockaddr_un *un = un_bytes("\0\1\177\0\0\1", 6);
            un->sun_family = (sa_family_t)families[i];
            add(label("family-%d/%d", families[i], lens[j]), un, lens[j]);
        }
}

static void add_inet(void)
{
    struct sockaddr_in *in = calloc(1, 256);
    struct sockaddr_in6 *in6 = calloc(1, 256), *mapped = calloc(1, 256);
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    *mapped = (struct sockaddr_in6){.sin6_family = AF_INET6};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped->sin6_addr);
    add("127.0.0.1:0", in, sizeof *in);
    add("127.0.0.1:0/128", in, 128);
    add("::1:0", in6, sizeof *in6);
    add("::1:0/24", in6, 24);
    add("mapped:0", mapped, sizeof *mapped);
}

void make_addresses(void)
{
    static const char *const paths[] = {
        "stream", "dgram", "seqpacket", "./stream", "dir/../dgram", "dir//", "dir", "file", "file/x", "missing",
        "missing/x", "to-stream", "to-dgram", "to-seqpacket", "to-dir", "to-dir/x", "to-file", "dangling", "loop",
        "loop/x", "..", ".", "/", "//", "/proc/self/fd/0", "/dev/null", "\xff\xfe", " ", "\n", "dir/new", "to-dir/new2"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        add_path(paths[i]);
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        exit(2);
    for (int i = 0; i < 3; i++)
        add_path(label("%s/%s", here, files[unix_types[i]]));
    add_path(label("/%s/./dir/..//to-stream", here));
    add_lengths();
    add_full();
    add_abstract();
    add_pointers();
    add_families();
    add_inet();
}

/* --- The calls -------------------------------------------------------------- */

/* After a successful bind: the file it made, if it made one. */
static void unlink_bound(int fd)
{
    struct sockaddr_un un = {0};
    char path[sizeof un.sun_path + 1] = {0};
    socklen_t len = sizeof un;
    if (getsockname(fd, (void *)&un, &len) || un.sun_family != AF_UNIX || len <= PATH_AT)
        return;
    memcpy(path, un.sun_path, sizeof un.sun_path);
    if (*path)
        unlink(path);
}

static long send_to(int fd, int how, const struct odd *o)
{
    struct iovec iov = {(void *)"x", 1};
    struct mmsghdr m = {.msg_hdr = {.msg_name = (void *)o->addr, .msg_namelen = (socklen_t)o->len, .msg_iov = &iov,
                                    .msg_iovlen = 1}};
    if (how == 0)
        return sendto(fd, "x", 1, MSG_NOSIGNAL, o->addr, (socklen_t)o->len);
    if (how == 1)
        return sendmsg(fd, &m.msg_hdr, MSG_NOSIGNAL);
    return sendmmsg(fd, &m, 1, MSG_NOSIGNAL);
}

static const char *const send_names[] = {"sendto", "sendmsg", "sendmmsg"};

static void bind_to(int family, int type, const struct odd *o)
{
    int fd = new_socket(family, type);
    CALL(label("bind %d %s %s", family, type_names[type], o->name), bind(fd, o->addr, (socklen_t)o->len));
    show_name("getsockname", getsockname, fd, 256);
    unlink_bound(fd);
    close(fd);
}

static void connect_to(int family, int type, const struct odd *o)
{
    int fd = new_socket(family, type);
    CALL(label("connect %d %s %s", family, type_names[type], o->name), connect(fd, o->addr, (socklen_t)o->len));
    show_name("getpeername", getpeername, fd, 256);
    close(fd);
}

static void sends_to(int family, int type, const struct odd *o)
{
    for (int how = 0; how < 3; how++) {
        int fd = new_socket(family, type);
        CALL(label("%s %d %s %s", send_names[how], family, type_names[type], o->name), send_to(fd, how, o));
        close(fd);
    }
}

static void raw_to(int family, int type, const struct odd *o)
{
    int fd = new_socket(family, type);
    CALL(label("syscall-bind %d %s %s", family, type_names[type], o->name),
         syscall(SYS_bind, fd, o->addr, o->len));
    unlink_bound(fd);
    close(fd), fd = new_socket(family, type);
    CALL(label("syscall-connect %d %s %s", family, type_names[type], o->name),
         syscall(SYS_connect, fd, o->addr, o->len));
    close(fd), fd = new_socket(family, type);
    CALL(label("syscall-sendto %d %s %s", family, type_names[type], o->name),
         syscall(SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, o->addr, o->len));
    close(fd);
}

static void every_call(int family, int type, const struct odd *o)
{
    bind_to(family, type, o);
    connect_to(family, type, o);
    sends_to(family, type, o);
    if (type == SOCK_DGRAM)
        raw_to(family, type, o);
    drain(dgram_peer);
}

/* Filled in for each call, since all share the end of one page. */
static const int half_sizes[] = {1, 2, 3, 8, 50};

static void *before_guard(const void *bytes, size_t n)
{
    memcpy(guard - n, bytes, n);
    return guard - n;
}

static void halves(int family, int type)
{
    struct sockaddr_un *un = un_bytes("dgram", 5);
    for (size_t i = 0; i < sizeof half_sizes / sizeof *half_sizes; i++)
        for (int len = half_sizes[i] - 1; len <= 110; len += len < half_sizes[i] + 1 ? 1 : 110 - len ? 110 - len : 1) {
            const char *name = label("half-%d/%d", half_sizes[i], len);
            struct odd o = {name, before_guard(un, (size_t)half_sizes[i]), len};
            every_call(family, type, &o);
        }
}

void address_table(void)
{
    static const struct {
        int family, type;
    } kinds[] = {{AF_UNIX, SOCK_STREAM}, {AF_UNIX, SOCK_DGRAM}, {AF_UNIX, SOCK_SEQPACKET}, {AF_INET, SOCK_STREAM},
                 {AF_INET, SOCK_DGRAM},  {AF_INET6, SOCK_DGRAM}, {AF_INET6, SOCK_STREAM}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int i = 0; i < odds; i++)
            every_call(kinds[k].family, kinds[k].type, &odd[i]);
        halves(kinds[k].family, kinds[k].type);
    }
}

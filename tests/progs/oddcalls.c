/* oddcalls: a table of odd socket calls and what each answers, one a line:
 *     call arguments -> ret errno address addrlen
 * Run natively and under the shim, in the same fresh directory, the output must
 * not differ. errno is 7777 before every call and printed as "-" if it stays.
 *
 * Files it makes in the current directory: stream, dgram, seqpacket (bound, the
 * first and last listening), file, dir/, links to each, dangling, loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A sanitizer looks into buffers before the kernel does and stops the program:
 * these calls are left to the plain build. */
#define BAD_POINTER(call) \
    do { \
        if (!WITH_SANITIZER) \
            call; \
    } while (0)

#define UNTOUCHED 7777
#define PATH_AT offsetof(struct sockaddr_un, sun_path)

static const int unix_types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static const char *const type_names[] = {"?", "stream", "dgram", "raw", "rdm", "seqpacket"};
static const char *const files[] = {"?", "stream", "dgram", "?", "?", "seqpacket"};

static char *guard; /* the first byte of an unreadable page; the page before it is readable */
static char tag[32];

/* --- Printing ------------------------------------------------------------ */

static void show_error(int err)
{
    if (err == UNTOUCHED)
        printf(" -");
    else
        printf(" %s", strerrorname_np(err) ? strerrorname_np(err) : "errno-changed");
}

static void result(const char *what, long ret, int err)
{
    printf("%s -> %ld", what, ret < 0 ? ret : ret > 0 && ret < 100000 ? ret : 0);
    show_error(err);
    putchar('\n');
}

/* Names from an autobind differ each time. */
static bool random_name(const unsigned char *p, size_t n)
{
    return n == 6 && p[0] == 0 && strspn((const char *)p + 1, "0123456789abcdef") >= 5;
}

static void show_bytes(const unsigned char *p, size_t n)
{
    putchar(' ');
    for (size_t i = 0; i < n; i++)
        printf(p[i] > ' ' && p[i] < 127 ? "%c" : "\\%02x", p[i]);
}

/* What a call left in a buffer of 256 bytes that held 0xee before. */
static void show_buffer(const unsigned char *buf, socklen_t len)
{
    size_t touched = 256;
    while (touched && buf[touched - 1] == 0xee)
        touched--;
    printf(" len=%d", (int)len);
    if (touched >= 8 && random_name(buf + 2, len == 8 ? 6 : 0))
        printf(" autobound");
    else if (touched >= 2 && (buf[0] == AF_INET || buf[0] == AF_INET6) && !buf[1])
        printf(" inet touched=%zu", touched);
    else
        show_bytes(buf, touched);
}

#define CALL(what, expression) \
    do { \
        errno = UNTOUCHED; \
        long ret_ = (expression); \
        int err_ = errno; \
        result((what), ret_, err_); \
    } while (0)

static char *label(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *label(const char *format, ...)
{
    static char out[4][512];
    static int next;
    char *s = out[next++ % 4];
    va_list ap;
    va_start(ap, format);
    vsnprintf(s, sizeof *out, format, ap);
    va_end(ap);
    return s;
}

/* --- Addresses ------------------------------------------------------------ */

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

static struct sockaddr_un *un_bytes(const char *path, size_t n)
{
    struct sockaddr_un *un = calloc(1, 256);
    un->sun_family = AF_UNIX;
    memcpy((char *)un + PATH_AT, path, n);
    return un;
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

static void *before_guard(const void *bytes, size_t n)
{
    memcpy(guard - n, bytes, n);
    return guard - n;
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

/* Filled in for each call, since all share the end of one page. */
static const int half_sizes[] = {1, 2, 3, 8, 50};

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

static void make_addresses(void)
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

/* --- bind, connect, sends to each address --------------------------------- */

static int new_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_NONBLOCK, 0);
    if (fd < 0)
        exit(2);
    return fd;
}

static void show_name(const char *what, int (*call)(int, struct sockaddr *, socklen_t *), int fd, socklen_t len)
{
    unsigned char buf[256];
    memset(buf, 0xee, sizeof buf);
    errno = UNTOUCHED;
    int ret = call(fd, (struct sockaddr *)buf, &len), err = errno;
    printf("    %s -> %d", what, ret);
    show_error(err);
    show_buffer(buf, len);
    putchar('\n');
}

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

static int dgram_peer = -1; /* drained so that it never fills up */

static void drain(int fd)
{
    char buf[16];
    while (fd >= 0 && recv(fd, buf, sizeof buf, MSG_DONTWAIT) >= 0)
        ;
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

static void address_table(void)
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

/* --- Descriptors that are no sockets --------------------------------------- */

static void bad_descriptor(const char *name, int fd)
{
    struct sockaddr_un *un = un_bytes("stream", 6);
    unsigned char buf[256];
    socklen_t len = sizeof buf;
    int value = 0;
    struct msghdr m = {0};
    CALL(label("bind %s", name), bind(fd, (void *)un, 110));
    CALL(label("bind-null %s", name), bind(fd, NULL, 110));
    CALL(label("bind-length %s", name), bind(fd, (void *)un, 200));
    CALL(label("connect %s", name), connect(fd, (void *)un, 110));
    CALL(label("connect-null %s", name), connect(fd, NULL, 110));
    CALL(label("listen %s", name), listen(fd, 1));
    CALL(label("accept %s", name), accept(fd, (void *)buf, &len));
    CALL(label("accept4 %s", name), accept4(fd, (void *)buf, &len, -1));
    CALL(label("send %s", name), send(fd, "x", 1, MSG_NOSIGNAL));
    CALL(label("sendto %s", name), sendto(fd, "x", 1, MSG_NOSIGNAL, (void *)un, 110));
    CALL(label("sendmsg %s", name), sendmsg(fd, &m, MSG_NOSIGNAL));
    BAD_POINTER(CALL(label("sendmsg-null %s", name), sendmsg(fd, NULL, MSG_NOSIGNAL)));
    BAD_POINTER(CALL(label("sendmmsg %s", name), sendmmsg(fd, NULL, 1, MSG_NOSIGNAL)));
    CALL(label("recv %s", name), recv(fd, buf, 1, MSG_DONTWAIT));
    CALL(label("recvfrom %s", name), recvfrom(fd, buf, 1, MSG_DONTWAIT, NULL, NULL));
    CALL(label("recvmsg %s", name), recvmsg(fd, &m, MSG_DONTWAIT));
    BAD_POINTER(CALL(label("recvmmsg %s", name), recvmmsg(fd, NULL, 1, MSG_DONTWAIT, NULL)));
    CALL(label("getsockname %s", name), getsockname(fd, (void *)buf, &len));
    CALL(label("getpeername %s", name), getpeername(fd, (void *)buf, &len));
    CALL(label("getsockopt %s", name), getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
    CALL(label("setsockopt %s", name), setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value, sizeof value));
    CALL(label("shutdown %s", name), shutdown(fd, SHUT_RD));
}

static void descriptor_table(void)
{
    int file = open("file", O_RDONLY), path = open("file", O_PATH), socket_path = open("stream", O_PATH), two[2];
    if (pipe(two))
        exit(2);
    bad_descriptor("fd=-1", -1);
    bad_descriptor("fd=closed", 999);
    bad_descriptor("fd=INT_MAX", INT_MAX);
    bad_descriptor("fd=INT_MIN", INT_MIN);
    bad_descriptor("fd=file", file);
    bad_descriptor("fd=O_PATH", path);
    bad_descriptor("fd=O_PATH-socket", socket_path);
    bad_descriptor("fd=pipe", two[1]);
    close(file), close(path), close(socket_path), close(two[0]), close(two[1]);
}

/* --- Reading names ----------------------------------------------------------- */

static void name_lengths(const char *what, int (*call)(int, struct sockaddr *, socklen_t *), int fd)
{
    static const int lens[] = {0, 1, 2, 3, 5, 10, 50, 109, 110, 111, 128, -1, INT_MIN, INT_MAX};
    char buf[256];
    socklen_t len = 110;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
        show_name(label("%s buffer=%d", what, lens[i]), call, fd, (socklen_t)lens[i]);
    BAD_POINTER(CALL(label("%s NULL address", what), call(fd, NULL, &len)));
    len = 0;
    CALL(label("%s NULL address, no room", what), call(fd, NULL, &len));
    len = 110;
    BAD_POINTER(CALL(label("%s unwritable address", what), call(fd, (void *)guard, &len)));
    BAD_POINTER(CALL(label("%s NULL length", what), call(fd, (void *)buf, NULL)));
    BAD_POINTER(CALL(label("%s unreadable length", what), call(fd, (void *)buf, (void *)guard)));
}

static void names_table(void)
{
    int bound = new_socket(AF_UNIX, SOCK_DGRAM), unbound = new_socket(AF_UNIX, SOCK_DGRAM), two[2];
    int inet = new_socket(AF_INET, SOCK_DGRAM), full = new_socket(AF_UNIX, SOCK_DGRAM);
    char name[108];
    memset(name, 'f', sizeof name);
    if (bind(bound, (void *)un_bytes("names", 5), 8) || connect(unbound, (void *)un_bytes("names", 5), 8) ||
        bind(full, (void *)un_bytes(name, 108), 110) || socketpair(AF_UNIX, SOCK_STREAM, 0, two))
        exit(2);
    name_lengths("getsockname bound", getsockname, bound);
    name_lengths("getsockname unbound", getsockname, unbound);
    name_lengths("getsockname 108 bytes", getsockname, full);
    name_lengths("getpeername connected", getpeername, unbound);
    name_lengths("getpeername unconnected", getpeername, bound);
    name_lengths("getpeername pair", getpeername, two[0]);
    name_lengths("getsockname inet", getsockname, inet);
    name_lengths("getpeername inet", getpeername, inet);
    close(bound), close(unbound), close(inet), close(full), close(two[0]), close(two[1]);
}

/* --- A socket's life ----------------------------------------------------------- */

static void bind_again(int type)
{
    int fd = new_socket(AF_UNIX, type), other = new_socket(AF_UNIX, type), automatic = new_socket(AF_UNIX, type);
    CALL("bind once", bind(fd, (void *)un_bytes("once", 4), 7));
    CALL("bind again", bind(fd, (void *)un_bytes("twice", 5), 8));
    CALL("bind again to the same", bind(fd, (void *)un_bytes("once", 4), 7));
    CALL("bind again automatically", bind(fd, (void *)un_bytes("", 1), 2));
    show_name("getsockname", getsockname, fd, 256);
    CALL("another binds the same", bind(other, (void *)un_bytes("once", 4), 7));
    CALL("unlink", unlink("once"));
    CALL("another binds it after unlink", bind(other, (void *)un_bytes("once", 4), 7));
    CALL("the first binds again after unlink", bind(fd, (void *)un_bytes("thrice", 6), 9));
    CALL("bind automatically", bind(automatic, (void *)un_bytes("", 1), 2));
    show_name("getsockname", getsockname, automatic, 256);
    CALL("automatically once more", bind(automatic, (void *)un_bytes("", 1), 2));
    CALL("then a path", bind(automatic, (void *)un_bytes("thrice", 6), 9));
    unlink("once"), unlink("twice"), unlink("thrice");
    close(fd), close(other), close(automatic);
}

static void listen_table(void)
{
    for (int i = 0; i < 3; i++) {
        int fd = new_socket(AF_UNIX, unix_types[i]);
        CALL("listen unbound", listen(fd, 1));
        CALL("accept unbound", accept(fd, NULL, NULL));
        CALL("bind", bind(fd, (void *)un_bytes("listener", 8), 11));
        CALL("accept not listening", accept(fd, NULL, NULL));
        CALL("listen", listen(fd, 1));
        CALL("listen again", listen(fd, -1));
        CALL("listen far", listen(fd, INT_MAX));
        CALL("accept nobody", accept(fd, NULL, NULL));
        CALL("connect a listener", connect(fd, (void *)un_bytes("stream", 6), 9));
        CALL("syscall-listen", syscall(SYS_listen, fd, 1));
        unlink("listener"), close(fd);
    }
    int inet = new_socket(AF_INET, SOCK_STREAM), dgram = new_socket(AF_INET, SOCK_DGRAM);
    CALL("listen inet unbound", listen(inet, 1));
    CALL("listen inet dgram", listen(dgram, 1));
    close(inet), close(dgram);
}

/* One accepted connection per way of passing the buffer. */
static void accept_one(int server, const char *path, const char *what, bool null_addr, bool null_len, int room)
{
    unsigned char buf[256];
    socklen_t len = (socklen_t)room;
    int client = new_socket(AF_UNIX, SOCK_STREAM);
    memset(buf, 0xee, sizeof buf);
    if (path)
        CALL("client binds", bind(client, (void *)un_bytes(path, strlen(path)), (socklen_t)(3 + strlen(path))));
    CALL("client connects", connect(client, (void *)un_bytes("acceptor", 8), 11));
    errno = UNTOUCHED;
    int fd = accept(server, null_addr ? NULL : (void *)buf, null_len ? NULL : &len), err = errno;
    printf("accept %s room=%d client=%s -> %s", what, room, path ? path : "unbound", fd >= 0 ? "fd" : "-1");
    show_error(err);
    show_buffer(buf, len);
    putchar('\n');
    close(fd), close(client);
    if (path)
        unlink(path);
    for (int rest; (rest = accept(server, NULL, NULL)) >= 0;)
        close(rest);
}

static void accept_table(void)
{
    static const int rooms[] = {0, 1, 2, 3, 6, 8, 110, 256, -1, INT_MAX};
    int server = new_socket(AF_UNIX, SOCK_STREAM);
    if (bind(server, (void *)un_bytes("acceptor", 8), 11) || listen(server, 8))
        exit(2);
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        accept_one(server, NULL, "buffer", false, false, rooms[i]);
        accept_one(server, "client", "buffer", false, false, rooms[i]);
    }
    accept_one(server, "client", "no buffer", true, true, 0);
    accept_one(server, "client", "length only", true, false, 110);
    BAD_POINTER(accept_one(server, "client", "address only", false, true, 110));
    CALL("accept4 bad flags", accept4(server, NULL, NULL, 1));
    CALL("syscall-accept nobody", syscall(SYS_accept, server, NULL, NULL));
    CALL("syscall-accept4 nobody", syscall(SYS_accept4, server, NULL, NULL, SOCK_CLOEXEC));
    unlink("acceptor"), close(server);
}

static void connect_table(void)
{
    struct sockaddr unspec = {.sa_family = AF_UNSPEC};
    for (int i = 0; i < 3; i++) {
        int fd = new_socket(AF_UNIX, unix_types[i]);
        const char *path = files[unix_types[i]];
        struct sockaddr_un *un = un_bytes(path, strlen(path));
        CALL(label("connect %s", path), connect(fd, (void *)un, 110));
        CALL("connect again", connect(fd, (void *)un, 110));
        CALL("send", send(fd, "x", 1, MSG_NOSIGNAL));
        CALL("sendto the same", sendto(fd, "x", 1, MSG_NOSIGNAL, (void *)un, 110));
        CALL("sendto nowhere", sendto(fd, "x", 1, MSG_NOSIGNAL, (void *)un_bytes("missing", 7), 10));
        CALL("dissolve", connect(fd, &unspec, sizeof unspec));
        CALL("dissolve, two bytes", connect(fd, &unspec, 2));
        CALL("send dissolved", send(fd, "x", 1, MSG_NOSIGNAL));
        show_name("getpeername", getpeername, fd, 256);
        CALL("syscall-connect", syscall(SYS_connect, fd, un, 110));
        CALL("shutdown odd", shutdown(fd, 17));
        CALL("shutdown", shutdown(fd, SHUT_RDWR));
        CALL("send after shutdown", send(fd, "x", 1, MSG_NOSIGNAL));
        close(fd), drain(dgram_peer);
    }
}

static void full_backlog(void)
{
    int server = new_socket(AF_UNIX, SOCK_STREAM);
    if (bind(server, (void *)un_bytes("full", 4), 7) || listen(server, 0))
        exit(2);
    for (int i = 0; i < 3; i++)
        CALL("connect to a full backlog", connect(new_socket(AF_UNIX, SOCK_STREAM), (void *)un_bytes("full", 4), 7));
    unlink("full"), close(server);
    CALL("connect to a closed listener", connect(new_socket(AF_UNIX, SOCK_STREAM), (void *)un_bytes("full", 4), 7));
}

/* --- Messages -------------------------------------------------------------------- */

static void sendmsg_table(void)
{
    int two[2];
    char buf[64];
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, two))
        exit(2);
    struct iovec one = {(void *)"xyz", 3}, unreadable = {guard, 3}, huge = {buf, (size_t)-1}, none = {NULL, 0};
    struct sockaddr_un *un = un_bytes("dgram", 5);
#define SENDMSG(what, ...) \
    do { \
        struct msghdr m_ = {__VA_ARGS__}; \
        CALL("sendmsg " what, sendmsg(two[0], &m_, MSG_NOSIGNAL)); \
        CALL("syscall-sendmsg " what, syscall(SYS_sendmsg, two[0], &m_, MSG_NOSIGNAL)); \
        drain(two[1]); \
        drain(dgram_peer); \
    } while (0)
    SENDMSG("plain", .msg_iov = &one, .msg_iovlen = 1);
    SENDMSG("NULL name with a length", .msg_iov = &one, .msg_iovlen = 1, .msg_namelen = 110);
    SENDMSG("name without a length", .msg_iov = &one, .msg_iovlen = 1, .msg_name = un);
    SENDMSG("negative name length", .msg_iov = &one, .msg_iovlen = 1, .msg_name = un, .msg_namelen = (socklen_t)-1);
    SENDMSG("long name", .msg_iov = &one, .msg_iovlen = 1, .msg_name = un, .msg_namelen = 1000);
    SENDMSG("name on a connected socket", .msg_iov = &one, .msg_iovlen = 1, .msg_name = un, .msg_namelen = 110);
    SENDMSG("no iov", .msg_iovlen = 0);
    BAD_POINTER(SENDMSG("NULL iov", .msg_iovlen = 1));
    BAD_POINTER(SENDMSG("unreadable iov", .msg_iov = (void *)guard, .msg_iovlen = 1));
    BAD_POINTER(SENDMSG("unreadable text", .msg_iov = &unreadable, .msg_iovlen = 1));
    BAD_POINTER(SENDMSG("huge text", .msg_iov = &huge, .msg_iovlen = 1));
    SENDMSG("empty text", .msg_iov = &none, .msg_iovlen = 1);
    BAD_POINTER(SENDMSG("too many iovs", .msg_iov = &one, .msg_iovlen = 100000));
    BAD_POINTER(SENDMSG("unreadable control", .msg_iov = &one, .msg_iovlen = 1, .msg_control = guard, .msg_controllen = 24));
    BAD_POINTER(SENDMSG("bad control", .msg_iov = &one, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = 3));
    SENDMSG("unreadable name", .msg_iov = &one, .msg_iovlen = 1, .msg_name = guard, .msg_namelen = 110);
    BAD_POINTER(CALL("sendmsg NULL", sendmsg(two[0], NULL, 0)));
    BAD_POINTER(CALL("sendmsg unreadable", sendmsg(two[0], (void *)guard, 0)));
    BAD_POINTER(CALL("sendmsg half", sendmsg(two[0], (void *)(guard - 8), 0)));
    CALL("send MSG_OOB", send(two[0], "x", 1, MSG_OOB));
    BAD_POINTER(CALL("send unreadable", send(two[0], guard, 1, 0)));
    CALL("send nothing", send(two[0], NULL, 0, 0));
    CALL("syscall-send nothing", syscall(SYS_sendto, two[0], NULL, 0, 0, NULL, 0));
    CALL("sendto NULL with a length", sendto(two[0], "x", 1, 0, NULL, 110));
    close(two[0]), close(two[1]);
}

static void mmsg_table(void)
{
    int fd = new_socket(AF_UNIX, SOCK_DGRAM), two[2];
    struct sockaddr_un *good = un_bytes("dgram", 5), *bad = un_bytes("missing", 7);
    struct iovec one = {(void *)"m", 1};
    struct mmsghdr m[20];
    char buf[20][8];
    struct iovec in[20];
    for (int i = 0; i < 20; i++)
        m[i] = (struct mmsghdr){.msg_hdr = {.msg_name = good, .msg_namelen = 8, .msg_iov = &one, .msg_iovlen = 1}};
    CALL("sendmmsg none", sendmmsg(fd, m, 0, 0));
    CALL("sendmmsg NULL none", sendmmsg(fd, NULL, 0, 0));
    BAD_POINTER(CALL("sendmmsg NULL", sendmmsg(fd, NULL, 2, 0)));
    CALL("sendmmsg 3", sendmmsg(fd, m, 3, 0));
    drain(dgram_peer);
    m[1].msg_hdr.msg_name = bad, m[1].msg_hdr.msg_namelen = 10;
    CALL("sendmmsg second is bad", sendmmsg(fd, m, 3, 0));
    m[0].msg_hdr.msg_name = bad, m[0].msg_hdr.msg_namelen = 10;
    CALL("sendmmsg first is bad", sendmmsg(fd, m, 3, 0));
    m[0].msg_hdr.msg_name = guard;
    CALL("sendmmsg first is unreadable", sendmmsg(fd, m, 3, 0));
    drain(dgram_peer);
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, two))
        exit(2);
    for (int i = 0; i < 20; i++) {
        in[i] = (struct iovec){buf[i], sizeof buf[i]};
        m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}};
    }
    CALL("sendmmsg some", sendmmsg(two[0], m, 9, 0));
    for (int i = 0; i < 20; i++)
        m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &in[i], .msg_iovlen = 1}};
    CALL("recvmmsg them", recvmmsg(two[1], m, 20, MSG_DONTWAIT, NULL));
    printf("    length of the first %u, flags %x\n", m[0].msg_len, (unsigned)m[0].msg_hdr.msg_flags);
    CALL("recvmmsg no more", recvmmsg(two[1], m, 20, MSG_DONTWAIT, NULL));
    CALL("recvmmsg none", recvmmsg(two[1], m, 0, MSG_DONTWAIT, NULL));
    struct timespec odd_time = {.tv_nsec = -1};
    CALL("recvmmsg odd time", recvmmsg(two[1], m, 1, MSG_DONTWAIT, &odd_time));
    BAD_POINTER(CALL("recvmmsg NULL", recvmmsg(two[1], NULL, 1, MSG_DONTWAIT, NULL)));
    close(fd), close(two[0]), close(two[1]);
}

/* A datagram from a bound socket and from an unbound one, however it is taken. */
static void receive_one(const char *from, int room, int how)
{
    int server = new_socket(AF_UNIX, SOCK_DGRAM), client = new_socket(AF_UNIX, SOCK_DGRAM);
    unsigned char name[256], data[8] = {0};
    socklen_t len = (socklen_t)room;
    struct iovec iov = {data, 2};
    struct msghdr m = {.msg_name = how == 3 ? NULL : name, .msg_namelen = (socklen_t)room, .msg_iov = &iov,
                       .msg_iovlen = 1};
    memset(name, 0xee, sizeof name);
    if (bind(server, (void *)un_bytes("receiver", 8), 11) ||
        (from && bind(client, (void *)un_bytes(from, strlen(from)), (socklen_t)(3 + strlen(from)))) ||
        sendto(client, "data", 4, 0, (void *)un_bytes("receiver", 8), 11) != 4)
        exit(2);
    errno = UNTOUCHED;
    long n = how == 0   ? recvfrom(server, data, 2, 0, (void *)name, &len)
             : how == 1 ? recvfrom(server, data, 2, MSG_TRUNC, NULL, &len)
             : how == 4 ? syscall(SYS_recvfrom, server, data, 2, 0, name, &len)
                        : recvmsg(server, &m, 0);
    int err = errno;
    printf("receive how=%d from=%s room=%d -> %ld", how, from ? from : "unbound", room, n);
    show_error(err);
    show_buffer(name, how == 2 || how == 3 ? m.msg_namelen : len);
    printf(" flags=%x\n", (unsigned)m.msg_flags);
    close(server), close(client), unlink("receiver");
    if (from)
        unlink(from);
}

static void receive_table(void)
{
    static const int rooms[] = {0, 1, 2, 3, 5, 110, 256, -1, INT_MAX};
    for (int how = 0; how < 5; how++)
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
            receive_one("sender", rooms[i], how);
            receive_one(NULL, rooms[i], how);
        }
}

static void recv_errors(void)
{
    int two[2], lone = new_socket(AF_UNIX, SOCK_STREAM);
    char buf[8];
    struct msghdr m = {.msg_iov = (void *)guard, .msg_iovlen = 1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two))
        exit(2);
    CALL("recv nothing there", recv(two[0], buf, sizeof buf, 0));
    CALL("recv unconnected", recv(lone, buf, sizeof buf, 0));
    BAD_POINTER(CALL("recvmsg NULL", recvmsg(two[0], NULL, 0)));
    BAD_POINTER(CALL("recvmsg unreadable", recvmsg(two[0], (void *)guard, 0)));
    BAD_POINTER(CALL("recvmsg bad iov", recvmsg(two[0], &m, 0)));
    CALL("write", write(two[1], "abc", 3));
    BAD_POINTER(CALL("recv into nowhere", recv(two[0], guard, 3, 0)));
    CALL("recv peek", recv(two[0], buf, 2, MSG_PEEK));
    BAD_POINTER(CALL("recvfrom NULL length", recvfrom(two[0], buf, 1, 0, (void *)buf, NULL)));
    CALL("recv all", recv(two[0], buf, sizeof buf, 0));
    CALL("close", close(two[1]));
    CALL("recv end", recv(two[0], buf, sizeof buf, 0));
    CALL("send end", send(two[0], "x", 1, MSG_NOSIGNAL));
    close(two[0]), close(lone);
}

/* A descriptor travels, with its message, through whatever takes it. */
static void pass_descriptor(void)
{
    int two[2];
    char byte = 'f';
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, two))
        exit(2);
    memcpy(CMSG_DATA(&control.header), &two[0], sizeof(int));
    CALL("sendmsg with a descriptor", sendmsg(two[0], &m, 0));
    CALL("recvmsg with a descriptor", recvmsg(two[1], &m, MSG_CMSG_CLOEXEC));
    int got;
    memcpy(&got, CMSG_DATA(&control.header), sizeof got);
    printf("    control %zu flags %x is a socket: %d\n", (size_t)m.msg_controllen, (unsigned)m.msg_flags,
           !getsockopt(got, SOL_SOCKET, SO_TYPE, &got, &(socklen_t){sizeof got}));
    close(two[0]), close(two[1]);
}

/* --- Making sockets and options -------------------------------------------------- */

static void socket_table(void)
{
    static const int families[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 46, 47, 1000, -1};
    static const int kinds[] = {0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, 10, 11, 1 << 8, -1};
    static const int protocols[] = {0, 1, 6, 17, 300, -1};
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (size_t t = 0; t < sizeof kinds / sizeof *kinds; t++)
            for (size_t p = 0; p < sizeof protocols / sizeof *protocols; p++) {
                errno = UNTOUCHED;
                int fd = socket(families[f], kinds[t], protocols[p]), err = errno;
                result(label("socket %d %d %d", families[f], kinds[t], protocols[p]), fd >= 0 ? 0 : -1, err);
                close(fd);
                int two[2] = {-2, -2};
                errno = UNTOUCHED;
                int ret = socketpair(families[f], kinds[t], protocols[p], two);
                err = errno;
                result(label("socketpair %d %d %d", families[f], kinds[t], protocols[p]), ret, err);
                if (!ret)
                    close(two[0]), close(two[1]);
                else
                    printf("    left %d %d\n", two[0] > 0, two[1] > 0);
            }
    BAD_POINTER(CALL("socketpair NULL", socketpair(AF_UNIX, SOCK_STREAM, 0, NULL)));
    BAD_POINTER(CALL("socketpair unwritable", socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)(void *)guard)));
}

static void option_table(void)
{
    int fd = new_socket(AF_UNIX, SOCK_DGRAM), value = 1;
    socklen_t len;
    static const int lens[] = {0, 1, 2, 3, 4, 8, -1};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        len = (socklen_t)lens[i], value = 0x01010101;
        CALL(label("getsockopt SO_TYPE %d", lens[i]), getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
        printf("    value %x length %d\n", (unsigned)value, (int)len);
        CALL(label("setsockopt SO_PASSCRED %d", lens[i]),
             setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, (socklen_t)lens[i]));
        CALL(label("setsockopt SO_PASSCRED off %d", lens[i]),
             setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){0}, (socklen_t)lens[i]));
    }
    len = 4;
    CALL("getsockopt unknown", getsockopt(fd, SOL_SOCKET, 9999, &value, &len));
    CALL("getsockopt level", getsockopt(fd, 9999, SO_TYPE, &value, &len));
    BAD_POINTER(CALL("getsockopt NULL", getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, &len)));
    BAD_POINTER(CALL("getsockopt NULL length", getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, NULL)));
    CALL("setsockopt NULL", setsockopt(fd, SOL_SOCKET, SO_PASSCRED, NULL, 4));
    CALL("setsockopt unreadable", setsockopt(fd, SOL_SOCKET, SO_PASSCRED, guard, 4));
    CALL("setsockopt unknown", setsockopt(fd, SOL_SOCKET, 9999, &value, 4));
    CALL("setsockopt SO_PASSCRED on", setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, 4));
    CALL("connect then binds", connect(fd, (void *)un_bytes("dgram", 5), 8));
    show_name("getsockname", getsockname, fd, 256);
    CALL("syscall unknown", syscall(9999));
    CALL("syscall-shutdown", syscall(SYS_shutdown, fd, 0));
    close(fd);
}

static void inet_table(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = new_socket(AF_INET, SOCK_STREAM);
    CALL("inet bind", bind(server, (void *)&in, len));
    CALL("inet getsockname", getsockname(server, (void *)&in, &len));
    CALL("inet connect refused", connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&in, len));
    CALL("inet listen", listen(server, 4));
    CALL("inet connect", connect(client, (void *)&in, len));
    CALL("inet accept", accept(server, NULL, NULL) > 0 ? 0 : -1);
    CALL("inet connect again", connect(client, (void *)&in, len));
    CALL("inet connect once more", connect(client, (void *)&in, len));
    CALL("inet send", send(client, "x", 1, 0));
    CALL("inet sendto ignores the address", sendto(client, "x", 1, 0, (void *)&in, len));
    int fast = socket(AF_INET, SOCK_STREAM, 0);
    CALL("inet fast open", sendto(fast, "x", 1, MSG_FASTOPEN, (void *)&in, len));
    CALL("inet fast open without address", sendto(fast, "x", 1, MSG_FASTOPEN, NULL, 0));
    in.sin_family = AF_UNSPEC;
    CALL("inet dissolve", connect(client, (void *)&in, len));
    int dgram = new_socket(AF_INET, SOCK_DGRAM);
    CALL("inet sendto unspec family", sendto(dgram, "x", 1, 0, (void *)&in, len));
    in.sin_addr.s_addr = 0;
    CALL("inet bind unspec family any", bind(dgram, (void *)&in, len));
    close(server), close(client), close(fast), close(dgram);
}

/* --- Setting up ----------------------------------------------------------------------- */

static void make_files(void)
{
    for (int i = 0; i < 3; i++) {
        int type = unix_types[i], fd = new_socket(AF_UNIX, type);
        if (bind(fd, (void *)un_bytes(files[type], strlen(files[type])), (socklen_t)(3 + strlen(files[type]))))
            exit(2);
        if (type == SOCK_DGRAM)
            dgram_peer = fd;
        else if (listen(fd, 4000))
            exit(2);
        if (symlink(files[type], label("to-%s", files[type])))
            exit(2);
    }
    if (mkdir("dir", 0755) || symlink("dir", "to-dir") || symlink("file", "to-file") || symlink("nothing", "dangling") ||
        symlink("loop", "loop") || close(open("file", O_CREAT | O_WRONLY, 0644)))
        exit(2);
}

int main(int argc, char **argv)
{
    if (argc != 3 || chdir(argv[1]))
        return fprintf(stderr, "usage: oddcalls EMPTY-DIRECTORY NAME\n"), 2;
    snprintf(tag, sizeof tag, "%s", argv[2]);
    signal(SIGPIPE, SIG_IGN);
    alarm(100);
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE))
        return 2;
    guard = pages + 4096;
    make_files();
    make_addresses();
    address_table();
    descriptor_table();
    names_table();
    for (int i = 0; i < 3; i++)
        bind_again(unix_types[i]);
    listen_table();
    accept_table();
    connect_table();
    full_backlog();
    sendmsg_table();
    mmsg_table();
    receive_table();
    recv_errors();
    pass_descriptor();
    socket_table();
    option_table();
    inet_table();
    return 0;
}

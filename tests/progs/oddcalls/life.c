/* What a socket is called, and its life from bind to close. */
#include <limits.h>
#include <sys/syscall.h>

#include "oddcalls.h"

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

void names_table(void)
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

void bind_again(int type)
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

void listen_table(void)
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

void accept_table(void)
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

void connect_table(void)
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

void full_backlog(void)
{
    int server = new_socket(AF_UNIX, SOCK_STREAM);
    if (bind(server, (void *)un_bytes("full", 4), 7) || listen(server, 0))
        exit(2);
    for (int i = 0; i < 3; i++)
        CALL("connect to a full backlog", connect(new_socket(AF_UNIX, SOCK_STREAM), (void *)un_bytes("full", 4), 7));
    unlink("full"), close(server);
    CALL("connect to a closed listener", connect(new_socket(AF_UNIX, SOCK_STREAM), (void *)un_bytes("full", 4), 7));
}

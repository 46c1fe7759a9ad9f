/* Descriptors that are no sockets; making sockets, and their options. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>

#include "oddcalls.h"

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

void descriptor_table(void)
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

/* --- Making sockets and options -------------------------------------------------- */

void socket_table(void)
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

void option_table(void)
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

void inet_table(void)
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

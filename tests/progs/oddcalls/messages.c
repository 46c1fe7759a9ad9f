/* Messages, sent and received. */
#include <limits.h>
#include <sys/syscall.h>

#include "oddcalls.h"

void sendmsg_table(void)
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

void mmsg_table(void)
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

void receive_table(void)
{
    static const int rooms[] = {0, 1, 2, 3, 5, 110, 256, -1, INT_MAX};
    for (int how = 0; how < 5; how++)
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
            receive_one("sender", rooms[i], how);
            receive_one(NULL, rooms[i], how);
        }
}

void recv_errors(void)
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
void pass_descriptor(void)
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

/* rawcalls WHAT: the calls of sk that matter here, made through syscall(2).
 *     autobind             bind() of an address that asks for a name
 *     connect PATH         a stream connect
 *     sendto PATH          a datagram */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int show(const char *what, long ret)
{
    return printf("%s %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "-") < 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const char *what = argc > 1 ? argv[1] : "";
    if (argc > 2)
        strncpy(un.sun_path, argv[2], sizeof un.sun_path - 1);
    long fd = syscall(SYS_socket, AF_UNIX, strcmp(what, "connect") ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (fd < 0)
        return show("socket", fd);
    if (!strcmp(what, "autobind"))
        return show("bind", syscall(SYS_bind, fd, &un, sizeof(sa_family_t)));
    if (!strcmp(what, "connect"))
        return show("connect", syscall(SYS_connect, fd, &un, sizeof un));
    if (!strcmp(what, "sendto"))
        return show("sendto", syscall(SYS_sendto, fd, "x", 1, 0, &un, sizeof un));
    return 2;
}

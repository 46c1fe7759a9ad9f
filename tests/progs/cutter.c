/* cutter CALL BYTES [ANYTHING...]: uses the first BYTES bytes (up to 108) of the line on stdin
 * as the name of a socket, as programs do that copy what fits; ANYTHING is where the
 * whole name may be found. CALL: bind, connect, syscall (connect by that), or, with a
 * datagram socket, sendto, sendmsg, sendmmsg. $TIMES: how often. Prints what went
 * wrong, and what the server says. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static long use(const char *call, int fd, struct sockaddr_un *to, socklen_t len)
{
    char byte = 'x';
    struct iovec x = {&byte, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_name = to, .msg_namelen = len, .msg_iov = &x, .msg_iovlen = 1}};

    if (!strcmp(call, "bind"))
        return bind(fd, (struct sockaddr *)to, len);
    if (!strcmp(call, "connect"))
        return connect(fd, (struct sockaddr *)to, len);
    if (!strcmp(call, "syscall"))
        return syscall(SYS_connect, fd, to, len);
    if (!strcmp(call, "sendto"))
        return sendto(fd, &byte, 1, 0, (struct sockaddr *)to, len);
    if (!strcmp(call, "sendmsg"))
        return sendmsg(fd, &m.msg_hdr, 0);
    if (!strcmp(call, "sendmmsg"))
        return sendmmsg(fd, &m, 1, 0);
    fprintf(stderr, "cutter: no call %s\n", call);
    exit(2);
}

int main(int argc, char **argv)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char line[8192] = "", answer[256];
    size_t bytes = argc > 2 ? (size_t)atoi(argv[2]) : 0;

    if (!fgets(line, sizeof line, stdin) || bytes == 0 || bytes > sizeof to.sun_path)
        return 2;
    line[strcspn(line, "\n")] = '\0';
    memcpy(to.sun_path, line, strlen(line) < bytes ? strlen(line) : bytes);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (bytes < sizeof to.sun_path ? bytes + 1 : bytes));
    for (int times = getenv("TIMES") ? atoi(getenv("TIMES")) : 1; times--;) {
        int fd = socket(AF_UNIX, !strncmp(argv[1], "send", 4) ? SOCK_DGRAM : SOCK_STREAM, 0);
        ssize_t n = 0;

        if (use(argv[1], fd, &to, len) < 0)
            puts(strerror(errno));
        else if (!strcmp(argv[1], "connect") || !strcmp(argv[1], "syscall"))
            while ((n = read(fd, answer, sizeof answer)) > 0)
                fwrite(answer, 1, (size_t)n, stdout);
        close(fd);
    }
    return 0;
}

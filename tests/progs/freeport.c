/* freeport: prints a port of 127.0.0.1 that is free for TCP and for UDP. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int bound(int type, struct sockaddr_in *addr)
{
    socklen_t len = sizeof *addr;
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) || getsockname(fd, (struct sockaddr *)addr, &len)) {
        close(fd);
        return -1;
    }
    return fd;
}

int main(void)
{
    for (int tries = 0; tries < 100; tries++) {
        struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int tcp = bound(SOCK_STREAM, &addr), udp = tcp < 0 ? -1 : bound(SOCK_DGRAM, &addr);
        if (udp >= 0)
            return printf("%u\n", ntohs(addr.sin_port)) < 0;
        close(tcp);
    }
    return 1;
}

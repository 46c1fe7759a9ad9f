/* binder COUNT: binds COUNT TCP sockets, each to an address and port of its own, and
 * closes each before the next. Says how many, and what went wrong first. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0, done = 0;

    for (; done < count; done++) {
        struct sockaddr_in in = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)(2000 + done % 60000)),
                                 .sin_addr = {htonl(0x7f4d0001u + (uint32_t)(done / 60000))}};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&in, sizeof in) && errno != EADDRINUSE) {
            printf("%s\n", strerror(errno));
            break;
        }
        close(fd);
    }
    printf("%ld\n", done);
    return 0;
}

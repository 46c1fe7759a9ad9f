/* hammer PATH PIPE: connects to PATH and sends one byte, again and again, until
 * PIPE (a FIFO) has no writer any more. Says how often each answer came. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    long connected = 0, denied = 0, other = 0;
    char byte;
    if (argc != 3)
        return 2;
    strncpy(un.sun_path, argv[1], sizeof un.sun_path - 1);
    int until = open(argv[2], O_RDONLY);
    fcntl(until, F_SETFL, O_NONBLOCK);
    while (read(until, &byte, 1) != 0) {
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0 && write(fd, "x", 1) == 1)
            connected++;
        else if (errno == EACCES)
            denied++;
        else
            other++, fprintf(stderr, "hammer: %s\n", strerror(errno));
        close(fd);
    }
    printf("connected %s denied %s other %ld\n", connected ? "yes" : "no", denied ? "yes" : "no", other);
    return 0;
}

/* counter PATH: a datagram socket at PATH; prints the number of bytes that have
 * arrived when SIGTERM comes. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
    stop = sig;
}

int main(int argc, char **argv)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char buf[16];
    long count = 0;
    if (argc != 2)
        return 2;
    strncpy(un.sun_path, argv[1], sizeof un.sun_path - 1);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_usec = 50000}, sizeof(struct timeval));
    if (bind(fd, (struct sockaddr *)&un, sizeof un))
        return perror("counter"), 1;
    while (!stop || recv(fd, buf, sizeof buf, MSG_DONTWAIT | MSG_PEEK) > 0)
        count += recv(fd, buf, sizeof buf, 0) > 0;
    return printf("%ld\n", count) < 0;
}

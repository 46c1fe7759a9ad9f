/* Binds a datagram socket without choosing a name and prints the one that the
 * kernel chose: an autobind, unix(7). */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof name;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t))) {
        perror("autobind: bind");
        return 1;
    }
    if (getsockname(fd, (struct sockaddr *)&name, &len)) {
        perror("autobind: getsockname");
        return 1;
    }
    printf("autobind: the kernel named the socket @%.5s\n", name.sun_path + 1);
    return 0;
}

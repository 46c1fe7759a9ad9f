/* A library that makes socket calls in its constructor and says what came of it. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void say(const char *what)
{
    if (write(1, what, strlen(what)) < 0)
        _exit(3);
}

__attribute__((constructor)) static void early(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    int ret = bind(fd, (void *)&un, sizeof(sa_family_t));
    say(ret == 0 ? "constructor: bound\n" : errno == EACCES ? "constructor: denied\n" : "constructor: other\n");
    close(fd);
}

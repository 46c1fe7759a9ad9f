/* crowded ALLOWED DENIED: connects to both with a full descriptor table, and
 * again with room. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void try(const char *when, int fd, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    strncpy(un.sun_path, path, sizeof un.sun_path - 1);
    int ret = connect(fd, (void *)&un, sizeof un);
    printf("%s %s %s\n", when, strrchr(path, '/') + 1, ret ? strerrorname_np(errno) : "connected");
}

int main(int argc, char **argv)
{
    if (argc != 3 || setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64}))
        return 2;
    int one = socket(AF_UNIX, SOCK_DGRAM, 0), two = socket(AF_UNIX, SOCK_DGRAM, 0), last = -1;
    for (int fd; (fd = dup(1)) >= 0;)
        last = fd;
    try("full", one, argv[1]);
    try("full", two, argv[2]);
    close(last);
    try("room", one, argv[1]);
    try("room", two, argv[2]);
    return 0;
}

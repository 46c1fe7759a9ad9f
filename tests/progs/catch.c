/* catch COUNT DIR: one process binds COUNT names in turn, paths (DIR/N) and
 * abstract ones (@DIR/N), and two others are at each name before it is there,
 * trying to connect until they can. Prints how many they caught, and how often
 * they were refused (EACCES) a name of their own run. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CATCHERS = 2 };

static struct shared {
    _Atomic long caught, refused;
    _Atomic long done[CATCHERS];   /* names that this one has caught */
} *shared;

static const char *dir;

static socklen_t name(struct sockaddr_un *un, long n)
{
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    int len = snprintf(un->sun_path, sizeof un->sun_path, "%s%s/%ld", n & 1 ? "@" : "", dir, n);
    if (n & 1)
        un->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len + !(n & 1));
}

static void catcher(int me, long count)
{
    struct sockaddr_un un;
    for (long n = 0; n < count; n++) {
        socklen_t len = name(&un, n);
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0), err;
        while ((err = connect(fd, (struct sockaddr *)&un, len) ? errno : 0) == ENOENT || err == ECONNREFUSED)
            ;
        close(fd);
        shared->caught += err == 0;
        shared->refused += err == EACCES;
        shared->done[me] = n + 1;
    }
    _exit(0);
}

/* A name stays until all have caught it. */
static int binder(long count)
{
    struct sockaddr_un un;
    for (long n = 0; n < count; n++) {
        socklen_t len = name(&un, n);
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&un, len))
            return perror("bind"), 1;
        for (int i = 0; i < CATCHERS; i++)
            while (shared->done[i] <= n)
                usleep(1);
        close(fd);
    }
    return 0;
}

int main(int argc, char **argv)
{
    long count = argc == 3 ? atol(argv[1]) : 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!count || shared == MAP_FAILED)
        return 2;
    dir = argv[2];
    for (int i = 0; i < CATCHERS; i++)
        if (fork() == 0)
            alarm(60), catcher(i, count);
    alarm(60);
    int bad = binder(count);
    for (int st; wait(&st) > 0;)
        bad |= st != 0;
    printf("caught %ld refused %ld\n", shared->caught, shared->refused);
    return bad;
}

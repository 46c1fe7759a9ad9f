/* crowd COUNT DIR OUTSIDER...: COUNT processes at once. Each binds two names of
 * its own (DIR/N and @DIR/N) and connects to them at once; when all have, each
 * connects to those of the next one, while it binds and closes names of its own,
 * and to each OUTSIDER (a path, or @abstract), which must be refused with EACCES.
 * Prints how often something of the crowd was refused, an outsider reached, and
 * anything else went wrong. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct shared {
    _Atomic long refused, reached, other, bound;
} *shared;

static const char *dir;
static int all_bound[2]; /* nobody reads or writes: it ends when all have bound */

static socklen_t address(struct sockaddr_un *un, const char *name)
{
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    strncpy(un->sun_path, name, sizeof un->sun_path - 1);
    if (*name == '@')
        un->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
}

static const char *own(char *room, char kind, int n, const char *more)
{
    sprintf(room, "%s%s/%d%s", kind == '@' ? "@" : "", dir, n, more);
    return room;
}

static int bound_to(const char *name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&un, len))
        fprintf(stderr, "%s: %s\n", name, strerror(errno)), shared->other++;
    return fd;
}

static void reach(const char *name, bool may)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    int err = connect(fd, (struct sockaddr *)&un, len) ? errno : 0;
    close(fd);
    if (err && err != EACCES)
        fprintf(stderr, "%s: %s\n", name, strerror(err)), shared->other++;
    else if (may)
        shared->refused += err != 0;
    else
        shared->reached += err == 0;
}

static void wait_for_the_others(void)
{
    char byte;
    close(all_bound[1]);
    if (read(all_bound[0], &byte, 1))
        shared->other++;
}

static void member(int n, int count, char **outsiders)
{
    char name[128];
    alarm(60);
    bound_to(own(name, '/', n, ""));
    reach(name, true);
    bound_to(own(name, '@', n, ""));
    reach(name, true);
    wait_for_the_others();
    for (int i = 0; i < 4; i++) {
        int fd = bound_to(own(name, "/@"[i & 1], n, i & 2 ? ".b" : ".a"));
        reach(name, true);
        reach(own(name, "/@"[i & 1], (n + 1) % count, ""), true);
        close(fd);
    }
    for (; *outsiders; outsiders++)
        reach(*outsiders, false);
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[1]) : 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!count || shared == MAP_FAILED || pipe(all_bound))
        return 2;
    dir = argv[2];
    for (int n = 0; n < count; n++)
        switch (fork()) {
        case 0:
            member(n, count, argv + 3);
            /* All names stay bound until everybody has been at them. */
            shared->bound++;
            while (shared->bound < count)
                usleep(10000);
            _exit(0);
        case -1:
            return perror("fork"), 1;
        }
    close(all_bound[1]);
    for (int st; wait(&st) > 0;)
        shared->other += st != 0;
    return printf("crowd of %d: refused %ld, outsiders reached %ld, else %ld\n", count, shared->refused, shared->reached, shared->other) < 0;
}

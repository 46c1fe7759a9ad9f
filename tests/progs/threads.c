/* threads COUNT ROUNDS DIR OUTSIDER...: COUNT threads, each of which, ROUNDS times,
 * binds a name (DIR/N.R, @DIR/N.R in turn), connects to it and to the one that the
 * next thread keeps, and to an OUTSIDER (a path or @abstract), which must be refused
 * with EPERM; now and then a child of fork does so too. Prints how often something
 * of its own was refused, an outsider reached, and anything else went wrong. */
#include <errno.h>
#include <pthread.h>
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
    _Atomic long refused, reached, other;
} *shared;

static int count, rounds, outsiders;
static char **outsider;
static const char *dir;
static pthread_barrier_t all_there;

static socklen_t address(struct sockaddr_un *un, const char *name)
{
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    strncpy(un->sun_path, name, sizeof un->sun_path - 1);
    if (*name == '@')
        un->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
}

static int bound_to(const char *name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&un, len))
        fprintf(stderr, "%s: %s\n", name, strerror(errno)), shared->other++;
    return fd;
}

static void reach(const char *name, bool may)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err = connect(fd, (struct sockaddr *)&un, len) ? errno : 0;
    close(fd);
    if (err && err != EPERM)
        fprintf(stderr, "%s: %s\n", name, strerror(err)), shared->other++;
    else if (may)
        shared->refused += err != 0;
    else
        shared->reached += err == 0;
}

static void one_round(int n, int r)
{
    char mine[128], next[128];
    snprintf(mine, sizeof mine, "%s%s/%d.%d", r & 1 ? "@" : "", dir, n, r);
    snprintf(next, sizeof next, "@%s/%d", dir, (n + 1) % count);
    int fd = bound_to(mine);
    reach(mine, true);
    reach(next, true);
    reach(outsider[r % outsiders], false);
    close(fd);
}

static void in_a_child(int n, int r)
{
    int st;
    pid_t pid = fork();
    if (!pid)
        one_round(n, r), _exit(0);
    if (waitpid(pid, &st, 0) != pid || st)
        shared->other++;
}

static void *thread(void *arg)
{
    char standing[128];
    int n = (int)(long)arg;
    snprintf(standing, sizeof standing, "@%s/%d", dir, n);
    int fd = bound_to(standing);
    pthread_barrier_wait(&all_there);
    for (int r = 0; r < rounds; r++)
        if (r % 50 == 49)
            in_a_child(n, r);
        else
            one_round(n, r);
    pthread_barrier_wait(&all_there);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    count = argc > 4 ? atoi(argv[1]) : 0;
    if (count < 1 || count > 64)
        return 2;
    rounds = atoi(argv[2]), dir = argv[3], outsider = argv + 4, outsiders = argc - 4;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrier_init(&all_there, NULL, (unsigned)count);
    for (int n = 0; n < count; n++)
        pthread_create(&threads[n], NULL, thread, (void *)(long)n);
    for (int n = 0; n < count; n++)
        pthread_join(threads[n], NULL);
    return printf("refused %ld, outsiders reached %ld, else %ld\n", shared->refused, shared->reached, shared->other) < 0;
}

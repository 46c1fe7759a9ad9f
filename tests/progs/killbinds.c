/* killbinds DIR COUNT: COUNT processes that bind one socket each in DIR, to a name of 200 digits or of 8 by
 * turns; every second one is killed by SIGKILL while it does. The sockets' files stay. Prints how many
 * were killed before bind had returned. */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, BEGUN, DONE };

static struct shared {
    int stage;
    int64_t longest; /* nanoseconds that a bind took so far */
} *shared;

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int stage(void)
{
    return __atomic_load_n(&shared->stage, __ATOMIC_SEQ_CST);
}

static void child(const char *dir, unsigned i)
{
    struct {
        sa_family_t family;
        char path[4096];
    } a = {.family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int len = snprintf(a.path, sizeof a.path, "%s/%0*u", dir, i / 2 % 2 ? 8 : 200, i);

    __atomic_store_n(&shared->stage, BEGUN, __ATOMIC_SEQ_CST);
    int64_t start = now();
    if (bind(fd, (void *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len + 1)))
        perror("bind"), exit(1);
    int64_t took = now() - start;
    __atomic_store_n(&shared->stage, DONE, __ATOMIC_SEQ_CST);
    if (i % 2 == 0 && took > shared->longest && took < 2000000)
        shared->longest = took;
    _exit(0);
}

static void kill_meanwhile(pid_t pid)
{
    while (stage() == NOTHING)
        sched_yield();
    int64_t end = now() + rand() % (shared->longest / 2 + 20000);
    while (now() < end && stage() != DONE)
        ;
    kill(pid, SIGKILL);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 0, cut = 0;
    int status;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    srand((unsigned)getpid());
    for (unsigned i = 0; i < count; i++) {
        __atomic_store_n(&shared->stage, NOTHING, __ATOMIC_SEQ_CST);
        pid_t pid = fork();

        if (!pid)
            child(argv[1], i);
        if (i % 2)
            kill_meanwhile(pid);
        if (waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status)))
            return 1;
        cut += stage() != DONE;
    }
    printf("%u\n", cut);
    return 0;
}

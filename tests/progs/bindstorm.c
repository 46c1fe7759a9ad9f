/* bindstorm DIR CHILDREN BINDS: children that bind sockets in DIR and remove them, BINDS each, the
 * last component of 200 and of 4 bytes by turns; every second one is killed by SIGKILL at a random
 * moment of half the time that the one before it took. Prints how many binds there were and how many
 * children were killed. */
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned *done;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void bind_one(const char *dir, unsigned child, unsigned i)
{
    struct {
        sa_family_t family;
        char path[4096];
    } a = {.family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(a.path, sizeof a.path, "%s/%0*u", dir, i % 2 ? 4 : 200, child);
    if (bind(fd, (void *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(a.path) + 1)))
        die("bind");
    __atomic_fetch_add(done, 1, __ATOMIC_RELAXED);
    if (unlink(a.path))
        die("unlink");
    close(fd);
}

static long nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void kill_at_random(pid_t pid, long within)
{
    long moment = (long)(rand() / (RAND_MAX + 1.0) * (double)within);
    struct timespec wait = {moment / 1000000000L, moment % 1000000000L};

    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
}

int main(int argc, char **argv)
{
    unsigned children = argc > 3 ? (unsigned)atoi(argv[2]) : 0, binds = argc > 3 ? (unsigned)atoi(argv[3]) : 0, killed = 0;
    long began, whole = 0;
    int status;

    done = mmap(NULL, sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    srand((unsigned)getpid());
    for (unsigned i = 0; i < children; i++) {
        began = nanoseconds();
        pid_t pid = fork();

        if (!pid) {
            for (unsigned k = 0; k < binds; k++)
                bind_one(argv[1], i, k);
            _exit(0);
        }
        if (i % 2)
            kill_at_random(pid, whole / 2);
        if (waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status)))
            return 1;
        whole = nanoseconds() - began;
        killed += WIFSIGNALED(status) != 0;
    }
    printf("%u %u\n", *done, killed);
    return 0;
}

/* faults PROCESSES CALLS: each process makes that many sockets, and it says how many of all of
 *     them could not be made; of one process also which, counted from 1. A first argument
 *     `fork` lets the parent make CALLS of its own first.
 * faults late ADDRESS: connects to a path while a timer runs that is set to 50 ms, and says
 *     whether its handler had run when connect() returned.
 * faults send TEXT TEXT | recv TEXT: over a pair of streams in two buffers, by sendmsg() and
 *     sendmmsg(), or recvmsg() and recvmmsg(): says what arrived each time. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int calls(int count, int print)
{
    int failed = 0;

    for (int i = 1; i <= count; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (fd >= 0) {
            close(fd);
            continue;
        }
        if (print)
            printf("%d ", i);
        failed++;
    }
    return failed;
}

static int many(int processes, int count)
{
    int results[2], total = 0, one;

    if (pipe(results))
        return 2;
    for (int i = 0; i < processes; i++)
        if (!fork()) {
            one = calls(count, processes == 1);
            fflush(stdout);
            _exit(write(results[1], &one, sizeof one) != sizeof one);
        }
    close(results[1]);
    while (read(results[0], &one, sizeof one) == sizeof one)
        total += one;
    while (wait(NULL) > 0)
        ;
    printf("failed %d\n", total);
    return 0;
}

static volatile sig_atomic_t ran;

static void handler(int sig)
{
    (void)sig;
    ran = 1;
}

static int late(const char *path)
{
    struct sigaction act = {.sa_handler = handler};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct itimerval soon = {.it_value.tv_usec = 50000};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(un.sun_path, path);
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    int ret = connect(fd, (struct sockaddr *)&un, sizeof un), err = errno;
    if (WITH_SANITIZER) /* puts handlers off until the next call it knows to wait */
        usleep(1);
    printf("%s, handler %s\n", ret ? strerrorname_np(err) : "connected", ran ? "ran" : "did not run");
    return 0;
}

static void show(int fd, const char *how, long ret)
{
    char got[64] = "";
    long n = read(fd, got, sizeof got - 1);

    printf("%s %ld '%s'\n", how, ret, n > 0 ? got : "");
}

static int sends(char *first, char *second)
{
    struct iovec parts[3] = {{first, 0}, {first, strlen(first)}, {second, strlen(second)}};
    struct mmsghdr all[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 3}}, {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 3}}};
    int two[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, two))
        return 2;
    show(two[1], "sendmsg", sendmsg(two[0], &all[0].msg_hdr, 0));
    show(two[1], "sendmmsg", sendmmsg(two[0], all, 2, 0));
    printf("%u\n", all[0].msg_len);
    return 0;
}

static int receives(const char *text)
{
    char buffers[2][3] = {"", ""};
    struct iovec parts[2] = {{buffers[0], 2}, {buffers[1], 2}};
    struct mmsghdr one = {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}};
    int two[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, two) || write(two[0], text, strlen(text)) < 0)
        return 2;
    long got = recvmsg(two[1], &one.msg_hdr, 0);
    printf("recvmsg %ld '%s' '%s'\n", got, buffers[0], buffers[1]);
    memset(buffers, 0, sizeof buffers);
    int count = recvmmsg(two[1], &one, 1, 0, NULL);
    printf("recvmmsg %d %u '%s' '%s'\n", count, one.msg_len, buffers[0], buffers[1]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "late"))
        return late(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "send"))
        return sends(argv[2], argv[3]);
    if (argc == 3 && !strcmp(argv[1], "recv"))
        return receives(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "fork")) {
        printf("parent failed %d\n", calls(atoi(argv[3]), 0));
        fflush(stdout);
        argv++;
        argc--;
    }
    return argc == 3 ? many(atoi(argv[1]), atoi(argv[2])) : 2;
}

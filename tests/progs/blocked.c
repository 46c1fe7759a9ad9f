/* blocked HOW DIRECTORY: leaves blocked calls the hard way and counts the
 * descriptors that stay behind. HOW:
 *     cancel    pthread_cancel() of a thread blocked in each call
 *     longjmp   siglongjmp() out of each call, from a signal handler
 * DIRECTORY/full is a listener whose backlog is full, DIRECTORY/stuffed a
 * datagram socket whose queue is. Prints a line per call. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROUNDS = 20 };

static struct given { /* room for long names, too */
    sa_family_t family;
    char path[1024];
    socklen_t len;
} full, stuffed, own;
static int listener, unconnected, pair[2], full_pair[2], stream;
static char big[4096];
static struct iovec iov = {big, sizeof big};
static struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
static struct mmsghdr messages[2];

static void do_accept(void) { accept(listener, NULL, NULL); }
static void do_accept4(void) { accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
static void do_recv(void) { recv(pair[0], big, 1, 0); }
static void do_recvfrom(void) { recvfrom(pair[0], big, 1, 0, NULL, NULL); }
static void do_recvmsg(void) { recvmsg(pair[0], &message, 0); }
static void do_recvmmsg(void) { recvmmsg(pair[0], messages, 2, 0, NULL); }
static void do_connect(void) { connect(stream, (void *)&full, full.len); }
static void do_send(void) { send(full_pair[0], big, sizeof big, 0); }
static void do_sendto(void) { sendto(unconnected, big, 1, 0, (void *)&stuffed, stuffed.len); }
static void do_sendmsg(void) { sendmsg(full_pair[0], &message, 0); }
static void do_sendmmsg(void) { sendmmsg(full_pair[0], messages, 2, 0); }

static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {{"accept", do_accept},     {"accept4", do_accept4}, {"recv", do_recv},       {"recvfrom", do_recvfrom},
             {"recvmsg", do_recvmsg},   {"recvmmsg", do_recvmmsg}, {"connect", do_connect}, {"send", do_send},
             {"sendto", do_sendto},     {"sendmsg", do_sendmsg}, {"sendmmsg", do_sendmmsg}};

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
    return count;
}

static void *run_blocked(void *which)
{
    calls[(long)which].call();
    return NULL;
}

static bool cancelled(long which)
{
    pthread_t thread;
    void *ret;
    if (pthread_create(&thread, NULL, run_blocked, (void *)which))
        exit(2);
    usleep(3000);
    pthread_cancel(thread);
    pthread_join(thread, &ret);
    return ret == PTHREAD_CANCELED;
}

static sigjmp_buf out;

static void jump_out(int sig)
{
    siglongjmp(out, sig);
}

static bool jumped(long which)
{
    struct itimerval soon = {{0, 0}, {0, 3000}};
    if (sigsetjmp(out, 1))
        return true;
    setitimer(ITIMER_REAL, &soon, NULL);
    calls[which].call();
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    return false;
}

/* Any call after it lets the shim close what a jump left behind. */
static void settle(void)
{
    int type;
    socklen_t len = sizeof type;
    getsockopt(listener, SOL_SOCKET, SO_TYPE, &type, &len);
    connect(unconnected, (void *)&stuffed, stuffed.len);
    connect(unconnected, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
}

/* Pages of this process; threads' stacks are kept for the next. */
static long pages(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long n = -1;
    if (!f || fscanf(f, "%ld", &n) != 1)
        n = -1;
    if (f)
        fclose(f);
    return n;
}

static void try_call(long which, bool (*leave)(long))
{
    int left = 0, most = 0;
    long half = 0;
    settle();
    int before = open_descriptors();
    for (int i = 0; i < ROUNDS; i++) {
        left += leave(which);
        int now = open_descriptors() - before;
        most = now > most ? now : most;
        if (i == ROUNDS / 2)
            half = pages();
    }
    settle();
    if (pages() - half > ROUNDS)
        printf("%s lost %ld pages\n", calls[which].name, pages() - half);
    printf("%s left %d most %d after %d\n", calls[which].name, left, most, open_descriptors() - before);
}

static void fill(int fd)
{
    while (send(fd, big, sizeof big, MSG_DONTWAIT) > 0)
        ;
}

static void name_it(struct given *to, const char *dir, const char *file)
{
    to->family = AF_UNIX;
    to->len = (socklen_t)snprintf(to->path, sizeof to->path, "%s/%s", dir, file) + 3;
}

static void prepare(const char *dir)
{
    name_it(&full, dir, "full");
    name_it(&stuffed, dir, "stuffed");
    name_it(&own, dir, "own");
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int crowded = socket(AF_UNIX, SOCK_STREAM, 0), lazy = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (bind(listener, (void *)&own, own.len) || listen(listener, 5) || bind(crowded, (void *)&full, full.len) ||
        listen(crowded, 0) || bind(lazy, (void *)&stuffed, stuffed.len) ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || socketpair(AF_UNIX, SOCK_STREAM, 0, full_pair))
        exit(2);
    stream = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (connect(stream, (void *)&full, full.len) == 0)
        stream = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    stream = socket(AF_UNIX, SOCK_STREAM, 0);
    unconnected = socket(AF_UNIX, SOCK_DGRAM, 0);
    while (sendto(unconnected, "x", 1, MSG_DONTWAIT, (void *)&stuffed, stuffed.len) == 1)
        ;
    fill(full_pair[0]);
    messages[0].msg_hdr = messages[1].msg_hdr = message;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    bool jump = !strcmp(argv[1], "longjmp");
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = jump_out}, NULL);
    prepare(argv[2]);
    for (long i = 0; i < (long)(sizeof calls / sizeof *calls); i++)
        try_call(i, jump ? jumped : cancelled);
    return 0;
}

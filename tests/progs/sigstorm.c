/* sigstorm ALLOWED DENIED COUNT: COUNT times a signal interrupts a loop of
 * malloc(), free() and socket calls, and its handler makes socket calls itself.
 * ALLOWED is a datagram socket that the policy grants, DENIED one that it does
 * not. Prints how often an answer was wrong. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un allowed = {.sun_family = AF_UNIX}, denied = {.sun_family = AF_UNIX};
static atomic_long handled, wrong;

static void expect(bool right)
{
    if (!right)
        atomic_fetch_add(&wrong, 1);
}

/* Sends may find the receiver's queue full; that is an answer too. */
static bool sent(long ret)
{
    return ret == 1 || (ret < 0 && (errno == EAGAIN || errno == EINTR));
}

enum { CALLS = 5 };

static void one_call(int fd, int which)
{
    struct sockaddr_un name;
    socklen_t len = sizeof name;
    if (which == 0)
        expect(connect(fd, (void *)&denied, sizeof denied) == -1 && errno == EACCES);
    else if (which == 1)
        expect(connect(fd, (void *)&allowed, sizeof allowed) == 0);
    else if (which == 2)
        expect(sent(sendto(fd, "x", 1, MSG_DONTWAIT, (void *)&allowed, sizeof allowed)));
    else if (which == 3)
        expect(sendto(fd, "x", 1, MSG_DONTWAIT, (void *)&denied, sizeof denied) == -1 && errno == EACCES);
    else
        expect(getsockname(fd, (void *)&name, &len) == 0 && len == sizeof(sa_family_t));
}

static void on_signal(int sig)
{
    int saved = errno, fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    expect(fd >= 0 && sig == SIGUSR1);
    one_call(fd, (int)(atomic_load(&handled) % CALLS));
    close(fd);
    atomic_fetch_add(&handled, 1);
    errno = saved;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
    return count;
}

static struct {
    pthread_t target;
    long count;
} storm;

/* The next one as soon as the last was handled: it meets the main thread
 * wherever that has come to meanwhile. */
static void *send_signals(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (long i = 0; i < storm.count; i++) {
        pthread_kill(storm.target, SIGUSR1);
        while (atomic_load(&handled) == i)
            sched_yield();
    }
    return unused;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    long count = atol(argv[3]);
    strcpy(allowed.sun_path, argv[1]), strcpy(denied.sun_path, argv[2]);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), before = open_descriptors();
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
    storm.target = pthread_self(), storm.count = count;
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_signals, NULL))
        return 2;
    while (atomic_load(&handled) < count) {
        void *some = malloc(100), *more = malloc(5000);
        for (int i = 0; i < CALLS; i++)
            one_call(fd, i);
        free(some), free(more);
    }
    pthread_join(sender, NULL);
    printf("wrong %ld descriptors %d\n", atomic_load(&wrong), open_descriptors() - before);
    return 0;
}

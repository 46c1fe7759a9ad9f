/* twins DIR DIR COUNT threads|processes [bare]: sockets with the same last component in two long directories, bound
 * at once, COUNT times. Each is reached by its long name, and, but for bare ones, by the name that the kernel
 * knows it by, with calls that no library sees; answers to datagrams go to who sent them. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/progs/raw.h"

enum { HEAD = offsetof(struct sockaddr_un, sun_path) };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        char bytes[4200];
    };
    socklen_t len;
};

static const char *dirs[2];
static int rounds;
static bool bare;
static pthread_barrier_t *barrier;

#define must(ok) \
    do { \
        if (!(ok)) { \
            fprintf(stderr, "twins: line %d: not so: %s (%s)\n", __LINE__, #ok, strerrorname_np(errno)); \
            kill(0, 9); \
        } \
    } while (0)

static struct address at(int which, const char *file)
{
    struct address a = {.un.sun_family = AF_UNIX};

    a.len = (socklen_t)(HEAD + snprintf(a.bytes + HEAD, sizeof a.bytes - HEAD, "%s/%s", dirs[which], file) + 1);
    return a;
}

static int bound(int type, const struct address *a)
{
    int fd = socket(AF_UNIX, type, 0);

    must(bind(fd, &a->any, a->len) == 0);
    return fd;
}

/* As the kernel tells it. */
static struct address raw_name(long call, int fd)
{
    struct address a = {.len = sizeof(struct sockaddr_un) + 1};

    must(raw(call, fd, (long)&a, (long)&a.len, 0, 0) == 0);
    must(a.un.sun_path[0] == '/' && a.len <= sizeof a.un);
    return a;
}

/* --- Streams ----------------------------------------------------------------------- */

static void answer(int listener, int me)
{
    char tag = (char)('0' + me);
    int made = accept(listener, NULL, NULL);

    must(made >= 0 && send(made, &tag, 1, 0) == 1);
    close(made);
}

static bool says(int fd, int who)
{
    char tag = 0;
    bool ok = recv(fd, &tag, 1, 0) == 1 && tag == '0' + who;

    close(fd);
    return ok;
}

/* By the kernel's name of a connection's other end, or of the socket itself. */
static int again(const struct address *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    must(raw(SYS_connect, fd, (long)a, a->len, 0, 0) == 0);
    return fd;
}

static void streams(int me)
{
    struct address own = at(me, "s");
    int listener = bound(SOCK_STREAM, &own), ways = bare ? 1 : 3, client[2][3];

    must(listen(listener, 16) == 0);
    pthread_barrier_wait(barrier);
    for (int who = 0; who < 2; who++) {
        struct address a = at(who, "s");

        client[who][0] = socket(AF_UNIX, SOCK_STREAM, 0);
        must(connect(client[who][0], &a.any, a.len) == 0);
        if (bare)
            continue;
        a = raw_name(SYS_getpeername, client[who][0]);
        client[who][1] = again(&a);
        client[who][2] = again(&a);
    }
    for (int i = 0; i < 2 * ways; i++)
        answer(listener, me);
    for (int who = 0; who < 2; who++)
        for (int way = 0; way < ways; way++)
            must(says(client[who][way], who));
    if (!bare) {
        struct address a = raw_name(SYS_getsockname, listener);
        int fd = again(&a);
        answer(listener, me);
        must(says(fd, me));
    }
    pthread_barrier_wait(barrier);
    close(listener);
    must(unlink(own.un.sun_path) == 0);
}

/* --- Datagrams ---------------------------------------------------------------------------- */

/* One message comes in; its own text goes back to where it came from. */
static void echo(int fd, bool rawly)
{
    struct address from = {.len = rawly ? sizeof(struct sockaddr_un) : sizeof from.bytes};
    char text[2];
    struct iovec part = {text, 2};
    struct msghdr m = {.msg_name = &from, .msg_namelen = from.len, .msg_iov = &part, .msg_iovlen = 1};

    if (rawly) {
        must(raw(SYS_recvmsg, fd, (long)&m, 0, 0, 0) == 2);
        must(raw(SYS_sendmsg, fd, (long)&m, 0, 0, 0) == 2);
        return;
    }
    must(recvfrom(fd, text, 2, 0, &from.any, &from.len) == 2);
    must(sendto(fd, text, 2, 0, &from.any, from.len) == 2);
}

static void datagrams(int me)
{
    struct address own = at(me, "g"), own_client = at(me, "c");
    int server = bound(SOCK_DGRAM, &own), client = bound(SOCK_DGRAM, &own_client);
    char text[2], seen = 0;

    pthread_barrier_wait(barrier);
    for (int who = 0; who < 2; who++) {
        struct address a = at(who, "g");

        text[0] = (char)('0' + me), text[1] = (char)('0' + who);
        must(sendto(client, text, 2, 0, &a.any, a.len) == 2);
    }
    echo(server, false);
    echo(server, true);
    for (int i = 0; i < 2; i++) {
        must(recv(client, text, 2, 0) == 2 && text[0] == '0' + me);
        seen |= (char)(1 << (text[1] - '0'));
    }
    must(seen == 3);
    pthread_barrier_wait(barrier);
    close(server), close(client);
    must(unlink(own.un.sun_path) == 0 && unlink(own_client.un.sun_path) == 0);
}

static void *twin(void *which)
{
    int me = which != NULL;

    for (int i = 0; i < rounds; i++) {
        streams(me);
        if (!bare)
            datagrams(me);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_barrierattr_t shared;
    pthread_t other;
    int status;

    if (argc < 5)
        return 2;
    setpgid(0, 0);
    dirs[0] = argv[1], dirs[1] = argv[2], rounds = atoi(argv[3]), bare = argc > 5;
    barrier = mmap(NULL, sizeof *barrier, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(barrier, &shared, 2);
    if (!strcmp(argv[4], "threads")) {
        must(pthread_create(&other, NULL, twin, barrier) == 0);
        twin(NULL);
        pthread_join(other, NULL);
    } else {
        pid_t pid = fork();
        twin(pid ? NULL : barrier);
        if (!pid)
            _exit(0);
        must(waitpid(pid, &status, 0) == pid && status == 0);
    }
    puts("never the other one");
    return 0;
}

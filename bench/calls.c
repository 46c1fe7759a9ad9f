/* calls OPERATION DIRECTORY [MILLISECONDS]: what one operation costs.
 *
 * Prints nanoseconds per operation: the median of many short batches, so that
 * a neighbour on the same machine disturbs some batches and not the figure.
 * With MILLISECONDS 0 it runs the operation a few times between two SIGUSR1 for
 * `count`, which steps through exactly that part. Everything happens in one
 * thread of one process: a connect to a listener with room in its backlog
 * returns at once, and the accept after it finds the connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

struct place {
    const char *dir;
    struct {
        sa_family_t sun_family;
        char sun_path[1024]; /* longer than the kernel takes: the library does */
    } unix_addr;
    socklen_t unix_len;
    struct sockaddr_in inet_addr;
    int server, client;
};

struct operation {
    const char *name;
    void (*prepare)(struct place *);
    void (*once)(struct place *);
};

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void name_path(struct place *p, const char *dir, const char *name)
{
    p->unix_addr.sun_family = AF_UNIX;
    int n = snprintf(p->unix_addr.sun_path, sizeof p->unix_addr.sun_path, "%s/%s", dir, name);
    must(n > 0 && (size_t)n < sizeof p->unix_addr.sun_path, "directory name too long");
    p->unix_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
}

static const struct sockaddr *unix_name(const struct place *p)
{
    return (const struct sockaddr *)&p->unix_addr;
}

static const struct sockaddr *inet_name(const struct place *p)
{
    return (const struct sockaddr *)&p->inet_addr;
}

static void bind_unix(struct place *p, int type)
{
    p->server = socket(AF_UNIX, type, 0);
    must(p->server >= 0, "socket");
    must(!bind(p->server, unix_name(p), p->unix_len), "bind");
    if (type == SOCK_STREAM)
        must(!listen(p->server, 64), "listen");
}

static void prepare_path(struct place *p)
{
    name_path(p, p->dir, "stream.sock");
    unlink(p->unix_addr.sun_path);
    bind_unix(p, SOCK_STREAM);
}

static void prepare_symlink(struct place *p)
{
    char target[sizeof p->unix_addr.sun_path];

    prepare_path(p);
    memcpy(target, p->unix_addr.sun_path, sizeof target);
    name_path(p, p->dir, "link.sock");
    unlink(p->unix_addr.sun_path);
    must(!symlink(target, p->unix_addr.sun_path), "symlink");
}

/* A rule maps the name to the socket without one that `sunshim run --anon` passes first. */
static void prepare_mapped(struct place *p)
{
    must(getenv("LISTEN_FDS") != NULL, "LISTEN_FDS is not set");
    name_path(p, p->dir, "mapped.sock");
    p->server = 3;
}

static void name_abstract(struct place *p)
{
    p->unix_addr.sun_family = AF_UNIX;
    snprintf(p->unix_addr.sun_path + 1, sizeof p->unix_addr.sun_path - 1, "bench-%050d", getpid());
    p->unix_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(p->unix_addr.sun_path + 1));
}

static void prepare_abstract(struct place *p)
{
    name_abstract(p);
    bind_unix(p, SOCK_STREAM);
}

static void prepare_dgram(struct place *p)
{
    name_path(p, p->dir, "dgram.sock");
    unlink(p->unix_addr.sun_path);
    bind_unix(p, SOCK_DGRAM);
    p->client = socket(AF_UNIX, SOCK_DGRAM, 0);
    must(p->client >= 0, "socket");
}

static void prepare_inet(struct place *p, int type)
{
    socklen_t len = sizeof p->inet_addr;

    p->inet_addr.sin_family = AF_INET;
    p->inet_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->server = socket(AF_INET, type, 0);
    must(p->server >= 0, "socket");
    must(!bind(p->server, inet_name(p), len), "bind");
    must(!getsockname(p->server, (struct sockaddr *)&p->inet_addr, &len), "getsockname");
}

static void prepare_udp(struct place *p)
{
    prepare_inet(p, SOCK_DGRAM);
    p->client = socket(AF_INET, SOCK_DGRAM, 0);
    must(p->client >= 0, "socket");
}

static void prepare_tcp(struct place *p)
{
    prepare_inet(p, SOCK_STREAM);
    must(!listen(p->server, 64), "listen");
}

static void prepare_connected(struct place *p)
{
    int listener;

    prepare_path(p);
    listener = p->server;
    p->client = socket(AF_UNIX, SOCK_STREAM, 0);
    must(!connect(p->client, unix_name(p), p->unix_len), "connect");
    p->server = accept(listener, NULL, NULL);
    must(p->server >= 0, "accept");
}

static void prepare_bind_path(struct place *p)
{
    name_path(p, p->dir, "bound.sock");
    unlink(p->unix_addr.sun_path);
}

/* --- The operations: what is timed -------------------------------------- */

static void once_badfd(struct place *p)
{
    (void)p;
    must(send(-1, "", 0, 0) < 0 && errno == EBADF, "send on no descriptor");
}

static void once_socket(struct place *p)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)p;
    must(fd >= 0, "socket");
    close(fd);
}

static void once_socketpair(struct place *p)
{
    int fd[2];

    (void)p;
    must(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
    close(fd[0]);
    close(fd[1]);
}

static void once_autobind(struct place *p)
{
    struct sockaddr_un none = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)p;
    must(fd >= 0, "socket");
    must(!bind(fd, (struct sockaddr *)&none, sizeof(sa_family_t)), "autobind");
    close(fd);
}

/* A server's usual round: who connected, and which name is mine? */
static void once_names(struct place *p)
{
    struct place got;
    socklen_t len = sizeof got.unix_addr;

    must(!getsockname(p->server, (struct sockaddr *)&got.unix_addr, &len), "getsockname");
}

static void bind_new(int family, const struct sockaddr *name, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM, 0);

    must(fd >= 0, "socket");
    must(!bind(fd, name, len), "bind");
    close(fd);
}

static void once_bind_path(struct place *p)
{
    bind_new(AF_UNIX, unix_name(p), p->unix_len);
    must(!unlink(p->unix_addr.sun_path), "unlink");
}

static void once_bind_abstract(struct place *p)
{
    bind_new(AF_UNIX, unix_name(p), p->unix_len);
}

static void once_bind_inet(struct place *p)
{
    const struct sockaddr_in any_port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)p;
    bind_new(AF_INET, (const struct sockaddr *)&any_port, sizeof any_port);
}

static void meet(struct place *p, int family, const struct sockaddr *name, socklen_t len)
{
    static const struct linger reset = {.l_onoff = 1}; /* no TIME_WAIT: the ports would run out */
    int client = socket(family, SOCK_STREAM, 0), server;

    must(client >= 0, "socket");
    must(!connect(client, name, len), "connect");
    server = accept(p->server, NULL, NULL);
    must(server >= 0, "accept");
    if (family == AF_INET)
        must(!setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "SO_LINGER");
    close(client);
    close(server);
}

static void once_connect(struct place *p)
{
    meet(p, AF_UNIX, unix_name(p), p->unix_len);
}

static void once_tcp(struct place *p)
{
    meet(p, AF_INET, inet_name(p), sizeof p->inet_addr);
}

static void drain(struct place *p)
{
    char byte;

    must(read(p->server, &byte, 1) == 1, "read");
}

static void once_sendto(struct place *p)
{
    must(sendto(p->client, "x", 1, 0, unix_name(p), p->unix_len) == 1, "sendto");
    drain(p);
}

static void once_udp(struct place *p)
{
    must(sendto(p->client, "x", 1, 0, inet_name(p), sizeof p->inet_addr) == 1, "sendto");
    drain(p);
}

static void once_sendrecv(struct place *p)
{
    char byte;

    must(send(p->client, "x", 1, 0) == 1, "send");
    must(recv(p->server, &byte, 1, 0) == 1, "recv");
}

static void once_exec(struct place *p)
{
    extern char **environ;
    char name[] = "nothing", *argv[] = {name, NULL};
    const char *program = getenv("BENCH_NOTHING");
    pid_t pid;
    int status;

    (void)p;
    must(program != NULL, "BENCH_NOTHING is not set");
    errno = posix_spawn(&pid, program, NULL, NULL, argv, environ);
    must(!errno, "posix_spawn");
    must(waitpid(pid, &status, 0) == pid && status == 0, "the small program failed");
}

static const struct operation operations[] = {
    {"badfd", NULL, once_badfd},
    {"socket", NULL, once_socket},
    {"socketpair", NULL, once_socketpair},
    {"autobind", NULL, once_autobind},
    {"bind-path", prepare_bind_path, once_bind_path},
    {"bind-abstract", name_abstract, once_bind_abstract},
    {"bind-inet", NULL, once_bind_inet},
    {"abstract", prepare_abstract, once_connect},
    {"udp", prepare_udp, once_udp},
    {"tcp", prepare_tcp, once_tcp},
    {"connect", prepare_path, once_connect},
    {"symlink", prepare_symlink, once_connect},
    {"mapped", prepare_mapped, once_connect},
    {"sendto", prepare_dgram, once_sendto},
    {"getsockname", prepare_path, once_names},
    {"sendrecv", prepare_connected, once_sendrecv},
    {"exec", NULL, once_exec},
};

/* --- Timing -------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch(const struct operation *op, struct place *p, unsigned long times)
{
    double start = now_ns();

    for (unsigned long i = 0; i < times; i++)
        op->once(p);
    return (now_ns() - start) / (double)times;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* About 0.3 ms a batch: short enough that most batches are not interrupted. */
static double median_ns(const struct operation *op, struct place *p, double milliseconds)
{
    static double seen[4096];
    unsigned long times = (unsigned long)(3e5 / batch(op, p, 8)) + 1;
    double end = now_ns() + milliseconds * 1e6;
    size_t n = 0;

    do
        seen[n++] = batch(op, p, times);
    while (n < sizeof seen / sizeof *seen && now_ns() < end);
    qsort(seen, n, sizeof *seen, by_value);
    return seen[n / 2];
}

static void count_steps(const struct operation *op, struct place *p)
{
    batch(op, p, COUNT_TIMES); /* lazy work is over: caches, first-time branches */
    raise(SIGUSR1);
    for (int i = 0; i < COUNT_TIMES; i++)
        op->once(p);
    raise(SIGUSR1);
}

/* KiB of memory that are this process's alone because it wrote to them. (Not
 * Private_Dirty: that counts pages of a fresh file that are only mapped.) */
static int print_memory(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "r");

    must(f != NULL, "/proc/self/smaps_rollup");
    while (fgets(line, sizeof line, f))
        sscanf(line, "Anonymous: %ld", &kib);
    fclose(f);
    printf("%ld\n", kib);
    return 0;
}

int main(int argc, char **argv)
{
    struct place place = {.server = -1, .client = -1};
    double milliseconds = argc > 3 ? atof(argv[3]) : 50;

    if (argc < 3) {
        fprintf(stderr, "usage: calls OPERATION DIRECTORY [MILLISECONDS]\n");
        return 2;
    }
    place.dir = argv[2];
    if (!strcmp(argv[1], "memory")) {
        once_socketpair(&place);
        return print_memory();
    }
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const struct operation *op = &operations[i];
        if (strcmp(op->name, argv[1]))
            continue;
        if (op->prepare)
            op->prepare(&place);
        if (milliseconds > 0)
            printf("%.2f\n", median_ns(op, &place, milliseconds));
        else
            count_steps(op, &place);
        return 0;
    }
    fprintf(stderr, "calls: unknown operation %s\n", argv[1]);
    return 2;
}

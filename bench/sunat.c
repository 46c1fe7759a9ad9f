/* sunat DIRECTORY [OPERATION WAY]: what libsunat's calls cost beside connect and bind, and what they replace.
 *
 * Prints "OPERATION WAY MICROSECONDS RATIO" lines: medians over rounds in which all ways take turns, the ratio to the
 * plain call of the same round. A connect is the cycle connect, accept, close of both ends; a bind is the call alone; a
 * name is bind, close, unlink. With OPERATION and WAY it runs that a few times between two SIGUSR1, for `count`. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count.h"
#include "include/sunat.h"

enum { ROUNDS = 101, MOST_WAYS = 8 };

static struct {
    int dir, server, pin;
    const char *name;    /* short, below dir */
    char deep[304], last[204]; /* below dir, too */
    struct sockaddr_un un; /* the short one */
} at;

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "sunat: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_un proc_name(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d/%s", at.dir, at.name);
    return un;
}

/* What programs do that cannot rely on /proc: another process changes its directory. */
static int in_child(int fd, int (*call)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int status = 1;
    pid_t pid = fork();

    if (pid == 0) {
        strcpy(un.sun_path, at.name);
        _exit(fchdir(at.dir) < 0 || call(fd, (void *)&un, sizeof un) < 0);
    }
    must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
    return status ? -1 : 0;
}

static int connect_plain(int fd) { return connect(fd, (void *)&at.un, sizeof at.un); }
static int connect_dirfd(int fd) { return sunat_connect(at.dir, fd, at.name, 0); }
static int connect_nofollow(int fd) { return sunat_connect(at.dir, fd, at.name, AT_SYMLINK_NOFOLLOW); }
static int connect_deep(int fd) { return sunat_connect(at.dir, fd, at.deep, 0); }
static int connect_pin(int fd) { return sunat_connect(at.pin, fd, "", AT_EMPTY_PATH); }
static int connect_child(int fd) { return in_child(fd, connect); }
static int connect_proc(int fd)
{
    struct sockaddr_un un = proc_name();

    return connect(fd, (void *)&un, sizeof un);
}

static int bind_plain(int fd) { return bind(fd, (void *)&at.un, sizeof at.un); }
static int bind_dirfd(int fd) { return sunat_bind(at.dir, fd, at.name, 0); }
static int bind_deep(int fd) { return sunat_bind(at.dir, fd, at.deep, 0); }
static int bind_last(int fd) { return sunat_bind(at.dir, fd, at.last, 0); }
static int bind_child(int fd) { return in_child(fd, bind); }
static int bind_anon(int fd)
{
    int pin = sunat_bind_anon(fd, 0);

    return pin < 0 ? -1 : close(pin);
}
static int bind_proc(int fd)
{
    struct sockaddr_un un = proc_name();

    return bind(fd, (void *)&un, sizeof un);
}

struct way {
    const char *name;
    int (*call)(int fd);
    const char *makes; /* by bind: to be removed */
    int times;         /* in a round */
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cycle(const struct way *w)
{
    double start = now_us();

    for (int i = 0; i < w->times; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(w->call(fd) == 0, w->name);
        close(accept(at.server, NULL, NULL));
        close(fd);
    }
    return (now_us() - start) / w->times;
}

static double call_alone(const struct way *w)
{
    double sum = 0;

    for (int i = 0; i < w->times; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        double start = now_us();
        int ret = w->call(fd);
        sum += now_us() - start;
        must(ret == 0, w->name);
        close(fd);
        if (w->makes)
            must(unlinkat(at.dir, w->makes, 0) == 0, "unlink");
    }
    return sum / w->times;
}

static double whole(const struct way *w)
{
    double start = now_us();

    for (int i = 0; i < w->times; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(w->call(fd) == 0, w->name);
        close(fd);
        if (w->makes)
            must(unlink(at.un.sun_path) == 0, "unlink");
    }
    return (now_us() - start) / w->times;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static const struct operation {
    const char *name;
    double (*measure)(const struct way *);
    struct way ways[MOST_WAYS]; /* the plain one first */
    int count;
} operations[] = {
    {"bind",
     call_alone,
     {{"bind", bind_plain, "s.sock", 20},
      {"sunat_bind", bind_dirfd, "s.sock", 20},
      {"sunat_bind,300_bytes", bind_deep, at.deep, 20},
      {"sunat_bind,last_of_200", bind_last, at.last, 20},
      {"/proc/self/fd", bind_proc, "s.sock", 20},
      {"fork+fchdir", bind_child, "s.sock", 2}},
     6},
    {"name", whole, {{"bind+close+unlink", bind_plain, "s.sock", 20}, {"sunat_bind_anon+close", bind_anon, NULL, 20}}, 2},
    {"connect",
     cycle,
     {{"connect", connect_plain, NULL, 40},
      {"sunat_connect", connect_dirfd, NULL, 40},
      {"sunat_connect,nofollow", connect_nofollow, NULL, 40},
      {"sunat_connect,300_bytes", connect_deep, NULL, 40},
      {"sunat_connect,descriptor", connect_pin, NULL, 40},
      {"/proc/self/fd", connect_proc, NULL, 40},
      {"fork+fchdir", connect_child, NULL, 2}},
     7},
};

static void compare(const struct operation *o)
{
    static double us[MOST_WAYS][ROUNDS], ratio[MOST_WAYS][ROUNDS];

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < o->count; i++) {
            us[i][round] = o->measure(&o->ways[i]);
            ratio[i][round] = us[i][round] / us[0][round];
        }
    for (int i = 0; i < o->count; i++) {
        qsort(us[i], ROUNDS, sizeof us[i][0], by_value);
        qsort(ratio[i], ROUNDS, sizeof ratio[i][0], by_value);
        printf("%s %s %.2f %.2f\n", o->name, o->ways[i].name, us[i][ROUNDS / 2], ratio[i][ROUNDS / 2]);
    }
}

static void make_deep(void)
{
    for (int i = 0; i < 6; i++) {
        memset(at.deep + strlen(at.deep), 'd', 48);
        must(mkdirat(at.dir, at.deep, 0755) == 0 || errno == EEXIST, "mkdir");
        strcat(at.deep, "/");
    }
    strcat(at.deep, "s.sock");
    memset(at.last, 'l', 200);
}

static void serve(void)
{
    at.server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind_plain(at.server) == 0 && listen(at.server, 64) == 0, "bind");
    must(linkat(AT_FDCWD, at.un.sun_path, at.dir, at.deep, 0) == 0, "link");
    at.pin = openat(at.dir, at.name, O_PATH | O_CLOEXEC);
}

static void count_steps(const struct operation *o, const char *way)
{
    for (int i = 0; i < o->count; i++) {
        struct way w = o->ways[i];

        if (strcmp(w.name, way) != 0)
            continue;
        w.times = COUNT_TIMES;
        o->measure(&w); /* what is found out once */
        raise(SIGUSR1);
        o->measure(&w);
        raise(SIGUSR1);
    }
}

int main(int argc, char **argv)
{
    at.name = "s.sock";
    must(argc > 1 && (at.dir = open(argv[1], O_PATH | O_CLOEXEC)) >= 0, "usage: sunat DIRECTORY [OPERATION WAY]");
    at.un.sun_family = AF_UNIX;
    must((size_t)snprintf(at.un.sun_path, sizeof at.un.sun_path, "%s/%s", argv[1], at.name) < sizeof at.un.sun_path, "name");
    make_deep();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const struct operation *o = &operations[i];

        if (o->measure == cycle)
            serve();
        if (argc < 4)
            compare(o);
        else if (!strcmp(o->name, argv[2]))
            count_steps(o, argv[3]);
    }
    unlinkat(at.dir, at.deep, 0);
    unlinkat(at.dir, at.name, 0);
    return 0;
}

/* review3 CASE DIRECTORY: calls that once were judged wrongly by what a run remembers, or
 * ended the program. Each prints a word per call: ok, or the errno's name. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *dir;

static void say(long ret)
{
    printf("%s ", ret < 0 ? strerrorname_np(errno) : "ok");
}

static int must(int ret)
{
    if (ret < 0) {
        perror("review3");
        exit(2);
    }
    return ret;
}

/* Control data whose length leads out of it. */
static void long_control(void)
{
    union {
        struct cmsghdr head;
        char bytes[64];
    } control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                                    .msg_controllen = sizeof control}};
    static const size_t lengths[] = {CMSG_LEN(sizeof control), 1 << 20, (size_t)-1};
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        control.head.cmsg_len = lengths[i];
        say(sendmsg(pair[0], &m.msg_hdr, 0));
        say(sendmmsg(pair[0], &m, 1, 0));
    }
}

/* --- With every descriptor in use ------------------------------------------------ */

static int first_filler, last_filler;

static void fill_up(void)
{
    struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
    int fd;

    must(setrlimit(RLIMIT_NOFILE, &limit));
    for (first_filler = must(dup(0)); (fd = dup(0)) >= 0; last_filler = fd)
        ;
}

static void make_room(void)
{
    for (int fd = first_filler; fd <= last_filler; fd++)
        close(fd);
}

static struct sockaddr_in bound_to(int fd, const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;

    inet_pton(AF_INET, address, &in.sin_addr);
    must(bind(fd, (void *)&in, sizeof in));
    must(getsockname(fd, (void *)&in, &len));
    return in;
}

/* To a port that was given back, where nobody can be asked whose it is now. */
static void full_and_stale(void)
{
    int was = must(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in in = bound_to(was, "127.0.0.1");
    close(was);
    int fd = must(socket(AF_INET, SOCK_STREAM, 0));
    fill_up();
    int ret = connect(fd, (void *)&in, sizeof in), err = errno;
    make_room();
    errno = err;
    say(ret);
}

static struct sockaddr_un named(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    snprintf(un.sun_path, sizeof un.sun_path, "%.90s/s", dir);
    return un;
}

static void serve(int up, int connections)
{
    struct sockaddr_un un = named();
    int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));

    must(bind(fd, (void *)&un, sizeof un));
    must(listen(fd, 5));
    must((int)write(up, "x", 1));
    while (connections-- > 0)
        say(accept(fd, NULL, NULL));
    fflush(stdout);
    _exit(0);
}

/* In a child; it waits for so many connections. */
static void start_server(int connections)
{
    int up[2];
    char byte;

    must(pipe(up));
    if (must(fork()) == 0)
        serve(up[1], connections);
    must((int)read(up[0], &byte, 1));
}

/* A process whose first connection finds no descriptor free, and whose second does. */
static void full_at_first(void)
{
    struct sockaddr_un un = named();
    int a = must(socket(AF_UNIX, SOCK_STREAM, 0)), b = must(socket(AF_UNIX, SOCK_STREAM, 0));

    start_server(1);
    fill_up();
    must(connect(a, (void *)&un, sizeof un));
    make_room();
    must(connect(b, (void *)&un, sizeof un));
    wait(NULL);
}

/* A process that connects for the first time after a vfork() child of it did. */
static void vfork_first(void)
{
    struct sockaddr_un un = named();
    int a = must(socket(AF_UNIX, SOCK_STREAM, 0)), b = must(socket(AF_UNIX, SOCK_STREAM, 0));

    start_server(2);
    pid_t child = vfork();
    if (child == 0)
        _exit(connect(a, (void *)&un, sizeof un) < 0);
    must(child);
    must(connect(b, (void *)&un, sizeof un));
    while (wait(NULL) > 0)
        ;
}

/* --- Bound to what is somebody else's ---------------------------------------------- */

static void free_bind(void)
{
    int on = 1, fd = must(socket(AF_INET, SOCK_DGRAM, 0));

    must(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on));
    struct sockaddr_in in = bound_to(fd, "192.0.2.1");
    say(connect(must(socket(AF_INET, SOCK_DGRAM, 0)), (void *)&in, sizeof in));
    struct sockaddr_in own = bound_to(must(socket(AF_INET, SOCK_DGRAM, 0)), "127.0.0.5");
    say(connect(must(socket(AF_INET, SOCK_DGRAM, 0)), (void *)&own, sizeof own));
}

/* --- Programs that are none ---------------------------------------------------------- */

static void bad_environment(void)
{
    char name[] = "true", *const argv[] = {name, NULL};

    char **volatile nowhere = (char **)8;

    say(execve("/bin/true", argv, nowhere));
    say(syscall(SYS_execve, "/bin/true", argv, nowhere));
}

/* Whoever waits for a reader of a FIFO must not be told that there is one. */
static void fifo_program(void)
{
    char path[100], *const argv[] = {path, NULL};

    snprintf(path, sizeof path, "%.90s/fifo", dir);
    must(mkfifo(path, 0700));
    pid_t writer = must(fork());
    if (writer == 0)
        _exit(open(path, O_WRONLY) < 0);
    usleep(100000);
    say(execv(path, argv));
    usleep(100000);
    printf("%s ", waitpid(writer, NULL, WNOHANG) == 0 ? "waits" : "was told");
    kill(writer, SIGKILL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"long-control", long_control}, {"full-and-stale", full_and_stale}, {"full-at-first", full_at_first},
        {"free-bind", free_bind},       {"vfork-first", vfork_first},
        {"bad-environment", bad_environment}, {"fifo-program", fifo_program},
    };
    signal(SIGPIPE, SIG_IGN);
    dir = argc == 3 ? argv[2] : ".";
    for (size_t i = 0; i < sizeof cases / sizeof *cases && argc == 3; i++)
        if (!strcmp(argv[1], cases[i].name)) {
            cases[i].run();
            return 0;
        }
    return 2;
}

/* leaky MAKE... -- COMMAND [ARG...]: a daemon that is careless with FD_CLOEXEC. Makes
 * what it is told to, says so, and runs the command as a daemon runs a hook.
 *
 *   listener:PATH  stream, bound, listening, its name unlinked
 *   pair           both ends
 *   accepted:PATH  from a listener at PATH that itself is not leaked
 *   dgram:@NAME    bound to an abstract name; dgram:auto: autobound
 *   relative:NAME  stream, bound to a name relative to the directory it is in
 *   received       made by a child and passed on over a pair
 *   strange        the same, made by a system call that nobody can interpose
 *   served:PATH    made likewise by a client that connected to PATH
 *   raw            made by such a call in this process
 *   inet           a TCP listener on the loopback
 *   cloexec        with SOCK_CLOEXEC;  uncloexec: and taken off again
 *   many:N         N sockets, each closed at once
 *   at:N           moves the last one to descriptor N
 *   full           one descriptor is free: the dynamic linker needs it
 *   show:N         says what descriptor N is: null, socket, other, closed
 *
 * Prints "NAME FD INODE FROM PID" for each: FROM the inode of the listener, carrier or
 * peer, PID who made it. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/progs/raw.h"

static int last = -1;

static int must(const char *what, int ret)
{
    if (ret >= 0)
        return ret;
    perror(what);
    exit(2);
}

static unsigned long inode(int fd)
{
    struct stat st;

    return fd >= 0 && !fstat(fd, &st) ? (unsigned long)st.st_ino : 0;
}

static void say(const char *name, int fd, int from, pid_t pid)
{
    printf("%s %d %lu %lu %d\n", name, fd, inode(fd), inode(from), (int)pid);
    last = fd;
}

static socklen_t name_of(struct sockaddr_un *un, const char *name)
{
    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (!strcmp(name, "auto"))
        return sizeof(sa_family_t);
    strncpy(un->sun_path, name, sizeof un->sun_path - 1);
    if (*name == '@')
        un->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
}

static int bound(int type, const char *name)
{
    struct sockaddr_un un;
    socklen_t len = name_of(&un, name);
    int fd = must("socket", socket(AF_UNIX, type, 0));

    must(name, bind(fd, (void *)&un, len));
    return fd;
}

static void make_listener(const char *path)
{
    int fd = bound(SOCK_STREAM, path);

    must("listen", listen(fd, 5));
    must("unlink", unlink(path));
    say("listener", fd, -1, getpid());
}

static void make_relative(const char *name)
{
    say("relative", bound(SOCK_STREAM, name), -1, getpid());
}

static void make_dgram(const char *name)
{
    say("dgram", bound(SOCK_DGRAM, name), -1, getpid());
}

static void make_pair(const char *unused)
{
    int fd[2];

    (void)unused;
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
    say("left", fd[0], fd[1], getpid());
    say("right", fd[1], fd[0], getpid());
}

static int meet(const char *path, int *client)
{
    struct sockaddr_un un;
    socklen_t len = name_of(&un, path);
    int listener = bound(SOCK_STREAM | SOCK_CLOEXEC, path);

    must("listen", listen(listener, 5));
    *client = must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    must("connect", connect(*client, (void *)&un, len));
    return listener;
}

static void make_accepted(const char *path)
{
    int client, listener = meet(path, &client);

    say("accepted", must("accept", accept(listener, NULL, NULL)), listener, getpid());
}

/* --- Passing ---------------------------------------------------------------- */

union control {
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr head;
};

static void pass(int over, int fd)
{
    union control control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)}};
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof fd)};

    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    must("sendmsg", (int)sendmsg(over, &msg, 0));
}

static int take(int over)
{
    union control control;
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fd = -1;

    must("recvmsg", (int)recvmsg(over, &msg, 0));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
        if (c->cmsg_type == SCM_RIGHTS)
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return must("no descriptor", fd);
}

static int raw_socket(void)
{
    return must("socket", (int)raw(SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0, 0));
}

/* A child stays until the end, so that it can be named. */
static _Noreturn void stay(void)
{
    for (;;)
        pause();
}

static pid_t child(void)
{
    pid_t pid = must("fork", fork());

    if (!pid)
        must("prctl", prctl(PR_SET_PDEATHSIG, SIGKILL));
    return pid;
}

static pid_t passer(int over, int (*make)(void))
{
    pid_t pid = child();

    if (pid)
        return pid;
    pass(over, make());
    stay();
}

static int ordinary_socket(void)
{
    return must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
}

static void receive(const char *name, int (*make)(void), int credentials)
{
    int fd[2];

    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
    must("SO_PASSCRED", setsockopt(fd[0], SOL_SOCKET, SO_PASSCRED, &credentials, sizeof credentials));
    pid_t pid = passer(fd[1], make);
    say(name, take(fd[0]), fd[0], pid);
}

static void make_received(const char *unused)
{
    (void)unused;
    receive("received", ordinary_socket, 0);
}

static void make_strange(const char *unused)
{
    (void)unused;
    receive("strange", raw_socket, 1);
}

static void make_served(const char *path)
{
    struct sockaddr_un un;
    socklen_t len = name_of(&un, path);
    int listener = bound(SOCK_STREAM | SOCK_CLOEXEC, path);

    must("listen", listen(listener, 5));
    pid_t pid = child();
    if (!pid) {
        int client = raw_socket();
        must("connect", connect(client, (void *)&un, len));
        pass(client, raw_socket());
        stay();
    }
    int carrier = must("accept", accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    say("served", take(carrier), carrier, pid);
}

/* --- Others ------------------------------------------------------------------- */

static void make_raw(const char *unused)
{
    (void)unused;
    say("raw", raw_socket(), -1, getpid());
}

static void make_inet(const char *unused)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = must("socket", socket(AF_INET, SOCK_STREAM, 0));

    (void)unused;
    must("bind", bind(fd, (void *)&in, sizeof in));
    must("listen", listen(fd, 5));
    say("inet", fd, -1, getpid());
}

static void make_cloexec(const char *unused)
{
    (void)unused;
    say("cloexec", must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), -1, getpid());
}

static void make_uncloexec(const char *unused)
{
    int fd = must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

    (void)unused;
    must("fcntl", fcntl(fd, F_SETFD, 0));
    say("uncloexec", fd, -1, getpid());
}

static void make_many(const char *count)
{
    for (int i = atoi(count); i > 0; i--)
        close(must("socket", socket(AF_UNIX, SOCK_DGRAM, 0)));
}

static void make_at(const char *number)
{
    int fd = must("dup2", dup2(last, atoi(number)));

    close(last);
    say("at", fd, -1, getpid());
}

static void make_full(const char *unused)
{
    const struct rlimit few = {64, 64};
    int null = must("/dev/null", open("/dev/null", O_RDWR));

    (void)unused;
    must("setrlimit", setrlimit(RLIMIT_NOFILE, &few));
    for (int fd; (fd = dup(null)) >= 0;)
        null = fd;
    close(null);
}

static void show(const char *number)
{
    struct stat st;
    int fd = atoi(number);

    printf("show %d %s\n", fd, fstat(fd, &st) ? "closed" : S_ISSOCK(st.st_mode) ? "socket"
                              : S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? "null" : "other");
}

static const struct {
    const char *name;
    void (*make)(const char *);
} words[] = {
    {"listener", make_listener}, {"pair", make_pair},         {"accepted", make_accepted}, {"dgram", make_dgram},
    {"received", make_received}, {"strange", make_strange},   {"served", make_served},     {"raw", make_raw},
    {"inet", make_inet},         {"cloexec", make_cloexec},   {"many", make_many},         {"at", make_at},
    {"full", make_full},         {"uncloexec", make_uncloexec}, {"relative", make_relative},
    {"show", show},
};

static void make(const char *word)
{
    size_t len = strcspn(word, ":");

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == len && !strncmp(words[i].name, word, len)) {
            words[i].make(word[len] ? word + len + 1 : "");
            return;
        }
    fprintf(stderr, "leaky: %s?\n", word);
    exit(2);
}

int main(int argc, char **argv)
{
    int status = 0;

    while (*++argv && strcmp(*argv, "--"))
        make(*argv);
    fflush(stdout);
    if (argc < 2 || !*argv || !argv[1])
        return 0;
    pid_t pid = must("fork", fork());
    if (!pid) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

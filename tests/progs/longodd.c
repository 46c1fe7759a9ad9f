/* longodd WHAT DIR...: long names in odd circumstances. DIR is a long one; each checks what it says and
 * prints "as it should be". WHAT:
 *     thread DIR        a thread with a working directory of its own
 *     deleted DIR       the working directory is removed
 *     deep DIR          the working directory's name does not fit PATH_MAX
 *     bytes DIR         lengths and contents of addresses
 *     handler DIR       a signal handler does what main does, and errno stays
 *     vfork DIR         a child of vfork
 *     fork DIR          what a child knows of the parent's socket
 *     child FD NAME     ... after exec: whether socket FD is called NAME
 *     moved DIR TO      DIR is renamed and made anew */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAD = offsetof(struct sockaddr_un, sun_path), ROOM = 8192 };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        char bytes[ROOM];
    };
    socklen_t len;
};

#define must(ok) \
    do { \
        if (!(ok)) { \
            fprintf(stderr, "longodd: line %d: not so: %s (%s)\n", __LINE__, #ok, strerrorname_np(errno)); \
            _exit(1); \
        } \
    } while (0)

static struct address at(const char *dir, const char *file)
{
    struct address a = {.un.sun_family = AF_UNIX};
    int n = snprintf(a.bytes + HEAD, ROOM - HEAD, "%s%s%s", dir, *dir ? "/" : "", file);

    a.len = (socklen_t)(HEAD + n + 1);
    return a;
}

static const char *path_of(const struct address *a)
{
    return a->bytes + HEAD;
}

static bool is_called(int fd, const char *name)
{
    struct address a = {.len = ROOM};

    return getsockname(fd, &a.any, &a.len) == 0 && strcmp(path_of(&a), name) == 0;
}

static int bound(int type, const struct address *a)
{
    int fd = socket(AF_UNIX, type, 0);

    must(bind(fd, &a->any, a->len) == 0);
    if (type != SOCK_DGRAM)
        must(listen(fd, 10) == 0);
    return fd;
}

static int connected(int type, const struct address *a)
{
    int fd = socket(AF_UNIX, type, 0);

    must(connect(fd, &a->any, a->len) == 0);
    return fd;
}

/* --- Working directories ---------------------------------------------------------------- */

static const char *given;
static char name[201];

static void *in_own_directory(void *unused)
{
    struct stat st;

    must(unshare(CLONE_FS) == 0 && chdir(given) == 0 && mkdir(name, 0755) == 0);
    struct address a = at(name, "s"), whole = at(given, path_of(&a));
    int fd = bound(SOCK_STREAM, &a);
    must(is_called(fd, path_of(&a)) && stat(path_of(&whole), &st) == 0 && S_ISSOCK(st.st_mode));
    close(connected(SOCK_STREAM, &a));
    a = at("", name);
    a.bytes[HEAD] = 'x'; /* the name itself is too long as well */
    fd = bound(SOCK_DGRAM, &a);
    must(is_called(fd, path_of(&a)));
    close(connected(SOCK_DGRAM, &a));
    return unused;
}

static void thread(const char *dir)
{
    pthread_t t;

    given = dir;
    must(pthread_create(&t, NULL, in_own_directory, NULL) == 0 && pthread_join(t, NULL) == 0);
}

static void deleted(const char *dir)
{
    struct address a = at("", name), b = at("..", name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    must(chdir(dir) == 0 && mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
    must(bind(fd, &a.any, a.len) < 0 && errno == ENOENT);
    must(bind(socket(AF_UNIX, SOCK_DGRAM, 0), &b.any, b.len) == 0); /* the way up is still there */
    must(connect(fd, &a.any, a.len) < 0 && errno == ENOENT);
    must(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, &a.any, a.len) < 0 && errno == ENOENT);
}

static void deep(const char *dir)
{
    struct stat st;

    must(chdir(dir) == 0);
    for (int i = 0; i < 25; i++)
        must(mkdir(name, 0755) == 0 && chdir(name) == 0);
    must(!getcwd(malloc(ROOM), 4096) && mkdir(name, 0755) == 0);
    struct address a = at(name, "s");
    int fd = bound(SOCK_STREAM, &a);
    must(is_called(fd, path_of(&a)) && stat(path_of(&a), &st) == 0 && S_ISSOCK(st.st_mode));
    close(connected(SOCK_STREAM, &a));
    a = at("", name);
    a.bytes[HEAD] = 'x';
    fd = bound(SOCK_DGRAM, &a);
    must(is_called(fd, path_of(&a)));
    must(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, &a.any, a.len) == 1);
    struct address slashes = at(name, "/.//s");
    close(connected(SOCK_STREAM, &slashes));
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/* What each call says of an address that is not to be taken. */
static void all_say(int err, const void *addr, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_name = (void *)(uintptr_t)addr, .msg_namelen = len, .msg_iov = &part, .msg_iovlen = 1}};

    must(bind(fd, addr, len) < 0 && errno == err);
    must(connect(fd, addr, len) < 0 && errno == err);
    must(sendto(fd, "x", 1, 0, addr, len) < 0 && errno == err);
    if (len <= ROOM) { /* sendmsg takes the first 128 bytes of more */
        must(sendmsg(fd, &m.msg_hdr, 0) < 0 && errno == err);
        must(sendmmsg(fd, &m, 1, 0) < 0 && errno == err);
    }
    close(fd);
}

static void at_the_edge(const char *dir)
{
    long page = sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, (size_t)page * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct address a = at(dir, "edge");

    must(pages != MAP_FAILED && munmap(pages + 2 * page, (size_t)page) == 0);
    char *last = pages + 2 * page - a.len;
    memcpy(last, a.bytes, a.len);
    int fd = bound(SOCK_DGRAM, &a);
    must(connect(fd, (void *)last, a.len) == 0); /* all of it can be read, and not a byte more */
    all_say(EFAULT, last, a.len + 1);
    all_say(EFAULT, last, a.len + 3000);
    all_say(EFAULT, pages + 2 * page - 50, 100);
    must(bind(fd, (void *)(pages + 2 * page - 50), 150) < 0 && errno == EINVAL); /* as the kernel, which looks at the length first */
    must(unlink(path_of(&a)) == 0);
}

static void bytes(const char *dir)
{
    struct address a = at(dir, "bytes");
    static char big[ROOM * 2];

    a.bytes[HEAD + 50] = '\0'; /* in what the kernel would look at, too: no name but an error as ever */
    all_say(EINVAL, &a, a.len);
    a = at(dir, "bytes"); /* behind it: the name ends there, whatever follows */
    a.bytes[a.len] = 'z';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    must(bind(fd, &a.any, a.len + 1) == 0 && is_called(fd, path_of(&a)));
    must(unlink(path_of(&a)) == 0);
    close(fd);
    at_the_edge(dir);
    memset(big, 'y', sizeof big);
    memcpy(big, &a, HEAD + strlen(dir) + 1);
    for (socklen_t len = HEAD + 4096; len < HEAD + 4120; len++)
        all_say(ENAMETOOLONG, big, len);
    all_say(ENAMETOOLONG, big, sizeof big);
    memset(big + HEAD, '/', 4000); /* no component is too long */
    all_say(ENAMETOOLONG, big, sizeof big);
    memcpy(big, &a, a.len);
    big[a.len - 1] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM, 0); /* with less bytes than it says: what is there counts */
    must(bind(fd, (void *)big, sizeof big) == 0 && is_called(fd, path_of(&a)) && unlink(path_of(&a)) == 0);
    must(bind(fd, (void *)big, (socklen_t)-1) < 0 && errno == EINVAL);
    must(connect(fd, (void *)big, (socklen_t)INT32_MAX + 1) < 0 && errno == EINVAL);
    must(connect(fd, (void *)big, INT32_MAX) < 0 && (errno == ENOENT || errno == EINVAL));
    char exact[HEAD + 108]; /* the longest that the kernel itself takes */
    memset(exact, 'e', sizeof exact);
    memcpy(exact, "\1\0", 2);
    must(chdir(dir) == 0);
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    must(bind(fd, (void *)exact, sizeof exact) == 0);
    must(connect(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)exact, sizeof exact) == 0);
}

/* --- Handlers and children -------------------------------------------------------------------------- */

static struct address of_handler, of_main;
static volatile sig_atomic_t handled, wrong;

/* 0: all went well. */
static int both(struct address *a)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct address got = {.len = 1024};
    int bad = 0;

    if (fd < 0 || other < 0)
        bad = 1;
    else if (bind(fd, &a->any, a->len))
        bad = 2;
    else if (getsockname(fd, &got.any, &got.len) || strcmp(path_of(&got), path_of(a)))
        bad = 3;
    else if (connect(other, &a->any, a->len))
        bad = 4;
    else if (sendto(fd, "x", 1, 0, &a->any, a->len) != 1)
        bad = 5;
    close(fd);
    close(other);
    return unlink(path_of(a)) && !bad ? 6 : bad;
}

static void on_alarm(int sig)
{
    const int saved = errno, before = errno = 4711;

    (void)sig;
    handled++;
    if (both(&of_handler))
        wrong = 1;
    if (errno != before)
        wrong = 2;
    errno = saved;
}

static void handler(const char *dir)
{
    const struct itimerval often = {{0, 2500}, {0, 2500}};
    sigset_t alarm;

    of_handler = at(dir, "handler");
    of_main = at(dir, name); /* as long as it gets */
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART}, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 3000 || handled < 300; i++) {
        int bad = both(&of_main);
        if (bad)
            fprintf(stderr, "main: step %d: %s\n", bad, strerrorname_np(errno));
        must(!bad);
        must(wrong == 0);
    }
    sigprocmask(SIG_BLOCK, &alarm, NULL);
}

static void a_vfork(const char *dir)
{
    int status;

    of_main = at(dir, "vfork");
    of_handler = at(dir, name);
    int fd = bound(SOCK_DGRAM, &of_main);
    for (int i = 0; i < 50; i++) {
        pid_t pid = vfork();
        if (!pid)
            _exit(both(&of_handler));
        must(waitpid(pid, &status, 0) == pid && status == 0);
        must((i > 2 || is_called(fd, path_of(&of_main))) && both(&of_handler) == 0); /* of a few names only it is known bare */
    }
}

/* Bare, the memory of what was asked ends at exec; and where a name is one of the kernel's. */
static void a_fork(const char *dir, const char *self, bool in_run)
{
    struct address a = at(dir, "fork"), b = at(dir, name);
    int fd = bound(SOCK_STREAM, &a), other = bound(SOCK_DGRAM, &b), status;
    pid_t pid = fork();
    char number[16];

    if (!pid)
        _exit(!(is_called(fd, path_of(&a)) && is_called(other, path_of(&b))));
    must(waitpid(pid, &status, 0) == pid && status == 0);
    if (!in_run)
        return;
    if (!(pid = fork())) {
        snprintf(number, sizeof number, "%d", fd);
        execl(self, self, "child", number, path_of(&a), NULL);
        _exit(9);
    }
    must(waitpid(pid, &status, 0) == pid && status == 0);
    snprintf(number, sizeof number, "%d", other);
    execl(self, self, "child", number, path_of(&b), NULL);
    must(0);
}

/* --- Which is which ------------------------------------------------------------------------------------- */

static bool says(const struct address *a, char want)
{
    char got = 0;
    int fd = connected(SOCK_STREAM, a);
    bool ok = recv(fd, &got, 1, 0) == 1 && got == want;

    close(fd);
    return ok;
}

static void serve(int fd, char what)
{
    if (fork())
        return;
    signal(SIGTERM, SIG_DFL);
    for (;;) {
        int made = accept(fd, NULL, NULL);
        if (made < 0 || send(made, &what, 1, MSG_NOSIGNAL) != 1)
            _exit(1);
        close(made);
    }
}

static void moved(const char *dir, const char *to)
{
    struct address a = at(dir, "s"), b = at(to, "s");
    int first = bound(SOCK_STREAM, &a);

    serve(first, '1');
    must(says(&a, '1'));
    must(rename(dir, to) == 0);
    must(connect(socket(AF_UNIX, SOCK_STREAM, 0), &a.any, a.len) < 0 && errno == ENOENT);
    must(says(&b, '1') && is_called(first, path_of(&a)));
    must(mkdir(dir, 0755) == 0);
    int second = bound(SOCK_STREAM, &a);
    serve(second, '2');
    must(says(&a, '2') && says(&b, '1') && is_called(second, path_of(&a)));
    kill(0, SIGTERM);
}

int main(int argc, char **argv)
{
    memset(name, 'n', sizeof name - 1);
    if (argc < 3)
        return 2;
    setpgid(0, 0);
    signal(SIGTERM, SIG_IGN);
    if (!strcmp(argv[1], "thread"))
        thread(argv[2]);
    else if (!strcmp(argv[1], "deleted"))
        deleted(argv[2]);
    else if (!strcmp(argv[1], "deep"))
        deep(argv[2]);
    else if (!strcmp(argv[1], "bytes"))
        bytes(argv[2]);
    else if (!strcmp(argv[1], "handler"))
        handler(argv[2]);
    else if (!strcmp(argv[1], "vfork"))
        a_vfork(argv[2]);
    else if (!strcmp(argv[1], "fork"))
        a_fork(argv[2], argv[0], argc > 3);
    else if (!strcmp(argv[1], "child"))
        must(is_called(atoi(argv[2]), argv[3]));
    else if (!strcmp(argv[1], "moved"))
        moved(argv[2], argv[3]);
    else
        return 2;
    puts("as it should be");
    return 0;
}

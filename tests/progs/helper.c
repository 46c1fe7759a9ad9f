/* helper WHAT: shim/helper.c by itself, linked into this program. Each WHAT is a
 * function below; says what was not as it should be, with status 1. */
#include <alloca.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/helper.h"
#include "shim/sys.h"

enum { THREADS = 100, BOTH = HELPER_OWN_DIRECTORY | HELPER_OWN_TABLE };

static _Atomic int wrong;

static void expected(bool so, int line, const char *what)
{
    if (!so) {
        wrong++;
        dprintf(2, "line %d: not so: %s\n", line, what);
    }
}

#define expect(what) expected((what), __LINE__, #what)

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static long count_maps(void)
{
    static char buf[65536];
    long lines = 0, got;
    int fd = open("/proc/thread-self/maps", O_RDONLY);

    while ((got = read(fd, buf, sizeof buf)) > 0)
        for (long i = 0; i < got; i++)
            lines += buf[i] == '\n';
    close(fd);
    return lines;
}

static long same(void *ctx)
{
    return (long)ctx;
}

static void results(void)
{
    errno = 4711;
    expect(helper_run(HELPER_OWN_DIRECTORY, same, (void *)0x123456789abcdefL) == 0x123456789abcdefL);
    expect(helper_run(HELPER_OWN_TABLE, same, (void *)-ENOENT) == -ENOENT);
    expect(helper_run(BOTH, same, NULL) == 0);
    expect(errno == 4711);
}

struct place {
    const char *dir;
    char seen[256];
    int fd;
    unsigned mask;
};

static long go_there(void *ctx)
{
    struct place *p = ctx;
    long ret = SYS1(SYS_chdir, p->dir);

    p->mask = (unsigned)SYS1(SYS_umask, 0);
    p->fd = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
    return ret < 0 ? ret : SYS2(SYS_getcwd, p->seen, sizeof p->seen);
}

/* What is opened there stays, with HELPER_OWN_TABLE it is gone; the directory and the mask never stay. */
static void go(unsigned own)
{
    struct place p = {.dir = "/proc"};
    char before[256], after[256];

    umask(027);
    expect(getcwd(before, sizeof before));
    expect(helper_run(own, go_there, &p) == 6 && !strcmp(p.seen, "/proc"));
    expect(getcwd(after, sizeof after) && !strcmp(before, after));
    expect(p.mask == 027 && umask(027) == 027);
    expect(p.fd >= 0 && is_open(p.fd) == !(own & HELPER_OWN_TABLE));
    if (is_open(p.fd))
        close(p.fd);
}

static void directory(void)
{
    go(HELPER_OWN_DIRECTORY);
    go(BOTH);
}

static long swap_there(void *ctx)
{
    int *fd = ctx;

    sys_close(fd[0]);
    fd[2] = sys_openat(AT_FDCWD, "/", O_PATH, 0);
    fd[3] = sys_openat(AT_FDCWD, "/", O_PATH, 0);
    return SYS1(SYS_chdir, "/") < 0 ? -1 : 0;
}

/* No number is free here: the job gives one up and uses it, and here it still stands for the pipe.
 * Nothing keeps the pipe open once the call is back. */
static void table(void)
{
    int fd[4];

    expect(pipe(fd) == 0 && fd[1] == fd[0] + 1);
    struct rlimit limit = {(rlim_t)fd[1] + 1, (rlim_t)fd[1] + 1};
    expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    expect(open("/", O_PATH) == -1 && errno == EMFILE);
    expect(helper_run(BOTH, swap_there, fd) == 0);
    expect(fd[2] == fd[0] && fd[3] == -EMFILE);
    char c = 'x', got = 0;
    expect(write(fd[1], &c, 1) == 1 && read(fd[0], &got, 1) == 1 && got == 'x');
    expect(chdir("/usr") == 0 && helper_run(HELPER_OWN_TABLE, swap_there, fd) == 0);
    char at[8];
    expect(getcwd(at, sizeof at) && !strcmp(at, "/"));
    close(fd[0]), close(fd[1]);
    for (int i = 0; i < 300 && !wrong; i++) {
        expect(pipe2(fd, O_NONBLOCK) == 0);
        helper_run(HELPER_OWN_TABLE, same, NULL);
        close(fd[1]);
        expect(read(fd[0], &c, 1) == 0);
        close(fd[0]);
    }
}

static const struct sockaddr_un name_here = {.sun_family = AF_UNIX, .sun_path = "s"};

struct call {
    const char *dir;
    int fd;
    bool connects;
};

static long bind_there(void *ctx)
{
    struct call *c = ctx;
    long ret = SYS1(SYS_chdir, c->dir);

    if (ret >= 0 && c->connects)
        return SYS3(SYS_connect, c->fd, &name_here, sizeof name_here);
    ret = ret < 0 ? ret : SYS3(SYS_bind, c->fd, &name_here, sizeof name_here);
    return ret < 0 ? ret : SYS2(SYS_listen, c->fd, 8);
}

static int peer_of(int fd)
{
    struct ucred who = {0};
    socklen_t len = sizeof who;

    SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    return who.pid;
}

/* Binds and connects in a directory with a name of its own. */
static void talk_in(const char *dir)
{
    struct call server = {.dir = dir, .fd = (int)SYS3(SYS_socket, AF_UNIX, SOCK_STREAM, 0)};
    struct call client = {.dir = dir, .fd = (int)SYS3(SYS_socket, AF_UNIX, SOCK_STREAM, 0), .connects = true};

    expect(mkdir(dir, 0700) == 0);
    expect(helper_run(HELPER_OWN_DIRECTORY, bind_there, &server) == 0);
    expect(helper_run(HELPER_OWN_DIRECTORY, bind_there, &client) == 0);
    int end = (int)SYS4(SYS_accept4, server.fd, NULL, NULL, 0);
    expect(peer_of(client.fd) == getpid() && peer_of(end) == getpid());
    expect(kill(peer_of(client.fd), 0) == 0);
    close(end), close(server.fd), close(client.fd);
}

static void peer(void)
{
    talk_in("d");
}

static pthread_barrier_t all_there;

static void *one_thread(void *arg)
{
    char dir[16];

    pthread_barrier_wait(&all_there);
    for (int i = 0; i < 5; i++) {
        snprintf(dir, sizeof dir, "d%ld.%d", (long)arg, i);
        talk_in(dir);
        expect(helper_run(BOTH, same, arg) == (long)arg);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t id[THREADS];

    expect(pthread_barrier_init(&all_there, NULL, THREADS) == 0);
    for (long i = 0; i < THREADS; i++)
        expect(pthread_create(&id[i], NULL, one_thread, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(id[i], NULL);
}

static bool main_is_gone(void)
{
    char stat[512] = "";
    int fd = open("/proc/self/stat", O_RDONLY);

    expect(read(fd, stat, sizeof stat - 1) > 0);
    close(fd);
    return strstr(stat, ") Z ");
}

static void *the_last(void *arg)
{
    while (!main_is_gone())
        usleep(1000);
    results();
    directory();
    peer();
    table();
    _exit(wrong != 0);
    return arg;
}

static void main_gone(void)
{
    pthread_t id;

    expect(pthread_create(&id, NULL, the_last, NULL) == 0);
    pthread_exit(NULL);
}

static void in_vfork(void)
{
    char before[256], after[256];
    int status;

    expect(getcwd(before, sizeof before));
    pid_t pid = vfork();
    if (!pid) {
        go(HELPER_OWN_DIRECTORY);
        go(BOTH);
        _exit(wrong != 0);
    }
    expect(waitpid(pid, &status, 0) == pid && status == 0);
    expect(getcwd(after, sizeof after) && !strcmp(before, after));
}

static void on_signal(int sig)
{
    char deep[256];

    (void)sig;
    errno = 4711;
    strcpy(deep, "deep");
    go(HELPER_OWN_DIRECTORY);
    expect(!strcmp(deep, "deep"));
}

static stack_t other_stack(void)
{
    return (stack_t){.ss_sp = mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                     .ss_size = 1 << 17};
}

static void handler(void)
{
    stack_t other = other_stack();

    sigaltstack(&other, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, NULL);
    raise(SIGUSR1);
}

static volatile sig_atomic_t handled;

static void count_signal(int sig)
{
    handled += sig != 0;
}

static long provoke(void *ctx)
{
    SYS2(SYS_kill, SYS0(SYS_getpid), SIGUSR1);
    sys_sigmask(SIG_BLOCK, NULL, ctx);
    return handled;
}

/* All are held back, the C library's own (32, 33) among them; those that cannot be, and SIGSYS, are not. */
static void held_back(void)
{
    const uint64_t not = (uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1) | (uint64_t)1 << (SIGSYS - 1);
    uint64_t before, mask, after;

    sys_sigmask(SIG_BLOCK, NULL, &before);
    expect(helper_run(HELPER_OWN_DIRECTORY, provoke, &mask) == 0 && mask == ~not);
    sys_sigmask(SIG_BLOCK, NULL, &after);
    expect(before == after);
    usleep(1); /* sanitizers call handlers after calls that they know */
    expect(handled == 1);
}

static void signals(void)
{
    sigset_t set;
    const struct itimerval soon = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};

    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = count_signal}, NULL);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = count_signal, .sa_flags = SA_RESTART}, NULL);
    held_back();
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    expect(helper_run(BOTH, same, (void *)1) == 1 && handled == 1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    usleep(1);
    expect(handled == 2);
    setitimer(ITIMER_REAL, &soon, NULL);
    for (int i = 0; i < 3000 || handled < 10; i++) {
        if (helper_run(BOTH, same, (void *)7) != 7)
            expect(!"disturbed");
        usleep(i % 100 == 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
}

static bool ran;

static long note(void *ctx)
{
    ran = true;
    return (long)ctx;
}

static void expect_refused(int err)
{
    errno = 4711;
    expect(helper_run(BOTH, note, NULL) == -err);
    long maps = count_maps();
    expect(helper_run(HELPER_OWN_DIRECTORY, note, NULL) == -err);
    expect(helper_run(HELPER_OWN_TABLE, note, NULL) == -err);
    expect(count_maps() == maps);
    expect(!ran && errno == 4711);
}

static void limit(void)
{
    const struct rlimit none = {0, 0};

    expect(setrlimit(RLIMIT_NPROC, &none) == 0);
    if (geteuid() == 0)
        expect(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    expect_refused(EAGAIN);
}

static void memory(void)
{
    const struct rlimit none = {0, 0};

    count_maps();
    expect(setrlimit(RLIMIT_AS, &none) == 0);
    expect_refused(ENOMEM);
}

static void filter_call(unsigned nr, unsigned action)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};

    expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    expect(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void filtered(void)
{
    filter_call(SYS_clone, SECCOMP_RET_ERRNO | EPERM);
    expect_refused(EPERM);
}

static bool trapped;

static void on_trap(int sig)
{
    char deep[8192];

    trapped = sig == SIGSYS;
    memset(deep, 0, sizeof deep);
    __asm__ volatile("" : : "r"(deep) : "memory");
}

/* On the alternate stack, which its handler for SIGSYS would use as well. */
static void from_handler(int sig)
{
    struct place p = {.dir = "/proc"};
    char deep[4096];

    memset(deep, sig, sizeof deep);
    __asm__ volatile("" : : "r"(deep) : "memory");
    expect(helper_run(HELPER_OWN_DIRECTORY, go_there, &p) != 0);
    for (size_t i = 0; i < sizeof deep; i++)
        if (deep[i] != sig)
            expect(!"overwritten"), i = sizeof deep;
}

static void trap(void)
{
    stack_t other = other_stack();

    sigaltstack(&other, NULL);
    sigaction(SIGSYS, &(struct sigaction){.sa_handler = on_trap, .sa_flags = SA_ONSTACK}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = from_handler, .sa_flags = SA_ONSTACK}, NULL);
    filter_call(SYS_chdir, SECCOMP_RET_TRAP);
#ifdef __SANITIZE_THREAD__
    from_handler(SIGUSR1); /* the sanitizer blocks SIGSYS in handlers itself */
#else
    raise(SIGUSR1);
#endif
    expect(trapped);
}

static long use_much(void *ctx)
{
    size_t size = (size_t)ctx;
    char *room = alloca(size);

    for (size_t i = size; i > 0; i -= 512)
        ((volatile char *)room)[i - 1] = 1;
    return 1;
}

/* Sixty KiB are there; what uses more ends at the guard. */
static void stack(void)
{
    int status;

    expect(helper_run(BOTH, use_much, (void *)(60L << 10)) == 1);
    pid_t pid = fork();
    if (!pid) {
        helper_run(BOTH, use_much, (void *)(100L << 10));
        _exit(0);
    }
    expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* More often than sanitizers have room for calls that do not return. */
static void often(void)
{
    int times = WITH_SANITIZER ? 70000 : 5000;

    helper_run(BOTH, same, NULL);
    count_maps();
    long maps = count_maps();
    for (int i = 0; i < times; i++)
        if (helper_run(i & 1 ? HELPER_OWN_TABLE : HELPER_OWN_DIRECTORY, same, (void *)2) != 2)
            expect(!"made"), i = times;
    expect(count_maps() < maps + 50); /* the sanitizers map memory, too */
}

static const struct {
    const char *name;
    void (*run)(void);
} all[] = {{"results", results}, {"directory", directory}, {"table", table},    {"peer", peer},
           {"threads", threads}, {"main-gone", main_gone}, {"vfork", in_vfork}, {"handler", handler},
           {"signals", signals}, {"limit", limit},         {"memory", memory},  {"filter", filtered},
           {"trap", trap},       {"stack", stack},         {"often", often}};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (argc == 2 && !strcmp(argv[1], all[i].name)) {
            all[i].run();
            return wrong != 0;
        }
    return 2;
}

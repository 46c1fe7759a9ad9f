/* sunat_odd WHAT DIR: libsunat's calls in odd circumstances. DIR is empty and is so afterwards. Prints "as it should
 * be". WHAT:
 *     blocked   threads that are cancelled, and jumps out of handlers, in calls that wait
 *     storm     signals whose handler calls what it interrupts
 *     children  after fork, in children of vfork
 *     stacks    threads with the smallest stacks
 *     eintr     a handler without SA_RESTART, nonblocking sockets */
#include "tests/progs/sunat_try.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it; it is the working directory as well */

enum { PATHS = 4 };

static const char *path_of(int i)
{
    static char *made[PATHS];

    if (!made[0])
        made[0] = strdup("s"), made[1] = deep_name(300, 101), made[2] = deep_name(200, 255), made[3] = deep_name(3000, 100);
    return made[i];
}

/* --- Calls that wait --- */

static int full_server, full_pin, stuffed, stuffed_pin, sender;

static void fill_up(void)
{
    for (int i = 1; i < PATHS; i++)
        make_parents(dir, path_of(i));
    full_server = new_socket(SOCK_STREAM);
    must(sunat_bind(dir, full_server, "s", 0) == 0 && listen(full_server, 0) == 0);
    stuffed = serving(SOCK_DGRAM, dir, "stuffed");
    for (int i = 1; i < PATHS; i++)
        must(linkat(dir, "s", dir, path_of(i), 0) == 0);
    full_pin = openat(dir, "s", O_PATH | O_CLOEXEC), stuffed_pin = openat(dir, "stuffed", O_PATH | O_CLOEXEC);
    int fd;
    while (sunat_connect(dir, fd = new_socket(SOCK_STREAM | SOCK_NONBLOCK), "s", 0) == 0)
        ;
    must(errno == EAGAIN);
    close(fd);
    sender = new_socket(SOCK_DGRAM);
    while (send_byte(dir, sender, "stuffed", MSG_DONTWAIT, 0) == 1)
        ;
    must(errno == EAGAIN);
}

static int waiting; /* the socket */

static int wait_below(int i)
{
    return sunat_connect(dir, waiting, path_of(i), 0);
}

static int wait_nofollow(int i)
{
    return sunat_connect(AT_FDCWD, waiting, path_of(i), AT_SYMLINK_NOFOLLOW);
}

static int wait_pin(int i)
{
    return sunat_connect(full_pin, waiting, "", i % 2 ? AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH);
}

static int wait_bsd(int i)
{
    struct {
        sa_family_t family;
        char path[4096];
    } a = {.family = AF_UNIX};

    strcpy(a.path, path_of(i));
    return connectat(dir, waiting, (void *)&a, (socklen_t)(sizeof a.family + strlen(a.path)));
}

static int wait_send(int i)
{
    return (int)(i % 2 ? send_byte(dir, sender, "stuffed", 0, 0) : send_byte(stuffed_pin, sender, "", 0, AT_EMPTY_PATH));
}

static int (*const waits[])(int) = {wait_below, wait_nofollow, wait_pin, wait_bsd, wait_send};

struct waiter {
    int (*call)(int);
    int path, ret, err;
};

static void *wait_there(void *w)
{
    struct waiter *it = w;

    it->ret = it->call(it->path);
    it->err = errno;
    return NULL;
}

/* Until it sleeps in the kernel. */
static void let_it_block(void)
{
    (void)!poll(NULL, 0, 5);
}

static void cancel_one(struct waiter w)
{
    pthread_t t;
    void *ret;

    must(pthread_create(&t, NULL, wait_there, &w) == 0);
    let_it_block();
    must(pthread_cancel(t) == 0 && pthread_join(t, &ret) == 0 && ret == PTHREAD_CANCELED);
}

static sigjmp_buf out;
static atomic_bool jumping;

static void on_signal(int sig)
{
    if (atomic_load(&jumping))
        siglongjmp(out, sig);
}

static void jump_out(const struct waiter *w)
{
    if (sigsetjmp(out, 1) == 0) {
        atomic_store(&jumping, true);
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 5000}}, NULL);
        w->call(w->path);
        must(!"it waits");
    }
    atomic_store(&jumping, false);
}

/* How many descriptors a way of leaving the calls costs. */
static int left_by(bool jump)
{
    int before = descriptors();

    for (size_t c = 0; c < sizeof waits / sizeof *waits; c++)
        for (int i = 0; i < PATHS; i++) {
            waiting = new_socket(SOCK_STREAM);
            if (jump)
                jump_out(&(struct waiter){waits[c], i, 0, 0});
            else
                cancel_one((struct waiter){waits[c], i, 0, 0});
            close(waiting);
        }
    return descriptors() - before;
}

static void blocked(void)
{
    fill_up();
    must(left_by(false) == 0);
    must(left_by(false) == 0);
    signal(SIGALRM, on_signal);
    must(left_by(true) <= 1 && left_by(true) <= 1); /* one may stay until the thread's next call */
    clear(top);
}

static atomic_int signals;

static void count(int sig)
{
    (void)sig;
    atomic_fetch_add(&signals, 1);
}

static void eintr(void)
{
    fill_up();
    must(sigaction(SIGALRM, &(struct sigaction){.sa_handler = count}, NULL) == 0);
    for (size_t c = 0; c < sizeof waits / sizeof *waits; c++)
        for (int i = 0, before = descriptors(); i < PATHS; i++) {
            waiting = new_socket(SOCK_STREAM);
            setitimer(ITIMER_REAL, &(struct itimerval){{0, 5000}, {0, 5000}}, NULL); /* the first may come too soon */
            must_fail(EINTR, waits[c](i));
            setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
            must(fcntl(waiting, F_SETFL, O_NONBLOCK) == 0 && fcntl(sender, F_SETFL, O_NONBLOCK) == 0);
            must_fail(EAGAIN, waits[c](i));
            must(fcntl(sender, F_SETFL, 0) == 0);
            close(waiting);
            must(descriptors() == before);
        }
    clear(top);
}

/* --- Handlers, children, stacks --- */

/* Each call once, on names of its own. 0: all went well. */
static int all_once(const char *suffix, int path)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_STREAM, 0), bad = 0, before = errno = 4711;
    char own[4096];
    strcpy(own, path_of(path));
    strcpy(own + strlen(own) - strlen(suffix), suffix);
    int pin = -1;

    if (sunat_bind(dir, s, own, 0) || listen(s, 5))
        bad = 1;
    else if (sunat_connect(dir, c, own, 0) || !arrives(c, s))
        bad = 2;
    else if (unlinkat(dir, own, 0))
        bad = 3;
    else if ((pin = sunat_bind_anonat(dir, d, SUNAT_LINKABLE)) < 0 || listen(d, 5))
        bad = 4;
    close(c);
    c = socket(AF_UNIX, SOCK_STREAM, 0);
    if (!bad && (sunat_connect(pin, c, "", AT_EMPTY_PATH) || !arrives(c, d)))
        bad = 5;
    else if (!bad && sunat_link(pin, dir, own))
        bad = 6;
    else if (!bad && unlinkat(dir, own, 0))
        bad = 7;
    if (!bad && errno != before)
        bad = 8;
    close(s), close(c), close(d), close(pin);
    return bad;
}

static atomic_int handled, wrong;

static void in_handler(int sig)
{
    int saved = errno;

    (void)sig;
    if (all_once("handler", 1 + atomic_load(&handled) % 3))
        atomic_fetch_add(&wrong, 1);
    atomic_fetch_add(&handled, 1);
    errno = saved;
}

enum { STORM = 150 };

/* The next one a moment after the last was handled, wherever the main thread has come to meanwhile. */
static void *send_signals(void *main_thread)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < STORM; i++) {
        pthread_kill(*(pthread_t *)main_thread, SIGUSR1);
        while (atomic_load(&handled) == i)
            sched_yield();
        for (int n = 0; n < i % 7; n++)
            sched_yield();
    }
    return NULL;
}

static void storm(void)
{
    pthread_t self = pthread_self(), sender_thread;
    int before = descriptors();

    for (int i = 1; i < PATHS; i++)
        make_parents(dir, path_of(i));
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = in_handler, .sa_flags = SA_RESTART}, NULL);
    must(pthread_create(&sender_thread, NULL, send_signals, &self) == 0);
    for (int i = 0; atomic_load(&handled) < STORM; i++) {
        char *some = malloc(100), *more = malloc(200000);
        must(some && more && all_once("main", 1 + i % 3) == 0 && atomic_load(&wrong) == 0);
        free(some), free(more);
    }
    must(pthread_join(sender_thread, NULL) == 0 && atomic_load(&wrong) == 0 && descriptors() == before);
    clear(top);
}

static void exits_well(pid_t pid)
{
    int status;

    must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static __attribute__((noinline)) void a_vfork(int i)
{
    pid_t pid = vfork();

    if (!pid)
        _exit(all_once("vfork", 1 + i % 3));
    exits_well(pid);
}

static void children(void)
{
    for (int i = 1; i < PATHS; i++)
        make_parents(dir, path_of(i));
    int s = serving(SOCK_STREAM, dir, "parent"), pin = openat(dir, "parent", O_PATH | O_CLOEXEC), before = descriptors();
    pid_t pid;

    for (int i = 0; i < 30; i++) {
        if (!(pid = fork()))
            _exit(all_once("child", 1 + i % 3) || !reaches(s, pin, "", AT_EMPTY_PATH));
        exits_well(pid);
        a_vfork(i);
        must(all_once("both", 1 + i % 3) == 0 && descriptors() == before && reaches(s, dir, "parent", 0));
    }
    close(s), close(pin);
    clear(top);
}

static void *on_small_stack(void *i)
{
    return (void *)(long)all_once("stack", (int)(long)i);
}

static void stacks(void)
{
    pthread_attr_t attr;
    pthread_t t;
    void *bad;

    for (int i = 1; i < PATHS; i++)
        make_parents(dir, path_of(i));
    must(pthread_attr_init(&attr) == 0);
    must(pthread_attr_setstacksize(&attr, WITH_SANITIZER ? 1 << 20 : PTHREAD_STACK_MIN) == 0);
    for (long i = 0; i < 30; i++)
        must(pthread_create(&t, &attr, on_small_stack, (void *)(1 + i % 3)) == 0 && pthread_join(t, &bad) == 0 && bad == NULL);
    clear(top);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"blocked", blocked}, {"eintr", eintr}, {"storm", storm}, {"children", children}, {"stacks", stacks}};

    if (argc != 3)
        return 2;
    top = try_set_out(argv[2], &dir);
    return try_part(parts, sizeof parts / sizeof *parts, argv[1], dir);
}

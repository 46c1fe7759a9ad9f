#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { MOMENT = 300 }; /* milliseconds */

struct signals {
    sigset_t mask;
    struct sigaction children;
};

static sigset_t every_signal(void)
{
    sigset_t all;

    sigfillset(&all);
    return all;
}

/* Blocked, a signal is queued even where it is ignored, and sigwaitinfo() tells
 * who sent it. SIGCHLD must not be ignored, or there would be no status. */
static void signals_take(struct signals *s)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t all = every_signal();

    sigprocmask(SIG_SETMASK, &all, &s->mask);
    sigaction(SIGCHLD, &plain, &s->children);
}

static void signals_give_back(const struct signals *s)
{
    sigaction(SIGCHLD, &s->children, NULL);
    sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

struct watch {
    pid_t child;
    bool stopped;
};

/* Terminal signals come from the kernel and reach the command by the process
 * group; so does nothing that the command itself sends us (a program that
 * signals its whole group does not mean itself twice). The timers are the
 * exception: alarm(2) survives exec, and whoever set it meant the command. So is a
 * terminal's hang-up, which only the leader of the session is told of (the kernel's
 * tty_signal_session_leader(), SIGHUP and SIGCONT): the command would be it. */
static bool meant_for_command(const siginfo_t *i, const struct watch *w)
{
    if (i->si_signo == SIGALRM || i->si_signo == SIGVTALRM || i->si_signo == SIGPROF)
        return true;
    if ((i->si_signo == SIGHUP || i->si_signo == SIGCONT) && i->si_code == SI_KERNEL && getsid(0) == getpid())
        return true;
    return i->si_code <= 0 && i->si_pid != w->child;
}

static void pass_on(const siginfo_t *i, struct watch *w)
{
    int status;

    if (i->si_signo == SIGCHLD || !meant_for_command(i, w))
        return;
    if (i->si_signo == SIGCONT) {
        /* `fg` continues the group: the command may have been told already. */
        if (waitpid(w->child, &status, WCONTINUED | WNOHANG) == w->child && WIFCONTINUED(status))
            w->stopped = false;
        if (!w->stopped)
            return;
    }
    if (i->si_code == SI_QUEUE)
        sigqueue(w->child, i->si_signo, i->si_value);
    else
        kill(w->child, i->si_signo);
}

/* Stops as the command did, for the shell that waits for us. SIGSTOP becomes
 * SIGTSTP, which does nothing where no shell could continue us (an orphaned
 * process group). Comes back when we are continued. */
static void stop_too(int signal)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigset_t one;

    if (signal == SIGSTOP)
        signal = SIGTSTP;
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigaction(signal, &plain, &before);
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    sigprocmask(SIG_BLOCK, &one, NULL);
    sigaction(signal, &before, NULL);
}

/* Takes note of everything that happened to our children. True when the command
 * ended. */
static bool look_at_children(struct watch *w, int *status)
{
    bool ended = false;
    int stop = 0, s;
    pid_t pid;

    while (!ended && (pid = waitpid(-1, &s, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (pid != w->child)
            continue; /* a descendant that lost its parent: we are its reaper */
        w->stopped = WIFSTOPPED(s);
        stop = w->stopped ? WSTOPSIG(s) : 0;
        ended = !WIFSTOPPED(s) && !WIFCONTINUED(s);
    }
    if (ended)
        *status = s;
    else if (stop)
        stop_too(stop);
    return ended;
}

static void wait_for(pid_t child, int *status)
{
    struct watch w = {.child = child};
    sigset_t all = every_signal();
    siginfo_t info;

    while (!look_at_children(&w, status))
        if (sigwaitinfo(&all, &info) > 0)
            pass_on(&info, &w);
}

/* The descendants that have ended are taken away; whether some have not. */
static bool others_left(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    return pid == 0;
}

bool child_others_stay(void)
{
    struct timespec start, now;
    sigset_t children;

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (others_left()) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        long left = MOMENT - (now.tv_sec - start.tv_sec) * 1000 - (now.tv_nsec - start.tv_nsec) / 1000000;
        const struct timespec wait = {0, left * 1000000};

        if (left <= 0)
            return true;
        sigtimedwait(&children, NULL, &wait);
    }
    return false;
}

bool child_wait_others(void)
{
    static const int wanted[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        sigaddset(&set, wanted[i]);
    while (others_left()) {
        int signal = sigwaitinfo(&set, NULL);

        if (signal > 0 && signal != SIGCHLD)
            return true;
    }
    return false;
}

static _Noreturn void become(char **argv, const struct signals *s, int death, int report)
{
    prctl(PR_SET_PDEATHSIG, death);
    signals_give_back(s);
    execvp(argv[0], argv);
    int err = errno;
    ssize_t n = write(report, &err, sizeof err);
    _exit(n < 0 ? EXIT_SUNSHIM : EXIT_NOT_FOUND);
}

/* Waits until the launcher has closed what is to be the command's alone. */
static void await_release(const int gate[2])
{
    char byte;

    close(gate[1]);
    while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
        ;
}

/* The pipe is closed by a successful exec. */
static int exec_result(int from)
{
    int err = 0;
    ssize_t n;

    do
        n = read(from, &err, sizeof err);
    while (n < 0 && errno == EINTR);
    return n == sizeof err ? err : 0;
}

int child_run(char **argv, void (*prepare)(void *ctx), void (*release)(void *ctx), void *ctx, struct outcome *out)
{
    struct signals signals;
    int ends[2], gate[2], death = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) || pipe2(gate, O_CLOEXEC))
        return -errno;
    prctl(PR_GET_PDEATHSIG, &death); /* lost by fork; whoever asked for it meant the command */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signals_take(&signals);
    if ((child = fork()) < 0)
        return -errno;
    if (!child) {
        await_release(gate);
        prepare(ctx);
        become(argv, &signals, death, ends[1]);
    }
    release(ctx);
    close(gate[0]);
    close(gate[1]);
    close(ends[1]);
    *out = (struct outcome){.exec_error = exec_result(ends[0])};
    close(ends[0]);
    wait_for(child, &out->status);
    out->others = others_left();
    return 0;
}

int child_end_as(int status)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    const struct rlimit none = {0, 0};
    sigset_t one;

    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    /* One core file is enough, and it is the command's. A core_pattern that is a
     * pipe ignores the limit but not this. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    sigaction(WTERMSIG(status), &plain, NULL);
    sigemptyset(&one);
    sigaddset(&one, WTERMSIG(status));
    raise(WTERMSIG(status));
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + WTERMSIG(status); /* process 1 of a container cannot die so */
}

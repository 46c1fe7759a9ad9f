/* count COMMAND...: what an operation of `calls` costs that does not depend on
 * the machine's mood: system calls and user-space instructions, per operation.
 *
 * Runs COMMAND twice under ptrace and looks only at what lies between two
 * SIGUSR1: once stopping at system calls, once after every instruction. Needs
 * nothing installed, and unlike callgrind it sees the calls this kernel really
 * offers (valgrind 3.19 answers openat2 with ENOSYS, so a different path would
 * be counted). Prints two numbers. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count.h"

static void die(const char *what)
{
    fprintf(stderr, "count: %s: %s\n", what, strerror(errno));
    exit(1);
}

static pid_t start(char **argv)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid)
        return pid;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execvp(argv[0], argv);
    die(argv[0]);
    return -1;
}

/* A step is two context switches: on one processor they are cheap, across two
 * they wake an idle one each time. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* Lets the program run on in the given way until it stops again; the signal of
 * the stop, or -1 when the program has ended well. */
static int go_on(pid_t pid, enum __ptrace_request how, int signal)
{
    int status;

    if (ptrace(how, pid, NULL, (void *)(long)signal))
        die("ptrace");
    if (waitpid(pid, &status, 0) != pid)
        die("waitpid");
    if (WIFSTOPPED(status))
        return WSTOPSIG(status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return -1;
    fprintf(stderr, "count: the program failed\n");
    exit(1);
}

/* Number of stops between the two marks. Other signals are passed on. */
static long stops(char **argv, enum __ptrace_request how, int signal_of_stop)
{
    pid_t pid = start(argv);
    int status, signal = 0, marks = 0;
    long n = 0;

    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        die("the program did not start");
    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
    while (signal >= 0) {
        signal = go_on(pid, marks == 1 ? how : PTRACE_CONT, signal);
        if (signal == SIGUSR1)
            marks++;
        else if (signal == signal_of_stop && marks == 1)
            n++;
        if (signal == SIGUSR1 || signal == signal_of_stop)
            signal = 0;
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: count COMMAND...\n");
        return 2;
    }
    stay_on_one_processor();
    long calls = stops(argv + 1, PTRACE_SYSCALL, SIGTRAP | 0x80) / 2; /* entry and exit */
    long steps = stops(argv + 1, PTRACE_SINGLESTEP, SIGTRAP);
    printf("%.1f %.0f\n", (double)calls / COUNT_TIMES, (double)steps / COUNT_TIMES);
    return 0;
}

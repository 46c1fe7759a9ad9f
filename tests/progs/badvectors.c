/* badvectors: execs and spawns with vectors that cannot be read, names below the
 * working directory in front of what is bad. Prints "CALL CASE -> ERRNO"; each must be
 * the kernel's own.
 * badvectors memory: how many bytes of this process's memory are more after children
 * of threads, made by vfork(2), executed with much to pass on. */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRUE_PATH "/bin/true"

static char *page_end; /* what follows cannot be read */
static char long_variable[5000] = "LONG=", *long_name = long_variable + 5;

static void *at(uintptr_t number)
{
    return (void *)number;
}

static void show(const char *call, const char *which, int err)
{
    printf("%s %s -> %s\n", call, which, err ? strerrorname_np(err) : "started");
    fflush(stdout);
}

static void by_exec(const char *which, char **argv, char **envp)
{
    int shared[2], err = 0;
    if (pipe(shared))
        exit(98);
    pid_t pid = fork();
    if (!pid) {
        execve(TRUE_PATH, argv, envp);
        err = errno;
        _exit(write(shared[1], &err, sizeof err) != sizeof err);
    }
    close(shared[1]);
    if (read(shared[0], &err, sizeof err) < 0 || waitpid(pid, NULL, 0) != pid)
        exit(98);
    close(shared[0]);
    show("execve", which, err);
}

static void by_spawn(const char *which, char **argv, char **envp)
{
    pid_t pid;
    int err = posix_spawn(&pid, TRUE_PATH, NULL, NULL, argv, envp);
    if (!err)
        waitpid(pid, NULL, 0);
    show("posix_spawn", which, err);
}

static void each(const char *which, char **argv, char **envp)
{
    by_exec(which, argv, envp);
    by_spawn(which, argv, envp);
}

static void bad_vectors(void)
{
    char name[] = "x", *good[] = {name, long_name, long_variable, NULL}, *unended = page_end - 99;
    char *wrong[] = {name, long_name, long_variable, at(8), NULL}, *first[] = {at(8), long_name, NULL};
    char *high[] = {name, long_name, long_variable, at(~(uintptr_t)0), NULL};
    char *cut[] = {name, long_name, long_variable, unended, NULL};
    char **short_vector = (char **)(void *)page_end - 2;

    memset(unended, 0x2f, 99);
    each("good", good, good);
    each("wrong argument", wrong, good);
    each("wrong first", first, good);
    each("wrong variable", good, wrong);
    each("high argument", high, good);
    each("high variable", good, high);
    each("unended argument", cut, good);
    each("unended variable", good, cut);
    /* the C library counts what it is given to spawn with */
    by_exec("wrong arguments", at(16), good);
    by_exec("wrong variables", good, at(16));
    short_vector[0] = name, short_vector[1] = long_variable;
    by_exec("unended arguments", short_vector, good);
    by_exec("unended variables", good, short_vector);
    show("execve", "wrong path", syscall(SYS_execve, at(8), good, good) < 0 ? errno : 0);
}

/* --- Memory ------------------------------------------------------------------------- */

static char **many;

static void *start_children(void *unused)
{
    for (volatile int i = 0; i < 20; i++) {
        pid_t pid = vfork();
        if (!pid) {
            execve(TRUE_PATH, many, many);
            _exit(99);
        }
        waitpid(pid, NULL, 0);
    }
    return unused;
}

static long pages(void)
{
    long n = -1;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld", &n) != 1)
        n = -1;
    fclose(f);
    return n;
}

static void compare_memory(void)
{
    enum { COUNT = 1000 };
    pthread_t thread;
    many = calloc(COUNT + 1, sizeof *many);
    for (int i = 0; i < COUNT; i++)
        many[i] = long_variable;
    start_children(NULL);
    pthread_create(&thread, NULL, start_children, NULL);
    pthread_join(thread, NULL);
    long before = pages();
    start_children(NULL);
    pthread_create(&thread, NULL, start_children, NULL);
    pthread_join(thread, NULL);
    printf("%ld\n", (pages() - before) * 4096);
}

int main(int argc, char **argv)
{
    char *pages_at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)argv;
    if (!getcwd(long_name, 4096))
        return 98;
    strcat(long_name, "/x");
    page_end = pages_at + 4096;
    munmap(page_end, 4096);
    if (argc > 1)
        compare_memory();
    else
        bad_vectors();
    return 0;
}

/* execs [WORD=VALUE]... CALL PROGRAM [ARG...]: starts PROGRAM by CALL in a child
 * and exits with its status. A call that fails prints "CALL -> ERRNO".
 *     env=keep     the environment as it is (default)
 *     env=less     without LD_PRELOAD and SUNSHIM_*
 *     env=nodomain without SUNSHIM_DOMAIN
 *     env=clear    clearenv()             env=empty    a vector of no entries
 *     env=null     NULL                   env=huge     3,000 others
 *     env=big      one of 200,000 bytes, more than any may have
 *     env=title    less, and the area it was handed over in overwritten
 *     in=fork (default)  in=vfork  in=thread  in=small (a thread of 16 KiB)
 *     in=signal (a handler)  in=self (no child)
 *     actions=DIR  posix_spawn with actions and attributes; output to DIR/out
 *     fds=full     no descriptor is free  argv=null    argv is NULL
 *     sets PATH; path= unsets it
 *     cwd=%        each % in an ARG is the working directory's name; so is LONG=%/env
 * CALL: execve execv execvp execvpe execl execlp execle fexecve fexecve-path
 *     execveat execveat-dir execveat-empty syscall-execve syscall-execveat spawn
 *     spawnp system popen */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *env_word = "keep", *in_word = "fork", *actions, *call, *directory;
static bool argv_null;
static char **argv_given, **vector; /* what calls with an environment are given */

static void say(const char *what, int err)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s -> %s\n", what, strerrorname_np(err));
    if (write(1, line, (size_t)n) != n)
        _exit(98);
}

/* --- The environment ------------------------------------------------------------ */

static void drop(const char *prefix)
{
    char **out = environ;
    for (char **e = environ; *e; e++)
        if (strncmp(*e, prefix, strlen(prefix)))
            *out++ = *e;
    *out = NULL;
}

static void drop_ours(void)
{
    drop("LD_PRELOAD=");
    drop("SUNSHIM_");
}

/* As programs do that change what ps(1) shows. */
static void overwrite(void)
{
    char *start = environ[0], *end = start, **copy = calloc(1000, sizeof *copy);
    for (int i = 0; environ[i] && i < 999; i++) {
        end = environ[i] + strlen(environ[i]) + 1;
        copy[i] = strdup(environ[i]);
    }
    memset(start, 'x', (size_t)(end - start) - 1);
    environ = copy;
    drop_ours();
}

static void fill(void)
{
    static char names[3000][40], *many[3001];
    for (int i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof names[i], "VARIABLE_%d=%d", i, i);
        many[i] = names[i];
    }
    environ = many;
}

static void make_big(void)
{
    static char big[200001], *one[] = {big, NULL};
    memset(big, 'x', sizeof big - 1);
    big[1] = '=';
    environ = one;
}

/* Names that nobody has seen before: they come from getcwd(). */
static char *with_directory(const char *arg)
{
    char *out = calloc(strlen(arg) + 1, strlen(directory) + 1);
    for (char *to = out; *arg; arg++)
        to += *arg == '%' ? sprintf(to, "%s", directory) : sprintf(to, "%c", *arg);
    return out;
}

static void use_directory(void)
{
    setenv("LONG", with_directory("%/env"), 1);
    for (char **a = argv_given + 1; *a; a++)
        *a = with_directory(*a);
}

static void set_environment(void)
{
    static char *none[] = {NULL};
    if (!strcmp(env_word, "less"))
        drop_ours();
    else if (!strcmp(env_word, "nodomain"))
        drop("SUNSHIM_DOMAIN=");
    else if (!strcmp(env_word, "title"))
        overwrite();
    else if (!strcmp(env_word, "huge"))
        fill();
    else if (!strcmp(env_word, "big"))
        make_big();
    else if (!strcmp(env_word, "clear"))
        clearenv();
    else if (!strcmp(env_word, "empty"))
        environ = none;
    else if (!strcmp(env_word, "null"))
        environ = NULL;
    vector = !environ && !strcmp(env_word, "clear") ? none : environ;
}

/* --- The calls -------------------------------------------------------------------- */

static int by_descriptor(int flags)
{
    int fd = open(argv_given[0], flags | O_CLOEXEC);
    return fd < 0 ? -1 : fexecve(fd, argv_given, vector);
}

static int at_directory(void)
{
    char dir[256];
    snprintf(dir, sizeof dir, "%s", argv_given[0]);
    char *slash = strrchr(dir, '/');
    *slash = '\0';
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return execveat(fd, slash + 1, argv_given, vector, 0);
}

static int with_nothing_but_a_descriptor(void)
{
    return execveat(open(argv_given[0], O_PATH | O_CLOEXEC), "", argv_given, vector, AT_EMPTY_PATH);
}

#define LISTED a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], (char *)NULL

static int run_call(void)
{
    char *path = argv_given[0], *a[9] = {0}, **argv = argv_given;
    if (argv_null)
        argv = NULL;
    for (int i = 0; i < 8 && argv_given[i]; i++)
        a[i] = argv_given[i];
    if (!strcmp(call, "execve")) return execve(path, argv, vector);
    if (!strcmp(call, "execv")) return execv(path, argv);
    if (!strcmp(call, "execvp")) return execvp(path, argv);
    if (!strcmp(call, "execvpe")) return execvpe(path, argv, vector);
    if (!strcmp(call, "execl")) return execl(path, LISTED);
    if (!strcmp(call, "execlp")) return execlp(path, LISTED);
    /* It ends at the first NULL; what comes next is the environment. */
    if (!strcmp(call, "execle"))
        return a[1] ? a[2] ? execle(path, a[0], a[1], a[2], NULL, vector) : execle(path, a[0], a[1], NULL, vector)
                    : execle(path, a[0], NULL, vector);
    if (!strcmp(call, "fexecve")) return by_descriptor(O_RDONLY);
    if (!strcmp(call, "fexecve-path")) return by_descriptor(O_PATH);
    if (!strcmp(call, "execveat")) return execveat(AT_FDCWD, path, argv, vector, 0);
    if (!strcmp(call, "execveat-dir")) return at_directory();
    if (!strcmp(call, "execveat-empty")) return with_nothing_but_a_descriptor();
    if (!strcmp(call, "syscall-execve")) return (int)syscall(SYS_execve, path, argv, vector, 0, 0, 0);
    if (!strcmp(call, "syscall-execveat")) return (int)syscall(SYS_execveat, AT_FDCWD, path, argv, vector, 0, 0);
    _exit(2);
}

static int status_of(int st)
{
    return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static int wait_for(pid_t pid)
{
    int st;
    return pid > 0 && waitpid(pid, &st, 0) == pid ? status_of(st) : 99;
}

static int spawn(bool by_name)
{
    posix_spawn_file_actions_t a;
    posix_spawnattr_t attr;
    sigset_t signals;
    pid_t pid;
    posix_spawn_file_actions_init(&a);
    posix_spawnattr_init(&attr);
    sigfillset(&signals);
    if (actions) {
        posix_spawn_file_actions_addchdir_np(&a, actions);
        posix_spawn_file_actions_addopen(&a, 9, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_adddup2(&a, 9, 1);
        posix_spawn_file_actions_addclose(&a, 9);
        posix_spawnattr_setflags(&attr, POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setsigdefault(&attr, &signals);
    }
    errno = EXDEV; /* not touched: the error is the return value */
    int err = (by_name ? posix_spawnp : posix_spawn)(&pid, argv_given[0], &a, &attr, argv_given, vector);
    if (errno != EXDEV)
        say("errno", errno);
    if (!err)
        return wait_for(pid);
    say(call, err);
    return 1;
}

/* --- Where ---------------------------------------------------------------------------- */

static void start_here(void)
{
    run_call();
    say(call, errno);
    _exit(1);
}

static void *start_in_thread(void *unused)
{
    start_here();
    return unused;
}

static void start_in_handler(int sig)
{
    (void)sig;
    start_here();
}

static void start_thread(size_t stack)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    if (stack && pthread_attr_setstacksize(&attr, stack))
        _exit(97);
    if (pthread_create(&thread, &attr, start_in_thread, NULL))
        _exit(97);
    pthread_join(thread, NULL);
    _exit(97);
}

static void in_child(void)
{
    if (!strcmp(in_word, "thread"))
        start_thread(0);
    if (!strcmp(in_word, "small"))
        start_thread(16384);
    if (!strcmp(in_word, "signal")) {
        signal(SIGUSR1, start_in_handler);
        raise(SIGUSR1);
    }
    start_here();
}

/* The parent goes on after a vfork: whatever the child did must not have hurt it. */
static int once_in_vfork(void)
{
    pid_t pid = vfork();
    if (!pid)
        start_here();
    return wait_for(pid);
}

static int in_vfork(void)
{
    once_in_vfork(), once_in_vfork();
    return once_in_vfork();
}

static int by_command(void)
{
    static char line[4096];
    for (char **a = argv_given; *a; a++)
        strcat(strcat(strcat(line, " '"), *a), "'");
    if (!strcmp(call, "system"))
        return status_of(system(line));
    FILE *f = popen(line, "r");
    while (f && fgets(line, sizeof line, f))
        fputs(line, stdout);
    fflush(stdout);
    return f ? status_of(pclose(f)) : 99;
}

static bool word(const char *arg)
{
    if (!strncmp(arg, "env=", 4)) env_word = arg + 4;
    else if (!strncmp(arg, "in=", 3)) in_word = arg + 3;
    else if (!strncmp(arg, "actions=", 8)) actions = arg + 8;
    else if (!strcmp(arg, "argv=null")) argv_null = true;
    else if (!strcmp(arg, "fds=full")) setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3});
    else if (!strcmp(arg, "cwd=%")) directory = getcwd(NULL, 0);
    else if (!strcmp(arg, "path=")) unsetenv("PATH");
    else if (!strncmp(arg, "path=", 5)) setenv("PATH", arg + 5, 1);
    else return false;
    return true;
}

int main(int argc, char **argv)
{
    int i = 1;
    while (i < argc && word(argv[i]))
        i++;
    if (argc - i < 2)
        return 2;
    call = argv[i];
    argv_given = argv + i + 1;
    if (directory)
        use_directory();
    set_environment();
    if (!strcmp(call, "system") || !strcmp(call, "popen"))
        return by_command();
    if (!strncmp(call, "spawn", 5))
        return spawn(call[5] == 'p');
    if (!strcmp(in_word, "self"))
        start_here();
    if (!strcmp(in_word, "vfork"))
        return in_vfork();
    pid_t pid = fork();
    if (!pid)
        in_child();
    return wait_for(pid);
}

/* spawner HOW PROGRAM ARG...: runs PROGRAM as programs do. HOW is fork, vfork,
 * spawn, spawnp, system, popen or exec. Exit status: PROGRAM's. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int status_of(int st)
{
    return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static int wait_for(pid_t pid)
{
    int st;
    return pid > 0 && waitpid(pid, &st, 0) == pid ? status_of(st) : 99;
}

static int spawn(char **argv, int (*how)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                                         const posix_spawnattr_t *, char *const *, char *const *))
{
    pid_t pid;
    return how(&pid, argv[0], NULL, NULL, argv, environ) ? 99 : wait_for(pid);
}

static const char *command(char **argv)
{
    static char line[4096];
    for (; *argv; argv++)
        strcat(strcat(strcat(line, " '"), *argv), "'");
    return line;
}

static int run_forked(char **argv)
{
    pid_t pid = fork();
    if (!pid)
        execvp(argv[0], argv), _exit(99);
    return wait_for(pid);
}

static int run_vforked(char **argv)
{
    pid_t pid = vfork();
    if (!pid)
        execvp(argv[0], argv), _exit(99);
    return wait_for(pid);
}

static int run_popen(char **argv)
{
    char line[256];
    FILE *f = popen(command(argv), "r");
    while (f && fgets(line, sizeof line, f))
        fputs(line, stdout);
    return f ? status_of(pclose(f)) : 99;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const char *how = argv[1];
    argv += 2;
    if (!strcmp(how, "fork"))
        return run_forked(argv);
    if (!strcmp(how, "vfork"))
        return run_vforked(argv);
    if (!strcmp(how, "spawn"))
        return spawn(argv, posix_spawn);
    if (!strcmp(how, "spawnp"))
        return spawn(argv, posix_spawnp);
    if (!strcmp(how, "system"))
        return status_of(system(command(argv)));
    if (!strcmp(how, "popen"))
        return run_popen(argv);
    execvp(argv[0], argv);
    return 99;
}

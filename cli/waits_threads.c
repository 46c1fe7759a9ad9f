/* Threads that sleep in a system call, as /proc shows them: proc_pid_syscall(5). What cannot be read is
 * left out. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"
#include "waits_in.h"

enum { THREADS_MAX = 16384 }; /* that are looked at */

static const struct waits_call calls[] = {
#ifdef SYS_accept
    {.number = SYS_accept, .name = "accept", .traced = true},
#endif
    {.number = SYS_accept4, .name = "accept4", .traced = true},
    {.number = SYS_connect, .name = "connect", .traced = true, .name_at = 1},
    {.number = SYS_recvfrom, .name = "recvfrom", .traced = true, .has_size = true},
    {.number = SYS_recvmsg, .name = "recvmsg", .traced = true},
    {.number = SYS_recvmmsg, .name = "recvmmsg", .traced = true, .has_messages = true},
    {.number = SYS_sendto, .name = "sendto", .traced = true, .has_size = true, .name_at = 4},
    {.number = SYS_sendmsg, .name = "sendmsg", .traced = true, .header = true},
    {.number = SYS_sendmmsg, .name = "sendmmsg", .traced = true, .has_messages = true, .header = true},
    {.number = SYS_read, .name = "read", .has_size = true},
    {.number = SYS_readv, .name = "readv"},
    {.number = SYS_write, .name = "write", .has_size = true},
    {.number = SYS_writev, .name = "writev"},
};

/* --- Files of /proc ------------------------------------------------------------------------- */

/* What fits; 0: nothing. */
static size_t read_small(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

    if (fd >= 0)
        close(fd);
    to[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void pids_add(struct pids *p, int pid)
{
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->at = enlarged(p->at, p->count * sizeof *p->at, p->room * sizeof *p->at);
    }
    p->at[p->count++] = pid;
}

bool pids_has(const struct pids *p, int pid)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i] == pid)
            return true;
    return false;
}

/* Of one thread, but not `foreign` ones. */
static void add_children(struct pids *p, int pid, int tid, const struct pids *foreign)
{
    char path[64], *text, *end;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, tid);
    if (!(text = read_whole(AT_FDCWD, path, &len)))
        return;
    for (char *at = text;; at = end) {
        int child = (int)strtol(at, &end, 10);

        if (end == at)
            break;
        if (!pids_has(foreign, child))
            pids_add(p, child);
    }
    free(text);
}

static void each_thread(int pid, void (*each)(void *ctx, int pid, int tid), void *ctx)
{
    char path[32];
    struct dirent *entry;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    while (tasks && (entry = readdir(tasks)))
        if (isdigit((unsigned char)*entry->d_name))
            each(ctx, pid, atoi(entry->d_name));
    if (tasks)
        closedir(tasks);
}

static void add_own(void *ctx, int pid, int tid)
{
    add_children(ctx, pid, tid, &(struct pids){0});
}

void pids_children(struct pids *p)
{
    each_thread(getpid(), add_own, p);
}

/* --- One thread --------------------------------------------------------------------------------- */

/* A process of 32 bits has other numbers: neither its stack nor its code is above 4 GiB. */
static bool is_native(unsigned long stack, unsigned long code)
{
    return sizeof(long) > 4 && (stack >> 16 >> 16 || code >> 16 >> 16);
}

static const struct waits_call *call_in(const char *line, unsigned long arguments[6])
{
    unsigned long *a = arguments, stack, code;
    long number;

    if (sscanf(line, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &number, a, a + 1, a + 2, a + 3, a + 4, a + 5, &stack, &code) != 9 ||
        !is_native(stack, code))
        return NULL;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return &calls[i];
    return NULL;
}

/* Adds how often the thread went to sleep. False: it does not sleep. */
static bool add_sleeps(const char *dir, char *line, size_t size)
{
    static const char key[] = "\nvoluntary_ctxt_switches:";
    char path[64], status[8192];

    snprintf(path, sizeof path, "%s/status", dir);
    if (!read_small(path, status, sizeof status))
        return false;
    const char *state = strstr(status, "\nState:\t"), *sleeps = strstr(status, key);
    if (!state || !strchr("SD", state[8]) || !sleeps)
        return false;
    size_t used = strcspn(line, "\n");
    snprintf(line + used, size - used, " %lu", strtoul(sleeps + sizeof key - 1, NULL, 10));
    return true;
}

static uint32_t inode_of(const char *dir, unsigned long fd)
{
    char path[64], target[64];
    uint32_t ino = 0;

    snprintf(path, sizeof path, "%s/fd/%d", dir, (int)fd);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return sscanf(target, "socket:[%" SCNu32 "]", &ino) == 1 ? ino : 0;
}

static bool read_sleeper(struct sleeper *s)
{
    char dir[40], path[64];

    snprintf(dir, sizeof dir, "/proc/%d/task/%d", s->pid, s->tid);
    snprintf(path, sizeof path, "%s/syscall", dir);
    return read_small(path, s->line, sizeof s->line) && (s->call = call_in(s->line, s->arguments)) &&
           (s->ino = inode_of(dir, s->arguments[0])) && add_sleeps(dir, s->line, sizeof s->line);
}

bool sleeper_stays(const struct sleeper *s)
{
    struct sleeper again = {.pid = s->pid, .tid = s->tid};

    return read_sleeper(&again) && !strcmp(again.line, s->line) && again.ino == s->ino;
}

/* --- All of them --------------------------------------------------------------------------------- */

struct walk {
    const struct pids *foreign;
    struct pids *all;
    void (*each)(void *ctx, const struct sleeper *s);
    void *ctx;
    size_t threads;
};

static void visit(void *ctx, int pid, int tid)
{
    struct walk *w = ctx;
    struct sleeper s = {.pid = pid, .tid = tid};

    if (w->threads++ >= THREADS_MAX)
        return;
    add_children(w->all, pid, tid, w->foreign);
    if (read_sleeper(&s))
        w->each(w->ctx, &s);
}

size_t sleepers_each(const struct pids *foreign, struct pids *all, void (*each)(void *ctx, const struct sleeper *s), void *ctx)
{
    struct walk w = {foreign, all, each, ctx, 0};
    struct pids own = {0};

    pids_children(&own);
    for (size_t i = 0; i < own.count; i++)
        if (!pids_has(foreign, own.at[i]))
            pids_add(all, own.at[i]);
    free(own.at);
    for (size_t i = 0; i < all->count; i++)
        each_thread(all->at[i], visit, &w);
    return w.threads;
}

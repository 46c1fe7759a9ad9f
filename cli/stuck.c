#include "stuck.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds. A line is written in less than one of them, without a system call in between. */
enum { SOON = 50, AT_THE_END = 1000, LATE = 10000 };

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The letter of proc_pid_stat(5); 0: the thread has gone. */
static char state_of(int tasks, const char *tid)
{
    char path[64], stat[512], *end;
    snprintf(path, sizeof path, "%.32s/stat", tid);
    int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);

    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    stat[n] = '\0';
    end = strrchr(stat, ')');
    return end && end[1] ? end[2] : 0;
}

enum writing { IS_NOT, MAY_BE, IS_STOPPED };

/* A thread that sleeps or has ended is not in the middle of a line: the one that was has been
 * killed, or ended by another thread's execve(2), and nobody has waited for the process, or it
 * goes on. */
static enum writing writing_of(uint32_t pid)
{
    char path[64];
    enum writing result = IS_NOT;
    struct dirent *e;
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *tasks = opendir(path);

    if (!tasks)
        return MAY_BE;
    while (result == IS_NOT && (e = readdir(tasks))) {
        char state = *e->d_name == '.' ? 0 : state_of(dirfd(tasks), e->d_name);

        if (state && strchr("Tt", state))
            result = IS_STOPPED;
        else if (state && !strchr("SZXI", state))
            result = MAY_BE;
    }
    closedir(tasks);
    return result;
}

/* Of another name space of process ids nothing can be asked. */
bool stuck_for_good(struct stuck *s, const struct lines *l, struct claim_owner self, bool last)
{
    struct claim_owner writer;
    uint64_t which;

    if (!lines_writing(l, &writer, &which))
        return false;
    if (!s->since || s->which != which) {
        *s = (struct stuck){which, now()};
        return false;
    }
    int64_t waited = now() - s->since;
    if (waited < SOON)
        return false;
    enum writing writing = writer.space == self.space ? writing_of(writer.pid) : MAY_BE;
    return writing == IS_NOT || waited >= (last ? AT_THE_END : writing == MAY_BE ? LATE : INT64_MAX);
}

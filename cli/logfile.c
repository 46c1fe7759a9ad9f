#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"

enum { BUFFER = 64 * 1024 };

struct logfile {
    const char *name;
    int fd;        /* -1: each record opens its own (%p) */
    bool journal;
    bool ours;     /* to be closed */
    bool torn;     /* what was written last lacks its end */
    size_t used;
    uint64_t lost;
    char buffer[BUFFER];
};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
}

struct logfile *logfile_open(const char *log)
{
    struct logfile *l = allocate(sizeof *l);

    l->name = log;
    l->fd = STDERR_FILENO;
    l->journal = !strcmp(log, "journal");
    l->ours = l->journal || *log == '/';
    l->torn = false;
    l->used = 0;
    l->lost = 0;
    if (!strncmp(log, "fd:", 3))
        l->fd = atoi(log + 3);
    else if (l->journal)
        l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    else if (*log == '/')
        l->fd = strstr(log, "%p") ? -1 : open_file(log);
    if (l->fd >= 0 || (!l->journal && strstr(log, "%p")))
        return l;
    say("cannot log to '%s': %s", log, strerror(errno));
    return NULL;
}

static void failed(struct logfile *l)
{
    if (!l->lost++)
        say("records are lost: cannot write to %s: %s", l->name, strerror(errno));
}

bool logfile_try_again(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return errno == EINTR || (errno == EAGAIN && poll(&p, 1, -1) > 0);
}

static void write_all(struct logfile *l, int fd, const char *at, size_t len)
{
    const char *start = at;

    for (size_t left = len; left;) {
        ssize_t n = write(fd, at, left);

        if (n < 0 && logfile_try_again(fd))
            continue;
        if (n < 0) {
            failed(l);
            l->torn |= at > start && at[-1] != '\n';
            return;
        }
        at += n;
        left -= (size_t)n;
    }
}

/* Behind a line without its end (the disk was full) the next starts on a line of its own. */
static void end_torn(struct logfile *l)
{
    l->torn = l->torn && write(l->fd, "\n", 1) != 1;
}

void logfile_flush(struct logfile *l)
{
    if (l->used && l->torn)
        end_torn(l);
    if (l->used)
        write_all(l, l->fd, l->buffer, l->used);
    l->used = 0;
}

/* systemd's native protocol: a datagram of fields, one on each line. */
static void put_journal(struct logfile *l, const char *line, size_t len)
{
    static char head[] = "PRIORITY=5\nSYSLOG_IDENTIFIER=sunshim\nMESSAGE=";
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    struct iovec parts[] = {{head, sizeof head - 1}, {(void *)(uintptr_t)line, len}};
    struct msghdr msg = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = parts, .msg_iovlen = 2};

    if (sendmsg(l->fd, &msg, MSG_NOSIGNAL) < 0)
        failed(l);
}

/* The number behind the record's own pid=: in front of it stands no value that a program chose. */
static long pid_of(const char *line, size_t len)
{
    const char *key = *line == '{' ? "\"pid\":" : " pid=", *at = memmem(line, len, key, strlen(key));

    return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

static void put_apart(struct logfile *l, const char *line, size_t len)
{
    char path[4096];
    size_t used = 0;

    for (const char *p = l->name; *p && used < sizeof path - 24; p++) {
        if (p[0] == '%' && p[1] == 'p') {
            used += (size_t)sprintf(path + used, "%ld", pid_of(line, len));
            p++;
        } else {
            path[used++] = *p;
        }
    }
    path[used] = '\0';
    int fd = open_file(path);
    if (fd < 0) {
        failed(l);
        return;
    }
    write_all(l, fd, line, len);
    close(fd);
}

void logfile_put(struct logfile *l, const char *line, size_t len)
{
    if (l->journal) {
        put_journal(l, line, len);
        return;
    }
    if (l->fd < 0) {
        put_apart(l, line, len);
        return;
    }
    if (len > BUFFER - l->used)
        logfile_flush(l);
    memcpy(l->buffer + l->used, line, len);
    l->used += len;
}

void logfile_close(struct logfile *l)
{
    logfile_flush(l);
    if (l->ours && l->fd >= 0)
        close(l->fd);
    if (l->lost > 1)
        say("%ju writes to %s failed", (uintmax_t)l->lost, l->name);
    free(l);
}

#include "process.h"

#include <errno.h>
#include <string.h>

#include "policy/text.h"
#include "sys.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

static void put_path(char *buf, size_t size, int pid, const char *what)
{
    struct text t = text_into(buf, size);

    text_str(&t, "/proc/");
    text_unsigned(&t, (unsigned)pid);
    text_str(&t, what);
    text_done(&t);
}

/* The start time is the 20th word after the name, which may hold anything. */
static int start_time(const char *stat, size_t len, uint64_t *out)
{
    const char *at = memrchr(stat, ')', len), *end = stat + len;

    for (int word = 2; at && word < 22; word++)
        at = memchr(at + 1, ' ', (size_t)(end - at - 1));
    if (!at)
        return -EIO;
    for (*out = 0, at++; at < end && *at >= '0' && *at <= '9'; at++)
        *out = *out * 10 + (uint64_t)(*at - '0');
    return 0;
}

static int by_start_time(struct identity *id, int pid)
{
    char path[32], stat[400];
    struct {
        uint64_t pid, start;
    } who = {.pid = (uint64_t)pid};

    put_path(path, sizeof path, pid, "/stat");
    int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    long len = sys_read(fd, stat, sizeof stat);
    sys_close(fd);
    if (len < 0 || start_time(stat, (size_t)len, &who.start) < 0)
        return -EIO;
    id->kind = TABLE_PROCESS;
    id->len = sizeof who;
    memcpy(id->bytes, &who, sizeof who);
    return 0;
}

/* `pidfd` is closed. `pid` 0: one of another name space, which has no other name here. */
static int by_pidfd(struct identity *id, int pidfd, int pid)
{
    int err = pidfd < 0 ? pidfd : identity_of_process(id, pidfd);

    if (pidfd >= 0)
        sys_close(pidfd);
    if (err < 0)
        err = pid > 0 ? by_start_time(id, pid) : -ESRCH;
    return err;
}

int process_of(struct identity *id, int pid)
{
    return by_pidfd(id, (int)SYS2(SYS_pidfd_open, pid, 0), pid);
}

int process_self(struct identity *id)
{
    return process_of(id, sys_getpid());
}

static int peer_pidfd(int fd)
{
    int pidfd = -1;
    socklen_t len = sizeof pidfd;
    long err = SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len);

    return err < 0 ? (int)err : pidfd;
}

int process_creds(int fd, struct peer_creds *out)
{
    struct ucred creds;
    socklen_t len = sizeof creds;
    long err = SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &creds, &len);

    if (err < 0)
        return (int)err;
    if (creds.pid <= 0 && creds.uid == (unsigned)-1)
        return -ENOTCONN;
    *out = (struct peer_creds){creds.pid, creds.uid, creds.gid};
    return 0;
}

int process_peer(struct identity *id, int fd)
{
    struct peer_creds creds = {0};
    int err = process_creds(fd, &creds);

    if (err < 0)
        return err;
    return by_pidfd(id, peer_pidfd(fd), creds.pid);
}

/* The pid may have become another process's: the pidfd is that of the peer. Before
 * Linux 6.5 there is none to be had. */
static bool still_there(int pidfd)
{
    return pidfd < 0 || SYS4(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) != -ESRCH;
}

long process_exe(int pid, int fd, char *buf, size_t size)
{
    char path[32];

    put_path(path, sizeof path, pid, "/exe");
    int pidfd = fd < 0 ? -1 : peer_pidfd(fd);
    long len = pidfd == -ESRCH || pidfd == -EINVAL ? -ESRCH : sys_readlink(path, buf, size - 1);
    if (len >= 0 && !still_there(pidfd))
        len = -ESRCH;
    if (pidfd >= 0)
        sys_close(pidfd);
    if (len >= 0)
        buf[len] = '\0';
    return len;
}

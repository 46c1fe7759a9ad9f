/* Who holds a socket: what the descriptors of all processes point to. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli.h"
#include "who.h"

enum { FILE_MAX = 64 << 20 };

/* --- Reading ------------------------------------------------------------------- */

static bool readable(int fd)
{
    struct statfs fs;
    struct stat st;

    return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
           (st.st_size <= FILE_MAX || (!fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC));
}

char *read_whole(int dir, const char *path, size_t *len)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    size_t room = 16 * 1024;
    ssize_t n = -1;

    if (fd < 0)
        return NULL;
    char *text = allocate(room);
    *len = 0;
    errno = EINVAL;
    while (readable(fd) && *len < FILE_MAX && (n = read(fd, text + *len, room - 1 - *len)) > 0)
        if ((*len += (size_t)n) == room - 1 && !(text = realloc(text, room *= 2)))
            exit(fail("out of memory"));
    int err = errno;
    close(fd);
    if (n < 0) {
        free(text);
        errno = err;
        return NULL;
    }
    text[*len] = '\0';
    return text;
}

bool processes_each(void (*each)(void *ctx, int pid), void *ctx)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    bool any = false;

    while (proc && (entry = readdir(proc)))
        if (isdigit((unsigned char)*entry->d_name)) {
            any = true;
            each(ctx, atoi(entry->d_name));
        }
    if (proc)
        closedir(proc);
    return any;
}

/* --- Descriptors ---------------------------------------------------------------- */

static uint32_t inode_of(int fds, const char *fd)
{
    char target[64];
    ssize_t n = readlinkat(fds, fd, target, sizeof target - 1);
    uint32_t ino = 0;

    if (n <= 0)
        return 0;
    target[n] = '\0';
    return sscanf(target, "socket:[%" SCNu32 "]", &ino) == 1 ? ino : 0;
}

static bool closes_on_exec(int pid, int fd)
{
    char path[64], *text, *flags;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, fd);
    if (!(text = read_whole(AT_FDCWD, path, &len)))
        return false;
    flags = strstr(text, "flags:");
    bool cloexec = flags && strtoul(flags + 6, NULL, 8) & O_CLOEXEC;
    free(text);
    return cloexec;
}

static void add_holder(struct holders *h, uint32_t ino, int pid, int fd)
{
    if (h->count == h->room) {
        h->room = h->room ? 2 * h->room : 64;
        h->at = enlarged(h->at, h->count * sizeof *h->at, h->room * sizeof *h->at);
    }
    h->at[h->count++] = (struct holder){ino, pid, fd, closes_on_exec(pid, fd)};
}

static int compare_inode(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

struct scan {
    struct holders *holders;
    const uint32_t *inos; /* NULL: all */
    size_t count;
    int error;
};

static void scan_process(void *ctx, int pid)
{
    struct scan *s = ctx;
    char path[40];
    struct dirent *entry;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *fds = opendir(path);
    if (!fds) {
        s->error = -errno;
        s->holders->hidden |= errno == EACCES || errno == EPERM;
        return;
    }
    errno = 0;
    while ((entry = readdir(fds))) {
        uint32_t ino = *entry->d_name == '.' ? 0 : inode_of(dirfd(fds), entry->d_name);

        if (ino && (!s->inos || bsearch(&ino, s->inos, s->count, sizeof ino, compare_inode)))
            add_holder(s->holders, ino, pid, atoi(entry->d_name));
        errno = 0;
    }
    if (errno == EACCES || errno == EPERM) { /* opened, but not to be read */
        s->holders->hidden = true;
        s->error = -errno;
    }
    closedir(fds);
}

static int compare_holder(const void *a, const void *b)
{
    const struct holder *x = a, *y = b;

    if (x->ino != y->ino)
        return (x->ino > y->ino) - (x->ino < y->ino);
    return x->pid != y->pid ? x->pid - y->pid : x->fd - y->fd;
}

static void sort(struct holders *h)
{
    if (h->count)
        qsort(h->at, h->count, sizeof *h->at, compare_holder);
}

void holders_scan(struct holders *h, const uint32_t *inos, size_t count)
{
    struct scan s = {h, inos, count, 0};

    h->no_proc = !processes_each(scan_process, &s);
    /* Other users' processes may not even be listed (hidepid=). */
    h->hidden |= access("/proc/1", F_OK) != 0;
    sort(h);
}

static int compare_descriptor(const void *a, const void *b)
{
    return ((const struct holder *)a)->fd - ((const struct holder *)b)->fd;
}

int holders_of(struct holders *h, int pid)
{
    struct scan s = {h, NULL, 0, 0};

    scan_process(&s, pid);
    if (h->count)
        qsort(h->at, h->count, sizeof *h->at, compare_descriptor);
    return s.error;
}

const struct holder *holders_find(const struct holders *h, uint32_t ino, size_t *count)
{
    size_t low = 0, high = h->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (h->at[middle].ino < ino)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < h->count && h->at[low + *count].ino == ino;)
        ++*count;
    return *count ? &h->at[low] : NULL;
}

/* --- What a process is -------------------------------------------------------------- */

static char *read_comm(int pid)
{
    char path[40], *text;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    if (!(text = read_whole(AT_FDCWD, path, &len)))
        return format_new("?");
    if (len && text[len - 1] == '\n')
        text[len - 1] = '\0';
    return text;
}

static char *read_exe(int pid)
{
    char path[40], target[PATH_MAX];

    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    return n < 0 ? format_new("?") : format_new("%.*s", (int)n, target);
}

/* A process's thousands of sockets come one after another. */
char *process_comm(int pid)
{
    static int last;
    static char *comm;

    if (pid != last)
        comm = read_comm(last = pid);
    return comm;
}

char *process_exe(int pid)
{
    static int last;
    static char *exe;

    if (pid != last)
        exe = read_exe(last = pid);
    return exe;
}

void process_protocol(int pid, int fd, char *out, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    ssize_t n = getxattr(path, "system.sockprotoname", out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    for (; *out; out++)
        *out = (char)tolower((unsigned char)*out);
}

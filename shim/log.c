#include "log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "domain.h"
#include "domain/lines.h"
#include "policy/text.h"
#include "state.h"
#include "sys.h"
#include "tally.h"

/* Of LOG_ROOM, for the name of the log; the rest is for a line of our own. */
enum { PLACE = 1280 };

static atomic_uint dropped;

void log_dropped(void)
{
    atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
    tally(COUNT_DROPPED);
}

static bool same_file(int fd, uint64_t dev, uint64_t ino)
{
    struct stat st;

    return sys_fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/* A pipe that is ready takes PIPE_BUF (4,096) bytes whole (pipe(7)). */
static bool ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    const struct timespec second = {.tv_sec = 1};

    return SYS5(SYS_ppoll, &p, 1, &second, NULL, 8) > 0 && (p.revents & POLLOUT);
}

/* SIGPIPE or SIGXFSZ that our own write raised must not reach the program; one
 * that was pending before stays. */
static void forget_signal(int signal, bool was_pending)
{
    const uint64_t set = 1ull << (signal - 1);
    const struct timespec now = {0};

    if (!was_pending)
        SYS4(SYS_rt_sigtimedwait, &set, NULL, &now, 8);
}

/* One write(2), whose signals do not reach the program. */
static long write_quietly(int fd, const struct iovec *parts, int count)
{
    uint64_t pending = 0;

    SYS2(SYS_rt_sigpending, &pending, 8);
    long n = SYS3(SYS_writev, fd, parts, count);
    if (n == -EPIPE)
        forget_signal(SIGPIPE, pending >> (SIGPIPE - 1) & 1);
    if (n == -EFBIG)
        forget_signal(SIGXFSZ, pending >> (SIGXFSZ - 1) & 1);
    return n;
}

static atomic_uint torn; /* the last record stands there without its end (full disk, RLIMIT_FSIZE) */

/* Behind a torn record a line starts on a line of its own. */
static bool put(int fd, const char *line, size_t len)
{
    if (!ready(fd))
        return false;
    bool apart = atomic_exchange_explicit(&torn, false, memory_order_relaxed);
    const struct iovec parts[] = {{(void *)(uintptr_t)"\n", 1}, {(void *)(uintptr_t)line, len}};
    long n = write_quietly(fd, parts + !apart, 1 + apart), whole = (long)len + apart;

    if (n > 0 ? n < whole : apart)
        atomic_store_explicit(&torn, true, memory_order_relaxed);
    return n == whole;
}

static bool put_descriptor(const struct log_state *log, const char *line, size_t len)
{
    return log->ino && same_file(log->fd, log->dev, log->ino) && put(log->fd, line, len);
}

static int open_log(const char *path)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = sys_openat(AT_FDCWD, path, flags, 0);

    return fd == -ENOENT ? sys_openat(AT_FDCWD, path, flags | O_CREAT, 0600) : fd;
}

static bool put_file(const struct log_state *log, const char *line, size_t len, char *room)
{
    struct text t = text_into(room, PLACE); /* log->path and some pids */

    for (const char *p = log->path; *p; p++) {
        if (p[0] == '%' && p[1] == 'p') {
            text_unsigned(&t, (unsigned)sys_getpid());
            p++;
        } else {
            text_byte(&t, *p);
        }
    }
    text_done(&t);
    int fd = t.full ? -ENAMETOOLONG : open_log(room);
    if (fd < 0)
        return false;
    bool done = put(fd, line, len);
    sys_close(fd);
    return done;
}

/* systemd's native protocol: a datagram of fields, one on each line. */
static bool put_journal(const char *line, size_t len)
{
    static const char head[] = "PRIORITY=5\nSYSLOG_IDENTIFIER=sunshim\nMESSAGE=";
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    struct iovec parts[] = {{(void *)(uintptr_t)head, sizeof head - 1}, {(void *)(uintptr_t)line, len}};
    struct msghdr msg = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = parts, .msg_iovlen = 2};
    int fd = (int)SYS3(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    long n = SYS3(SYS_sendmsg, fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    sys_close(fd);
    return n >= 0;
}

static bool put_somewhere(const char *line, size_t len, char *room)
{
    const struct log_state *log = &state->log;

    if (log->where == LOG_FD)
        return put_descriptor(log, line, len);
    return log->where == LOG_FILE ? put_file(log, line, len, room) : put_journal(line, len);
}

/* Says how many records were lost, as soon as one gets through again. */
static void confess(char *room)
{
    unsigned n = atomic_exchange_explicit(&dropped, 0, memory_order_relaxed);
    char *buffer = room + PLACE;
    struct text t = text_into(buffer, LOG_ROOM - PLACE);
    bool json = state->log.format == LOG_JSON;

    if (!n)
        return;
    if (state->log.format == LOG_APPARMOR)
        return; /* no key for it in that form */
    text_str(&t, json ? "{\"sunshim\":\"HINT\",\"operation\":\"log\",\"dropped\":"
                      : "sunshim=\"HINT\" operation=\"log\" dropped=");
    text_unsigned(&t, n);
    text_str(&t, json ? "}\n" : "\n");
    if (!put_somewhere(buffer, text_len(&t), room))
        atomic_fetch_add_explicit(&dropped, n, memory_order_relaxed);
}

/* Once in a process: records are being lost, and where. Not on the stack of every
 * record that is written. */
static __attribute__((noinline)) void complain(char *room)
{
    static atomic_uint complained;
    const struct log_state *log = &state->log;
    struct text t = text_into(room, LOG_ROOM);

    if (log->where == LOG_FD || atomic_exchange_explicit(&complained, true, memory_order_relaxed) ||
        !log->err_ino || !same_file(2, log->err_dev, log->err_ino))
        return;
    text_str(&t, "sunshim: records are lost: cannot write to ");
    text_str(&t, log->where == LOG_FILE ? log->path : "the journal");
    text_str(&t, " (SUNSHIM_LOG)\n");
    const struct iovec line = {room, text_len(&t)};
    if (ready(2))
        write_quietly(2, &line, 1);
}

/* The launcher cannot be asked whether it lives from another name space of process ids; then it
 * is taken for dead when there is no room for half a minute and more (its log may go to a pager). */
static bool reader_gone(unsigned waits)
{
    struct claim_owner reader = lines_reader_get(&state->lines), self = domain_self();

    return reader.space == self.space ? SYS2(SYS_kill, reader.pid, 0) == -ESRCH : waits >= 15000;
}

/* False: nobody reads any more. Whoever waits for somebody else's log gets its signals. */
static bool put_lines(const char *line, size_t len, const uint64_t *signals)
{
    static const struct timespec moment = {.tv_nsec = 2000000}; /* not on the stack: ppoll(2) writes what is left of it */
    int err;

    for (unsigned waits = 0; (err = lines_put(&state->lines, domain_self(), line, len)) == -EAGAIN; waits++) {
        if (reader_gone(waits))
            lines_close(&state->lines); /* so that nobody waits for it again */
        SYS5(SYS_ppoll, NULL, 0, &moment, signals, 8);
    }
    return err == 0;
}

void log_write(const char *line, size_t len, char *room, bool traced, const uint64_t *signals)
{
    if (state->lines.at && (traced || state->lines_own) && put_lines(line, len, signals))
        return;
    if (traced && state->lines.at)
        return;
    if (!put_somewhere(line, len, room)) {
        log_dropped();
        complain(room);
        return;
    }
    if (atomic_load_explicit(&dropped, memory_order_relaxed))
        confess(room);
}

static void use_descriptor(struct log_state *log, int fd)
{
    struct stat st;

    log->where = LOG_FD;
    log->fd = fd;
    log->dev = log->ino = 0;
    if (sys_fstat(fd, &st) == 0) {
        log->dev = st.st_dev;
        log->ino = st.st_ino;
    }
}

/* Reads a number and stops behind it; NULL where there is none. */
static const char *read_number(const char *p, uint64_t *n)
{
    const char *start = p;

    for (*n = 0; *p >= '0' && *p <= '9'; p++)
        *n = *n * 10 + (uint64_t)(*p - '0');
    return p == start ? NULL : p;
}

/* "N", or "N@DEV:INO" from the launcher, which knows what file N is: a descendant
 * may have closed it, or have opened another file under the number. */
static const char *use_number(struct log_state *log, const char *p)
{
    uint64_t fd, dev = 0, ino = 0;

    p = read_number(p, &fd);
    if (!p || fd > INT32_MAX || (*p && *p != '@'))
        return "SUNSHIM_LOG=fd:N wants a number";
    use_descriptor(log, (int)fd);
    if (*p == '\0')
        return NULL;
    p = read_number(p + 1, &dev);
    p = p && *p == ':' ? read_number(p + 1, &ino) : NULL;
    if (!p || *p)
        return "SUNSHIM_LOG=fd:N@DEV:INO wants three numbers";
    log->dev = dev;
    log->ino = ino;
    return NULL;
}

const char *log_set_place(struct log_state *log, const char *where)
{
    use_descriptor(log, 2);
    log->err_dev = log->dev;
    log->err_ino = log->ino;
    if (!where || strcmp(where, "stderr") == 0)
        return NULL;
    if (strncmp(where, "fd:", 3) == 0)
        return use_number(log, where + 3);
    if (strcmp(where, "journal") == 0) {
        log->where = LOG_JOURNAL;
        return NULL;
    }
    if (where[0] != '/')
        return "SUNSHIM_LOG wants stderr, fd:N, journal or an absolute path";
    if (strlen(where) >= sizeof log->path)
        return "SUNSHIM_LOG names a path of more than 1,023 bytes";
    log->where = LOG_FILE;
    memcpy(log->path, where, strlen(where) + 1);
    return NULL;
}

const char *log_set_format(struct log_state *log, const char *format)
{
    if (!format || strcmp(format, "text") == 0)
        log->format = LOG_TEXT;
    else if (strcmp(format, "json") == 0)
        log->format = LOG_JSON;
    else if (strcmp(format, "apparmor") == 0)
        log->format = LOG_APPARMOR;
    else
        return "SUNSHIM_LOG_FORMAT wants text, json or apparmor";
    return NULL;
}

#include "tests/e2e/harness.h"

#include <criterion/hooks.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define die(what) cr_assert_fail("harness: %s: %s", (what), strerror(errno))

/* --- The test's directory ---------------------------------------------- */

static char dir[64];
static pid_t dir_owner;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path), 0;
}

static void remove_dir(void)
{
    if (dir_owner == getpid() && !getenv("TEST_KEEP"))
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *scratch(void)
{
    if (dir[0])
        return dir;
    const char *root = getenv("TEST_ROOT");
    snprintf(dir, sizeof dir, "%s/t.XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(dir) || chmod(dir, 0755))
        die("no directory for the test");
    dir_owner = getpid();
    atexit(remove_dir);
    return dir;
}

char *text(const char *format, ...)
{
    char *s;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&s, format, ap) < 0)
        die("out of memory");
    va_end(ap);
    return s;
}

const char *put_bytes(const char *name, const void *bytes, size_t len)
{
    char *path = text("%s/%s", scratch(), name);
    FILE *f = fopen(path, "we");
    if (!f || fwrite(bytes, 1, len, f) != len || fclose(f))
        die(path);
    return path;
}

const char *put(const char *name, const char *contents)
{
    return put_bytes(name, contents, strlen(contents));
}

struct buffer {
    char *bytes;
    size_t len;
};

/* False at the end of the file. */
static bool append_from(struct buffer *b, int fd)
{
    b->bytes = realloc(b->bytes, b->len + 65536 + 1);
    if (!b->bytes)
        die("out of memory");
    ssize_t n = read(fd, b->bytes + b->len, 65536);
    if (n > 0)
        b->len += (size_t)n;
    b->bytes[b->len] = '\0';
    return n > 0;
}

char *get(const char *path)
{
    struct buffer b = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    while (append_from(&b, fd))
        ;
    close(fd);
    return b.bytes;
}

/* --- Environment -------------------------------------------------------- */

static const char *extra_env[64];
static int extra_envs;

void with_env(const char *assignment)
{
    if (extra_envs == 64)
        cr_assert_fail("too many with_env()");
    extra_env[extra_envs++] = text("%s", assignment);
}

/* Where the tree is: `make check` runs a copy of it that every user can reach
 * when this one cannot be. */
static const char *moved(const char *variable, const char *built)
{
    const char *value = getenv(variable);

    return value ? text("%s", value) : built;
}

static void set_environment(void)
{
    const char *build = moved("TEST_BUILD_AT", TEST_BUILD), *top = moved("TEST_TOP_AT", TEST_TOP);
    const char *dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const char *const fixed[] = {
        text("T=%s", scratch()),      text("HOME=%s", scratch()),
        text("TMPDIR=%s", scratch()), text("P=%s/tests/progs", build),
        text("N=%s/tests/native", build), text("SUNSHIM=%s/sunshim", build), text("B=%s", build),
        text("LIB=%s/libsunshim.so", build), text("TOP=%s", top),
        TEST_SANITIZED ? "PRELOAD=" : text("PRELOAD=LD_PRELOAD=%s/libsunshim.so", build),
        "LC_ALL=C", text("PATH=%s/tests/native:%s", build, dirs),
    };
    const char *kept[] = {getenv("ASAN_OPTIONS"), getenv("UBSAN_OPTIONS"), getenv("TSAN_OPTIONS")};
    const char *const kept_names[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    char *sanitizers[3];
    for (int i = 0; i < 3; i++)
        sanitizers[i] = kept[i] ? text("%s=%s", kept_names[i], kept[i]) : NULL;
    clearenv();
    for (int i = 0; i < 3; i++)
        if (sanitizers[i])
            putenv(sanitizers[i]);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        putenv((char *)fixed[i]);
    for (int i = 0; i < extra_envs; i++)
        putenv((char *)extra_env[i]);
}

/* --- The keeper ----------------------------------------------------------
 * Between the test and its script stands a process that adopts whatever the
 * script leaves behind and kills it: when the script ends, when time is up,
 * and when the test itself is killed by Criterion. */

static void kill_children(void)
{
    char list[4096], *end;
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, list, sizeof list - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return;
    list[n] = '\0';
    for (char *at = list;; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            return;
        kill((pid_t)pid, SIGKILL);
    }
}

static void kill_everything(void)
{
    while (waitpid(-1, NULL, WNOHANG) >= 0 || errno == EINTR) {
        kill_children();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

struct ending {
    int status;
    bool timed_out;
};

static pid_t start_script(const char *script, const sigset_t *unblocked)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, unblocked, NULL);
    set_environment();
    close_range(3, ~0u, 0); /* Criterion's */
    if (chdir(scratch()) == 0)
        execl("/bin/sh", "sh", "-euc", script, (char *)NULL);
    _exit(127);
}

/* True once `script` has ended; its status is then in *status. */
static bool script_ended(pid_t script, int *status)
{
    int st;
    for (pid_t pid; (pid = waitpid(-1, &st, WNOHANG)) > 0;)
        if (pid == script) {
            *status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
            return true;
        }
    return false;
}

static void keep(const char *script, int report, pid_t test)
{
    sigset_t wake, before;
    sigemptyset(&wake);
    sigaddset(&wake, SIGCHLD);
    sigaddset(&wake, SIGTERM);
    sigprocmask(SIG_BLOCK, &wake, &before);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct ending e = {.status = 128 + SIGKILL};
    struct timespec limit = {.tv_sec = RUN_SECONDS};
    pid_t pid = getppid() == test ? start_script(script, &before) : -1;
    while (pid > 0 && !script_ended(pid, &e.status)) {
        int sig = sigtimedwait(&wake, NULL, &limit);
        e.timed_out = sig < 0 && errno == EAGAIN;
        if (sig == SIGTERM || e.timed_out)
            break;
    }
    kill_everything();
    if (write(report, &e, sizeof e) != sizeof e)
        _exit(1);
    _exit(0);
}

static void collect(struct run *r, int out, int err)
{
    struct buffer text_of[2] = {{0}, {0}};
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            die("poll");
        for (int i = 0; i < 2; i++)
            if (fds[i].revents && !append_from(&text_of[i], fds[i].fd))
                fds[i].fd = -1;
    }
    r->out = text_of[0].bytes, r->out_len = text_of[0].len;
    r->err = text_of[1].bytes, r->err_len = text_of[1].len;
}

struct run run(const char *script)
{
    struct run r = {.script = text("%s", script)};
    struct ending e = {.status = -1};
    int out[2], err[2], report[2];
    scratch();
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
        die("pipe");
    pid_t test = getpid(), keeper = fork();
    if (keeper < 0)
        die("fork");
    if (!keeper) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(null, 0), dup2(out[1], 1), dup2(err[1], 2);
        close(out[1]), close(err[1]);
        keep(script, report[1], test);
    }
    close(out[1]), close(err[1]), close(report[1]);
    collect(&r, out[0], err[0]);
    if (read(report[0], &e, sizeof e) != sizeof e)
        e.status = -1;
    waitpid(keeper, NULL, 0);
    close(out[0]), close(err[0]), close(report[0]);
    r.status = e.status, r.timed_out = e.timed_out;
    return r;
}

static const char *write_policy(const char *policy)
{
    static int count;
    return put(text("p%d.policy", count++), policy);
}

struct run under(const char *policy, const char *script)
{
    const char *file = write_policy(policy), *body = put("script.sh", script);
    return run(text("exec \"$SUNSHIM\" run -p '%s' -- sh -eu '%s'", file, body));
}

struct run preloaded(const char *policy, const char *script)
{
    const char *body = put("script.sh", script);
    const char *set = policy ? text("SUNSHIM_POLICY='%s'", write_policy(policy)) : "";
    return run(text("exec env %s $PRELOAD sh -eu '%s'", set, body));
}

void need_root(void)
{
    if (getuid() == 0)
        return;
    cr_assert(!getenv("CI"), "this must run as root in CI");
    cr_skip_test("needs root");
}

/* --- Reading results ----------------------------------------------------- */

const char *run_report(const struct run *r)
{
    return text("  status %d%s, in %s\n--- script\n%s\n--- stdout\n%s--- stderr\n%s---", r->status,
                r->timed_out ? " (timed out)" : "", scratch(), r->script, r->out, r->err);
}

int lines_with(const char *from, const char *first, ...)
{
    int count = 0;
    char *copy = text("%s", from), *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool all = strstr(line, first) != NULL;
        va_list ap;
        va_start(ap, first);
        for (const char *s; (s = va_arg(ap, const char *));)
            all = all && strstr(line, s);
        va_end(ap);
        count += all;
    }
    free(copy);
    return count;
}

char *record_line(const char *from, int n)
{
    char *copy = text("%s", from), *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (strstr(line, "sunshim=\"") && n-- == 0)
            return line;
    return NULL;
}

char *record_value(const char *record, const char *key)
{
    if (!record)
        return NULL;
    const char *line = text(" %s", record), *at = strstr(line, text(" %s=", key));
    if (!at)
        return NULL;
    at += strlen(key) + 2;
    size_t len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, " ");
    return text("%.*s", (int)len, at);
}

static int left_out;

void stock_tests_left_out(int count)
{
    left_out += count;
}

ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
    (void)set;
    if (left_out)
        fprintf(stderr, "[----] %d tests of stock programs are left to the plain build: "
                "an instrumented library cannot be preloaded\n", left_out);
}

/* files WHAT PREFIX: makes file calls on names that begin with PREFIX and prints what they
 * gave, without PREFIX: the same lines whether a policy leads it elsewhere or not.
 *
 *   calls     each call, where it works, in an empty directory
 *   failures  each call, on names that it must refuse
 *   memory    names at the edges of pages
 *   storm     threads, signal handlers and children, all at once
 *   stat N    stat() of PREFIX, N times
 *   realpath  of PREFIX
 *   cancel    a thread in open() of the FIFO PREFIX
 *   early     nothing: a call that was made before main() */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);
int __xstat(int, const char *, struct stat *);
int __lxstat(int, const char *, struct stat *);
int __fxstatat(int, int, const char *, struct stat *, int);
int __xstat64(int, const char *, struct stat64 *);
int __lxstat64(int, const char *, struct stat64 *);
int __fxstatat64(int, int, const char *, struct stat64 *, int);
char *__realpath_chk(const char *, char *, size_t);
ssize_t __readlink_chk(const char *, char *, size_t, size_t);
ssize_t __readlinkat_chk(int, const char *, char *, size_t, size_t);

#if defined(__x86_64__)
enum { STAT_VERSION = 1 };
#else
enum { STAT_VERSION = 0 };
#endif

static const char *prefix;
static struct stat st;
static struct stat64 st64;
static struct statx stx;
static char text[PATH_MAX];

/* PREFIX and `rest`; good for the next few calls. */
static char *n(const char *rest)
{
    static char names[8][2 * PATH_MAX];
    static unsigned next;
    char *name = names[next++ % 8];

    snprintf(name, sizeof names[0], "%s%s", prefix, rest);
    return name;
}

static void say(const char *call, long result)
{
    int err = errno;

    printf("%s %s\n", call, result >= 0 ? "ok" : strerrorname_np(err));
    errno = 0;
}

static void say_fd(const char *call, int fd)
{
    say(call, fd);
    if (fd >= 0)
        printf("  mode %o\n", fstat(fd, &st) ? 0 : st.st_mode), close(fd);
}

static void say_text(const char *call, const char *result)
{
    size_t len = strlen(prefix);

    say(call, result ? 0 : -1);
    if (result)
        printf("  %s%s\n", strncmp(result, prefix, len) ? "" : "PREFIX ", strncmp(result, prefix, len) ? result : result + len);
}

static void say_allocated(const char *call, char *result)
{
    say_text(call, result);
    free(result);
}

/* --- Where it works ------------------------------------------------------------------ */

static void opening(void)
{
    say_fd("open", open(n("a"), O_RDWR | O_CREAT | O_EXCL, 0640));
    say_fd("open", open(n("a"), O_RDONLY));
    say_fd("open64", open64(n("b"), O_RDWR | O_CREAT, 0604));
    say_fd("openat", openat(AT_FDCWD, n("c"), O_RDWR | O_CREAT, 0444));
    say_fd("openat64", openat64(-5, n("d"), O_RDWR | O_CREAT, 0400));
    say_fd("creat", creat(n("e"), 0755));
    say_fd("creat64", creat64(n("f"), 0500));
    say_fd("__open_2", __open_2(n("a"), O_WRONLY | O_TRUNC));
    say_fd("__open64_2", __open64_2(n("a"), O_WRONLY));
    say_fd("__openat_2", __openat_2(AT_FDCWD, n("a"), O_WRONLY));
    say_fd("__openat64_2", __openat64_2(AT_FDCWD, n("a"), O_WRONLY));
    say_fd("O_TMPFILE", open(n(""), O_TMPFILE | O_RDWR, 0610));
    FILE *f = fopen(n("a"), "r"), *f64 = fopen64(n("made"), "w");
    say("fopen", f ? fclose(f) : -1), say("fopen64", f64 ? fclose(f64) : -1);
    DIR *d = opendir(n(""));
    say("opendir", d ? closedir(d) : -1);
}

static void looking(void)
{
    say("stat", stat(n("a"), &st)), printf("  %o\n", st.st_mode);
    say("lstat", lstat(n("b"), &st)), printf("  %o\n", st.st_mode);
    say("fstatat", fstatat(AT_FDCWD, n("c"), &st, 0)), printf("  %o\n", st.st_mode);
    say("stat64", stat64(n("a"), &st64)), printf("  %o\n", st64.st_mode);
    say("lstat64", lstat64(n("b"), &st64)), printf("  %o\n", st64.st_mode);
    say("fstatat64", fstatat64(AT_FDCWD, n("c"), &st64, 0)), printf("  %o\n", st64.st_mode);
    say("__xstat", __xstat(STAT_VERSION, n("a"), &st)), printf("  %o\n", st.st_mode);
    say("__lxstat", __lxstat(STAT_VERSION, n("b"), &st)), printf("  %o\n", st.st_mode);
    say("__fxstatat", __fxstatat(STAT_VERSION, AT_FDCWD, n("c"), &st, 0)), printf("  %o\n", st.st_mode);
    say("__xstat64", __xstat64(STAT_VERSION, n("a"), &st64)), printf("  %o\n", st64.st_mode);
    say("__lxstat64", __lxstat64(STAT_VERSION, n("b"), &st64)), printf("  %o\n", st64.st_mode);
    say("__fxstatat64", __fxstatat64(STAT_VERSION, AT_FDCWD, n("c"), &st64, 0)), printf("  %o\n", st64.st_mode);
    say("statx", statx(AT_FDCWD, n("a"), 0, STATX_MODE, &stx)), printf("  %o\n", stx.stx_mode);
    say("access", access(n("a"), R_OK));
    say("faccessat", faccessat(AT_FDCWD, n("a"), R_OK, AT_EACCESS));
    say("euidaccess", euidaccess(n("a"), F_OK));
    say("eaccess", eaccess(n("a"), F_OK));
    say("getxattr", getxattr(n("a"), "user.none", text, 10));
    say("lgetxattr", lgetxattr(n("a"), "user.none", text, 10));
    int fd = inotify_init();
    say("inotify_add_watch", inotify_add_watch(fd, n(""), IN_CREATE)), close(fd);
}

static void changing(void)
{
    say("chmod", chmod(n("a"), 0711)), say("stat", stat(n("a"), &st)), printf("  %o\n", st.st_mode);
    say("fchmodat", fchmodat(AT_FDCWD, n("b"), 0711, 0));
    say("chown", chown(n("a"), (uid_t)-1, (gid_t)-1));
    say("lchown", lchown(n("a"), (uid_t)-1, (gid_t)-1));
    say("fchownat", fchownat(AT_FDCWD, n("a"), (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW));
    say("utimensat", utimensat(AT_FDCWD, n("a"), NULL, 0));
    say("mkdir", mkdir(n("dir"), 0700));
    say("mkdirat", mkdirat(AT_FDCWD, n("dir/in"), 0700));
    say("mknod", mknod(n("node"), S_IFSOCK | 0600, 0));
    say("mknodat", mknodat(AT_FDCWD, n("node2"), S_IFIFO | 0600, 0));
    say("mkfifo", mkfifo(n("fifo"), 0600));
    say("mkfifoat", mkfifoat(AT_FDCWD, n("fifo2"), 0600));
    say("chdir", chdir(n("dir/"))), say("access", access("in", F_OK)), say("chdir", chdir("/"));
}

static void say_link(const char *call, ssize_t len)
{
    text[len > 0 ? len : 0] = '\0';
    say_text(call, len > 0 ? text : NULL);
}

static void naming(void)
{
    say("link", link(n("a"), n("link")));
    say("linkat", linkat(AT_FDCWD, n("a"), AT_FDCWD, n("link2"), 0));
    say("symlink", symlink("text of it", n("sym")));
    say("symlinkat", symlinkat("a", AT_FDCWD, n("sym2")));
    say_link("readlink", readlink(n("sym"), text, sizeof text - 1));
    say_link("readlinkat", readlinkat(AT_FDCWD, n("sym2"), text, sizeof text - 1));
    say_link("__readlink_chk", __readlink_chk(n("sym"), text, sizeof text - 1, sizeof text));
    say_link("__readlinkat_chk", __readlinkat_chk(AT_FDCWD, n("sym2"), text, sizeof text - 1, sizeof text));
    say_text("realpath", realpath(n("sym2"), text));
    say_text("__realpath_chk", __realpath_chk(n("dir/../dir/./in"), text, sizeof text));
    say_allocated("realpath", realpath(n("dir//in/.."), NULL));
    say_allocated("canonicalize_file_name", canonicalize_file_name(n("b")));
    say_allocated("the directory itself", realpath(n("dir/"), NULL));
    say("symlink", symlink("/usr", n("out")));
    say_allocated("realpath of what leads out", realpath(n("out"), NULL));
    say("rename", rename(n("link"), n("renamed")));
    say("renameat", renameat(AT_FDCWD, n("renamed"), AT_FDCWD, n("renamed2")));
    say("renameat2", renameat2(AT_FDCWD, n("renamed2"), AT_FDCWD, n("link"), RENAME_NOREPLACE));
}

static void removing(void)
{
    static const char *const all[] = {"b", "c", "d", "e", "f", "made", "link", "link2", "sym", "sym2", "out", "node",
                                      "node2", "fifo", "fifo2"};

    say("unlink", unlink(n("a")));
    say("rmdir", rmdir(n("dir/in")));
    say("unlinkat", unlinkat(AT_FDCWD, n("dir"), AT_REMOVEDIR));
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        say("remove", remove(n(all[i])));
    say("rmdir", rmdir(prefix));
}

static void calls(void)
{
    umask(0);
    opening();
    looking();
    changing();
    naming();
    removing();
}

/* --- Where it fails -------------------------------------------------------------------- */

#define ONE(call) static long do_##call(const char *p)
ONE(unlink) { return unlink(p); }
ONE(unlinkat) { return unlinkat(AT_FDCWD, p, 0); }
ONE(remove) { return remove(p); }
ONE(rmdir) { return rmdir(p); }
ONE(rename) { return rename(p, n("to")); }
ONE(rename_to) { return rename(n("file"), p); }
ONE(renameat) { return renameat(AT_FDCWD, p, AT_FDCWD, n("to")); }
ONE(renameat2) { return renameat2(AT_FDCWD, n("file"), AT_FDCWD, p, RENAME_NOREPLACE); }
ONE(link) { return link(n("file"), p); }
ONE(linkat) { return linkat(AT_FDCWD, n("file"), AT_FDCWD, p, 0); }
ONE(symlink) { return symlink("text", p); }
ONE(symlinkat) { return symlinkat("text", AT_FDCWD, p); }
ONE(readlink) { return readlink(p, text, sizeof text); }
ONE(readlinkat) { return readlinkat(AT_FDCWD, p, text, sizeof text); }
ONE(chmod) { return chmod(p, 0); }
ONE(fchmodat) { return fchmodat(AT_FDCWD, p, 0, 0); }
ONE(chown) { return chown(p, 0, 0); }
ONE(lchown) { return lchown(p, 0, 0); }
ONE(fchownat) { return fchownat(AT_FDCWD, p, 0, 0, 0); }
ONE(stat) { return stat(p, &st); }
ONE(lstat64) { return lstat64(p, &st64); }
ONE(fstatat) { return fstatat(AT_FDCWD, p, &st, 0); }
ONE(xstat) { return __xstat(STAT_VERSION, p, &st); }
ONE(fxstatat64) { return __fxstatat64(STAT_VERSION, AT_FDCWD, p, &st64, 0); }
ONE(statx) { return statx(AT_FDCWD, p, 0, STATX_MODE, &stx); }
ONE(access) { return access(p, F_OK); }
ONE(faccessat) { return faccessat(AT_FDCWD, p, F_OK, 0); }
ONE(euidaccess) { return euidaccess(p, F_OK); }
ONE(open) { return open(p, O_RDONLY); }
ONE(open64) { return open64(p, O_RDWR | O_CREAT | O_EXCL, 0600); }
ONE(openat) { return openat(AT_FDCWD, p, O_RDONLY); }
ONE(openat_closed) { return openat(-5, p, O_RDONLY); }
ONE(creat) { return creat(p, 0); }
ONE(fopen) { return fopen(p, "r") ? 0 : -1; }
ONE(mkdir) { return mkdir(p, 0); }
ONE(mkdirat) { return mkdirat(AT_FDCWD, p, 0); }
ONE(mknod) { return mknod(p, S_IFREG, 0); }
ONE(mkfifo) { return mkfifo(p, 0); }
ONE(chdir) { return chdir(p); }
ONE(utimensat) { return utimensat(AT_FDCWD, p, NULL, AT_SYMLINK_NOFOLLOW); }
ONE(inotify) { int fd = inotify_init(); long r = inotify_add_watch(fd, p, IN_CREATE); int e = errno; close(fd); errno = e; return r; }
/* These read the name themselves. */
ONE(opendir) { return opendir(p) ? 0 : -1; }
ONE(realpath) { return realpath(p, NULL) ? 0 : -1; }
ONE(realpath_to) { return realpath(p, text) ? 0 : -1; }
ONE(canonicalize_file_name) { return canonicalize_file_name(p) ? 0 : -1; }

static const struct {
    const char *name;
    long (*call)(const char *);
} one[] = {
#define DO(call) {#call, do_##call}
    DO(unlink), DO(unlinkat), DO(remove), DO(rmdir), DO(rename), DO(rename_to), DO(renameat), DO(renameat2), DO(link),
    DO(linkat), DO(symlink), DO(symlinkat), DO(readlink), DO(readlinkat), DO(chmod), DO(fchmodat), DO(chown),
    DO(lchown), DO(fchownat), DO(stat), DO(lstat64), DO(fstatat), DO(xstat), DO(fxstatat64), DO(statx), DO(access),
    DO(faccessat), DO(euidaccess), DO(open), DO(open64), DO(openat), DO(openat_closed), DO(creat), DO(fopen), DO(mkdir),
    DO(mkdirat), DO(mknod), DO(mkfifo), DO(chdir), DO(utimensat), DO(inotify), DO(opendir), DO(realpath),
    DO(realpath_to), DO(canonicalize_file_name),
};
enum { CALLS = sizeof one / sizeof *one, READ_IT_THEMSELVES = 4 };

static void try(const char *what, const char *name, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        errno = 0;
        printf("%s: ", what);
        say(one[i].name, one[i].call(name));
    }
}

/* PREFIX and a name of `len` bytes, in components of at most 200. */
static const char *long_name(size_t len)
{
    static char name[3 * PATH_MAX];
    size_t start = (size_t)snprintf(name, sizeof name, "%s", prefix);

    for (size_t i = 0; i < len; i++)
        name[start + i] = i % 200 == 199 && i + 1 < len ? '/' : 'x';
    name[start + len] = '\0';
    return name;
}

static void failures(void)
{
    char *gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    close(open(n("file"), O_CREAT | O_WRONLY, 0600));
    try("missing", n("missing/x"), CALLS);
    try("below a file", n("file/x"), CALLS);
    try("slash behind a file", n("file/"), CALLS);
    try("empty", "", CALLS);
    static char component[PATH_MAX];
    snprintf(component, sizeof component, "%s%0256d", prefix, 0);
    try("component of 256", component, CALLS);
    try("1000 bytes", long_name(1000), CALLS);
    try("4000 bytes", long_name(4000), CALLS); /* more than PATH_MAX where PREFIX really leads */
    try("5000 bytes", long_name(5000), CALLS);
    try("9000 bytes", long_name(9000), CALLS);
    /* Sanitizers read names before the call does. */
    if (!WITH_SANITIZER) {
        try("nothing", NULL, CALLS - READ_IT_THEMSELVES);
        try("a bad pointer", (const char *)(uintptr_t)64, CALLS - READ_IT_THEMSELVES);
        try("not readable", gone, CALLS - READ_IT_THEMSELVES);
    }
    unlink(n("file"));
}

/* --- Where the name stands ------------------------------------------------------------- */

/* Names that end where the page does, that cross it, and that never end. */
static void memory(void)
{
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t len = strlen(prefix);

    mprotect(pages + 2 * 4096, 4096, PROT_NONE);
    char *at_end = strcpy(pages + 2 * 4096 - len - 1, prefix);
    say("at the end", access(at_end, F_OK));
    char *across = strcpy(pages + 4096 - len / 2, prefix);
    say("across", access(across, F_OK));
    memmove(pages + 2 * 4096 - len, prefix, len);
    say("not terminated", access(pages + 2 * 4096 - len, F_OK));
    char on_stack[2 * PATH_MAX];
    say("on the stack", access(strcpy(on_stack, prefix), F_OK));
    char *heap = strdup(prefix);
    say("on the heap", access(heap, F_OK));
    free(heap);
    memset(pages, 'x', 2 * 4096);
    memcpy(pages, prefix, len);
    say("endless", access(pages, F_OK));
    memset(pages + 4096, 0, 4096);
    say("of a page", access(pages, F_OK));
}

/* --- All at once ------------------------------------------------------------------------- */

static atomic_int wrong;
static char of_handler[2 * PATH_MAX], missing[2 * PATH_MAX];

static void check(bool good)
{
    if (!good)
        atomic_fetch_add(&wrong, 1);
}

static void handler(int sig)
{
    int err = errno;
    struct stat mine;

    (void)sig;
    check(stat(of_handler, &mine) == 0 && S_ISDIR(mine.st_mode));
    check(access(missing, F_OK) == -1 && errno == ENOENT);
    errno = err;
}

static void child(void (*end)(int))
{
    int fd = open(of_handler, O_RDONLY | O_DIRECTORY);

    end(fd >= 0 && access(missing, F_OK) ? 0 : 1);
}

static void children(void)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        child(_exit);
    check(waitpid(pid, &status, 0) == pid && status == 0);
    if ((pid = vfork()) == 0)
        child(_exit);
    check(waitpid(pid, &status, 0) == pid && status == 0);
}

static void *thread(void *number)
{
    char name[2 * PATH_MAX], other[2 * PATH_MAX];

    snprintf(name, sizeof name, "%s%ld", prefix, (long)number);
    snprintf(other, sizeof other, "%s%ld.other", prefix, (long)number);
    for (int i = 0; i < 300; i++) {
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        check(fd >= 0 && close(fd) == 0);
        check(rename(name, other) == 0);
        check(access(name, F_OK) == -1 && errno == ENOENT);
        check(unlink(other) == 0);
        if (i % 100 == 0)
            children();
    }
    return NULL;
}

static void storm(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    pthread_t threads[4];

    snprintf(of_handler, sizeof of_handler, "%s", prefix);
    snprintf(missing, sizeof missing, "%smissing", prefix);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, thread, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d wrong\n", wrong);
}

/* --- The rest ----------------------------------------------------------------------------- */

static void *in_open(void *name)
{
    open(name, O_RDONLY);
    return NULL;
}

/* A blocked open() ends when its thread is cancelled; often enough to use up what it may hold. */
static void cancel(void)
{
    for (int i = 0; i < 20; i++) {
        pthread_t t;
        void *result = NULL;

        pthread_create(&t, NULL, in_open, (void *)(uintptr_t)prefix);
        usleep(1000);
        pthread_cancel(t);
        pthread_join(t, &result);
        check(result == PTHREAD_CANCELED);
    }
    printf("%d wrong\n", wrong);
}

static int before;

static void preinit(void)
{
    struct stat early;

    before = stat("/", &early) == 0 && S_ISDIR(early.st_mode) && access("/nowhere", F_OK) == -1 && errno == ENOENT;
}
/* Before any constructor, the library's too. */
__attribute__((section(".preinit_array"), used)) static void (*const preinits[])(void) = {preinit};

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";

    prefix = argc > 2 ? argv[2] : "";
    if (!strcmp(what, "calls"))
        calls();
    else if (!strcmp(what, "failures"))
        failures();
    else if (!strcmp(what, "memory"))
        memory();
    else if (!strcmp(what, "storm"))
        storm();
    else if (!strcmp(what, "cancel"))
        cancel();
    else if (!strcmp(what, "early"))
        puts(before ? "early ok" : "early failed");
    else if (!strcmp(what, "realpath"))
        for (int i = 2; i < argc; i++) {
            char *name = realpath(argv[i], NULL), *canonical = canonicalize_file_name(argv[i]);

            printf("%s %s %s\n", name ? name : "-", realpath(argv[i], text) ? text : "-", canonical ? canonical : "-");
        }
    else if (!strcmp(what, "stat"))
        for (long i = atol(argv[3]); i > 0; i--)
            check(stat(prefix, &st) == 0);
    else
        return 2;
    return wrong != 0;
}

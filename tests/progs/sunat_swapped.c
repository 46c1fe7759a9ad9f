/* sunat_swapped WHAT DIR: somebody exchanges the private directory between its making and its opening, every time or the
 * first three times; and what else can be in the way of such a directory. DIR is empty and is so afterwards. Prints
 * "as it should be". WHAT is what he puts there:
 *     open    a directory that others can enter
 *     theirs  one that nobody else can enter, and that is somebody else's (as root)
 *     link    a symbolic link to one of the caller's own
 * The caller's own system call to open it is caught, so that it happens just then. */
#include "tests/progs/sunat_try.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { MARK = 4711, PRIVATE = O_PATH | O_DIRECTORY | O_NOFOLLOW };

static const char *what;
static int dir, left, swapped;

#define LOW(i) (offsetof(struct seccomp_data, args[i]))

/* openat(..., PRIVATE) by anybody but the handler. */
static void catch_opening(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW(2)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PRIVATE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PRIVATE, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW(5)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};

    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void exchange(const char *name)
{
    char aside[16];

    if (!strcmp(what, "chdir")) {
        must(chdir("/") == 0);
        return;
    }
    snprintf(aside, sizeof aside, "aside%d", swapped++);
    must(renameat(dir, name, dir, aside) == 0);
    if (!strcmp(what, "link"))
        must(symlinkat("own", dir, name) == 0);
    else
        must(mkdirat(dir, name, 0700) == 0);
    if (!strcmp(what, "open"))
        must(fchmodat(dir, name, 0777, 0) == 0);
    if (!strcmp(what, "theirs"))
        must(fchownat(dir, name, 65534, 65534, 0) == 0);
}

static void on_open(int sig, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
#if defined(__x86_64__)
    greg_t *r = u->uc_mcontext.gregs, *ret = &r[REG_RAX];
    const long arg[] = {r[REG_RDI], r[REG_RSI], r[REG_RDX]};
#elif defined(__aarch64__)
    unsigned long long *r = u->uc_mcontext.regs, *ret = &r[0];
    const long arg[] = {(long)r[0], (long)r[1], (long)r[2]};
#else
    unsigned long *r = u->uc_mcontext.__gregs, *ret = &r[REG_A0];
    const long arg[] = {(long)r[REG_A0], (long)r[REG_A0 + 1], (long)r[REG_A0 + 2]};
#endif

    (void)sig, (void)info;
    if (left && left--)
        exchange((const char *)arg[1]);
    long fd = syscall(SYS_openat, arg[0], arg[1], arg[2], 0, 0, MARK);
    memcpy(ret, &(long){fd < 0 ? -errno : fd}, sizeof fd);
}

/* Nothing of ours is in what was put there, nor behind it. */
static void nothing_inside(void)
{
    DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
    struct dirent *e;

    must(d);
    while ((e = readdir(d)))
        must(e->d_name[0] == '.' ? !e->d_name[1] || e->d_name[1] == '.' || entries(dir, e->d_name) == 0
                                 : entries(dir, e->d_name) == 0);
    closedir(d);
}

static void always(void)
{
    char name[201];
    int s = new_socket(SOCK_STREAM);

    memset(name, 'n', 200), name[200] = '\0';
    left = 1 << 20, swapped = 0;
    must_fail(EPERM, sunat_bind_anonat(dir, s, 0));
    must_fail(EPERM, sunat_bind_anonat(dir, s, SUNAT_LINKABLE));
    must_fail(EPERM, sunat_bind(dir, s, name, 0));
    must(swapped >= 3 && !is_socket(dir, name));
    nothing_inside();
    close(s);
}

static void three_times(void)
{
    for (int flags = 0; flags <= SUNAT_LINKABLE; flags++) {
        int s = new_socket(SOCK_STREAM);

        left = 3;
        int pin = sunat_bind_anonat(dir, s, flags);
        must(pin >= 0 && !left && listen(s, 5) == 0 && reaches(s, pin, "", AT_EMPTY_PATH));
        must(!flags || sunat_unlink(pin) == 0);
        close(pin), close(s);
    }
    nothing_inside();
}

/* A kept name that leads to another file by now is nobody's. */
static void kept(void)
{
    int s = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(dir, s, SUNAT_LINKABLE);
    char link[64], path[4096];

    must(pin >= 0);
    snprintf(link, sizeof link, "/proc/self/fd/%d", pin);
    ssize_t len = readlink(link, path, sizeof path - 1);
    must(len > 0);
    path[len] = '\0';
    must(linkat(AT_FDCWD, path, dir, "second", 0) == 0 && unlink(path) == 0 && mknod(path, S_IFSOCK | 0600, 0) == 0);
    must_fail(EINVAL, sunat_unlink(pin));
    must(access(path, F_OK) == 0 && sunat_link(pin, dir, "third") == 0 && access(path, F_OK) == 0);
    must(listen(s, 5) == 0 && reaches(s, dir, "third", 0));
    close(pin), close(s);
}

static void leaves_nothing(int at)
{
    int s = new_socket(SOCK_STREAM), pin = sunat_bind_anonat(at, s, 0);

    must(pin >= 0 && !left && listen(s, 5) == 0 && reaches(s, pin, "", AT_EMPTY_PATH));
    close(pin), close(s);
}

/* Another thread would change the directory just so. */
static void moving(void)
{
    int before = entries(dir, ".");

    must(fchdir(dir) == 0);
    what = "chdir", left = 1;
    leaves_nothing(AT_FDCWD);
    must(entries(dir, ".") == before);
}

/* Who makes files as somebody else takes them for its own. */
static void as_another(void)
{
    must(fchmodat(dir, ".", 0777, 0) == 0);
    setfsuid(65534);
    leaves_nothing(dir);
    setfsuid(geteuid());
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    what = argv[1];
    umask(022);
    dir = directory(AT_FDCWD, argv[2]);
    char *top = realpath(argv[2], NULL);
    must(top && mkdirat(dir, "own", 0700) == 0);
    must(sigaction(SIGSYS, &(struct sigaction){.sa_sigaction = on_open, .sa_flags = SA_SIGINFO | SA_NODEFER}, NULL) == 0);
    catch_opening();
    int before = descriptors();
    always();
    three_times();
    kept();
    moving();
    if (geteuid() == 0)
        as_another();
    must(descriptors() == before);
    clear(top);
    free(top);
    puts("as it should be");
    return 0;
}

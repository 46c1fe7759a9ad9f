/* The exec family. What is passed on may have more in its environment than what
 * the program gave (follow.h), and short names for long ones (shorten.h); everything
 * else is as it was.
 *
 * The new vector stands on the stack, as the C library's own do here: what was
 * mapped between vfork() and exec would stay behind in the parent. */
#include <alloca.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "shim/follow.h"
#include "shim/shorten.h"
#include "shim/sys.h"
#include "shim/unseen.h"

enum { ON_STACK = 8192 }; /* a thousand variables; more are mapped all the same */

enum way {
    BY_PATH,       /* execve */
    BY_NAME,       /* execvpe: searched for, and given to the shell if need be */
    BY_DESCRIPTOR, /* fexecve */
    BY_DIRECTORY,  /* execveat */
};

struct image {
    enum via via;
    enum way way;
    int fd;
    const char *path;
    char *const *argv, *const *envp;
    int flags;
    size_t used; /* bytes of the stack for short names */
};

static int perform(const struct image *i, char *const *envp)
{
    if (i->via == VIA_SYSCALL && i->way == BY_PATH)
        return (int)real.syscall(SYS_execve, i->path, i->argv, envp);
    if (i->way == BY_PATH)
        return real.execve(i->path, i->argv, envp);
    if (i->way == BY_NAME)
        return real.execvpe(i->path, i->argv, envp);
    if (i->way == BY_DESCRIPTOR)
        return real.fexecve(i->fd, i->argv, envp);
    if (i->via == VIA_SYSCALL || !real.execveat)
        return (int)real.syscall(SYS_execveat, i->fd, i->path, i->argv, envp, i->flags);
    return real.execveat(i->fd, i->path, i->argv, envp, i->flags);
}

static int perform_mapped(const struct image *i, const struct follow_plan *plan)
{
    void *room = sys_map(plan->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (!room)
        return fail(-ENOMEM);
    int ret = perform(i, follow_fill(plan, room)), err = errno;
    sys_unmap(room, plan->room);
    errno = err;
    return ret;
}

static void look(const struct image *i, const char *lost)
{
    const struct unseen u = {
        .dir = i->way == BY_DESCRIPTOR || i->way == BY_DIRECTORY ? i->fd : AT_FDCWD,
        .path = i->path,
        .flags = i->flags,
        .search = i->way == BY_NAME,
        .shell = i->way == BY_NAME,
        .lost = lost,
    };

    if (i->path || i->way == BY_DESCRIPTOR)
        unseen_look(&u);
}

/* Both vectors together. */
static bool fits_stack(const struct image *i, size_t room)
{
    return i->used + room <= ON_STACK || (i->used && shorten_fits_stack(i->used + room));
}

static int execute_followed(const struct image *i)
{
    struct follow_plan plan;

    follow_look(&plan, i->envp);
    look(i, plan.lost);
    if (!plan.room)
        return perform(i, i->envp);
    if (!fits_stack(i, plan.room))
        return perform_mapped(i, &plan);
    return perform(i, follow_fill(&plan, alloca(plan.room)));
}

static int execute_short(const struct image *i, const struct shorten_plan *plan, void *room, size_t used)
{
    struct image with = *i;

    with.used = used;
    shorten_fill(plan, room, &with.argv, &with.envp);
    return execute_followed(&with);
}

static int execute_short_mapped(const struct image *i, const struct shorten_plan *plan)
{
    void *room = shorten_borrows_memory()
                     ? NULL
                     : sys_map(plan->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (!room) {
        shorten_gave_up(-ENOMEM, "no room for so many arguments: their names stay");
        return execute_followed(i);
    }
    int ret = execute_short(i, plan, room, 0), err = errno;
    sys_unmap(room, plan->room);
    errno = err;
    return ret;
}

static int execute_shorten(const struct image *i)
{
    struct shorten_plan plan;

    shorten_look(&plan, i->path, i->argv, i->envp);
    if (plan.unreadable)
        return perform(i, i->envp);
    if (!plan.room)
        return execute_followed(i);
    if (!shorten_fits_stack(plan.room))
        return execute_short_mapped(i, &plan);
    return execute_short(i, &plan, alloca(plan.room), plan.room);
}

static int execute(const struct image *i)
{
    return shorten_on() ? execute_shorten(i) : execute_followed(i);
}

int call_execve(enum via via, const char *path, char *const argv[], char *const envp[])
{
    const struct image i = {.via = via, .way = BY_PATH, .path = path, .argv = argv, .envp = envp};

    return execute(&i);
}

int call_execveat(enum via via, int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    const struct image i = {
        .via = via, .way = BY_DIRECTORY, .fd = fd, .path = path, .argv = argv, .envp = envp, .flags = flags};

    return execute(&i);
}

static int call_execvpe(const char *name, char *const argv[], char *const envp[])
{
    const struct image i = {.via = VIA_LIBC, .way = BY_NAME, .path = name, .argv = argv, .envp = envp};

    return execute(&i);
}

/* Under names of their own: a call by the public one would be looked up, at every
 * start of a program. */
static int by_path(const char *path, char *const argv[], char *const envp[])
{
    return state_leaves() ? real.execve(path, argv, envp) : call_execve(VIA_LIBC, path, argv, envp);
}

static int by_name(const char *name, char *const argv[], char *const envp[])
{
    return state_leaves() ? real.execvpe(name, argv, envp) : call_execvpe(name, argv, envp);
}

INTERPOSED int execve(const char *path, char *const argv[], char *const envp[])
{
    return by_path(path, argv, envp);
}

INTERPOSED int execv(const char *path, char *const argv[])
{
    return by_path(path, argv, environ);
}

INTERPOSED int execvpe(const char *name, char *const argv[], char *const envp[])
{
    return by_name(name, argv, envp);
}

INTERPOSED int execvp(const char *name, char *const argv[])
{
    return by_name(name, argv, environ);
}

INTERPOSED int fexecve(int fd, char *const argv[], char *const envp[])
{
    const struct image i = {.via = VIA_LIBC, .way = BY_DESCRIPTOR, .fd = fd, .argv = argv, .envp = envp};

    if (state_leaves() || !envp) /* EINVAL; for the kernel NULL would be an empty one */
        return real.fexecve(fd, argv, envp);
    return execute(&i);
}

INTERPOSED int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    const struct image i = {
        .via = VIA_LIBC, .way = BY_DIRECTORY, .fd = fd, .path = path, .argv = argv, .envp = envp, .flags = flags};

    if (state_leaves())
        return perform(&i, envp);
    return call_execveat(VIA_LIBC, fd, path, argv, envp, flags);
}

/* --- With arguments instead of a vector ---------------------------------------- */

/* How many there are before the NULL; `first` was the first. */
static size_t count_args(const char *first, va_list ap)
{
    size_t n = 0;

    for (; first; first = va_arg(ap, const char *))
        n++;
    return n;
}

/* Collects them with the NULL; `ap` then stands behind it. */
static void collect(char **argv, const char *first, va_list *ap)
{
    *argv = (char *)(uintptr_t)first;
    while (*argv)
        *++argv = va_arg(*ap, char *);
}

INTERPOSED int execl(const char *path, const char *arg, ...)
{
    va_list ap;

    va_start(ap, arg);
    char **argv = alloca((count_args(arg, ap) + 1) * sizeof *argv);
    va_end(ap);
    va_start(ap, arg);
    collect(argv, arg, &ap);
    va_end(ap);
    return by_path(path, argv, environ);
}

INTERPOSED int execle(const char *path, const char *arg, ...)
{
    va_list ap;

    va_start(ap, arg);
    char **argv = alloca((count_args(arg, ap) + 1) * sizeof *argv);
    va_end(ap);
    va_start(ap, arg);
    collect(argv, arg, &ap);
    char *const *envp = va_arg(ap, char *const *);
    va_end(ap);
    return by_path(path, argv, envp);
}

INTERPOSED int execlp(const char *name, const char *arg, ...)
{
    va_list ap;

    va_start(ap, arg);
    char **argv = alloca((count_args(arg, ap) + 1) * sizeof *argv);
    va_end(ap);
    va_start(ap, arg);
    collect(argv, arg, &ap);
    va_end(ap);
    return by_name(name, argv, environ);
}

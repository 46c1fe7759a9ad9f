/* Making a file call: its next definition, and names led by the `map` rules. */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "calls.h"
#include "files.h"
#include "shim/address.h"
#include "shim/map.h"
#include "shim/scratch.h"
#include "shim/sys.h"

/* Some take `...`, and want to be called so; the others do not mind. What comes after their
 * own arguments they do not see. */
typedef long file_function(long, ...);

static file_function *_Atomic found[FILE_CALL_COUNT];

#define FILE_NAME(name, paths) #name "\0"
static const char names[] = FILE_CALLS(FILE_NAME) FILE_OTHERS(FILE_NAME);
#define FILE_PATHS(name, paths) paths,
static const unsigned char paths_of[] = {FILE_CALLS(FILE_PATHS) FILE_OTHERS(FILE_PATHS)};

enum { ARGUMENTS = 5, COPY = 0, FIRST = PATH_MAX, ROOM_USED = 3 * PATH_MAX };
_Static_assert((int)ROOM_USED <= (int)SCRATCH_SIZE, "a copy and two results");

/* What older C libraries lack. */
static long by_kernel(long a, long b, long c, long d, long e, enum file_call which)
{
    long ret = which == FILE_statx       ? SYS5(SYS_statx, a, b, c, d, e)
               : which == FILE_renameat2 ? SYS5(SYS_renameat2, a, b, c, d, e)
               : which == FILE_fstatat   ? SYS4(SYS_newfstatat, a, b, c, d)
               : which == FILE_stat      ? SYS4(SYS_newfstatat, AT_FDCWD, a, b, 0)
               : which == FILE_lstat     ? SYS4(SYS_newfstatat, AT_FDCWD, a, b, AT_SYMLINK_NOFOLLOW)
                                         : -ENOSYS;

    return ret < 0 ? fail((int)ret) : ret;
}

/* Whoever races here finds the same. */
static file_function *find(enum file_call which)
{
    const char *name = names;

    for (unsigned i = which; i; i--)
        name += strlen(name) + 1;
    file_function *f = (file_function *)real_next(name);
    if (!f)
        f = (file_function *)(void (*)(void))by_kernel;
    atomic_store_explicit(&found[which], f, memory_order_relaxed);
    return f;
}

static file_function *next(enum file_call which)
{
    file_function *f = atomic_load_explicit(&found[which], memory_order_relaxed);

    return f ? f : find(which);
}

/* Copies a name (shorter than PATH_MAX) and nothing behind it. False: it cannot be read, or is
 * longer; the kernel will say so. */
static bool copy_name(char *to, const char *from)
{
    for (size_t done = 0; done < PATH_MAX;) {
        size_t page = 4096 - ((uintptr_t)(from + done) & 4095), part = page < PATH_MAX - done ? page : PATH_MAX - done;

        if (copy_in(to + done, from + done, 1) < 0)
            return false;
        size_t len = strnlen(from + done, part);
        memcpy(to + done, from + done, len);
        done += len;
        if (len < part) {
            to[done] = '\0';
            return true;
        }
    }
    return false;
}

/* 1 where `*name` was replaced by another, in `*room` at `at`; 0; -errno. */
static int map_argument(long *name, char **room, size_t at)
{
    char first;

    if (copy_in(&first, (const void *)*name, 1) < 0 || first != '/')
        return 0; /* rules are about absolute names */
    if (!*room && !(*room = scratch_take()))
        return -ENOMEM;
    if (!copy_name(*room + COPY, (const char *)*name))
        return 0;
    long len = map_path(*room + COPY, *room + at, PATH_MAX);
    if (len > 0)
        *name = (long)(*room + at);
    return len < 0 ? (int)len : len > 0;
}

/* A passed descriptor: what its name below /proc is a link to is meant, not the link. 0, or -errno. */
static int follow(enum file_call *which, long *arg, const char *led_to)
{
    if (!map_is_passed(led_to))
        return 0;
    if (*which >= FILE_readlink && *which <= FILE___readlinkat_chk)
        return -EINVAL;
    if (*which == FILE_lstat)
        *which = FILE_stat;
    if (*which == FILE___lxstat)
        *which = FILE___xstat;
    if (*which == FILE_fstatat || *which == FILE___fxstatat)
        arg[*which == FILE_fstatat ? 3 : 4] &= ~AT_SYMLINK_NOFOLLOW;
    if (*which == FILE_statx)
        arg[2] &= ~AT_SYMLINK_NOFOLLOW;
    if (*which == FILE_open || *which == FILE_openat)
        arg[*which == FILE_open ? 1 : 2] &= ~O_NOFOLLOW;
    return 0;
}

static void give_back(void *room)
{
    scratch_give(room);
}

static long call_mapped(long *arg, enum file_call which)
{
    char *room = NULL;
    unsigned paths = paths_of[which];
    int mapped = 0, err = 0;

    for (unsigned i = 0; i < ARGUMENTS && err >= 0; i++)
        if (paths >> i & 1) {
            err = map_argument(&arg[i], &room, FIRST + (size_t)mapped * PATH_MAX);
            mapped += err > 0;
        }
    if (mapped && err >= 0)
        err = follow(&which, arg, room + FIRST);
    if (err < 0 || !mapped) {
        scratch_give(room);
        room = NULL;
    }
    if (err < 0) {
        errno = -err;
        return paths & FILE_POINTER ? 0 : -1;
    }
    file_function *f = next(which);
    long ret;
    CLEANUP_PUSH(give_back, room);
    ret = f(arg[0], arg[1], arg[2], arg[3], arg[4], which);
    CLEANUP_POP();
    return ret;
}

static __attribute__((noinline)) long call_slowly(long a, long b, long c, long d, long e, enum file_call which)
{
    long arg[ARGUMENTS] = {a, b, c, d, e};

    if (!map_on() || !files_ready())
        return next(which)(a, b, c, d, e, which);
    return call_mapped(arg, which);
}

long file_call(long a, long b, long c, long d, long e, enum file_call which)
{
    file_function *f = atomic_load_explicit(&found[which], memory_order_relaxed);

    if (__builtin_expect(!f || map_on(), 0))
        return call_slowly(a, b, c, d, e, which);
    return f(a, b, c, d, e, which);
}

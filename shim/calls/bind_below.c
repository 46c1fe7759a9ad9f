#include "bind.h"

#include "domain/anon.h"
#include "shim/alias.h"
#include "shim/diag.h"
#include "shim/path.h"
#include "shim/scratch.h"
#include "shim/sys.h"

bool bind_is_below(const struct address *target)
{
    return alias_prefix() && target->name.kind == POLICY_ADDR_PATHNAME && path_is_own(target->name.bytes) &&
           !anon_is(target->name.bytes, target->name.len);
}

static bool is_same_file(const char *a, const char *b, int flags)
{
    struct stat one, other;

    return SYS4(SYS_newfstatat, AT_FDCWD, a, &one, flags) == 0 && SYS4(SYS_newfstatat, AT_FDCWD, b, &other, flags) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void directory(const char *path, char *to)
{
    struct path_parts parts = path_split(path);

    path_directory(&parts, path, to);
}

/* Not where something is mounted on the directory that the descriptor leads to. */
static bool is_same_directory(const char *a, const char *b)
{
    char *room = scratch_take();

    if (!room)
        return false;
    directory(a, room);
    directory(b, room + SCRATCH_SIZE / 2);
    bool same = is_same_file(room, room + SCRATCH_SIZE / 2, 0);
    scratch_give(room);
    return same;
}

static bool is_bound_at(int fd, int dir, const char *path)
{
    struct diag_unix own;
    struct stat st;

    return sys_fstat(fd, &st) == 0 && diag_unix((uint32_t)st.st_ino, &own) == 0 &&
           SYS4(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && diag_is_file(&own, &st);
}

/* What was made in another directory. Whoever exchanges them may do it again. */
static void remove_stray(int fd, const char *path)
{
    char *room = scratch_take();
    bool found = !room;

    for (int i = 0; i < 16 && !found; i++) {
        directory(path, room);
        int dir = sys_openat(AT_FDCWD, room, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        const char *last = path_split(path).last;

        if ((found = is_bound_at(fd, dir, last)))
            SYS3(SYS_unlinkat, dir, last, 0);
        sys_close(dir);
    }
    scratch_give(room);
}

/* Where the directory was moved in the middle the socket is elsewhere, and bound for good: the call has failed. */
static int look_where(int fd, const char *wanted, const char *name)
{
    if (is_same_file(wanted, name, AT_SYMLINK_NOFOLLOW) || is_bound_at(fd, AT_FDCWD, wanted))
        return 0;
    remove_stray(fd, name);
    return fail(-ENOENT);
}

bool bind_below(enum via via, int fd, const struct address *target, int *ret)
{
    struct name name;
    struct place p;
    bool aliased = false;

    if (pin_new_name(&name, target->name.bytes) < 0)
        return false;
    if (name.at && is_same_directory(target->name.bytes, name.at) && place_begin(&p, name.at) == 0) {
        aliased = p.alias;
        if (aliased)
            *ret = bind_elsewhere(via, fd, &p);
        else
            place_end(&p, fd, -ENOENT);
    }
    if (aliased && *ret == 0)
        *ret = look_where(fd, target->name.bytes, name.at);
    name_release(&name);
    return aliased;
}

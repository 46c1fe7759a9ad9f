#include "place.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "alias.h"
#include "helper.h"
#include "path.h"
#include "policy/text.h"
#include "procfd.h"
#include "record.h"
#include "reserve.h"
#include "scratch.h"
#include "settled.h"
#include "sys.h"

enum { PATH_BYTES = 4096, SUN_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) };

/* --- What was asked for, without a run ---------------------------------------- */

/* A few; the oldest give way. */
enum { ASKED = 8, WORD = sizeof(uint64_t) };
#define BUSY UINT64_MAX /* no cookie: somebody writes here */

/* A reader believes the name if the cookie is the same before and after: whoever sees a new
 * word (release, acquire) sees that it is busy, too. */
static struct asked {
    _Atomic uint64_t cookie; /* 0: free */
    _Atomic uint64_t words[PATH_BYTES / WORD];
} asked[ASKED];
static atomic_uint asked_next;

static void write_name(struct asked *a, const char *path, size_t size)
{
    for (size_t at = 0; at < size; at += WORD) {
        uint64_t word = 0;

        memcpy(&word, path + at, size - at < WORD ? size - at : WORD);
        atomic_store_explicit(&a->words[at / WORD], word, memory_order_release);
    }
}

/* Its length; 0: there is no room. */
static size_t read_name(struct asked *a, char *to, size_t room)
{
    for (size_t at = 0; at < PATH_BYTES && at + WORD <= room; at += WORD) {
        uint64_t word = atomic_load_explicit(&a->words[at / WORD], memory_order_acquire);
        size_t len = strnlen((const char *)&word, WORD);

        memcpy(to + at, &word, WORD);
        if (len < WORD)
            return at + len;
    }
    return 0;
}

static void note_asked(int fd, const char *path)
{
    uint64_t cookie = settled_cookie(fd);

    for (unsigned tries = 0; cookie && tries < ASKED; tries++) {
        struct asked *a = &asked[atomic_fetch_add(&asked_next, 1) % ASKED];

        if (atomic_exchange(&a->cookie, BUSY) == BUSY)
            continue;
        write_name(a, path, strlen(path) + 1);
        atomic_store_explicit(&a->cookie, cookie, memory_order_release);
        return;
    }
}

bool place_any(void)
{
    return atomic_load_explicit(&asked_next, memory_order_relaxed) != 0;
}

size_t place_asked(int fd, char *to, size_t room)
{
    uint64_t cookie = place_any() ? settled_cookie(fd) : 0;

    for (unsigned i = 0; cookie && i < ASKED; i++) {
        if (atomic_load_explicit(&asked[i].cookie, memory_order_acquire) != cookie)
            continue;
        size_t len = read_name(&asked[i], to, room);
        return atomic_load(&asked[i].cookie) == cookie ? len : 0;
    }
    return 0;
}

/* --- The name that bind is given ------------------------------------------------ */

/* "DIR/NAME" into sun_path. False: it does not fit with its terminator. */
static bool aim(struct place *p, const char *dir, size_t dir_len, const char *name)
{
    size_t len = strlen(name);

    if (dir_len + 1 + len >= SUN_PATH)
        return false;
    memcpy(p->via.sun_path, dir, dir_len);
    p->via.sun_path[dir_len] = '/';
    memcpy(p->via.sun_path + dir_len + 1, name, len + 1);
    p->via_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + dir_len + 1 + len + 1);
    return true;
}

static bool is_relative(const struct place *p)
{
    return p->path[0] != '/';
}

/* The directory as an alias's target; `room` of PATH_BYTES. */
static long directory_target(const struct place *p, const struct path_parts *parts, char *room)
{
    return path_absolute(p->path, parts->dir_len, room, PATH_BYTES);
}

/* True when the whole name fits through an alias of its directory. */
static int through_alias(struct place *p, const struct path_parts *parts, char *room)
{
    char dir[ALIAS_PATH_MAX];
    long len = directory_target(p, parts, room);

    if (len < 0 || (len = alias_of(is_relative(p) ? ALIAS_RELATIVE : ALIAS_ABSOLUTE, room, dir)) < 0)
        return (int)len;
    p->alias = true;
    return aim(p, dir, (size_t)len, parts->last) ? 0 : -ENAMETOOLONG;
}

/* --- A last component that is too long ------------------------------------------- */

/* "D/a/" + kind and letters, and what is in it. */
static void note_path(const struct place *p, char kind, bool inside, char path[ALIAS_PATH_MAX])
{
    struct text t = text_into(path, ALIAS_PATH_MAX);

    text_str(&t, alias_prefix());
    text_byte(&t, kind);
    text_str(&t, p->name + 1);
    if (inside) {
        text_byte(&t, '/');
        text_str(&t, p->temporary);
    }
    text_done(&t);
}

static void forget_note(const struct place *p)
{
    char path[ALIAS_PATH_MAX];

    if (!p->name[0])
        return;
    note_path(p, p->name[0], false, path);
    SYS3(SYS_unlinkat, AT_FDCWD, path, 0);
    note_path(p, ALIAS_PREPARED, true, path);
    SYS3(SYS_unlinkat, AT_FDCWD, path, 0);
    note_path(p, ALIAS_PREPARED, false, path);
    SYS3(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

/* Written down before anything is made (domain/alias.h). */
static int write_note(struct place *p, const struct path_parts *parts, char *room)
{
    char path[ALIAS_PATH_MAX];
    long err = path_absolute(p->path, strlen(p->path), room, PATH_BYTES);

    if (!alias_prefix() || err < 0)
        return err < 0 ? (int)err : -ENOENT;
    alias_file_name(is_relative(p) ? ALIAS_FILE_RELATIVE : ALIAS_FILE, reserve_bits(), p->name, p->temporary);
    note_path(p, ALIAS_PREPARED, false, path);
    if ((err = SYS3(SYS_mkdirat, AT_FDCWD, path, 0700)) < 0) {
        p->name[0] = '\0';
        return (int)err;
    }
    SYS3(SYS_fchmodat, AT_FDCWD, path, 0755); /* whatever the umask: others go through */
    note_path(p, ALIAS_PREPARED, true, path);
    err = SYS3(SYS_symlinkat, room, AT_FDCWD, path);
    if (err >= 0 && (err = directory_target(p, parts, room)) >= 0) {
        note_path(p, p->name[0], false, path);
        err = SYS3(SYS_symlinkat, room, AT_FDCWD, path);
    }
    if (err < 0) {
        forget_note(p);
        p->name[0] = '\0';
    }
    return err < 0 ? (int)err : 0;
}

/* Somebody's own file must not be written down as one to be swept. */
static bool is_there(const char *path)
{
    struct stat st;

    return SYS4(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int reserve_noted(struct place *p, const struct path_parts *parts, char *room)
{
    char dir[ALIAS_PATH_MAX];
    int err = is_there(p->path) ? -EADDRINUSE : write_note(p, parts, room);

    if (err)
        return err;
    if ((err = reserve(AT_FDCWD, p->path)) < 0) {
        forget_note(p);
        return err;
    }
    p->reserved = p->alias = true;
    note_path(p, p->name[0], false, dir);
    aim(p, dir, strlen(dir), p->temporary);
    return 0;
}

static int reserve_unnoted(struct place *p, const char *dir, size_t dir_len)
{
    int err = reserve(AT_FDCWD, p->path);

    if (err)
        return err;
    p->reserved = true;
    alias_file_name(ALIAS_FILE, reserve_bits(), p->name, p->temporary);
    p->name[0] = '\0';
    aim(p, dir, dir_len, p->temporary);
    return 0;
}

/* --- Begin -------------------------------------------------------------------- */

/* Without a run, or where its directory cannot be reached. */
static int through_proc(struct place *p, const struct path_parts *parts, const char *dir)
{
    char link[PROCFD_SIZE];
    int fd = sys_openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

    if (fd == -EMFILE || fd == -ENFILE)
        p->helped = true;
    if (fd < 0)
        return p->helped ? 0 : fd;
    size_t len = procfd_path(fd, link, sizeof link);
    p->dir.fd = fd;
    if (procfd_works(link)) {
        int err = aim(p, link, len, parts->last) ? 0 : reserve_unnoted(p, link, len);

        if (err)
            pin_close(&p->dir);
        return err;
    }
    pin_close(&p->dir);
    p->helped = true;
    return 0;
}

static int is_directory(const char *dir)
{
    struct stat st;
    long err = SYS4(SYS_newfstatat, AT_FDCWD, dir, &st, 0);

    return err < 0 ? (int)err : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int choose(struct place *p, const struct path_parts *parts, char *dir, char *room)
{
    path_directory(parts, p->path, dir);
    int err = is_directory(dir);

    if (err)
        return err;
    if (through_alias(p, parts, room) == 0)
        return 0;
    if (p->alias) {
        p->alias = false;
        err = reserve_noted(p, parts, room);
        if (p->reserved || err == -EADDRINUSE || !alias_prefix())
            return err;
        /* The note could not be written, or nothing be reserved: the latter fails again. */
    }
    return through_proc(p, parts, dir);
}

int place_begin(struct place *p, const char *path)
{
    struct path_parts parts = path_split(path);
    char *dir = scratch_take();
    int err = -ENOMEM;

    *p = (struct place){.via.sun_family = AF_UNIX, .path = path, .dir = PIN_NONE};
    _Static_assert(SCRATCH_SIZE >= 2 * PATH_BYTES, "two paths fit");
    if (!dir)
        return err;
    if (!*parts.last) { /* "//...//": the kernel says what it says of "/" */
        p->via.sun_path[0] = '/';
        p->via_len = offsetof(struct sockaddr_un, sun_path) + 2;
        err = 0;
    } else {
        err = choose(p, &parts, dir, dir + PATH_BYTES);
    }
    scratch_give(dir);
    return err;
}

/* --- Helped --------------------------------------------------------------------- */

struct help {
    const struct place *p;
    int fd;
    char *room;
    bool begun;
};

static long bind_here(int fd, const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(name);

    memcpy(un.sun_path, name, len);
    return SYS3(SYS_bind, fd, &un, offsetof(struct sockaddr_un, sun_path) + len);
}

static long bind_reserved(int fd, const char *name)
{
    char alias[ALIAS_NAME_MAX], temporary[ALIAS_TEMPORARY_MAX];
    long err = reserve(AT_FDCWD, name);

    if (err)
        return err;
    alias_file_name(ALIAS_FILE, reserve_bits(), alias, temporary);
    err = bind_here(fd, temporary);
    if (!err && (err = SYS5(SYS_renameat2, AT_FDCWD, temporary, AT_FDCWD, name, 0)) < 0)
        SYS3(SYS_unlinkat, AT_FDCWD, temporary, 0);
    if (err)
        SYS3(SYS_unlinkat, AT_FDCWD, name, 0);
    return err;
}

static long bind_in_directory(void *ctx)
{
    struct help *h = ctx;
    struct path_parts parts = path_split(h->p->path);

    h->begun = true;
    path_directory(&parts, h->p->path, h->room);
    long err = SYS1(SYS_chdir, h->room);
    if (err < 0)
        return err;
    return strlen(parts.last) < SUN_PATH ? bind_here(h->fd, parts.last) : bind_reserved(h->fd, parts.last);
}

int place_helped(const struct place *p, int fd)
{
    struct help h = {p, fd, scratch_take(), false};
    long err = h.room ? helper_run(HELPER_OWN_DIRECTORY, bind_in_directory, &h) : -ENOMEM;

    scratch_give(h.room);
    if (h.room && !h.begun) { /* not what clone(2) said: EAGAIN and EPERM would mean something else */
        err = -EMFILE;
        record_trouble("bind", (int)err, "a path this long needs /proc or a run (sunshim run)");
    }
    return (int)err;
}

/* --- End -------------------------------------------------------------------------- */

/* From the temporary name to the real one; then the note becomes the alias of the file. */
static int settle(struct place *p)
{
    char from[ALIAS_PATH_MAX], to[ALIAS_PATH_MAX];
    long err = SYS5(SYS_renameat2, AT_FDCWD, p->via.sun_path, AT_FDCWD, p->path, 0);

    if (err < 0 || !p->name[0])
        return (int)err;
    note_path(p, p->name[0], false, to);
    SYS3(SYS_unlinkat, AT_FDCWD, to, 0);
    note_path(p, ALIAS_PREPARED, false, from);
    SYS5(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    return 0;
}

static void give_up(struct place *p)
{
    SYS3(SYS_unlinkat, AT_FDCWD, p->via.sun_path, 0);
    SYS3(SYS_unlinkat, AT_FDCWD, p->path, 0);
    forget_note(p);
}

int place_end(struct place *p, int fd, int err)
{
    if (p->reserved && !err)
        err = settle(p);
    if (p->reserved && err)
        give_up(p);
    if (!err && p->alias)
        alias_used();
    else if (!err)
        note_asked(fd, p->path);
    pin_close(&p->dir);
    return err;
}

#include "map.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "policy/text.h"
#include "procfd.h"
#include "scratch.h"
#include "sys.h"

/* A name on its way through the layers. Each writes where the last one did not. */
struct walk {
    const char *now;
    size_t len;
    char *to, *other;
    size_t room;
};

/* 0, or -errno. */
static long pass(struct walk *w, const struct policy *p, bool back)
{
    if (w->now == w->to && !w->other && !(w->other = scratch_take()))
        return -ENOMEM;
    char *out = w->now == w->to ? w->other : w->to;
    long n = back ? policy_unmap(p, w->now, w->len, out, w->room) : policy_map(p, w->now, w->len, out, w->room);

    if (n > 0) {
        w->now = out;
        w->len = (size_t)n;
    }
    return n < 0 ? n : 0;
}

static long walk(const char *path, size_t len, char *to, size_t room, bool back)
{
    struct walk w = {.now = path, .len = len, .to = to, .room = room < PATH_MAX ? room : PATH_MAX};
    long err = 0;

    for (unsigned i = 0, n = state->layer_count; i < n && !err; i++) {
        const struct policy *p = &state->layers[back ? i : n - 1 - i].policy;

        if (policy_map_target(p, 0))
            err = pass(&w, p, back);
    }
    if (!err && w.now == w.other)
        memcpy(to, w.other, w.len + 1);
    scratch_give(w.other);
    return err ? err : w.now == path ? 0 : (long)w.len;
}

/* --- Passed descriptors ---------------------------------------------------------- */

/* "/proc/PID/fd/N" */
static size_t fd_of(int pid, int fd, char *to, size_t room)
{
    struct text t = text_into(to, room);

    text_str(&t, "/proc/");
    text_unsigned(&t, (unsigned)pid);
    text_str(&t, "/fd/");
    text_unsigned(&t, (unsigned)fd);
    text_done(&t);
    return text_len(&t);
}

/* A socket's file; the noted one, if there is a note. */
static bool is_meant(const struct passed *p, const struct stat *st)
{
    return S_ISSOCK(st->st_mode) && (!p->pid || (st->st_dev == p->dev && st->st_ino == p->ino));
}

/* By our own descriptor. Programs close those they don't know: then by the launcher's. */
static long find_passed(const struct passed *p, char *to, size_t room)
{
    struct stat st;
    size_t len = procfd_path(p->fd, to, room);

    if (sys_fstat(p->fd, &st) == 0 && (sys_getflags(p->fd) & O_PATH) && is_meant(p, &st))
        return (long)len;
    len = fd_of(p->pid, p->fd, to, room);
    if (p->pid && SYS4(SYS_newfstatat, AT_FDCWD, to, &st, 0) == 0 && is_meant(p, &st))
        return (long)len;
    return -ENOENT;
}

/* `to` holds "fd:NAME". */
static long lead_to_passed(char *to, size_t len, size_t room)
{
    struct passed p;

    return passed_find(state->passed, to + 3, len - 3, &p) ? find_passed(&p, to, room) : -ENOENT;
}

bool map_is_passed(const char *name)
{
    const char *last = strrchr(name, '/');

    return strncmp(name, "/proc/", 6) == 0 && last - name > 3 && memcmp(last - 3, "/fd", 3) == 0;
}

long map_path(const char *path, char *to, size_t room)
{
    long len = walk(path, strnlen(path, PATH_MAX), to, room, false);

    return len > 0 && to[0] != '/' ? lead_to_passed(to, (size_t)len, room) : len;
}

long map_back(const char *path, size_t len, char *to, size_t room)
{
    return walk(path, len, to, room, true);
}

#include "map.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "scratch.h"

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

long map_path(const char *path, char *to, size_t room)
{
    return walk(path, strnlen(path, PATH_MAX), to, room, false);
}

long map_back(const char *path, size_t len, char *to, size_t room)
{
    return walk(path, len, to, room, true);
}

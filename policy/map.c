/* map FROM -> TO, : names that stand for other names.
 *
 * All names that a path starts with are found from the last one that is not
 * greater than the path: each of them starts that one, too, since it stands
 * between it and the path. Entries know the next shorter one (`up`), so a binary
 * search and a short walk find the longest that fits. */
#include "map.h"

#include <errno.h>

static bool not_after(const char *name, size_t name_len, const char *path, size_t len)
{
    int c = memcmp(name, path, name_len < len ? name_len : len);

    return c ? c < 0 : name_len <= len;
}

/* A directory stands for itself as well, as a symbolic link would. */
static bool fits(const struct map_set *set, const struct blob_map *m, const char *path, size_t len)
{
    return m->name_len <= len && memcmp(set->texts + m->name, path, m->name_len) == 0 &&
           (m->name_len == len || (m->below && path[m->name_len] == '/'));
}

static const struct blob_map *first_that_fits(const struct map_set *set, const struct blob_map *m, const char *path,
                                              size_t len)
{
    while (!fits(set, m, path, len)) {
        if (!m->up)
            return NULL;
        m -= m->up;
    }
    return m;
}

const struct blob_map *map_find(const struct map_set *set, const char *path, size_t len)
{
    const struct blob_map *low = set->maps;

    for (uint32_t n = set->count; n;) {
        uint32_t half = n / 2;

        if (not_after(set->texts + low[half].name, low[half].name_len, path, len)) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low > set->maps ? first_that_fits(set, low - 1, path, len) : NULL;
}

const struct blob_map *map_outer(const struct map_set *set, const struct blob_map *m, const char *path, size_t len)
{
    return m->up ? first_that_fits(set, m - m->up, path, len) : NULL;
}

enum direction { FORTH, BACK };

static struct map_set set_of(const struct policy *p, enum direction way)
{
    const struct blob_profile *profile = blob_profile(p);

    return (struct map_set){
        .maps = BLOB_TABLE(p->blob, struct blob_map, BLOB_MAPS) + profile->maps + way * profile->map_count,
        .count = profile->map_count,
        .texts = blob_at(p->blob, BLOB_STRINGS),
    };
}

/* "//" and "/./", which mean '/', at `at`: bytes to leave out. */
static size_t idle(const char *at, const char *end)
{
    if (end - at > 1 && at[1] == '/')
        return 1;
    return end - at > 2 && at[1] == '.' && at[2] == '/' ? 2 : 0;
}

static bool is_plain(const char *path, size_t len)
{
    const char *end = path + len;

    for (const char *at = path; (at = memchr(at, '/', (size_t)(end - at))) != NULL; at++)
        if (idle(at, end))
            return false;
    return true;
}

/* The name without them; 0: there is no room for it. */
static size_t make_plain(const char *path, size_t len, char *to, size_t room)
{
    size_t n = 0, skip;

    for (const char *at = path, *end = path + len; at < end; at++) {
        while (*at == '/' && (skip = idle(at, end)) != 0)
            at += skip;
        if (n == room)
            return 0;
        to[n++] = *at;
    }
    return n;
}

/* What is about the path, which becomes the plain one. */
static const struct blob_map *find(const struct map_set *set, const char **path, size_t *len, char *to, size_t room)
{
    if (!set->count || !*len || **path != '/')
        return NULL;
    if (!is_plain(*path, *len)) {
        *len = make_plain(*path, *len, to, room);
        *path = to;
    }
    return *len ? map_find(set, *path, *len) : NULL;
}

static long follow(const struct policy *p, enum direction way, const char *path, size_t len, char *to, size_t room)
{
    struct map_set set = set_of(p, way);
    const struct blob_map *m = find(&set, &path, &len, to, room);

    if (!m)
        return 0;
    size_t head = m->to_len, tail = len - m->name_len, root = !(head + tail); /* "/" is of no length here */
    if (head + tail + root >= room)
        return -ENAMETOOLONG;
    memmove(to + head, path + m->name_len, tail);
    memcpy(to, root ? "/" : set.texts + m->to, head + root);
    to[head + tail + root] = '\0';
    return (long)(head + tail + root);
}

long policy_map(const struct policy *p, const char *path, size_t len, char *to, size_t room)
{
    return follow(p, FORTH, path, len, to, room);
}

long policy_unmap(const struct policy *p, const char *path, size_t len, char *to, size_t room)
{
    return follow(p, BACK, path, len, to, room);
}

uint32_t policy_map_rule(const struct policy *p, const char *path, size_t len, char *to, size_t room)
{
    struct map_set set = set_of(p, FORTH);
    const struct blob_map *m = find(&set, &path, &len, to, room);

    return m ? m->source : POLICY_RULE_NONE;
}

const char *policy_map_target(const struct policy *p, unsigned i)
{
    struct map_set set = set_of(p, FORTH);

    return i < set.count ? set.texts + set.maps[i].to : NULL;
}

/* Which rule `map` is about a name. Private to policy/. */
#ifndef SUNSHIM_POLICY_MAP_H
#define SUNSHIM_POLICY_MAP_H

#include "blob.h"

/* One direction of a profile's maps, sorted by name; of two with the same name the one
 * that is for all below it comes first. */
struct map_set {
    const struct blob_map *maps;
    uint32_t count;
    const char *texts; /* where names and targets stand */
};

/* The entry with the longest name that `path` is, or is below; NULL: there is none. */
const struct blob_map *map_find(const struct map_set *set, const char *path, size_t len);
/* The next after `m`, which map_find() gave for that path. */
const struct blob_map *map_outer(const struct map_set *set, const struct blob_map *m, const char *path, size_t len);

/* Whether a TO is no path but "fd:NAME". */
static inline bool map_is_passed(const char *to)
{
    return *to == 'f';
}

/* Whether all of entry `a`'s name starts entry `b`'s. */
static inline bool map_starts(const char *texts, const struct blob_map *a, const struct blob_map *b)
{
    return a->name_len <= b->name_len && memcmp(texts + a->name, texts + b->name, a->name_len) == 0;
}

#endif

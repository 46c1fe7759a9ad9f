/* Descriptors that rules `map FROM -> fd:NAME,` lead to. */
#include "map.h"

bool policy_passed_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char letter = name[i] | ' ';

        if ((letter < 'a' || letter > 'z') && (name[i] < '-' || name[i] > '9' || name[i] == '/') && name[i] != '_')
            return false;
    }
    return len && len <= POLICY_PASSED_MAX;
}

/* Whether `m` is the first rule of a profile to a descriptor. In order of their TO the first stands last. */
static bool is_first(const char *texts, const struct blob_map *m, const struct blob_map *end)
{
    return map_is_passed(texts + m->name) && (m + 1 == end || strcmp(texts + m->name, texts + m[1].name) != 0);
}

static bool came_before(const char *texts, const struct blob_map *at, const struct blob_map *m)
{
    const char *name = texts + m->name;

    for (; at < m; at++)
        if (strcmp(texts + at->name, name) == 0 && is_first(texts, at, m + 1))
            return true;
    return false;
}

const char *policy_map_passed(const struct policy *p, unsigned i, uint32_t *rule)
{
    const struct blob_header *h = p->blob;
    const struct blob_map *all = blob_at(p->blob, BLOB_MAPS), *end = all + h->tables[BLOB_MAPS].count;
    const char *texts = blob_at(p->blob, BLOB_STRINGS);

    for (const struct blob_map *m = all; m < end; m++)
        if (is_first(texts, m, end) && !came_before(texts, all, m) && !i--) {
            *rule = m->source;
            return texts + m->name + 3;
        }
    return NULL;
}

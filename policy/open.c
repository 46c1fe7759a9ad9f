/* Checks a compiled policy so that no later reader has to: every index is below
 * its table's count, every program of a glob ends inside its bytes and only
 * jumps forward, every string is terminated. What a damaged policy then decides
 * may be nonsense, but reading it stays in bounds and comes to an end. */
#include "build.h"

#include <errno.h>
#include <string.h>

struct check {
    const void *blob;
    const struct blob_header *h;
};

static bool below(const struct check *c, enum blob_table t, uint32_t index)
{
    return index < c->h->tables[t].count;
}

static bool range(const struct check *c, enum blob_table t, uint32_t first, uint32_t n)
{
    return n <= c->h->tables[t].count && first <= c->h->tables[t].count - n;
}

static bool check_spans(const struct check *c, size_t len)
{
    if (c->h->size > len || c->h->size > INT32_MAX || c->h->size < sizeof *c->h)
        return false;
    for (int t = 0; t < BLOB_TABLES; t++) {
        const struct blob_span *s = &c->h->tables[t];
        if (s->at % 8 || s->at < sizeof *c->h || s->at > c->h->size ||
            s->count > (c->h->size - s->at) / table_record(t))
            return false;
    }
    return true;
}

static bool check_strings(const struct check *c)
{
    const char *strings = blob_at(c->blob, BLOB_STRINGS);
    const struct blob_source *s = blob_at(c->blob, BLOB_SOURCES);
    uint32_t n = c->h->tables[BLOB_STRINGS].count;

    if (!n || strings[n - 1] || !below(c, BLOB_STRINGS, c->h->name))
        return false;
    for (uint32_t i = 0; i < c->h->tables[BLOB_SOURCES].count; i++)
        if (!below(c, BLOB_STRINGS, s[i].file) || !range(c, BLOB_STRINGS, s[i].text, s[i].text_len))
            return false;
    return true;
}

enum { START_WORDS = (GLOB_CODE_MAX + 63) / 64 };

/* Whether every element of a program lies inside it and what it names exists;
 * marks where elements start. */
static bool check_elements(const struct blob_glob *g, const uint8_t *code, uint64_t *starts)
{
    uint32_t at = 0;

    while (at < g->len) {
        starts[at / 64] |= (uint64_t)1 << (at % 64);
        if (code[at] == GLOB_END)
            return at == g->len - 1u;
        if (at + glob_step(code + at) >= g->len)
            return false;
        if (code[at] == GLOB_CLASS && code[at + 1] >= g->set_count)
            return false;
        at += glob_step(code + at);
    }
    return false;
}

static bool check_jumps(const struct blob_glob *g, const uint8_t *code, const uint64_t *starts)
{
    for (uint32_t at = 0; at < g->len; at += glob_step(code + at)) {
        if (code[at] != GLOB_ALT && code[at] != GLOB_JUMP)
            continue;
        uint32_t distance = glob_distance(code + at), to = at + distance;
        if (!distance && code[at] == GLOB_ALT)
            continue;
        if (!distance || to >= g->len || !(starts[to / 64] >> (to % 64) & 1))
            return false;
    }
    return true;
}

static bool check_glob(const struct check *c, const struct blob_glob *g)
{
    const uint8_t *bytes = blob_at(c->blob, BLOB_BYTES);
    uint64_t starts[START_WORDS];

    if (!g->len || g->len > GLOB_CODE_MAX || g->hard > 1 || !range(c, BLOB_BYTES, g->code, g->len) ||
        !range(c, BLOB_BYTES, g->sets, 32u * g->set_count))
        return false;
    memset(starts, 0, (g->len / 64 + 1u) * sizeof *starts);
    return check_elements(g, bytes + g->code, starts) && check_jumps(g, bytes + g->code, starts);
}

static bool check_globs(const struct check *c)
{
    const struct blob_glob *g = blob_at(c->blob, BLOB_GLOBS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_GLOBS].count; i++)
        if (!check_glob(c, &g[i]))
            return false;
    return true;
}

static bool check_conds(const struct check *c)
{
    const struct blob_cond *cond = blob_at(c->blob, BLOB_CONDS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_CONDS].count; i++)
        if (cond[i].ip_bits > 128 || !range(c, BLOB_GLOBS, cond[i].globs, cond[i].glob_count))
            return false;
    return true;
}

static bool check_rules(const struct check *c)
{
    const struct blob_rule *r = blob_at(c->blob, BLOB_RULES);

    for (uint32_t i = 0; i < c->h->tables[BLOB_RULES].count; i++)
        if (!below(c, BLOB_CONDS, r[i].conds[0]) || !below(c, BLOB_CONDS, r[i].conds[1]) ||
            !range(c, BLOB_GLOBS, r[i].labels, r[i].label_count) || !below(c, BLOB_SOURCES, r[i].source))
            return false;
    return true;
}

static bool check_profile(const struct check *c, const struct blob_profile *p)
{
    if ((p->name != BLOB_NONE && !below(c, BLOB_STRINGS, p->name)) ||
        !range(c, BLOB_GLOBS, p->attachments, p->attachment_count) ||
        !range(c, BLOB_RULES, p->rules, p->rule_count))
        return false;
    return true;
}

static bool check_profiles(const struct check *c)
{
    const struct blob_profile *p = blob_at(c->blob, BLOB_PROFILES);

    for (uint32_t i = 0; i < c->h->tables[BLOB_PROFILES].count; i++)
        if (!check_profile(c, &p[i]))
            return false;
    return c->h->tables[BLOB_PROFILES].count > 0;
}

int policy_open(struct policy *p, const void *blob, size_t len)
{
    struct check c = {.blob = blob, .h = blob};

    if (len < sizeof *c.h || (uintptr_t)blob % 8 || c.h->magic != BLOB_MAGIC || c.h->version != BLOB_VERSION)
        return -EINVAL;
    if (!check_spans(&c, len) || !check_strings(&c) || !check_globs(&c) || !check_conds(&c) ||
        !check_rules(&c) || !check_profiles(&c))
        return -EINVAL;
    *p = (struct policy){.blob = blob, .len = c.h->size};
    return 0;
}

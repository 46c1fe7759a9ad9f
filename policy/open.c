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
    if (c->h->uses & ~(uint32_t)(POLICY_USES_MEMORY | POLICY_USES_INHERIT | POLICY_USES_MAP | POLICY_USES_INJECT))
        return false;
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

/* Whether every element of a program lies inside it and what it names exists. */
static bool check_elements(const struct blob_glob *g, const uint8_t *code, bool *jumps)
{
    for (uint32_t at = 0; (at = glob_skip_literals(code, at, g->len)) < g->len; at += glob_step(code + at)) {
        if (code[at] == GLOB_END)
            return at == g->len - 1u;
        if (at + glob_step(code + at) >= g->len || (code[at] == GLOB_CLASS && code[at + 1] >= g->set_count))
            return false;
        *jumps |= code[at] == GLOB_ALT || code[at] == GLOB_JUMP;
    }
    return false;
}

enum { START_WORDS = (GLOB_CODE_MAX + 63) / 64 };

static bool check_jump(const struct blob_glob *g, const uint8_t *code, uint32_t at, const uint64_t *starts)
{
    uint32_t distance = glob_distance(code + at), to = at + distance;

    if (code[at] != GLOB_ALT && code[at] != GLOB_JUMP)
        return true;
    if (!distance)
        return code[at] == GLOB_ALT;
    return to < g->len && starts[to / 64] >> (to % 64) & 1;
}

/* Jumps lead forward, to where an element starts. */
static bool check_jumps(const struct blob_glob *g, const uint8_t *code)
{
    uint64_t starts[START_WORDS];

    memset(starts, 0, sizeof starts);
    for (uint32_t at = 0; at < g->len; at += glob_step(code + at))
        starts[at / 64] |= (uint64_t)1 << (at % 64);
    for (uint32_t at = 0; at < g->len; at += glob_step(code + at))
        if (!check_jump(g, code, at, starts))
            return false;
    return true;
}

static bool check_glob(const struct check *c, const struct blob_glob *g)
{
    const uint8_t *code = BLOB_TABLE(c->blob, uint8_t, BLOB_BYTES) + g->code;
    bool jumps = false;

    if (!g->len || g->len > GLOB_CODE_MAX || g->hard > 1 || !range(c, BLOB_BYTES, g->code, g->len) ||
        !range(c, BLOB_BYTES, g->sets, 32u * g->set_count) || !check_elements(g, code, &jumps))
        return false;
    return !jumps || check_jumps(g, code);
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
            !below(c, BLOB_MORES, r[i].more) || !below(c, BLOB_SOURCES, r[i].source) ||
            (r[i].flags & RULE_INJECT && !below(c, BLOB_INJECTS, (uint32_t)r[i].err)))
            return false;
    return true;
}

static bool check_injects(const struct check *c)
{
    const struct policy_inject *i = blob_at(c->blob, BLOB_INJECTS);
    uint32_t count = c->h->tables[BLOB_INJECTS].count;

    for (uint32_t n = 0; n < count; n++)
        if (i[n].number != n || !i[n].step || !below(c, BLOB_SOURCES, i[n].rule) || i[n].err < 0 || i[n].err > 4095)
            return false;
    return count <= POLICY_INJECTS_MAX;
}

static bool check_mores(const struct check *c)
{
    const struct blob_more *m = blob_at(c->blob, BLOB_MORES);

    for (uint32_t i = 0; i < c->h->tables[BLOB_MORES].count; i++)
        if (!range(c, BLOB_GLOBS, m[i].labels, m[i].label_count) ||
            !range(c, BLOB_GLOBS, m[i].exes, m[i].exe_count) || m[i].bound > POLICY_SCOPE_OUTSIDE ||
            m[i].made > POLICY_SCOPE_OUTSIDE)
            return false;
    return true;
}

/* --- The index --------------------------------------------------------- */

static bool check_accept(const struct check *c, uint32_t accept)
{
    if (accept & ACCEPT_DIRECT)
        return accept_kind(accept) < ACCEPT_KINDS && below(c, BLOB_LISTS, accept & ACCEPT_LIST);
    return below(c, BLOB_ACCEPTS, accept);
}

/* Children come after their parents: following them comes to an end. */
static bool check_nodes(const struct check *c)
{
    const struct blob_node *n = blob_at(c->blob, BLOB_NODES);
    uint32_t count = c->h->tables[BLOB_NODES].count;

    if (!count || c->h->tables[BLOB_FIRSTS].count != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!range(c, BLOB_BYTES, n[i].text, n[i].len) || !check_accept(c, n[i].accept) ||
            !range(c, BLOB_NODES, n[i].child, n[i].children) || (n[i].children && n[i].child <= i))
            return false;
    return true;
}

static bool check_accepts(const struct check *c)
{
    const struct blob_accept *a = blob_at(c->blob, BLOB_ACCEPTS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_ACCEPTS].count; i++) {
        for (int kind = 0; kind < ACCEPT_KINDS; kind++)
            if (!below(c, BLOB_LISTS, a[i].lists[kind]))
                return false;
        for (int filter = 0; filter < FILTERS; filter++)
            if (!below(c, BLOB_FILTERS, a[i].filters[filter]))
                return false;
        if (!range(c, BLOB_TAILS, a[i].tails, a[i].tail_count) || !below(c, BLOB_NODES, a[i].ports) ||
            a[i].pair_bits > 16 || a[i].pair_bits == 1 || a[i].pair_bits == 2 ||
            !range(c, BLOB_BYTES, a[i].pairs, (1u << a[i].pair_bits) / 8))
            return false;
    }
    return true;
}

static bool is_element(const struct check *c, const struct blob_tail *t)
{
    const struct blob_glob *g = BLOB_TABLE(c->blob, struct blob_glob, BLOB_GLOBS) + t->glob;
    const uint8_t *code = BLOB_TABLE(c->blob, uint8_t, BLOB_BYTES) + g->code;
    uint32_t at = 0;

    while ((at = glob_skip_literals(code, at, t->from < g->len ? t->from : g->len)) < t->from && at < g->len)
        at += glob_step(code + at);
    return at == t->from && at + t->suffix < g->len;
}

static bool check_tails(const struct check *c)
{
    const struct blob_tail *t = blob_at(c->blob, BLOB_TAILS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_TAILS].count; i++)
        if (!below(c, BLOB_GLOBS, t[i].glob) || !below(c, BLOB_LISTS, t[i].list) || !is_element(c, &t[i]))
            return false;
    return true;
}

static bool check_filter(const struct check *c, const struct blob_filter *f)
{
    const uint32_t *bucket = BLOB_TABLE(c->blob, uint32_t, BLOB_BUCKETS) + f->buckets;
    uint32_t n;

    if (f->bits < 1 || f->bits > 20 ||
        !range(c, BLOB_BUCKETS, f->buckets, (1u << f->bits) + 1))
        return false;
    for (n = 0; n < 1u << f->bits; n++)
        if (bucket[n] > bucket[n + 1])
            return false;
    return bucket[n] <= c->h->tables[BLOB_TAILS].count;
}

static bool check_filters(const struct check *c)
{
    const struct blob_filter *f = blob_at(c->blob, BLOB_FILTERS);

    for (uint32_t i = 1; i < c->h->tables[BLOB_FILTERS].count; i++)
        if (!check_filter(c, &f[i]))
            return false;
    return true;
}

static bool check_lists(const struct check *c)
{
    const struct blob_list *l = blob_at(c->blob, BLOB_LISTS);
    const struct blob_entry *e = blob_at(c->blob, BLOB_ENTRIES);

    for (uint32_t i = 0; i < c->h->tables[BLOB_LISTS].count; i++) {
        uint64_t end = l[i].entries;
        for (int part = 0; part < PARTS; part++)
            end += l[i].counts[part];
        if (end > c->h->tables[BLOB_ENTRIES].count)
            return false;
    }
    for (uint32_t i = 0; i < c->h->tables[BLOB_ENTRIES].count; i++)
        if (!below(c, BLOB_RULES, e[i].rule))
            return false;
    return true;
}

static bool check_slots(const struct check *c)
{
    const struct blob_slot *s = blob_at(c->blob, BLOB_SLOTS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_SLOTS].count; i++)
        if (!below(c, BLOB_LISTS, s[i].list))
            return false;
    return true;
}

/* A path or "fd:NAME". What is of no length here is "/". */
static bool check_map_end(const struct check *c, uint32_t at, uint32_t len, bool below_it)
{
    const char *text = BLOB_TABLE(c->blob, char, BLOB_STRINGS) + at;

    return range(c, BLOB_STRINGS, at, len) && below(c, BLOB_STRINGS, at + len) &&
           (*text == '/' || (!below_it && len > 3 && !memcmp(text, "fd:", 3) && !text[len] &&
                             policy_passed_name(text + 3, len - 3)));
}

/* What each goes up to comes before it: following them comes to an end. */
static bool check_maps(const struct check *c)
{
    const struct blob_map *m = blob_at(c->blob, BLOB_MAPS);

    for (uint32_t i = 0; i < c->h->tables[BLOB_MAPS].count; i++)
        if (!check_map_end(c, m[i].name, m[i].name_len, m[i].below) ||
            !check_map_end(c, m[i].to, m[i].to_len, m[i].below) || m[i].up > i || !below(c, BLOB_SOURCES, m[i].source))
            return false;
    return true;
}

static bool check_index(const struct check *c)
{
    return check_nodes(c) && check_accepts(c) && check_tails(c) && check_filters(c) && check_lists(c) &&
           check_slots(c);
}

/* --- Profiles ---------------------------------------------------------- */

static bool check_roots(const struct check *c, const struct blob_roots *r)
{
    return below(c, BLOB_NODES, r->path) && below(c, BLOB_NODES, r->abstract) &&
           below(c, BLOB_NODES, r->inet) && below(c, BLOB_NODES, r->inet6) && below(c, BLOB_LISTS, r->none) &&
           below(c, BLOB_LISTS, r->automatic) && below(c, BLOB_LISTS, r->any_path);
}

static bool check_profile(const struct check *c, const struct blob_profile *p)
{
    if ((p->name != BLOB_NONE && !below(c, BLOB_STRINGS, p->name)) ||
        !range(c, BLOB_GLOBS, p->attachments, p->attachment_count) ||
        !range(c, BLOB_RULES, p->rules, p->rule_count) || p->groups > POLICY_FAMILIES + 2 ||
        !range(c, BLOB_SLOTS, p->slots, p->groups * SLOT_PERMS) || p->map_count > INT32_MAX ||
        !range(c, BLOB_MAPS, p->maps, 2 * p->map_count) || !range(c, BLOB_RULES, p->injects, p->inject_count))
        return false;
    for (uint32_t i = p->injects; i < p->injects + p->inject_count; i++)
        if (!(BLOB_TABLE(c->blob, struct blob_rule, BLOB_RULES)[i].flags & RULE_INJECT))
            return false;
    for (int i = 0; i < POLICY_FAMILIES + 2; i++)
        if (p->group[i] >= p->groups)
            return false;
    return check_roots(c, &p->roots[0]) && check_roots(c, &p->roots[1]);
}

static bool check_profiles(const struct check *c)
{
    const struct blob_profile *p = blob_at(c->blob, BLOB_PROFILES);

    for (uint32_t i = 0; i < c->h->tables[BLOB_PROFILES].count; i++)
        if (!check_profile(c, &p[i]))
            return false;
    return c->h->tables[BLOB_PROFILES].count > 0;
}

int policy_adopt(struct policy *p, const void *blob, size_t len)
{
    const struct blob_header *h = blob;

    if (len < sizeof *h || (uintptr_t)blob % 8 || h->magic != BLOB_MAGIC || h->version != BLOB_VERSION ||
        h->size < sizeof *h || h->size > len)
        return -EINVAL;
    *p = (struct policy){.blob = blob, .len = h->size};
    return 0;
}

int policy_open(struct policy *p, const void *blob, size_t len)
{
    struct check c = {.blob = blob, .h = blob};
    struct policy adopted;

    if (policy_adopt(&adopted, blob, len) < 0)
        return -EINVAL;
    if (!check_spans(&c, len) || !check_strings(&c) || !check_globs(&c) || !check_conds(&c) ||
        !check_rules(&c) || !check_injects(&c) || !check_mores(&c) || !check_index(&c) || !check_maps(&c) || !check_profiles(&c))
        return -EINVAL;
    *p = (struct policy){.blob = blob, .len = c.h->size};
    return 0;
}

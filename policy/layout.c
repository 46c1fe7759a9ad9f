/* Rules -> compiled policy: the tables that do not depend on the index, and
 * joining all of them. */
#include "build.h"

#include "index.h"

#include <errno.h>
#include <string.h>

uint32_t table_record(enum blob_table t)
{
    static const uint8_t sizes[BLOB_TABLES] = {
        [BLOB_STRINGS] = 1,
        [BLOB_BYTES] = 1,
        [BLOB_SOURCES] = sizeof(struct blob_source),
        [BLOB_PROFILES] = sizeof(struct blob_profile),
        [BLOB_RULES] = sizeof(struct blob_rule),
        [BLOB_CONDS] = sizeof(struct blob_cond),
        [BLOB_MORES] = sizeof(struct blob_more),
        [BLOB_GLOBS] = sizeof(struct blob_glob),
        [BLOB_NODES] = sizeof(struct blob_node),
        [BLOB_FIRSTS] = 1,
        [BLOB_ACCEPTS] = sizeof(struct blob_accept),
        [BLOB_TAILS] = sizeof(struct blob_tail),
        [BLOB_FILTERS] = sizeof(struct blob_filter),
        [BLOB_BUCKETS] = sizeof(uint32_t),
        [BLOB_LISTS] = sizeof(struct blob_list),
        [BLOB_ENTRIES] = sizeof(struct blob_entry),
        [BLOB_SLOTS] = sizeof(struct blob_slot),
        [BLOB_MAPS] = sizeof(struct blob_map),
        [BLOB_INJECTS] = sizeof(struct policy_inject),
    };

    return sizes[t];
}

void *build_alloc(struct build *b, size_t size)
{
    void *p = b->err ? NULL : arena_alloc(b->arena, size, 16);

    if (!p && !b->err)
        b->err = -ENOMEM;
    return p;
}

static bool grow(struct build *b, enum blob_table t, uint32_t room)
{
    struct table *table = &b->tables[t];

    if ((uint64_t)room * table_record(t) > UINT32_MAX / 2) {
        b->err = b->err ? b->err : -E2BIG;
        return false;
    }
    unsigned char *data = build_alloc(b, (size_t)room * table_record(t));
    if (!data)
        return false;
    if (table->count)
        memcpy(data, table->data, (size_t)table->count * table_record(t));
    table->data = data;
    table->room = room;
    return true;
}

/* Each time at least as much again: this may be called for each of many profiles. */
void table_expect(struct build *b, enum blob_table t, uint32_t n)
{
    uint32_t count = b->tables[t].count;

    if (n > b->tables[t].room - count)
        grow(b, t, count + (n > count ? n : count));
}

static void *add_slowly(struct build *b, enum blob_table t, uint32_t n)
{
    struct table *table = &b->tables[t];

    if (!grow(b, t, 2 * table->count + n + 16)) {
        memset(b->spare, 0, sizeof b->spare);
        return n == 1 ? b->spare : NULL;
    }
    return table_add(b, t, n);
}

void *table_add(struct build *b, enum blob_table t, uint32_t n)
{
    struct table *table = &b->tables[t];

    if (n > table->room - table->count)
        return add_slowly(b, t, n);
    table->count += n;
    return table->data + (size_t)(table->count - n) * table_record(t);
}

uint32_t table_bytes(struct build *b, const void *bytes, uint32_t n)
{
    uint32_t at = table_count(b, BLOB_BYTES);
    void *to = n ? table_add(b, BLOB_BYTES, n) : NULL;

    if (to && to != b->spare)
        memcpy(to, bytes, n);
    return at;
}

static uint32_t string(struct build *b, const char *s, size_t len)
{
    uint32_t at = table_count(b, BLOB_STRINGS);
    char *to = len < UINT32_MAX / 4 ? table_add(b, BLOB_STRINGS, (uint32_t)len + 1) : NULL;

    if (to && len && !b->err)
        memcpy(to, s, len);
    return at;
}

static void sources(struct build *b)
{
    const char *last = NULL;
    uint32_t file = 0;

    table_expect(b, BLOB_SOURCES, b->set->source_count);
    for (uint32_t i = 0; i < b->set->source_count; i++) {
        const struct rule_source *from = &b->set->sources[i];
        struct blob_source *out = table_add(b, BLOB_SOURCES, 1);
        size_t len = b->keep_text && from->text ? from->text_len : 0;

        if (from->file != last && (!last || strcmp(from->file, last) != 0))
            file = string(b, from->file, strlen(from->file));
        last = from->file;
        *out = (struct blob_source){.file = file, .line = from->line, .deny = from->deny, .inject = from->inject};
        if (len) {
            out->text_len = (uint32_t)len & 0x3fffffff;
            out->text = string(b, from->text, len);
        }
    }
}

static bool asks_more(const struct rule *r)
{
    return r->labels || r->exes || r->bound || r->made || r->uid_given || r->fd_given;
}

/* Rules that follow each other with the same conditions share them. */
static uint32_t lay_more(struct build *b, const struct rule *from)
{
    uint32_t last = table_count(b, BLOB_MORES) - 1;
    struct blob_more more = {.bound = (uint8_t)from->bound,
                             .made = (uint8_t)from->made,
                             .uid_given = from->uid_given,
                             .fd_given = from->fd_given,
                             .uid = from->uid_given ? from->uid : 0,
                             .fd_low = from->fd_given ? from->fd_low : 0,
                             .fd_high = from->fd_given ? from->fd_high : 0,
                             .label_count = from->labels ? from->label_count : 0,
                             .exe_count = from->exes ? from->exe_count : 0};

    if (more.label_count)
        more.labels = globs_add(b, from->labels, from->label_count);
    if (more.exe_count)
        more.exes = globs_add(b, from->exes, from->exe_count);
    if (memcmp(&more, TABLE(b, struct blob_more, BLOB_MORES) + last, sizeof more) == 0)
        return last;
    memcpy(table_add(b, BLOB_MORES, 1), &more, sizeof more);
    return last + 1;
}

/* Permissions as rules of the blob have them. */
static uint16_t perms_of(const struct rule *r, bool mediates_inherit)
{
    uint32_t perms = mediates_inherit ? r->perms : r->perms & ~(uint32_t)POLICY_INHERIT;

    return (uint16_t)(perms & POLICY_INHERIT && r->fd_given ? perms | PERM_EXEMPT : perms);
}

/* Profiles share what their versions of a rule do, and so its count. */
static void lay_inject(struct build *b, const struct rule *from, struct blob_rule *out)
{
    uint32_t n = table_count(b, BLOB_INJECTS), i = 0;
    struct policy_inject *one = TABLE(b, struct policy_inject, BLOB_INJECTS);

    for (; i < n && one->rule != from->source; i++)
        one++;
    if (i == n) {
        one = table_add(b, BLOB_INJECTS, 1);
        *one = *from->inject;
        one->number = n;
        one->rule = from->source;
    }
    one->needs |= slots_facts(b, out);
    out->flags = RULE_INJECT;
    out->err = (int32_t)i;
}

static void lay_rule(struct build *b, const struct rule *from, bool mediates_inherit)
{
    struct blob_rule *out;

    if (b->injects != (from->inject != NULL))
        return;
    out = table_add(b, BLOB_RULES, 1);
    *out = (struct blob_rule){
        .families = from->families,
        .types = from->types,
        .protocol = from->protocol < 0 ? -1 : from->protocol,
        .perms = perms_of(from, mediates_inherit),
        .flags = (uint16_t)((from->deny ? RULE_DENY : 0) | (from->audit ? RULE_AUDIT : 0) |
                            (from->quiet ? RULE_QUIET : 0)),
        .source = from->source,
        .err = from->err ? from->err : EACCES,
    };
    if (asks_more(from))
        out->more = lay_more(b, from);
    out->conds[SIDE_LOCAL] = conds_add(b, &from->local);
    out->conds[SIDE_PEER] = conds_add(b, &from->peer);
    if (from->inject)
        lay_inject(b, from, out);
}

/* "The first in the file" decides, and a profile's rules end with the bare ones
 * from elsewhere in it: merges the ascending runs. */
static void in_file_order(const struct rule **rules, const struct rule **spare, uint32_t n)
{
    for (;;) {
        uint32_t mid = 1, end, a = 0, c, out = 0;

        while (mid < n && rules[mid - 1]->source <= rules[mid]->source)
            mid++;
        if (mid >= n)
            return;
        for (end = mid + 1; end < n && rules[end - 1]->source <= rules[end]->source; end++)
            ;
        for (c = mid; a < mid || c < end;)
            spare[out++] = a < mid && (c == end || rules[a]->source <= rules[c]->source) ? rules[a++]
                                                                                         : rules[c++];
        memcpy(rules, spare, end * sizeof *rules);
    }
}

static void lay_out_of_order(struct build *b, const struct profile *from, bool mediates_inherit)
{
    const struct rule **order = build_alloc(b, (2 * (size_t)from->rule_count + 1) * sizeof *order);

    if (!order)
        return;
    for (uint32_t i = 0; i < from->rule_count; i++)
        order[i] = &from->rules[i];
    in_file_order(order, order + from->rule_count, from->rule_count);
    for (uint32_t i = 0; i < from->rule_count; i++)
        lay_rule(b, order[i], mediates_inherit);
}

static void lay_rules(struct build *b, const struct profile *from, bool mediates_inherit)
{
    uint32_t n = from->rule_count, i = 1;

    table_expect(b, BLOB_RULES, n);
    while (i < n && from->rules[i - 1].source <= from->rules[i].source)
        i++;
    if (i < n) {
        lay_out_of_order(b, from, mediates_inherit);
        return;
    }
    for (i = 0; i < n; i++)
        lay_rule(b, &from->rules[i], mediates_inherit);
}

static uint32_t uses_of(const struct profile *p)
{
    uint32_t uses = p->maps.count ? POLICY_USES_MAP : 0;

    for (uint32_t i = 0; i < p->rule_count; i++) {
        const struct rule *r = &p->rules[i];

        uses |= r->bound || r->made || r->labels ? POLICY_USES_MEMORY : 0;
        uses |= r->names_inherit ? POLICY_USES_INHERIT : 0;
        uses |= r->inject ? POLICY_USES_INJECT : 0;
    }
    return uses;
}

/* Where the texts of all maps were put. */
static uint32_t lay_map_texts(struct build *b)
{
    uint32_t at = table_count(b, BLOB_STRINGS), n = b->set->map_text_len;
    void *to = n ? table_add(b, BLOB_STRINGS, n) : NULL;

    if (to && !b->err)
        memcpy(to, b->set->map_texts, n);
    return at;
}

static uint32_t lay_maps(struct build *b, const struct profile_maps *from, uint32_t texts)
{
    uint32_t at = table_count(b, BLOB_MAPS), n = 2 * from->count;
    struct blob_map *to = n ? table_add(b, BLOB_MAPS, n) : NULL;

    for (uint32_t i = 0; i < n && to && !b->err; i++) {
        to[i] = from->maps[i];
        to[i].name += texts;
        to[i].to += texts;
    }
    return at;
}

static void profiles(struct build *b)
{
    const struct profile_maps *bare = &b->set->profiles[0].maps;
    uint32_t texts = lay_map_texts(b), bare_maps = lay_maps(b, bare, texts);

    for (uint32_t i = 0; i < b->set->profile_count && !b->err; i++) {
        const struct profile *from = &b->set->profiles[i];
        uint32_t uses = uses_of(from);
        struct blob_profile out = {
            .name = from->name ? string(b, from->name, strlen(from->name)) : BLOB_NONE,
            .complain = from->complain,
            .default_allow = from->default_allow,
            .mediates_inherit = (uses & POLICY_USES_INHERIT) != 0,
            .attachment_count = from->attachment_count,
            .attachments = globs_add(b, from->attachments, from->attachment_count),
            .rules = table_count(b, BLOB_RULES),
            .maps = from->maps.maps == bare->maps ? bare_maps : lay_maps(b, &from->maps, texts),
            .map_count = from->maps.count,
        };

        lay_rules(b, from, uses & POLICY_USES_INHERIT);
        out.injects = table_count(b, BLOB_RULES);
        out.rule_count = out.injects - out.rules;
        b->injects = true;
        if (uses & POLICY_USES_INJECT)
            lay_rules(b, from, false);
        b->injects = false;
        out.inject_count = table_count(b, BLOB_RULES) - out.injects;
        b->uses |= uses;
        if (!b->err)
            index_profile(b, &out);
        memcpy(table_add(b, BLOB_PROFILES, 1), &out, sizeof out);
    }
}

static int join(struct build *b, uint32_t name, const void **blob, size_t *len)
{
    size_t size = (sizeof(struct blob_header) + 15) & ~(size_t)15;
    struct blob_header head = {.magic = BLOB_MAGIC, .version = BLOB_VERSION, .name = name, .uses = b->uses};

    for (int t = 0; t < BLOB_TABLES; t++) {
        head.tables[t] = (struct blob_span){(uint32_t)size, b->tables[t].count};
        size += ((size_t)b->tables[t].count * table_record(t) + 15) & ~(size_t)15;
        if (size > INT32_MAX)
            return -E2BIG;
    }
    head.size = (uint32_t)size;
    unsigned char *out = build_alloc(b, size);
    if (!out)
        return b->err;
    memcpy(out, &head, sizeof head);
    for (int t = 0; t < BLOB_TABLES; t++)
        if (b->tables[t].count)
            memcpy(out + head.tables[t].at, b->tables[t].data, (size_t)b->tables[t].count * table_record(t));
    *blob = out;
    *len = size;
    return 0;
}

int policy_layout(const struct ruleset *rules, bool keep_text, struct arena *arena, const void **blob,
                  size_t *len)
{
    struct build b = {.arena = arena, .set = rules, .keep_text = keep_text};

    string(&b, "", 0);
    uint32_t name = string(&b, rules->name ? rules->name : "-", rules->name ? strlen(rules->name) : 1);
    if (conds_start(&b))
        return b.err;
    index_start(&b);
    sources(&b);
    profiles(&b);
    return b.err ? b.err : join(&b, name, blob, len);
}

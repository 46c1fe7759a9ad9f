/* Gathers rules and turns them into the ruleset that the compiler reads. */
#include "parse.h"

#include <string.h>

void begin_rule(struct parser *p, const char *at)
{
    p->failed = p->named = false;
    p->rule_source = UINT32_MAX;
    p->rule_at = at;
    p->rule_end = at;
    if (!p->again)
        p->rule_line = line_of(p->src, at);
}

/* How many rules a text of so many bytes has at most, most of the time. */
static uint32_t expected(const struct parser *p)
{
    uint32_t n = (uint32_t)(p->text_bytes / 48) + 4;

    return n < 4096 ? n : 4096;
}

static bool number_rule(struct parser *p, bool deny)
{
    struct source_chunk *c = p->last_sources;

    if (p->rule_source != UINT32_MAX)
        return true;
    if (!c || c->count == c->room) {
        uint32_t n = c ? p->source_count : expected(p);
        c = arena_alloc(p->arena, sizeof *c + n * sizeof *c->sources, _Alignof(struct source_chunk));
        if (!c)
            return say_nomem(p);
        c->room = n;
        if (p->last_sources)
            p->last_sources->next = c;
        else
            p->sources = c;
        p->last_sources = c;
    }
    c->sources[c->count++] = (struct rule_source){
        .file = p->src->name,
        .line = p->rule_line,
        .text = p->rule_at,
        .text_len = (size_t)(p->rule_end - p->rule_at),
        .deny = deny,
    };
    p->rule_source = p->source_count++;
    return true;
}

static struct rule_chunk *room(struct parser *p, struct rule_list *l)
{
    struct rule_chunk *c = l->last;
    uint32_t n = c ? l->count : l == &p->bare.own ? expected(p) : 8;

    if (c && c->count < c->room)
        return c;
    c = arena_alloc(p->arena, sizeof *c + n * sizeof *c->rules, _Alignof(struct rule_chunk));
    if (!c) {
        say_nomem(p);
        return NULL;
    }
    c->room = n;
    if (l->last)
        l->last->next = c;
    else
        l->first = c;
    l->last = c;
    return c;
}

bool count_rule(struct parser *p, bool deny)
{
    if (p->dead || p->failed || p->stop)
        return false;
    if (p->rule_count >= POLICY_RULES_MAX) {
        say_error(p, span_of(p->rule_at, 1), NULL, "more than %u rules", (unsigned long)POLICY_RULES_MAX);
        p->stop = true;
        return false;
    }
    p->rule_count++;
    return number_rule(p, deny);
}

void add_rule(struct parser *p, const struct rule *r)
{
    struct block *b = p->block;
    struct rule_list *l = p->again ? &b->again : &b->own;
    struct rule_chunk *c = count_rule(p, r->deny) ? room(p, l) : NULL;

    if (!c)
        return;
    struct rule *new = &c->rules[c->count++];
    *new = *r;
    new->source = p->rule_source;
    new->audit |= b->audit && !r->deny && !r->inject;
    new->own = p->named && b == &p->bare;
    l->count++;
    if (r->inject && !p->again)
        p->last_sources->sources[p->last_sources->count - 1].inject = true;
    p->allows |= !r->deny && !r->inject;
}

void add_all(struct parser *p, bool deny)
{
    struct rule r = {
        .deny = deny,
        .families = ALL_FAMILIES,
        .perms = ALL_PERMS,
        .types = UINT32_MAX,
        .protocol = -1,
    };

    add_rule(p, &r);
}

/* Walks the rules of a block. */
struct walk {
    const struct rule_chunk *chunk;
    uint32_t i;
};

static const struct rule *next(struct walk *w, bool shared_only)
{
    for (; w->chunk; w->chunk = w->chunk->next, w->i = 0) {
        while (w->i < w->chunk->count) {
            const struct rule *r = &w->chunk->rules[w->i++];

            if (!shared_only || !r->own)
                return r;
        }
    }
    return NULL;
}

/* The profile's own rules and the bare ones, merged in file order. */
static const struct rule *merge(struct parser *p, const struct block *b, uint32_t *count)
{
    bool bare = b == &p->bare;
    struct walk walks[3] = {{.chunk = b->own.first}, {.chunk = b->again.first},
                            {.chunk = bare ? NULL : p->bare.own.first}};
    size_t most = (size_t)b->own.count + b->again.count + (bare ? 0 : p->bare.own.count), n = 0;
    const struct rule *heads[3];
    struct rule *rules = ARENA_ARRAY(p->arena, struct rule, most ? most : 1);

    if (!rules) {
        say_nomem(p);
        return NULL;
    }
    for (int i = 0; i < 3; i++)
        heads[i] = next(&walks[i], i == 2);
    while (heads[0] || heads[1] || heads[2]) {
        int least = -1;

        for (int i = 0; i < 3; i++)
            if (heads[i] && (least < 0 || heads[i]->source < heads[least]->source))
                least = i;
        rules[n++] = *heads[least];
        heads[least] = next(&walks[least], least == 2);
    }
    *count = (uint32_t)n;
    return rules;
}

/* Those that are together in one chunk already need not be copied. */
static const struct rule *rules_of(struct parser *p, const struct block *b, uint32_t *count)
{
    const struct rule_chunk *only = b->own.first;

    if (!only || only->next || b->again.count || (b != &p->bare && p->bare.own.count))
        return merge(p, b, count);
    *count = only->count;
    return only->rules;
}

static bool flatten(struct parser *p, const struct block *b, struct profile *out)
{
    uint32_t count;
    const struct rule *rules = rules_of(p, b, &count);

    if (!rules)
        return false;
    *out = (struct profile){
        .name = b->name,
        .attachments = b->attachments,
        .attachment_count = b->attachment_count,
        .complain = b->complain,
        .default_allow = b->default_allow,
        .rules = rules,
        .rule_count = count,
    };
    return true;
}

static bool flatten_sources(struct parser *p, struct ruleset *out)
{
    struct rule_source *all;
    size_t n = 0;

    out->source_count = p->source_count;
    if (p->sources && !p->sources->next) {
        out->sources = p->sources->sources;
        return true;
    }
    all = ARENA_ARRAY(p->arena, struct rule_source, p->source_count ? p->source_count : 1);
    if (!all)
        return say_nomem(p);
    for (struct source_chunk *c = p->sources; c; n += c->count, c = c->next)
        memcpy(all + n, c->sources, c->count * sizeof *all);
    out->sources = all;
    return true;
}

/* Bare rules go into every profile: many times many must stay within the limit. */
static bool check_total(struct parser *p)
{
    uint64_t total = p->rule_count + ((uint64_t)p->bare.own.count + p->bare.maps.count) * p->block_count;

    if (total > POLICY_RULES_MAX)
        return say_file_error(p, p->in->name, NULL,
                              "%u rules, those outside profiles counted in every profile; the limit is %u",
                              (unsigned long)total, (unsigned long)POLICY_RULES_MAX);
    return true;
}

bool rules_finish(struct parser *p, struct ruleset *out)
{
    struct profile *profiles;
    uint32_t n = 0;

    if (!check_total(p) || !flatten_sources(p, out))
        return false;
    profiles = ARENA_ARRAY(p->arena, struct profile, (size_t)p->block_count + 1);
    if (!profiles)
        return say_nomem(p);
    if (!flatten(p, &p->bare, &profiles[n++]))
        return false;
    for (const struct block *b = p->blocks; b; b = b->next)
        if (!flatten(p, b, &profiles[n++]))
            return false;
    if (p->mapped && !maps_finish(p, profiles))
        return false;
    out->map_texts = p->map_texts;
    out->map_text_len = p->map_text_len;
    out->name = p->in->name;
    out->profiles = profiles;
    out->profile_count = n;
    return true;
}

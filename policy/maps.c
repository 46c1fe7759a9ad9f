/* Puts the maps of each profile in order and looks at what they do together. */
#include "map.h"
#include "parse.h"

/* A profile's maps while they are looked at. */
struct group {
    struct parser *p;
    struct map **all;       /* in file order but for the bare ones, which come last */
    uint32_t count;
    struct blob_map *by[2]; /* by FROM, by TO; `source` is an index into `all` */
    const char *texts;
    bool bare;              /* these are the bare rules */
};

enum { FROM, TO };

/* --- Sorting ----------------------------------------------------------------- */

/* By name, what is for all below it first; of the same the first rule comes last. */
static bool goes_before(const struct group *g, const struct blob_map *a, const struct blob_map *b)
{
    uint32_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    int c = memcmp(g->texts + a->name, g->texts + b->name, len);

    if (c)
        return c < 0;
    if (a->name_len != b->name_len)
        return a->name_len < b->name_len;
    if (a->below != b->below)
        return a->below;
    if (g->all[a->source]->source != g->all[b->source]->source)
        return g->all[a->source]->source > g->all[b->source]->source;
    return a->source > b->source;
}

static void sift_down(const struct group *g, struct blob_map *heap, uint32_t at, uint32_t n)
{
    struct blob_map moved = heap[at];

    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && goes_before(g, &heap[child], &heap[child + 1]))
            child++;
        if (!goes_before(g, &moved, &heap[child]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void sort(const struct group *g, struct blob_map *maps)
{
    for (uint32_t i = g->count / 2; i-- > 0;)
        sift_down(g, maps, i, g->count);
    for (uint32_t n = g->count; n-- > 1;) {
        struct blob_map last = maps[n];

        maps[n] = maps[0];
        maps[0] = last;
        sift_down(g, maps, 0, n);
    }
}

/* The same again does not go up to its like: it comes into play in its place. */
static void link_up(const struct group *g, struct blob_map *maps)
{
    for (uint32_t i = 1, up; i < g->count; i++) {
        for (up = i - 1; !map_starts(g->texts, &maps[up], &maps[i]) && maps[up].up; up -= maps[up].up)
            ;
        if (!map_starts(g->texts, &maps[up], &maps[i]))
            continue;
        bool same = maps[up].name_len == maps[i].name_len && maps[up].below == maps[i].below;
        if (same && !maps[up].up)
            continue;
        maps[i].up = i - up + (same ? maps[up].up : 0);
    }
}

/* --- What is said about them ---------------------------------------------------- */

static struct span own_span(const struct map *m, int end)
{
    return end == FROM ? m->from_span : m->to_span;
}

/* FILE:LINE:COLUMN of one of its ends. */
static char *place(struct parser *p, const struct map *m, int end)
{
    struct source s = {.text = m->line_at, .end = m->end, .line_at = m->line_at, .counted = m->line_at, .line = m->line};
    size_t room = strlen(m->file) + 32;
    char *buffer = arena_alloc(p->arena, room, 1);

    if (!buffer) {
        say_nomem(p);
        return NULL;
    }
    struct text t = text_into(buffer, room);
    unsigned line = line_of(&s, own_span(m, end).at);
    text_str(&t, m->file);
    text_byte(&t, ':');
    text_unsigned(&t, line);
    text_byte(&t, ':');
    text_unsigned(&t, (uint64_t)(own_span(m, end).at - s.line_at) + 1);
    return text_done(&t);
}

/* Messages about `m` point at it. */
static void turn_to(struct parser *p, struct source *s, const struct map *m)
{
    *s = (struct source){.name = m->file,
                         .text = m->line_at,
                         .end = m->end,
                         .line_at = m->line_at,
                         .counted = m->line_at,
                         .line = m->line};
    p->src = s;
}

enum says { TAKEN, TWICE, AGAIN, ITSELF, BELOW, SAME_END, INNER_END, CHAINED };

/* Each gets: the name it is about, where the other rule stands, the other's FROM. */
static const struct saying {
    uint8_t severity, end, other; /* which ends of the two rules */
    char text[73];
} sayings[] = {
    [TAKEN] = {POLICY_ERROR, FROM, FROM, "'%w' leads elsewhere already, by %s"},
    [TWICE] = {POLICY_NOTE, FROM, FROM, "'%w' leads to the same name already, by %s"},
    [AGAIN] = {POLICY_ERROR, TO, FROM, "'%w' is mapped once more, by %s"},
    [ITSELF] = {POLICY_ERROR, TO, FROM, "'%w' is mapped by this very rule"},
    [BELOW] = {POLICY_NOTE, FROM, FROM, "'%w' lies below the FROM of %s, '%w': the longer name wins"},
    [SAME_END] = {POLICY_NOTE, TO, TO, "'%w' is read back by %s, which comes first, as '%w'"},
    [INNER_END] = {POLICY_NOTE, TO, TO, "'%w' lies below the TO of %s: what is there is read back by this rule"},
    [CHAINED] = {POLICY_NOTE, FROM, TO, "'%w' lies below the TO of %s: what comes from there is left alone"},
};

static void say_pair(const struct group *g, enum says what, const struct map *m, const struct map *other)
{
    const struct saying *s = &sayings[what];
    struct parser *p = g->p;
    struct source at, *was = p->src;
    struct span name = s->end == FROM ? span_of(m->from, m->from_len + m->below) : span_of(m->to, m->to_len + m->below);
    struct span others = span_of(other->from, other->from_len + other->below), where = own_span(m, s->end);
    bool wanted = s->severity == POLICY_ERROR || p->in->flags & POLICY_INPUT_NOTES;
    const char *there = wanted ? place(p, other, s->other) : NULL;

    if (!there)
        return;
    turn_to(p, &at, m);
    if (s->severity == POLICY_ERROR)
        say_error(p, where, s->end == TO ? "a TO lies outside of every FROM" : NULL, s->text, &name, there);
    else
        say_note(p, where, s->text, &name, there, &others);
    p->src = was;
}

/* --- Looking ------------------------------------------------------------------- */

static struct map_set set_of(const struct group *g, int end)
{
    return (struct map_set){.maps = g->by[end], .count = g->count, .texts = g->texts};
}

/* What was said about the bare rules need not be said for each profile. */
static bool is_old(const struct group *g, const struct map *a, const struct map *b)
{
    return !g->bare && a->bare && b->bare;
}

/* What holds for the same end of two rules: of the first with that name, or of what is around it.
 * True: there was a first. */
static bool look_at_end(const struct group *g, struct map *m, int end)
{
    struct map_set set = set_of(g, end);
    const char *name = end == FROM ? m->from : m->to;
    uint32_t len = end == FROM ? m->from_len : m->to_len;
    const struct blob_map *e = map_find(&set, name, len);

    if (e && m->below && !e->below)
        e = map_outer(&set, e, name, len); /* the name itself, beside what is below it */
    struct map *first = e ? g->all[e->source] : m;
    if (first == m)
        e = e ? map_outer(&set, e, name, len) : NULL;
    struct map *other = e ? g->all[e->source] : NULL;
    if (!other || is_old(g, m, other))
        return false;
    if (first != m && e->name_len == len && e->below == m->below)
        say_pair(g, end == TO ? SAME_END : m->to_len == other->to_len && !memcmp(m->to, other->to, m->to_len) ? TWICE : TAKEN,
                 m, other);
    else
        say_pair(g, end == FROM ? BELOW : INNER_END, m, other);
    return first != m;
}

static void look(const struct group *g, struct map *m)
{
    struct map_set froms = set_of(g, FROM), tos = set_of(g, TO);
    const struct blob_map *again = map_find(&froms, m->to, m->to_len), *chain = map_find(&tos, m->from, m->from_len);

    if (look_at_end(g, m, FROM))
        return;
    if (again && !is_old(g, m, g->all[again->source])) {
        say_pair(g, g->all[again->source] == m ? ITSELF : AGAIN, m, g->all[again->source]);
        return;
    }
    if (!map_is_passed(m->to)) /* nothing is read back as a name of a descriptor's */
        look_at_end(g, m, TO);
    if (chain && g->all[chain->source] != m && chain->name_len < m->from_len && !is_old(g, m, g->all[chain->source]))
        say_pair(g, CHAINED, m, g->all[chain->source]);
}

/* --- Putting together -------------------------------------------------------- */

static uint32_t gather(struct group *g, struct map *list, bool shared_only)
{
    for (struct map *m = list; m; m = m->next)
        if (!shared_only || !m->own)
            g->all[g->count++] = m;
    return g->count;
}

static void fill(struct group *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        const struct map *m = g->all[i];

        g->by[FROM][i] = (struct blob_map){m->from_at, m->from_len, m->to_at, m->to_len, 0, i, m->below};
        g->by[TO][i] = (struct blob_map){m->to_at, m->to_len, m->from_at, m->from_len, 0, i, m->below};
    }
}

static bool finish_block(struct parser *p, const struct block *b, struct profile_maps *out)
{
    struct group g = {.p = p, .texts = p->map_texts, .bare = b == &p->bare};
    size_t most = (size_t)b->maps.count + (g.bare ? 0 : p->bare.maps.count);

    g.all = ARENA_ARRAY(p->arena, struct map *, most + 1);
    g.by[FROM] = ARENA_ARRAY(p->arena, struct blob_map, 2 * most + 1);
    if (!g.all || !g.by[FROM])
        return say_nomem(p);
    gather(&g, b->maps.first, false);
    if (!g.bare)
        gather(&g, p->bare.maps.first, true);
    g.by[TO] = g.by[FROM] + g.count;
    fill(&g);
    for (int end = FROM; end <= TO; end++) {
        sort(&g, g.by[end]);
        link_up(&g, g.by[end]);
    }
    for (uint32_t i = 0; i < g.count && !p->stop; i++)
        look(&g, g.all[i]);
    for (uint32_t i = 0; i < 2 * g.count; i++)
        g.by[FROM][i].source = g.all[g.by[FROM][i].source]->source & INT32_MAX;
    *out = (struct profile_maps){g.by[FROM], g.count};
    return !p->errors && !p->nomem;
}

static bool has_own(const struct map_list *bare)
{
    for (const struct map *m = bare->first; m; m = m->next)
        if (m->own)
            return true;
    return false;
}

static uint32_t put(struct parser *p, const char *name, size_t len)
{
    uint32_t at = p->map_text_len;

    memcpy(p->map_texts + at, name, len); /* terminated already */
    p->map_text_len += (uint32_t)len + 1;
    return at;
}

/* All names, one after another; first how much that is. */
static void put_all(struct parser *p, struct map_list *l, size_t *size)
{
    for (struct map *m = l->first; m; m = m->next) {
        size_t from = m->from_len + m->below, to = m->to_len + m->below;

        *size += from + to + 2;
        if (!p->map_texts)
            continue;
        m->from_at = put(p, m->from, from);
        m->to_at = put(p, m->to, to);
    }
}

static void put_blocks(struct parser *p, size_t *size)
{
    put_all(p, &p->bare.maps, size);
    for (struct block *b = p->blocks; b; b = b->next)
        put_all(p, &b->maps, size);
}

bool maps_finish(struct parser *p, struct profile *profiles)
{
    bool ok, versions = has_own(&p->bare.maps);
    size_t size = 0;

    put_blocks(p, &size);
    if (size >= INT32_MAX)
        return say_file_error(p, p->in->name, NULL, "the names in map rules are too long altogether");
    if (!(p->map_texts = arena_alloc(p->arena, size + 1, 1)))
        return say_nomem(p);
    put_blocks(p, &size);
    ok = finish_block(p, &p->bare, &profiles[0].maps);
    struct profile *at = profiles;
    for (struct block *b = p->blocks; b && !p->stop; b = b->next) {
        (++at)->maps = profiles->maps;
        if (b->maps.count || versions)
            ok &= finish_block(p, b, &at->maps);
    }
    return ok;
}

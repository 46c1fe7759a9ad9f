/* Many tails on one node: most names need none of them. A tail with a run of
 * literal bytes is found by one window of it, the one that the fewest other
 * tails share: best at a known distance from the name's end, else anywhere. The
 * rest is tried one by one: patterns that differ in nothing but [..] and ?, of
 * which a policy would need hundreds to be slow (some 15 ns each). */
#include "index.h"

#include <string.h>

enum {
    FEW = 4,
    ANYWHERE = 8, /* how many more tails a window may be shared by not to look for it everywhere */
};

struct sift {
    struct build *b;
    struct blob_tail *tails;
    uint32_t n;
    uint8_t *chosen;           /* by tail: 1 + filter_kind; 0: no window */
    uint32_t *seen[FILTERS];   /* windows by bucket, for each kind */
    uint8_t *run;              /* scratch, GLOB_CODE_MAX bytes */
    uint32_t bits;             /* of `seen` */
};

/* One window of a tail. */
struct window {
    enum filter_kind kind;
    uint32_t bytes, distance;
};
typedef void on_window(struct sift *s, struct blob_tail *tail, const struct window *w, uint32_t *best);

static void each_window(struct sift *s, struct blob_tail *tail, uint32_t len, bool at_end, on_window *f,
                        uint32_t *best)
{
    for (enum filter_kind kind = FILTER_END; kind < FILTERS; kind++)
        for (uint32_t i = 0; i + filter_width(kind) <= len; i++) {
            struct window w = {.kind = kind, .bytes = filter_window(s->run + i, kind)};
            w.distance = kind == FILTER_END ? len - i : 0;
            if (kind != FILTER_END || (at_end && w.distance < 64))
                f(s, tail, &w, best);
        }
}

/* Calls `f` for each window in a run of literal bytes that every matching name
 * has. */
static void each_run(struct sift *s, struct blob_tail *tail, on_window *f, uint32_t *best)
{
    const struct blob_glob *g = TABLE(s->b, struct blob_glob, BLOB_GLOBS) + tail->glob;
    const uint8_t *c = TABLE(s->b, uint8_t, BLOB_BYTES) + g->code + tail->from;
    uint32_t len = 0;

    for (;;) {
        if (*c >= GLOB_OPS || *c == GLOB_QUOTE) {
            s->run[len++] = *c == GLOB_QUOTE ? c[1] : *c;
        } else if (*c != GLOB_JUMP) {
            each_window(s, tail, len, *c == GLOB_END, f, best);
            len = 0;
        }
        if (*c == GLOB_END)
            return;
        c = *c == GLOB_ALT    ? glob_after_braces(c)
            : *c == GLOB_JUMP ? c + glob_distance(c)
                              : c + glob_step(c);
    }
}

static void count_window(struct sift *s, struct blob_tail *tail, const struct window *w, uint32_t *best)
{
    (void)tail;
    (void)best;
    s->seen[w->kind][filter_bucket(w->bytes, w->distance, s->bits)]++;
}

static void rarest_window(struct sift *s, struct blob_tail *tail, const struct window *w, uint32_t *best)
{
    uint32_t cost = s->seen[w->kind][filter_bucket(w->bytes, w->distance, s->bits)];

    cost += w->kind == FILTER_END ? 0 : ANYWHERE;
    if (cost >= *best)
        return;
    *best = cost;
    tail->window = w->bytes;
    tail->distance = (uint8_t)w->distance;
    s->chosen[tail - s->tails] = (uint8_t)(w->kind + 1);
}

static void choose(struct sift *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        each_run(s, &s->tails[i], count_window, NULL);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t best = UINT32_MAX;
        each_run(s, &s->tails[i], rarest_window, &best);
    }
}

/* Lays the tails of one kind out, bucket by bucket. */
static void lay_buckets(struct sift *s, enum filter_kind kind, uint32_t bits, uint32_t total)
{
    uint32_t buckets = 1u << bits, at = table_count(s->b, BLOB_TAILS);
    uint32_t *ends = table_add(s->b, BLOB_BUCKETS, buckets + 1);
    struct blob_tail *out = table_add(s->b, BLOB_TAILS, total);

    if (!ends || !out || s->b->err)
        return;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->chosen[i] == kind + 1)
            ends[filter_bucket(s->tails[i].window, s->tails[i].distance, bits)]++;
    for (uint32_t i = 0, end = at; i <= buckets; i++)
        ends[i] = end += ends[i];
    for (uint32_t i = s->n; i-- > 0;) /* filling backwards leaves each bucket's start */
        if (s->chosen[i] == kind + 1)
            out[--ends[filter_bucket(s->tails[i].window, s->tails[i].distance, bits)] - at] = s->tails[i];
}

static uint32_t lay_filter(struct sift *s, enum filter_kind kind)
{
    struct blob_filter f = {.buckets = table_count(s->b, BLOB_BUCKETS)};
    uint32_t total = 0;

    for (uint32_t i = 0; i < s->n; i++)
        if (s->chosen[i] == kind + 1) {
            f.distances |= (uint64_t)1 << s->tails[i].distance;
            total++;
        }
    if (!total)
        return 0;
    for (f.bits = 4; f.bits < 17 && 1u << f.bits < total * 2; f.bits++)
        ;
    lay_buckets(s, kind, f.bits, total);
    memcpy(table_add(s->b, BLOB_FILTERS, 1), &f, sizeof f);
    return table_count(s->b, BLOB_FILTERS) - 1;
}

/* The pairs of bytes that windows which may be anywhere start with. */
static void lay_pairs(struct sift *s, struct blob_accept *out)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < s->n; i++)
        total += s->chosen[i] > FILTER_END + 1;
    if (!total)
        return;
    for (out->pair_bits = 7; out->pair_bits < 16 && 1u << out->pair_bits < total * 16; out->pair_bits++)
        ;
    out->pairs = table_count(s->b, BLOB_BYTES);
    table_add(s->b, BLOB_BYTES, (1u << out->pair_bits) / 8);
    for (uint32_t i = 0; i < s->n && !s->b->err; i++)
        if (s->chosen[i] > FILTER_END + 1) {
            const uint8_t bytes[2] = {(uint8_t)s->tails[i].window, (uint8_t)(s->tails[i].window >> 8)};
            uint32_t bit = filter_pair(bytes, out->pair_bits);
            TABLE(s->b, uint8_t, BLOB_BYTES)[out->pairs + bit / 8] |= (uint8_t)(1u << bit % 8);
        }
}

/* A filter costs a walk over the name; a handful of tails is tried sooner. */
static void drop_small(struct sift *s)
{
    for (enum filter_kind kind = FILTER_END; kind < FILTERS; kind++) {
        uint32_t total = 0;
        for (uint32_t i = 0; i < s->n; i++)
            total += s->chosen[i] == kind + 1;
        for (uint32_t i = 0; total < FEW && i < s->n; i++)
            if (s->chosen[i] == kind + 1)
                s->chosen[i] = 0;
    }
}

static void sift(struct sift *s, struct blob_accept *out)
{
    s->chosen = build_alloc(s->b, s->n);
    s->run = build_alloc(s->b, GLOB_CODE_MAX);
    for (s->bits = 6; s->bits < 16 && 1u << s->bits < s->n * 8; s->bits++)
        ;
    for (int kind = 0; kind < FILTERS; kind++)
        s->seen[kind] = build_alloc(s->b, sizeof(uint32_t) << s->bits);
    if (s->b->err)
        return;
    choose(s);
    drop_small(s);
    for (enum filter_kind kind = FILTER_END; kind < FILTERS && !s->b->err; kind++)
        out->filters[kind] = lay_filter(s, kind);
    lay_pairs(s, out);
}

void filter_lay(struct build *b, struct blob_accept *out, struct blob_tail *tails, uint32_t n)
{
    struct sift s = {.b = b, .tails = tails, .n = n};

    if (n > FEW)
        sift(&s, out);
    out->tails = table_count(b, BLOB_TAILS);
    for (uint32_t i = 0; i < n && !b->err; i++)
        if (!s.chosen || !s.chosen[i]) {
            memcpy(table_add(b, BLOB_TAILS, 1), &tails[i], sizeof *tails);
            out->tail_count++;
        }
}

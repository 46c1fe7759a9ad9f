/* Many tails on one node: most names need none of them. A tail that has a run
 * of four (else two) literal bytes is found by one window of it, the one that
 * the fewest other tails share; the rest is tried one by one. */
#include "index.h"

#include <string.h>

enum { FEW = 4, WIDE = 4, NARROW = 2 };

struct sift {
    struct build *b;
    const struct blob_tail *tails;
    uint8_t *width;   /* by tail; 0: no usable run */
    uint32_t *bucket; /* by tail */
    uint32_t *count;  /* by bucket: windows, then tails */
    uint8_t *run;     /* scratch, GLOB_CODE_MAX bytes */
    unsigned bits, current;
};

static const uint8_t *after_braces(const uint8_t *c)
{
    const uint8_t *jump = c + glob_distance(c) - 3;

    return jump + glob_distance(jump);
}

typedef void on_run(struct sift *s, uint32_t tail, uint32_t len, uint64_t *best);

/* Calls `f` for each run of literal bytes that every matching name has. */
static void each_run(struct sift *s, uint32_t tail, on_run *f, uint64_t *best)
{
    const struct blob_glob *g = TABLE(s->b, struct blob_glob, BLOB_GLOBS) + s->tails[tail].glob;
    const uint8_t *c = TABLE(s->b, uint8_t, BLOB_BYTES) + g->code + s->tails[tail].from;
    uint32_t len = 0;

    for (;;) {
        if (*c >= GLOB_OPS || *c == GLOB_QUOTE) {
            s->run[len++] = *c == GLOB_QUOTE ? c[1] : *c;
        } else if (*c != GLOB_JUMP) {
            if (len)
                f(s, tail, len, best);
            len = 0;
        }
        if (*c == GLOB_END)
            return;
        c = *c == GLOB_ALT ? after_braces(c) : *c == GLOB_JUMP ? c + glob_distance(c) : c + glob_step(c);
    }
}

static void longest(struct sift *s, uint32_t tail, uint32_t len, uint64_t *best)
{
    (void)s;
    (void)tail;
    *best = len > *best ? len : *best;
}

static void count_windows(struct sift *s, uint32_t tail, uint32_t len, uint64_t *best)
{
    (void)tail;
    (void)best;
    for (uint32_t i = 0; i + s->current <= len; i++)
        s->count[filter_bucket(s->run + i, s->current, s->bits)]++;
}

static void rarest_window(struct sift *s, uint32_t tail, uint32_t len, uint64_t *best)
{
    for (uint32_t i = 0; i + s->current <= len; i++) {
        uint32_t bucket = filter_bucket(s->run + i, s->current, s->bits);
        if (s->count[bucket] < *best) {
            *best = s->count[bucket];
            s->bucket[tail] = bucket;
        }
    }
}

static void choose_width(struct sift *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t best = 0;
        each_run(s, i, longest, &best);
        s->width[i] = best >= WIDE ? WIDE : best >= NARROW ? NARROW : 0;
    }
}

static void choose_buckets(struct sift *s, uint32_t n)
{
    memset(s->count, 0, sizeof *s->count << s->bits);
    for (uint32_t i = 0; i < n; i++)
        if (s->width[i] == s->current)
            each_run(s, i, count_windows, NULL);
    for (uint32_t i = 0; i < n; i++)
        if (s->width[i] == s->current) {
            uint64_t best = UINT64_MAX;
            each_run(s, i, rarest_window, &best);
        }
}

/* Lays the tails of the current width out, bucket by bucket. */
static void lay_buckets(struct sift *s, uint32_t n, uint32_t total)
{
    uint32_t buckets = 1u << s->bits, first = table_count(s->b, BLOB_TAILS);
    uint32_t *starts = table_add(s->b, BLOB_BUCKETS, buckets + 1);
    struct blob_tail *out = table_add(s->b, BLOB_TAILS, total);

    if (!starts || !out || s->b->err)
        return;
    memset(s->count, 0, buckets * sizeof *s->count);
    for (uint32_t i = 0; i < n; i++)
        if (s->width[i] == s->current)
            s->count[s->bucket[i]]++;
    for (uint32_t i = 0, at = first; i <= buckets; i++) {
        uint32_t tails = i < buckets ? s->count[i] : 0;
        starts[i] = at;
        if (i < buckets)
            s->count[i] = at - first;
        at += tails;
    }
    for (uint32_t i = 0; i < n; i++)
        if (s->width[i] == s->current)
            out[s->count[s->bucket[i]]++] = s->tails[i];
}

static uint32_t lay_filter(struct sift *s, unsigned width, uint32_t n)
{
    struct blob_filter f = {.buckets = table_count(s->b, BLOB_BUCKETS), .width = (uint8_t)width};
    uint32_t total = 0;

    for (uint32_t i = 0; i < n; i++)
        total += s->width[i] == width;
    if (total <= FEW) { /* not worth walking the name for */
        for (uint32_t i = 0; i < n; i++)
            s->width[i] = s->width[i] == width ? 0 : s->width[i];
        return 0;
    }
    for (f.bits = 4; f.bits < 20 && 1u << f.bits < total * 2; f.bits++)
        ;
    s->bits = f.bits;
    s->current = width;
    s->count = build_alloc(s->b, sizeof *s->count << f.bits);
    if (!s->count)
        return 0;
    choose_buckets(s, n);
    lay_buckets(s, n, total);
    memcpy(table_add(s->b, BLOB_FILTERS, 1), &f, sizeof f);
    return table_count(s->b, BLOB_FILTERS) - 1;
}

void filter_lay(struct build *b, struct blob_accept *out, struct blob_tail *tails, uint32_t n)
{
    struct sift s = {.b = b, .tails = tails};

    if (n > FEW) {
        s.width = build_alloc(b, n);
        s.bucket = build_alloc(b, n * sizeof *s.bucket);
        s.run = build_alloc(b, GLOB_CODE_MAX);
        if (b->err)
            return;
        choose_width(&s, n);
        out->filters[0] = lay_filter(&s, WIDE, n);
        out->filters[1] = b->err ? 0 : lay_filter(&s, NARROW, n);
    }
    out->tails = table_count(b, BLOB_TAILS);
    for (uint32_t i = 0; i < n && !b->err; i++)
        if (!s.width || !s.width[i]) {
            memcpy(table_add(b, BLOB_TAILS, 1), &tails[i], sizeof *tails);
            out->tail_count++;
        }
}

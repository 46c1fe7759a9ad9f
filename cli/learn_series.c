/* What names tell together: one that looks like a word and was drawn by lot like its likes,
 * and numbers that are counted on. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "learn.h"

enum { COMPARED_MAX = 4000 }; /* names that are compared with each other */

/* True when the two are alike but for what was drawn in `a` and not seen to be in `b`. */
static bool is_like(const struct name *a, const struct name *b)
{
    bool more = false;

    if (a->kind != b->kind || a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        bool drawn = a->mask[i] == MARK_RANDOM;

        if (drawn && !b->mask[i] && (isalnum((unsigned char)b->bytes[i]) || b->bytes[i] == '_'))
            more = true;
        else if (a->mask[i] != b->mask[i] || (!a->mask[i] && a->bytes[i] != b->bytes[i]))
            return false;
    }
    return more;
}

static void spread_drawn(struct learned *l)
{
    if (l->name_count > COMPARED_MAX)
        return;
    for (size_t i = 0; i < l->name_count; i++)
        for (size_t j = 0; j < l->name_count; j++)
            if (is_like(&l->names[i], &l->names[j]))
                memcpy(l->names[j].mask, l->names[i].mask, l->names[j].len);
}

/* A name with its numbers left out: "#" for each, one byte for each place of other kinds. */
struct bones {
    char *text;
    size_t len;
    struct name *name;
};

static void strip(struct bones *b, struct name *n)
{
    *b = (struct bones){.text = allocate(n->len + 1), .name = n};
    for (size_t i = 0, run; i < n->len; i += run) {
        run = name_digits(n, i);
        if (!run || n->mask[i] || i < n->home) {
            run = 1;
            b->text[b->len++] = n->mask[i] ? n->mask[i] : n->bytes[i];
        } else {
            b->text[b->len++] = '#';
        }
    }
}

static int by_bones(const void *x, const void *y)
{
    const struct bones *a = x, *b = y;
    int order = (a->name->kind > b->name->kind) - (a->name->kind < b->name->kind);

    if (order || (order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len)))
        return order;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return name_order(a->name, b->name);
}

static bool same_bones(const struct bones *a, const struct bones *b)
{
    return a->name->kind == b->name->kind && a->len == b->len && !memcmp(a->text, b->text, a->len);
}

/* The `k`th number of a name that is not marked: its length, 0 when there are fewer. */
static size_t number(const struct name *n, unsigned k, size_t *at)
{
    for (size_t i = n->home, len; i < n->len; i += len ? len : 1)
        if ((len = name_digits(n, i)) && !k--) {
            *at = i;
            return len;
        }
    return 0;
}

static bool number_differs(const struct bones *b, size_t count, unsigned k)
{
    size_t at = 0, first_at = 0, first = number(b->name, k, &first_at);

    for (size_t i = 1; i < count; i++) {
        size_t len = number(b[i].name, k, &at);

        if (len != first || memcmp(b[i].name->bytes + at, b->name->bytes + first_at, len))
            return true;
    }
    return false;
}

static size_t longest(const struct bones *b, size_t count, unsigned k)
{
    size_t most = 0, at;

    for (size_t i = 0; i < count; i++) {
        size_t len = number(b[i].name, k, &at);

        most = len > most ? len : most;
    }
    return most;
}

/* Enough of them to be counted on: three in one run, or another one in each run. */
static bool is_series(const struct bones *b, size_t count)
{
    uint64_t common = ~0ull;

    for (size_t i = 0; i < count; i++)
        common &= b[i].name->runs;
    return count >= LEARN_ALIKE_MIN || (count == 2 && !common);
}

static void mark_series(struct bones *b, size_t count)
{
    unsigned k = 0;

    if (!is_series(b, count))
        return;
    for (size_t at; number(b->name, k, &at);) {
        if (!number_differs(b, count, k)) {
            k++;
            continue;
        }
        char mark = longest(b, count, k) > LEARN_INT_DIGITS ? MARK_LONG : MARK_INT;
        for (size_t i = 0; i < count; i++) { /* marked, they count no longer */
            size_t len = number(b[i].name, k, &at);

            memset(b[i].name->mask + at, mark, len);
        }
    }
}

static void find_series(struct learned *l)
{
    struct bones *b = allocate((l->name_count + 1) * sizeof *b);

    for (size_t i = 0; i < l->name_count; i++)
        strip(&b[i], &l->names[i]);
    qsort(b, l->name_count, sizeof *b, by_bones);
    for (size_t i = 0, n; i < l->name_count; i += n) {
        for (n = 1; i + n < l->name_count && same_bones(&b[i], &b[i + n]); n++)
            ;
        mark_series(b + i, n);
    }
    free(b);
}

void names_compare(struct learned *l)
{
    spread_drawn(l);
    find_series(l);
}

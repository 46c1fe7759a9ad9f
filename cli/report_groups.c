/* Records that say the same again and again, as one line. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

struct same {
    uint32_t process, place, operation, rule; /* the key */
    struct group group;
};

static uint32_t text_number(struct report *r, uint32_t row, const char *key)
{
    size_t len;
    const char *text = report_text(r, row, key, &len);

    return text ? strings_add(&r->strings, text, len) : 0;
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : (x->first > y->first) - (x->first < y->first);
}

struct group *report_groups(struct report *r, enum kind kind, uint32_t *count)
{
    struct many all = {0};
    struct group *groups;

    for (uint32_t row = 0; row < r->row_count; row++) {
        const struct row *w = &r->rows[row];
        struct same s = {.process = w->process, .place = w->place};
        struct group *g;
        uint32_t n;

        if (w->kind != kind)
            continue;
        s.operation = text_number(r, row, "operation");
        s.rule = text_number(r, row, kind == KIND_LEAK || kind == KIND_HINT ? "hint" : kind == KIND_UNSEEN ? "name" : "rule");
        s.group = (struct group){.first = row, .from = w->time};
        n = many_add(&all, &s, sizeof s, 4 * sizeof(uint32_t));
        g = &((struct same *)all.at)[n].group;
        g->count++;
        g->to = w->time;
    }
    *count = all.count;
    groups = allocate((all.count + 1) * sizeof *groups);
    for (uint32_t i = 0; i < all.count; i++)
        groups[i] = ((struct same *)all.at)[i].group;
    free(all.at);
    free(all.hashed);
    qsort(groups, *count, sizeof *groups, by_count);
    return groups;
}

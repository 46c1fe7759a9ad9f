/* The report in a few lines, for a terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

enum { LISTED = 20 };

static void put(const char *before, const void *bytes, size_t len)
{
    char *text = report_shown(bytes, len);

    printf("%s%s", before, text);
    free(text);
}

static void put_string(const char *before, const struct report *r, uint32_t n)
{
    put(before, strings_get(&r->strings, n), strings_len(&r->strings, n));
}

static void put_field(const struct report *r, uint32_t row, const char *before, const char *key)
{
    size_t len;
    const char *text = report_text(r, row, key, &len);

    if (text)
        put(before, text, len);
}

static void put_process(const struct report *r, uint32_t i)
{
    if (i == NOBODY)
        return;
    put_string(" ", r, process_at(r, i)->comm);
    printf(" %" PRId64, process_at(r, i)->pid);
}

static void more(uint32_t count)
{
    if (count > LISTED)
        printf("  ... and %" PRIu32 " more\n", count - LISTED);
}

static void put_totals(const struct report *r)
{
    printf("%" PRIu32 " record%s", r->row_count, r->row_count == 1 ? "" : "s");
    for (int i = 0; i < KINDS; i++)
        if (r->kinds[i])
            printf(", %" PRIu64 " %s", r->kinds[i], kind_words[i]);
    if (r->skipped)
        printf("; %" PRIu64 " %s", r->skipped, r->skipped == 1 ? "line was no record" : "lines were no records");
    printf("\n%" PRIu32 " process%s, %" PRIu32 " socket%s with names\n", r->processes.count, r->processes.count == 1 ? "" : "es",
           r->places.count, r->places.count == 1 ? "" : "s");
    if (!r->row_count)
        puts("\nsunshim run --trace --track --log FILE -- COMMAND writes a log with much to see");
}

/* Indexes into report.links, most calls first. */
static const struct report *sorted;

static int by_calls(const void *a, const void *b)
{
    const struct link *x = link_at(sorted, *(const uint32_t *)a), *y = link_at(sorted, *(const uint32_t *)b);
    uint64_t m = x->calls + x->denied + x->leaked, n = y->calls + y->denied + y->leaked;

    return m != n ? (m < n) - (m > n) : (x > y) - (x < y);
}

static void put_links(const struct report *r)
{
    uint32_t *order = allocate((r->links.count + 1) * sizeof *order);

    for (uint32_t i = 0; i < r->links.count; i++)
        order[i] = i;
    sorted = r;
    qsort(order, r->links.count, sizeof *order, by_calls);
    if (r->links.count)
        puts("\nwho talked to whom");
    for (uint32_t i = 0; i < r->links.count && i < LISTED; i++) {
        const struct link *l = link_at(r, order[i]);

        putchar(' ');
        put_process(r, l->process);
        printf(" %s", verb_words[l->verb]);
        put_string(" ", r, place_at(r, l->place)->name);
        if (l->calls)
            printf(", %" PRIu64 " call%s", l->calls, l->calls == 1 ? "" : "s");
        if (l->failed)
            printf(", %" PRIu64 " failed", l->failed);
        if (l->denied)
            printf(", %" PRIu64 " denied", l->denied);
        if (l->injected)
            printf(", %" PRIu64 " injected", l->injected);
        putchar('\n');
    }
    more(r->links.count);
    free(order);
}

static void put_groups(struct report *r, const char *title, enum kind kind)
{
    uint32_t count;
    struct group *groups = report_groups(r, kind, &count);

    if (count)
        printf("\n%s\n", title);
    for (uint32_t i = 0; i < count && i < LISTED; i++) {
        const struct row *w = &r->rows[groups[i].first];

        printf("  %" PRIu32 "x", groups[i].count);
        put_process(r, w->process);
        put_field(r, groups[i].first, " ", "operation");
        if (kind == KIND_UNSEEN) {
            put_field(r, groups[i].first, " ", "name");
            put_field(r, groups[i].first, ": ", "info");
        }
        if (w->place != NOBODY)
            put_string(" ", r, place_at(r, w->place)->name);
        put_field(r, groups[i].first, " ", "errno");
        put_field(r, groups[i].first, ", rule ", "rule");
        put_field(r, groups[i].first, "; ", "hint");
        putchar('\n');
    }
    more(count);
    free(groups);
}

static void put_unused(const struct report *r)
{
    uint32_t unused = 0, known = 0;

    for (uint32_t i = 0; i < r->rules.count; i++) {
        const struct rule_use *u = rule_at(r, i);

        known += u->known;
        if (!u->known || u->calls || u->records)
            continue;
        if (!unused++)
            puts("\nrules that decided nothing");
        if (unused > LISTED)
            continue;
        put_string("  ", r, u->where);
        put_string(": ", r, u->text);
        putchar('\n');
    }
    more(unused);
    if (known)
        printf("\n%" PRIu32 " of %" PRIu32 " rules were used\n", known - unused, known);
}

void report_print(struct report *r)
{
    put_totals(r);
    put_links(r);
    put_groups(r, "denied", KIND_DENIED);
    put_groups(r, "leaked", KIND_LEAK);
    put_groups(r, "injected", KIND_INJECTED);
    put_groups(r, "not seen", KIND_UNSEEN);
    put_unused(r);
}

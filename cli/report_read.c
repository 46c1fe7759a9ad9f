/* Logs, taken in record by record and put into the order of time. */
#include <stdlib.h>

#include "cli.h"
#include "report.h"

enum { FIRST_ROWS = 1024, ROWS_MAX = 4000000 };

const char *const kind_words[KINDS] = {"TRACE", "DENIED", "ALLOWED", "AUDIT", "INJECTED", "LEAK", "HINT", "UNSEEN", "other"};

static enum kind kind_of(const struct record *rec)
{
    int i = 0;

    while (i < KIND_OTHER && !record_is(rec, kind_words[i]))
        i++;
    return (enum kind)i;
}

static struct row *new_row(struct report *r)
{
    if (r->row_count == ROWS_MAX)
        exit(fail("more than %d records: give fewer logs, or a part of one", ROWS_MAX));
    if (r->row_count == r->row_room) {
        uint32_t room = r->row_room ? 2 * r->row_room : FIRST_ROWS;

        r->rows = enlarged(r->rows, r->row_count * sizeof *r->rows, room * sizeof *r->rows);
        r->row_room = room;
    }
    return &r->rows[r->row_count++];
}

static uint32_t add_text(struct report *r, const struct record *rec, const char *key)
{
    const struct field *f = record_field(rec, key);

    return f ? strings_add(&r->strings, f->value, f->len) : 0;
}

static uint32_t process_of(struct report *r, const struct record *rec)
{
    struct process p = {.pid = record_number(rec, "pid", -1), .ppid = record_number(rec, "ppid", -1), .seen = true};

    if (p.pid < 0)
        return NOBODY;
    p.exe = add_text(r, rec, "exe");
    p.comm = add_text(r, rec, "comm");
    return many_add(&r->processes, &p, sizeof p, PROCESS_KEY);
}

static void take(void *ctx, const struct record *rec, const char *line, size_t len)
{
    struct report *r = ctx;
    struct row *row = new_row(r);
    int64_t time = record_time(rec) / 1000;

    (void)line;
    (void)len;
    /* What does not say when happened after what stands before it. */
    r->last_time = time > 0 ? time : r->last_time;
    *row = (struct row){.time = r->last_time, .process = process_of(r, rec), .place = NOBODY, .kind = (uint8_t)kind_of(rec)};
    r->kinds[row->kind]++;
    report_link(r, rec, row);
    report_columns(r, rec, r->row_count - 1);
    report_rule_seen(r, rec);
}

int report_read(struct report *r, const char *path)
{
    strings_add(&r->strings, "", 0);
    r->last_time = 0;
    return records_each(path, take, r, &r->skipped);
}

/* --- The order of time ------------------------------------------------------------------- */

static const struct row *sorted_rows;

static int by_time(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int64_t s = sorted_rows[x].time, t = sorted_rows[y].time;

    return s != t ? (s > t) - (s < t) : (x > y) - (x < y);
}

static bool is_ordered(const struct report *r)
{
    for (uint32_t i = 1; i < r->row_count; i++)
        if (r->rows[i].time < r->rows[i - 1].time)
            return false;
    return true;
}

static void order_column(struct column *c, const uint32_t *order, uint32_t rows)
{
    uint32_t *at = allocate((rows + 1) * sizeof *at), count = 0;
    uint32_t *row = allocate((c->count + 1) * sizeof *row);
    int64_t *value = allocate((c->count + 1) * sizeof *value);

    for (uint32_t i = 0; i < c->count; i++)
        at[c->row[i]] = i + 1;
    for (uint32_t i = 0; i < rows; i++)
        if (at[order[i]]) {
            row[count] = i;
            value[count++] = c->value[at[order[i]] - 1];
        }
    free(at);
    free(c->row);
    free(c->value);
    c->row = row;
    c->value = value;
    c->room = c->count;
}

void report_order(struct report *r)
{
    uint32_t *order;
    struct row *rows;

    if (is_ordered(r))
        return;
    order = allocate(r->row_count * sizeof *order);
    rows = allocate(r->row_count * sizeof *rows);
    for (uint32_t i = 0; i < r->row_count; i++)
        order[i] = i;
    sorted_rows = r->rows;
    qsort(order, r->row_count, sizeof *order, by_time);
    for (uint32_t i = 0; i < r->row_count; i++)
        rows[i] = r->rows[order[i]];
    for (uint32_t i = 0; i < r->column_count; i++)
        order_column(&r->columns[i], order, r->row_count);
    free(order);
    free(r->rows);
    r->rows = rows;
    r->row_room = r->row_count;
}

/* Records as columns: one for each key, with the rows that have it. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

enum { COLUMNS_MAX = 256, FIRST_ROWS = 256 };
static const int64_t exact = 1LL << 53; /* greater numbers are none in JavaScript */

static struct column *column_for(struct report *r, const char *key, bool number)
{
    uint32_t name = strings_add(&r->strings, key, strlen(key));

    if (!r->columns)
        r->columns = allocate(COLUMNS_MAX * sizeof *r->columns);
    for (uint32_t i = 0; i < r->column_count; i++)
        if (r->columns[i].key == name && r->columns[i].number == number)
            return &r->columns[i];
    if (r->column_count == COLUMNS_MAX) /* nothing of ours has as many keys */
        return NULL;
    r->columns[r->column_count] = (struct column){.key = name, .number = number};
    return &r->columns[r->column_count++];
}

static void put(struct column *c, uint32_t row, int64_t value)
{
    if (!c)
        return;
    if (c->count == c->room) {
        uint32_t room = c->room ? 2 * c->room : FIRST_ROWS;

        c->row = enlarged(c->row, c->count * sizeof *c->row, room * sizeof *c->row);
        c->value = enlarged(c->value, c->count * sizeof *c->value, room * sizeof *c->value);
        c->room = room;
    }
    c->row[c->count] = row;
    c->value[c->count++] = value;
}

void report_note(struct report *r, const char *key, uint32_t row, int64_t value)
{
    put(column_for(r, key, true), row, value);
}

static bool is_number(const struct field *f, int64_t *n)
{
    char *end;

    if (!f->word || !f->len || f->len > 18 || strspn(f->value, "-0123456789") != f->len)
        return false;
    *n = strtoll(f->value, &end, 10);
    return !*end && *n < exact && *n > -exact;
}

/* What a row or its process has anyway, or what is the same in all. */
static bool is_elsewhere(const struct report *r, const struct field *f, const struct row *row)
{
    static const char *const keys[] = {"time", "pid", "ppid", "exe", "class", NULL};
    const struct process *p = row->process == NOBODY ? NULL : process_at(r, row->process);

    for (const char *const *k = keys; *k; k++)
        if (!strcmp(f->key, *k))
            return p || !strcmp(f->key, "time");
    return p && !strcmp(f->key, "comm") && strings_len(&r->strings, p->comm) == f->len &&
           !memcmp(strings_get(&r->strings, p->comm), f->value, f->len);
}

void report_columns(struct report *r, const struct record *rec, uint32_t row)
{
    int64_t n;

    for (unsigned i = 0; i < rec->count; i++) {
        const struct field *f = &rec->fields[i];

        if (is_elsewhere(r, f, &r->rows[row]))
            continue;
        if (is_number(f, &n))
            put(column_for(r, f->key, true), row, n);
        else if (f->len)
            put(column_for(r, f->key, false), row, strings_add(&r->strings, f->value, f->len));
    }
}

/* --- Asked ------------------------------------------------------------------------------- */

static const int64_t *value_at(const struct report *r, uint32_t row, const char *key, bool number)
{
    for (uint32_t i = 0; i < r->column_count; i++) {
        const struct column *c = &r->columns[i];
        uint32_t low = 0, high = c->count;

        if (c->number != number || strcmp(strings_get(&r->strings, c->key), key) != 0)
            continue;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;

            if (c->row[middle] < row)
                low = middle + 1;
            else
                high = middle;
        }
        return low < c->count && c->row[low] == row ? &c->value[low] : NULL;
    }
    return NULL;
}

const char *report_text(const struct report *r, uint32_t row, const char *key, size_t *len)
{
    const int64_t *n = value_at(r, row, key, false);

    if (!n)
        return NULL;
    *len = strings_len(&r->strings, (uint32_t)*n);
    return strings_get(&r->strings, (uint32_t)*n);
}

int64_t report_number(const struct report *r, uint32_t row, const char *key, int64_t otherwise)
{
    const int64_t *n = value_at(r, row, key, true);

    return n ? *n : otherwise;
}

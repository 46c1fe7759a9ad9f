#include "coverage.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "records.h"

/* A rule as records name it. */
struct named {
    const char *file;
    unsigned line;
    uint64_t traced, told; /* TRACE records; all others. A denied call has both */
};

struct coverage {
    struct named **slots; /* by line, then as it comes: NULL is free */
    size_t count, size;
    bool is_traced;
};

struct coverage *coverage_new(void)
{
    struct coverage *c = allocate(sizeof *c);

    *c = (struct coverage){.size = 1024};
    c->slots = allocate(c->size * sizeof *c->slots);
    memset(c->slots, 0, c->size * sizeof *c->slots);
    return c;
}

static size_t slot_for(const struct coverage *c, unsigned line)
{
    return line * 2654435761u % c->size;
}

static void grow(struct coverage *c)
{
    struct coverage more = {.size = 2 * c->size};

    more.slots = allocate(more.size * sizeof *more.slots);
    memset(more.slots, 0, more.size * sizeof *more.slots);
    for (size_t i = 0; i < c->size; i++) {
        if (!c->slots[i])
            continue;
        size_t at = slot_for(&more, c->slots[i]->line);
        while (more.slots[at])
            at = (at + 1) % more.size;
        more.slots[at] = c->slots[i];
    }
    free(c->slots);
    c->slots = more.slots;
    c->size = more.size;
}

static struct named *find(struct coverage *c, const char *file, size_t len, unsigned line)
{
    size_t at;

    if (2 * c->count >= c->size)
        grow(c);
    for (at = slot_for(c, line); c->slots[at]; at = (at + 1) % c->size)
        if (c->slots[at]->line == line && !strncmp(c->slots[at]->file, file, len) && !c->slots[at]->file[len])
            return c->slots[at];
    c->count++;
    c->slots[at] = allocate(sizeof **c->slots);
    *c->slots[at] = (struct named){.file = format_new("%.*s", (int)len, file), .line = line};
    return c->slots[at];
}

/* One FILE:LINE; whatever is none is passed over. */
static void count(struct coverage *c, const char *text, size_t len, bool traced)
{
    size_t colon = len;
    char *end;

    while (colon && text[colon - 1] != ':')
        colon--;
    if (colon < 2 || colon == len)
        return;
    unsigned long line = strtoul(text + colon, &end, 10);
    if (end != text + len || line > 1u << 30)
        return;
    struct named *n = find(c, text, colon - 1, (unsigned)line);
    *(traced ? &n->traced : &n->told) += 1;
}

/* The rule of each layer: separated by commas, or by newlines where it was an array. */
static void count_list(struct coverage *c, const char *list, size_t len)
{
    const char separator = memchr(list, '\n', len) ? '\n' : ',';

    while (len) {
        const char *end = memchr(list, separator, len);
        size_t n = end ? (size_t)(end - list) : len;

        count(c, list, n, true);
        list += n + (end != NULL);
        len -= n + (end != NULL);
    }
}

static void take(void *ctx, const struct record *r, const char *line, size_t len)
{
    struct coverage *c = ctx;
    const struct field *rules = record_field(r, "rules"), *rule = record_field(r, "rule");

    (void)line;
    (void)len;
    if (record_is(r, "TRACE")) {
        c->is_traced = true;
        if (rules)
            count_list(c, rules->value, rules->len);
    } else if (rule && !rule->word) {
        count(c, rule->value, rule->len, false);
    }
}

int coverage_read(struct coverage *c, const char *path)
{
    uint64_t skipped = 0;

    return records_each(path, take, c, &skipped);
}

bool coverage_traced(const struct coverage *c)
{
    return c->is_traced;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);

    return n >= e && !strcmp(name + n - e, end) && (n == e || name[n - e - 1] == '/');
}

static bool same_file(const char *a, const char *b)
{
    a += 2 * !strncmp(a, "./", 2);
    b += 2 * !strncmp(b, "./", 2);
    return ends_in(a, b) || ends_in(b, a);
}

uint64_t coverage_of(const struct coverage *c, const char *file, unsigned line)
{
    uint64_t all = 0;

    for (size_t at = slot_for(c, line); c->slots[at]; at = (at + 1) % c->size) {
        const struct named *n = c->slots[at];

        if (n->line == line && same_file(n->file, file))
            all += n->traced > n->told ? n->traced : n->told;
    }
    return all;
}

unsigned coverage_astray(const struct coverage *c, const char *file,
                         bool (*is_rule)(const void *ctx, const char *file, unsigned line), const void *ctx)
{
    unsigned first = 0;

    for (size_t i = 0; i < c->size; i++) {
        const struct named *n = c->slots[i];

        if (n && (!first || n->line < first) && same_file(n->file, file) && !is_rule(ctx, file, n->line))
            first = n->line;
    }
    return first;
}

#include "tests/unit/map_support.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/parse_support.h"

static void *more(void *ctx, size_t *size)
{
    struct compiled *c = ctx;

    cr_assert_lt(c->chunk_count, 256);
    return c->chunks[c->chunk_count++] = calloc(1, *size);
}

static void complain(void *ctx, const struct policy_diag *d)
{
    (void)ctx;
    cr_log_error("%u:%u: %s", d->line, d->column, d->message);
}

struct compiled *compile(const char *text)
{
    struct compiled *c = calloc(1, sizeof *c);
    struct arena arena = {.more = more, .ctx = c};
    struct policy_input in = {.name = "p", .text = text, .len = strlen(text), .home = "/home/u/",
                              .report = complain};

    cr_assert_eq(policy_compile(&in, &arena, &c->blob, &c->len), 0, "does not compile: %.200s", text);
    cr_assert_eq(policy_open(&c->policy, c->blob, c->len), 0);
    return c;
}

void release(struct compiled *c)
{
    while (c->chunk_count)
        free(c->chunks[--c->chunk_count]);
    free(c);
}

void expect(struct compiled *c, follow *way, const char *path, const char *wanted)
{
    char to[PATH_MAX] = "?";
    long len = way(&c->policy, path, strlen(path), to, sizeof to);

    if (wanted)
        cr_expect(len == (long)strlen(wanted) && strcmp(to, wanted) == 0, "%s -> '%s' (%ld), not '%s'", path, to, len,
                  wanted);
    else
        cr_expect(len == 0, "%s -> '%s' (%ld), not left alone", path, to, len);
}

void check_pairs(const char *text, follow *way, const struct pair *pairs)
{
    struct compiled *c = compile(text);

    for (; pairs->path; pairs++)
        expect(c, way, pairs->path, pairs->to);
    release(c);
}

void in_profile(struct compiled *c, const char *name, const char *path, const char *to)
{
    cr_assert_eq(policy_select(&c->policy, NULL, name), 0, "%s", name ? name : "-");
    expect(c, policy_map, path, to);
}

void check_says(const struct row *rows, size_t count, unsigned flags, int status)
{
    static struct parsed p;

    p.flags = flags;
    for (size_t i = 0; i < count; i++) {
        parse_policy(&p, rows[i].text, strlen(rows[i].text));
        cr_expect_eq(p.status, status, "%s", rows[i].text);
        cr_expect_str_eq(p.says, rows[i].says, "%s\n says %s\n should %s", rows[i].text, p.says, rows[i].says);
        parsed_free(&p);
    }
}

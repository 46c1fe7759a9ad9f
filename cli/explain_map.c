#include "explain_map.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Names may hold anything; a line stays one. */
static char *printable(const char *name, size_t len)
{
    char *out = allocate(len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
    out[len] = '\0';
    return out;
}

static const char *say_step(const struct policy *p, uint32_t rule, const struct policy_addr *from, const char *to)
{
    struct policy_rule_info info = {.file = "?"};

    policy_rule(p, rule, &info);
    return format_new("mapped: %s -> %s by %s:%u\n", printable(from->bytes, from->len),
                      to ? printable(to, strlen(to)) : "a path that is too long", printable(info.file, strlen(info.file)),
                      info.line);
}

static const char *map_one(const struct policy *p, struct policy_addr *a)
{
    char *to = allocate(PATH_MAX);
    uint32_t rule = policy_map_rule(p, a->bytes, a->len, to, PATH_MAX);
    const char *line = "";

    if (rule != POLICY_RULE_NONE) {
        long len = policy_map(p, a->bytes, a->len, to, PATH_MAX);

        line = say_step(p, rule, a, len > 0 ? to : NULL);
        if (len > 0)
            *a = (struct policy_addr){.kind = a->kind, .bytes = to, .len = (uint32_t)len};
    }
    return line;
}

const char *explain_map(const struct loaded *layers, unsigned count, struct policy_query *q)
{
    struct policy_addr *const ends[] = {&q->local, &q->peer};
    const char *lines = "";

    for (int end = 0; end < 2; end++)
        for (unsigned i = count; i-- > 0 && ends[end]->kind == POLICY_ADDR_PATHNAME && ends[end]->bytes;)
            lines = format_new("%s%s", lines, map_one(&layers[i].policy, ends[end]));
    return lines;
}

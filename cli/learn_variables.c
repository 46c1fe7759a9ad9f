/* Variables that stand for what changes in names, and how a policy defines them. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "learn.h"

/* What a place of a name stands for: 1 to `most` of `one`, or as many as there were. */
static const struct place {
    char mark;
    const char *name, *one;
    unsigned most;
} places[] = {
    {MARK_PID, "pid", "[0-9]", 7},        {MARK_INT, "int", "[0-9]", 10},  {MARK_LONG, "long", "[0-9]", 20},
    {MARK_BASE36, "base36", "[0-9a-z]", 7}, {MARK_UUID, "uuid", NULL, 0},  {MARK_RANDOM, "rand", "[0-9A-Za-z_]", 0},
};
enum { PLACES = sizeof places / sizeof *places };

#define HEX4 "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
static const char uuid[] = HEX4 HEX4 "-" HEX4 "-" HEX4 "-" HEX4 "-" HEX4 HEX4 HEX4;

static const char *value_of(const struct place *p, size_t len)
{
    const char *value = p->one;

    if (!p->one)
        return uuid;
    for (size_t i = 1; i < (p->most ? p->most : len); i++)
        value = format_new(p->most ? "%s{,%s}" : "%s%s", value, p->one);
    return value;
}

static size_t blanks(const char *at)
{
    return strspn(at, " \t");
}

/* Whether the policy that is extended gives the name a value of its own. */
static bool means_else(const struct learned *l, const char *name, const char *definition)
{
    const char *reference = format_new("@{%s}", name), *found = l->old_text;
    size_t len = strlen(definition);

    for (; found && (found = strstr(found, reference)); found++) {
        const char *after = found + strlen(reference), *line = found;

        after += blanks(after);
        while (line > l->old_text && (line[-1] == ' ' || line[-1] == '\t'))
            line--;
        if ((line > l->old_text && line[-1] != '\n') || !strchr("=+?:", *after))
            continue;
        if (strncmp(line, definition, len) != 0 || !strchr("\r\n", line[len]))
            return true;
    }
    return false;
}

static const char *definition_of(const char *name, const char *value)
{
    return format_new("@{%s} ?= %s", name, value);
}

/* `name`, or another one where that is taken. */
static const char *free_name(const struct learned *l, const char *name, const char *value)
{
    return means_else(l, name, definition_of(name, value)) ? format_new("learned_%s", name) : name;
}

/* What is known of the place `i` of so many bytes; asked for again and again. */
struct known {
    const char *name, *definition;
};

static const struct known *known(const struct learned *l, unsigned i, size_t len)
{
    static struct known all[PLACES][LEARN_RANDOM_MAX + 1];
    struct known *k = &all[i][places[i].mark == MARK_RANDOM ? len : 0];
    const struct place *p = &places[i];
    const char *value, *name;

    if (k->name)
        return k;
    value = value_of(p, len);
    name = free_name(l, p->mark == MARK_RANDOM ? format_new("%s%zu", p->name, len) : p->name, value);
    k->definition = definition_of(name, value);
    k->name = format_new("@{%s}", name);
    return k;
}

const char *place_name(const struct learned *l, char mark, size_t len)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (places[i].mark == mark)
            return known(l, i, len)->name;
    return "@{uid}"; /* which needs no definition */
}

const char *names_variables(const struct learned *l, const char *text)
{
    const char *all = "";

    for (unsigned i = 0; i < PLACES; i++)
        for (size_t len = 1; len <= (places[i].mark == MARK_RANDOM ? LEARN_RANDOM_MAX : 1); len++) {
            const struct known *k = known(l, i, len);

            if (strstr(text, k->name))
                all = format_new("%s%s\n", all, k->definition);
        }
    return all;
}

#include "tests/tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

static struct table table;

/* `from` with $T and $U replaced. */
static char *substitute(const char *from, const char *directory)
{
    const char *word = strrchr(directory, '/') + 1;
    char *out = calloc(1, strlen(from) * (strlen(directory) + 1) + 1), *at = out;
    for (; *from; from++)
        if (from[0] == '$' && (from[1] == 'T' || from[1] == 'U'))
            at = stpcpy(at, *++from == 'T' ? directory : word);
        else
            *at++ = *from;
    return out;
}

static void add_row(const struct row *common, const char *operation, const char *family, const char *type)
{
    cr_assert(table.row_count < TABLE_ROWS && table.section_count, "line %d: no room or no section", common->line);
    struct row *r = &table.rows[table.row_count++];
    *r = *common;
    r->number = table.row_count;
    r->operation = operation, r->family = family, r->type = type;
    table.sections[table.section_count - 1].rows++;
}

static char *next_of(char **list)
{
    return strsep(list, ",");
}

static void expand(const struct row *common, char *operations, char *families, char *types)
{
    for (char *op; (op = next_of(&operations));) {
        char *family_list = text("%s", families);
        for (char *family; (family = next_of(&family_list));) {
            char *type_list = text("%s", types);
            for (char *type; (type = next_of(&type_list));)
                add_row(common, op, family, type);
        }
    }
}

static void read_row(char *line, int number)
{
    char *w[9], *why = strchr(line, '!');
    if (why)
        *why++ = '\0';
    for (int i = 0; i < 9; i++)
        if (!(w[i] = strtok(i ? NULL : line, " \n")))
            cr_assert_fail("decisions.txt:%d: a row has nine columns", number);
    struct row r = {.line = number, .protocol = w[3], .local = w[4], .peer = w[5], .verdict = w[6], .err = w[7],
                    .rule = atoi(w[8]), .not_live = why};
    cr_assert(strtok(NULL, " \n") == NULL, "decisions.txt:%d: more than nine columns", number);
    cr_assert(r.rule || !strcmp(w[8], "none"), "decisions.txt:%d: bad rule line %s", number, w[8]);
    cr_assert(row_denied(&r) != !strcmp(r.err, "-"), "decisions.txt:%d: verdict and errno contradict", number);
    expand(&r, w[0], w[1], w[2]);
}

static void start_section(char *line)
{
    cr_assert(table.section_count < TABLE_SECTIONS, "too many sections");
    line[strcspn(line, "\n")] = '\0';
    table.sections[table.section_count++] =
        (struct section){.sentence = line + 3, .policy = text("%s", ""), .first = table.row_count};
}

static void read_line(char *line, int number)
{
    struct section *s = &table.sections[table.section_count - (table.section_count > 0)];
    if (!strncmp(line, "== ", 3))
        start_section(line);
    else if (!strncmp(line, "| ", 2))
        s->policy = text("%s%s", s->policy, line + 2);
    else if (!strncmp(line, "profile ", 8))
        s->profile = text("%.*s", (int)strcspn(line + 8, "\n"), line + 8);
    else if (*line != '#' && *line != '\n')
        read_row(line, number);
}

const struct table *table_read(const char *path, const char *directory)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");
    cr_assert(f, "cannot open %s", path);
    for (int number = 1; getline(&line, &room, f) > 0; number++)
        read_line(substitute(line, directory), number);
    fclose(f);
    free(line);
    return &table;
}

bool row_denied(const struct row *r)
{
    return !strcmp(r->verdict, "deny") || !strcmp(r->verdict, "quiet");
}

bool row_recorded(const struct row *r)
{
    return !strcmp(r->verdict, "deny") || !strcmp(r->verdict, "audit");
}

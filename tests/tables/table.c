#include "tests/tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

static struct table table;

/* `from` with $T and the others replaced. */
static char *substitute(const char *from, const char *directory, const char *probe)
{
    static const char letters[] = "TUIE";
    const char *const values[] = {directory, strrchr(directory, '/') + 1, text("%u", (unsigned)getuid()), probe};
    char *out;
    size_t len;
    FILE *f = open_memstream(&out, &len);
    for (; *from; from++) {
        const char *letter = from[0] == '$' && from[1] ? strchr(letters, from[1]) : NULL;
        if (letter)
            fputs(values[letter - letters], f), from++;
        else
            fputc(*from, f);
    }
    fclose(f);
    char *copy = text("%s", out);
    free(out);
    return copy;
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
    r.facts = "";
    for (char *fact; (fact = strtok(NULL, " \n"));) {
        cr_assert(strchr(fact, '='), "decisions.txt:%d: %s is not KEY=VALUE", number, fact);
        r.facts = text("%s%s ", r.facts, fact);
    }
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

const struct table *table_read(const char *path, const char *directory, const char *probe)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");
    cr_assert(f, "cannot open %s", path);
    for (int number = 1; getline(&line, &room, f) > 0; number++)
        read_line(substitute(line, directory, probe), number);
    fclose(f);
    free(line);
    return &table;
}

const char *row_fact(const struct row *r, const char *key)
{
    size_t len = strlen(key);
    for (const char *at = r->facts; *at; at = strchr(at, ' ') + 1)
        if (!strncmp(at, key, len) && at[len] == '=')
            return text("%.*s", (int)strcspn(at + len + 1, " "), at + len + 1);
    return NULL;
}

bool row_denied(const struct row *r)
{
    return !strcmp(r->verdict, "deny") || !strcmp(r->verdict, "quiet");
}

bool row_recorded(const struct row *r)
{
    return !strcmp(r->verdict, "deny") || !strcmp(r->verdict, "audit");
}

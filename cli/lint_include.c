/* Included files. Their rules are for many policies: something is said only if this one
 * needs none of them. */
#include <string.h>

#include "cli.h"
#include "lint.h"

/* What `include` or `#include` names in the line [at, end); its length, 0: the line is none. */
static size_t included(const char *at, const char *end, const char **name)
{
    static const char word[] = "include";
    const char *stop;

    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    at += at < end && *at == '#';
    if ((size_t)(end - at) < sizeof word || memcmp(at, word, sizeof word - 1) != 0)
        return 0;
    for (at += sizeof word - 1; at < end && strchr(" \t<\"", *at); at++)
        ;
    for (stop = at; stop < end && !strchr(">\",\r", *stop); stop++)
        ;
    *name = at;
    return (size_t)(stop - at);
}

/* The line of the main file that includes it, as far as its text says so; NULL: another
 * file does, or a directory. */
static const char *include_of(const struct lint_file *top, const char *file, size_t *len)
{
    const char *end = top->text + top->len, *nl, *name;
    size_t all = strlen(file);

    for (const char *at = top->text; at < end; at = nl + 1) {
        size_t n;

        nl = memchr(at, '\n', (size_t)(end - at));
        nl = nl ? nl : end;
        *len = (size_t)(nl - at);
        n = included(at, nl, &name);
        if (n && all >= n && !memcmp(file + all - n, name, n))
            return at;
    }
    return NULL;
}

static void say_include(struct lint *l, const char *file)
{
    const struct lint_file *top = &l->files[0];
    size_t len;
    const char *at = include_of(top, file, &len);
    struct rule_source line = {.file = top->name, .line = 1, .text = top->text};
    struct policy_diag d = {.severity = POLICY_WARNING, .file = top->name, .column = 0};

    if (!at || l->allowed & 1u << WARN_REDUNDANT || lint_allowed_in(l, top->name) & 1u << WARN_REDUNDANT)
        return;
    lint_place(l, &line, &d, at, len);
    d.message = format_new("changes nothing: other rules say all that %s does [%s]", file, lint_names[WARN_REDUNDANT]);
    diag_print(&l->loaded->count, &d);
}

void lint_includes(struct lint *l, const bool *is_needed)
{
    for (uint32_t i = 0; i < l->set.source_count; i++) {
        const char *file = l->set.sources[i].file;
        bool first = strcmp(file, l->loaded->input.name) != 0, needed = false;

        for (uint32_t k = 0; k < l->set.source_count && first; k++) {
            if (strcmp(l->set.sources[k].file, file) != 0)
                continue;
            first = k >= i;
            needed |= is_needed[k];
        }
        if (first && !needed)
            say_include(l, file);
    }
}

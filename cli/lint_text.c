/* Places in the text of a policy, and what comments there allow. */
#include "lint.h"

#include <string.h>

const char *const lint_names[WARNINGS + 1] = {"shadowed", "duplicate", "redundant", "never", "wide", "key", "unused", "inet", NULL};

const struct lint_file *lint_file_at(const struct lint *l, const char *at)
{
    for (unsigned i = 0; i < l->file_count; i++)
        if (at >= l->files[i].text && at <= l->files[i].text + l->files[i].len)
            return &l->files[i];
    return NULL;
}

static const char *line_start(const struct lint_file *f, const char *at)
{
    while (at > f->text && at[-1] != '\n')
        at--;
    return at;
}

static const char *line_end(const struct lint_file *f, const char *at)
{
    const char *end = f->text + f->len, *nl = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return nl ? nl : end;
}

void lint_place(const struct lint *l, const struct rule_source *s, struct policy_diag *d, const char *at, size_t len)
{
    const struct lint_file *f = lint_file_at(l, at);

    if (!f)
        return;
    const char *start = line_start(f, at), *end = line_end(f, at);
    size_t rest = (size_t)(end - at);

    d->line = s->line;
    for (const char *c = s->text; c < start; c++)
        d->line += *c == '\n';
    d->column = (unsigned)(at - start) + 1;
    d->width = (unsigned)(len < rest ? len : rest);
    d->width = d->width ? d->width : 1;
    d->source = start;
    d->source_len = (size_t)(end - start);
    if (d->source_len && d->source[d->source_len - 1] == '\r')
        d->source_len--;
}

/* --- Conditions ---------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `word` and, blanks apart, '=' in [at, end). */
static const char *find_condition(const char *at, const char *end, const char *word)
{
    size_t len = strlen(word);

    for (const char *c = at; c + len < end; c++) {
        const char *after = c + len;

        if (memcmp(c, word, len) != 0 || (c > at && is_word(c[-1])))
            continue;
        while (after < end && (*after == ' ' || *after == '\t'))
            after++;
        if (after < end && *after == '=')
            return c;
    }
    return NULL;
}

/* To the end of the value: a blank, a comma or a parenthesis outside of quotes. */
static const char *condition_end(const char *at, const char *end)
{
    bool quoted = false;

    while (*at++ != '=')
        ;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    for (; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        if (!quoted && memchr(" \t\n)", *at, 4))
            break;
    }
    return at > end - 1 && end[-1] == ',' ? end - 1 : at;
}

void lint_condition(const struct rule_source *s, enum lint_side side, const char **at, size_t *len)
{
    static const char *const words[] = {"label", "addr", "exe"};
    const char *from = s->text, *end = s->text + s->text_len, *peer = find_condition(from, end, "peer"), *found = NULL;

    *at = s->text;
    *len = s->text_len;
    if (side == LINT_WHOLE || (side != LINT_LOCAL && !peer))
        return;
    if (side != LINT_LOCAL)
        from = peer;
    for (unsigned i = side != LINT_LABEL; i < sizeof words / sizeof *words && !found; i++)
        found = find_condition(from, side == LINT_LOCAL && peer ? peer : end, words[i]);
    if (!found)
        return;
    *at = found;
    *len = (size_t)(condition_end(found, end) - found);
}

/* --- Comments ------------------------------------------------------------ */

unsigned lint_bit(const char *name, size_t len)
{
    for (unsigned i = 0; i < WARNINGS; i++)
        if (strlen(lint_names[i]) == len && !memcmp(lint_names[i], name, len))
            return 1u << i;
    return 0;
}

static const char *skip(const char *at, const char *end, const char *set)
{
    while (at < end && strchr(set, *at))
        at++;
    return at;
}

/* "# sunshim: allow NAME, NAME: and why", in [at, end): the first word that is no name
 * ends the list. */
static unsigned allowed_by(const char *at, const char *end)
{
    static const char word[] = "sunshim: allow ";
    unsigned bits = 0, bit;

    at = skip(at, end, "# \t");
    if ((size_t)(end - at) < sizeof word - 1 || memcmp(at, word, sizeof word - 1) != 0)
        return 0;
    for (at += sizeof word - 1;; bits |= bit) {
        const char *start = at = skip(at, end, " \t,");

        while (at < end && is_word(*at))
            at++;
        if (!(bit = lint_bit(start, (size_t)(at - start))))
            return bits;
    }
}

/* A line of its own above the rule, or behind the rule on its last line. */
unsigned lint_allowed_at(const struct lint *l, const struct rule_source *s)
{
    const struct lint_file *f = lint_file_at(l, s->text);

    if (!f)
        return 0;
    const char *behind = s->text + s->text_len, *start = line_start(f, s->text), *above;
    unsigned bits = 0;

    behind = skip(behind, line_end(f, behind), " \t}");
    if (behind < f->text + f->len && *behind == '#')
        bits |= allowed_by(behind, line_end(f, behind));
    if (start == f->text)
        return bits;
    above = skip(line_start(f, start - 1), start - 1, " \t");
    return *above == '#' ? bits | allowed_by(above, start - 1) : bits;
}

unsigned lint_allowed_in(const struct lint *l, const char *file)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < l->file_count; i++) {
        const struct lint_file *f = &l->files[i];

        if (strcmp(f->name, file))
            continue;
        for (const char *at = f->text; at < f->text + f->len; at = line_end(f, at) + 1) {
            const char *word = skip(at, line_end(f, at), " \t");

            if (word < f->text + f->len && *word == '#')
                bits |= allowed_by(word, line_end(f, word));
        }
    }
    return bits;
}

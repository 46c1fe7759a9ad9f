/* Findings, and names as they are shown and typed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"
#include "utf8.h"

static char *format_list(const char *format, va_list list) __attribute__((format(printf, 1, 0)));
static char *format_list(const char *format, va_list list)
{
    char *text = NULL;

    if (vasprintf(&text, format, list) < 0)
        exit(fail("out of memory"));
    return text;
}

struct finding *finding_add(struct findings *f, const char *word, enum severity severity, const char *format,
                            ...)
{
    va_list list;

    if (f->count == FINDINGS_MAX)
        return NULL;
    struct finding *one = &f->at[f->count++];
    one->word = word;
    one->severity = severity;
    va_start(list, format);
    one->what = format_list(format, list);
    va_end(list);
    return one;
}

void remedy_add(struct finding *f, const char *format, ...)
{
    va_list list;

    if (!f || f->remedy_count == REMEDIES_MAX)
        return;
    va_start(list, format);
    f->remedies[f->remedy_count++] = format_list(format, list);
    va_end(list);
}

const struct finding *findings_worst(const struct findings *f)
{
    const struct finding *worst = NULL;

    for (unsigned i = 0; i < f->count; i++)
        if (f->at[i].severity > (worst ? worst->severity : NOTE))
            worst = &f->at[i];
    return worst;
}

/* --- For a shell ---------------------------------------------------------------- */

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* '...' for what prints, $'...' for what does not. */
char *shell_word(const char *text)
{
    char *word = allocate(4 * strlen(text) + 4), *out = word;
    bool prints = printable(text);

    if (*text && text[strspn(text, plain)] == '\0')
        return strcpy(word, text);
    out = stpcpy(out, prints ? "'" : "$'");
    for (; *text; text++)
        if (*text == '\'')
            out = stpcpy(out, prints ? "'\\''" : "\\'");
        else if (*text == '\\' && !prints)
            out = stpcpy(out, "\\\\");
        else if (*text >= ' ' && *text <= '~')
            *out++ = *text;
        else
            out += sprintf(out, "\\%03o", (unsigned char)*text);
    strcpy(out, "'");
    return word;
}

/* --- For people ------------------------------------------------------------------ */

/* Not in the middle of a character: what stays of one would be escaped. */
static size_t whole_characters(const char *text, size_t most)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = 0, n;
    uint32_t code;

    for (;;) {
        if (!(n = utf8_next(at + len, strnlen(text + len, 4), &code)))
            n = 1;
        if (len + n > most)
            return len;
        len += n;
    }
}

char *shown_short(const char *text, size_t most)
{
    size_t len = strlen(text), head, tail;

    if (len <= most)
        return shown_text(text);
    head = whole_characters(text, most / 2 - 2);
    for (tail = len - (most - most / 2 - 1); tail < len && ((unsigned char)text[tail] & 0xc0) == 0x80; tail++)
        ;
    return format_new("%s...%s", shown(text, head), shown_text(text + tail));
}

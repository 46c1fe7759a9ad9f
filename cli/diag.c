#include "diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line longer than this is shown from near the mark only. */
enum { SHOWN = 160, BEFORE = 60 };

static const char *const word[] = {"error", "warning", "note"};
static const char *const colour[] = {"\033[1;31m", "\033[1;35m", "\033[1;36m"};

static const char *paint(const char *code)
{
    static int coloured = -1;

    if (coloured < 0) {
        const char *no = getenv("NO_COLOR");
        coloured = isatty(STDERR_FILENO) && !(no && *no);
    }
    return coloured ? code : "";
}

/* Text from a file as a terminal can take it. */
static void put_safe(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fputc((unsigned char)text[i] < ' ' && text[i] != '\t' ? '?' : text[i] == 0x7f ? '?' : text[i], stderr);
}

static void put_mark(const char *source, size_t from, size_t at, size_t width, size_t end)
{
    fprintf(stderr, "      | ");
    for (size_t i = from; i < at; i++)
        if (i >= end || ((unsigned char)source[i] & 0xc0) != 0x80) /* a UTF-8 character is one column */
            fputc(i < end && source[i] == '\t' ? '\t' : ' ', stderr);
    fprintf(stderr, "%s^", paint(colour[POLICY_ERROR]));
    for (size_t i = at + 1; i < at + width && i < end; i++)
        if (((unsigned char)source[i] & 0xc0) != 0x80)
            fputc('~', stderr);
    fprintf(stderr, "%s\n", paint("\033[0m"));
}

static void put_source(const struct policy_diag *d)
{
    size_t column = d->column ? d->column - 1 : 0;
    size_t at = column < d->source_len ? column : d->source_len;
    size_t from = d->source_len > SHOWN && at > BEFORE ? at - BEFORE : 0;
    size_t end = d->source_len - from > SHOWN ? from + SHOWN : d->source_len;

    fprintf(stderr, "%5u | ", d->line);
    put_safe(d->source + from, end - from);
    fputc('\n', stderr);
    put_mark(d->source, from, at, d->width, end);
}

static void put_head(enum policy_severity severity, const char *message)
{
    fprintf(stderr, "%s%s:%s%s ", paint(colour[severity]), word[severity], paint("\033[0m"), paint("\033[1m"));
    put_safe(message, strlen(message));
    fprintf(stderr, "%s\n", paint("\033[0m"));
}

void diag_file(const char *file, enum policy_severity severity, const char *message)
{
    put_safe(file, strlen(file));
    fputs(": ", stderr);
    put_head(severity, message);
}

void diag_print(void *ctx, const struct policy_diag *d)
{
    struct diag_count *count = ctx;

    if (count)
        ++*(d->severity == POLICY_ERROR ? &count->errors
            : d->severity == POLICY_WARNING ? &count->warnings
                                            : &count->notes);
    put_safe(d->file, strlen(d->file));
    if (d->line && d->column)
        fprintf(stderr, ":%u:%u", d->line, d->column);
    else if (d->line)
        fprintf(stderr, ":%u", d->line);
    fputs(": ", stderr);
    put_head(d->severity, d->message);
    if (d->line && d->source)
        put_source(d);
    if (d->suggestion)
        fprintf(stderr, "      = %s\n", d->suggestion);
}

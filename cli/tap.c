/* Verdicts as TAP (testanything.org). What is written means the same in versions 13 and 14;
 * prove(1) refuses to read what calls itself 14 (Test::Harness 3.44). */
#include <stdbool.h>
#include <string.h>

#include "verdicts.h"

/* `special`: what a backslash goes before. One that we write for a byte that cannot be shown
 * is a backslash of the text, too. */
static void put_text(FILE *out, const char *text, size_t len, const char *special)
{
    const char *backslash = strchr(special, '\\') ? "\\\\" : "\\";
    size_t n;

    for (; len; text += n, len -= n) {
        n = verdict_shown(text, len);
        if (n == 1 && strchr(special, *text))
            fprintf(out, "\\%c", *text);
        else if (n)
            fwrite(text, 1, n, out);
        else
            fprintf(out, "%sx%02x", backslash, (unsigned char)*text);
        n += !n;
    }
}

/* In YAML's double quotes. */
static void put_quoted(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    put_text(out, text, len, "\"\\");
    fputs("\"\n", out);
}

/* A block, as it is: prove(1) takes quoted items of a list for keys when they have ": ". */
static void put_lines(FILE *out, const char *text)
{
    fputs("  details: |\n", out);
    while (*text) {
        size_t len = strcspn(text, "\n");

        fputs("    ", out);
        put_text(out, text, len, "");
        fputc('\n', out);
        text += len + (text[len] == '\n');
    }
}

static void put_why(FILE *out, const struct verdict *v)
{
    const char *message = v->message ? v->message : v->name;

    fputs("  ---\n  message: ", out);
    put_quoted(out, message, strlen(message));
    fprintf(out, "  severity: %s\n", v->result == VERDICT_FAILED ? "fail" : "todo");
    if (v->details && *v->details)
        put_lines(out, v->details);
    fputs("  ...\n", out);
}

static void put_case(FILE *out, const struct verdict *v, size_t number)
{
    fprintf(out, "%s %zu - %s: ", v->result == VERDICT_PASSED ? "ok" : "not ok", number, verdict_kind_word(v->kind));
    put_text(out, v->name, strlen(v->name), "\\#");
    fputs(v->result == VERDICT_TOLD ? " # TODO only told of\n" : "\n", out);
    if (v->result != VERDICT_PASSED)
        put_why(out, v);
}

void tap_print(FILE *out, const struct verdicts *v)
{
    fprintf(out, "TAP version 13\n1..%zu\n", v->count);
    for (size_t i = 0; i < v->count; i++)
        put_case(out, &v->at[i], i + 1);
}

#include "verdicts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "utf8.h"

void verdict_add(struct verdicts *v, struct verdict one)
{
    if (v->count == v->room) {
        v->room = v->room ? 2 * v->room : 64;
        v->at = enlarged(v->at, v->count * sizeof *v->at, v->room * sizeof *v->at);
    }
    v->at[v->count++] = one;
}

const char *verdict_kind_word(enum verdict_kind kind)
{
    static const char *const words[] = {
        [VERDICT_COMMAND] = "command",     [VERDICT_EXPECTATION] = "expectation", [VERDICT_DENIED] = "denied",
        [VERDICT_LEAKED] = "leaked",       [VERDICT_CUT] = "cut",                 [VERDICT_UNSEEN] = "unseen",
        [VERDICT_INJECTION] = "injection", [VERDICT_LEFTOVER] = "leftover",       [VERDICT_OTHER] = "other",
    };

    return words[kind];
}

size_t verdicts_with(const struct verdicts *v, enum verdict_result result)
{
    size_t n = 0;

    for (size_t i = 0; i < v->count; i++)
        n += v->at[i].result == result;
    return n;
}

/* As in records (shim/quote.c), and what is no character in XML. */
static bool misleads(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe007f);
}

size_t verdict_shown(const char *at, size_t len)
{
    uint32_t code;
    size_t n = utf8_next((const unsigned char *)at, len, &code);

    return n && !misleads(code) ? n : 0;
}

static void put_word(FILE *out, const char *word)
{
    size_t len = strlen(word), n;

    for (; len; word += n, len -= n) {
        n = verdict_shown(word, len);
        if (n)
            fwrite(word, 1, n, out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*word);
        n += !n;
    }
}

char *verdicts_command(const struct verdicts *v)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        exit(fail("out of memory"));
    for (unsigned i = 0; v->argv[i]; i++) {
        if (i)
            fputc(' ', out);
        put_word(out, v->argv[i]);
    }
    fclose(out);
    return text;
}

/* Names as one word that neither forges a line nor moves a terminal's cursor. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "utf8.h"
#include "who.h"

char *shown(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    char *text = allocate(4 * len + 1), *out = text;

    for (size_t n; len; at += n, len -= n) {
        n = *at >= 0x80 ? utf8_shown(at, len) : 0;
        if (n) {
            out = mempcpy(out, at, n);
            continue;
        }
        n = 1;
        if (*at == '\\' || *at == ' ')
            out += sprintf(out, "\\%c", *at);
        else if (*at > ' ' && *at < 0x7f)
            *out++ = (char)*at;
        else
            out += sprintf(out, "\\x%02x", *at);
    }
    *out = '\0';
    return text;
}

char *shown_text(const char *text)
{
    return shown(text, strlen(text));
}

char *shown_name(const struct name *n)
{
    if (n->kind == NAME_NONE)
        return format_new("(unnamed)");
    char *text = shown(n->bytes, n->len);
    if (n->kind == NAME_ABSTRACT)
        return format_new("@%s", text);
    /* A file's name may begin with what abstract names are written with. */
    return format_new("%s%s", *text == '@' || *text == '(' ? "\\" : "", text);
}

char *shown_time(time_t when)
{
    char text[64];
    struct tm tm;

    if (!gmtime_r(&when, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return format_new("?");
    return format_new("%s", text);
}

bool name_equal(const struct name *a, const struct name *b)
{
    return a->kind == b->kind && a->len == b->len && (!a->len || !memcmp(a->bytes, b->bytes, a->len));
}

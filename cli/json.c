#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { DEEPEST = 16 };

/* What closes each level, and whether a comma is due there. */
static char closing[DEEPEST + 1];
static bool comma[DEEPEST + 1];
static unsigned depth;

static void put_text(const unsigned char *at, size_t len, bool *whole)
{
    uint32_t code;

    *whole = true;
    putchar('"');
    for (size_t n; len; at += n, len -= n) {
        n = utf8_next(at, len, &code);
        if (!n) {
            fputs("\\ufffd", stdout);
            *whole = false;
            n = 1;
        } else if (*at == '"' || *at == '\\') {
            printf("\\%c", *at);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            printf("\\u%04" PRIx32, code); /* a terminal may be reading, too */
        } else {
            fwrite(at, 1, n, stdout);
        }
    }
    putchar('"');
}

static void put_key(const char *key)
{
    if (comma[depth])
        putchar(',');
    comma[depth] = true;
    if (key)
        printf("\"%s\":", key);
}

static void begin(const char *key, char open, char close)
{
    put_key(key);
    putchar(open);
    if (depth < DEEPEST)
        depth++;
    closing[depth] = close;
    comma[depth] = false;
}

void json_object(const char *key)
{
    begin(key, '{', '}');
}

void json_array(const char *key)
{
    begin(key, '[', ']');
}

void json_end(void)
{
    putchar(closing[depth]);
    if (depth)
        depth--;
}

void json_bytes(const char *key, const void *bytes, size_t len)
{
    bool whole;

    put_key(key);
    put_text(bytes, len, &whole);
    if (whole || !key)
        return;
    printf(",\"%s_hex\":\"", key);
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const unsigned char *)bytes)[i]);
    putchar('"');
}

void json_string(const char *key, const char *value)
{
    json_bytes(key, value, strlen(value));
}

void json_number(const char *key, int64_t value)
{
    put_key(key);
    printf("%" PRId64, value);
}

void json_unsigned(const char *key, uint64_t value)
{
    put_key(key);
    printf("%" PRIu64, value);
}

void json_bool(const char *key, bool value)
{
    put_key(key);
    fputs(value ? "true" : "false", stdout);
}

void json_done(void)
{
    putchar('\n');
}

#include "ink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "utf8.h"

static void make_room(struct ink *t, size_t more)
{
    if (t->room - t->len > more)
        return;
    size_t room = 2 * t->room + more + 256;
    char *bigger = allocate(room);
    if (t->len)
        memcpy(bigger, t->at, t->len);
    free(t->at);
    t->at = bigger;
    t->room = room;
}

void ink_raw(struct ink *t, const void *bytes, size_t len)
{
    make_room(t, len);
    memcpy(t->at + t->len, bytes, len);
    t->len += len;
}

void ink_put(struct ink *t, const char *format, ...)
{
    va_list list, again;

    va_start(list, format);
    va_copy(again, list);
    make_room(t, 64);
    int len = vsnprintf(t->at + t->len, t->room - t->len, format, list);
    if (len >= 0 && (size_t)len >= t->room - t->len) {
        make_room(t, (size_t)len + 1);
        vsnprintf(t->at + t->len, t->room - t->len, format, again);
    }
    t->len += len > 0 ? (size_t)len : 0;
    va_end(again);
    va_end(list);
}

void ink_colour(struct ink *t, enum ink_colour colour)
{
    static const char codes[INK_COLOURS][8] = {[PLAIN] = "\33[0m",  [DIM] = "\33[2m",      [BOLD] = "\33[1m",
                                                 [NAMED] = "\33[36m", [FAILED] = "\33[31m",  [REFUSED] = "\33[1;31m",
                                                 [NOTED] = "\33[33m"};

    if (t->colours)
        ink_raw(t, codes[colour], strlen(codes[colour]));
}

static void put_shown(struct ink *t, const char *bytes, size_t len, const char *protect)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t n;

    for (; len; at += n, len -= n) {
        n = utf8_shown(at, len);
        if (n == 1 && strchr(protect, *at))
            ink_put(t, "\\%c", *at);
        else if (n)
            ink_raw(t, at, n);
        else if (*at == '\n')
            ink_raw(t, "\\n", 2);
        else
            ink_put(t, "\\x%02x", *at);
        n = n ? n : 1;
    }
}

void ink_quoted(struct ink *t, const char *bytes, size_t len)
{
    ink_raw(t, "\"", 1);
    put_shown(t, bytes, len, "\"\\");
    ink_raw(t, "\"", 1);
}

void ink_word(struct ink *t, const char *bytes, size_t len)
{
    put_shown(t, bytes, len, " \"\\");
}

void ink_plain(struct ink *t, const char *bytes, size_t len)
{
    put_shown(t, bytes, len, "");
}

bool ink_json(struct ink *t, const char *bytes, size_t len)
{
    const unsigned char *at = (const unsigned char *)bytes;
    bool whole = true;
    uint32_t code;

    ink_raw(t, "\"", 1);
    for (size_t n; len; at += n, len -= n) {
        n = utf8_next(at, len, &code);
        if (!n) {
            ink_raw(t, "\\ufffd", 6);
            whole = false;
            n = 1;
        } else if (*at == '"' || *at == '\\') {
            ink_put(t, "\\%c", *at);
        } else if (code < 0xa0 ? code < 0x20 || code >= 0x7f : utf8_misleads(code)) {
            if (code > 0xffff)
                ink_put(t, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
            else
                ink_put(t, "\\u%04" PRIx32, code);
        } else {
            ink_raw(t, at, n);
        }
    }
    ink_raw(t, "\"", 1);
    return whole;
}

void ink_free(struct ink *t)
{
    free(t->at);
    *t = (struct ink){.colours = t->colours};
}

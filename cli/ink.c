#include "ink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "utf8.h"

static void grow(struct ink *t, size_t more)
{
    size_t room = 2 * t->room + more + 256;

    t->at = enlarged(t->at, t->len, room);
    t->room = room;
}

static void make_room(struct ink *t, size_t more)
{
    if (t->room - t->len <= more)
        grow(t, more);
}

void ink_raw(struct ink *t, const void *bytes, size_t len)
{
    make_room(t, len);
    memcpy(t->at + t->len, bytes, len);
    t->len += len;
}

void ink_text(struct ink *t, const char *text)
{
    ink_raw(t, text, strlen(text));
}

void ink_blanks(struct ink *t, size_t count)
{
    make_room(t, count);
    memset(t->at + t->len, ' ', count);
    t->len += count;
}

void ink_number(struct ink *t, int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    ink_raw(t, at, (size_t)(digits + sizeof digits - at));
}

void ink_digits(struct ink *t, uint64_t number, unsigned count)
{
    make_room(t, count);
    for (unsigned i = count; i--; number /= 10)
        t->at[t->len + i] = (char)('0' + number % 10);
    t->len += count;
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

/* Which ASCII stands as it is, in what. */
enum { IN_QUOTES = 1, IN_WORDS = 2, IN_TEXT = 4, EVERYWHERE = 7 };
static const unsigned char stands[256] = {
    [' '] = IN_QUOTES | IN_TEXT, ['!'] = EVERYWHERE, ['"'] = IN_TEXT,
    ['#' ... '['] = EVERYWHERE,  ['\\'] = IN_TEXT,   [']' ... '~'] = EVERYWHERE,
};

/* The first byte is none that stands as it is. Gives how many bytes were shown. */
static size_t put_odd(struct ink *t, const unsigned char *at, size_t len)
{
    size_t n = utf8_shown(at, len);

    if (n == 1)
        ink_raw(t, (const char[]){'\\', (char)*at}, 2);
    else if (n)
        ink_raw(t, at, n);
    else if (*at == '\n')
        ink_raw(t, "\\n", 2);
    else
        ink_put(t, "\\x%02x", *at);
    return n ? n : 1;
}

static void put_shown(struct ink *t, const char *bytes, size_t len, unsigned where)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + len, *start;

    while (at < end) {
        for (start = at; at < end && stands[*at] & where; at++)
            ;
        ink_raw(t, start, (size_t)(at - start));
        if (at < end)
            at += put_odd(t, at, (size_t)(end - at));
    }
}

void ink_quoted(struct ink *t, const char *bytes, size_t len)
{
    ink_raw(t, "\"", 1);
    put_shown(t, bytes, len, IN_QUOTES);
    ink_raw(t, "\"", 1);
}

void ink_word(struct ink *t, const char *bytes, size_t len)
{
    put_shown(t, bytes, len, IN_WORDS);
}

void ink_plain(struct ink *t, const char *bytes, size_t len)
{
    put_shown(t, bytes, len, IN_TEXT);
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

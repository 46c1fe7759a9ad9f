#include "text.h"

#include <string.h>

void text_byte(struct text *t, char c)
{
    if (t->at < t->end)
        *t->at++ = c;
    else
        t->full = true;
}

void text_bytes(struct text *t, const void *bytes, size_t len)
{
    size_t room = (size_t)(t->end - t->at);

    if (len > room) {
        len = room;
        t->full = true;
    }
    if (len)
        memcpy(t->at, bytes, len);
    t->at += len;
}

void text_str(struct text *t, const char *s)
{
    text_bytes(t, s, strlen(s));
}

static void digits(struct text *t, uint64_t n, unsigned base, unsigned width)
{
    char buf[24]; /* 2^64 has 20 decimal digits */
    unsigned i = sizeof buf;

    do
        buf[--i] = "0123456789abcdef"[n % base];
    while ((n /= base) != 0);
    while (sizeof buf - i < width && i)
        buf[--i] = '0';
    text_bytes(t, buf + i, sizeof buf - i);
}

void text_unsigned(struct text *t, uint64_t n)
{
    digits(t, n, 10, 1);
}

void text_signed(struct text *t, int64_t n)
{
    if (n < 0)
        text_byte(t, '-');
    digits(t, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 10, 1);
}

void text_padded(struct text *t, uint64_t n, unsigned width)
{
    digits(t, n, 10, width);
}

void text_hex(struct text *t, uint64_t n, unsigned width)
{
    digits(t, n, 16, width);
}

char *text_done(struct text *t)
{
    *t->at = '\0';
    return t->start;
}

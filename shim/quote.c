#include "quote.h"

#include <string.h>

/* Escaped characters that a shortened name keeps at either end. */
static size_t end_of(size_t most)
{
    return most / 25 * 12;
}

/* The code point at `p`, or -1; *n is its length in bytes, 1 for a bad byte. */
static int32_t decode(const unsigned char *p, size_t len, size_t *n)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t want = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    *n = 1;
    if (want == 1)
        return p[0];
    if (want == 0 || want > len)
        return -1;
    int32_t c = p[0] & (0xff >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return -1;
    *n = want;
    return c;
}

bool is_utf8(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t n; len; p += n, len -= n)
        if (decode(p, len, &n) < 0)
            return false;
    return true;
}

/* Controls, line and paragraph separators, and what turns the reading direction
 * around or is invisible. */
static bool shown(int32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0xad && !(c >= 0x200b && c <= 0x200f) &&
           !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff &&
           !(c >= 0xfff9 && c <= 0xfffb) && !(c >= 0xe0000 && c <= 0xe007f);
}

static void escape_byte(struct text *t, enum quote_style style, unsigned char byte, bool bad)
{
    static const char lead[][5] = {
        [QUOTE_TEXT] = "\\x", [QUOTE_JSON] = "\\u00", [QUOTE_APPARMOR] = "\\\\x"};

    if (style == QUOTE_JSON && bad) {
        text_str(t, "\\ufffd");
        return;
    }
    text_str(t, lead[style]);
    text_hex(t, byte, 2);
}

static void escape_run(struct text *t, enum quote_style style, const unsigned char *p, size_t n)
{
    int32_t c = decode(p, n, &(size_t){0});

    if (style == QUOTE_JSON && c > 0xffff) { /* in two halves (RFC 8259, 7) */
        text_str(t, "\\u");
        text_hex(t, 0xd800u + (uint64_t)((c - 0x10000) >> 10), 4);
        c = 0xdc00 + (c & 0x3ff);
    }
    if (style == QUOTE_JSON && c >= 0x80) {
        text_str(t, "\\u");
        text_hex(t, (uint64_t)c, 4);
        return;
    }
    for (size_t i = 0; i < n; i++)
        escape_byte(t, style, p[i], false);
}

/* One character; returns how many bytes of the name it took. */
static size_t put_one(struct text *t, enum quote_style style, const unsigned char *p, size_t len)
{
    size_t n;
    int32_t c = decode(p, len, &n);

    if (c < 0) {
        escape_byte(t, style, p[0], true);
    } else if (!shown(c)) {
        escape_run(t, style, p, n);
    } else {
        if (c == '"' || c == '\\')
            text_byte(t, '\\');
        text_bytes(t, p, n);
    }
    return n;
}

/* How many characters at most the byte becomes. */
static size_t cost(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' ? 1 : 6;
}

static size_t tail_start(const unsigned char *p, size_t len, size_t most)
{
    size_t at = len;

    for (size_t sum = 0; at && (sum += cost(p[at - 1])) <= most;)
        at--;
    while (at < len && (p[at] & 0xc0) == 0x80)
        at++; /* not in the middle of a character */
    return at;
}

static size_t total_cost(const unsigned char *p, size_t len, size_t most)
{
    size_t sum = 0;

    for (size_t i = 0; i < len && sum <= most; i++)
        sum += cost(p[i]);
    return sum;
}

void quote(struct text *t, enum quote_style style, const char *prefix, const void *bytes, size_t len, size_t most)
{
    const unsigned char *p = bytes;
    size_t gap = len, go_on = len, all = total_cost(p, len, most);

    if (all > most) {
        size_t sum = 0;

        for (gap = 0; gap < len && (sum += cost(p[gap])) <= end_of(most); gap++)
            ;
        while (gap && (p[gap] & 0xc0) == 0x80)
            gap--;
        go_on = tail_start(p, len, end_of(most));
    }
    text_byte(t, '"');
    text_str(t, prefix);
    if (all == len) /* as nearly always: nothing in it needs a second look */
        text_bytes(t, p, len);
    for (size_t i = all == len ? len : 0; i < gap;)
        i += put_one(t, style, p + i, gap - i);
    if (gap < len)
        text_str(t, "...");
    for (size_t i = go_on; i < len;)
        i += put_one(t, style, p + i, len - i);
    text_byte(t, '"');
}

static bool audit_plain(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] == '"' || p[i] == '\\' || p[i] < 0x21 || p[i] > 0x7e)
            return false;
    return true;
}

static void audit_hex(struct text *t, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)p[i];

        text_byte(t, "0123456789ABCDEF"[byte >> 4]);
        text_byte(t, "0123456789ABCDEF"[byte & 15]);
    }
}

void quote_audit(struct text *t, const char *prefix, const void *bytes, size_t len, size_t most)
{
    const char *p = bytes;

    if (audit_plain(bytes, len)) {
        quote(t, QUOTE_APPARMOR, prefix, bytes, len, most);
        return;
    }
    audit_hex(t, prefix, strlen(prefix));
    if (len > end_of(most))
        len = end_of(most);
    for (size_t i = 0; i < len; i++)
        /* Readers take it for a C string: a NUL is spelt as rules spell it. */
        p[i] ? audit_hex(t, p + i, 1) : audit_hex(t, "\\x00", 4);
}

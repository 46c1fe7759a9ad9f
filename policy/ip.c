#include "ip.h"

enum { GROUPS = 8 };

static void text_ip4(struct text *t, const uint8_t *b)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            text_byte(t, '.');
        text_unsigned(t, b[i]);
    }
}

static unsigned group(const uint8_t *b, int i)
{
    return (unsigned)b[2 * i] << 8 | b[2 * i + 1];
}

/* The longest run of zero groups, the first of several; a single zero group is
 * not shortened (RFC 5952, 4.2). Returns its length, 0 when there is none. */
static int zero_run(const uint8_t *b, int *start)
{
    int best = 1, len = 0;

    *start = -1;
    for (int i = 0; i < GROUPS; i++) {
        len = group(b, i) ? 0 : len + 1;
        if (len > best) {
            best = len;
            *start = i - len + 1;
        }
    }
    return *start < 0 ? 0 : best;
}

static void text_ip6(struct text *t, const uint8_t *b)
{
    int start, run = zero_run(b, &start);

    for (int i = 0; i < GROUPS; i++) {
        if (run && i == start) {
            text_str(t, "::");
            i += run - 1;
            continue;
        }
        if (i && !(run && i == start + run))
            text_byte(t, ':');
        text_hex(t, group(b, i), 1);
    }
}

void text_ip(struct text *t, const void *bytes, bool v6)
{
    if (v6)
        text_ip6(t, bytes);
    else
        text_ip4(t, bytes);
}

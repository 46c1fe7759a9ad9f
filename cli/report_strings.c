/* Things that come again and again, each kept once. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"
#include "utf8.h"

enum { FIRST = 1024 };

static void *grown(void *old, size_t used, size_t size)
{
    void *bigger = allocate(size);

    if (used)
        memcpy(bigger, old, used);
    free(old);
    return bigger;
}

static uint64_t hash(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < len; i++)
        h = (h ^ at[i]) * 0x100000001b3;
    return h ^ h >> 29;
}

/* --- Strings --------------------------------------------------------------------------- */

const char *strings_get(const struct strings *s, uint32_t n)
{
    return s->bytes + s->at[n];
}

size_t strings_len(const struct strings *s, uint32_t n)
{
    return s->at[n + 1] - s->at[n] - 1;
}

static uint32_t *string_slot(const struct strings *s, const void *bytes, size_t len)
{
    uint32_t mask = s->hash_size - 1, i = (uint32_t)hash(bytes, len) & mask;

    for (; s->hashed[i]; i = (i + 1) & mask)
        if (strings_len(s, s->hashed[i] - 1) == len && !memcmp(strings_get(s, s->hashed[i] - 1), bytes, len))
            break;
    return &s->hashed[i];
}

static void more_strings(struct strings *s)
{
    uint32_t places = s->places ? 2 * s->places : FIRST;

    s->at = grown(s->at, s->places ? (s->places + 1) * sizeof *s->at : 0, (places + 1) * sizeof *s->at);
    s->places = places;
    free(s->hashed);
    s->hash_size = 2 * places;
    s->hashed = allocate(s->hash_size * sizeof *s->hashed);
    for (uint32_t i = 0; i < s->count; i++)
        *string_slot(s, strings_get(s, i), strings_len(s, i)) = i + 1;
}

static uint32_t new_string(struct strings *s, const void *bytes, size_t len)
{
    while (s->room - s->len < len + 1) {
        size_t room = s->room ? 2 * s->room : 64 * FIRST;

        s->bytes = grown(s->bytes, s->len, room);
        s->room = room;
    }
    memcpy(s->bytes + s->len, bytes, len);
    s->bytes[s->len + len] = '\0';
    s->at[s->count] = s->len;
    s->len += len + 1;
    s->at[s->count + 1] = s->len;
    return s->count++;
}

uint32_t strings_add(struct strings *s, const void *bytes, size_t len)
{
    uint32_t *slot, n;

    if (!s->count) {
        more_strings(s);
        n = new_string(s, "", 0);
        *string_slot(s, "", 0) = n + 1;
    }
    slot = string_slot(s, bytes, len);
    if (*slot)
        return *slot - 1;
    n = new_string(s, bytes, len);
    *slot = n + 1;
    if (s->count == s->places)
        more_strings(s);
    return n;
}

/* --- Other things ------------------------------------------------------------------------ */

static uint32_t *many_slot(const struct many *m, const void *entry, size_t size, size_t key_size)
{
    uint32_t mask = m->hash_size - 1, i = (uint32_t)hash(entry, key_size) & mask;

    for (; m->hashed[i]; i = (i + 1) & mask)
        if (!memcmp((char *)m->at + (m->hashed[i] - 1) * size, entry, key_size))
            break;
    return &m->hashed[i];
}

static void more_of(struct many *m, size_t size, size_t key_size)
{
    uint32_t room = m->room ? 2 * m->room : FIRST;

    m->at = grown(m->at, m->count * size, room * size);
    m->room = room;
    free(m->hashed);
    m->hash_size = 2 * room;
    m->hashed = allocate(m->hash_size * sizeof *m->hashed);
    for (uint32_t i = 0; i < m->count; i++)
        *many_slot(m, (char *)m->at + i * size, size, key_size) = i + 1;
}

uint32_t many_add(struct many *m, const void *entry, size_t size, size_t key_size)
{
    uint32_t *slot;

    if (m->count == m->room)
        more_of(m, size, key_size);
    slot = many_slot(m, entry, size, key_size);
    if (!*slot) {
        memcpy((char *)m->at + m->count * size, entry, size);
        *slot = ++m->count;
    }
    return *slot - 1;
}

/* --- As shown ------------------------------------------------------------------------------ */

char *report_shown(const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = bytes;
    char *text = allocate(4 * len + 1), *out = text;
    uint32_t code;

    for (size_t n; len; at += n, len -= n) {
        n = utf8_next(at, len, &code);
        if (n && !utf8_misleads(code)) {
            if (*at == '\\')
                *out++ = '\\';
            memcpy(out, at, n);
            out += n;
            continue;
        }
        n = n ? n : 1;
        for (size_t i = 0; i < n; i++) {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = digits[at[i] >> 4];
            *out++ = digits[at[i] & 15];
        }
    }
    return text;
}

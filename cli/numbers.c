#include "numbers.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

static uint64_t hash(const char *bytes, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* At most half of the buckets are in use. */
static uint32_t *bucket_of(const struct numbers *n, const char *bytes, size_t len)
{
    size_t mask = 2 * n->room - 1, at = hash(bytes, len) & mask;

    for (; n->buckets[at]; at = (at + 1) & mask) {
        const struct numbered *t = &n->list[n->buckets[at] - 1];

        if (t->len == len && !memcmp(t->bytes, bytes, len))
            break;
    }
    return &n->buckets[at];
}

static void grow(struct numbers *n)
{
    size_t room = n->room ? 2 * n->room : 64;

    n->list = enlarged(n->list, n->count * sizeof *n->list, room * sizeof *n->list);
    free(n->buckets);
    n->room = room;
    n->buckets = allocate(2 * room * sizeof *n->buckets);
    for (size_t i = 0; i < n->count; i++)
        *bucket_of(n, n->list[i].bytes, n->list[i].len) = (uint32_t)i + 1;
}

bool numbers_has(const struct numbers *n, const char *bytes, size_t len)
{
    return n->room && *bucket_of(n, bytes, len);
}

size_t numbers_of(struct numbers *n, const char *bytes, size_t len)
{
    if (n->count == n->room)
        grow(n);
    uint32_t *bucket = bucket_of(n, bytes, len);
    if (!*bucket) {
        char *copy = allocate(len + 1);

        if (len)
            memcpy(copy, bytes, len);
        n->list[n->count] = (struct numbered){copy, len};
        *bucket = (uint32_t)++n->count;
    }
    return *bucket - 1;
}

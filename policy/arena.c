#include "arena.h"

#include <stdint.h>
#include <string.h>

/* Small, as a source of memory may give more, and knows better how much is needed. */
enum { CHUNK = 24 * 1024 - 64 };

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
    size_t at = (a->used + align - 1) & ~(align - 1);

    if (!a->base || at > a->size || size > a->size - at) {
        size_t want = size > CHUNK / 2 ? size : CHUNK;

        if (size > SIZE_MAX / 2)
            return NULL;
        unsigned char *chunk = a->more(a->ctx, &want);
        if (!chunk)
            return NULL;
        /* A big object gets a chunk of its own and the current one stays. */
        if (want == size)
            return chunk;
        a->base = chunk;
        a->size = want;
        at = 0;
    }
    a->used = at + size;
    return a->base + at;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1, 1);

    if (copy && len)
        memcpy(copy, text, len);
    return copy;
}

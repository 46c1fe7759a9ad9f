/* Memory for the policy code, taken from whoever calls it.
 *
 * The same parser and compiler run inside a stranger's process before main()
 * (where malloc must not be called) and in the command, in tests and in the
 * fuzzer. They allocate by bumping a pointer; nothing is freed one by one. */
#ifndef SUNSHIM_POLICY_ARENA_H
#define SUNSHIM_POLICY_ARENA_H

#include <stddef.h>

struct arena {
    unsigned char *base; /* current chunk; NULL before the first */
    size_t used, size;   /* bytes taken of it, bytes in it */
    /* Gives a zeroed chunk of at least *size bytes and updates *size to what it
     * is, or NULL when there is no more. The caller keeps track of chunks and
     * frees them after the arena's last use. */
    void *(*more)(void *ctx, size_t *size);
    void *ctx;
};

/* Takes `size` zeroed bytes aligned to `align` (a power of two, at most 16).
 * Returns NULL when the memory source is exhausted. Async-signal-safe if
 * `more` is. */
void *arena_alloc(struct arena *a, size_t size, size_t align);

/* Copies `len` bytes and a terminating NUL. NULL as for arena_alloc. */
char *arena_text(struct arena *a, const char *text, size_t len);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type), _Alignof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n), _Alignof(type)))

#endif

#include "domain/counts.h"

#include <string.h>

#include "domain/claim.h"

/* Words: the counters, then for each named program a claim, how often, and a body; two for each
 * inject rule at the end. */
#define NAMES_AT 16u
#define BODY_WORDS ((COUNTS_NAME_MAX + COUNTS_WHY_MAX) / 8 + 1)
#define NAME_WORDS (2 + BODY_WORDS)
#define INJECTS_AT (COUNTS_SIZE - COUNTS_INJECTS * sizeof(struct counts_inject))

_Static_assert(COUNTS <= NAMES_AT, "the counters fit before the names");
_Static_assert(8 * (NAMES_AT + COUNTS_NAMES * NAME_WORDS) <= INJECTS_AT, "the names fit");

union body {
    struct {
        char path[COUNTS_NAME_MAX], why[COUNTS_WHY_MAX];
    };
    uint64_t words[BODY_WORDS];
};

static uint64_t *name_at(const void *at, uint32_t slot)
{
    return (uint64_t *)at + NAMES_AT + slot * NAME_WORDS;
}

static void add(uint64_t *word, uint64_t n)
{
    __atomic_fetch_add(word, n, __ATOMIC_RELAXED);
}

void counts_add(void *at, enum count which)
{
    if ((unsigned)which < COUNTS)
        add((uint64_t *)at + which, 1);
}

uint64_t counts_get(const void *at, enum count which)
{
    return (unsigned)which < COUNTS ? __atomic_load_n((const uint64_t *)at + which, __ATOMIC_RELAXED) : 0;
}

/* The end of `text`, which says more than its beginning. */
static void copy_end(char *to, size_t room, const char *text)
{
    size_t len = strlen(text), skip = len < room ? 0 : len - (room - 1);

    memcpy(to, text + skip, len - skip);
}

static bool read_name(const void *at, uint32_t slot, union body *out)
{
    uint64_t *n = name_at(at, slot), seen = claim_load(n);

    if (claim_state(seen) != CLAIM_LIVE || !claim_read(n, seen, n + 2, out->words, BODY_WORDS, slot))
        return false;
    out->path[COUNTS_NAME_MAX - 1] = out->why[COUNTS_WHY_MAX - 1] = 0;
    return true;
}

/* The slot below `end` that names the path, or -1. */
static int find(const void *at, const char *path, uint32_t end)
{
    union body b;

    for (uint32_t slot = 0; slot < end; slot++)
        if (read_name(at, slot, &b) && !strcmp(b.path, path))
            return (int)slot;
    return -1;
}

/* Two who name the same program at once may take two slots: counts_unseen_get() sees
 * them as one. Nobody takes over the slot of a writer that died: it is one of 64. */
static bool add_name(void *at, union body *b)
{
    for (uint32_t slot = 0; slot < COUNTS_NAMES; slot++) {
        uint64_t *n = name_at(at, slot), seen = claim_load(n), held;
        if (claim_state(seen) != CLAIM_FREE || !(held = claim_take(n, seen, (struct claim_owner){0}, 0)))
            continue;
        add(n + 1, 1);
        claim_write(n + 2, b->words, BODY_WORDS, held, slot);
        return claim_publish(n, held);
    }
    return false;
}

void counts_unseen(void *at, const char *path, const char *why)
{
    union body b = {.words = {0}};
    int slot;

    counts_add(at, COUNT_UNSEEN);
    copy_end(b.path, sizeof b.path, path);
    copy_end(b.why, sizeof b.why, why);
    if ((slot = find(at, b.path, COUNTS_NAMES)) >= 0)
        add(name_at(at, (uint32_t)slot) + 1, 1);
    else
        add_name(at, &b);
}

static uint64_t times(const void *at, uint32_t slot)
{
    return __atomic_load_n(name_at(at, slot) + 1, __ATOMIC_RELAXED);
}

static uint32_t times_of(const void *at, const char *path, uint32_t first)
{
    uint64_t n = 0;
    union body b;

    for (uint32_t slot = first; slot < COUNTS_NAMES; slot++)
        if (read_name(at, slot, &b) && !strcmp(b.path, path))
            n += times(at, slot);
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

int counts_unseen_get(const void *at, unsigned i, struct counts_unseen *out)
{
    union body b;

    for (uint32_t slot = 0; slot < COUNTS_NAMES; slot++) {
        if (!read_name(at, slot, &b) || find(at, b.path, slot) >= 0 || i-- > 0)
            continue;
        memcpy(out->path, b.path, sizeof out->path);
        memcpy(out->why, b.why, sizeof out->why);
        out->times = times_of(at, b.path, slot);
        return 1;
    }
    return 0;
}

struct counts_inject *counts_injects(const void *at)
{
    return (struct counts_inject *)((uintptr_t)at + INJECTS_AT);
}

uint64_t counts_hit(struct counts_inject *i)
{
    return __atomic_add_fetch(&i->hits, 1, __ATOMIC_RELAXED);
}

void counts_fired(struct counts_inject *i)
{
    add(&i->fired, 1);
}

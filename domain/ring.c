#include "domain/ring.h"

#include <errno.h>
#include <string.h>

#include "domain/head.h"

#define MAGIC 0x676e7268736e7573u /* "sunshrng" */
#define VERSION 1
#define TRIES 1000

/* Words: a header, then buckets: four claims and the four numbers of writing in one
 * cache line, then four bodies of three lines each. */
#define ORDER 8u
#define HEADER_WORDS 16u
#define SLOTS 4u
#define BODY_WORDS 24u
#define BUCKET_WORDS (2 * SLOTS + SLOTS * BODY_WORDS)
#define BUCKETS_MIN 4u
#define BUCKETS_MAX (1u << 20)

_Static_assert(sizeof(struct ring_entry) <= 8 * (BODY_WORDS - 1), "an entry and its checksum fit");

/* --- The file --------------------------------------------------------------- */

static size_t size_of(uint32_t buckets)
{
    return 8 * (HEADER_WORDS + (size_t)buckets * BUCKET_WORDS);
}

size_t ring_size(uint32_t entries)
{
    uint32_t buckets = BUCKETS_MIN;

    while (buckets < BUCKETS_MAX && buckets * SLOTS < entries)
        buckets *= 2;
    return size_of(buckets);
}

static uint32_t buckets_of(size_t size)
{
    for (uint32_t n = BUCKETS_MIN; n <= BUCKETS_MAX; n *= 2)
        if (size_of(n) == size)
            return n;
    return 0;
}

int ring_format(void *at, size_t size)
{
    if (!buckets_of(size))
        return -EINVAL;
    head_write(at, &(struct head){.magic = MAGIC, .version = VERSION, .size = size});
    return 0;
}

int ring_open(struct ring *r, void *at, size_t size)
{
    struct head h = {.magic = MAGIC, .version = VERSION, .size = size};
    int err = buckets_of(size) ? head_read(at, size, &h) : -EINVAL;

    if (err)
        return err;
    r->at = at;
    r->size = size;
    r->buckets = buckets_of(size);
    return 0;
}

/* --- Slots -------------------------------------------------------------------- */

static uint64_t *bucket_at(const struct ring *r, uint32_t slot)
{
    return (uint64_t *)r->at + HEADER_WORDS + (size_t)(slot / SLOTS) * BUCKET_WORDS;
}

static uint64_t *claim_at(const struct ring *r, uint32_t slot)
{
    return bucket_at(r, slot) + slot % SLOTS;
}

static uint64_t *order_at(const struct ring *r, uint32_t slot)
{
    return bucket_at(r, slot) + SLOTS + slot % SLOTS;
}

static uint64_t *body_at(const struct ring *r, uint32_t slot)
{
    return bucket_at(r, slot) + 2 * SLOTS + slot % SLOTS * BODY_WORDS;
}

/* An entry and the words that it is stored as. */
union body {
    struct ring_entry e;
    uint64_t words[BODY_WORDS];
};

static bool read_slot(const struct ring *r, uint32_t slot, uint64_t seen, union body *b)
{
    return claim_state(seen) == CLAIM_LIVE &&
           claim_read(claim_at(r, slot), seen, body_at(r, slot), b->words, BODY_WORDS, slot);
}

/* Cookies are counted, by processor: mixed, they spread. */
static uint64_t mix(uint64_t cookie)
{
    cookie = (cookie ^ cookie >> 32) * 0x9e3779b97f4a7c15u;
    return cookie ^ cookie >> 32;
}

static uint32_t first_slot(const struct ring *r, uint64_t hash)
{
    return ((uint32_t)hash & (r->buckets - 1)) * SLOTS;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 52);
}

static bool newer(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) > 0;
}

/* --- Reading ---------------------------------------------------------------- */

/* The newest entry of the cookie: its slot, or -1. `seen`: the slot's claim. */
static int find(const struct ring *r, uint64_t cookie, union body *out, uint64_t *seen)
{
    uint64_t hash = mix(cookie), best = 0;
    int found = -1;
    union body b;

    for (uint32_t slot = first_slot(r, hash), end = slot + SLOTS; slot < end; slot++) {
        uint64_t word = claim_load(claim_at(r, slot)), order = claim_load(order_at(r, slot));
        if (claim_tag(word) != tag_of(hash) || !read_slot(r, slot, word, &b) || b.e.cookie != cookie ||
            (found >= 0 && !newer(order, best)))
            continue;
        memcpy(out, &b, sizeof b);
        best = order;
        *seen = word;
        found = (int)slot;
    }
    return found;
}

static void finish(struct ring_entry *e)
{
    e->name_len = e->name_len <= RING_NAME ? e->name_len : RING_NAME;
}

bool ring_get(const struct ring *r, uint64_t cookie, struct ring_entry *out)
{
    union body b;
    uint64_t seen;

    if (!r->at || !cookie || find(r, cookie, &b, &seen) < 0)
        return false;
    finish(&b.e);
    memcpy(out, &b.e, sizeof *out);
    return true;
}

uint32_t ring_slots(const struct ring *r)
{
    return r->at ? r->buckets * SLOTS : 0;
}

bool ring_at(const struct ring *r, uint32_t i, struct ring_entry *out)
{
    union body b;

    if (i >= ring_slots(r) || !read_slot(r, i, claim_load(claim_at(r, i)), &b))
        return false;
    finish(&b.e);
    memcpy(out, &b.e, sizeof *out);
    return true;
}

/* --- Writing ---------------------------------------------------------------- */

static int stale_slot(const struct ring *r, uint32_t first, const uint64_t *seen)
{
    struct claim_owner self = r->self();

    for (uint32_t i = 0; i < SLOTS; i++)
        if (claim_state(seen[i]) != CLAIM_LIVE && claim_stale(seen[i], self, r->dead))
            return (int)(first + i);
    return -1;
}

static int oldest_slot(const struct ring *r, uint32_t first, const uint64_t *seen)
{
    int oldest = -1;

    for (uint32_t i = 0; i < SLOTS; i++)
        if (claim_state(seen[i]) == CLAIM_LIVE &&
            (oldest < 0 || newer(claim_load(order_at(r, (uint32_t)oldest)), claim_load(order_at(r, first + i)))))
            oldest = (int)(first + i);
    return oldest;
}

/* Which slot to take, and its claim; -1: all are being written. */
static int choose(const struct ring *r, uint64_t cookie, uint64_t *seen)
{
    uint32_t first = first_slot(r, mix(cookie));
    uint64_t words[SLOTS];
    union body b;
    int slot;

    for (uint32_t i = 0; i < SLOTS; i++) {
        words[i] = *seen = claim_load(claim_at(r, first + i));
        if (claim_state(*seen) == CLAIM_FREE)
            return (int)(first + i);
    }
    if ((slot = find(r, cookie, &b, seen)) >= 0)
        return slot;
    if ((slot = stale_slot(r, first, words)) < 0)
        slot = oldest_slot(r, first, words);
    if (slot >= 0)
        *seen = words[(uint32_t)slot - first];
    return slot;
}

/* Frees older entries of the cookie; of two writers that race the newer stays. */
static void settle(const struct ring *r, uint64_t cookie, uint32_t mine, uint64_t live, uint64_t order)
{
    uint32_t first = first_slot(r, mix(cookie));
    union body b;

    for (uint32_t slot = first; slot < first + SLOTS; slot++) {
        uint64_t seen = claim_load(claim_at(r, slot));
        if (slot == mine || claim_tag(seen) != claim_tag(live) || !read_slot(r, slot, seen, &b) || b.e.cookie != cookie)
            continue;
        if (newer(claim_load(order_at(r, slot)), order)) {
            claim_free(claim_at(r, mine), live);
            return;
        }
        claim_free(claim_at(r, slot), seen);
    }
}

static bool write_slot(const struct ring *r, uint32_t slot, uint64_t seen, const struct ring_entry *e)
{
    union body b = {.words = {0}};
    uint64_t held = claim_take(claim_at(r, slot), seen, r->self(), tag_of(mix(e->cookie)));

    if (!held)
        return false;
    uint64_t order = __atomic_add_fetch((uint64_t *)r->at + ORDER, 1, __ATOMIC_SEQ_CST);
    memcpy(&b.e, e, sizeof b.e);
    __atomic_store_n(order_at(r, slot), order, __ATOMIC_SEQ_CST);
    claim_write(body_at(r, slot), b.words, BODY_WORDS, held, slot);
    if (!claim_publish(claim_at(r, slot), held))
        return false;
    settle(r, e->cookie, slot, (held & ~(uint64_t)3) | CLAIM_LIVE, order);
    return true;
}

void ring_put(const struct ring *r, const struct ring_entry *e)
{
    if (!r->at || r->read_only || !e->cookie)
        return;
    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t seen;
        int slot = choose(r, e->cookie, &seen);
        if (slot < 0 || write_slot(r, (uint32_t)slot, seen, e))
            return;
    }
}

#include "domain/table_layout.h"

#include <errno.h>
#include <string.h>

#define FIRST 2 /* buckets where a key is at home */
#define SPILL 4 /* and where it goes when those are full */
#define HOMES (FIRST + SPILL)
#define TRIES 1000

/* --- Slots -------------------------------------------------------------------- */

static uint64_t *claim_at(const struct table *t, uint32_t slot)
{
    return table_word(t, TABLE_HEADER_WORDS + (size_t)(slot / TABLE_SLOTS) * TABLE_BUCKET_WORDS + slot % TABLE_SLOTS);
}

static uint64_t *body_at(const struct table *t, uint32_t slot)
{
    return table_word(t, TABLE_HEADER_WORDS + (size_t)(slot / TABLE_SLOTS) * TABLE_BUCKET_WORDS + TABLE_SLOTS +
                             slot % TABLE_SLOTS * TABLE_BODY_WORDS);
}

/* Words of a body. The other word of the key chose the buckets. */
enum { BODY_KEY, BODY_ORDER, BODY_COOKIE, BODY_SOCKET, BODY_FD, BODY_PROFILES, BODY_PROFILES_2, BODY_POLICIES };

static void pack(uint64_t *w, const struct table_entry *e)
{
    w[BODY_COOKIE] = e->cookie;
    w[BODY_SOCKET] = e->ino | (uint64_t)(uint32_t)e->pid << 32;
    w[BODY_FD] = (uint32_t)e->fd | (uint64_t)e->kind << 32 | (uint64_t)e->made << 40;
    memcpy(&w[BODY_PROFILES], e->profiles, sizeof e->profiles);
    w[BODY_POLICIES] = e->policies;
}

static void unpack(struct table_entry *e, const uint64_t *w)
{
    e->cookie = w[BODY_COOKIE];
    e->ino = (uint32_t)w[BODY_SOCKET];
    e->pid = (int32_t)(w[BODY_SOCKET] >> 32);
    e->fd = (int32_t)(uint32_t)w[BODY_FD];
    e->kind = (uint8_t)(w[BODY_FD] >> 32);
    e->made = (uint8_t)(w[BODY_FD] >> 40);
    memcpy(e->profiles, &w[BODY_PROFILES], sizeof e->profiles);
    e->policies = (uint32_t)w[BODY_POLICIES];
}

_Static_assert(sizeof(((struct table_entry *)0)->profiles) == 16, "two words hold the profiles");

static bool read_slot(const struct table *t, uint32_t slot, uint64_t seen, uint64_t *words)
{
    return claim_state(seen) == CLAIM_LIVE &&
           claim_read(claim_at(t, slot), seen, body_at(t, slot), words, TABLE_BODY_WORDS, slot);
}

/* --- Where a key may be --------------------------------------------------------- */

struct homes {
    uint32_t bucket[HOMES], tag;
    uint64_t key;
};

static struct homes homes_of(const struct table *t, const struct table_key *key)
{
    uint32_t mask = t->buckets - 1;
    struct homes h = {.tag = key->word[1] & ((1u << CLAIM_TAG_BITS) - 1), .key = key->word[1]};

    h.bucket[0] = (uint32_t)key->word[0] & mask;
    h.bucket[1] = (uint32_t)(key->word[0] >> 32) & mask;
    h.bucket[1] ^= h.bucket[1] == h.bucket[0];
    __builtin_prefetch(claim_at(t, h.bucket[0] * TABLE_SLOTS));
    __builtin_prefetch(claim_at(t, h.bucket[1] * TABLE_SLOTS));
    return h;
}

/* Four in a row, without the first two. */
static void spill_homes(const struct table *t, struct homes *h)
{
    uint32_t next = (uint32_t)(h->key >> 32);

    for (uint32_t i = FIRST; i < HOMES; i++, next++) {
        while ((next & (t->buckets - 1)) == h->bucket[0] || (next & (t->buckets - 1)) == h->bucket[1])
            next++;
        h->bucket[i] = next & (t->buckets - 1);
    }
}

/* The i-th slot of all homes. */
static uint32_t slot_of(const struct homes *h, uint32_t i)
{
    return h->bucket[i / TABLE_SLOTS] * TABLE_SLOTS + i % TABLE_SLOTS;
}

/* Claims of all homes at one time, or nearly: see steady(). */
struct view {
    uint32_t n;
    uint64_t seen[HOMES * TABLE_SLOTS];
};

static void look_from(const struct table *t, const struct homes *h, struct view *v, uint32_t n)
{
    for (; v->n < n; v->n++)
        v->seen[v->n] = claim_load(claim_at(t, slot_of(h, v->n)));
}

/* A bucket with a slot that was never taken was never full: its keys went nowhere
 * else. (A word that was taken once is not 0 again, as its owner stands in it.) */
static bool was_full(const struct view *v)
{
    for (uint32_t i = 0; i < FIRST * TABLE_SLOTS; i++)
        if (!v->seen[i])
            return false;
    return true;
}

static void look_first(const struct table *t, const struct homes *h, struct view *v)
{
    v->n = 0;
    look_from(t, h, v, FIRST * TABLE_SLOTS);
}

static void look_on(const struct table *t, struct homes *h, struct view *v)
{
    spill_homes(t, h);
    look_from(t, h, v, HOMES * TABLE_SLOTS);
}

/* All slots where the key may be. */
static void look(const struct table *t, struct homes *h, struct view *v)
{
    look_first(t, h, v);
    if (was_full(v))
        look_on(t, h, v);
}

/* Nothing changed since: all that was seen was there at one moment, so what was not
 * seen did not slip past from one slot to another. */
static bool steady(const struct table *t, const struct homes *h, const struct view *v)
{
    for (uint32_t i = 0; i < v->n; i++)
        if (claim_load(claim_at(t, slot_of(h, i))) != v->seen[i])
            return false;
    return true;
}

/* Whether the i-th slot of the view has this key; its words. */
static bool matches(const struct table *t, const struct homes *h, const struct view *v, uint32_t i, uint64_t *words)
{
    return claim_tag(v->seen[i]) == h->tag && read_slot(t, slot_of(h, i), v->seen[i], words) &&
           words[BODY_KEY] == h->key;
}

/* Numbers of writing, which may go round. */
static bool newer(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) > 0;
}

/* The newest entry of the key with this cookie (0: any): its place in the view, or -1. */
static int newest(const struct table *t, const struct homes *h, const struct view *v, uint64_t cookie, uint64_t *best)
{
    int place = -1;
    uint64_t words[TABLE_BODY_WORDS];

    for (uint32_t i = 0; i < v->n; i++)
        if (matches(t, h, v, i, words) && (!cookie || words[BODY_COOKIE] == cookie) &&
            (place < 0 || newer(words[BODY_ORDER], best[BODY_ORDER]))) {
            memcpy(best, words, sizeof words);
            place = (int)i;
        }
    return place;
}

/* --- Reading ---------------------------------------------------------------- */

/* Beyond the first two buckets only when nothing is there: whoever wrote there frees
 * what is older before it is done, and until then the older one is the answer. */
static int find(const struct table *t, struct homes *h, struct view *v, uint64_t *words)
{
    look_first(t, h, v);
    int place = newest(t, h, v, 0, words);

    if (place < 0 && was_full(v)) {
        look_on(t, h, v);
        place = newest(t, h, v, 0, words);
    }
    return place;
}

bool table_get(const struct table *t, const struct table_key *key, struct table_entry *out)
{
    if (!t->at)
        return false;
    struct homes h = homes_of(t, key);
    struct view v;
    uint64_t words[TABLE_BODY_WORDS];
    int place = -1;

    for (int tries = 0; tries < TRIES; tries++) {
        place = find(t, &h, &v, words);
        if (steady(t, &h, &v))
            break;
    }
    if (place >= 0)
        unpack(out, words);
    return place >= 0;
}

uint32_t table_slots(const struct table *t)
{
    return t->at ? t->buckets * TABLE_SLOTS : 0;
}

bool table_at(const struct table *t, uint32_t i, struct table_entry *out)
{
    uint64_t words[TABLE_BODY_WORDS];

    if (i >= table_slots(t) || !read_slot(t, i, claim_load(claim_at(t, i)), words))
        return false;
    unpack(out, words);
    return true;
}

/* --- Writing ---------------------------------------------------------------- */

/* A slot that may be taken: its place in the view, or -1. First one that is free,
 * in the emptier bucket, so that few are ever full. */
static int free_place(const struct view *v, uint32_t first, uint32_t buckets)
{
    int best = -1;
    uint32_t most = 0;

    for (uint32_t b = first; b < first + buckets; b++) {
        uint32_t count = 0;
        int place = -1;
        for (uint32_t i = b * TABLE_SLOTS; i < (b + 1) * TABLE_SLOTS; i++)
            if (claim_state(v->seen[i]) == CLAIM_FREE) {
                count++;
                place = place < 0 ? (int)i : place;
            }
        if (count > most) {
            most = count;
            best = place;
        }
    }
    return best;
}

static int stale_place(const struct table *t, const struct view *v, uint32_t first, uint32_t buckets)
{
    struct claim_owner self = t->self();

    for (uint32_t i = first * TABLE_SLOTS; i < (first + buckets) * TABLE_SLOTS; i++)
        if (claim_stale(v->seen[i], self, t->dead))
            return (int)i;
    return -1;
}

/* Of what is alive: first what is damaged, then the oldest whose socket is gone. */
static int gone_place(const struct table *t, const struct homes *h, const struct view *v)
{
    uint64_t words[TABLE_BODY_WORDS], order[HOMES * TABLE_SLOTS];
    struct table_entry e;
    uint64_t left = 0;
    uint8_t space = t->self().space;

    for (uint32_t i = 0; i < v->n; i++) {
        if (claim_state(v->seen[i]) != CLAIM_LIVE)
            continue;
        if (!read_slot(t, slot_of(h, i), v->seen[i], words))
            return (int)i;
        order[i] = words[BODY_ORDER];
        if (claim_space(v->seen[i]) == space)
            left |= (uint64_t)1 << i;
    }
    while (left && t->gone) {
        uint32_t oldest = (uint32_t)__builtin_ctzll(left);
        for (uint32_t i = oldest + 1; i < v->n; i++)
            if (left >> i & 1 && newer(order[oldest], order[i]))
                oldest = i;
        left &= ~((uint64_t)1 << oldest);
        if (!read_slot(t, slot_of(h, oldest), v->seen[oldest], words))
            return (int)oldest;
        unpack(&e, words);
        if (t->gone(&e))
            return (int)oldest;
    }
    return -1;
}

static int open_place(const struct table *t, const struct view *v, uint32_t first, uint32_t buckets)
{
    int place = free_place(v, first, buckets);

    return place >= 0 ? place : stale_place(t, v, first, buckets);
}

static int choose(const struct table *t, struct homes *h, struct view *v)
{
    uint64_t words[TABLE_BODY_WORDS];
    int place;

    look(t, h, v);
    if ((place = open_place(t, v, 0, FIRST)) >= 0)
        return place;
    if ((place = open_place(t, v, FIRST, SPILL)) >= 0) /* no slot is free before: they were looked at */
        return place;
    place = newest(t, h, v, 0, words);
    return place >= 0 ? place : gone_place(t, h, v);
}

/* Frees what is older than the entry written as `order` in `mine`; if something is
 * newer, another writer was faster, and it is `mine` that goes. Each writer does
 * this after publishing, so that one of two that race sees the other. */
static void settle(const struct table *t, struct homes *h, uint32_t mine, uint64_t live, uint64_t order)
{
    uint64_t words[TABLE_BODY_WORDS];
    struct view v;

    look(t, h, &v);
    for (uint32_t i = 0; i < v.n; i++) {
        uint32_t slot = slot_of(h, i);
        if (slot == mine || !matches(t, h, &v, i, words))
            continue;
        if (newer(words[BODY_ORDER], order) || (words[BODY_ORDER] == order && slot > mine)) {
            claim_free(claim_at(t, mine), live);
            return;
        }
        claim_free(claim_at(t, slot), v.seen[i]);
    }
}

/* Newer than what is there of the key, even where somebody scribbled over the count. */
static uint64_t next_order(const struct table *t, const struct homes *h, const struct view *v)
{
    uint64_t order = __atomic_add_fetch(table_word(t, TABLE_ORDER), 1, __ATOMIC_SEQ_CST);
    uint64_t words[TABLE_BODY_WORDS];

    if (newest(t, h, v, 0, words) >= 0 && !newer(order, words[BODY_ORDER]))
        return words[BODY_ORDER] + 1;
    return order;
}

static bool write_slot(const struct table *t, struct homes *h, const struct view *v, uint32_t place, const struct table_entry *e)
{
    uint64_t words[TABLE_BODY_WORDS] = {[BODY_KEY] = h->key, [BODY_ORDER] = next_order(t, h, v)};
    uint32_t slot = slot_of(h, place);
    uint64_t held = claim_take(claim_at(t, slot), v->seen[place], t->self(), h->tag);

    if (!held)
        return false;
    pack(words, e);
    claim_write(body_at(t, slot), words, TABLE_BODY_WORDS, held, slot);
    if (!claim_publish(claim_at(t, slot), held))
        return false;
    settle(t, h, slot, (held & ~(uint64_t)3) | CLAIM_LIVE, words[BODY_ORDER]);
    return true;
}

int table_put(const struct table *t, const struct table_key *key, const struct table_entry *e)
{
    if (!t->at || t->read_only)
        return -EROFS;
    struct homes h = homes_of(t, key);
    struct view v;

    for (int tries = 0; tries < TRIES; tries++) {
        int place = choose(t, &h, &v);
        if (place < 0)
            return -ENOSPC;
        if (write_slot(t, &h, &v, (uint32_t)place, e))
            return 0;
    }
    return -ENOSPC;
}

/* What a killed writer left of older entries must not come to light: they go first. */
void table_drop(const struct table *t, const struct table_key *key, uint64_t cookie)
{
    if (!t->at || t->read_only)
        return;
    struct homes h = homes_of(t, key);
    struct view v;
    uint64_t words[TABLE_BODY_WORDS];

    look(t, &h, &v);
    int place = newest(t, &h, &v, cookie, words);
    if (place < 0)
        return;
    settle(t, &h, slot_of(&h, (uint32_t)place), v.seen[place], words[BODY_ORDER]);
    claim_free(claim_at(t, slot_of(&h, (uint32_t)place)), v.seen[place]);
}

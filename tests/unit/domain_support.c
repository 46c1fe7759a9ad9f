#include "tests/unit/domain_support.h"

struct claim_owner writer = {.pid = 100, .space = 1};
uint32_t dead_pid;
uint64_t gone_cookie;
unsigned gone_asked;

static struct claim_owner self(void)
{
    return writer;
}

static bool dead(uint32_t pid)
{
    return pid == dead_pid;
}

static bool gone(const struct table_entry *e)
{
    gone_asked++;
    return gone_cookie == UINT64_MAX || (gone_cookie && e->cookie == gone_cookie);
}

static void *zeros(size_t size)
{
    void *at = aligned_alloc(64, size);

    cr_assert(at);
    return memset(at, 0, size);
}

struct table new_table(uint32_t entries)
{
    size_t size = table_size(entries);
    struct table t = {.self = self, .dead = dead, .gone = gone};
    void *at = zeros(size);

    cr_assert_eq(table_format(at, size, (uint64_t[]){0x1234, 0x5678}), 0);
    cr_assert_eq(table_open(&t, at, size), 0);
    return t;
}

struct ring new_ring(uint32_t entries)
{
    size_t size = ring_size(entries);
    struct ring r = {.self = self, .dead = dead};
    void *at = zeros(size);

    cr_assert_eq(ring_format(at, size), 0);
    cr_assert_eq(ring_open(&r, at, size), 0);
    return r;
}

struct table_key nth_key(const struct table *t, uint64_t i)
{
    return table_key(t, TABLE_PATHNAME, &i, sizeof i);
}

struct table_entry nth_entry(uint64_t i)
{
    uint64_t seed = i;
    struct table_entry e = {.cookie = i + 1, .ino = (uint32_t)next_random(&seed), .pid = (int32_t)next_random(&seed),
                            .fd = (int32_t)next_random(&seed), .kind = TABLE_PATHNAME, .made = (uint8_t)i,
                            .policies = (uint32_t)next_random(&seed)};

    for (int j = 0; j < TABLE_PROFILES; j++)
        e.profiles[j] = (uint16_t)next_random(&seed);
    return e;
}

int put_nth(const struct table *t, uint64_t i)
{
    struct table_key key = nth_key(t, i);
    struct table_entry e = nth_entry(i);

    return table_put(t, &key, &e);
}

bool same_entry(const struct table_entry *a, const struct table_entry *b)
{
    return a->cookie == b->cookie && a->ino == b->ino && a->pid == b->pid && a->fd == b->fd && a->kind == b->kind &&
           a->made == b->made && a->policies == b->policies && !memcmp(a->profiles, b->profiles, sizeof a->profiles);
}

bool has_nth(const struct table *t, uint64_t i)
{
    struct table_key key = nth_key(t, i);
    struct table_entry want = nth_entry(i), got;

    return table_get(t, &key, &got) && same_entry(&want, &got);
}

uint32_t entries_in(const struct table *t)
{
    struct table_entry e;
    uint32_t n = 0;

    for (uint32_t i = 0; i < table_slots(t); i++)
        n += table_at(t, i, &e);
    return n;
}

uint64_t fill_table(const struct table *t, uint64_t first)
{
    while (put_nth(t, first) == 0)
        first++;
    return first;
}

uint64_t next_random(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

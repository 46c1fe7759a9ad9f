#include "tests/unit/domain_support.h"

static struct ring_entry origin(uint64_t cookie)
{
    struct ring_entry e;

    memset(&e, (int)cookie & 0x7f, sizeof e);
    e.cookie = cookie;
    e.time = ~cookie;
    e.name_len = RING_NAME;
    return e;
}

static void put_origin(const struct ring *r, uint64_t cookie)
{
    struct ring_entry e = origin(cookie);

    ring_put(r, &e);
}

static bool has_origin(const struct ring *r, uint64_t cookie)
{
    struct ring_entry want = origin(cookie), got;

    return ring_get(r, cookie, &got) && got.cookie == want.cookie && got.time == want.time && got.ino == want.ino &&
           got.passed_ino == want.passed_ino && got.name_len == want.name_len &&
           !memcmp(got.comm, want.comm, sizeof got.comm) && !memcmp(got.name, want.name, sizeof got.name);
}

static unsigned origins_in(const struct ring *r)
{
    struct ring_entry e;
    unsigned n = 0;

    for (uint32_t i = 0; i < ring_slots(r); i++)
        n += ring_at(r, i, &e);
    return n;
}

Test(domain_ring, gives_back_all_of_an_entry)
{
    struct ring r = new_ring(16);

    cr_assert_not(has_origin(&r, 7));
    put_origin(&r, 7);
    cr_assert(has_origin(&r, 7));
    cr_assert_eq(origins_in(&r), 1);
    free(r.at);
}

Test(domain_ring, knows_no_cookie_0)
{
    struct ring r = new_ring(16);
    struct ring_entry e;

    put_origin(&r, 0);
    cr_assert_eq(origins_in(&r), 0);
    cr_assert_not(ring_get(&r, 0, &e));
    free(r.at);
}

Test(domain_ring, has_one_entry_for_a_cookie)
{
    struct ring r = new_ring(16);
    struct ring_entry e = origin(7), got;

    for (uint32_t i = 0; i < 100; i++) {
        e.ino = i;
        ring_put(&r, &e);
        cr_assert(ring_get(&r, 7, &got));
        cr_assert_eq(got.ino, i);
    }
    cr_assert_eq(origins_in(&r), 1);
    free(r.at);
}

Test(domain_ring, forgets_the_oldest_of_a_bucket)
{
    struct ring r = new_ring(16);
    unsigned misses = 0;

    for (uint64_t cookie = 1; cookie <= 1000; cookie++)
        put_origin(&r, cookie);
    cr_assert_eq(origins_in(&r), 16);
    for (uint64_t cookie = 1000; cookie > 900; cookie--)
        misses += !has_origin(&r, cookie);
    cr_assert_eq(misses, 100 - 16, "the sixteen are of the last hundred");
    for (uint64_t cookie = 997; cookie <= 1000; cookie++)
        cr_assert(has_origin(&r, cookie), "the last four are there, even if of one bucket");
    free(r.at);
}

Test(domain_ring, keeps_most_of_the_newest)
{
    struct ring r = new_ring(RING_ENTRIES);
    unsigned found = 0;

    for (uint64_t cookie = 1; cookie <= 3 * RING_ENTRIES; cookie++)
        put_origin(&r, cookie);
    for (uint64_t cookie = 5 * RING_ENTRIES / 2; cookie < 3 * RING_ENTRIES; cookie++)
        found += has_origin(&r, cookie);
    cr_assert(found > 85 * (RING_ENTRIES / 2) / 100, "%u of %u", found, RING_ENTRIES / 2);
    free(r.at);
}

Test(domain_ring, that_may_not_be_written_is_only_read)
{
    struct ring r = new_ring(16);

    put_origin(&r, 1);
    r.read_only = true;
    put_origin(&r, 2);
    cr_assert(has_origin(&r, 1));
    cr_assert_not(has_origin(&r, 2));
    free(r.at);
}

Test(domain_ring, that_is_none_has_nothing)
{
    struct ring r = {0};

    put_origin(&r, 1);
    cr_assert_not(has_origin(&r, 1));
    cr_assert_eq(ring_slots(&r), 0);
}

Test(domain_ring, takes_the_slots_of_dead_writers)
{
    struct ring r = new_ring(16);

    for (unsigned bucket = 0; bucket < r.buckets; bucket++)
        for (unsigned i = 0; i < 4; i++) {
            uint64_t *claim = (uint64_t *)r.at + 16 + bucket * 104 + i;
            cr_assert(claim_take(claim, 0, (struct claim_owner){.pid = 200, .space = 1}, 0));
        }
    put_origin(&r, 1);
    cr_assert_eq(origins_in(&r), 0, "200 is alive");
    dead_pid = 200;
    for (uint64_t cookie = 1; cookie <= 1000; cookie++)
        put_origin(&r, cookie);
    cr_assert_eq(origins_in(&r), 16);
    dead_pid = 0;
    free(r.at);
}

Test(domain_ring, refuses_other_sizes_versions_and_a_damaged_head)
{
    struct ring r = new_ring(16), other = {0};
    unsigned char *byte = r.at;

    for (size_t n = 0; n <= r.size + 128; n += 8)
        cr_assert_eq(ring_open(&other, r.at, n), n == r.size ? 0 : -EINVAL, "%zu bytes", n);
    byte[8]++;
    cr_assert_eq(ring_open(&other, r.at, r.size), -EPROTO);
    byte[8]--;
    byte[0]++;
    cr_assert_eq(ring_open(&other, r.at, r.size), -EINVAL);
    byte[0]--;
    cr_assert_eq(ring_format(r.at, r.size - 8), -EINVAL);
    free(r.at);
}

Test(domain_ring, a_turned_bit_is_a_miss)
{
    struct ring r = new_ring(16);
    unsigned char *byte = r.at;
    struct ring_entry e;
    unsigned missed = 0;

    put_origin(&r, 3);
    for (size_t bit = 0; bit < 8 * r.size; bit++) {
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
        bool found = ring_get(&r, 3, &e);
        cr_assert(!found || has_origin(&r, 3), "bit %zu", bit);
        missed += !found;
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
    }
    cr_assert_eq(missed, 24 * 64 + 2 + 12 + 20);
    free(r.at);
}

Test(domain_ring, random_damage_harms_nobody)
{
    struct ring r = new_ring(64);
    uint64_t seed = 6;

    for (int round = 0; round < 300; round++) {
        for (size_t i = round % 3 ? 64 : 128; i < r.size; i += round % 3 ? 1 + next_random(&seed) % 200 : 1)
            ((unsigned char *)r.at)[i] = (unsigned char)next_random(&seed);
        for (uint64_t cookie = 1; cookie <= 200; cookie++) {
            struct ring_entry e;
            cr_assert(!ring_get(&r, cookie, &e) || has_origin(&r, cookie));
            put_origin(&r, cookie);
        }
    }
    free(r.at);
}

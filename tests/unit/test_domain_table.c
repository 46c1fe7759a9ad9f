#include "domain/table_layout.h"
#include "tests/unit/domain_support.h"

static void put_cookie(const struct table *t, uint64_t i, uint64_t cookie)
{
    struct table_key key = nth_key(t, i);
    struct table_entry e = nth_entry(i);

    e.cookie = cookie;
    cr_assert_eq(table_put(t, &key, &e), 0);
}

static uint64_t cookie_of(const struct table *t, uint64_t i)
{
    struct table_key key = nth_key(t, i);
    struct table_entry e;

    return table_get(t, &key, &e) ? e.cookie : 0;
}

static void drop(const struct table *t, uint64_t i, uint64_t cookie)
{
    struct table_key key = nth_key(t, i);

    table_drop(t, &key, cookie);
}

Test(domain_table, is_empty_at_first)
{
    struct table t = new_table(64);

    cr_assert_not(has_nth(&t, 0));
    cr_assert_eq(entries_in(&t), 0);
    cr_assert_eq(table_slots(&t), 64);
    free(t.at);
}

Test(domain_table, gives_back_all_of_an_entry)
{
    struct table t = new_table(64);

    cr_assert_eq(put_nth(&t, 7), 0);
    cr_assert(has_nth(&t, 7));
    cr_assert_not(has_nth(&t, 8));
    cr_assert_eq(entries_in(&t), 1);
    free(t.at);
}

Test(domain_table, keeps_the_ends_of_what_numbers_can_be)
{
    struct table t = new_table(64);
    struct table_entry e, got;
    struct table_key key = nth_key(&t, 0);

    memset(&e, 0xff, sizeof e);
    cr_assert_eq(table_put(&t, &key, &e), 0);
    cr_assert(table_get(&t, &key, &got));
    cr_assert(same_entry(&e, &got));
    memset(&e, 0, sizeof e);
    cr_assert_eq(table_put(&t, &key, &e), 0);
    cr_assert(table_get(&t, &key, &got));
    cr_assert(same_entry(&e, &got));
    free(t.at);
}

Test(domain_table, has_one_entry_for_a_key)
{
    struct table t = new_table(64);

    for (uint64_t cookie = 1; cookie <= 1000; cookie++) {
        put_cookie(&t, 5, cookie);
        cr_assert_eq(cookie_of(&t, 5), cookie);
    }
    cr_assert_eq(entries_in(&t), 1);
    free(t.at);
}

Test(domain_table, forgets_what_is_dropped)
{
    struct table t = new_table(64);

    put_cookie(&t, 1, 11);
    drop(&t, 1, 12); /* somebody else's */
    cr_assert_eq(cookie_of(&t, 1), 11);
    drop(&t, 1, 11);
    cr_assert_eq(cookie_of(&t, 1), 0);
    put_cookie(&t, 1, 13);
    drop(&t, 1, 0);
    cr_assert_eq(entries_in(&t), 0);
    free(t.at);
}

Test(domain_table, tells_kinds_and_lengths_of_the_same_bytes_apart)
{
    struct table t = new_table(64);
    struct table_entry e;
    const char bytes[16] = {0};

    for (int kind = TABLE_PATHNAME; kind <= TABLE_PROCESS; kind++)
        for (size_t len = 0; len <= sizeof bytes; len++) {
            struct table_key key = table_key(&t, (enum table_kind)kind, bytes, len);
            cr_assert_not(table_get(&t, &key, &e), "kind %d, %zu bytes", kind, len);
            if (kind < TABLE_INET)
                cr_assert_eq(table_put(&t, &key, &e), 0);
        }
    free(t.at);
}

Test(domain_table, has_other_keys_under_another_secret)
{
    struct table t = new_table(64), other = t;

    other.secret[1]++;
    cr_assert_neq(nth_key(&t, 1).word[0], nth_key(&other, 1).word[0]);
    free(t.at);
}

Test(domain_table, finds_all_of_a_hundred_thousand)
{
    for (uint64_t secret = 0; secret < 3; secret++) {
        struct table t = new_table(TABLE_ENTRIES);
        t.secret[0] ^= secret << 40;
        for (uint64_t i = 0; i < 100000; i++)
            cr_assert_eq(put_nth(&t, i), 0, "%lu is refused", (unsigned long)i);
        for (uint64_t i = 0; i < 100000; i++)
            cr_assert(has_nth(&t, i), "%lu is not there", (unsigned long)i);
        for (uint64_t i = 100000; i < 200000; i++)
            cr_assert_not(cookie_of(&t, i), "%lu is there", (unsigned long)i);
        cr_assert_eq(entries_in(&t), 100000);
        free(t.at);
    }
}

Test(domain_table, refuses_when_full_and_keeps_what_it_has)
{
    struct table t = new_table(512);
    uint64_t refused = fill_table(&t, 0);
    struct table_key key = nth_key(&t, refused);
    struct table_entry e = nth_entry(refused);

    cr_assert_eq(table_put(&t, &key, &e), -ENOSPC);
    cr_assert(refused > 400, "it held %lu of 512", (unsigned long)refused);
    for (uint64_t i = 0; i < refused; i++)
        cr_assert(has_nth(&t, i));
    cr_assert_eq(put_nth(&t, refused / 2), 0, "what is there can be replaced");
    drop(&t, 0, 0);
    cr_assert_eq(entries_in(&t), refused - 1);
    free(t.at);
}

Test(domain_table, uses_every_slot)
{
    struct table t = new_table(512);

    for (uint64_t i = 0; i < 50000; i++)
        put_nth(&t, i);
    cr_assert_eq(entries_in(&t), 512);
    free(t.at);
}

Test(domain_table, gives_the_oldest_place_of_a_socket_that_is_gone_away)
{
    struct table t = new_table(512);
    uint64_t n = fill_table(&t, 0);

    gone_asked = 0;
    gone_cookie = UINT64_MAX;
    cr_assert_eq(put_nth(&t, n), 0);
    cr_assert(has_nth(&t, n));
    cr_assert_eq(gone_asked, 1);
    uint64_t lost = 0;
    while (has_nth(&t, lost))
        lost++;
    cr_assert(lost < n / 4, "number %lu of %lu is not old", (unsigned long)lost, (unsigned long)n);
    while (++lost < n)
        cr_assert(has_nth(&t, lost), "more than one was given away");
    gone_cookie = 0;
    free(t.at);
}

Test(domain_table, asks_for_each_entry_before_it_refuses)
{
    struct table t = new_table(512);
    uint64_t n = fill_table(&t, 0);

    gone_asked = 0;
    cr_assert_eq(put_nth(&t, n), -ENOSPC);
    cr_assert_eq(gone_asked, 48);
    t.gone = NULL;
    cr_assert_eq(put_nth(&t, n), -ENOSPC);
    free(t.at);
}

Test(domain_table, asks_nothing_about_sockets_of_another_name_space)
{
    struct table t = new_table(512);
    uint64_t n = fill_table(&t, 0);

    gone_asked = 0;
    gone_cookie = UINT64_MAX;
    writer.space = 2;
    cr_assert_eq(put_nth(&t, n), -ENOSPC);
    cr_assert_eq(gone_asked, 0);
    writer.space = 1;
    gone_cookie = 0;
    free(t.at);
}

Test(domain_table, that_may_not_be_written_is_only_read)
{
    struct table t = new_table(64);

    put_cookie(&t, 1, 11);
    t.read_only = true;
    cr_assert_eq(put_nth(&t, 2), -EROFS);
    drop(&t, 1, 11);
    cr_assert_eq(cookie_of(&t, 1), 11);
    cr_assert_eq(table_begin(&t), -1);
    free(t.at);
}

Test(domain_table, that_is_none_has_nothing)
{
    struct table t = {0};

    cr_assert_eq(table_slots(&t), 0);
    cr_assert_eq(put_nth(&t, 1), -EROFS);
    cr_assert_not(has_nth(&t, 1));
    drop(&t, 1, 0);
    cr_assert_eq(table_begin(&t), -1);
    table_end(&t, 0);
    cr_assert_not(table_busy(&t, table_begun(&t)));
}

/* --- Writers that died ---------------------------------------------------------- */

/* Takes the slots of a table as a writer does that then dies. */
static void take(const struct table *t, struct claim_owner owner, uint32_t buckets)
{
    for (uint32_t b = 0; b < buckets; b++)
        for (uint32_t i = 0; i < TABLE_SLOTS; i++) {
            uint64_t *claim = table_word(t, TABLE_HEADER_WORDS + b * TABLE_BUCKET_WORDS + i);
            cr_assert(claim_take(claim, claim_load(claim), owner, 5));
        }
}

Test(domain_table, takes_the_slots_of_dead_writers)
{
    struct table t = new_table(64);

    take(&t, (struct claim_owner){.pid = 200, .space = 1}, t.buckets);
    cr_assert_eq(put_nth(&t, 1), -ENOSPC, "200 is alive");
    dead_pid = 200;
    for (uint64_t i = 0; i < 2000; i++)
        put_nth(&t, i);
    cr_assert_eq(entries_in(&t), 64);
    dead_pid = 0;
    free(t.at);
}

Test(domain_table, asks_nothing_about_processes_of_another_name_space)
{
    struct table t = new_table(64);

    dead_pid = 200;
    take(&t, (struct claim_owner){.pid = 200, .space = 2}, t.buckets);
    cr_assert_eq(put_nth(&t, 1), -ENOSPC);
    writer.space = 2;
    cr_assert_eq(put_nth(&t, 1), 0);
    writer.space = 1;
    dead_pid = 0;
    free(t.at);
}

Test(domain_table, never_shows_what_is_being_written)
{
    struct table t = new_table(64);

    put_cookie(&t, 1, 11);
    take(&t, (struct claim_owner){.pid = 200, .space = 1}, t.buckets);
    cr_assert_eq(cookie_of(&t, 1), 0);
    cr_assert_eq(entries_in(&t), 0);
    free(t.at);
}

/* A writer whose slot was taken away must not publish what somebody else writes. */
Test(domain_table, a_claim_that_was_taken_away_publishes_nothing)
{
    uint64_t word = 0, held = claim_take(&word, 0, writer, 1);
    uint64_t other = claim_take(&word, held, (struct claim_owner){.pid = 101, .space = 1}, 1);

    cr_assert(held && other && held != other);
    cr_assert_not(claim_publish(&word, held));
    cr_assert(claim_publish(&word, other));
    cr_assert_eq(claim_state(word), CLAIM_LIVE);
}

Test(domain_table, a_claim_keeps_its_parts_apart)
{
    uint64_t word = ~(uint64_t)0, held = claim_take(&word, word, (struct claim_owner){.pid = 0x3fffff, .space = 255}, 0xfff);

    cr_assert_eq(held >> CLAIM_GENERATION_SHIFT, 0, "the generation goes round");
    cr_assert_eq(claim_tag(held), 0xfff);
    cr_assert_eq(claim_state(held), CLAIM_WRITING);
    dead_pid = 0x3fffff;
    cr_assert(claim_stale(held, (struct claim_owner){.pid = 1, .space = 255}, new_table(64).dead));
    dead_pid = 0;
}

/* A signal handler binds, too, in the midst of a bind: whenever it comes, the one key
 * has one entry in the end, and other keys have theirs. */
static const struct table *interrupted;
static int calls_before, calls;

static struct claim_owner self_that_is_interrupted(void)
{
    if (++calls == calls_before) {
        put_cookie(interrupted, 5, 77);
        cr_assert_eq(put_nth(interrupted, 6), 0);
    }
    return writer;
}

Test(domain_table, may_be_written_in_the_midst_of_writing)
{
    int interruptions = 0;

    for (calls_before = 1; calls_before < 10; calls_before++) {
        struct table t = new_table(64);
        put_cookie(&t, 5, 10);
        t.self = self_that_is_interrupted;
        interrupted = &t;
        calls = 0;
        put_cookie(&t, 5, 11);
        interruptions += calls >= calls_before;
        cr_assert(cookie_of(&t, 5) == 11 || (calls >= calls_before && cookie_of(&t, 5) == 77));
        cr_assert_eq(entries_in(&t), calls >= calls_before ? 2 : 1);
        cr_assert_eq(has_nth(&t, 6), calls >= calls_before);
        free(t.at);
    }
    cr_assert(interruptions > 0);
}

/* --- Binds on their way ------------------------------------------------------------- */

Test(domain_table, is_busy_between_begin_and_end)
{
    struct table t = new_table(64);

    cr_assert_not(table_busy(&t, table_begun(&t)));
    int one = table_begin(&t), two = table_begin(&t);
    cr_assert(one >= 0 && two >= 0 && one != two);
    cr_assert(table_busy(&t, table_begun(&t)));
    table_end(&t, one);
    cr_assert(table_busy(&t, table_begun(&t)));
    table_end(&t, two);
    cr_assert_not(table_busy(&t, table_begun(&t)));
    free(t.at);
}

Test(domain_table, is_not_busy_with_what_began_later)
{
    struct table t = new_table(64);
    uint64_t none = table_begun(&t);
    int one = table_begin(&t);
    uint64_t first = table_begun(&t);
    int two = table_begin(&t);

    cr_assert_not(table_busy(&t, none));
    cr_assert(table_busy(&t, first));
    table_end(&t, one);
    cr_assert_not(table_busy(&t, first));
    cr_assert(table_busy(&t, table_begun(&t)));
    table_end(&t, two);
    free(t.at);
}

Test(domain_table, counts_binds_round_the_largest_number)
{
    struct table t = new_table(64);

    *table_word(&t, TABLE_BEGUN) = ((uint64_t)1 << 33) - 2;
    uint64_t before = table_begun(&t);
    table_begin(&t);
    table_begin(&t);
    int last = table_begin(&t);
    cr_assert_not(table_busy(&t, before));
    cr_assert(table_busy(&t, before + 1));
    table_end(&t, 0);
    cr_assert_not(table_busy(&t, before + 1));
    cr_assert(table_busy(&t, table_begun(&t)));
    cr_assert_eq(last, 2);
    free(t.at);
}

Test(domain_table, is_not_busy_for_the_dead)
{
    struct table t = new_table(64);

    table_begin(&t);
    writer.pid = 101;
    cr_assert(table_busy(&t, table_begun(&t)));
    dead_pid = 100;
    cr_assert_not(table_busy(&t, table_begun(&t)));
    dead_pid = 0;
    cr_assert_not(table_busy(&t, table_begun(&t)), "the word is taken back");
    writer.pid = 100;
    free(t.at);
}

Test(domain_table, is_busy_for_another_name_space_of_processes)
{
    struct table t = new_table(64);

    table_begin(&t);
    dead_pid = 100;
    writer = (struct claim_owner){.pid = 101, .space = 2};
    cr_assert(table_busy(&t, table_begun(&t)));
    writer = (struct claim_owner){.pid = 100, .space = 1};
    dead_pid = 0;
    free(t.at);
}

Test(domain_table, has_a_limited_number_of_tickets_and_gets_those_of_the_dead_back)
{
    struct table t = new_table(64);

    for (unsigned i = 0; i < TABLE_PENDINGS; i++)
        cr_assert_eq(table_begin(&t), (int)i);
    cr_assert_eq(table_begin(&t), -1);
    table_end(&t, -1);
    writer.pid = 101;
    table_end(&t, 3); /* not 101's */
    cr_assert_eq(table_begin(&t), -1);
    dead_pid = 100;
    cr_assert_eq(table_begin(&t), 0);
    cr_assert(table_busy(&t, table_begun(&t)));
    table_end(&t, 0);
    cr_assert_not(table_busy(&t, table_begun(&t)));
    writer.pid = 100;
    dead_pid = 0;
    free(t.at);
}

/* exec in another thread's bind: the pid goes on, the bind does not. */
Test(domain_table, takes_back_the_tickets_of_whoever_starts_anew)
{
    struct table t = new_table(64);

    table_begin(&t);
    writer.pid = 101;
    int others = table_begin(&t);
    writer.pid = 100;
    table_forget(&t);
    cr_assert(table_busy(&t, table_begun(&t)), "the other process's ticket is there");
    writer.pid = 101;
    table_end(&t, others);
    cr_assert_not(table_busy(&t, table_begun(&t)));
    writer.pid = 100;
    free(t.at);
}

/* --- Memory that is not what it should be ----------------------------------------------- */

Test(domain_table, refuses_other_sizes)
{
    size_t size = table_size(64);
    struct table t = new_table(64), other = {0};

    cr_assert_eq(table_format(t.at, size - 64, t.secret), -EINVAL);
    for (size_t n = 0; n <= size + 128; n += 8)
        cr_assert_eq(table_open(&other, t.at, n), n == size ? 0 : -EINVAL, "%zu of %zu bytes", n, size);
    cr_assert_eq(table_open(&other, (char *)t.at + 4, size), -EINVAL);
    free(t.at);
}

Test(domain_table, refuses_a_damaged_head_and_another_version)
{
    struct table t = new_table(64), other;
    unsigned char *byte = t.at;

    for (unsigned bit = 0; bit < 8 * 8 * (HEAD_SUM + 1); bit++) {
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
        cr_assert_eq(table_open(&other, t.at, t.size), bit / 64 == HEAD_VERSION ? -EPROTO : -EINVAL, "bit %u", bit);
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
    }
    memset(t.at, 0, t.size);
    cr_assert_eq(table_open(&other, t.at, t.size), -EINVAL);
    free(t.at);
}

/* Whatever bit turns, an entry is found as it was or not at all; which is a miss. */
Test(domain_table, a_turned_bit_is_a_miss)
{
    struct table t = new_table(64);
    unsigned char *byte = t.at;
    struct table_entry e;
    struct table_key key = nth_key(&t, 3);
    unsigned missed = 0;

    cr_assert_eq(put_nth(&t, 3), 0);
    for (size_t bit = 0; bit < 8 * t.size; bit++) {
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
        bool found = table_get(&t, &key, &e);
        cr_assert(!found || has_nth(&t, 3), "bit %zu", bit);
        missed += !found;
        byte[bit / 8] = (unsigned char)(byte[bit / 8] ^ 1 << bit % 8);
    }
    /* all of the body, and of the claim the state, the tag and the generation */
    cr_assert_eq(missed, 512 + 2 + 12 + 20);
    free(t.at);
}

/* Sanitizers and the time limit are the judges here; and nothing wrong is found. */
Test(domain_table, random_damage_harms_nobody)
{
    struct table t = new_table(512);
    uint64_t seed = 5, found = 0;

    for (int round = 0; round < 300; round++) {
        memset(t.at, 0, t.size);
        cr_assert_eq(table_format(t.at, t.size, t.secret), 0);
        for (uint64_t i = 0; i < 300; i++)
            put_nth(&t, i);
        for (unsigned n = 1u << round % 15; n > 0; n--) {
            uint64_t dice = next_random(&seed);
            ((unsigned char *)t.at)[dice % t.size] = (unsigned char)(dice >> 32);
        }
        if (round % 10 == 9)
            for (size_t i = 64; i < t.size; i++)
                ((unsigned char *)t.at)[i] = (unsigned char)next_random(&seed);
        for (uint64_t i = 0; i < 300; i++) {
            cr_assert(!cookie_of(&t, i) || has_nth(&t, i));
            found += has_nth(&t, i);
        }
        table_busy(&t, table_begun(&t));
        table_end(&t, table_begin(&t));
        for (uint64_t i = 250; i < 800; i++)
            put_nth(&t, i);
        for (uint64_t i = 0; i < 800; i++)
            drop(&t, i, i % 2 ? i + 1 : 0);
    }
    cr_assert(found > 300 * 100);
    free(t.at);
}

Test(domain_table, a_lost_count_does_not_bring_old_entries_back)
{
    struct table t = new_table(64);

    for (uint64_t cookie = 1; cookie <= 50; cookie++) {
        put_cookie(&t, 5, cookie);
        *table_word(&t, TABLE_ORDER) = cookie % 2 ? 0 : (uint64_t)1 << 63;
        cr_assert_eq(cookie_of(&t, 5), cookie);
    }
    cr_assert_eq(entries_in(&t), 1);
    free(t.at);
}

/* Slots that hold nothing that anybody wrote are places like free ones. */
Test(domain_table, damaged_slots_are_used_again)
{
    struct table t = new_table(64);

    for (uint32_t b = 0; b < t.buckets; b++)
        for (uint32_t i = 0; i < TABLE_SLOTS; i++)
            *table_word(&t, TABLE_HEADER_WORDS + b * TABLE_BUCKET_WORDS + i) = i % 2 ? CLAIM_DAMAGED : CLAIM_LIVE;
    for (uint64_t i = 0; i < 2000; i++)
        put_nth(&t, i);
    cr_assert_eq(entries_in(&t), 64);
    free(t.at);
}

#include "tests/unit/domain_support.h"

#include <stdio.h>

#include "domain/claim.h"
#include "domain/counts.h"

static uint64_t at[COUNTS_SIZE / 8];

static const struct counts_unseen *nth(unsigned i)
{
    static struct counts_unseen u;

    return counts_unseen_get(at, i, &u) ? &u : NULL;
}

Test(domain_counts, count_each_for_itself)
{
    for (int which = 0; which < COUNTS; which++)
        for (int n = 0; n <= which; n++)
            counts_add(at, (enum count)which);
    for (int which = 0; which < COUNTS; which++)
        cr_assert_eq(counts_get(at, (enum count)which), (uint64_t)which + 1);
}

Test(domain_counts, know_no_others)
{
    counts_add(at, COUNTS);
    counts_add(at, (enum count)-1);
    for (size_t i = 0; i < COUNTS_SIZE / 8; i++)
        cr_assert_eq(at[i], 0);
    memset(at, 0xff, sizeof at);
    cr_assert_eq(counts_get(at, COUNTS), 0);
    cr_assert_eq(counts_get(at, (enum count)-1), 0);
}

Test(domain_counts, name_a_program_once)
{
    counts_unseen(at, "/bin/one", "static");
    counts_unseen(at, "/bin/two", "static Go");
    counts_unseen(at, "/bin/one", "setuid");
    cr_assert_eq(counts_get(at, COUNT_UNSEEN), 3);
    cr_assert_str_eq(nth(0)->path, "/bin/one");
    cr_assert_str_eq(nth(0)->why, "static");
    cr_assert_eq(nth(0)->times, 2);
    cr_assert_str_eq(nth(1)->path, "/bin/two");
    cr_assert_str_eq(nth(1)->why, "static Go");
    cr_assert_eq(nth(1)->times, 1);
    cr_assert_null(nth(2));
}

/* Two that name it at once do not see each other: the first has not ended writing. */
Test(domain_counts, name_a_program_once_that_two_have_named)
{
    enum { FIRST = 16 }; /* the first name's word, as domain/counts.c lays it out */

    counts_unseen(at, "/bin/one", "static");
    uint64_t live = at[FIRST];
    at[FIRST] = (live & ~(uint64_t)3) | CLAIM_WRITING;
    cr_assert_null(nth(0));
    counts_unseen(at, "/bin/one", "setuid");
    counts_unseen(at, "/bin/two", "static");
    at[FIRST] = live;
    cr_assert_eq(nth(0)->times, 2);
    cr_assert_str_eq(nth(1)->path, "/bin/two");
    cr_assert_null(nth(2));
}

Test(domain_counts, keep_the_end_of_a_long_path)
{
    char path[400];

    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = (char)('a' + i % 26);
    path[sizeof path - 1] = 0;
    counts_unseen(at, path, path);
    cr_assert_str_eq(nth(0)->path, path + sizeof path - COUNTS_NAME_MAX);
    cr_assert_str_eq(nth(0)->why, path + sizeof path - COUNTS_WHY_MAX);
    counts_unseen(at, "", "");
    cr_assert_str_eq(nth(1)->path, "");
}

Test(domain_counts, count_beyond_the_names)
{
    char path[32];

    for (unsigned i = 0; i < COUNTS_NAMES + 10; i++) {
        snprintf(path, sizeof path, "/bin/%u", i);
        counts_unseen(at, path, "static");
    }
    cr_assert_eq(counts_get(at, COUNT_UNSEEN), COUNTS_NAMES + 10);
    cr_assert(nth(COUNTS_NAMES - 1));
    cr_assert_null(nth(COUNTS_NAMES));
}

Test(domain_counts, random_damage_harms_nobody)
{
    uint64_t seed = 9;
    char path[32];

    for (int round = 0; round < 200; round++) {
        for (unsigned i = 0; i < 10; i++) {
            snprintf(path, sizeof path, "/bin/%d", (int)(next_random(&seed) % 100));
            counts_unseen(at, path, "static");
        }
        for (unsigned i = 0; i < COUNTS_NAMES && nth(i); i++)
            cr_assert(!strncmp(nth(i)->path, "/bin/", 5) && !strcmp(nth(i)->why, "static"));
        for (int n = 0; n < 200; n++)
            ((unsigned char *)at)[next_random(&seed) % COUNTS_SIZE] = (unsigned char)next_random(&seed);
    }
}

Test(domain_counts, count_calls_of_inject_rules_behind_the_names)
{
    struct counts_inject *all = counts_injects(at);

    cr_assert_eq((char *)(all + COUNTS_INJECTS), (char *)at + COUNTS_SIZE);
    for (unsigned i = 0; i < COUNTS_NAMES; i++) {
        char path[16];

        snprintf(path, sizeof path, "/bin/%u", i);
        counts_unseen(at, path, "static");
    }
    for (unsigned i = 0; i < COUNTS_INJECTS; i++)
        cr_assert(!all[i].hits && !all[i].fired);
    cr_assert_eq(counts_hit(&all[0]), 1);
    cr_assert_eq(counts_hit(&all[0]), 2);
    cr_assert_eq(counts_hit(&all[1]), 1);
    counts_fired(&all[0]);
    cr_assert_eq(all[0].fired, 1);
    memset(all, 0xff, COUNTS_INJECTS * sizeof *all);
    cr_assert_str_eq(nth(COUNTS_NAMES - 1)->path, "/bin/63");
}

/* A compiled policy may come from a file that somebody damaged: whatever its
 * bytes, opening it refuses it or deciding on it stays within it. Meant to run
 * under SANITIZE=address too; here the blob ends where unreadable memory
 * starts. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* `len` bytes that end where a guard page begins. */
static uint8_t *guarded(size_t len)
{
    size_t size = (len + 4095) & ~(size_t)4095;
    uint8_t *at = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(at, MAP_FAILED);
    mprotect(at + size, 4096, PROT_NONE);
    return at + size - len;
}

struct victim {
    struct lab lab;
    struct policy_query queries[40];
};

static const struct policy_inject fault = {.first = 1, .last = UINT64_MAX, .step = 2, .chance = 500000000, .err = EIO};

static struct victim *victim(uint64_t seed, uint32_t rules)
{
    struct victim *v = malloc(sizeof *v);

    lab_start(&v->lab, rules, seed);
    lab_random_rules(&v->lab, rules);
    for (uint32_t i = 0; i < v->lab.count; i++)
        v->lab.rules[i].inject = v->lab.rules[i].source % 4 == 3 ? &fault : NULL;
    lab_build(&v->lab);
    for (unsigned i = 0; i < 40; i++)
        v->queries[i] = lab_random_query(&v->lab);
    return v;
}

static void release(struct victim *v)
{
    lab_end(&v->lab);
    free(v);
}

static size_t injected(const struct policy *p, const struct policy_query *q)
{
    const struct policy_inject *rule;
    uint32_t at = 0;
    size_t n = 0;

    while ((rule = policy_inject_next(p, q, &at)))
        n += policy_inject_fires(rule, at) + rule->number + (policy_inject(p, rule->number) == rule);
    return n;
}

/* Uses everything that a policy can be asked. True when it was opened. */
static bool exercise(const struct victim *v, const void *blob, size_t len)
{
    struct policy p;
    struct policy_verdict verdict;
    struct policy_rule_info info;
    size_t seen = 0;

    if (policy_open(&p, blob, len))
        return false;
    policy_select(&p, "/usr/bin/x", "nothing of that name");
    policy_select(&p, "/usr/bin/x", NULL);
    seen += strlen(policy_name(&p)) + strlen(policy_profile_name(&p));
    seen += policy_uses(&p) + policy_mediates_inherit(&p);
    for (unsigned i = 0; i < 40; i++) {
        policy_decide(&p, &v->queries[i], &verdict);
        seen += policy_needs(&p, v->queries[i].perm, v->queries[i].family);
        seen += policy_inject_needs(&p, v->queries[i].perm, v->queries[i].family);
        seen += injected(&p, &v->queries[i]);
    }
    for (uint32_t i = 0; i < policy_rule_count(&p) && i < 50; i++)
        if (policy_rule(&p, i, &info))
            seen += strlen(info.file) + info.text_len + policy_rule_miss(&p, i, &v->queries[0]);
    __asm__ volatile("" : : "r"(seen));
    return true;
}

Test(engine_blob, a_truncated_policy_is_refused, .timeout = 60)
{
    struct victim *v = victim(3, 30);

    for (size_t len = 0; len < v->lab.len; len += 8) {
        uint8_t *copy = guarded(len);
        memcpy(copy, v->lab.blob, len);
        cr_assert_not(exercise(v, copy, len), "%zu of %zu bytes", len, v->lab.len);
        munmap((void *)((uintptr_t)copy & ~(uintptr_t)4095), len + 4096);
    }
    release(v);
}

/* Every byte in turn takes a few values that hurt. */
Test(engine_blob, a_damaged_byte_never_leads_out_of_the_policy, .timeout = 120)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct victim *v = victim(seed, 24);
        uint8_t *copy = guarded(v->lab.len);
        unsigned opened = 0;

        memcpy(copy, v->lab.blob, v->lab.len);
        cr_assert(exercise(v, copy, v->lab.len));
        for (size_t at = 0; at < v->lab.len; at++) {
            static const uint8_t hurt[] = {0x01, 0x80, 0xff};
            uint8_t was = copy[at];
            copy[at] = (uint8_t)(was ^ hurt[(at + seed) % 3]);
            opened += exercise(v, copy, v->lab.len);
            copy[at] = was;
        }
        cr_assert_gt(opened, 0);
        release(v);
    }
}

Test(engine_blob, many_damaged_bytes_never_lead_out_of_the_policy, .timeout = 120)
{
    struct victim *v = victim(77, 40);
    uint8_t *copy = guarded(v->lab.len);

    for (unsigned round = 0; round < 6000; round++) {
        memcpy(copy, v->lab.blob, v->lab.len);
        for (unsigned n = 1 + lab_random(&v->lab, 4); n; n--) {
            size_t at = 512 + lab_random(&v->lab, (uint32_t)v->lab.len - 512);
            uint32_t value = lab_random(&v->lab, 3) ? lab_random(&v->lab, 300) : UINT32_MAX - lab_random(&v->lab, 9);
            at = at & ~(size_t)3;
            memcpy(copy + at, &value, sizeof value);
        }
        exercise(v, copy, v->lab.len);
    }
    release(v);
}

Test(engine_blob, another_version_and_a_stranger_are_refused)
{
    struct victim *v = victim(5, 4);
    struct blob_header *h = malloc(v->lab.len);
    struct policy p;

    memcpy(h, v->lab.blob, v->lab.len);
    h->version++;
    cr_expect_eq(policy_open(&p, h, v->lab.len), -EINVAL);
    h->version--;
    h->magic++;
    cr_expect_eq(policy_open(&p, h, v->lab.len), -EINVAL);
    h->magic--;
    cr_expect_eq(policy_open(&p, h, v->lab.len), 0);
    cr_expect_eq(policy_open(&p, "", 0), -EINVAL);
    free(h);
    release(v);
}

/* The decision's cost must not grow with the number of rules. Work is counted
 * here, not time: how long the lists, buckets and rows are that a decision goes
 * through. bench/decide measures. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static uint32_t count_of(const struct lab *l, enum blob_table t)
{
    return ((const struct blob_header *)l->blob)->tables[t].count;
}

/* The longest of each, over the whole index. */
struct work {
    uint32_t list, direct_tails, bucket, distances, slot_list;
};

static uint32_t longest_part(const struct blob_list *l)
{
    uint32_t longest = 0;

    for (int part = 0; part < PARTS; part++)
        longest = l->counts[part] > longest ? l->counts[part] : longest;
    return longest;
}

static void most(uint32_t *so_far, uint32_t n)
{
    *so_far = n > *so_far ? n : *so_far;
}

static struct work work_of(const struct lab *l)
{
    const struct blob_list *lists = blob_at(l->blob, BLOB_LISTS);
    const struct blob_accept *accepts = blob_at(l->blob, BLOB_ACCEPTS);
    const struct blob_filter *filters = blob_at(l->blob, BLOB_FILTERS);
    const uint32_t *buckets = blob_at(l->blob, BLOB_BUCKETS);
    const struct blob_slot *slots = blob_at(l->blob, BLOB_SLOTS);
    struct work w = {0};

    for (uint32_t i = 1; i < count_of(l, BLOB_LISTS); i++)
        most(&w.list, longest_part(&lists[i]));
    for (uint32_t i = 1; i < count_of(l, BLOB_ACCEPTS); i++)
        most(&w.direct_tails, accepts[i].tail_count);
    for (uint32_t i = 1; i < count_of(l, BLOB_FILTERS); i++) {
        const uint32_t *b = buckets + filters[i].buckets;
        for (uint32_t n = 0; n < 1u << filters[i].bits; n++)
            most(&w.bucket, b[n + 1] - b[n]);
        most(&w.distances, (uint32_t)__builtin_popcountll(filters[i].distances));
    }
    for (uint32_t i = 0; i < count_of(l, BLOB_SLOTS); i++)
        most(&w.slot_list, longest_part(&lists[slots[i].list]));
    return w;
}

enum { RULES = 10000 };

static struct lab *fill(const char *peer, const char *local)
{
    struct lab *l = malloc(sizeof *l);

    lab_start(l, RULES, 1);
    for (unsigned i = 0; i < RULES; i++) {
        struct rule *r = lab_rule(l, POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE);
        char text[128], *number;
        snprintf(text, sizeof text, "%s", peer);
        if ((number = strchr(text, '#')))
            snprintf(number, sizeof text - (size_t)(number - text), "%u%s", i, strchr(peer, '#') + 1);
        r->peer = lab_cond(l, text);
        if (local)
            r->local = lab_cond(l, local);
    }
    lab_build(l);
    return l;
}

static void empty(struct lab *l)
{
    lab_end(l);
    free(l);
}

static void bounded(const char *peer, uint32_t list, uint32_t bucket)
{
    struct lab *l = fill(peer, NULL);
    struct work w = work_of(l);

    cr_expect_leq(w.list, list, "%s: a list of %u", peer, w.list);
    cr_expect_leq(w.direct_tails, 4, "%s: %u tails on a node", peer, w.direct_tails);
    cr_expect_leq(w.bucket, bucket, "%s: a bucket of %u", peer, w.bucket);
    cr_expect_leq(w.distances, 12, "%s: %u distances", peer, w.distances);
    cr_expect_leq(w.slot_list, 1, "%s: a slot of %u", peer, w.slot_list);
    empty(l);
}

Test(engine_scale, ten_thousand_names_lead_to_one_rule_each)
{
    bounded("/srv/application/instance-#/main.sock", 1, 0);
    bounded("@org.example.service-#", 1, 0);
}

Test(engine_scale, ten_thousand_directories_lead_to_one_pattern_each)
{
    bounded("/srv/app#/*.sock", 1, 0);
    bounded("/srv/app#/**/x*", 1, 0);
}

Test(engine_scale, ten_thousand_patterns_on_one_node_are_told_apart_by_their_bytes)
{
    bounded("/srv/*/x#.sock", 1, 40);
    bounded("@*-#-*", 1, 40);
    bounded("@*[0-9]-#", 1, 40);
    bounded("/run/**/service-#/*/socket", 1, 40);
    bounded("/run/*/{a,b}#/x", 1, 40);
}

Test(engine_scale, the_same_rule_ten_thousand_times_counts_once)
{
    bounded("/srv/same.sock", 1, 0);
    bounded("/srv/*/same.sock", 1, 0);
    bounded("any", 1, 0);
}

Test(engine_scale, rules_with_two_sides_are_found_from_the_one_that_tells_them_apart)
{
    struct lab *l = fill("/srv/#/main.sock", "@client-*");
    const struct blob_list *lists = blob_at(l->blob, BLOB_LISTS);
    uint32_t long_lists = 0, short_lists = 0;

    for (uint32_t i = 1; i < count_of(l, BLOB_LISTS); i++) {
        long_lists += longest_part(&lists[i]) == RULES;
        short_lists += longest_part(&lists[i]) == 1;
    }
    cr_expect_eq(long_lists, 1); /* the local side */
    cr_expect_geq(short_lists, RULES);
    empty(l);
}

Test(engine_scale, prefixes_and_ports_lead_to_one_rule_each)
{
    struct lab *l = malloc(sizeof *l);

    lab_start(l, RULES, 1);
    for (unsigned i = 0; i < RULES; i++) {
        const uint8_t ip[4] = {10, (uint8_t)(i / 256), (uint8_t)i, 0};
        struct rule *r = lab_rule(l, POLICY_CONNECT);
        r->families = 1ull << AF_INET;
        r->peer = lab_inet(ip, AF_INET, 24, 1024 + i % 5000, 1024 + i % 5000 + i % 7);
    }
    lab_build(l);
    cr_expect_leq(work_of(l).list, 1);
    cr_expect_eq(work_of(l).direct_tails, 0);
    empty(l);
}

Test(engine_scale, rules_without_addresses_are_split_by_permission_and_family)
{
    struct lab *l = malloc(sizeof *l);

    lab_start(l, RULES, 1);
    for (unsigned i = 0; i < RULES; i++) {
        struct rule *r = lab_rule(l, POLICY_CREATE | POLICY_CONNECT);
        r->families = 1ull << (1 + i % 45);
        r->types = 1u << (1 + i / 45 % 6);
    }
    lab_build(l);
    cr_expect_leq(work_of(l).slot_list, 6); /* its types */
    empty(l);
}

Test(engine_scale, a_hundred_rules_take_less_than_32_kib)
{
    struct lab *l = malloc(sizeof *l);

    lab_start(l, 100, 1);
    for (unsigned i = 0; i < 100; i++) {
        char text[100];
        struct rule *r = lab_rule(l, POLICY_CONNECT);
        snprintf(text, sizeof text, i % 3 ? "/srv/application/instance-%u/main.sock" : "/srv/app-%u/*.sock", i);
        r->peer = lab_cond(l, text);
    }
    lab_build(l);
    cr_expect_lt(l->len, 32768, "%zu bytes", l->len);
    empty(l);
}

/* --- Stack ------------------------------------------------------------- */

enum { STACK = 64 * 1024, PAINT = 0xa5 };

struct errand {
    const struct lab *lab;
    const struct policy_query *q; /* NULL: nothing but the way there */
    struct policy_verdict v;
};

static void *run(void *arg)
{
    struct errand *e = arg;

    if (e->q)
        policy_decide(&e->lab->policy, e->q, &e->v);
    return NULL;
}

static size_t touched(struct errand *e)
{
    static _Alignas(4096) unsigned char stack[STACK];
    pthread_attr_t attr;
    pthread_t thread;
    size_t untouched = 0;

    memset(stack, PAINT, sizeof stack);
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, sizeof stack);
    cr_assert_eq(pthread_create(&thread, &attr, run, e), 0);
    pthread_join(thread, NULL);
    while (untouched < STACK && stack[untouched] == PAINT)
        untouched++;
    return STACK - untouched;
}

static size_t stack_of_decision(const struct lab *l, const struct policy_query *q)
{
    struct errand nothing = {.lab = l}, all = {.lab = l, .q = q};
    size_t base = touched(&nothing);

    return touched(&all) - base;
}

/* Sanitizers make frames larger; this counts in plain builds. */
Test(engine_scale, a_decision_takes_less_than_1_kib_of_stack, .disabled = TEST_SANITIZED)
{
    static const char slow[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct lab *l = malloc(sizeof *l);
    struct policy_query q = {.perm = POLICY_CONNECT, .family = AF_UNIX, .type = 1, .label = slow};

    lab_start(l, 1, 1);
    struct rule *r = lab_rule(l, POLICY_CONNECT);
    struct glob label = lab_glob(l, GLOB_PLAIN, "{a,aa}{a,aa}**{a,aa}*a*a**b");
    r->peer = lab_cond(l, "@{a,b}*a*{,a,aa}{a,aa}{,aa}{a,aa}**{a,aa}*a*{a,aa}**a*a**a");
    r->labels = &label;
    r->label_count = 1;
    lab_build(l);
    q.peer = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = slow, .len = sizeof slow - 1};
    size_t on_name = stack_of_decision(l, &q);

    l->count = 0;
    r = lab_rule(l, POLICY_CONNECT);
    r->families = 1ull << AF_INET;
    r->peer = lab_inet((const uint8_t *)"\177\0\0\1", AF_INET, 8, 1, 9);
    r->labels = &label;
    r->label_count = 1;
    lab_build(l);
    q.family = AF_INET;
    q.peer = (struct policy_addr){.kind = POLICY_ADDR_INET, .bytes = "\177\0\0\1", .len = 4, .port = 7};
    size_t on_port = stack_of_decision(l, &q);

    cr_log_info("stack of a decision: %zu bytes on a name, %zu on a port", on_name, on_port);
    cr_expect_lt(on_name, 1024, "%zu bytes", on_name);
    cr_expect_lt(on_port, 1024, "%zu bytes", on_port);
    empty(l);
}

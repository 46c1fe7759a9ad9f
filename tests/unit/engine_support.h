/* Rules built without the parser, and the slow way to decide on them. */
#ifndef SUNSHIM_TESTS_ENGINE_SUPPORT_H
#define SUNSHIM_TESTS_ENGINE_SUPPORT_H

#include "policy/blob.h"
#include "policy/rule.h"

struct lab {
    struct arena arena;
    void *chunks[4096];
    unsigned chunk_count;
    uint64_t seed;
    struct rule *rules;
    struct rule_source *sources;
    uint32_t count, room;
    struct profile profile; /* flags are taken from here */
    const void *blob;
    size_t len;
    struct policy policy;
};

void lab_start(struct lab *l, uint32_t room, uint64_t seed);
void lab_end(struct lab *l);
uint32_t lab_random(struct lab *l, uint32_t below);

/* A rule for AF_UNIX, any type, that allows `perms`; change it before the next. */
struct rule *lab_rule(struct lab *l, uint32_t perms);
/* "any", "none", "auto", "not-pathname", "pathname", "abstract", "@...", "/...",
 * alternatives separated by spaces, or "PREFIX/BITS:LOW-HIGH" with dotted or hexadecimal bytes. */
struct addr_cond lab_cond(struct lab *l, const char *text);
struct glob lab_glob(struct lab *l, enum glob_flavour flavour, const char *text);
struct addr_cond lab_inet(const uint8_t *ip, int family, unsigned bits, unsigned low, unsigned high);
/* Lays out and opens what was made. */
void lab_build(struct lab *l);

/* Writes a random rule set of one of several characters, and random queries
 * that come near its names. */
void lab_random_rules(struct lab *l, uint32_t n);
struct policy_query lab_random_query(struct lab *l);

/* Every rule, one after another. */
void lab_slow(const struct lab *l, const struct policy_query *q, struct policy_verdict *v);
/* NULL when they are the same, else what differs. */
const char *lab_compare(const struct policy_verdict *a, const struct policy_verdict *b);
/* The verdict a caller that forgets what policy_needs does not ask for gets. */
struct policy_query lab_forget(const struct policy_query *q, uint32_t needs);

#endif

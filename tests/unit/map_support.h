/* What the tests of `map` share: compiled policies, and where names lead by them. */
#ifndef TESTS_UNIT_MAP_SUPPORT_H
#define TESTS_UNIT_MAP_SUPPORT_H

#include "policy/policy.h"

struct compiled {
    void *chunks[256];
    unsigned chunk_count;
    const void *blob;
    size_t len;
    struct policy policy;
};

/* Fails the test unless `text` compiles. */
struct compiled *compile(const char *text);
void release(struct compiled *c);

typedef long follow(const struct policy *p, const char *path, size_t len, char *to, size_t room);

/* policy_map() or policy_unmap(); `wanted` NULL: the name is left alone. */
void expect(struct compiled *c, follow *way, const char *path, const char *wanted);

struct pair {
    const char *path, *to;
};

/* Ended by a pair without a path. */
void check_pairs(const char *text, follow *way, const struct pair *pairs);
void in_profile(struct compiled *c, const char *name, const char *path, const char *to);

/* What is said about a policy, and how parsing it ends. */
struct row {
    const char *text, *says;
};

void check_says(const struct row *rows, size_t count, unsigned flags, int status);

#endif

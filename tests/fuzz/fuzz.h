/* What the fuzz targets share: memory, queries out of the input's bytes, and
 * the slow way to decide. */
#ifndef SUNSHIM_TESTS_FUZZ_H
#define SUNSHIM_TESTS_FUZZ_H

#include "policy/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    struct arena arena;
    void *chunks[256];
    unsigned count;
};

static inline void *memory_more(void *ctx, size_t *size)
{
    struct memory *m = ctx;

    if (m->count == sizeof m->chunks / sizeof *m->chunks || *size > 64u << 20)
        return NULL;
    return m->chunks[m->count++] = calloc(1, *size);
}

static inline void memory_start(struct memory *m)
{
    memset(m, 0, sizeof *m);
    m->arena.more = memory_more;
    m->arena.ctx = m;
}

static inline void memory_end(struct memory *m)
{
    while (m->count)
        free(m->chunks[--m->count]);
}

/* Reads the input from its end; zeros when it is used up. */
struct input {
    const uint8_t *data;
    size_t left;
};

static inline uint8_t input_byte(struct input *in)
{
    return in->left ? in->data[--in->left] : 0;
}

static inline void input_addr(struct input *in, struct policy_addr *a, uint8_t *buffer, size_t room)
{
    a->kind = (enum policy_addr_kind)(input_byte(in) % (POLICY_ADDR_OTHER + 1));
    a->port = 0;
    a->len = 0;
    a->bytes = buffer;
    if (a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6) {
        a->len = a->kind == POLICY_ADDR_INET ? 4 : 16;
        a->port = (uint16_t)(input_byte(in) << 8 | input_byte(in));
        for (unsigned i = 0; i < a->len; i++)
            buffer[i] = input_byte(in);
    } else if (a->kind == POLICY_ADDR_ABSTRACT || a->kind == POLICY_ADDR_PATHNAME) {
        if (a->kind == POLICY_ADDR_PATHNAME)
            buffer[a->len++] = '/';
        for (unsigned n = input_byte(in) % 24; n && a->len < room; n--)
            buffer[a->len++] = input_byte(in);
        if (a->kind == POLICY_ADDR_PATHNAME && input_byte(in) % 8 == 7)
            a->bytes = NULL;
    }
}

static inline struct policy_query input_query(struct input *in, uint8_t local[64], uint8_t peer[64])
{
    static const int families[] = {1, 1, 1, 1, 2, 10, 16, -1};
    static const char *const labels[] = {"unconfined", NULL, "web", ""};
    static const uint8_t perms[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13}; /* all but autobind */
    static const char *const exes[] = {"/bin/x", NULL, "/usr/bin/y", "/"};
    struct policy_query q = {.perm = 1u << perms[input_byte(in) % sizeof perms],
                             .family = families[input_byte(in) % 8],
                             .type = input_byte(in) % 7 - 1,
                             .protocol = input_byte(in) % 19 - 1,
                             .label = labels[input_byte(in) % 4]};

    input_addr(in, &q.local, local, 64);
    input_addr(in, &q.peer, peer, 64);
    q.bound = (enum policy_scope)(input_byte(in) % 3);
    q.made = (enum policy_scope)(input_byte(in) % 3);
    q.uid = input_byte(in) % 4;
    q.uid_known = q.uid < 3;
    q.exe = exes[input_byte(in) % 4];
    q.fd = input_byte(in) % 16;
    q.exempt = input_byte(in) % 2;
    return q;
}

/* Aborts when policy_decide and the rules one by one do not agree. */
static inline void check_decision(const struct policy *p, const struct policy_query *q)
{
    const struct blob_profile *profile = blob_profile(p);
    const struct blob_rule *rules = BLOB_TABLE(p->blob, struct blob_rule, BLOB_RULES) + profile->rules;
    uint32_t deny = POLICY_RULE_NONE, allow = POLICY_RULE_NONE, audit = POLICY_RULE_NONE;
    bool inherit = q->perm == POLICY_INHERIT, unmediated = inherit && !policy_mediates_inherit(p);
    struct policy_verdict v;

    for (uint32_t i = profile->rule_count; i-- > 0;) {
        struct policy one = *p;
        if (policy_rule_miss(&one, rules[i].source, q) != POLICY_MATCHES)
            continue;
        if (rules[i].flags & RULE_DENY)
            deny = rules[i].source;
        else
            allow = rules[i].source;
        if ((rules[i].flags & (RULE_DENY | RULE_AUDIT)) == RULE_AUDIT)
            audit = rules[i].source;
    }
    policy_decide(p, q, &v);
    if (unmediated) {
        if (v.outcome != POLICY_ALLOWED || v.explicit_deny)
            abort();
        return;
    }
    bool denied = v.outcome == POLICY_DENIED || v.outcome == POLICY_QUIET;
    uint32_t rule = deny != POLICY_RULE_NONE ? deny : audit != POLICY_RULE_NONE ? audit : allow;
    if (v.explicit_deny != (deny != POLICY_RULE_NONE) || v.rule != rule)
        abort();
    if (denied != (deny != POLICY_RULE_NONE ||
                   (allow == POLICY_RULE_NONE && !profile->default_allow && !profile->complain &&
                    !(inherit && q->exempt))))
        abort();
}

#endif

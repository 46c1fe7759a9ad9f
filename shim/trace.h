/* What a traced process tells of its socket calls: one TRACE record for each, written when the
 * call returns.
 *
 * A call starts with trace_begin() and returns through trace_end(); what is decided on its way
 * is noted in between. Where nothing is traced that is one load and a branch. Async-signal-safe;
 * errno is left alone. */
#ifndef SUNSHIM_SHIM_TRACE_H
#define SUNSHIM_SHIM_TRACE_H

#include <sys/socket.h>
#include <time.h>

#include "policy/policy.h"
#include "state.h"

enum { TRACE_RULES = 4, TRACE_NAME = 112 }; /* longer names are looked up again */

struct trace {
    const char *operation;      /* the call's name */
    uint32_t perm;
    int fd;                     /* -1 with POLICY_CREATE */
    bool on;

    /* Of those that are on: */
    struct timespec began;      /* CLOCK_REALTIME */
    uint64_t clock;             /* CLOCK_MONOTONIC, nanoseconds */
    int family, type, protocol; /* POLICY_CREATE: what was asked for; else -1 */
    const struct sockaddr *addr; /* the name in the call; NULL */
    socklen_t addr_len;
    const char *keys[2];        /* numbers that go with the call; NULL: none */
    int64_t values[2];
    const char *verdict;        /* "DENIED", ...; NULL: no layer had a word */
    unsigned rule_count;
    struct {
        uint32_t layer, rule;
    } rules[TRACE_RULES];
    bool canonical;             /* `name` is, else it is what the call was made with */
    uint32_t name_len;          /* 0: not noted */
    char name[TRACE_NAME];
};

void trace_start(struct trace *t);
void trace_write(struct trace *t, long ret);

static inline void trace_begin(struct trace *t, const char *operation, uint32_t perm, int fd)
{
    t->operation = operation;
    t->perm = perm;
    t->fd = fd;
    t->on = state->traces;
    if (__builtin_expect(t->on, 0))
        trace_start(t);
}

/* The name in a call of bind, connect or one of the sends. */
static inline void trace_named(struct trace *t, const void *addr, socklen_t len)
{
    if (__builtin_expect(t->on, 0)) {
        t->addr = addr;
        t->addr_len = len;
    }
}

/* The name that comes with a message: how much room there is, and once it is there, its length,
 * which the kernel tells whole also where there is less room. */
void trace_room(struct trace *t, const socklen_t *room);
void trace_came(struct trace *t, const void *addr, socklen_t len);

static inline void trace_number(struct trace *t, unsigned i, const char *key, int64_t value)
{
    if (__builtin_expect(t->on, 0)) {
        t->keys[i] = key;
        t->values[i] = value;
    }
}

/* Gives `ret`, what the call returns. */
static inline long trace_end(struct trace *t, long ret)
{
    if (__builtin_expect(t->on, 0))
        trace_write(t, ret);
    return ret;
}

/* What a rule (POLICY_RULE_NONE: none) of a layer's policy said of the call; `outcome`: NULL, it
 * simply allowed. `t` may be NULL. */
void trace_note(struct trace *t, const struct policy *p, uint32_t rule, const char *outcome);

/* The name that the call goes to. */
void trace_note_name(struct trace *t, const struct policy_addr *a, bool canonical);

#endif

/* inject unix|network ... errno=|delay=|short= when= chance= seed= each=, : which calls are
 * to be broken, and how. The rest of such a rule is read as any rule about sockets. */
#include "socket_rule.h"

#include <string.h>
#include <sys/socket.h>

enum { BILLION = 1000000000, DELAY_MAX = 3600 /* seconds */, SHORT_MAX = INT32_MAX };

/* --- Numbers ------------------------------------------------------------------ */

/* Up to `most`; false: none, or a larger one. */
static bool take_number(struct span *s, uint64_t most, uint64_t *out)
{
    const char *start = s->at;

    for (*out = 0; s->len && *s->at >= '0' && *s->at <= '9'; s->at++, s->len--) {
        unsigned digit = (unsigned)(*s->at - '0');

        if (*out > (most - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return s->at > start;
}

static bool take_bytes(struct span *s, const char *bytes)
{
    size_t len = strlen(bytes);

    if (s->len < len || memcmp(s->at, bytes, len) != 0)
        return false;
    s->at += len;
    s->len -= len;
    return true;
}

/* 1, 0.25, .5: in billionths. */
static bool take_decimal(struct span *s, uint64_t *out)
{
    uint64_t whole = 0, unit = BILLION;
    bool digits = take_number(s, BILLION, &whole);

    *out = whole * BILLION;
    if (!take_bytes(s, "."))
        return digits;
    for (digits = false; s->len && *s->at >= '0' && *s->at <= '9' && unit > 1; s->at++, s->len--, digits = true)
        *out += (unsigned)(*s->at - '0') * (unit /= 10);
    return digits;
}

/* --- Values ------------------------------------------------------------------- */

/* strace's: N, N+, N+STEP, N..M, N..M+, N..M+STEP. */
static bool set_when(struct parser *p, struct policy_inject *i, struct span value)
{
    struct span rest = value;
    bool ok = take_number(&rest, UINT32_MAX, &i->first);

    i->last = i->first;
    if (take_bytes(&rest, ".."))
        ok &= take_number(&rest, UINT32_MAX, &i->last);
    else if (rest.len)
        i->last = UINT64_MAX;
    if (take_bytes(&rest, "+") && rest.len)
        ok &= take_number(&rest, UINT32_MAX, &i->step);
    if (!ok || rest.len || !i->first || !i->step)
        return say_error(p, value, "write 2, 2+, 2+3, 2..9 or 2..9+3",
                         "'%w' does not say which calls: they are counted from 1 to %u", &value,
                         (unsigned long)UINT32_MAX);
    return i->last >= i->first ? true : say_error(p, value, NULL, "'%w' ends before it begins", &value);
}

/* A share of 1, or seconds. A bare number is microseconds, as in strace. */
static bool set_scaled(struct parser *p, struct span value, bool is_time, uint64_t *out)
{
    static const struct {
        char name[4];
        uint32_t in_one;
    } units[] = {{"%", 100}, {"s", 1}, {"ms", 1000}, {"us", 1000000}, {"ns", BILLION}};
    struct span rest = value;
    bool ok = take_decimal(&rest, out);
    uint32_t in_one = is_time ? 1000000 : 1;

    for (unsigned i = is_time; i < (is_time ? 5 : 1); i++)
        if (span_is(rest, units[i].name)) {
            in_one = units[i].in_one;
            rest.len = 0;
        }
    *out /= in_one;
    if (ok && !rest.len && *out && *out <= (is_time ? DELAY_MAX : 1) * (uint64_t)BILLION)
        return true;
    return say_error(p, value, is_time ? "write 50ms, 1.5s or 200us" : "write 30% or 0.3",
                     is_time ? "'%w' is not a time of up to %us" : "'%w' is not a chance: that is above 0, and %u at most", &value,
                     is_time ? (unsigned long)DELAY_MAX : 1ul);
}

static bool set_count(struct parser *p, struct span value, uint64_t least, uint64_t most, uint64_t *out)
{
    struct span rest = value;

    if (take_number(&rest, most, out) && !rest.len && *out >= least)
        return true;
    return say_error(p, value, NULL, "'%w' is not a number from %u to %u", &value, (unsigned long)least,
                     (unsigned long)most);
}

static bool set_each(struct parser *p, struct policy_inject *i, struct span value)
{
    i->each = span_is(value, "process") ? POLICY_EACH_PROCESS : POLICY_EACH_DOMAIN;
    return i->each == POLICY_EACH_PROCESS || span_is(value, "domain")
               ? true
               : say_error(p, value, "write each=process or each=domain", "'%w' does not count calls", &value);
}

bool parse_inject_condition(struct parser *p, struct draft *d, enum condition c, struct span value)
{
    uint64_t number;

    switch (c) {
    case COND_WHEN:
        return set_when(p, &d->inject, value);
    case COND_CHANCE:
        if (!set_scaled(p, value, false, &number))
            return false;
        d->inject.chance = (uint32_t)number;
        return true;
    case COND_SEED:
        return set_count(p, value, 0, UINT64_MAX, &d->inject.seed);
    case COND_DELAY:
        return set_scaled(p, value, true, &d->inject.delay);
    case COND_SHORT:
        d->short_at = value;
        if (!set_count(p, value, 1, SHORT_MAX, &number))
            return false;
        d->inject.size = (uint32_t)number;
        return true;
    default:
        return set_each(p, &d->inject, value);
    }
}

/* --- The rule ------------------------------------------------------------------ */

bool check_inject(struct parser *p, struct draft *d)
{
    struct policy_inject *kept;

    if (!d->r.err && !d->inject.delay && !d->inject.size)
        return say_error(p, d->keyword, NULL, "inject does nothing without errno=, delay= or short=");
    if (d->r.err && d->inject.size)
        return say_error(p, d->short_at, NULL, "a call that fails with errno= has no short=");
    if ((d->seen & 1u << COND_SEED) && !(d->seen & 1u << COND_CHANCE))
        return say_error(p, d->keyword, NULL, "seed= goes with chance=");
    if (!p->again && !p->dead && p->inject_count++ == POLICY_INJECTS_MAX)
        return say_error(p, d->keyword, NULL, "more than %u inject rules", (unsigned long)POLICY_INJECTS_MAX);
    if (d->inject.size && (d->r.perms & POLICY_SEND) && d->perms_given && !(d->r.types & 1u << SOCK_STREAM))
        return say_error(p, d->short_at, NULL, "only a stream can send less than it is told to");
    if (!(kept = ARENA_NEW(p->arena, struct policy_inject)))
        return say_nomem(p);
    *kept = d->inject;
    kept->err = d->r.err;
    d->r.err = 0;
    d->r.inject = kept;
    return true;
}

bool parse_inject(struct parser *p, const struct prefix *pre, struct span keyword)
{
    const struct prefix inject = {.at = pre->at, .inject = true};
    struct span word;

    if (pre->given || pre->audit || pre->quiet || pre->allow || pre->deny)
        return say_error(p, keyword, "inject decides nothing; write it alone",
                         "'inject' cannot stand behind words like audit and deny");
    take_word(p);
    skip_blank(p);
    word = peek_word(p);
    if (!span_is(word, "unix") && !span_is(word, "network"))
        return say_unexpected(p, "'unix' or 'network'");
    take_word(p);
    return parse_socket_rule(p, &inject, word);
}

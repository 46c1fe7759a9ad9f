/* Whether one glob takes in another.
 *
 * Walks both programs together: a state is a place in the small one and the set of
 * places the big ones can be in after the same bytes. If the small one can end where
 * none of the big ones can, it is not covered. The number of sets has a limit; beyond
 * it the answer is no. */
#include "lint.h"

#include <string.h>

enum {
    STATES_WORDS = 1 << 17, /* 1 MiB */
    STATES_MAX = 1 << 13,
    SLOTS = 1 << 14,
    BYTES = 256,
};

struct walk {
    const struct glob *small, *big;
    uint32_t big_count, words; /* of one set */
    uint64_t *states;          /* each a place and its set */
    uint32_t *slots;           /* by hash: state + 1; 0: free */
    uint32_t count, max;
    uint8_t bytes[BYTES];      /* one byte of each kind that the programs tell apart */
    unsigned byte_count;
    uint64_t *steps;
};

static uint32_t words_of(const struct glob *g)
{
    return (g->len + 63) / 64;
}

/* --- Kinds of bytes ------------------------------------------------------ */

static void split(uint16_t kinds[BYTES], unsigned *count, const uint8_t set[32])
{
    uint16_t inside[BYTES];

    memset(inside, 0xff, sizeof inside);
    for (unsigned b = 0; b < BYTES; b++) {
        if (!glob_in_set(set, (uint8_t)b))
            continue;
        if (inside[kinds[b]] == 0xffff)
            inside[kinds[b]] = (uint16_t)(*count)++;
        kinds[b] = inside[kinds[b]];
    }
}

/* Numbers of kinds that are no more are given again, so that they stay small. */
static void renumber(uint16_t kinds[BYTES], unsigned *count)
{
    uint16_t first[BYTES] = {0};
    unsigned n = 0;

    for (unsigned b = 0; b < BYTES; b++) {
        unsigned i = 0;

        while (i < n && first[i] != kinds[b])
            i++;
        if (i == n)
            first[n++] = kinds[b];
        kinds[b] = (uint16_t)i;
    }
    *count = n;
}

/* Bytes that stand for themselves somewhere are each a kind; the others go by classes. */
static void split_by(uint16_t kinds[BYTES], unsigned *count, bool alone[BYTES], const struct glob *g)
{
    for (const uint8_t *c = g->code; *c != GLOB_END; c += glob_step(c))
        if (*c == GLOB_QUOTE || *c >= GLOB_OPS)
            alone[*c == GLOB_QUOTE ? c[1] : *c] = true;
    for (unsigned i = 0; i < g->set_count; i++) {
        split(kinds, count, g->sets[i]);
        renumber(kinds, count);
    }
}

static void find_bytes(struct walk *w)
{
    uint16_t kinds[BYTES] = {0};
    unsigned count = 1;
    bool alone[BYTES] = {['/'] = true}, seen[BYTES] = {false};

    split_by(kinds, &count, alone, w->small);
    for (uint32_t i = 0; i < w->big_count; i++)
        split_by(kinds, &count, alone, &w->big[i]);
    for (unsigned b = 0; b < BYTES; b++) {
        if (alone[b] || !seen[kinds[b]])
            w->bytes[w->byte_count++] = (uint8_t)b;
        if (!alone[b])
            seen[kinds[b]] = true;
    }
}

/* --- Steps --------------------------------------------------------------- */

static bool takes(const struct glob *g, const uint8_t *code, uint8_t c)
{
    switch (*code) {
    case GLOB_STARSTAR:
        return true;
    case GLOB_STAR:
        return c != '/';
    case GLOB_ALT:
    case GLOB_JUMP:
        return false;
    default:
        return glob_takes(g, code, c);
    }
}

static void mark(uint64_t *set, uint32_t at)
{
    set[at / 64] |= (uint64_t)1 << (at % 64);
}

static bool is_star(uint8_t op)
{
    return op == GLOB_STAR || op == GLOB_STARSTAR;
}

/* Follows what takes no byte; all of it leads forward. */
static void spread(const struct glob *g, uint64_t *set)
{
    for (uint32_t at = 0; at < g->len; at++) {
        uint8_t op = g->code[at];

        if (!(set[at / 64] >> (at % 64) & 1))
            continue;
        if (op == GLOB_JUMP)
            mark(set, at + glob_distance(g->code + at));
        if (op == GLOB_ALT || is_star(op))
            mark(set, at + glob_step(g->code + at));
        if (op == GLOB_ALT && glob_distance(g->code + at))
            mark(set, at + glob_distance(g->code + at));
    }
}

static void advance(const struct glob *g, const uint64_t *from, uint64_t *to, uint8_t c)
{
    for (uint32_t w = 0; w < words_of(g); w++)
        for (uint64_t left = from[w]; left; left &= left - 1) {
            uint32_t at = w * 64 + (uint32_t)__builtin_ctzll(left);

            if (takes(g, g->code + at, c))
                mark(to, is_star(g->code[at]) ? at : at + glob_step(g->code + at));
        }
    spread(g, to);
}

/* False when no place is left. */
static bool advance_all(struct walk *w, const uint64_t *from, uint64_t *to, uint8_t c)
{
    uint64_t any = 0;

    memset(to, 0, w->words * sizeof *to);
    *w->steps += w->words;
    for (uint32_t i = 0, at = 0; i < w->big_count; at += words_of(&w->big[i++]))
        advance(&w->big[i], from + at, to + at, c);
    for (uint32_t i = 0; i < w->words; i++)
        any |= to[i];
    return any != 0;
}

static bool can_end(const struct walk *w, const uint64_t *set)
{
    for (uint32_t i = 0, at = 0; i < w->big_count; at += words_of(&w->big[i++])) {
        uint32_t end = w->big[i].len - 1;

        if (set[at + end / 64] >> (end % 64) & 1)
            return true;
    }
    return false;
}

/* --- States -------------------------------------------------------------- */

static uint64_t *state(const struct walk *w, uint32_t i)
{
    return w->states + (size_t)i * (w->words + 1);
}

static uint32_t slot_of(const struct walk *w, const uint64_t *s)
{
    uint64_t h = 0;

    for (uint32_t i = 0; i <= w->words; i++) {
        h = (h ^ s[i]) * 0x9e3779b97f4a7c15ull;
        h ^= h >> 29;
    }
    return (uint32_t)h % SLOTS;
}

/* Keeps the state that was written behind the last one, unless it is there already.
 * False: no room for another. */
static bool keep(struct walk *w, uint32_t place)
{
    uint64_t *new = state(w, w->count);
    uint32_t at;

    new[0] = place;
    for (at = slot_of(w, new); w->slots[at]; at = (at + 1) % SLOTS)
        if (!memcmp(state(w, w->slots[at] - 1), new, (w->words + 1) * sizeof *new))
            return true;
    w->slots[at] = ++w->count;
    return w->count < w->max;
}

/* A place that is reached without a byte. */
static bool go(struct walk *w, const uint64_t *from, uint32_t place)
{
    memcpy(state(w, w->count) + 1, from + 1, w->words * sizeof *from);
    return keep(w, place);
}

static bool follow(struct walk *w, const uint64_t *from)
{
    const uint8_t *code = w->small->code + from[0];
    uint32_t at = (uint32_t)from[0], next = at + glob_step(code);

    switch (*code) {
    case GLOB_END:
        return can_end(w, from + 1);
    case GLOB_JUMP:
        return go(w, from, at + glob_distance(code));
    case GLOB_ALT:
        return go(w, from, next) && (!glob_distance(code) || go(w, from, at + glob_distance(code)));
    }
    if (is_star(*code) && !go(w, from, next))
        return false;
    for (unsigned i = 0; i < w->byte_count; i++)
        if (takes(w->small, code, w->bytes[i]) &&
            (!advance_all(w, from + 1, state(w, w->count) + 1, w->bytes[i]) ||
             !keep(w, is_star(*code) ? at : next)))
            return false;
    return true;
}

static bool walk(struct walk *w)
{
    uint64_t *first = state(w, 0);

    memset(first, 0, (w->words + 1) * sizeof *first);
    for (uint32_t i = 0, at = 0; i < w->big_count; at += words_of(&w->big[i++])) {
        first[1 + at] = 1;
        spread(&w->big[i], first + 1 + at);
    }
    if (!keep(w, 0))
        return false;
    for (uint32_t i = 0; i < w->count; i++)
        if (!follow(w, state(w, i)))
            return false;
    return true;
}

/* --- From the outside ---------------------------------------------------- */

static bool same_glob(const struct glob *a, const struct glob *b)
{
    return a->len == b->len && a->set_count == b->set_count && !memcmp(a->code, b->code, a->len) &&
           (!a->set_count || !memcmp(a->sets, b->sets, 32u * a->set_count));
}

/* The name, where a program is nothing but one; -1 where it is more. */
static long literal_of(const struct glob *g, uint8_t name[GLOB_CODE_MAX])
{
    long n = 0;

    for (const uint8_t *c = g->code; *c != GLOB_END; c += glob_step(c)) {
        if (*c != GLOB_QUOTE && *c < GLOB_OPS)
            return -1;
        name[n++] = *c == GLOB_QUOTE ? c[1] : *c;
    }
    return n;
}

/* A quick no: both begin with bytes that stand for themselves, and those differ. */
static bool begin_apart(const struct glob *a, const struct glob *b)
{
    const uint8_t *x = a->code, *y = b->code;

    for (; (*x >= GLOB_OPS || *x == GLOB_QUOTE) && (*y >= GLOB_OPS || *y == GLOB_QUOTE);
         x += glob_step(x), y += glob_step(y))
        if ((*x == GLOB_QUOTE ? x[1] : *x) != (*y == GLOB_QUOTE ? y[1] : *y))
            return true;
    return false;
}

static bool make_room(struct lint_room *room)
{
    if (room->states)
        return true;
    room->states = arena_alloc(room->arena, STATES_WORDS * sizeof *room->states, 8);
    room->slots = arena_alloc(room->arena, SLOTS * sizeof *room->slots, 4);
    return room->states && room->slots;
}

static bool covers_walking(struct lint_room *room, const struct glob *big, uint32_t count, const struct glob *small)
{
    struct walk w = {.small = small, .big = big, .big_count = count, .steps = &room->steps};

    for (uint32_t i = 0; i < count; i++)
        w.words += words_of(&big[i]);
    w.max = STATES_WORDS / (w.words + 1);
    if (w.max > STATES_MAX)
        w.max = STATES_MAX;
    if (w.max < 64 || !make_room(room))
        return false;
    w.states = room->states;
    w.slots = room->slots;
    memset(w.slots, 0, SLOTS * sizeof *w.slots);
    w.max--; /* one more is written before it is known to be new */
    find_bytes(&w);
    return walk(&w);
}

static bool covers_one(struct lint_room *room, const struct glob *big, uint32_t count, const struct glob *small)
{
    uint8_t name[GLOB_CODE_MAX];
    long len = literal_of(small, name);
    bool apart = true;

    for (uint32_t i = 0; i < count; i++) {
        room->steps++;
        if (len < 0 ? same_glob(&big[i], small) : glob_match(&big[i], name, (size_t)len))
            return true;
        apart &= begin_apart(&big[i], small);
    }
    return len < 0 && !apart && covers_walking(room, big, count, small);
}

bool lint_globs_cover(struct lint_room *room, const struct glob *big, uint32_t big_count, const struct glob *small,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!covers_one(room, big, big_count, &small[i]))
            return false;
    return true;
}

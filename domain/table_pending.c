#include "domain/table_layout.h"

/* A pending word: 0, or which bind it is (33 bits), whose (8 and 22), and a bit. */
#define PID_SHIFT 1
#define SPACE_SHIFT 23
#define NUMBER_SHIFT 31
#define PID_MASK ((1u << 22) - 1)

static uint64_t word_of(uint64_t number, struct claim_owner o)
{
    return number << NUMBER_SHIFT | (uint64_t)o.space << SPACE_SHIFT | (uint64_t)(o.pid & PID_MASK) << PID_SHIFT | 1;
}

/* Everything but the number. */
static bool same_owner(uint64_t word, struct claim_owner o)
{
    return (word ^ word_of(0, o)) << (64 - NUMBER_SHIFT) == 0;
}

/* Of another name space of process ids: nobody here knows; it counts as alive. */
static bool owner_gone(const struct table *t, uint64_t word, struct claim_owner self)
{
    return !same_owner(word, self) && (uint8_t)(word >> SPACE_SHIFT) == self.space && t->dead &&
           t->dead(word >> PID_SHIFT & PID_MASK);
}

/* Numbers go round: later is what is ahead by less than half of them. */
static bool later(uint64_t word, uint64_t begun)
{
    return (int64_t)((word >> NUMBER_SHIFT << NUMBER_SHIFT) - (begun << NUMBER_SHIFT)) > 0;
}

static uint32_t high(const struct table *t)
{
    uint64_t n = claim_load(table_word(t, TABLE_PENDING_HIGH));

    return n < TABLE_PENDINGS ? (uint32_t)n : TABLE_PENDINGS;
}

/* Before the word is used: who reads less than that must find nothing there. */
static void raise_high(const struct table *t, uint32_t to)
{
    uint64_t *word = table_word(t, TABLE_PENDING_HIGH), now;

    while ((now = claim_load(word)) < to)
        claim_change(word, now, to);
}

int table_begin(const struct table *t)
{
    if (!t->at || t->read_only)
        return -1;
    struct claim_owner self = t->self();
    uint64_t mine = word_of(__atomic_add_fetch(table_word(t, TABLE_BEGUN), 1, __ATOMIC_SEQ_CST), self);

    for (uint32_t i = 0; i < TABLE_PENDINGS; i++) {
        uint64_t *word = table_word(t, TABLE_PENDING + i), seen = claim_load(word);
        if (seen && !owner_gone(t, seen, self))
            continue;
        raise_high(t, i + 1);
        if (claim_change(word, seen, mine))
            return (int)i;
    }
    return -1;
}

void table_end(const struct table *t, int ticket)
{
    if (!t->at || t->read_only || ticket < 0 || (uint32_t)ticket >= TABLE_PENDINGS)
        return;
    uint64_t *word = table_word(t, TABLE_PENDING + (size_t)ticket), seen = claim_load(word);

    if (same_owner(seen, t->self()))
        claim_change(word, seen, 0);
}

void table_forget(const struct table *t)
{
    if (!t->at || t->read_only)
        return;
    for (uint32_t i = 0, n = high(t); i < n; i++) {
        uint64_t *word = table_word(t, TABLE_PENDING + i), seen = claim_load(word);

        if (seen && same_owner(seen, t->self()))
            claim_change(word, seen, 0);
    }
}

uint64_t table_begun(const struct table *t)
{
    return t->at ? claim_load(table_word(t, TABLE_BEGUN)) : 0;
}

bool table_busy(const struct table *t, uint64_t begun)
{
    if (!t->at)
        return false;
    struct claim_owner self = t->self();

    for (uint32_t i = 0, n = high(t); i < n; i++) {
        uint64_t *word = table_word(t, TABLE_PENDING + i), seen = claim_load(word);
        if (!seen || later(seen, begun))
            continue;
        if (!owner_gone(t, seen, self))
            return true;
        if (!t->read_only)
            claim_change(word, seen, 0);
    }
    return false;
}

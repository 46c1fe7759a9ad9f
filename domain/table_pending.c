#include "domain/table_layout.h"

/* A pending word: 0, or its owner and a bit that says so. */
static uint64_t word_of(struct claim_owner o)
{
    return (uint64_t)o.space << 32 | (uint64_t)o.pid << 1 | 1;
}

/* Of another name space of process ids: nobody here knows; it counts as alive. */
static bool owner_gone(const struct table *t, uint64_t word, struct claim_owner self)
{
    return word != word_of(self) && word >> 32 == self.space && t->dead && t->dead((uint32_t)word >> 1);
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

    for (uint32_t i = 0; i < TABLE_PENDINGS; i++) {
        uint64_t *word = table_word(t, TABLE_PENDING + i), seen = claim_load(word);
        if (seen && !owner_gone(t, seen, self))
            continue;
        raise_high(t, i + 1);
        if (claim_change(word, seen, word_of(self)))
            return (int)i;
    }
    return -1;
}

void table_end(const struct table *t, int ticket)
{
    if (!t->at || t->read_only || ticket < 0 || (uint32_t)ticket >= TABLE_PENDINGS)
        return;
    claim_change(table_word(t, TABLE_PENDING + (size_t)ticket), word_of(t->self()), 0);
}

bool table_busy(const struct table *t)
{
    if (!t->at)
        return false;
    struct claim_owner self = t->self();

    for (uint32_t i = 0, n = high(t); i < n; i++) {
        uint64_t *word = table_word(t, TABLE_PENDING + i), seen = claim_load(word);
        if (seen && !owner_gone(t, seen, self))
            return true;
        if (seen && !t->read_only)
            claim_change(word, seen, 0);
    }
    return false;
}

/* Claims: who may write to a slot of shared memory, in one word.
 *
 * A slot is free, being written, or live. Taking it, publishing it and taking it
 * away from a dead writer are each one compare-and-swap of a word that holds
 * the state, the owner, and a generation that goes up each time the slot is
 * taken: a reader that finds the same word before and after it copied the slot
 * has read one writer's entry, whole. No locks; killing anybody at any moment
 * leaves at most a slot that the next one takes. Async-signal-safe.
 *
 * Shared memory is read and written in words of 64 bits, always atomically, with
 * acquire and release on the words themselves: fences would do as well, but
 * ThreadSanitizer does not understand them. */
#ifndef SUNSHIM_DOMAIN_CLAIM_H
#define SUNSHIM_DOMAIN_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* Who writes. */
struct claim_owner {
    uint32_t pid;  /* process id as in its own name space, below 2^22 */
    uint8_t space; /* tells name spaces of process ids apart: a pid of another one says nothing */
};

/* Word: generation 20 bits, space 8, pid 22, tag 12, state 2. */
enum claim_state { CLAIM_FREE, CLAIM_WRITING, CLAIM_LIVE, CLAIM_DAMAGED };
#define CLAIM_TAG_BITS 12
#define CLAIM_SPACE_SHIFT 36
#define CLAIM_GENERATION_SHIFT 44

static inline enum claim_state claim_state(uint64_t word)
{
    return (enum claim_state)(word & 3);
}

/* Bits of a key's hash: most other keys are told apart by the word alone. */
static inline uint32_t claim_tag(uint64_t word)
{
    return word >> 2 & ((1u << CLAIM_TAG_BITS) - 1);
}

/* Name space of process ids of who wrote. */
static inline uint8_t claim_space(uint64_t word)
{
    return (uint8_t)(word >> CLAIM_SPACE_SHIFT);
}

/* Sequentially consistent, as are the changes: of two writers that each publish and
 * then look for the other, at least one sees the other. */
static inline uint64_t claim_load(const uint64_t *claim)
{
    return __atomic_load_n(claim, __ATOMIC_SEQ_CST);
}

/* False: it is no longer `from`. */
static inline bool claim_change(uint64_t *claim, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(claim, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Takes the slot, whose word was just `seen`, for writing. Returns the word it
 * now has, or 0: somebody else was faster. */
uint64_t claim_take(uint64_t *claim, uint64_t seen, struct claim_owner owner, uint32_t tag);

/* Makes what was written valid. `held` is what claim_take() returned. False: the
 * slot was taken away (a process of another name space seemed dead). */
static inline bool claim_publish(uint64_t *claim, uint64_t held)
{
    return claim_change(claim, held, (held & ~(uint64_t)3) | CLAIM_LIVE);
}

/* Frees the slot, whose word was `seen`. False: it was taken meanwhile. */
static inline bool claim_free(uint64_t *claim, uint64_t seen)
{
    return claim_change(claim, seen, seen & ~(uint64_t)3);
}

/* Whether the word is a writer's that is gone, or nothing that anybody wrote. */
bool claim_stale(uint64_t word, struct claim_owner self, bool (*dead)(uint32_t pid));

/* Writes the `n` words of an entry; the upper half of the last one is replaced by a
 * checksum that covers the generation and `slot`, the number of the slot. */
void claim_write(uint64_t *body, uint64_t *words, uint32_t n, uint64_t held, uint32_t slot);

/* Copies an entry whose claim was `seen`, live. False: it changed meanwhile, or it
 * is damaged. */
bool claim_read(const uint64_t *claim, uint64_t seen, const uint64_t *body, uint64_t *words, uint32_t n, uint32_t slot);

#endif

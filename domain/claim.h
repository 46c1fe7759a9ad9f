/* Claims: who may write to a slot of shared memory, in one word.
 *
 * A slot is free, being written, or live. Taking it, publishing it and taking it
 * away from a dead writer are each one compare-and-swap of a word that holds
 * the state, the owner, and a generation that goes up each time the slot is
 * taken: a reader that finds the same word before and after it copied the slot
 * has read one writer's entry, whole. No locks; killing anybody at any moment
 * leaves at most a slot that the next one takes. Async-signal-safe. */
#ifndef SUNSHIM_DOMAIN_CLAIM_H
#define SUNSHIM_DOMAIN_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* Who writes. */
struct claim_owner {
    uint32_t pid;  /* process id as in its own name space, below 2^22 */
    uint8_t space; /* tells name spaces of process ids apart: a pid of another one says nothing */
};

#endif

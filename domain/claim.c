#include "domain/claim.h"

#define PID_SHIFT 14
#define PID_MASK ((1u << 22) - 1)

uint64_t claim_take(uint64_t *claim, uint64_t seen, struct claim_owner owner, uint32_t tag)
{
    uint64_t next = ((seen >> CLAIM_GENERATION_SHIFT) + 1) << CLAIM_GENERATION_SHIFT;

    next |= (uint64_t)owner.space << CLAIM_SPACE_SHIFT | (uint64_t)(owner.pid & PID_MASK) << PID_SHIFT;
    next |= (uint64_t)(tag & ((1u << CLAIM_TAG_BITS) - 1)) << 2 | CLAIM_WRITING;
    return claim_change(claim, seen, next) ? next : 0;
}

bool claim_stale(uint64_t word, struct claim_owner self, bool (*dead)(uint32_t pid))
{
    if (claim_state(word) != CLAIM_WRITING)
        return claim_state(word) == CLAIM_DAMAGED;
    return claim_space(word) == self.space && dead && dead(word >> PID_SHIFT & PID_MASK);
}

/* Not secret: whoever can write here can write anything. It is against accidents,
 * and against the entry of another generation that looks whole. */
static uint32_t checksum(const uint64_t *words, uint32_t n, uint64_t claim, uint32_t slot)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t even_sum = ((claim >> CLAIM_GENERATION_SHIFT) + ((uint64_t)slot << 20) + 1) * odd, odd_sum = n;

    for (uint32_t i = 0; i < n; i += 2) { /* two chains: they run in parallel */
        even_sum = (even_sum ^ words[i]) * odd;
        even_sum ^= even_sum >> 32;
        odd_sum = (odd_sum ^ (i + 1 < n ? words[i + 1] : 0)) * odd;
        odd_sum ^= odd_sum >> 29;
    }
    return (uint32_t)((even_sum + (odd_sum << 32 | odd_sum >> 32)) * odd >> 32);
}

void claim_write(uint64_t *body, uint64_t *words, uint32_t n, uint64_t held, uint32_t slot)
{
    words[n - 1] = (uint32_t)words[n - 1];
    words[n - 1] |= (uint64_t)checksum(words, n, held, slot) << 32;
    for (uint32_t i = 0; i < n; i++)
        __atomic_store_n(&body[i], words[i], __ATOMIC_RELEASE);
}

bool claim_read(const uint64_t *claim, uint64_t seen, const uint64_t *body, uint64_t *words, uint32_t n, uint32_t slot)
{
    for (uint32_t i = 0; i < n; i++)
        words[i] = __atomic_load_n(&body[i], __ATOMIC_ACQUIRE);
    uint64_t sum = words[n - 1] >> 32;
    words[n - 1] = (uint32_t)words[n - 1];
    return claim_load(claim) == seen && sum == checksum(words, n, seen, slot);
}

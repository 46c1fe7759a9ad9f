/* SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012): without the key, nobody finds two inputs that collide. */
#ifndef SUNSHIM_DOMAIN_SIPHASH_H
#define SUNSHIM_DOMAIN_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash {
    uint64_t v[4];
};

void siphash_start(struct siphash *s, const uint64_t key[2]);
/* One block of 8 bytes, as a little-endian number. */
void siphash_block(struct siphash *s, uint64_t block);
/* The rest of the input; `before`: bytes of the blocks that went before it. */
void siphash_end(struct siphash *s, const void *bytes, size_t len, size_t before, uint64_t out[2]);

#endif

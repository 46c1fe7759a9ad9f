#include "domain/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t turn(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

void siphash_start(struct siphash *s, const uint64_t key[2])
{
    s->v[0] = key[0] ^ 0x736f6d6570736575u;
    s->v[1] = key[1] ^ 0x646f72616e646f6du ^ 0xee; /* 0xee: 128 bits are wanted */
    s->v[2] = key[0] ^ 0x6c7967656e657261u;
    s->v[3] = key[1] ^ 0x7465646279746573u;
}

void siphash_block(struct siphash *s, uint64_t block)
{
    s->v[3] ^= block;
    rounds(s->v, 2);
    s->v[0] ^= block;
}

static uint64_t whole(const unsigned char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static uint64_t part(const unsigned char *at, size_t len)
{
    uint64_t word = 0;

    while (len-- > 0)
        word = word << 8 | at[len];
    return word;
}

static uint64_t fold(const uint64_t v[4])
{
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void siphash_end(struct siphash *s, const void *bytes, size_t len, size_t before, uint64_t out[2])
{
    const unsigned char *at = bytes;
    size_t left = len;

    for (; left >= 8; at += 8, left -= 8)
        siphash_block(s, whole(at));
    siphash_block(s, part(at, left) | (uint64_t)(len + before) << 56);
    s->v[2] ^= 0xee;
    rounds(s->v, 4);
    out[0] = fold(s->v);
    s->v[1] ^= 0xdd;
    rounds(s->v, 4);
    out[1] = fold(s->v);
}

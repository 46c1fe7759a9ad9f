#include "domain/head.h"

#include <errno.h>

static uint64_t load(const void *at, unsigned i)
{
    return __atomic_load_n((const uint64_t *)at + i, __ATOMIC_ACQUIRE);
}

static void store(void *at, unsigned i, uint64_t word)
{
    __atomic_store_n((uint64_t *)at + i, word, __ATOMIC_RELEASE);
}

static uint64_t sum_of(const struct head *h)
{
    const uint64_t words[] = {h->magic, h->version, h->size, h->secret[0], h->secret[1]};
    uint64_t sum = 1;

    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 32;
    }
    return sum;
}

void head_write(void *at, const struct head *h)
{
    store(at, HEAD_VERSION, h->version);
    store(at, HEAD_SIZE, h->size);
    store(at, HEAD_SECRET, h->secret[0]);
    store(at, HEAD_SECRET_2, h->secret[1]);
    store(at, HEAD_SUM, sum_of(h));
    store(at, HEAD_MAGIC, h->magic);
}

int head_read(const void *at, size_t size, struct head *h)
{
    if ((uintptr_t)at % 8 || size < HEAD_WORDS * 8 || load(at, HEAD_MAGIC) != h->magic)
        return -EINVAL;
    if (load(at, HEAD_VERSION) != h->version)
        return -EPROTO;
    h->secret[0] = load(at, HEAD_SECRET);
    h->secret[1] = load(at, HEAD_SECRET_2);
    return load(at, HEAD_SIZE) == h->size && h->size == size && load(at, HEAD_SUM) == sum_of(h) ? 0 : -EINVAL;
}

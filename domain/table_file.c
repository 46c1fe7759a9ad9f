#include "domain/table_layout.h"

#include <errno.h>
#include <string.h>

#include "domain/siphash.h"

#define MAGIC 0x6c627468736e7573u /* "sunshtbl" */
#define VERSION 1

static size_t size_of(uint32_t buckets)
{
    return 8 * (TABLE_HEADER_WORDS + (size_t)buckets * TABLE_BUCKET_WORDS);
}

size_t table_size(uint32_t entries)
{
    uint32_t buckets = TABLE_BUCKETS_MIN;

    while (buckets < TABLE_BUCKETS_MAX && buckets * TABLE_SLOTS < entries)
        buckets *= 2;
    return size_of(buckets);
}

static uint32_t buckets_of(size_t size)
{
    for (uint32_t n = TABLE_BUCKETS_MIN; n <= TABLE_BUCKETS_MAX; n *= 2)
        if (size_of(n) == size)
            return n;
    return 0;
}

int table_format(void *at, size_t size, const uint64_t secret[2])
{
    if (!buckets_of(size))
        return -EINVAL;
    head_write(at, &(struct head){.magic = MAGIC, .version = VERSION, .size = size, .secret = {secret[0], secret[1]}});
    return 0;
}

int table_open(struct table *t, void *at, size_t size)
{
    struct head h = {.magic = MAGIC, .version = VERSION, .size = size};
    int err = buckets_of(size) ? head_read(at, size, &h) : -EINVAL;

    if (err)
        return err;
    t->at = at;
    t->size = size;
    t->buckets = buckets_of(size);
    memcpy(t->secret, h.secret, sizeof t->secret);
    return 0;
}

struct table_key table_key(const struct table *t, enum table_kind kind, const void *bytes, size_t len)
{
    struct table_key key = {{0}}; /* filled by siphash_end() */
    struct siphash s;

    siphash_start(&s, t->secret);
    siphash_block(&s, kind);
    siphash_end(&s, bytes, len, 8, key.word);
    return key;
}

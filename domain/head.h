/* How a file of shared memory begins: what it is, and that it is whole. */
#ifndef SUNSHIM_DOMAIN_HEAD_H
#define SUNSHIM_DOMAIN_HEAD_H

#include <stddef.h>
#include <stdint.h>

/* Words 0 to 7 of it; the rest is the caller's. */
enum { HEAD_MAGIC, HEAD_VERSION, HEAD_SIZE, HEAD_SECRET, HEAD_SECRET_2, HEAD_SUM, HEAD_WORDS = 8 };

struct head {
    uint64_t magic, version, size, secret[2];
};

/* Memory is of 8-aligned words. The magic is written last. */
void head_write(void *at, const struct head *h);
/* Reads the head of memory of `size` bytes into h->secret; its magic, version and
 * size must be those in `h`. -EINVAL, -EPROTO (another version). */
int head_read(const void *at, size_t size, struct head *h);

#endif

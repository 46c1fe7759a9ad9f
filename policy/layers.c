#include "layers.h"

#include <errno.h>
#include <string.h>

enum { VERSION = 4, ALIGN = 8 };
static const char MAGIC[8] = {'s', 'u', 'n', 's', 'h', 'i', 'm', 'L'};

struct header {
    char magic[8];
    uint32_t version, count;
    uint32_t flags, reserved;
    uint64_t size; /* of the whole file: a truncated one is noticed at once */
    uint64_t seal; /* of all that follows */
};

struct entry {
    uint64_t offset, len;
    uint32_t flags, up;
};

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* The file may be at any address (tests, a buffer read from a pipe), so what
 * stands in it is copied out, never pointed at. */
static int read_header(const void *file, size_t len, struct header *out)
{
    if (!file || len < sizeof *out)
        return -EINVAL;
    memcpy(out, file, sizeof *out);
    if (memcmp(out->magic, MAGIC, sizeof MAGIC))
        return -EINVAL;
    if (out->version != VERSION)
        return -EPROTO;
    if (out->size != len || out->reserved || out->flags & ~(uint32_t)LAYERS_NO_MEMORY ||
        out->count > LAYERS_MAX || (len - sizeof *out) / sizeof(struct entry) < out->count)
        return -EINVAL;
    return 0;
}

/* `start` is where the layer must begin: layers stand back to back, so that no
 * two of them can overlap. */
static int read_entry(const void *file, const struct header *h, uint32_t i, size_t start, struct entry *out)
{
    memcpy(out, (const char *)file + sizeof *h + i * sizeof *out, sizeof *out);
    if (out->offset != start || start > h->size || out->len > h->size - start || out->up >= RUNS_MAX ||
        out->flags & ~(uint32_t)LAYER_COMPLAIN)
        return -EINVAL;
    return 0;
}

static size_t first_layer(uint32_t count)
{
    return sizeof(struct header) + count * sizeof(struct entry);
}

int layers_get(const void *file, size_t len, uint32_t i, struct layer *out)
{
    struct header h;
    struct entry e = {0};
    int err = read_header(file, len, &h);

    if (err)
        return err;
    if (i >= h.count)
        return -ENOENT;
    size_t start = first_layer(h.count);
    for (uint32_t k = 0; k <= i; k++) {
        if ((err = read_entry(file, &h, k, start, &e)))
            return err;
        if (k < i)
            start = aligned(start + e.len);
    }
    *out = (struct layer){.blob = (const char *)file + e.offset, .len = e.len, .flags = e.flags, .up = e.up};
    return 0;
}

int layers_check(const void *file, size_t len)
{
    struct header h;
    struct layer last;
    int err = read_header(file, len, &h);

    if (err)
        return err;
    size_t end = first_layer(h.count);
    if (h.count) {
        if ((err = layers_get(file, len, h.count - 1, &last)))
            return err;
        end = aligned((size_t)((const char *)last.blob - (const char *)file) + last.len);
    }
    return end == len ? (int)h.count : -EINVAL;
}

uint32_t layers_flags(const void *file, size_t len)
{
    struct header h;

    return read_header(file, len, &h) == 0 ? h.flags : 0;
}

enum { LANES = 4 };

/* Every step can be undone, so a change in one word always shows. The lanes do
 * not wait for each other. */
static inline void seal_words(uint64_t lane[LANES], const char *bytes, size_t len)
{
    uint64_t word[LANES] = {0};

    memcpy(word, bytes, len);
    for (unsigned i = 0; i < LANES; i++) {
        lane[i] = (lane[i] ^ word[i]) * 0x9e3779b97f4a7c15u;
        lane[i] ^= lane[i] >> 32;
    }
}

static uint64_t seal_of(uint32_t count, uint32_t flags, const char *bytes, size_t len)
{
    uint64_t lane[LANES] = {len, 1, 2 + (uint64_t)flags, count};
    size_t at = 0;

    for (; len - at >= sizeof lane; at += sizeof lane)
        seal_words(lane, bytes + at, sizeof lane);
    seal_words(lane, bytes + at, len - at);
    return lane[0] ^ (lane[1] << 13 | lane[1] >> 51) ^ (lane[2] << 29 | lane[2] >> 35) ^
           (lane[3] << 47 | lane[3] >> 17);
}

bool layers_sealed(const void *file, size_t len)
{
    struct header h;

    return read_header(file, len, &h) == 0 && h.seal == seal_of(h.count, h.flags, (const char *)file + sizeof h, len - sizeof h);
}

size_t layers_size(const struct layer *layers, uint32_t count)
{
    size_t size = count <= LAYERS_MAX ? first_layer(count) : 0;

    for (uint32_t i = 0; size && i < count; i++)
        if (layers[i].len > SIZE_MAX / 2 - size)
            size = 0;
        else
            size = aligned(size + layers[i].len);
    return size;
}

int layers_layout(const struct layer *layers, uint32_t count, uint32_t flags, void *buffer, size_t size)
{
    struct header h = {.version = VERSION, .count = count, .flags = flags, .size = layers_size(layers, count)};
    size_t at = first_layer(count);

    if (!h.size)
        return -EINVAL;
    if (size < h.size)
        return -ENOSPC;
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    memset(buffer, 0, h.size);
    for (uint32_t i = 0; i < count; i++) {
        struct entry e = {.offset = at, .len = layers[i].len, .flags = layers[i].flags, .up = layers[i].up};

        memcpy((char *)buffer + sizeof h + i * sizeof e, &e, sizeof e);
        if (e.len)
            memcpy((char *)buffer + at, layers[i].blob, layers[i].len);
        at = aligned(at + layers[i].len);
    }
    h.seal = seal_of(count, flags, (const char *)buffer + sizeof h, h.size - sizeof h);
    memcpy(buffer, &h, sizeof h);
    return 0;
}

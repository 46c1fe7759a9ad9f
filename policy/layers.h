/* The layers of a run in one file: several compiled policies one after another.
 *
 * `sunshim run` writes the file once; every process of the run maps it read-only
 * and opens each layer with policy_open(). The outermost layer comes first.
 * Nothing here allocates or does I/O; all of it is async-signal-safe. */
#ifndef SUNSHIM_POLICY_LAYERS_H
#define SUNSHIM_POLICY_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYERS_MAX 64u /* nested runs times policies of each */
#define RUNS_MAX 16u   /* runs nested in each other */

enum {
    LAYER_COMPLAIN = 1 << 0, /* sunshim run --complain: log, let pass, explicit denies too */
};

/* Of the whole file. */
enum {
    LAYERS_NO_MEMORY = 1 << 0, /* neither this run nor one around it has a table or a ring: nobody needs to look */
};

struct layer {
    const void *blob; /* 8-aligned where the file is mapped or read at an 8-aligned address */
    size_t len;
    uint32_t flags;   /* LAYER_* */
    uint32_t up;      /* whose layer: 0 the run that wrote the file, 1 the one around it, ... */
};

/* Checks everything but the layers' own contents: magic, version, count, that
 * each layer lies inside the file, is 8-aligned and overlaps nothing. Gives the
 * number of layers (0 is valid: a run without a policy), -EINVAL for a file
 * that is none or is damaged or cut short, -EPROTO for another version. */
int layers_check(const void *file, size_t len);

/* Layer `i` of a file that layers_check() accepted. -ENOENT past the last one,
 * -EINVAL where the file changed since and no longer holds together. */
int layers_get(const void *file, size_t len, uint32_t i, struct layer *out);

/* LAYERS_ of a file that layers_check() accepted. */
uint32_t layers_flags(const void *file, size_t len);

/* True when the file is what layers_layout() wrote, to the last bit. For whoever
 * copies layers on; the processes of a run rely on the file being its owner's. */
bool layers_sealed(const void *file, size_t len);

/* Bytes that layers_layout() needs, or 0 when there are more than LAYERS_MAX or
 * the sum overflows. */
size_t layers_size(const struct layer *layers, uint32_t count);

/* Writes the file into `buffer` of layers_size() bytes. -EINVAL, -ENOSPC. */
int layers_layout(const struct layer *layers, uint32_t count, uint32_t flags, void *buffer, size_t size);

#endif

/* Stage 2, resolve: pathnames to pins and canonical names.
 *
 * A pin is an O_PATH descriptor of the very file that a decision is about. The
 * call is then made through it, so that what was judged is what is used, however
 * quickly somebody swaps links on the way. */
#ifndef SUNSHIM_SHIM_PIN_H
#define SUNSHIM_SHIM_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An absolute name without symlinks, "." or "..". `at` is NULL when it could not
 * be learned (no /proc, outside the root directory). */
struct name {
    const char *at;
    uint32_t len;
    bool none;       /* a socket that has no name any more, reached through a descriptor */
    char *scratch;   /* holds what does not fit in `near`; NULL: not in use */
    char near[128];  /* a sun_path and a little more */
};

void name_release(struct name *n);

/* Whether a path looks as if it led through an open descriptor, to a file without a name. */
static inline bool pin_may_be_none(const char *path)
{
    return __builtin_strncmp(path, "/proc/", 6) == 0 || __builtin_strncmp(path, "/dev/fd/", 8) == 0;
}

struct pin {
    int fd;            /* -1: none */
    int ticket;        /* of the parking table; -1: none */
};

#define PIN_NONE ((struct pin){.fd = -1, .ticket = -1})

/* Pins the file `path` leads to, following symlinks (as connect and sends do),
 * and learns its canonical name. Negative errno as the kernel's own resolution
 * would give it; then nothing is pinned. */
int pin_file(struct pin *pin, struct name *name, const char *path);

/* The canonical name that a new file at `path` would have (as bind makes it: the
 * last component is not followed), terminated. Holds no pin afterwards. -ENOTSUP: the last
 * component is no name ("a/..", "a/"): the kernel refuses those itself. */
int pin_new_name(struct name *name, const char *path);

/* Closes; harmless on PIN_NONE. Leaves errno alone. */
void pin_close(struct pin *pin);

#endif

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli.h"
#include "domain/counts.h"
#include "domain/lines.h"
#include "domain/names.h"
#include "domain/ring.h"
#include "domain/table.h"

struct file {
    const char *name;
    size_t size;
    int (*format)(void *at, size_t size); /* NULL: zeros are what is wanted */
};

static int new_table(void *at, size_t size)
{
    uint64_t secret[2];
    ssize_t n;

    do
        n = getrandom(secret, sizeof secret, 0);
    while (n < 0 && errno == EINTR);
    return n == sizeof secret ? table_format(at, size, secret) : -EIO;
}

static int new_nested_counts(void *at, size_t size)
{
    (void)size;
    counts_add(at, COUNT_ALIASES);
    return 0;
}

static int write_zeros(int fd, size_t size)
{
    static const char zeros[64 * 1024];

    while (size) {
        ssize_t n = write(fd, zeros, size < sizeof zeros ? size : sizeof zeros);

        if (n < 0 && errno != EINTR)
            return -errno;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Only these errors say that the file cannot be had; others that it cannot be had
 * this way (no such call, or not on this file system). */
static int allocate_whole(int fd, size_t size)
{
    int err;

    do
        err = fallocate(fd, 0, 0, (off_t)size) ? errno : 0;
    while (err == EINTR);
    if (!err || err == ENOSPC || err == EDQUOT || err == EFBIG || err == EIO)
        return -err;
    return write_zeros(fd, size);
}

static int format(int fd, const struct file *f)
{
    void *at;
    int err;

    if (!f->format)
        return 0;
    at = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    err = f->format(at, f->size);
    munmap(at, f->size);
    return err;
}

static int make(const struct domain *d, const struct file *f)
{
    int fd = domain_begin(d, f->name), err;

    if (fd < 0)
        return domain_refuse(d, f->name, f->size, fd);
    if (!(err = allocate_whole(fd, f->size)))
        err = format(fd, f);
    err = domain_finish(d, f->name, fd, err, DOMAIN_WRITABLE);
    return err ? domain_refuse(d, f->name, f->size, err) : 0;
}

int memory_make(const struct domain *d, struct memory want)
{
    const struct file counts = {DOMAIN_COUNTS, COUNTS_SIZE, want.nested ? new_nested_counts : NULL};
    const struct file table = {DOMAIN_TABLE, table_size(TABLE_ENTRIES), new_table};
    const struct file ring = {DOMAIN_RING, ring_size(RING_ENTRIES), ring_format};
    const struct file leaks = {DOMAIN_LEAKS, 0, NULL};
    const struct file lines = {DOMAIN_LINES, lines_size(LINES_CELLS), lines_format};
    int status = make(d, &counts);

    if (!status && want.table)
        status = make(d, &table);
    if (!status && want.ring)
        status = make(d, &ring);
    if (!status && want.leaks)
        status = make(d, &leaks);
    if (!status && want.lines)
        status = make(d, &lines);
    return status;
}

/* What SUNSHIM_POLICY names is read by the library, in each process: it may speak of
 * scopes, so there has to be a memory. */
struct memory memory_wanted(const struct options *o, const struct loaded *own)
{
    const char *more = getenv("SUNSHIM_POLICY"), *around = getenv("SUNSHIM_DOMAIN");
    struct memory want = {.table = o->track || (more && *more), .ring = o->track, .leaks = o->track,
                          .lines = o->trace && !o->exec, .nested = around && *around};

    for (unsigned i = 0; i < o->source_count; i++) {
        uint32_t uses = policy_uses(&own[i].policy);

        want.table |= (uses & POLICY_USES_MEMORY) != 0;
        want.ring |= (uses & POLICY_USES_INHERIT) != 0;
    }
    return want;
}

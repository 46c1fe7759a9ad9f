/* A log, line by line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "records.h"

enum { LINE_MAX_BYTES = 64 * 1024, BUFFER = 4 * LINE_MAX_BYTES };

struct log_reader {
    int fd;
    char *buffer;
    size_t have;  /* bytes in it */
    bool endless; /* in the middle of a line that is too long */
    struct record record;
    void (*each)(void *ctx, const struct record *r, const char *line, size_t len);
    void (*pause)(void *ctx); /* NULL: nobody waits */
    void *ctx;
    uint64_t skipped;
};

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", line[i]) || !line[i])
            return false;
    return true;
}

static void take_line(struct log_reader *l, const char *line, size_t len)
{
    bool rest = l->endless;

    l->endless = false;
    if (rest || is_blank(line, len))
        return;
    if (len <= LINE_MAX_BYTES && record_read(&l->record, line, len))
        l->each(l->ctx, &l->record, line, len);
    else
        l->skipped++;
}

/* All whole lines of the buffer; what is left over moves to its beginning. */
static void take_lines(struct log_reader *l)
{
    char *at = l->buffer, *end = at + l->have, *newline;

    for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
        take_line(l, at, (size_t)(newline + 1 - at));
    l->have = (size_t)(end - at);
    memmove(l->buffer, at, l->have);
    if (l->have > LINE_MAX_BYTES) {
        l->skipped += !l->endless;
        l->endless = true;
        l->have = 0;
    }
}

static int read_all(struct log_reader *l, const char *path)
{
    ssize_t n;

    while ((n = read(l->fd, l->buffer + l->have, BUFFER - l->have)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("cannot read %s: %s", path, strerror(errno));
        l->have += (size_t)n;
        take_lines(l);
        if (l->pause)
            l->pause(l->ctx);
    }
    if (l->have)
        take_line(l, l->buffer, l->have);
    return 0;
}

int records_each(const char *path, void (*each)(void *ctx, const struct record *r, const char *line, size_t len), void *ctx,
                 uint64_t *skipped)
{
    return records_follow(path, each, NULL, ctx, skipped);
}

int records_follow(const char *path, void (*each)(void *ctx, const struct record *r, const char *line, size_t len),
                   void (*pause)(void *ctx), void *ctx, uint64_t *skipped)
{
    bool standard = !strcmp(path, "-");
    struct log_reader l = {.each = each, .pause = pause, .ctx = ctx};
    int status;

    l.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (l.fd < 0)
        return fail("cannot open %s: %s", path, strerror(errno));
    l.buffer = allocate(BUFFER);
    status = read_all(&l, standard ? "standard input" : path);
    if (!standard)
        close(l.fd);
    free(l.buffer);
    record_free(&l.record);
    if (skipped)
        *skipped += l.skipped;
    return status;
}

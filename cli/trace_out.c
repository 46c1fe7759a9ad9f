/* Where lines go, and what is held back for the line that it belongs to. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "logfile.h"
#include "trace.h"

/* Out of the way of low numbers, which --anon needs, where the limit allows; closed by exec: the
 * command is not to hold it. */
static int apart(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);

    return high >= 0 ? high : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int trace_out_open(const char *output, bool append, int standard)
{
    if (!output || !strcmp(output, "-"))
        return apart(output ? STDOUT_FILENO : standard);
    int fd = open(output, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC | O_NOCTTY, 0666);
    int high = fd < 0 ? fd : apart(fd);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

enum { HELD_MAX = 16 * PIPE_BUF }; /* bytes of lines that wait to be written together */

/* As many whole lines as a pipe takes at once (pipe(7)): what the command writes to the same pipe
 * stands between lines, not in them. A line that is longer than that goes alone. */
static size_t piece_of(const char *at, size_t len)
{
    const char *newline = len > PIPE_BUF ? memrchr(at, '\n', PIPE_BUF) : NULL;

    if (len > PIPE_BUF && !newline)
        newline = memchr(at, '\n', len);
    return newline ? (size_t)(newline - at) + 1 : len;
}

static int write_piece(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && !logfile_try_again(fd))
            return errno;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

void trace_out_write(struct trace_output *t)
{
    for (size_t at = 0, len; !t->error && at < t->ink.len; at += len) {
        len = piece_of(t->ink.at + at, t->ink.len - at);
        t->error = write_piece(t->fd, t->ink.at + at, len);
    }
    t->ink.len = 0;
}

void trace_out_ease(struct trace_output *t)
{
    if (t->ink.len >= HELD_MAX)
        trace_out_write(t);
}

static void show_pending(struct trace_output *t, unsigned i)
{
    trace_note(&t->ink, &t->pending[i].record);
}

static void drop_pending(struct trace_output *t, unsigned i)
{
    record_free(&t->pending[i].record);
    free(t->pending[i].line);
    t->pending_count--;
    memmove(&t->pending[i], &t->pending[i + 1], (t->pending_count - i) * sizeof *t->pending);
}

static bool same_thread(const struct record *a, const struct record *b)
{
    return record_number(a, "pid", 0) == record_number(b, "pid", 0) && record_number(a, "tid", 0) == record_number(b, "tid", 0);
}

/* accept and receive go on waiting after a denial. */
static bool waits_on(const char *operation)
{
    return !strncmp(operation, "accept", 6) || !strncmp(operation, "recv", 4);
}

static bool belongs_to_call(const struct record *r)
{
    const char *operation = record_text(r, "operation");
    const struct trace_call *c = trace_call(operation);

    return c && c->socket && !waits_on(operation) && (record_is(r, "DENIED") || record_is(r, "ALLOWED") || record_is(r, "AUDIT") ||
                                                      record_is(r, "INJECTED"));
}

static bool same_operation(const struct record *a, const struct record *b)
{
    return !strcmp(record_text(a, "operation"), record_text(b, "operation"));
}

/* The thread goes on: what it was denied belongs to this call, or stands alone. Gives the last
 * that belongs to it, or -1. */
static int find_pending(struct trace_output *t, const struct record *r)
{
    int found = -1;

    for (unsigned i = 0; i < t->pending_count;) {
        const struct record *p = &t->pending[i].record;
        bool stays = !same_thread(p, r) || (same_operation(p, r) && belongs_to_call(r)); /* several layers had a word */

        if (stays) {
            i++;
        } else if (record_is(r, "TRACE") && same_operation(p, r) && record_field(r, "verdict")) {
            if (found >= 0)
                drop_pending(t, (unsigned)found);
            else
                i++;
            found = (int)i - 1;
        } else {
            show_pending(t, i);
            drop_pending(t, i);
        }
    }
    return found;
}

static void keep_pending(struct trace_output *t, const struct record *r)
{
    struct ink copy = {0};

    if (t->pending_count == TRACE_PENDING_MAX) {
        show_pending(t, 0);
        drop_pending(t, 0);
    }
    struct trace_pending *p = &t->pending[t->pending_count++];
    trace_json(&copy, r);
    *p = (struct trace_pending){.line = copy.at};
    record_read(&p->record, copy.at, copy.len);
}

void trace_out_text(struct trace_output *t, const struct record *r)
{
    int denial = find_pending(t, r);

    if (belongs_to_call(r)) {
        keep_pending(t, r);
        return;
    }
    if (!record_is(r, "TRACE")) {
        trace_note(&t->ink, r);
        return;
    }
    trace_line(&t->ink, r, denial < 0 ? NULL : &t->pending[denial].record);
    if (denial >= 0)
        drop_pending(t, (unsigned)denial);
}

void trace_out_rest(struct trace_output *t)
{
    for (; t->pending_count; drop_pending(t, 0))
        show_pending(t, 0);
}

int trace_out_end(struct trace_output *t)
{
    trace_out_write(t);
    return t->error;
}

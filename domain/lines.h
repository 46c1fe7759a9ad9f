/* Lines from many processes to one reader, in shared memory: how the records of a traced
 * run reach its launcher. A file of the run, mapped by its programs.
 *
 * A queue of cells. A writer claims the cells of its line with one compare-and-swap, copies
 * the line and publishes it with another; the reader takes lines in the order of the claims.
 * Nothing is overwritten before it was read, so that no line is lost; a writer that finds no
 * room is told so and tries again. Lock-free and crash-proof: the claim names its owner, and
 * the reader passes over the cells of one that died half way. Writers must not be interrupted
 * by something that writes as well (shim/record.c blocks signals). Async-signal-safe. */
#ifndef SUNSHIM_DOMAIN_LINES_H
#define SUNSHIM_DOMAIN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "claim.h"

#define LINES_CELLS 32768u /* of LINES_CELL bytes */
#define LINES_CELL 256u
#define LINES_MAX 4096u    /* bytes of a line, its newline included */

struct lines {
    void *at; /* NULL: none */
    uint32_t cells;
};

size_t lines_size(uint32_t cells); /* `cells`: a power of two, at least 32 */
/* -EINVAL: no size that lines_size() gives. `at` is zeroed at first; page-aligned. */
int lines_format(void *at, size_t size);
/* -EINVAL, -EPROTO as table_open(). */
int lines_open(struct lines *l, void *at, size_t size);

/* 0; -EAGAIN: no room now; -EPIPE: nobody reads any more; -EMSGSIZE. */
int lines_put(const struct lines *l, struct claim_owner self, const char *line, size_t len);

/* The next line into `out` of LINES_MAX bytes: its length; 0: there is none; -EAGAIN: one is
 * being written. Lines whose writers died are passed over and counted in *lost. One reader at
 * a time. `dead` as in claim.h. */
int lines_take(const struct lines *l, char *out, struct claim_owner self, bool (*dead)(uint32_t pid), uint64_t *lost);

/* Whether the next line is still being written, by whom, and which it is: a number that no other
 * has. The reader alone asks. */
bool lines_writing(const struct lines *l, struct claim_owner *writer, uint64_t *which);

/* Gives that line up: for a reader that knows better than `dead` that nobody will end it. A
 * writer that goes on all the same may spoil lines of others. */
void lines_pass_over(const struct lines *l);

/* Whoever reads says who it is before anybody writes, and at the end that it reads no more:
 * lines_put() then fails with -EPIPE. What was put before can still be taken. */
void lines_reader(const struct lines *l, struct claim_owner self);
void lines_close(const struct lines *l);
/* The reader; pid 0: nobody, any more. For writers that wait for room. */
struct claim_owner lines_reader_get(const struct lines *l);

#endif

#include "domain/lines.h"

#include <errno.h>
#include <string.h>

#include "domain/head.h"

#define MAGIC 0x6e696c68736e7573u /* "sunshlin" */
#define VERSION 1

/* Words: the head, then on cache lines of their own who reads, where the next line is put and
 * where the next one is taken; then a word for each cell; then the cells. Places only go up:
 * which cell one is are its lower bits, and which time round its upper ones. */
#define READER 16u
#define TAIL 32u
#define HEAD 48u
#define WORDS 64u
#define CELL_WORDS (LINES_CELL / 8)
#define CELLS_MAX (1u << 24)

/* A cell's word: which time round (20 bits), name space and pid of the writer, number of cells of
 * the line (in the tag), state. Free, it has the time round in which it may be taken. */
#define PID_SHIFT 14
#define PID_MASK ((1u << 22) - 1)
#define ROUND_MASK 0xfffffu
#define MOST_CELLS ((LINES_MAX + 8 + LINES_CELL - 1) / LINES_CELL)
#define TRIES 1000u

static uint64_t *word(const struct lines *l, uint64_t place)
{
    return (uint64_t *)l->at + WORDS + (place & (l->cells - 1));
}

static uint64_t *cell(const struct lines *l, uint64_t place)
{
    return (uint64_t *)l->at + WORDS + l->cells + (place & (l->cells - 1)) * CELL_WORDS;
}

static uint64_t *at(const struct lines *l, unsigned which)
{
    return (uint64_t *)l->at + which;
}

/* What the word of a free cell is when it is this place's turn. */
static uint64_t turn(const struct lines *l, uint64_t place)
{
    return (place / l->cells & ROUND_MASK) << CLAIM_GENERATION_SHIFT;
}

static uint64_t owner_bits(struct claim_owner o)
{
    return (uint64_t)o.space << CLAIM_SPACE_SHIFT | (uint64_t)(o.pid & PID_MASK) << PID_SHIFT;
}

/* --- The file --------------------------------------------------------------- */

size_t lines_size(uint32_t cells)
{
    return 8 * (WORDS + (size_t)cells * (1 + CELL_WORDS));
}

static uint32_t cells_of(size_t size)
{
    for (uint32_t n = 32; n <= CELLS_MAX; n *= 2)
        if (lines_size(n) == size)
            return n;
    return 0;
}

int lines_format(void *memory, size_t size)
{
    if (!cells_of(size))
        return -EINVAL;
    head_write(memory, &(struct head){.magic = MAGIC, .version = VERSION, .size = size});
    return 0;
}

int lines_open(struct lines *l, void *memory, size_t size)
{
    struct head h = {.magic = MAGIC, .version = VERSION, .size = size};
    int err = cells_of(size) ? head_read(memory, size, &h) : -EINVAL;

    if (!err)
        *l = (struct lines){memory, cells_of(size)};
    return err;
}

/* --- Writing ---------------------------------------------------------------- */

/* Of a line. One that nobody of ours claimed is one cell, for writers and reader alike. */
static uint32_t cells_in(uint64_t claim)
{
    uint32_t count = claim_tag(claim);

    return count - 1 < MOST_CELLS ? count : 1;
}

/* Whoever finds a line claimed at the end of the queue moves the end behind it: its writer may
 * have been killed before it could. */
static void move_end(const struct lines *l, uint64_t place, uint64_t claim)
{
    claim_change(at(l, TAIL), place, place + cells_in(claim));
}

/* Claims `count` cells at the end. Gives the place, or -EAGAIN, -EPIPE. Whoever is not the first
 * tries the next place; when that never ends, something else wrote here: lines_take() mends it. */
static int64_t claim(const struct lines *l, struct claim_owner self, uint32_t count, uint64_t *held)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint64_t head = claim_load(at(l, HEAD)), tail = claim_load(at(l, TAIL)), seen;

        if (!claim_load(at(l, READER)))
            return -EPIPE;
        if (tail + count - head > l->cells)
            return -EAGAIN;
        *held = turn(l, tail) | owner_bits(self) | count << 2 | CLAIM_WRITING;
        if (claim_change(word(l, tail), turn(l, tail), *held)) {
            move_end(l, tail, *held);
            return (int64_t)tail;
        }
        seen = claim_load(word(l, tail));
        if (claim_state(seen) != CLAIM_FREE && seen >> CLAIM_GENERATION_SHIFT == turn(l, tail) >> CLAIM_GENERATION_SHIFT)
            move_end(l, tail, seen);
    }
    return -EAGAIN;
}

/* In words, as all of shared memory (claim.h): the first holds the length. */
static void copy_in(const struct lines *l, uint64_t place, const char *line, size_t len)
{
    uint64_t *to = cell(l, place), part = len;
    uint32_t left = CELL_WORDS;

    for (size_t done = 0;; to++, left--) {
        if (!left) {
            to = cell(l, ++place);
            left = CELL_WORDS;
        }
        __atomic_store_n(to, part, __ATOMIC_RELAXED);
        if (done >= len)
            return;
        part = 0;
        memcpy(&part, line + done, len - done < 8 ? len - done : 8);
        done += 8;
    }
}

int lines_put(const struct lines *l, struct claim_owner self, const char *line, size_t len)
{
    uint64_t held;
    int64_t place = len <= LINES_MAX ? claim(l, self, (uint32_t)(len + 8 + LINES_CELL - 1) / LINES_CELL, &held) : -EMSGSIZE;

    if (place < 0)
        return (int)place;
    copy_in(l, (uint64_t)place, line, len);
    claim_publish(word(l, (uint64_t)place), held);
    return 0;
}

/* --- Reading ---------------------------------------------------------------- */

static size_t copy_out(const struct lines *l, uint64_t place, uint32_t count, char *out)
{
    const uint64_t *from = cell(l, place);
    size_t len = __atomic_load_n(from++, __ATOMIC_RELAXED);
    uint32_t left = CELL_WORDS - 1;

    if (len > LINES_MAX || (len + 8 + LINES_CELL - 1) / LINES_CELL != count)
        return 0; /* nobody of ours wrote that */
    for (size_t done = 0; done < len; done += 8, from++, left--) {
        if (!left) {
            from = cell(l, ++place);
            left = CELL_WORDS;
        }
        uint64_t part = __atomic_load_n(from, __ATOMIC_RELAXED);
        memcpy(out + done, &part, len - done < 8 ? len - done : 8);
    }
    return len;
}

/* The line's cells are free for the next time round. */
static void give_back(const struct lines *l, uint64_t place, uint64_t claim)
{
    uint32_t count = cells_in(claim);

    move_end(l, place, claim);
    for (uint32_t i = 0; i < count; i++)
        __atomic_store_n(word(l, place + i), turn(l, place + i + l->cells), __ATOMIC_SEQ_CST);
    __atomic_store_n(at(l, HEAD), place + count, __ATOMIC_SEQ_CST);
}

/* An empty queue ends where it begins, and its next cell waits for its turn: if not, a program
 * wrote where it should not have, and nobody would ever find room. A writer claims the cell
 * before it moves the end. */
static void mend(const struct lines *l, uint64_t head, uint64_t seen)
{
    uint64_t tail = claim_load(at(l, TAIL));

    if (seen != turn(l, head))
        claim_change(word(l, head), seen, turn(l, head));
    else if (tail != head && claim_load(word(l, head)) == seen)
        claim_change(at(l, TAIL), tail, head);
}

int lines_take(const struct lines *l, char *out, struct claim_owner self, bool (*dead)(uint32_t pid), uint64_t *lost)
{
    for (;;) {
        uint64_t head = claim_load(at(l, HEAD)), seen = claim_load(word(l, head));
        size_t len = 0;

        if (claim_state(seen) == CLAIM_FREE) {
            mend(l, head, seen);
            return 0;
        }
        if (claim_state(seen) == CLAIM_WRITING && !claim_stale(seen, self, dead))
            return -EAGAIN;
        if (claim_load(word(l, head)) != seen) /* it ended after it had published */
            continue;
        if (claim_state(seen) == CLAIM_LIVE)
            len = copy_out(l, head, cells_in(seen), out);
        give_back(l, head, seen);
        if (len)
            return (int)len;
        ++*lost;
    }
}

bool lines_writing(const struct lines *l, struct claim_owner *writer, uint64_t *which)
{
    uint64_t head = claim_load(at(l, HEAD)), seen = claim_load(word(l, head));

    *writer = (struct claim_owner){.pid = (uint32_t)(seen >> PID_SHIFT) & PID_MASK, .space = claim_space(seen)};
    *which = head;
    return claim_state(seen) == CLAIM_WRITING;
}

void lines_pass_over(const struct lines *l)
{
    uint64_t head = claim_load(at(l, HEAD)), seen = claim_load(word(l, head));

    if (claim_state(seen) == CLAIM_WRITING && claim_change(word(l, head), seen, seen | CLAIM_DAMAGED))
        give_back(l, head, seen);
}

static uint64_t reader_word(struct claim_owner o)
{
    return o.pid ? owner_bits(o) | CLAIM_LIVE : 0;
}

void lines_reader(const struct lines *l, struct claim_owner self)
{
    __atomic_store_n(at(l, READER), reader_word(self), __ATOMIC_SEQ_CST);
}

void lines_close(const struct lines *l)
{
    lines_reader(l, (struct claim_owner){0});
}

struct claim_owner lines_reader_get(const struct lines *l)
{
    uint64_t w = claim_load(at(l, READER));

    return (struct claim_owner){.pid = (uint32_t)(w >> PID_SHIFT) & PID_MASK, .space = claim_space(w)};
}

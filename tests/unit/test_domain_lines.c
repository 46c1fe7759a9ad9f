/* The queue of lines: order, every length, going round, no room, dead writers, the end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/head.h"
#include "domain/lines.h"

enum { CELLS = 64 };

static const struct claim_owner reader = {.pid = 4711, .space = 7}, writer = {.pid = 4712, .space = 7};

static bool nobody_is_dead(uint32_t pid)
{
    (void)pid;
    return false;
}

static bool all_are_dead(uint32_t pid)
{
    cr_assert(pid == writer.pid, "asked about %u", pid);
    return true;
}

static struct lines new_lines(uint32_t cells)
{
    size_t size = lines_size(cells);
    struct lines l;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    cr_assert(at != MAP_FAILED);
    cr_assert(lines_format(at, size) == 0);
    cr_assert(lines_open(&l, at, size) == 0);
    lines_reader(&l, reader);
    return l;
}

static int take(const struct lines *l, char *out)
{
    uint64_t lost = 0;
    int n = lines_take(l, out, reader, nobody_is_dead, &lost);

    cr_assert(lost == 0, "%ju lost", (uintmax_t)lost);
    return n;
}

static void fill(char *line, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        line[i] = (char)(seed + i * 7 + 1);
}

Test(domain_lines, every_length_comes_out_as_it_went_in)
{
    struct lines l = new_lines(CELLS);
    char in[LINES_MAX], out[LINES_MAX];

    for (size_t len = 1; len <= LINES_MAX; len++) {
        fill(in, len, (unsigned)len);
        cr_assert(lines_put(&l, writer, in, len) == 0, "%zu bytes", len);
        cr_assert(take(&l, out) == (int)len, "%zu bytes", len);
        cr_assert(memcmp(in, out, len) == 0, "%zu bytes came out otherwise", len);
        cr_assert(take(&l, out) == 0);
    }
    cr_assert(lines_put(&l, writer, in, LINES_MAX) == 0);
    cr_assert(lines_put(&l, writer, in, LINES_MAX + 1) == -EMSGSIZE);
}

Test(domain_lines, come_out_in_order_many_times_round)
{
    struct lines l = new_lines(CELLS);
    char in[LINES_MAX], out[LINES_MAX];
    unsigned put = 0, got = 0;

    srand(1);
    while (got < 20000) {
        size_t len = 8 + (size_t)rand() % (put % 16 ? 600 : LINES_MAX - 8);

        fill(in, len, put);
        if (rand() % 3 && put < 20000) {
            int err = lines_put(&l, writer, memcpy(in, &put, sizeof put), len);

            cr_assert(err == 0 || err == -EAGAIN, "%d", err);
            put += err == 0;
            if (err == 0)
                continue;
        }
        int n = take(&l, out);
        cr_assert(n >= 0 && (n > 0 || got == put), "%d of %u and %u", n, got, put);
        if (n > 0) {
            cr_assert(memcmp(out, &got, sizeof got) == 0, "not number %u", got);
            fill(in, (size_t)n, got);
            cr_assert(memcmp(in + 4, out + 4, (size_t)n - 4) == 0, "number %u came out otherwise", got);
            got++;
        }
    }
}

Test(domain_lines, nothing_is_overwritten)
{
    struct lines l = new_lines(CELLS);
    char out[LINES_MAX], number[8];
    unsigned put = 0;

    while (lines_put(&l, writer, number, (size_t)sprintf(number, "%u", put)) == 0)
        put++;
    cr_assert(put == CELLS, "%u lines in %d cells", put, CELLS);
    cr_assert(lines_put(&l, writer, "x", 1) == -EAGAIN);
    for (unsigned i = 0; i < put; i++) {
        int n = take(&l, out);
        cr_assert(n > 0 && (unsigned)atoi((out[n] = '\0', out)) == i, "line %u", i);
    }
    cr_assert(take(&l, out) == 0);
    cr_assert(lines_put(&l, writer, "x", 1) == 0);
}

/* What a writer that is killed between claiming and publishing leaves behind, made by undoing
 * the publication: the state is in the word's two lowest bits. */
static void unpublish(const struct lines *l, unsigned place)
{
    uint64_t *word = (uint64_t *)l->at + 64 + place;

    cr_assert((*word & 3) == CLAIM_LIVE);
    *word = (*word & ~(uint64_t)3) | CLAIM_WRITING;
}

Test(domain_lines, a_writer_that_lives_is_waited_for_and_a_dead_one_passed_over)
{
    struct lines l = new_lines(CELLS);
    char out[LINES_MAX], line[700] = "first";
    uint64_t lost = 0;

    cr_assert(lines_put(&l, writer, line, sizeof line) == 0);
    cr_assert(lines_put(&l, writer, "second", 6) == 0);
    unpublish(&l, 0);
    cr_assert(take(&l, out) == -EAGAIN);
    cr_assert(lines_take(&l, out, reader, all_are_dead, &lost) == 6);
    cr_assert(memcmp(out, "second", 6) == 0);
    cr_assert(lost == 1);
    for (unsigned i = 0; i < 3 * CELLS; i++) {
        cr_assert(lines_put(&l, writer, line, sizeof line) == 0);
        cr_assert(take(&l, out) == sizeof line);
    }
}

/* Its claim is all there is of it; the end of the queue was not moved. */
Test(domain_lines, a_writer_killed_before_it_moved_the_end_stops_nobody)
{
    struct lines l = new_lines(CELLS);
    char out[LINES_MAX];
    uint64_t lost = 0, *tail = (uint64_t *)l.at + 32;

    cr_assert(lines_put(&l, writer, "lost", 4) == 0);
    unpublish(&l, 0);
    *tail = 0;
    cr_assert(lines_put(&l, writer, "kept", 4) == 0);
    cr_assert(*tail == 2, "the end is at %ju", (uintmax_t)*tail);
    cr_assert(lines_take(&l, out, reader, all_are_dead, &lost) == 4);
    cr_assert(memcmp(out, "kept", 4) == 0 && lost == 1);
}

Test(domain_lines, writers_hear_when_nobody_reads_any_more)
{
    struct lines l = new_lines(CELLS);
    char out[LINES_MAX];

    cr_assert(lines_reader_get(&l).pid == reader.pid && lines_reader_get(&l).space == reader.space);
    cr_assert(lines_put(&l, writer, "last", 4) == 0);
    lines_close(&l);
    cr_assert(lines_reader_get(&l).pid == 0);
    cr_assert(lines_put(&l, writer, "late", 4) == -EPIPE);
    cr_assert(take(&l, out) == 4 && memcmp(out, "last", 4) == 0);
}

Test(domain_lines, what_is_no_queue_is_refused)
{
    size_t size = lines_size(CELLS);
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct lines l;

    cr_assert(lines_open(&l, at, size) == -EINVAL);
    cr_assert(lines_format(at, size - 8) == -EINVAL);
    cr_assert(lines_format(at, size) == 0);
    cr_assert(lines_open(&l, at, size - 8) == -EINVAL);
    cr_assert(lines_open(&l, at, size) == 0);
    at[8]++; /* the version */
    cr_assert(lines_open(&l, at, size) == -EPROTO);
    at[8]--;
    /* Whole, and of a size that it says itself, but of no number of cells. */
    const struct head odd = {.magic = *(uint64_t *)(void *)at, .version = (uint64_t)at[8], .size = size - 8};
    head_write(at, &odd);
    cr_assert(lines_open(&l, at, size - 8) == -EINVAL);
}

/* Several processes at once: what was put is there once, in its writer's order. */
Test(domain_lines, many_writers_at_once, .timeout = 100)
{
    enum { WRITERS = 8, EACH = 20000 };
    struct lines l = new_lines(1024);
    pid_t pids[WRITERS];
    unsigned next[WRITERS] = {0}, ended = 0;
    char out[LINES_MAX + 1];
    uint64_t lost = 0;

    lines_reader(&l, (struct claim_owner){.pid = (uint32_t)getpid(), .space = 7});
    for (unsigned w = 0; w < WRITERS; w++) {
        if ((pids[w] = fork()) != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody reads when a test fails */
        for (unsigned i = 0; i < EACH; i++) {
            char line[1200];
            int len = sprintf(line, "%u %u %0*u", w, i, 1 + (int)(i * 131 % 1100), i);

            while (lines_put(&l, (struct claim_owner){.pid = (uint32_t)getpid(), .space = 7}, line, (size_t)len) == -EAGAIN)
                sched_yield();
        }
        _exit(0);
    }
    while (ended < WRITERS || out[0]) {
        unsigned w, i, end;
        int n = lines_take(&l, out, (struct claim_owner){.pid = 1, .space = 7},
                           (bool (*)(uint32_t))nobody_is_dead, &lost);
        out[n > 0 ? n : 0] = '\0';
        if (n > 0) {
            cr_assert(sscanf(out, "%u %u %u", &w, &i, &end) == 3 && i == end, "torn: %s", out);
            cr_assert(w < WRITERS && i == next[w], "writer %u: %u after %u", w, i, next[w]);
            next[w]++;
        } else if (n == 0 && ended < WRITERS && waitpid(-1, NULL, WNOHANG) > 0) {
            ended++;
            out[0] = 'x'; /* look once more */
        }
    }
    for (unsigned w = 0; w < WRITERS; w++)
        cr_assert(next[w] == EACH, "writer %u: %u of %d", w, next[w], EACH);
    cr_assert(lost == 0);
}

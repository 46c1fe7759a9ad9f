/* The queue of lines when things go as they should not: a writer that ends while it is looked at,
 * memory that something else wrote to, a writer that stops half way for good, and places beyond
 * the numbers that a cell's word can hold. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/lines.h"

enum { CELLS = 64, TAIL = 32, HEAD = 48, WORDS = 64 }; /* as domain/lines.c lays it out */

static const struct claim_owner reader = {.pid = 4711, .space = 7}, writer = {.pid = 4712, .space = 7};

static struct lines lines;
static uint64_t lost;

static uint64_t *words(void)
{
    return lines.at;
}

static void start(void)
{
    size_t size = lines_size(CELLS);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    cr_assert(at != MAP_FAILED);
    cr_assert(lines_format(at, size) == 0);
    cr_assert(lines_open(&lines, at, size) == 0);
    lines_reader(&lines, reader);
    lost = 0;
}

TestSuite(domain_lines_odd, .init = start, .timeout = 60);

static bool lives(uint32_t pid)
{
    (void)pid;
    return false;
}

static int take(char *out)
{
    return lines_take(&lines, out, reader, lives, &lost);
}

static void set_state(unsigned place, enum claim_state state)
{
    words()[WORDS + place] = (words()[WORDS + place] & ~(uint64_t)3) | state;
}

/* Puts lines in and takes them out until the queue has gone round a few times. */
static void check_that_it_works(void)
{
    char out[LINES_MAX], in[600] = "x";

    for (unsigned i = 0, tries = 0; i < 4 * CELLS; i++) {
        while (lines_put(&lines, writer, in, sizeof in) == -EAGAIN) {
            cr_assert(++tries < 10000, "no room after %u lines", i);
            take(out);
        }
        memset(out, 0, sizeof out);
        int n;
        while ((n = take(out)) < 2) /* none, or one from before that turns up */
            cr_assert(++tries < 10000, "line %u never comes", i);
        cr_assert(n == sizeof in && !memcmp(in, out, sizeof in), "line %u: %d", i, n);
    }
}

/* --- A writer that publishes and ends between two looks of the reader -------------------- */

static bool ends_now(uint32_t pid)
{
    cr_assert(pid == writer.pid);
    set_state(0, CLAIM_LIVE);
    return true;
}

Test(domain_lines_odd, what_was_published_last_is_not_lost)
{
    char out[LINES_MAX];

    cr_assert(lines_put(&lines, writer, "last words", 10) == 0);
    set_state(0, CLAIM_WRITING);
    int n = lines_take(&lines, out, reader, ends_now, &lost);
    cr_assert(lost == 0, "%ju lost", (uintmax_t)lost);
    cr_assert(n == 10 && !memcmp(out, "last words", 10), "%d", n);
}

/* --- Memory that something else wrote to --------------------------------------------------- */

Test(domain_lines_odd, numbers_of_cells_that_cannot_be)
{
    static const unsigned tags[] = {0, 18, 40, CELLS, 4095};

    for (unsigned i = 0; i < sizeof tags / sizeof *tags; i++) {
        start();
        words()[WORDS] = tags[i] << 2 | CLAIM_LIVE;
        check_that_it_works();
        cr_assert(lost >= 1);
    }
}

/* More than the reader has room for, more than the line's own cells hold, and less. */
Test(domain_lines_odd, lengths_that_cannot_be)
{
    static const uint64_t lengths[] = {LINES_MAX + 1, 17 * LINES_CELL - 8, 16 * LINES_CELL - 8, 1, 0, 1ull << 40, UINT64_MAX};
    char out[2 * LINES_MAX], in[LINES_MAX] = "x";

    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        start();
        cr_assert(lines_put(&lines, writer, in, sizeof in) == 0);
        words()[WORDS + CELLS] = lengths[i];
        out[LINES_MAX] = '!';
        cr_assert(take(out) == 0, "%ju bytes", (uintmax_t)lengths[i]);
        cr_assert(lost == 1 && out[LINES_MAX] == '!', "%ju bytes", (uintmax_t)lengths[i]);
        check_that_it_works();
    }
}

Test(domain_lines_odd, an_end_that_leads_nowhere)
{
    static const uint64_t ends[] = {1, CELLS - 1, CELLS, 5 * CELLS, 1ull << 40, UINT64_MAX};

    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        start();
        words()[TAIL] = ends[i];
        lines_put(&lines, writer, "x", 1); /* must come back; nobody will find it */
        take((char[LINES_MAX]){0});
        check_that_it_works();
    }
}

Test(domain_lines_odd, cells_that_wait_for_another_time)
{
    for (unsigned i = 0; i < CELLS; i++)
        words()[WORDS + i] = (uint64_t)77 << CLAIM_GENERATION_SHIFT;
    cr_assert(lines_put(&lines, writer, "x", 1) == -EAGAIN);
    check_that_it_works();
}

Test(domain_lines_odd, noise)
{
    char out[LINES_MAX];

    srand(3);
    for (unsigned round = 0; round < 200; round++) {
        start();
        for (unsigned i = TAIL; i < WORDS + CELLS * 33; i++)
            if (i != HEAD && (round % 2 || i < WORDS + CELLS))
                words()[i] = (uint64_t)(unsigned)rand() << 40 ^ (uint64_t)(unsigned)rand() << 16 ^ (unsigned)rand();
        for (unsigned i = 0; i < 1000; i++) {
            struct claim_owner who;
            uint64_t which;

            lines_put(&lines, writer, "line", 4);
            if (take(out) == -EAGAIN && lines_writing(&lines, &who, &which))
                lines_pass_over(&lines);
        }
        check_that_it_works();
        munmap(lines.at, lines_size(CELLS));
    }
}

/* --- A writer that is given up ------------------------------------------------------------- */

Test(domain_lines_odd, the_writer_of_the_next_line_can_be_told_and_given_up)
{
    struct claim_owner who;
    char out[LINES_MAX];
    uint64_t which, before;

    cr_assert(!lines_writing(&lines, &who, &before));
    cr_assert(lines_put(&lines, writer, "one", 3) == 0);
    cr_assert(lines_put(&lines, writer, "two", 3) == 0);
    cr_assert(!lines_writing(&lines, &who, &which));
    set_state(0, CLAIM_WRITING);
    set_state(1, CLAIM_WRITING);
    cr_assert(lines_writing(&lines, &who, &which));
    cr_assert(who.pid == writer.pid && who.space == writer.space);
    cr_assert(take(out) == -EAGAIN);
    lines_pass_over(&lines);
    cr_assert(lines_writing(&lines, &who, &before) && before != which);
    set_state(1, CLAIM_LIVE);
    lines_pass_over(&lines); /* it ended after all */
    cr_assert(take(out) == 3 && !memcmp(out, "two", 3));
    check_that_it_works();
}

/* Before it moved the end: the others have room at once. */
Test(domain_lines_odd, a_writer_that_is_given_up_early_keeps_no_room)
{
    char out[LINES_MAX];

    cr_assert(lines_put(&lines, writer, "lost", 4) == 0);
    set_state(0, CLAIM_WRITING);
    words()[TAIL] = 0;
    lines_pass_over(&lines);
    cr_assert(lines_put(&lines, writer, "kept", 4) == 0);
    cr_assert(take(out) == 4 && !memcmp(out, "kept", 4));
}

/* --- Places ---------------------------------------------------------------------------------- */

/* As if it had been in use for that long. */
static void go_to(uint64_t place)
{
    words()[TAIL] = words()[HEAD] = place;
    for (uint64_t p = place; p < place + CELLS; p++)
        words()[WORDS + p % CELLS] = (p / CELLS & 0xfffff) << CLAIM_GENERATION_SHIFT;
}

Test(domain_lines_odd, goes_on_when_the_numbers_of_rounds_are_used_up)
{
    const uint64_t all = (uint64_t)CELLS << 20;

    for (unsigned back = 0; back < 2 * CELLS; back += 7) {
        go_to(all - back);
        check_that_it_works();
        go_to(3 * all - back);
        check_that_it_works();
    }
    cr_assert(lost == 0);
}

/* --- Killed at any moment ---------------------------------------------------------------------- */

static bool no_such_process(uint32_t pid)
{
    return kill((pid_t)pid, 0) && errno == ESRCH;
}

static void write_for_ever(unsigned seed)
{
    struct claim_owner self = {.pid = (uint32_t)getpid(), .space = reader.space};
    char line[LINES_MAX];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned n = seed;; n++) {
        size_t len = 16 + n * 37 % 900;

        memset(line, 'a' + (int)(n % 26), len);
        lines_put(&lines, self, line, len);
    }
}

static void check_line(const char *line, int len)
{
    for (int i = 1; i < len; i++)
        cr_assert(line[i] == line[0], "a torn line: '%c' behind '%c' at %d of %d", line[i], line[0], i, len);
}

Test(domain_lines_odd, writers_that_are_killed_spoil_nobody_elses_line)
{
    pid_t pid[3] = {0};
    char out[LINES_MAX];
    unsigned long got = 0;

    for (unsigned round = 0; round < 900; round++) {
        pid_t *p = &pid[round % 3];

        if (*p) {
            kill(*p, SIGKILL);
            waitpid(*p, NULL, 0);
        }
        if (!(*p = fork()))
            write_for_ever(round);
        for (unsigned i = 0, most = 50 + round % 97; i < most; i++) {
            int n = lines_take(&lines, out, reader, no_such_process, &lost);

            if (n > 0)
                check_line(out, n);
            got += n > 0;
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
    }
    for (int n; (n = lines_take(&lines, out, reader, no_such_process, &lost));)
        if (n > 0)
            check_line(out, n);
    cr_assert(got > 1000, "%lu lines only", got);
    check_that_it_works();
}

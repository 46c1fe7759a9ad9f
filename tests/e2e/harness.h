/* How tests run programs: a shell script in a directory of its own, with a
 * time limit, its output kept, and nothing of it left running afterwards.
 *
 * Test programs never preload or link shim/calls themselves (Criterion's
 * transport uses connect and bind): whatever is tested runs in a child.
 *
 * In a script these are set:
 *   $T        the test's own directory, short (/tmp/...), also HOME and TMPDIR
 *   $P        programs of tests/progs; with SANITIZE= they contain the shim
 *   $N        the same programs without the shim
 *   $SUNSHIM  the command   $LIB  the library   $B  the build   $TOP  the source
 *   env $PRELOAD "$P/NAME"  runs a program under the library, whichever way
 *   ready NAME...   (on PATH) waits until something is bound to each NAME:
 *             a path, @abstract, or tcp:PORT and udp:PORT; sockets that will
 *             listen count once they do; fails after 10 s
 *   freeport  (on PATH) prints a TCP and UDP port that nobody uses */
#ifndef TESTS_E2E_HARNESS_H
#define TESTS_E2E_HARNESS_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>

struct run {
    int status;     /* exit status, or 128 + the signal that ended it */
    bool timed_out; /* it was killed after RUN_SECONDS */
    char *out, *err; /* what it wrote, NUL-terminated */
    size_t out_len, err_len;
    char *script; /* for messages */
};

#define RUN_SECONDS 110

/* The test's directory, made on first use, removed when the test ends. */
const char *scratch(void);
/* printf into memory that lives as long as the test. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes a file below scratch() and returns its absolute path. */
const char *put(const char *name, const char *contents);
const char *put_bytes(const char *name, const void *bytes, size_t len);
/* The whole file, NUL-terminated; fails the test when it cannot be read. */
char *get(const char *path);

/* Runs `script` with sh -eu. Output written by now is in the result; what the
 * script left running is killed. */
struct run run(const char *script);
/* The same under `sunshim run -p FILE` where FILE holds `policy`. Plain builds
 * only: an instrumented library cannot be preloaded. */
struct run under(const char *policy, const char *script);
/* The same with the library alone: SUNSHIM_POLICY and LD_PRELOAD, or, with
 * SANITIZE=, SUNSHIM_POLICY for programs from $P. NULL: no policy. */
struct run preloaded(const char *policy, const char *script);
/* Environment (NAME=VALUE) for all later runs of this test. */
void with_env(const char *assignment);

/* Leaves the test out where it does not run as root; in CI that is a failure. */
void need_root(void);

/* Everything known about a run, for a failed assertion. */
const char *run_report(const struct run *r);

/* How many lines of `text` contain all of the NULL-terminated strings. */
int lines_with(const char *text, const char *first, ...) __attribute__((sentinel));
/* The value of key= in a record, without quotes; NULL if absent. */
char *record_value(const char *record, const char *key);
/* The n-th line (from 0) that contains `sunshim="`; NULL if there is none. */
char *record_line(const char *text, int n);

#define check_status(r, want) cr_assert((r).status == (want), "exit status is not %d\n%s", (want), run_report(&(r)))
#define check_out(r, want) cr_assert_str_eq((r).out, (want), "stdout is not \"%s\"\n%s", (want), run_report(&(r)))
#define check_has(r, where, what) \
    cr_assert(strstr((r).where, (what)), #where " lacks \"%s\"\n%s", (what), run_report(&(r)))
#define check_lacks(r, where, what) \
    cr_assert(!strstr((r).where, (what)), #where " has \"%s\"\n%s", (what), run_report(&(r)))
#define check_value(r, record, key, want) \
    do { \
        char *check_got = record_value((record), (key)); \
        cr_assert(check_got && !strcmp(check_got, (want)), "%s=%s, expected %s\n%s", (key), \
                  check_got ? check_got : "(absent)", (want), run_report(&(r))); \
    } while (0)

/* Tests of stock programs need a library that can be preloaded. A sanitizer
 * build has none: it leaves them to the plain build and says how many. */
void stock_tests_left_out(int count);
#if TEST_SANITIZED
#define StockTest(suite, name, ...) \
    __attribute__((constructor)) static void suite##_##name##_left_out(void) { stock_tests_left_out(1); } \
    __attribute__((unused)) static void suite##_##name##_body(void)
#else
#define StockTest Test
#endif

#endif

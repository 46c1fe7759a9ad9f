/* tests/progs/leaky as a daemon that opens sockets and runs a hook, and what the records say of them. */
#ifndef TESTS_E2E_LEAKY_H
#define TESTS_E2E_LEAKY_H

#include <string.h>

#include "tests/e2e/harness.h"

/* Run as "leakyd", so that its name is to be seen. */
#define DAEMON "ln -sf \"$P/leaky\" leakyd; "
#define CUT_STREAMS "allow all,\ndeny unix (inherit) type=stream,\n"

/* Runs `./leakyd MAKES... -- ./hook` under `sunshim run OPTIONS`; `hook` is the text of a shell script. */
struct run tracked(const char *options, const char *makes, const char *hook);
/* The same under this policy. */
struct run judged(const char *policy, const char *options, const char *makes, const char *hook);

/* A column of what leakyd says about a socket: "NAME FD INODE FROM PID". */
enum { FD = 1, INODE, FROM, PID };
char *told(const struct run *r, const char *name, int column);

/* The record of a kind about a socket in a program; LEAK records. */
char *record(const struct run *r, const char *kind, const char *comm, const char *name);
char *leak(const struct run *r, const char *comm, const char *name);
/* How many records of a kind there are about a program. */
int about(const struct run *r, const char *kind, const char *comm);

#define check_absent(r, record, key) \
    cr_assert(!record_value((record), (key)), "%s= is there\n%s\n%s", (key), (record), run_report(&(r)))

#endif

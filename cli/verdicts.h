/* What is found of a run, as test suites count it: one case for each thing that was asked
 * for, and for each that went wrong. Private to cli/. */
#ifndef SUNSHIM_CLI_VERDICTS_H
#define SUNSHIM_CLI_VERDICTS_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum verdict_kind {
    VERDICT_COMMAND,
    VERDICT_EXPECTATION,
    VERDICT_DENIED,
    VERDICT_LEAKED,
    VERDICT_CUT,
    VERDICT_UNSEEN,
    VERDICT_INJECTION,
    VERDICT_LEFTOVER,
    VERDICT_OTHER, /* something that the summary says */
};

enum verdict_result {
    VERDICT_PASSED,
    VERDICT_FAILED,
    VERDICT_TOLD, /* went wrong, and nobody asked that the run fail for it */
};

struct verdict {
    enum verdict_kind kind;
    enum verdict_result result;
    const char *name;    /* one line; may hold any bytes */
    const char *message; /* why it failed, or NULL */
    const char *details; /* lines, or NULL */
};

struct verdicts {
    struct verdict *at;
    size_t count, room;
    char *const *argv; /* of the command */
    struct timespec began, took;
};

/* Strings are kept, not copied. */
void verdict_add(struct verdicts *v, struct verdict one);
/* "expectation", "denied", ... */
const char *verdict_kind_word(enum verdict_kind kind);
/* How many have this result. */
size_t verdicts_with(const struct verdicts *v, enum verdict_result result);

/* Bytes of the character at `at` if it may be shown as it is; 0: one byte is to be written
 * as \xHH, because it is no character, or one that moves, hides or turns around others. */
size_t verdict_shown(const char *at, size_t len);
/* The command on one line, safe to show. */
char *verdicts_command(const struct verdicts *v);

/* junit.c, tap.c: all of them as a document of that format; whether writing worked, the stream knows. */
void junit_print(FILE *out, const struct verdicts *v);
void tap_print(FILE *out, const struct verdicts *v);

#endif

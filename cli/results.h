/* The files that the results of a run go to. Private to cli/. */
#ifndef SUNSHIM_CLI_RESULTS_H
#define SUNSHIM_CLI_RESULTS_H

#include <stdbool.h>

#include "verdicts.h"

struct results {
    const char *option; /* for messages */
    char *path;         /* NULL: not asked for; "-": standard output */
    bool special;       /* no regular file: a terminal, a pipe */
};

/* `pattern`: a name in which %p is this process's pid and %% a percent sign. Makes sure,
 * before anything runs, that the file can be written, and removes what an earlier run left
 * there: a run that comes to no end must not pass for that one. 0, or 125 after saying why
 * not. */
int results_prepare(struct results *r, const char *option, const char *pattern);

/* The whole file at once under its name: whoever looks sees all of it or nothing. 0 or 125. */
int results_write(const struct results *r, void (*print)(FILE *, const struct verdicts *), const struct verdicts *v);

/* Whether one would overwrite the other. */
bool results_same(const struct results *a, const struct results *b);

#endif

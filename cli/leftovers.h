/* What a run leaves behind: socket files that nobody listens on any more, and listeners that
 * were never accepted from. Private to cli/. */
#ifndef SUNSHIM_CLI_LEFTOVERS_H
#define SUNSHIM_CLI_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "records.h"
#include "verdicts.h"

struct leftovers {
    void *files, *listeners; /* trees of search.h */
    size_t file_count, look_again; /* names of files that are gone are dropped from time to time */
    struct listener *dropped;      /* listeners of names that others have taken over since */
};

/* A record of the run. */
void leftovers_see(struct leftovers *l, const struct record *r);

/* At the end: a case for each that is left. `own`: directories that go with the run, NULL at
 * their end. `others`: processes of the run go on; what they listen on is left alone. */
void leftovers_judge(struct leftovers *l, const char *const *own, bool others, enum verdict_result result, struct verdicts *v);

#endif

/* Runs as part of a test suite: --expect, --leftovers, --junit and --tap. Private to cli/. */
#ifndef SUNSHIM_CLI_SUITE_H
#define SUNSHIM_CLI_SUITE_H

#include "run.h"

/* What `options` ask for: puts a watch into *watch for run_plan(), or NULL when they ask for
 * none of it. Reads the expectations and sees that the results can be written. `name`: the
 * subcommand. 0, or 125 after saying what is wrong. Once in a process. */
int suite_watch(const struct options *options, const char *name, char *const *argv, const struct run_watch **watch);

#endif

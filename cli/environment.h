/* What the command finds in its environment. Private to cli/. */
#ifndef SUNSHIM_CLI_ENVIRONMENT_H
#define SUNSHIM_CLI_ENVIRONMENT_H

#include "domain.h"
#include "options.h"

/* --log's value as the library needs it: a file as an absolute path, tried out.
 * NULL after saying why records cannot be written there. */
const char *environment_log(const char *log);
/* The same for a process that starts elsewhere, later, with descriptors of its
 * own: nothing is tried and no file made. */
const char *environment_log_elsewhere(const char *log);

/* LD_PRELOAD with `library` first and what was there after it, other copies of
 * the library left out. */
const char *environment_preload(const char *library);

/* Whether the library takes a variable for a yes. */
bool environment_says(const char *variable);

/* Sets a variable to a number. */
void environment_number(const char *name, int value);

/* Sets all of it for the calling process, which is about to execute the command:
 * its pid is the one that has to report. `log` comes from environment_log(),
 * NULL: as it was. */
void environment_set(const struct domain *d, const struct options *o, const char *log);

#endif

/* The files of a run that its processes map and write: domain/table.h, ring.h,
 * counts.h. Private to cli/. */
#ifndef SUNSHIM_CLI_MEMORY_H
#define SUNSHIM_CLI_MEMORY_H

#include <stdbool.h>

#include "domain.h"
#include "load.h"

/* Which ones a run of these layers gets. */
struct memory memory_wanted(const struct options *o, const struct loaded *own);

/* Makes them, each allocated whole: a hole in a file on a full file system would be
 * a SIGBUS in the command. 125 after saying why it cannot. */
int memory_make(const struct domain *d, struct memory want);

#endif

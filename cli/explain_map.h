/* What map rules make of the names in a question. Private to cli/. */
#ifndef SUNSHIM_CLI_EXPLAIN_MAP_H
#define SUNSHIM_CLI_EXPLAIN_MAP_H

#include "load.h"

/* Maps the query's pathnames as the library would: by the innermost layer first, by each
 * once. Returns a line for each step, "mapped: FROM -> TO by FILE:LINE"; "" where none is
 * about them. An address that leads to a passed descriptor becomes unknown, with its bytes
 * as they were; notes say so. */
const char *explain_map(const struct loaded *layers, unsigned count, struct policy_query *q);

#endif

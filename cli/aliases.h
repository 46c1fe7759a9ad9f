/* The aliases of a run, its directory D/a (domain/alias.h). Private to cli/. */
#ifndef SUNSHIM_CLI_ALIASES_H
#define SUNSHIM_CLI_ALIASES_H

#include <stdbool.h>

#include "domain.h"

/* Makes the directory; in a nested run (`outer`: the directory of the run around it, or
 * NULL) a link to the outermost run's that this user may use, so that all processes
 * know an alias by the same name. 0, or 125 after saying why not. */
int aliases_make(const struct domain *d, const char *outer);

/* Whether a directory of that name is one of those that root's runs have beside their own. */
bool aliases_is_own(const char *name);

/* Opens it; -1 with errno. *path: its name with a slash behind it, of the directory that is meant. */
int aliases_open(const struct domain *d, const char **path);

/* Removes it from the directory of a run of which no process is left, and what binds that were cut
 * off left in the directories that they were for. A link goes, and not what it leads to.
 * False: something is left, because it is not ours or in doubt. */
bool aliases_erase(int run);

#endif

/* A short directory in the place of a long TMPDIR (--shorten). Programs that resolve
 * symbolic links would undo an alias, so it is a real one. Private to cli/. */
#ifndef SUNSHIM_CLI_TMPDIR_H
#define SUNSHIM_CLI_TMPDIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "domain.h"

struct tmpdir {
    char path[32]; /* "": none is needed */
    mode_t mode;
};

/* Where TMPDIR, TMP, TEMP or TEMPDIR names a directory by a long name, chooses a short one
 * and sets the variable to it in this process. 0, or 125 after saying why not. */
int tmpdir_choose(struct tmpdir *t);

/* Makes it. The run notes it first, so that whoever sweeps the run removes it, unless
 * it is to be kept. 0, or 125 after saying why not. */
int tmpdir_make(const struct tmpdir *t, const struct domain *d, bool keep);

/* Removes the one that a run, by its directory, has noted, with all that is in it. False:
 * something is left. */
bool tmpdir_erase(int run);

#endif

/* What happened in this run, counted for the summary of `sunshim run`
 * (domain/counts.h). Without a run nothing is counted. Async-signal-safe; errno is
 * left alone. */
#ifndef SUNSHIM_SHIM_TALLY_H
#define SUNSHIM_SHIM_TALLY_H

#include "domain/counts.h"

void tally(enum count which);
/* A program that is about to start and will not be seen. */
void tally_unseen(const char *path, const char *why);

#endif

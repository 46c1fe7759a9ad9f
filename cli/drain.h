/* The reading end of a run's queue of lines (domain/lines.h): a thread of the launcher takes the
 * records out, writes them to the log and hands them to those who watch. Private to cli/. */
#ifndef SUNSHIM_CLI_DRAIN_H
#define SUNSHIM_CLI_DRAIN_H

#include "run.h"

struct drain;

/* Maps the queue in the run's directory and says that this process reads it: before the command
 * starts. `log`: where records go (as environment_log() gives it), NULL: nowhere; TRACE records only
 * with `all`, the watches get them in any case, and so does the run around this one (its directory is
 * `outer`, NULL: none) if it traces. 0 or 125. */
int drain_open(struct drain **d, const struct domain *domain, const char *outer, const char *log, bool all,
               const struct run_watch *const *watches);

/* Starts the thread; all signals must be blocked. */
void drain_start(struct drain *d);

/* Takes what is left and reads no more: what other processes still write is not traced. Waits
 * for the thread. */
void drain_finish(struct drain *d);

#endif

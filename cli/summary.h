/* What happened in a run, in one line at its end. Private to cli/. */
#ifndef SUNSHIM_CLI_SUMMARY_H
#define SUNSHIM_CLI_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "domain.h"
#include "load.h"
#include "options.h"
#include "program.h"

/* Adds up what the processes of the run counted and its first program, if that is
 * not seen; tells the run around it (`outer`: its directory, or NULL); and says it,
 * if there is more to say than was said at the start; and which inject rules of `layers`,
 * the run's own, never fired. True when something was denied, leaked, truncated, not seen
 * or not injected (--error-exitcode). */
bool summary_say(const struct domain *d, const char *outer, const struct options *o, const struct program *first,
                 const struct loaded *layers);

/* An inject rule of the run: calls that it matched, and those that it broke. */
struct injected {
    const char *file;
    unsigned line;
    uint64_t hits, fired;
};
/* Tells of each of those in `layers`, in their order. */
void summary_injected(const struct domain *d, const struct loaded *layers, unsigned count,
                      void (*each)(void *ctx, const struct injected *), void *ctx);

#endif

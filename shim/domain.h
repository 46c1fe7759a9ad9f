/* The memories of the runs that this process is in (DESIGN "The domain"): its own
 * and those around it, mapped by the constructor. */
#ifndef SUNSHIM_SHIM_DOMAIN_H
#define SUNSHIM_SHIM_DOMAIN_H

#include "state.h"

/* Maps what the directory `path` (NULL: there is none) and those that its `outer`
 * leads to hold. Where a layer wants a memory and its run has none, one that lasts
 * until exec. Constructor only, after the layers are loaded. */
void domain_map(struct state *s, const char *path);

/* The counts of the run `up` runs further out, mapped as domain/counts.h has them; NULL: not to be
 * had. Constructor only. */
void *domain_counts(const struct state *s, const char *path, unsigned up);

/* How many runs; `up` counts from 0, the innermost. */
static inline unsigned domain_runs(void)
{
    return state->run_count;
}

/* NULL: this run has none. */
static inline const struct table *domain_table(unsigned up)
{
    return up < state->run_count && state->runs[up].table.at ? &state->runs[up].table : NULL;
}
static inline const struct ring *domain_ring(unsigned up)
{
    return up < state->run_count && state->runs[up].ring.at ? &state->runs[up].ring : NULL;
}

/* Some run remembers who bound what, or how sockets came to be. */
static inline bool domain_remembers(void)
{
    return state->remembers;
}
static inline bool domain_tracks(void)
{
    return state->tracks;
}

/* The calling process, without a system call but for the first time in it. A child
 * of vfork() counts as its parent: it runs the parent's code. */
struct claim_owner domain_self(void);
const char *domain_comm(void); /* 16 bytes, terminated */

/* Whether domain_note() was called in this process already. */
bool domain_noted(void);
void domain_note(void);

#endif

#include "tally.h"

#include "state.h"

void tally(enum count which)
{
    if (state->counts)
        counts_add(state->counts, which);
}

void tally_unseen(const char *path, const char *why)
{
    if (state->counts)
        counts_unseen(state->counts, path, why);
}

/* A line of a run's queue that was begun and is not ended: whether somebody still will. Private
 * to cli/. */
#ifndef SUNSHIM_CLI_STUCK_H
#define SUNSHIM_CLI_STUCK_H

#include <stdbool.h>

#include "domain/lines.h"

/* Zeroed at first. */
struct stuck {
    uint64_t which; /* line, and since when, milliseconds; 0: none */
    int64_t since;
};

/* Asked whenever the next line is not whole. True: it will never be; everybody waits behind it.
 * `last`: nobody waits any more, so that it is given up soon. */
bool stuck_for_good(struct stuck *s, const struct lines *l, struct claim_owner self, bool last);

#endif

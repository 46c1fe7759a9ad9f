/* What every layer grants whatever the circumstances, found once so that calls
 * which cannot be refused cost nothing. */
#ifndef SUNSHIM_SHIM_FREE_H
#define SUNSHIM_SHIM_FREE_H

#include "state.h"

/* Fills free_families, free_always, free_created and autobind_matters from the
 * layers. */
void free_find(struct state *s);

#endif

/* Room for what does not belong on a 16 KiB stack: long names and records. */
#ifndef SUNSHIM_SHIM_SCRATCH_H
#define SUNSHIM_SHIM_SCRATCH_H

#include <stddef.h>

#define SCRATCH_SIZE 12288 /* a record, a path, and room to put their parts together */

/* Takes a buffer of SCRATCH_SIZE bytes: one of a few that are part of the
 * library, or a fresh mapping when all are taken. NULL when there is no memory.
 * Lock-free and async-signal-safe; a signal handler that jumps out of the
 * middle strands one buffer. */
char *scratch_take(void);
void scratch_give(char *buffer);

#endif

/* From what was typed to the sockets that are meant. Private to cli/who*.c. */
#ifndef SUNSHIM_CLI_WHO_FIND_H
#define SUNSHIM_CLI_WHO_FIND_H

#include "who.h"

/* Fill in the answer: what was found, a process or a run. 0, 1 where there is no
 * such thing (after saying so), 125. */
int find_anything(struct answer *a, const char *operand);
int find_process(struct answer *a, const char *pid);
void find_runs(struct answer *a);

#endif

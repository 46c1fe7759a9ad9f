/* The calls of a run that traces, told to the run around it as well, if that one traces, too.
 * Private to cli/. */
#ifndef SUNSHIM_CLI_RELAY_H
#define SUNSHIM_CLI_RELAY_H

#include <stddef.h>

#include "domain/claim.h"

struct relay;

/* The innermost run that traces, from the one in directory `outer` on outwards. NULL: there is none. */
struct relay *relay_open(const char *outer, struct claim_owner self);

/* Waits while there is no room and somebody reads there. */
void relay_put(struct relay *r, const char *line, size_t len);

#endif

/* Sockets that came across exec: judged, cut and put on record before main(). */
#ifndef SUNSHIM_SHIM_INHERIT_H
#define SUNSHIM_SHIM_INHERIT_H

#include "environment.h"
#include "state.h"

/* Looks at every open socket without FD_CLOEXEC where a policy names `inherit` or
 * the run tracks sockets. What a policy refuses becomes /dev/null, so that the
 * number is not reused by accident. Constructor only, when all else is ready. */
void inherit_judge(const struct state *s, const struct environment *env);

#endif

/* The rule that would allow a call, ready to be pasted into a policy. */
#ifndef SUNSHIM_POLICY_HINT_H
#define SUNSHIM_POLICY_HINT_H

#include "policy.h"
#include "text.h"

/* Appends the narrowest short rule that allows `q`, with its comma, in the
 * syntax of sunshim-policy(5):
 *
 *     unix (autobind) type=dgram,
 *     unix (connect) peer=(addr=/run/x.sock),
 *     network (connect) inet stream peer=(ip=127.0.0.1 port=80),
 *
 * It holds no blank or quote that stands for itself in a name: whatever is not
 * a plain character is written \xHH, so that the rule means exactly that name
 * and can itself stand between quotes. Facts the query lacks are left out.
 * False, and nothing appended, where the language has no word for the family.
 * Look at t->full: a rule that was cut short means something else.
 * Async-signal-safe. */
bool policy_hint(struct text *t, const struct policy_query *q);

/* Appends a name as a policy writes it: none, auto, @abstract or /pathname. False
 * for other kinds and for a pathname that was not resolved. */
bool policy_hint_name(struct text *t, const struct policy_addr *addr);

#endif

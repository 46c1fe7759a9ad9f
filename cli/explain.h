/* The parts of `sunshim explain`. Private to cli/. */
#ifndef SUNSHIM_CLI_EXPLAIN_H
#define SUNSHIM_CLI_EXPLAIN_H

#include "load.h"
#include "query.h"

enum { QUESTIONS_MAX = 256 };

struct explanation {
    struct options options;
    struct loaded layers[LAYERS_MAX];
    unsigned layer_count;
    struct asked asked[QUESTIONS_MAX];
    int asked_count;
    const char *foreign; /* the profile of a record that no policy has */
    const char *mapped;  /* what map rules made of the names, as lines */
};

/* explain_answer.c */

/* Prints the answer to one question, `q`, which was made of `a`: verdict, rule, errno, notes.
 * 0 allowed, 1 denied. */
int explain_answer(const struct explanation *e, const struct asked *a, const struct policy_query *q);

/* explain_why.c */

/* Prints the allow rules that come nearest to a denied question, and why each does not apply. */
void explain_nearest(const struct policy *p, const struct policy_query *q);

/* Prints what rules ask for and was not given in a denied question, and the rule that would allow it. */
void explain_remedy(const struct policy *p, const struct policy_query *q, const struct asked *a, bool explicit_deny);

/* The key of the port that the answer may hang on and that was not given; NULL: none. */
const char *explain_port_missing(const struct policy_query *q, const struct asked *a);

/* explain_print.c */

/* Prints "HEAD: FILE:LINE: TEXT" and `tail` on one line; "HEAD: none" for POLICY_RULE_NONE. */
void explain_rule(const char *head, const struct policy *p, uint32_t rule, const char *tail);

/* Prints a line of head, name and tail; control characters of the name as '?'. */
void explain_line(const char *head, const char *name, const char *tail);

#endif

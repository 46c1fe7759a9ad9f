/* What a run must and must not do (--expect): lines `must RULE,` and `must not RULE,` in the
 * syntax of rules, compared with the calls that are traced. Private to cli/. */
#ifndef SUNSHIM_CLI_EXPECT_H
#define SUNSHIM_CLI_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "policy/policy.h"
#include "records.h"
#include "verdicts.h"

enum { EXPECTATIONS_MAX = 1000 };

struct expectation {
    const char *file;
    unsigned line;
    const char *text;     /* on one line */
    bool forbidden;       /* must not */
    bool not_unix;        /* `network` that names no family */
    struct policy policy; /* that rule alone, allowed */

    uint64_t done, tried; /* calls that match: those that worked, and all */
    char *first;          /* the first of those that count, or the first that failed */
    enum policy_miss near_miss;
    char *near;           /* the call that came nearest */
};

struct expectations {
    struct expectation at[EXPECTATIONS_MAX];
    unsigned count;
};

/* Adds those in the file `path`. 0, or 125 after showing every error in it. */
int expect_read(struct expectations *e, const struct options *o, const char *path);

/* expect_never.c: why no call can match the only rule of a policy that is without errors,
 * on this machine, and what to write instead, or NULL; NULL: some call may. */
const char *expect_never(const struct policy_input *in, const char **suggestion);

/* Whether a rule of it is about inherit, of which nothing is known without --track. */
bool expect_inherits(const struct policy_input *in);

/* A record of the run. */
void expect_see(struct expectations *e, struct record *r);

/* A case for each. `unseen`: a program that ran and is not seen, or NULL: then nobody knows
 * that something was not done. */
void expect_judge(const struct expectations *e, const char *unseen, struct verdicts *v);

#endif

/* Private to cli/learn*.c. */
#ifndef SUNSHIM_CLI_LEARN_TRIAL_H
#define SUNSHIM_CLI_LEARN_TRIAL_H

#include "learn.h"

/* A policy on trial. There are many, so what they take is given back. */
struct trial {
    struct policy policy;
    struct chunk *memory;
};

/* `text` as what `old` would become. */
struct policy_input trial_input(const struct policy_input *around, const struct old_policy *old, const char *text);
/* 0 or a negative errno; trial_end() either way. */
int trial_compile(struct trial *t, const struct policy_input *in);
/* 0, or 125 after what is wrong was said. */
int trial_begin(struct trial *t, const struct policy_input *around, const struct old_policy *old, const char *text);
void trial_end(struct trial *t);
/* Whether the call would be made; `v` is written unless no profile can be chosen. */
bool trial_passes(struct policy *p, const struct fact *f, struct policy_verdict *v);

#endif

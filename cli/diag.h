/* Diagnostics as gcc prints them. Private to cli/. */
#ifndef SUNSHIM_CLI_DIAG_H
#define SUNSHIM_CLI_DIAG_H

#include "policy/policy.h"

struct diag_count {
    unsigned errors, warnings, notes;
};

/* For policy_input.report: writes to stderr, in colour where that is a terminal
 * and NO_COLOR is not set. `ctx` is a struct diag_count to count in, or NULL. */
void diag_print(void *ctx, const struct policy_diag *d);

/* One without a place in the text: "FILE: error: MESSAGE". */
void diag_file(const char *file, enum policy_severity severity, const char *message);

#endif

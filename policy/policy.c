#include "rule.h"

#include <errno.h>

static void report_failure(const struct policy_input *in, int err)
{
    struct policy_diag d = {
        .severity = POLICY_ERROR,
        .file = in->name,
        .width = 1,
        .source = "",
        .message = err == -ENOMEM ? "out of memory" : "the compiled policy is too large",
    };

    if (in->report)
        in->report(in->report_ctx, &d);
}

int policy_compile(const struct policy_input *in, struct arena *arena, const void **blob, size_t *len)
{
    struct ruleset rules;
    int err = policy_parse(in, arena, &rules);

    if (err)
        return err;
    err = policy_layout(&rules, (in->flags & POLICY_INPUT_KEEP_TEXT) != 0, arena, blob, len);
    if (!err)
        return 0;
    report_failure(in, err);
    return err == -ENOMEM ? err : -EINVAL;
}

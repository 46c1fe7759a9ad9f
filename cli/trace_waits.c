/* --waiting: lines about calls that have not returned. */
#include "trace.h"

bool trace_waits(const struct record *r)
{
    return record_is(r, "WAITING") || record_is(r, "UNFINISHED");
}

/* What has no result yet is neither a success nor a failure. */
static bool chosen(const struct trace_choice *c, const struct record *r)
{
    struct trace_choice choice = *c;

    choice.failed = choice.succeeded = false;
    return c->failed == c->succeeded && trace_chosen(&choice, r);
}

void trace_wait(struct trace_output *t, const struct trace_choice *c, const struct record *r)
{
    if (!chosen(c, r))
        return;
    trace_line(&t->ink, r, NULL);
    trace_out_write(t);
}

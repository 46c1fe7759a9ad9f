/* Wrong verdicts about inside and outside, and crashes, that a second reader of the
 * memory of runs found. */
#include <string.h>

#include "tests/e2e/harness.h"

/* What follows runs outside; $T/scoped and what comes after it inside. */
static struct run script(const char *rule, const char *commands)
{
    put("scoped", text("#!/bin/sh\nexec \"$SUNSHIM\" run --log /dev/null --rule '%s' \"$@\"\n", rule));
    return run(text("chmod +x $T/scoped; sk() { \"$N/sk\" \"$@\"; }\n%s", commands));
}

#define SCOPE "scope pathname abstract,"

StockTest(review3, a_second_autobind_takes_no_name_over)
{
    struct run r = script(SCOPE, "sk 'socket unix stream' \"bind @$T/outer\" listen \"exec $T/scoped $N/sk\" 'use 3' 'bind auto' "
                                 "'socket unix stream' \"connect @$T/outer\" | tail -n 3");
    check_out(r, text("bind auto -> 0\nsocket unix stream -> 4\nconnect @%s/outer -> -1 EPERM\n", scratch()));
    r = script(SCOPE, "$T/scoped \"$N/sk\" 'socket unix stream' 'bind auto' 'bind auto' listen | tail -n 2");
    check_out(r, "bind auto -> 0\nlisten -> 0\n");
}

StockTest(review3, control_data_that_leads_out_of_itself)
{
    struct run r = script(SCOPE, "\"$N/review3\" long-control; echo; $T/scoped \"$N/review3\" long-control");
    check_status(r, 0);
    check_out(r, "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL \nEINVAL EINVAL EINVAL EINVAL EINVAL EINVAL ");
}

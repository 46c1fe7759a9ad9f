/* What a newcomer runs into: odd options, odd surroundings, odd names. */
#include <string.h>

#include "tests/e2e/harness.h"

/* --- env: the variables are for later and elsewhere --------------------------- */

StockTest(breaker, env_makes_no_log_file)
{
    struct run r = run("cd $T; $SUNSHIM env --log rec | grep SUNSHIM_LOG; test ! -e rec\n"
                       "$SUNSHIM env --log /nowhere/rec | grep SUNSHIM_LOG");

    check_status(r, 0);
    check_out(r, text("SUNSHIM_LOG=%s/rec\nSUNSHIM_LOG=/nowhere/rec\n", scratch()));
}

StockTest(breaker, env_names_a_journal_and_descriptors_that_are_not_here)
{
    struct run r = run("unshare -m sh -c 'mount -t tmpfs none /run && $SUNSHIM env --log journal' | grep SUNSHIM_LOG\n"
                       "$SUNSHIM env --log fd:77 | grep SUNSHIM_LOG");

    check_status(r, 0);
    check_out(r, "SUNSHIM_LOG=journal\nSUNSHIM_LOG=fd:77\n");
}

StockTest(breaker, env_refuses_a_log_that_is_none_anywhere)
{
    struct run r = run("for log in fd:x fd: ''; do $SUNSHIM env --log \"$log\" || echo $?; done");

    check_out(r, "125\n125\n125\n");
}

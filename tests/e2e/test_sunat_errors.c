/* libsunat's calls answer as bind, connect and sendmsg do, wherever a path starts and however long it is: 58 kinds of
 * paths, 6 calls, 4 directories, 6 starts. */
#include "tests/e2e/sunat_ways.h"

static void compare(const char *as, const char *program)
{
    put("rules.policy", "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    struct run r = run(text("mkdir d; chmod 777 d; %s %s $T/d; ls -A d", as, program));
    check_status(r, 0);
    check_out(r, "as it should be, 8352 times\n");
}

#define NOBODY "$([ $(id -u) != 0 ] || echo setpriv --reuid=65534 --regid=65534 --clear-groups)"

Test(sunat_errors, alone)
{
    compare("", "$N/sunat_errors");
}

Test(sunat_errors, without_privileges)
{
    compare(NOBODY, "$N/sunat_errors");
}

Test(sunat_errors, under_rules)
{
    compare("env SUNSHIM_POLICY=$T/rules.policy $PRELOAD", "$P/sunat_errors");
}

StockTest(sunat_errors, in_a_run)
{
    compare("$SUNSHIM run --", "$N/sunat_errors");
}

StockTest(sunat_errors, without_privileges_in_a_run_with_rules)
{
    compare(NOBODY " $SUNSHIM run -p $T/rules.policy --", "$N/sunat_errors");
}

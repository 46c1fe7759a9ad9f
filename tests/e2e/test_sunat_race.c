/* libsunat while others are busy: threads that change the working directory, users that watch for scratch names
 * (tests/progs/sunat_race.c). */

#include "tests/e2e/harness.h"

static void check(const char *how)
{
    put("rules.policy", "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    struct run r = run(text("mkdir -p d; %s; ls -A d", how));
    check_out(r, "as it should be\n");
}

Test(sunat_race, threads_that_change_directory)
{
    check("$N/sunat_race chdir $T/d");
    check("env SUNSHIM_POLICY=$T/rules.policy $PRELOAD $P/sunat_race chdir $T/d");
}

Test(sunat_race, another_user_in_a_sticky_directory)
{
    need_root();
    check("$N/sunat_race sticky $T/d 1000");
    check("env SUNSHIM_POLICY=$T/rules.policy $PRELOAD $P/sunat_race sticky $T/d 200");
}

Test(sunat_race, another_user_who_may_take_names_away)
{
    need_root();
    check("$N/sunat_race open $T/d 300");
}

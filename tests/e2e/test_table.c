/* The memory of a run under attack: many writers at once, and writers killed. What
 * the program says of lost and torn entries is explained there. */
#include "tests/e2e/harness.h"

#define WHOLE "read yes torn 0 lost 0 refused 0 full 1024 of 1024, 256 of 256 counted yes\n"

static void check_kills(int times)
{
    struct run r = run(text("\"$%s/tablestorm\" kill %d", TEST_SANITIZED ? "P" : "N", times));
    check_status(r, 0);
    check_out(r, "half way yes\n" WHOLE);
}

/* Ten thousand in all, where the programs are not instrumented. */
enum { KILLS = TEST_SANITIZED ? 300 : 2500 };

Test(table_storm, survives_a_quarter_of_the_kills, .timeout = 120) { check_kills(KILLS); }
Test(table_storm, survives_another_quarter, .timeout = 120) { check_kills(KILLS); }
Test(table_storm, survives_a_third_quarter, .timeout = 120) { check_kills(KILLS); }
Test(table_storm, survives_all_ten_thousand_kills, .timeout = 120) { check_kills(KILLS); }

Test(table_storm, keeps_what_many_threads_write, .timeout = 120)
{
    struct run r = run(text("\"$P/tablestorm\" threads %d", TEST_SANITIZED ? 5000 : 100000));
    check_status(r, 0);
    check_out(r, WHOLE);
}

/* More names than there are slots; the sockets that had them are closed. Of one
 * thread, and slow where each access is watched: in the plain build. */
StockTest(table_storm, is_never_full_of_closed_sockets, .timeout = 120)
{
    struct run r = preloaded("network,\ndeny network (connect) peer=(scope=outside),\n", "\"$P/binder\" 140000");
    check_out(r, "140000\n");
    check_lacks(r, err, "sunshim=");
}

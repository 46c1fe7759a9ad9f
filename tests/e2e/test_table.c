/* The memory of a run under attack: many writers at once, and writers killed. What
 * the program says of lost and torn entries is explained there. */
#include "tests/e2e/harness.h"

#define WHOLE "read yes torn 0 lost 0 refused 0 full 1024 of 1024\n"

Test(table_storm, survives_ten_thousand_kills, .timeout = 120)
{
    struct run r = run(text("\"$%s/tablestorm\" kill %d", TEST_SANITIZED ? "P" : "N", TEST_SANITIZED ? 600 : 10000));
    check_status(r, 0);
    check_out(r, "half way yes\n" WHOLE);
}

Test(table_storm, keeps_what_many_threads_write, .timeout = 120)
{
    struct run r = run(text("\"$P/tablestorm\" threads %d", TEST_SANITIZED ? 8000 : 200000));
    check_status(r, 0);
    check_out(r, WHOLE);
}

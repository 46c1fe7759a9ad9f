/* No line of a trace is lost or torn, however many processes write at once: linestorm makes calls
 * whose names it then looks for, one by one. */
#include <string.h>

#include "tests/e2e/harness.h"

static void check_whole(const struct run *r, unsigned lines)
{
    cr_assert_eq(r->status, 0, "%s", run_report(r));
    check_has(*r, out, text("%u lines, 0 missing, 0 twice, 0 torn\n", lines));
}

StockTest(trace_storm, loses_and_tears_no_line_of_fifty_processes, .timeout = 120)
{
    struct run r = run("\"$SUNSHIM\" trace -o $T/out -- \"$N/linestorm\" 50 10000; \"$N/linestorm\" check $T/out 50 10000");
    check_whole(&r, 500000);
}

StockTest(trace_storm, loses_and_tears_no_line_of_json, .timeout = 120)
{
    struct run r = run("\"$SUNSHIM\" trace --json -o $T/out -- \"$N/linestorm\" 50 4000; \"$N/linestorm\" check $T/out 50 4000");
    check_whole(&r, 200000);
}

StockTest(trace_storm, loses_and_tears_no_line_of_a_log, .timeout = 120)
{
    struct run r = run("\"$SUNSHIM\" run --trace --log $T/out -- \"$N/linestorm\" 50 4000; \"$N/linestorm\" check $T/out 50 4000");
    check_whole(&r, 200000);
}

/* A reader that is slow, or stops for a while, makes the programs wait, and that is all. */
StockTest(trace_storm, waits_for_a_slow_reader, .timeout = 120)
{
    struct run r = run("mkfifo slow; { sleep 1; cat; } <slow >$T/out & "
                       "\"$SUNSHIM\" trace -o slow -- \"$N/linestorm\" 50 1000; wait; \"$N/linestorm\" check $T/out 50 1000");
    check_whole(&r, 50000);
}

/* The checker would notice. */
Test(trace_storm, notices_lines_that_are_lost_doubled_or_torn)
{
    static const char line[] = "03:02:11.481223 4711 app connect(3, \"@storm/0/%u/%s\") = -1 ECONNREFUSED (Connection refused) <0.000021>\n";
    char *zero = text(line, 0u, ""), *one = text(line, 1u, "x");

    put("log", text("%s%s", zero, one));
    struct run r = run("\"$N/linestorm\" check $T/log 1 2");
    check_whole(&r, 2);
    put("log", zero);
    r = run("\"$N/linestorm\" check $T/log 1 2");
    check_has(r, out, "1 lines, 1 missing, 0 twice, 0 torn\n");
    put("log", text("%s%s%s", zero, one, one));
    r = run("\"$N/linestorm\" check $T/log 1 2");
    check_has(r, out, "3 lines, 0 missing, 1 twice, 0 torn\n");
    put("log", text("%s%.60s\n", zero, one));
    r = run("\"$N/linestorm\" check $T/log 1 2");
    check_has(r, out, "2 lines, 1 missing, 0 twice, 1 torn\n");
}

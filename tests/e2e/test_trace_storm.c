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

/* The command writes to the same pipe, which is full most of the time. */
StockTest(trace_storm, no_line_is_torn_by_what_the_command_writes, .timeout = 120)
{
    struct run r = run("mkfifo slow; { sleep 0.3; cat; } <slow >$T/all & "
                       "\"$SUNSHIM\" trace -- sh -c '\"$0\" 8 2000 2>&1 & n=0; while test $n -lt 20000; do echo \"line $n of it\"; n=$((n + 1)); done; wait' "
                       "\"$N/linestorm\" >slow 2>&1; wait; grep -v -e '^line ' -e ' a second' $T/all >$T/out; "
                       "grep -cx 'line [0-9]* of it' $T/all; \"$N/linestorm\" check $T/out 8 2000");
    check_whole(&r, 16000);
    check_has(r, out, "20000\n");
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

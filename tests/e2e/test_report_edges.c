/* sunshim report: odd names in graphs, odd names of rules, and records that come late or say no time. */
#include <string.h>

#include "tests/e2e/harness.h"

#define AT(second) "time=2026-01-31T03:02:" second ".000000Z "
#define DENIED(operation, name) \
    "sunshim=\"DENIED\" operation=\"" operation "\" pid=7 ppid=1 comm=\"a\" exe=\"/bin/a\" family=\"unix\" sock_type=\"stream\" " \
    "requested=\"" operation "\" addr=\"" name "\" errno=EACCES rule=none\n"

/* Graphviz reads &...; and backslashes. */
Test(report_edges, names_in_a_graph_are_what_they_are)
{
    put("log", AT("11") DENIED("bind", "/x&lt;\\\\n\\x0a"));
    struct run r = run("\"$SUNSHIM\" report --dot $T/log");

    check_has(r, out, "label=\"/x&amp;lt;\\\\\\\\n\\\\x0a\\nunix stream\"");
}

Test(report_edges, rules_are_in_files_with_any_name)
{
    put("log", "sunshim=\"TRACE\" operation=\"bind\" pid=7 comm=\"a\" rules=\"a:1b,c.policy:3,d:2\"\n");
    struct run r = run("\"$SUNSHIM\" report --json $T/log");

    check_has(r, out, "{\"file\":\"a:1b,c.policy\",\"line\":3,");
    check_has(r, out, "{\"file\":\"d\",\"line\":2,");
}

/* What a record says goes with it where it belongs. */
Test(report_edges, records_out_of_order_are_put_in_order)
{
    put("log", AT("12") DENIED("bind", "/b") AT("11") DENIED("listen", "/a"));
    struct run r = run("\"$SUNSHIM\" report --json $T/log");
    const char *listen = strstr(r.out, "\"first_us\":1769828531000000,\"last_us\":1769828531000000"),
               *bind = strstr(r.out, "\"first_us\":1769828532000000,\"last_us\":1769828532000000");

    cr_assert(listen && bind, "%s", run_report(&r));
    cr_assert(strstr(strstr(listen, "\"operation\""), "\"operation\":\"listen\"") == strstr(listen, "\"operation\""), "%s", run_report(&r));
    cr_assert(strstr(strstr(bind, "\"operation\""), "\"operation\":\"bind\"") == strstr(bind, "\"operation\""), "%s", run_report(&r));
}

/* It came behind what stands before it in its log. */
Test(report_edges, records_without_a_time)
{
    put("one", AT("11") DENIED("bind", "/a") DENIED("listen", "/a"));
    put("two", DENIED("connect", "/c"));
    struct run r = run("\"$SUNSHIM\" report --json $T/one; \"$SUNSHIM\" report --json $T/two; \"$SUNSHIM\" report --json $T/one $T/two");

    cr_assert_eq(lines_with(r.out, "\"first_us\"", NULL), 2, "%s", run_report(&r));
    int times = 0;
    for (const char *at = r.out; (at = strstr(at, "\"first_us\":1769828531000000")); at++)
        times++;
    cr_assert_eq(times, 3 + 2, "%s", run_report(&r));
}

/* The page of sunshim report: whether it can be read, as tests/report/looks.py judges it. */
#include "tests/e2e/harness.h"

#define SAMPLE "/usr/bin/python3 $TOP/tests/report/sample.py >log; "
#define LONG "/very/long/directory/of/a/test/that/has/its/own/"
#define CALL(time, call, more) \
    "echo 'time=" time " sunshim=\"TRACE\" operation=\"" call "\" class=\"net\" profile=\"-\" pid=7 ppid=1 comm=\"a\" exe=\"/a\" " \
    "family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"" call "\" " more " fd=3 result=0 duration_ns=5' >>log; "
#define BIND(time, name) CALL(time, "bind", "addr=\"" name "\"")

#define LOOKS(name, make) \
    StockTest(report_looks, name) \
    { \
        struct run r = run("cd $T; cp $TOP/tests/report/sample.policy .; " make "$SUNSHIM report ${logs-log} --html page.html; " \
                           "/usr/bin/python3 -B $TOP/tests/report/looks.py " #name " page.html"); \
        check_status(r, 0); \
        check_out(r, "good\n"); \
    }

LOOKS(contrast, SAMPLE)
LOOKS(marks, SAMPLE)
LOOKS(nothing, "echo not a record >log; logs='log log log log log log log log log log log'; ")
LOOKS(unused, ": >log; logs='log -p ./sample.policy'; ")
LOOKS(first, SAMPLE)
LOOKS(labels, BIND("2026-01-31T03:00:00.000000Z", LONG "first.sock") BIND("2026-01-31T03:00:00.000001Z", LONG "second.sock")
                  BIND("2026-01-31T03:00:00.000002Z", "/run/app.sock"))
LOOKS(screens, SAMPLE)
LOOKS(wheel, "/usr/bin/python3 $TOP/tests/report/sample.py 2000 >log; ")
LOOKS(time, BIND("2026-01-31T03:00:00.000000Z", "/run/a") BIND("2026-01-31T03:00:00.500000Z", "/run/a")
                BIND("2026-02-02T04:00:00.000000Z", "/run/a") BIND("2026-02-02T04:00:05.000000Z", "/run/a"))
LOOKS(paper, SAMPLE)
LOOKS(names, SAMPLE)
LOOKS(scriptless, SAMPLE)

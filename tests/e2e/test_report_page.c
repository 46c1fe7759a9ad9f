/* The page of sunshim report, opened in a browser that tests/report/page.py uses as a person would. */
#include "tests/e2e/harness.h"

#define PAGE(name, make) \
    StockTest(report_page, name) \
    { \
        struct run r = run("cd $T; cp $TOP/tests/report/sample.policy .; /usr/bin/python3 $TOP/tests/report/sample.py " make \
                           " >log; $SUNSHIM report log --html page.html; /usr/bin/python3 -B $TOP/tests/report/page.py " #name " page.html"); \
        check_status(r, 0); \
        check_out(r, "good\n"); \
    }

PAGE(searches, "")
PAGE(filters, "")
PAGE(node, "")
PAGE(keys, "")
PAGE(dark, "")
PAGE(narrow, "")
PAGE(hostile, "")
PAGE(offline, "")
PAGE(big, "100000")

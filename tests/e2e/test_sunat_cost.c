/* What libsunat's calls cost: system calls beside those of bind and connect, as strace counts them. What is not in a loop
 * (ld.so, finding out about /proc) is in both runs of a program and cancels out. */
#include <stdlib.h>

#include "tests/e2e/harness.h"

static long total(const char *with, const char *what, int count)
{
    struct run r = run(text("mkdir d; strace -f -c -o sum %s \"$N/sunat_cost\" %s d %d && awk '$NF == \"total\" {print $4}' sum; rm -r d", with,
                            what, count));
    check_status(r, 0);
    cr_assert_gt(atol(r.out), 0, "%s", run_report(&r));
    return atol(r.out);
}

/* Of a hundred calls, so that what is done once in a while counts, too. */
static long of_hundred(const char *with, const char *what)
{
    return total(with, what, 110) - total(with, what, 10);
}

static void check_more(const char *what, const char *than, long calls)
{
    long more = of_hundred("", what) - of_hundred("", than);

    cr_expect_eq(more, 100 * calls, "%s: %ld calls in a hundred more than %s", what, more, than);
}

StockTest(sunat_cost, below_a_descriptor_as_many_calls_as_with_a_path)
{
    check_more("sunat_bind", "bind", 0);
    check_more("sunat_connect", "connect", 0);
    check_more("pin", "connect", 0);
}

/* The file is opened, looked at, closed. */
StockTest(sunat_cost, three_calls_more_where_links_are_not_followed)
{
    check_more("nofollow", "connect", 3);
}

/* The whole path, which is too long; then the file is opened, and closed. */
StockTest(sunat_cost, three_calls_more_for_a_long_path)
{
    check_more("deep", "connect", 3);
}

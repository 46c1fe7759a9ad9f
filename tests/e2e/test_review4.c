/* What a second reader of long names found: verdicts passed over, calls that answered
 * otherwise than the kernel, threads that got in each other's way. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define CASE(name) "rm -rf $T/d; mkdir $T/d; env $PRELOAD \"$P/review4\" " name " $T/d"

/* A rule may give the errno that the library itself gets without a free descriptor. */
Test(review4, a_denial_with_emfile_is_a_denial)
{
    struct run r = preloaded("allow all,\ndeny unix (autobind) errno=EMFILE,", CASE("verdicts"));
    check_out(r, "ok ok ok EMFILE ");
    cr_assert(lines_with(r.err, "DENIED", NULL) == 1 && !strstr(r.err, "HINT"), "%s", run_report(&r));
    r = preloaded("allow all,\ndeny unix (connect) errno=EMFILE,", CASE("verdicts"));
    check_out(r, "ok ok EMFILE EMFILE ");
    cr_assert(lines_with(r.err, "DENIED", NULL) == 2 && !strstr(r.err, "HINT"), "%s", run_report(&r));
    r = preloaded("allow all,\ndeny unix (bind) addr=/** errno=EMFILE,", CASE("verdicts"));
    check_out(r, "EMFILE EINVAL ENOENT ENOENT ");
    cr_assert(lines_with(r.err, "DENIED", NULL) == 1 && !strstr(r.err, "HINT"), "%s", run_report(&r));
}

Test(review4, a_receive_without_a_name_is_judged_whatever_its_length)
{
    struct run r = preloaded(text("allow all,\ndeny unix (receive) peer=(addr=%s/d/sender),", scratch()), CASE("unnamed"));
    check_out(r, "EAGAIN ");
    r = run("mkdir $T/n; \"$N/review4\" unnamed $T/n");
    check_out(r, "ok ");
}

Test(review4, receives_answer_as_the_kernel_while_names_are_read_back)
{
    struct run native = run("mkdir $T/n; \"$N/review4\" receives $T/n"), r = preloaded("allow all,\nmap /short/ -> /long/,", CASE("receives"));
    check_status(r, 0);
    cr_assert(strlen(native.out) > 10, "%s", run_report(&native));
    check_out(r, native.out);
}

Test(review4, signals_and_timeouts_end_what_a_helper_waits_for)
{
    struct run r = preloaded(NULL, CASE("waiting"));
    check_status(r, 0);
    check_out(r, "EAGAIN EINTR 3600 ok caught ");
}

Test(review4, a_thread_is_cancelled_while_a_helper_waits)
{
    struct run r = preloaded(NULL, CASE("cancelled"));
    check_out(r, "cancelled cancelled cancelled cancelled ");
    r = preloaded("allow all,\ndeny unix (connect) peer=(addr=/nowhere),", CASE("cancelled"));
    check_out(r, "cancelled cancelled cancelled cancelled ");
}

/* The helper gives up one number of its table, and must not send that one. */
Test(review4, a_helper_sends_the_descriptor_it_is_told)
{
    struct run r = preloaded("allow all,\ndeny unix (send) peer=(addr=/nowhere),", CASE("passing"));
    check_out(r, "ok same ok same ");
    r = preloaded(NULL, CASE("passing"));
    check_out(r, "ok same ok same ");
}

Test(review4, what_waits_is_audited_once)
{
    struct run r = preloaded("allow all,\naudit unix (connect) peer=(addr=/**),", CASE("waiting"));
    check_out(r, "EAGAIN EINTR 3600 ok caught ");
    /* the first, twenty and one that signals end, one for each line above */
    cr_assert(lines_with(r.err, "AUDIT", NULL) == 1 + 20 + 3, "%s", run_report(&r));
}

Test(review4, threads_are_not_told_each_others_names)
{
    struct run r = preloaded(NULL, CASE("names"));
    check_status(r, 0);
    check_out(r, "done ");
    check_lacks(r, err, "WARNING");
}

/* Short names and what children are to keep, together. */
StockTest(review4, an_exec_from_a_small_stack_has_room)
{
    for (int count = 640; count <= 1040; count += 50) {
        struct run r = run(text("mkdir -p $T/d; \"$SUNSHIM\" run --shorten -- \"$P/review4\" exec $T/d %d", count));
        check_status(r, 0);
        check_out(r, "0 ");
    }
}

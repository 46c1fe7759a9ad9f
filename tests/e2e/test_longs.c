/* Overlong names in every call, whole (DESIGN "Overlong paths", 1). */
#include "harness.h"

/* $L: a directory whose name alone does not fit sun_path. */
#define LONG "L=$T/$(seq -s d 50); mkdir -p $L; "
#define BARE LONG "run() { env $PRELOAD \"$@\"; }; "
#define IN_RUN LONG "run() { \"$SUNSHIM\" run \"$@\"; }; "

static void check_all(const char *how, const char *script, const char *want)
{
    struct run r = run(text("%s%s", how, script));

    check_status(r, 0);
    check_out(r, want);
}

Test(longs, every_length_in_every_call)
{
    struct run r = run("mkdir base; env $PRELOAD \"$P/longs\" lengths $T/base bare; find base -type s -o -name '.sunshim*'");

    check_status(r, 0);
    check_out(r, "all lengths\n");
}

StockTest(longs, every_length_in_every_call_of_a_run)
{
    struct run r = run("mkdir base; \"$SUNSHIM\" run \"$P/longs\" lengths $T/base; ls -A base | wc -l; find base -type s -o -name '.sunshim*'");

    check_status(r, 0);
    check_has(r, out, "all lengths\n");
    check_lacks(r, out, "base/");
}

StockTest(longs, every_length_under_path_rules)
{
    struct run r = under("unix,\nunix peer=(addr=/**),\n", "mkdir base; \"$P/longs\" lengths $T/base");

    check_status(r, 0);
    check_has(r, out, "all lengths\n");
}

/* The same calls on a short directory, natively, say what a long one must say. */
static void same_errors(const char *how)
{
    struct run r = run(text(LONG "mkdir short; \"$N/longs\" fixture short; \"$N/longs\" fixture $L\n"
                            "\"$N/longs\" errors $T/short >native; %s \"$P/longs\" errors $L >ours; diff native ours; test $(wc -l <native) -gt 290 && echo all the same", how));

    check_status(r, 0);
    check_out(r, "all the same\n");
}

Test(longs, errors_are_those_of_a_short_name)
{
    same_errors("env $PRELOAD");
}

StockTest(longs, errors_are_those_of_a_short_name_in_a_run)
{
    same_errors("\"$SUNSHIM\" run");
}

StockTest(longs, errors_are_those_of_a_short_name_under_rules)
{
    same_errors("\"$SUNSHIM\" run --rule 'deny unix peer=(addr=/nowhere/else),'");
}

StockTest(longs, room_is_never_overrun)
{
    check_all(IN_RUN, "run \"$P/longs\" room $L/s", "every room\n");
}

StockTest(longs, a_thread_with_a_table_of_its_own)
{
    check_all(BARE, "run \"$P/longs\" where $L/s table", "served\n");
    check_all(IN_RUN, "run \"$P/longs\" where $L/s table", "served\n");
}

Test(longs, after_the_main_thread_has_ended)
{
    check_all(BARE, "run \"$P/longs\" where $L/s main", "served\n");
}

StockTest(longs, without_a_free_descriptor)
{
    check_all(BARE, "run \"$P/longs\" where $L/s full", "served\n");
    check_all(IN_RUN, "run \"$P/longs\" where $L/s full", "served\n");
}

StockTest(longs, without_a_free_descriptor_under_rules)
{
    struct run r = under("unix,\nunix peer=(addr=/**),\n", LONG "\"$P/longs\" where $L/s full");

    check_status(r, 0);
    check_out(r, "served\n");
}

/* --- A directory that disappears ------------------------------------------------------- */

Test(longs, a_directory_that_is_gone_is_on_record)
{
    struct run r = run(LONG "env $PRELOAD \"$P/longs\" where $L/gone/s plain");

    check_status(r, 1);
    check_has(r, err, "No such file or directory");
    cr_assert_eq(lines_with(r.err, "sunshim=\"HINT\"", "operation=\"bind\"", "errno=ENOENT", "/gone\"", "directory", NULL), 1,
                 "%s", run_report(&r));
}

StockTest(longs, so_is_what_a_short_name_stood_for)
{
    struct run r = run(LONG "mkdir $L/x; \"$SUNSHIM\" run --shorten sh -c \"rmdir $L/x; socat -u /dev/null UNIX-CONNECT:\\$1\" sh $L/x/s || :");

    check_has(r, err, "No such file or directory");
    cr_assert_eq(lines_with(r.err, "sunshim=\"HINT\"", "operation=\"connect\"", "errno=ENOENT", "/x\"", "directory", NULL), 1, "%s",
                 run_report(&r));
}

/* --- What it costs ----------------------------------------------------------------------- */

/* The calls from the first socket on, of the thread that made it, but for those of the C library's own. */
#define CALLS_OF(name, command) \
    "strace -f -qq -o " name ".trace " command " >/dev/null; awk '/socket.AF_UNIX/ && !first { first = $1 } first == $1' " name ".trace | sed 's/^[0-9]* *//; s/(.*//' " \
    "| grep -v '^[<+]\\|^mmap\\|^mprotect\\|^brk\\|^munmap\\|^futex\\|^rseq\\|^set_robust\\|^madvise' | sort | uniq -c >" name "\n"

StockTest(longs, a_name_that_fits_costs_no_call)
{
    struct run r = run(CALLS_OF("native", "\"$N/longs\" where $T/s plain")
                       CALLS_OF("bare", "env LD_PRELOAD=$LIB \"$P/longs\" where $T/s plain")
                       CALLS_OF("in-run", "\"$SUNSHIM\" run --exec \"$P/longs\" where $T/s plain")
                       CALLS_OF("long-paths", "\"$SUNSHIM\" run --exec --long-paths \"$P/longs\" where $T/s plain")
                       "grep -q ' bind$' native; for i in bare in-run long-paths; do diff native $i; done");

    check_status(r, 0);
    check_out(r, "");
}

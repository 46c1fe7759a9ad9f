/* Binds to long names that SIGKILL ends half-way, by the thousand: what is left of them. */
#include <stdio.h>

#include "harness.h"

/* $L: a long directory; $X: where runs have theirs. */
#define PLACES "L=$T/$(seq -s d 50); export XDG_RUNTIME_DIR=$T/x; X=$T/x/sunshim; mkdir -m 700 $T/x; mkdir $L; "

/* All that were not killed have their file; others may have it, and nobody anything else. */
#define COUNTS \
    "find $L -mindepth 1 ! -type s | wc -l; ls -A $L | grep -c '[02468]$'; " \
    "ls -A $L | grep -cvE '^([0-9]{8}|[0-9]{200})$' || :; "

static void check_left(struct run r, unsigned count)
{
    unsigned cut, others, kept, strange, runs;

    cr_assert_eq(sscanf(r.out, "%u %u %u %u %u", &cut, &others, &kept, &strange, &runs), 5, "%s", run_report(&r));
    cr_assert_gt(cut, count / 40, "%s", run_report(&r)); /* else nothing was shown */
    cr_assert_eq(others, 0, "%s", run_report(&r));
    cr_assert_eq(kept, count / 2, "%s", run_report(&r));
    cr_assert_eq(strange, 0, "%s", run_report(&r));
    cr_assert_eq(runs, 0, "%s", run_report(&r));
}

StockTest(longs_killed, nothing_stays_of_ten_thousand_binds)
{
    struct run r = run(PLACES "\"$SUNSHIM\" run \"$P/killbinds\" $L 10000; " COUNTS "ls -A $X | wc -l");

    check_status(r, 0);
    check_left(r, 10000);
}

/* The launcher is killed first, in the middle; the run after it finds all that is to be swept. */
StockTest(longs_killed, nor_when_the_launcher_is_killed_too)
{
    struct run r = run(PLACES "\"$SUNSHIM\" run -- sh -c '\"$P/killbinds\" \"$1\" 1000 >out; kill -KILL $PPID' - $L || :; "
                       "cat out; for i in 1 2 3 4 5 6 7 8 9 10; do \"$SUNSHIM\" run true; [ \"$(ls -A $X)\" ] || break; sleep 0.1; done; "
                       COUNTS "ls -A $X | wc -l");

    check_left(r, 1000);
}

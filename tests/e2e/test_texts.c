/* Policies as text, compiled in the process, of sizes that go about memory in different ways: a small one
 * is copied out of it, a large one stays where it was laid out. */
#include "tests/e2e/harness.h"

/* $T/large0 and $T/large1: 400 rules, all but @denied0 or @denied1. $T/small: all but @denied2. */
static const char make[] =
    "for n in 0 1; do\n"
    "    { seq -f 'unix (connect) peer=(addr=/srv/app%g/run/worker-*.sock),' 400\n"
    "      printf 'network,\\ndeny unix (bind) addr=@denied%s,\\n' $n; } >$T/large$n\n"
    "done\n"
    "printf 'network,\\ndeny unix (bind) addr=@denied2,\\n' >$T/small\n";

static void check_all_in_force(const char *list)
{
    struct run r = run(text("%sfor n in 0 1 2 3; do\n"
                            "    env SUNSHIM_POLICY=%s $PRELOAD \"$P/sk\" 'socket unix dgram' \"bind @denied$n\" | tail -n 1\n"
                            "done", make, list));
    check_status(r, 0);
    check_out(r, "bind @denied0 -> -1 EACCES\nbind @denied1 -> -1 EACCES\nbind @denied2 -> -1 EACCES\nbind @denied3 -> 0\n");
}

Test(texts, a_small_one_behind_large_ones)
{
    check_all_in_force("$T/large0:$T/large1:$T/small");
}

Test(texts, large_ones_behind_a_small_one)
{
    check_all_in_force("$T/small:$T/large0:$T/large1");
}

/* Two large ones, of which each has some 100 KiB, in mappings that nobody can write to, or in one. */
StockTest(texts, nothing_of_them_can_be_written_to)
{
    struct run r = run(text("%senv SUNSHIM_POLICY=$T/large0:$T/large1 LD_PRELOAD=$LIB cat /proc/self/maps |\n"
                            "    perl -lane '($a, $b) = map hex, split /-/, $F[0]; $n += $b - $a if @F == 5 && $F[1] eq \"r--p\"; END { print $n > 163840 ? 2 : $n }'", make));
    check_out(r, "2\n");
}

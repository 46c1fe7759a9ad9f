/* 200 daemons in one deep directory tree, all at the same time, as the build of a distribution or a test suite has
 * them: with libsunat, and stock programs in a run. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Instrumented ones start slowly. */
#if TEST_SANITIZED
#define COUNT "040"
#define OUTCOME "120\n0\n0\n40\n81\n"
#else
#define COUNT "200"
#define OUTCOME "600\n0\n0\n200\n401\n"
#endif

/* Each in a directory of its own, some 300 bytes down; every third socket or so has a long name as well. */
#define TREE \
    "umask 022; L=$(printf 'n%.0s' $(seq 150)); D=$T/build/$(printf 'x%.0s' $(seq 100))/$(printf 'y%.0s' $(seq 100))/store; mkdir -p $D; cd $D\n" \
    "of() { case $1 in ${long-*[048]}) at=run/$L-$1;; *) at=run/daemon.sock;; esac; home=$D/dq8q6w7z3kfjwhgqvf4c-daemon-$1; }\n" \
    "for n in $(seq -w " COUNT "); do of $n; mkdir -p $home/run; done\n" \
    "left() { find $D ! -type d ! -type s | wc -l; find $D -name '.*' | wc -l; find $D -type s | wc -l; find $D -type d | wc -l; }\n"

/* As many servers and three clients for each, eight at a time. */
#define DAEMONS \
    "for n in $(seq -w " COUNT "); do of $n; sunat times=3 serve $home $at >>$T/up & done\n" \
    "until [ $(grep -c ready $T/up || :) -eq " COUNT " ]; do sleep 0.05; done\n" \
    "for n in $(seq -w " COUNT "); do of $n; for o in '' path nofollow; do echo $o connect $home $at; done; done | xargs -P 8 -L 1 sunat >$T/answers\n" \
    "wait; grep -c 'got hello' $T/answers; left\n"

/* All answers; no files but the 200 sockets; no directories but what the test made. */
static void check_daemons(const struct run *r)
{
    check_status(*r, 0);
    check_out(*r, OUTCOME);
}

Test(sunat_many, daemons_in_a_deep_tree)
{
    struct run r = run(TREE DAEMONS);
    check_daemons(&r);
}

Test(sunat_many, daemons_in_a_deep_tree_under_rules)
{
    put("daemons.policy", "unix,\ndeny unix (bind) addr=/nowhere/**,\ndeny unix (connect) peer=(addr=/nowhere/**),\n");
    put("inner", TREE "PATH=$P:$PATH\n" DAEMONS);
    struct run r = run("exec env SUNSHIM_POLICY=$T/daemons.policy $PRELOAD sh -eu inner");
    check_daemons(&r);
}

StockTest(sunat_many, daemons_in_a_run)
{
    put("inner", TREE "PATH=$N:$PATH\n" DAEMONS);
    struct run r = run("exec \"$SUNSHIM\" run -- sh -eu inner");
    check_daemons(&r);
}

/* Each server gives two clients a line of its own. Both refuse names of that length by themselves; of a long last component no
 * program that does can be given another name. */
StockTest(sunat_many, stock_daemons_in_a_run)
{
    put("tree", TREE);
    put("inner", "long=none; . $T/tree\n"
                 "for n in $(seq -w 200); do of $n; echo \"this is $n\" >$T/$n; socat -U UNIX-LISTEN:$home/$at,fork OPEN:$T/$n & echo $! >>$T/pids; done\n"
                 "for n in $(seq -w 200); do of $n; until [ -S $home/$at ]; do sleep 0.05; done; echo $home/$at; echo $home/$at; done >$T/clients\n"
                 "xargs -P 8 -I@ socat -u UNIX-CONNECT:@,retry=20,interval=0.1 - <$T/clients >$T/answers\n"
                 "kill $(cat $T/pids); wait || :\n");
    struct run r = run("\"$SUNSHIM\" run --long-paths -- sh -eu $T/inner; sort $T/answers | uniq -c | awk '$1 == 2 && /this is/' | wc -l; . $T/tree; left");
    check_status(r, 0);
    check_out(r, "200\n0\n0\n0\n401\n");
}

/* What a run promises of its memory, tried in odd surroundings. */
#include <string.h>

#include "tests/e2e/harness.h"

/* --- What is counted ------------------------------------------------------------ */

StockTest(breaker3, a_denial_behind_chroot_counts)
{
    need_root();
    struct run r = run("mkdir $T/root; $SUNSHIM run --error-exitcode 9 --rule 'deny unix (connect)' "
                       "\"$N/sk\" 'socket unix dgram' \"chroot $T/root\" 'connect @nobody'");

    check_has(r, out, "connect @nobody -> -1 EACCES");
    check_has(r, err, "sunshim: 1 denied\n");
    check_status(r, 9);
}

StockTest(breaker3, a_program_beyond_the_library_counts)
{
    need_root();
    put("script", "cd $T; for d in usr bin lib lib64; do mkdir -p root/$d; mount --bind /$d root/$d; done\n"
                  "$SUNSHIM run --error-exitcode 9 --rule 'deny unix (connect)' chroot root /bin/true");
    struct run r = run("unshare -m sh -eu $T/script");

    check_has(r, err, "sunshim: 1 not seen: true (library not reachable)\n");
    check_status(r, 9);
}

StockTest(breaker3, counts_that_were_removed_are_no_success)
{
    struct run r = run("$SUNSHIM run --error-exitcode 9 sh -c 'rm $SUNSHIM_DOMAIN/counts'");

    check_has(r, err, "/counts cannot be read\n");
    check_status(r, 9);
}

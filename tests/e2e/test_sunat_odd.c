/* libsunat in odd circumstances (tests/progs/sunat_odd.c, sunat_without.c): no descriptors, no /proc, signals, threads that are cancelled,
 * children, small stacks. */

#include "tests/e2e/sunat_ways.h"

Test(sunat_odd, without_a_free_descriptor)
{
    sunat_every_way("", "sunat_without", "full", "as it should be");
}

/* Rules about paths cannot be judged there: `sunat_connect` is then refused, as connect is. */
static void without_proc(const char *how)
{
    put("all.policy", "allow all,\n");
    struct run r = run(text("mkdir d; $N/%s; ls -A d; env $PRELOAD $P/%s; ls -A d; env SUNSHIM_POLICY=$T/all.policy $PRELOAD $P/%s; ls -A d",
                            how, how, how));
    check_out(r, "as it should be\nas it should be\nas it should be\n");
}

Test(sunat_odd, in_a_chroot_without_proc)
{
    need_root();
    without_proc("sunat_without chroot d");
}

/* AddressSanitizer reads its options in /proc. */
StockTest(sunat_odd, without_proc)
{
    put("inner", "umount -l /proc 2>/dev/null || mount -t tmpfs none /proc; mkdir d\n$N/sunat_without noproc d; ls -A d\nenv $PRELOAD $P/sunat_without noproc d; ls -A d\n");
    struct run r = run("map=; [ $(id -u) = 0 ] || map=-r; unshare -m $map sh -eu inner");
    check_out(r, "as it should be\nas it should be\n");
}

Test(sunat_odd, threads_are_cancelled_and_handlers_jump_out_while_a_call_waits)
{
    sunat_every_way("", "sunat_odd", "blocked", "as it should be");
}

Test(sunat_odd, signals_end_a_wait)
{
    sunat_every_way("", "sunat_odd", "eintr", "as it should be");
}

Test(sunat_odd, handlers_call_what_they_interrupt)
{
    sunat_every_way("", "sunat_odd", "storm", "as it should be");
}

Test(sunat_odd, after_fork_and_vfork)
{
    sunat_every_way("", "sunat_odd", "children", "as it should be");
}

Test(sunat_odd, smallest_stacks)
{
    sunat_every_way("", "sunat_odd", "stacks", "as it should be");
}

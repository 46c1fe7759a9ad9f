#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

Test(harness, keeps_output_and_status_apart)
{
    struct run r = run("echo out; echo err >&2; exit 3");
    check_status(r, 3);
    check_out(r, "out\n");
    cr_assert_str_eq(r.err, "err\n");
}

Test(harness, a_signal_is_128_and_its_number)
{
    struct run r = run("kill -TERM $$");
    check_status(r, 128 + 15);
}

Test(harness, nothing_outlives_its_script)
{
    struct run r = run("sleep 600 & echo $! >one; setsid sh -c 'sleep 600 & echo $! >two' & ready_file() { while ! [ -s $1 ]; do sleep 0.01; done; }; ready_file one; ready_file two");
    check_status(r, 0);
    r = run("for p in $(cat one two); do [ ! -e /proc/$p ]; done");
    check_status(r, 0);
}

Test(harness, ready_waits_for_listeners)
{
    struct run r = run("p=$(freeport); (sleep 0.2; exec perl -MIO::Socket -e '$t = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1:$ARGV[0]\") or die; sleep 60' $p) & ready tcp:$p; echo yes");
    check_out(r, "yes\n");
}

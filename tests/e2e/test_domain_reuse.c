/* What a run bound stays apart from what others bind: the same path, inode number
 * or abstract name later, the same name in another network namespace, a thousand
 * processes at once. And nothing is inside for who cannot read the memory. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

/* Some tests mount, or change the user. In CI that they cannot is a failure,
 * elsewhere they say so. */
#define SAFE "network,\ndeny network (connect, send) peer=(scope=outside),\n"
#define RUN "\"$SUNSHIM\" run --log /dev/null -p $T/p.policy "
#define SHELL "sk() { \"$N/sk\" \"$@\"; }\n"

static struct run with_safe_bind(const char *script)
{
    put("p.policy", SAFE);
    return run(text(SHELL "%s", script));
}

/* --- Names that come back -------------------------------------------------------- */

#define CYCLES 5000

/* In a directory that `mount` prepared at $T/m. */
static void check_reuse(const char *mount, const char *name)
{
    struct run r = with_safe_bind(text("mkdir -p $T/m; %s \"$N/reuse\" %d %s " RUN, mount, CYCLES, name));
    check_status(r, 0);
    check_out(r, text("reached %d refused %d else 0\n", CYCLES, CYCLES));
}

StockTest(domain_reuse, of_a_path_on_the_disk, .timeout = 60)
{
    check_reuse("", "$T/m/s");
}

StockTest(domain_reuse, of_a_path_on_tmpfs, .timeout = 60)
{
    need_root();
    put("mounted", "set -eu; mount -t tmpfs none $T/m; exec \"$@\"");
    check_reuse("unshare -m sh $T/mounted", "$T/m/s");
}

StockTest(domain_reuse, of_a_path_on_an_overlay, .timeout = 60)
{
    need_root();
    put("mounted", "set -eu; mkdir $T/disk; mount -t tmpfs none $T/disk; mkdir $T/disk/upper $T/disk/lower $T/disk/work; "
                   "mount -t overlay -o lowerdir=$T/disk/lower,upperdir=$T/disk/upper,workdir=$T/disk/work none $T/m; exec \"$@\"");
    check_reuse("unshare -m sh $T/mounted", "$T/m/s");
}

StockTest(domain_reuse, of_an_abstract_name, .timeout = 60)
{
    check_reuse("", "@$T/m/s");
}

/* Of the loopback, in a network namespace of their own: no port is anybody else's. */
StockTest(domain_reuse, of_a_port, .timeout = 60)
{
    need_root();
    put("alone", "set -eu; ip link set lo up; exec \"$@\"");
    check_reuse("unshare -n sh $T/alone", "udp:4000");
    check_reuse("unshare -n sh $T/alone", "tcp:4000");
}

/* --- Many at once -------------------------------------------------------------------- */

#define OUTSIDERS \
    "for name in $T/out @$T/out; do sk 'socket unix dgram' \"bind $name\" 'sleep 100000' >/dev/null & ready $name; done; mkdir $T/d; "

StockTest(domain_reuse, a_thousand_processes_at_once, .timeout = 100)
{
    struct run r = with_safe_bind(OUTSIDERS RUN "\"$N/crowd\" 1000 $T/d $T/out @$T/out");
    check_status(r, 0);
    check_out(r, "crowd of 1000: refused 0, outsiders reached 0, else 0\n");
}

StockTest(domain_reuse, a_name_is_inside_from_its_first_moment, .timeout = 60)
{
    struct run r = with_safe_bind("mkdir $T/d; " RUN "\"$N/catch\" 300 $T/d");
    check_status(r, 0);
    check_out(r, "caught 600 refused 0\n");
}

/* Also for sanitizers: the memory of the library alone. */
Test(domain_reuse, threads_at_once, .timeout = 60)
{
    put("p.policy", "allow all,\nscope pathname abstract,\n");
    struct run r = run(SHELL OUTSIDERS "SUNSHIM_POLICY=$T/p.policy SUNSHIM_LOG=/dev/null env $PRELOAD \"$P/threads\" 8 100 $T/d $T/out @$T/out");
    check_status(r, 0);
    check_out(r, "refused 0, outsiders reached 0, else 0\n");
}

/* Binding, passing on, closing, renaming, exec, in any order. */
StockTest(domain_reuse, a_walk_of_four_processes_goes_as_the_model_says, .timeout = 60)
{
    for (int seed = 1; seed <= 5; seed++) {
        long reached, denied;
        struct run r = run(text("mkdir $T/w%d; cd $T/w%d; SUNSHIM_LOG=/dev/null \"$N/walk\" %d 1500", seed, seed, seed));
        check_status(r, 0);
        cr_assert(sscanf(r.out, "reached %ld denied %ld ", &reached, &denied) == 2 && reached > 50 && denied > 20, "%s", run_report(&r));
    }
}

/* --- Network namespaces ----------------------------------------------------------------- */

StockTest(domain_reuse, another_network_namespace_has_its_own_abstract_names)
{
    need_root();
    struct run r = with_safe_bind("unshare -n \"$N/sk\" 'socket unix stream' \"bind @$T/s\" listen 'sleep 100000' >out & "
                                  "until grep -q listen out; do sleep 0.02; done; export there=$!\n" RUN
                                  "sh -euc '\"$N/sk\" \"socket unix stream\" \"bind @$T/s\" listen \"sleep 100000\" >in & ready @$T/s; "
                                  "\"$N/sk\" \"socket unix stream\" \"connect @$T/s\" | tail -n 1; "
                                  "nsenter --net=/proc/$there/ns/net \"$N/sk\" \"socket unix stream\" \"connect @$T/s\" | tail -n 1; kill $!'");
    check_out(r, text("connect @%s/s -> 0\nconnect @%s/s -> -1 EACCES\n", scratch(), scratch()));
}

StockTest(domain_reuse, a_socket_from_before_unshare_keeps_its_names)
{
    need_root();
    struct run r = with_safe_bind(RUN "sh -euc '\"$N/sk\" \"socket unix stream\" \"bind @$T/s\" listen \"sleep 100000\" >in & ready @$T/s; "
                                  "\"$N/sk\" \"socket unix stream\" netns \"socket unix stream\" \"bind @$T/there\" listen \"connect @$T/s\" "
                                  "\"use 3\" \"connect @$T/s\" | tail -n 1; "
                                  "\"$N/sk\" \"socket unix stream\" netns \"bind @$T/t\" listen \"socket unix stream\" \"connect @$T/t\" "
                                  "| tail -n 1; kill $!'");
    check_has(r, out, text("connect @%s/s -> 0\n", scratch()));
    check_has(r, out, text("connect @%s/t -> -1 E", scratch()));
}

/* --- Memory that cannot be read ------------------------------------------------------------ */

StockTest(domain_reuse, who_cannot_use_the_memory_finds_everybody_outside_and_says_so_once)
{
    need_root();
    put("p.policy", SAFE);
    struct run r = run(SHELL "\"$SUNSHIM\" run --log $T/log -p $T/p.policy sh -euc 'chmod 600 $SUNSHIM_DOMAIN/table; "
                       "\"$N/sk\" \"umask 0\" \"socket unix dgram\" \"bind $T/s\" \"sleep 100000\" >in & ready $T/s; "
                       "\"$N/sk\" \"socket unix dgram\" \"connect $T/s\" | tail -n 1; "
                       "setpriv --reuid=65534 --clear-groups \"$N/sk\" \"socket unix dgram\" \"connect $T/s\" \"connect $T/s\" | tail -n 2; kill $!'");
    check_out(r, text("connect %s/s -> 0\nconnect %s/s -> -1 EACCES\nconnect %s/s -> -1 EACCES\n", scratch(), scratch(), scratch()));
    cr_assert_eq(lines_with(r.err, "sunshim", "outside", NULL), 1, "%s", run_report(&r));
}

/* Two sockets with the same last component in two long directories, which differ at their ends alone: nobody
 * ever reaches the wrong one. */
#include "harness.h"

#define TWINS "A=$T/$(seq -s d 50)/a; B=$T/$(seq -s d 50)/b; mkdir -p $A $B; "
#define RULES "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n"

static void check(const char *command)
{
    put("p.policy", RULES);
    struct run r = run(text(TWINS "%s; ls -A $A $B | grep -v '^/\\|^$' || :", command));

    check_status(r, 0);
    check_out(r, "never the other one\n");
}

StockTest(longs_twins, of_two_processes)
{
    check("\"$SUNSHIM\" run \"$P/twins\" $A $B 1000 processes");
}

StockTest(longs_twins, of_two_threads)
{
    check("\"$SUNSHIM\" run \"$P/twins\" $A $B 1000 threads");
}

StockTest(longs_twins, under_rules)
{
    check("\"$SUNSHIM\" run -p ./p.policy \"$P/twins\" $A $B 1000 processes");
}

StockTest(longs_twins, with_names_of_200_letters)
{
    check("l=$(printf '%0200d' 0); mkdir $A/$l $B/$l; \"$SUNSHIM\" run \"$P/twins\" $A/$l/. $B/$l/. 300 processes; rmdir $A/$l $B/$l");
}

Test(longs_twins, bare)
{
    check("env $PRELOAD \"$P/twins\" $A $B 1000 threads bare");
}

/* Two runs: each has its own aliases, and one's clients reach the other's servers. */
StockTest(longs_twins, of_two_runs)
{
    struct run r = run(TWINS
                       "for d in $A $B; do \"$SUNSHIM\" run -- \"$N/sk\" 'socket unix dgram' \"bind $d/s\" recvfrom >got${d##*/} & done\n"
                       "until test -S $A/s && test -S $B/s; do sleep 0.02; done\n"
                       "\"$SUNSHIM\" run -- \"$N/sk\" 'socket unix dgram' \"sendto $A/s to-a\" \"sendto $B/s to-b\" >/dev/null\n"
                       "until grep -q to-a gota && grep -q to-b gotb; do sleep 0.02; done; grep -c to- gota gotb");
    check_status(r, 0);
    check_out(r, "gota:1\ngotb:1\n");
}

/* Those who are told by ss alone, and know nothing of sunshim. */
StockTest(longs_twins, told_apart_by_what_ss_shows)
{
    struct run r = run(TWINS
                       "for d in $A $B; do \"$SUNSHIM\" run -- \"$N/sk\" 'socket unix dgram' \"bind $d/twin-$$\" recvfrom >got${d##*/} & done\n"
                       "until test -S $A/twin-$$ && test -S $B/twin-$$; do sleep 0.02; done\n"
                       "ss -xa | grep -o \"[^ ]*/twin-$$\" >names; sort -u names | wc -l\n"
                       "for n in $(cat names); do \"$N/sk\" 'socket unix dgram' \"sendto $n to-$(basename $(readlink ${n%/*}))\" >/dev/null; done\n"
                       "until grep -q to- gota && grep -q to- gotb; do sleep 0.02; done; grep -c to-a gota; grep -c to-b gotb");
    check_status(r, 0);
    check_out(r, "2\n1\n1\n");
}

/* bindat and connectat: the errors that FreeBSD's manual documents (tests/progs/sunat_freebsd.c has the table). */
#include "tests/e2e/harness.h"

static void check_table(const char *how)
{
    put("rules.policy", "network,\nunix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    put("inner", text("mkdir ro d; chmod 777 d; mount -t tmpfs -o ro none ro; cd /\n%s $T/d $T/ro", how));
    struct run r = run("if [ $(id -u) = 0 ]; then map=; export nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'; else map=-r; export nobody=; fi\n"
                       "unshare -m $map sh -eu inner; ls -A d");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "<- otherwise", NULL), 0, "%s", run_report(&r));
    check_has(r, out, "\n59 of 59 as documented\n");
}

Test(sunat_freebsd, as_documented)
{
    check_table("$N/sunat_freebsd");
}

Test(sunat_freebsd, as_documented_without_privileges)
{
    check_table("$nobody $N/sunat_freebsd");
}

Test(sunat_freebsd, as_documented_with_the_library)
{
    check_table("env $PRELOAD $P/sunat_freebsd");
}

Test(sunat_freebsd, as_documented_under_rules)
{
    check_table("$nobody env SUNSHIM_POLICY=$T/rules.policy $PRELOAD $P/sunat_freebsd");
}

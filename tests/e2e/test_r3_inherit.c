/* R3: policies about inherited sockets, and what is cut. */
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/e2e/leaky.h"

#define SHOW "for n in 3 4 5 6; do readlink /proc/self/fd/$n || echo closed; done"

StockTest(inherit, streams_are_cut_and_the_program_lives)
{
    struct run r = judged(CUT_STREAMS, "", "listener:$T/l.sock pair dgram:auto", "exec sh -c '" SHOW "'");
    char *line = record(&r, "DENIED", "hook", "listener");

    check_status(r, 0);
    check_has(r, out, text("\n/dev/null\n/dev/null\n/dev/null\nsocket:[%s]\n", told(&r, "dgram", INODE)));
    check_value(r, line, "denied", "inherit");
    check_value(r, line, "rule", text("%s/leaks.policy:2", scratch()));
    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "addr", text("%s/l.sock", scratch()));
    check_value(r, record(&r, "DENIED", "hook", "left"), "peer_inode", told(&r, "right", INODE));
    /* Cut once: what it starts inherits /dev/null. */
    cr_assert_eq(about(&r, "DENIED", "sh"), 0, "%s", run_report(&r));
    check_lacks(r, err, "LEAK");
}

StockTest(inherit, a_cut_number_is_not_reused_by_accident)
{
    struct run r = judged(CUT_STREAMS, "", "pair", "exec perl -e 'open F, \"<\", \"/etc/passwd\" or die; print fileno F, \"\\n\"; "
                          "open N, \">&=\", 3 or die; print {*N} \"lost\" or die; close N or die'");
    const char *last = strstr(r.out, "\nright");

    check_status(r, 0);
    last = last ? strchr(last + 1, '\n') : NULL;
    cr_assert(last && atoi(last + 1) > 4, "%s", run_report(&r));
}

StockTest(inherit, a_policy_that_does_not_name_it_cuts_nothing)
{
    struct run r = judged("unix (create, bind, listen),\n", "", "listener:$T/l.sock", "readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "listener", INODE)));
    check_lacks(r, err, "inherit");
}

StockTest(inherit, in_a_policy_that_names_it_nothing_matching_means_cut)
{
    struct run r = judged("unix (create, bind, getattr),\nunix (inherit) type=dgram,\n", "", "pair dgram:auto", SHOW);

    check_has(r, out, text("\n/dev/null\n/dev/null\nsocket:[%s]\n", told(&r, "dgram", INODE)));
    check_value(r, record(&r, "DENIED", "hook", "left"), "rule", "none");
    check_value(r, record(&r, "DENIED", "hook", "left"), "hint", "add: unix (inherit) type=stream,");
}

StockTest(inherit, rules_about_names_are_about_canonical_names)
{
    struct run r = judged(text("allow all,\ndeny unix (inherit) addr=%s/l.sock,\n", scratch()), "",
                          "relative:l.sock relative:m.sock", "cd /; readlink /proc/self/fd/3 /proc/self/fd/4");

    check_has(r, out, "\n/dev/null\nsocket:[");
}

StockTest(inherit, inet_sockets_by_network_rules)
{
    struct run r = judged("allow all,\ndeny network (inherit) inet,\n", "", "inet pair", SHOW);

    check_has(r, out, text("\n/dev/null\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, record(&r, "DENIED", "hook", "inet"), "laddr", "127.0.0.1");
}

StockTest(inherit, a_rule_about_a_number)
{
    struct run r = judged("allow all,\ndeny unix (inherit) fd=4-5,\n", "", "pair raw", SHOW " 2>&1");

    check_has(r, out, text("\nsocket:[%s]\n/dev/null\n/dev/null\nclosed\n", told(&r, "left", INODE)));
}

StockTest(inherit, the_standard_descriptors_are_cut_only_by_number)
{
    struct run r = judged("allow all,\ndeny unix (inherit),\n", "", "raw at:0", "readlink /proc/self/fd/0");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "at", INODE)));
    r = judged("allow all,\ndeny unix (inherit) fd=0,\n", "", "raw at:0", "readlink /proc/self/fd/0");
    check_has(r, out, "\n/dev/null\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", " fd=0 ", NULL), 1, "%s", run_report(&r));
}

StockTest(inherit, announced_descriptors_are_cut_only_by_number)
{
    const char *hook = "exec perl -e '$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec \"readlink\", map \"/proc/self/fd/$_\", 3, 4'";
    struct run r = judged("allow all,\nprofile ls /usr/bin/readlink {\n  deny unix (inherit) type=stream,\n}\n", "", "pair", hook);

    check_has(r, out, text("\nsocket:[%s]\n/dev/null\n", told(&r, "left", INODE)));
}

StockTest(inherit, audit_puts_it_on_record_and_lets_it_pass)
{
    struct run r = judged("allow all,\naudit unix (inherit),\n", "", "pair", "readlink /proc/self/fd/3");
    char *line = record(&r, "AUDIT", "readlink", "left");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, line, "origin", "socketpair");
    check_value(r, line, "peer_inode", told(&r, "right", INODE));
    check_absent(r, line, "denied");
    check_absent(r, line, "errno");
}

StockTest(inherit, complain_records_and_cuts_nothing)
{
    struct run r = judged(CUT_STREAMS, "--complain", "pair", "readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, record(&r, "ALLOWED", "readlink", "left"), "origin", "socketpair");
}

StockTest(inherit, a_quiet_deny_cuts_without_a_word)
{
    struct run r = judged("allow all,\nquiet deny unix (inherit),\n", "--track", "pair", "readlink /proc/self/fd/3");

    check_has(r, out, "\n/dev/null\n");
    check_lacks(r, err, "sunshim=\"");
}

StockTest(inherit, with_tracking_what_is_left_is_a_leak)
{
    struct run r = judged(CUT_STREAMS, "--track", "pair dgram:auto", "exec true");

    record(&r, "DENIED", "hook", "left");
    check_value(r, leak(&r, "true", "dgram"), "sock_type", "dgram");
    cr_assert_eq(about(&r, "LEAK", "true"), 1, "%s", run_report(&r));
}

StockTest(inherit, every_layer_is_asked)
{
    put("first.policy", "allow all,\ndeny unix (inherit) type=dgram,\n");
    struct run r = judged(CUT_STREAMS, "-p $T/first.policy", "pair dgram:auto", SHOW);

    check_has(r, out, "\n/dev/null\n/dev/null\n/dev/null\n");
}

/* In an instrumented build as well: the program that is judged contains the shim. */
Test(inherit, the_library_alone_cuts_too)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = run("\"$N/leaky\" pair dgram:auto accepted:$T/a.sock -- env SUNSHIM_POLICY=$T/leaks.policy $PRELOAD "
                       "\"$P/leaky\" show:3 show:4 show:5");

    check_has(r, out, "show 3 null\nshow 4 null\nshow 5 socket\n");
    check_value(r, record(&r, "DENIED", "leaky", "left"), "origin", "unknown");
    check_value(r, record(&r, "DENIED", "leaky", "left"), "peer_inode", told(&r, "right", INODE));
    check_value(r, record(&r, "DENIED", "leaky", "accepted"), "addr", text("%s/a.sock", scratch()));
}

/* --- Odd surroundings --------------------------------------------------------------- */

/* One descriptor is free, for the dynamic linker: nothing starts with fewer. */
static struct run crowded(const char *options, const char *makes, const char *show)
{
    return run(text(DAEMON "\"$SUNSHIM\" run %s -- ./leakyd %s full -- \"$P/leaky\" %s", options, makes, show));
}

StockTest(inherit, with_a_full_descriptor_table)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = crowded("-p $T/leaks.policy", "pair dgram:auto", "show:3 show:4 show:5");

    check_has(r, out, "\nshow 3 null\nshow 4 null\nshow 5 socket\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "comm=\"leaky\"", NULL), 2, "%s", run_report(&r));
}

StockTest(inherit, above_the_limit_of_descriptors)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = crowded("-p $T/leaks.policy", "raw at:100", "show:100");

    check_has(r, out, "\nshow 100 closed\n");
}

StockTest(leaks, a_full_descriptor_table_hides_nothing)
{
    struct run r = crowded("--track", "pair raw at:100", "cloexec");

    check_value(r, leak(&r, "leaky", "left"), "origin", "socketpair");
    check_value(r, leak(&r, "leaky", "at"), "fd", "100");
}

/* A root directory with nothing in it but what the program needs. */
#define CHROOT \
    "mkdir -p root/dev root$T; cp -L \"$N/leaky\" root/leaky; cp \"$LIB\" root/lib.so; cp $T/leaks.policy root/; " \
    "for f in $(ldd \"$N/leaky\" | grep -o '/[^ ]*'); do mkdir -p root${f%/*}; cp -L $f root$f; done; "

/* By number, then: there is no list of descriptors, and nothing to put in their place. */
static struct run in_chroot(const char *before)
{
    put("leaks.policy", CUT_STREAMS);
    const char *rest = "./leakyd pair dgram:auto -- env SUNSHIM_POLICY=/leaks.policy LD_PRELOAD=/lib.so "
                       "chroot root /leaky show:3 show:4 show:5";

    return run(text("%s%s%s\n%s", DAEMON, CHROOT, before, rest));
}

StockTest(inherit, without_proc_and_without_dev_null_what_is_cut_is_closed)
{
    need_root();
    struct run r = in_chroot(":");

    check_has(r, out, "show 3 closed\nshow 4 closed\nshow 5 socket\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "comm=\"leaky\"", NULL), 2, "%s", run_report(&r));
}

StockTest(inherit, without_proc)
{
    need_root();
    struct run r = in_chroot("mknod root/dev/null c 1 3");

    check_has(r, out, "show 3 null\nshow 4 null\nshow 5 socket\n");
}

StockTest(inherit, what_only_pretends_to_be_dev_null_is_not_used)
{
    need_root();
    struct run r = in_chroot("echo secret >root/dev/null");

    check_has(r, out, "show 3 closed\nshow 4 closed\nshow 5 socket\n");
}

StockTest(inherit, a_program_that_is_started_by_the_dynamic_linker)
{
    struct run r = judged(CUT_STREAMS, "", "pair", "exec $(ldd \"$N/leaky\" | grep -o '/.*/ld-[^ ]*') \"$N/leaky\" show:3");

    check_has(r, out, "\nshow 3 null\n");
    check_status(r, 0);
}

StockTest(inherit, through_a_chain_of_interpreters_every_link_is_asked)
{
    put("inner", "#!/usr/bin/perl\nexec \"readlink\", \"/proc/self/fd/3\"\n");
    struct run r = judged("allow all,\naudit unix (inherit),\nprofile r /usr/bin/readlink { deny unix (inherit), }\n", "", "pair",
                          "chmod +x inner; exec env ./inner");

    record(&r, "AUDIT", "hook", "left");
    record(&r, "AUDIT", "env", "left");
    record(&r, "AUDIT", "inner", "left");
    check_value(r, record(&r, "DENIED", "readlink", "left"), "profile", "r");
    check_has(r, out, "\n/dev/null\n");
}

StockTest(inherit, a_name_in_a_directory_that_is_gone_is_still_the_name)
{
    const char *policy = text("unix (create, bind, listen),\nprofile r /usr/bin/readlink { unix (inherit) addr=%s/gone/l, }\n",
                              scratch());
    mkdir(text("%s/gone", scratch()), 0755);
    struct run r = judged(policy, "", "listener:$T/gone/l", "rmdir gone; readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "listener", INODE)));
    check_lacks(r, err, "DENIED");
}

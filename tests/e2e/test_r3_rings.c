/* R3: how long the memory of sockets reaches: rings that are full, damaged, of runs inside runs. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "domain/names.h"
#include "domain/ring.h"
#include "policy/layers.h"
#include "tests/e2e/leaky.h"

StockTest(leaks, the_oldest_are_forgotten_first)
{
    struct run r = tracked("--track", "pair many:100000 dgram:auto", "exec true");
    char *left = leak(&r, "true", "left");

    check_value(r, leak(&r, "true", "dgram"), "origin", "socket");
    check_value(r, left, "origin", "unknown");
    check_absent(r, left, "origin_pid");
    check_value(r, left, "inode", told(&r, "left", INODE));
    check_value(r, left, "peer_inode", told(&r, "right", INODE));
}

StockTest(leaks, what_may_be_forgotten_is_never_wrong)
{
    struct run r = tracked("--track", "pair accepted:$T/a.sock dgram:auto many:20000", "exec true");
    static const char *const made[][2] = {{"left", "socketpair"}, {"right", "socketpair"}, {"accepted", "accept"}, {"dgram", "socket"}};

    for (int i = 0; i < 4; i++) {
        char *line = leak(&r, "true", made[i][0]), *origin = record_value(line, "origin");
        cr_expect(!strcmp(origin, made[i][1]) || (!strcmp(origin, "unknown") && !record_value(line, "origin_pid")), "%s", line);
        check_value(r, line, "inode", told(&r, made[i][0], INODE));
    }
}

StockTest(leaks, a_ring_full_of_rubbish_makes_all_unknown)
{
    struct run r = tracked("--track", "pair listener:$T/l.sock",
                           "ring=$SUNSHIM_DOMAIN/ring; head -c $(($(stat -c %s $ring) - 4096)) /dev/urandom | "
                           "dd of=$ring conv=notrunc bs=4096 seek=1 2>/dev/null; exec true");

    check_status(r, 0);
    check_value(r, leak(&r, "hook", "left"), "origin", "socketpair");
    check_value(r, leak(&r, "true", "left"), "origin", "unknown");
    check_value(r, leak(&r, "true", "left"), "peer_inode", told(&r, "right", INODE));
    check_value(r, leak(&r, "true", "listener"), "addr", text("%s/l.sock", scratch()));
}

/* As a service that gives up its rights; the ring of root's run is for it as well. */
StockTest(leaks, by_a_daemon_that_became_another_user)
{
    need_root();
    struct run r = run("ln -s \"$N/leaky\" leakyd; \"$SUNSHIM\" run --track -- setpriv --reuid=65534 --regid=65534 --clear-groups "
                       "./leakyd pair received -- true");

    check_value(r, leak(&r, "true", "left"), "origin_comm", "leakyd");
    check_value(r, leak(&r, "true", "received"), "origin_pid", told(&r, "received", PID));
}

/* SO_COOKIE; the time and the process come without one. */
StockTest(leaks, a_tracked_socket_costs_one_system_call)
{
    const char *calls = "socket getsockopt clock_gettime getpid fstat close prctl";
    struct run r = run(text("for n in 100 200; do strace -f -o trace \"$SUNSHIM\" run --track -- \"$N/leaky\" many:$n; "
                            "pid=$(grep -m 1 ' socket(AF_UNIX, SOCK_DGRAM' trace | cut -d ' ' -f 1); "
                            "for call in %s; do grep -c \"^$pid *$call(\" trace >>$call || :; done; done; "
                            "for call in %s; do echo $call $(tr '\\n' ' ' <$call); done", calls, calls));
    static const char *const added[][2] = {{"socket", "100"}, {"getsockopt", "100"}, {"close", "100"}, {"clock_gettime", "0"},
                                           {"getpid", "0"},   {"fstat", "0"},        {"prctl", "0"}};
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        int few, many;
        const char *line = strstr(text("\n%s", r.out), text("\n%s ", added[i][0]));
        cr_assert(line && sscanf(line + 1, "%*s %d %d", &few, &many) == 2, "%s", run_report(&r));
        cr_expect_eq(many - few, atoi(added[i][1]), "%s: %d more\n%s", added[i][0], many - few, run_report(&r));
    }
}

StockTest(leaks, a_run_inside_another_knows_what_the_outer_one_saw)
{
    struct run r = run(DAEMON "\"$SUNSHIM\" run --track -- ./leakyd pair listener:$T/l.sock -- \"$SUNSHIM\" run -- true");
    char *line = leak(&r, "true", "listener");

    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "addr", text("%s/l.sock", scratch()));
}

StockTest(leaks, an_outer_run_hears_of_what_an_inner_one_made)
{
    struct run r = run(DAEMON "\"$SUNSHIM\" run --track -- sh -c '\"$SUNSHIM\" run --track -- ./leakyd pair -- true'");

    check_value(r, leak(&r, "true", "left"), "origin", "socketpair");
    cr_assert_eq(about(&r, "LEAK", "true"), 2, "%s", run_report(&r));
}

/* A run made by hand, for instrumented builds: the launcher preloads. */
static void make_domain(void)
{
    size_t size = ring_size(RING_ENTRIES), len = layers_size(NULL, 0);
    void *ring = calloc(1, size), *layers = calloc(1, len);

    cr_assert(ring && layers && !ring_format(ring, size) && !layers_layout(NULL, 0, 0, layers, len));
    mkdir(text("%s/d", scratch()), 0755);
    put_bytes("d/" DOMAIN_POLICY, layers, len);
    put_bytes("d/" DOMAIN_RING, ring, size);
    put("d/" DOMAIN_LEAKS, "");
    free(ring);
    free(layers);
}

Test(leaks, without_the_launcher)
{
    make_domain();
    struct run r = run("ln -s \"$P/leaky\" leakyd; ln -s \"$P/leaky\" hook; export SUNSHIM_DOMAIN=$T/d; env $PRELOAD "
                       "./leakyd pair accepted:$T/a listener:$T/l dgram:auto received strange served:$T/s -- ./hook cloexec");
    static const char *const made[][2] = {{"left", "socketpair"}, {"accepted", "accept"},    {"listener", "socket"}, {"dgram", "socket"},
                                          {"received", "socket"}, {"strange", "received"}, {"served", "received"}};

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        check_value(r, leak(&r, "hook", made[i][0]), "origin", made[i][1]);
    check_status(r, 0);
}

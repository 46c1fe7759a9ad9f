/* Inject rules: calls that are broken on purpose, exactly those and in the way that is written. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* --- errno, and what goes on record -------------------------------------------------- */

#define DGRAMS "\"$N/sk\" 'socket unix dgram' \"bind $T/s\" 'sleep 30000' >/dev/null & ready $T/s\n"
#define CONNECT " 'socket unix dgram' \"connect $T/s\""

Test(inject, fails_the_second_of_five_connects)
{
    struct run r = preloaded("allow all,\n"
                             "inject unix (connect) peer=(addr=@{TMPDIR}/s) errno=ECONNREFUSED when=2,\n",
                             DGRAMS "env $PRELOAD \"$P/sk\"" CONNECT CONNECT CONNECT CONNECT CONNECT);
    char *record = record_line(r.err, 0);

    cr_assert_eq(lines_with(r.out, "connect", "-> 0", NULL), 4, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "connect", "-> -1 ECONNREFUSED", NULL), 1, "%s", run_report(&r));
    cr_assert_not_null(record, "%s", run_report(&r));
    cr_assert_null(record_line(r.err, 1), "%s", run_report(&r));
    check_value(r, record, "sunshim", "INJECTED");
    check_value(r, record, "operation", "connect");
    check_value(r, record, "requested", "connect");
    check_value(r, record, "peer_addr", text("%s/s", scratch()));
    check_value(r, record, "errno", "ECONNREFUSED");
    check_value(r, record, "count", "2");
    cr_assert_null(record_value(record, "denied"), "%s", record);
    cr_assert_null(record_value(record, "hint"), "%s", record);
    cr_assert(strstr(record_value(record, "rule"), ":2"), "%s", record);
}

Test(inject, breaks_each_kind_of_call)
{
    struct run r = preloaded("allow all,\n"
                             "inject unix socketpair errno=EMFILE,\n"
                             "inject unix (socket) type=seqpacket errno=ENFILE,\n"
                             "inject unix (bind) addr=@taken errno=EADDRINUSE,\n"
                             "inject unix (listen) errno=ENOBUFS,\n"
                             "inject unix (accept) errno=ECONNABORTED,\n"
                             "inject network (create) inet dgram errno=EACCES,\n"
                             "inject unix (send) errno=EPIPE when=2,\n",
                             "env $PRELOAD \"$P/sk\" 'pair stream' 'socket unix seqpacket' 'socket inet dgram' 'socket inet stream' "
                             "'socket unix stream' 'bind @taken' \"bind $T/s\" listen accept || :\n"
                             "\"$N/sk\" 'socket unix dgram' \"bind $T/d\" 'sleep 30000' >/dev/null & ready $T/d\n"
                             "env $PRELOAD \"$P/sk\" 'socket unix dgram' \"connect $T/d\" 'send a' 'send b' 'send c' || :\n");

    cr_assert_str_eq(r.out, text("pair stream -> -1 EMFILE\nsocket unix seqpacket -> -1 ENFILE\n"
                                 "socket inet dgram -> -1 EACCES\nsocket inet stream -> 3\n"
                                 "socket unix stream -> 4\nbind @taken -> -1 EADDRINUSE\nbind %s/s -> 0\n"
                                 "listen -> -1 ENOBUFS\naccept -> -1 ECONNABORTED\n"
                                 "socket unix dgram -> 3\nconnect %s/d -> 0\nsend a -> 1\nsend b -> -1 EPIPE\nsend c -> 1\n",
                                 scratch(), scratch()), "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"INJECTED\"", NULL), 7, "%s", run_report(&r));
}

/* Also what the rule does not ask about. */
Test(inject, goes_on_record_with_all_that_is_known)
{
    struct run r = preloaded("allow all,\ninject unix (connect) errno=EIO,\n", DGRAMS "env $PRELOAD \"$P/sk\"" CONNECT " || :");
    char *record = record_line(r.err, 0);

    cr_assert_not_null(record, "%s", run_report(&r));
    check_value(r, record, "sock_type", "dgram");
    check_value(r, record, "addr", "none");
    check_value(r, record, "peer_addr", text("%s/s", scratch()));
}

/* The kernel's own errors come first: a call that fails anyway is no hit. */
Test(inject, leaves_calls_alone_that_the_kernel_refuses)
{
    struct run r = preloaded("allow all,\ninject unix (connect) errno=EPERM when=1,\n",
                             DGRAMS "env $PRELOAD \"$P/sk\" 'use 77' \"connect $T/s\" 'socket inet dgram' \"connect $T/s\"" CONNECT
                                    CONNECT);

    cr_assert_eq(lines_with(r.out, "-> -1 EBADF", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "-> -1 EPERM", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "count=1", NULL), 1, "%s", run_report(&r));
    check_status(r, 0);
}

Test(inject, counts_no_call_that_is_denied)
{
    struct run r = preloaded("allow all,\ndeny unix (connect) type=stream,\ninject unix (connect) errno=EIO when=1,\n",
                             DGRAMS "env $PRELOAD \"$P/sk\" 'socket unix stream' \"connect $T/s\"" CONNECT CONNECT);

    cr_assert_eq(lines_with(r.out, "-> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "-> -1 EIO", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "INJECTED", "count=1", NULL), 1, "%s", run_report(&r));
}

/* What was allowed once is otherwise not looked at again. */
Test(inject, counts_every_send_of_a_connection)
{
    struct run r = preloaded("unix,\ninject unix (send) peer=(addr=none) errno=EIO when=4,\n",
                             "env $PRELOAD \"$P/sk\" 'pair stream' 'send a' 'send b' 'send c' 'send d' 'send e'");

    check_out(r, "pair stream -> 0\nsend a -> 1\nsend b -> 1\nsend c -> 1\nsend d -> -1 EIO\nsend e -> 1\n");
}

/* --- Several rules --------------------------------------------------------------------- */

/* Every rule that matches counts; the first in the file that fires acts. */
Test(inject, lets_every_rule_count_and_the_first_act)
{
    struct run r = preloaded("allow all,\n"
                             "inject unix (connect) errno=EIO when=2,\n"
                             "inject unix (connect) errno=EPERM when=2..3,\n"
                             "inject unix (connect) errno=ENXIO when=4,\n",
                             DGRAMS "env $PRELOAD \"$P/sk\"" CONNECT CONNECT CONNECT CONNECT CONNECT);

    cr_assert_eq(lines_with(r.out, "-> -1 EIO", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "-> -1 EPERM", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "-> -1 ENXIO", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "EPERM", "count=3", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "ENXIO", "count=4", NULL), 1, "%s", run_report(&r));
}

Test(inject, gives_the_same_faults_for_the_same_seed)
{
    struct run r = preloaded(NULL, "for seed in 7 7 8; do\n"
                                   "echo \"allow all, inject unix socket errno=EMFILE chance=30% seed=$seed,\" >$T/p\n"
                                   "env $PRELOAD SUNSHIM_LOG=/dev/null SUNSHIM_POLICY=$T/p \"$P/faults\" 1 200; done");
    char *first = r.out, *second = strchr(first, '\n') + 1, *third = strchr(second, '\n') + 1;

    cr_assert(strncmp(first, second, (size_t)(second - first)) == 0, "%s", run_report(&r));
    cr_assert(strncmp(first, third, (size_t)(second - first)) != 0, "%s", run_report(&r));
    cr_assert(strlen(first) > 300, "%s", run_report(&r));
}

/* --- Waiting for the peer ---------------------------------------------------------------- */

/* Nobody connects: the fault comes before the wait, or never. */
Test(inject, breaks_accept_and_receive_before_they_wait)
{
    struct run r = preloaded("unix,\ninject unix (accept, receive) errno=EINTR,\n",
                             "env $PRELOAD \"$P/sk\" 'socket unix stream' \"bind $T/s\" listen accept 'socket unix dgram' "
                             "\"bind $T/d\" recvfrom recvmsg recv || :");

    cr_assert_eq(lines_with(r.out, "accept -> -1 EINTR", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv", "-> -1 EINTR", NULL), 3, "%s", run_report(&r));
}

/* A rule elsewhere asks about the peer, so that the layers wait for it; this one does not. */
Test(inject, does_not_wait_where_only_other_rules_ask_about_the_peer)
{
    struct run r = preloaded("unix,\ndeny unix (accept, receive) peer=(addr=@never),\ninject unix (accept, receive) errno=EINTR,\n",
                             "env $PRELOAD \"$P/sk\" 'socket unix stream' \"bind $T/s\" listen accept 'socket unix dgram' "
                             "\"bind $T/d\" recvfrom recvmsg recv || :");

    cr_assert_eq(lines_with(r.out, "accept -> -1 EINTR", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv", "-> -1 EINTR", NULL), 3, "%s", run_report(&r));
}

/* Before the wait and after it the same call is looked at. */
Test(inject, counts_a_call_once_that_waits_for_its_peer)
{
    struct run r = preloaded("unix,\ndeny unix (accept) peer=(addr=@never),\ninject unix (accept) errno=EINTR when=2,\n",
                             "env $PRELOAD \"$P/sk\" 'socket unix stream' \"bind $T/l\" listen accept 'use 3' accept >$T/out & server=$!\n"
                             "ready $T/l; \"$N/sk\" 'socket unix stream' \"connect $T/l\"; wait $server || :; cut -c 1-14 $T/out");

    check_has(r, out, "listen -> 0\naccept none ->");
    check_has(r, out, "accept -> -1 E\n");
}

/* What is outside of a nested run may be inside of the one around it. */
StockTest(inject, asks_where_a_peer_is_for_each_run)
{
    static const char *const rules[][2] = {{"inject unix (connect) peer=(scope=inside) errno=EIO,", "deny unix (connect) peer=(scope=inside),"},
                                           {"deny unix (connect) peer=(scope=outside),", "inject unix (connect) peer=(scope=outside) errno=EIO,"}};

    for (int i = 0; i < 2; i++) {
        put("outer", text("unix,\n%s\n", rules[i][0]));
        put("inner", text("unix,\n%s\n", rules[i][1]));
        put("script", DGRAMS "$SUNSHIM run -p $T/inner -- \"$N/sk\"" CONNECT " || :\n");
        struct run r = run("rm -f $T/s; $SUNSHIM run -p $T/outer --log /dev/null -- sh -eu $T/script");

        cr_assert_eq(lines_with(r.out, "connect", "-> -1 EIO", NULL), 1, "%s", run_report(&r));
    }
}

Test(inject, closes_or_discards_what_a_rule_about_the_peer_breaks)
{
    struct run r = preloaded("unix,\n"
                             "inject unix (accept) peer=(addr=@me) errno=ECONNABORTED,\n"
                             "inject unix (receive) type=dgram peer=(addr=@me) errno=EIO,\n",
                             "env $PRELOAD \"$P/sk\" 'socket unix stream' \"bind $T/l\" listen accept accept 'send hi' >$T/out 2>$T/err &\n"
                             "ready $T/l\n"
                             "\"$N/sk\" 'socket unix stream' 'bind @me' \"connect $T/l\" read\n"
                             "\"$N/sk\" 'socket unix stream' \"connect $T/l\" read; wait $! || :\n"
                             "cat $T/out\n"
                             "env $PRELOAD \"$P/sk\" 'socket unix dgram' \"bind $T/d\" 'sleep 300' recv recv >$T/out2 & server=$!; ready $T/d\n"
                             "\"$N/sk\" 'socket unix dgram' 'bind @me' \"sendto $T/d bad\" >/dev/null\n"
                             "\"$N/sk\" 'socket unix dgram' \"sendto $T/d good\" >/dev/null\n"
                             "wait $server || :; cat $T/out2\n");

    cr_assert_eq(lines_with(r.out, "read '' -> 0", NULL), 1, "closed\n%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "read 'hi' -> 2", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "accept -> -1 ECONNABORTED", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv -> -1 EIO", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv 'good' -> 4", NULL), 1, "%s", run_report(&r));
}

/* An IPv4 client of an IPv6 socket is about IPv4, which only shows once it is there. */
Test(inject, knows_the_family_of_a_mapped_peer)
{
    struct run r = preloaded("allow all,\n"
                             "inject network (accept) inet errno=EMFILE,\n"
                             "inject network (accept) inet6 errno=ENFILE when=2,\n",
                             "p=$(freeport); env $PRELOAD \"$P/sk\" 'socket inet stream' \"bind inet:127.0.0.1:$p\" listen accept || :\n"
                             "p=$(freeport); env $PRELOAD \"$P/sk\" 'socket inet6 stream' \"bind inet6:::%$p\" listen accept "
                             "accept 'use 3' accept >$T/out & server=$!; ready tcp:$p\n"
                             "\"$N/sk\" 'socket inet stream' \"connect inet:127.0.0.1:$p\" read >/dev/null || :\n"
                             "\"$N/sk\" 'socket inet6 stream' \"connect inet6:::1%$p\" >/dev/null\n"
                             "\"$N/sk\" 'socket inet6 stream' \"connect inet6:::1%$p\" read >/dev/null || :\n"
                             "wait $server || :; grep accept $T/out | cut -c 1-14\n");

    check_has(r, out, "listen -> 0\naccept -> -1 EMFILE\n");
    check_has(r, out, "accept -> -1 E\naccept inet6:");
    cr_assert_eq(lines_with(r.err, "family=\"inet\"", "errno=EMFILE", "count=2", NULL), 0, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "family=\"inet\"", "errno=EMFILE", "count=1", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "family=\"inet6\"", "errno=ENFILE", "count=2", NULL), 1, "%s", run_report(&r));
}

/* --- Delays and short calls ------------------------------------------------------------- */

Test(inject, delays_without_blocking_signals_and_goes_on)
{
    struct run r = preloaded("allow all,\ninject unix (connect) delay=300ms,\n",
                             "\"$N/sk\" 'socket unix stream' \"bind $T/s\" listen 'sleep 30000' >/dev/null & ready $T/s\n"
                             "before=$(date +%s%N); env $PRELOAD \"$P/faults\" late $T/s\n"
                             "test $(($(date +%s%N) - before)) -ge 300000000");

    check_status(r, 0);
    check_out(r, "connected, handler ran\n");
    check_has(r, err, "delay_ns=300000000");
    check_lacks(r, err, "errno=");
}

Test(inject, delays_and_then_fails)
{
    struct run r = preloaded("allow all,\ninject unix (connect) delay=200ms errno=ETIMEDOUT,\n",
                             DGRAMS "before=$(date +%s%N); env $PRELOAD \"$P/faults\" late $T/s\n"
                                    "test $(($(date +%s%N) - before)) -ge 200000000");

    check_status(r, 0);
    check_out(r, "ETIMEDOUT, handler ran\n");
}

Test(inject, sends_less_than_it_is_told_to)
{
    struct run r = preloaded("unix,\ninject unix (send) short=3,\n",
                             "env $PRELOAD \"$P/faults\" send ab cdef\n"
                             "env $PRELOAD \"$P/sk\" 'pair stream' 'send hello' 'sendto none hello' 'send hi'\n"
                             "env $PRELOAD \"$P/sk\" 'pair dgram' 'send hello'");

    check_out(r, "sendmsg 3 'abc'\nsendmmsg 1 'ab'\n2\n"
                 "pair stream -> 0\nsend hello -> 3\nsendto none hello -> 3\nsend hi -> 2\n"
                 "pair dgram -> 0\nsend hello -> 5\n");
    check_has(r, err, "short=3");
}

Test(inject, receives_less_than_there_is)
{
    struct run r = preloaded("unix,\ninject unix (receive) short=3,\n",
                             "env $PRELOAD \"$P/faults\" recv abcdef\n"
                             "\"$N/sk\" 'socket unix stream' \"bind $T/s\" listen accept 'send hello' 'sleep 20000' >/dev/null & ready $T/s\n"
                             "env $PRELOAD \"$P/sk\" 'socket unix stream' \"connect $T/s\" recv recvfrom");

    check_has(r, out, "recvmsg 3 'ab' 'c'\nrecvmmsg 1 3 'de' 'f'\n");
    check_has(r, out, "recv 'hel' -> 3\n");
    check_has(r, out, "recvfrom 'lo' ");
}

/* A datagram whose sender is looked at is cut as if the buffer had been too small. */
Test(inject, cuts_datagrams_that_it_looks_at)
{
    struct run r = preloaded("unix,\ninject unix (receive) peer=(addr=@me) short=2,\n",
                             "env $PRELOAD \"$P/sk\" 'socket unix dgram' \"bind $T/d\" recv recv >$T/out & ready $T/d\n"
                             "\"$N/sk\" 'socket unix dgram' 'bind @me' \"sendto $T/d first\" \"sendto $T/d second\" >/dev/null\n"
                             "wait %1 || :; cat $T/out");

    cr_assert_eq(lines_with(r.out, "-> 2", NULL), 2, "%s", run_report(&r));
}

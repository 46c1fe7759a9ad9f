/* Rules and names that do not fit sun_path: the long name decides, whatever the kernel calls the socket. */
#include "harness.h"

#define LONG "L=$T/$(seq -s d 50); mkdir -p $L; Z=0000$(seq -s '' 100); "
#define SK "\"$N/sk\" "

/* Runs `script` under the rules, in which @ stands for the long directory. */
static struct run ruled(const char *rules, const char *script)
{
    put("rules", rules);
    return run(text(LONG "sed \"s#@#$L#g\" rules >p.policy; sunshim() { \"$SUNSHIM\" run -p ./p.policy -- \"$@\"; }\n%s", script));
}

#define DENY \
    "unix,\ndeny unix bind addr=@/no*,\ndeny unix (connect, send) peer=(addr=@/no*),\n" \
    "deny unix (accept, receive) peer=(addr=@/evil*),\n"

/* A server that is not in the run, at rel:NAME of the long directory. */
#define STOCK(type, name) \
    SK "\"chdir $L\" 'socket unix " type "' \"bind rel:" name "\" listen 'sleep 60000' >/dev/null & until test -S $L/" name "; do sleep 0.02; done\n"

StockTest(longs_policies, bind_is_judged_by_the_long_name)
{
    struct run r = ruled(DENY, "for n in $L/no $L/yes; do sunshim " SK "'socket unix stream' \"bind $n\" || :; done\n"
                               "for n in no$Z yes$Z; do sunshim " SK "\"chdir $L\" 'socket unix stream' \"bind rel:$n\" || :; done; ls -A $L | wc -l");

    cr_assert_eq(lines_with(r.out, "/no -> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/yes -> 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "rel:no0000", "-> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "rel:yes0000", "-> 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "d49d50/no\"", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "d49d50/no0000", NULL), 1, "%s", run_report(&r));
    check_has(r, out, "\n2\n");
}

StockTest(longs_policies, connect_and_sends_are_judged_by_the_long_name)
{
    struct run r = ruled(DENY, STOCK("stream", "no-stream") STOCK("stream", "stream") STOCK("dgram", "no-gram") STOCK("dgram", "gram")
                         "sunshim " SK "'socket unix stream' \"connect $L/no-stream\" \"connect $L/stream\"\n"
                         "for n in no-gram gram; do sunshim " SK "'socket unix dgram' \"sendto $L/$n x\" \"sendmsg $L/$n x\" "
                         "\"sendmmsg $L/$n x $L/$n y\" \"connect $L/$n\" || :; done");

    cr_assert_eq(lines_with(r.out, "connect ", "/no-stream -> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "connect ", "/stream -> 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/no-gram", "-> -1 EACCES", NULL), 4, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/gram", "-> -1", NULL), 0, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "peer_addr=", "d49d50/no-gram\"", NULL), 4, "%s", run_report(&r));
}

/* The peer is known to the kernel by an alias alone. */
StockTest(longs_policies, accept_is_judged_by_the_long_name)
{
    struct run r = ruled(DENY, "sunshim sh -c '" SK "\"socket unix stream\" \"bind $1/s\" listen accept >out & "
                               "until test -S $1/s; do sleep 0.02; done; ready $1/s || :\n"
                               SK "\"socket unix stream\" \"bind $1/evil\" \"connect $1/s\" recv; "
                               SK "\"socket unix stream\" \"bind $1/good\" \"connect $1/s\"; wait; cat out' - $L");

    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"accept\"", "d49d50/evil\"", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "accept", "d49d50/good", NULL), 1, "%s", run_report(&r));
}

StockTest(longs_policies, receive_is_judged_by_the_long_name)
{
    struct run r = ruled(DENY, "sunshim sh -c '" SK "\"socket unix dgram\" \"bind $1/s\" recvfrom >out & until test -S $1/s; do sleep 0.02; done\n"
                               SK "\"socket unix dgram\" \"bind $1/evil\" \"sendto $1/s bad\"; "
                               SK "\"socket unix dgram\" \"bind $1/good\" \"sendto $1/s fine\"; wait; cat out' - $L");

    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"recvfrom\"", "d49d50/evil\"", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recvfrom", "fine", "d49d50/good", NULL), 1, "%s", run_report(&r));
    check_lacks(r, out, "recvfrom 'bad'");
}

/* --- Inside and outside -------------------------------------------------------------------------------- */

StockTest(longs_policies, scope_and_long_names)
{
    struct run r = ruled("unix,\nscope pathname,\n", STOCK("stream", "outside") STOCK("dgram", "outside-gram")
                         "sunshim sh -c '" SK "\"socket unix stream\" \"bind $1/inside\" listen \"sleep 60000\" >/dev/null & "
                         SK "\"socket unix dgram\" \"bind $1/inside-gram\" \"sleep 60000\" >/dev/null & "
                         "until test -S $1/inside && test -S $1/inside-gram; do sleep 0.02; done; ready $1/inside || :\n"
                         "for n in inside outside; do " SK "\"socket unix stream\" \"connect $1/$n\"; " SK "\"socket unix dgram\" \"sendto $1/$n-gram x\"; done; kill $(jobs -p)' - $L || :");

    cr_assert_eq(lines_with(r.out, "/inside -> 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/inside-gram x -> 1", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/outside -> -1 EPERM", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/outside-gram x -> -1 EPERM", NULL), 1, "%s", run_report(&r));
}

StockTest(longs_policies, peers_inside_are_known_by_long_names)
{
    struct run r = ruled("unix (create, bind, listen, getattr, getopt, setopt, shutdown),\nunix (connect, send, accept, receive) peer=(scope=inside),\n",
                         STOCK("stream", "outside") STOCK("dgram", "outside-gram")
                         "sunshim sh -c '" SK "\"socket unix stream\" \"bind $1/inside\" listen accept >out & "
                         SK "\"socket unix dgram\" \"bind $1/inside-gram\" recvfrom >gram & "
                         "until test -S $1/inside && test -S $1/inside-gram; do sleep 0.02; done; ready $1/inside || :\n"
                         "for n in outside inside; do " SK "\"socket unix stream\" \"bind $1/c-$n\" \"connect $1/$n\"; "
                         SK "\"socket unix dgram\" \"bind $1/g-$n\" \"sendto $1/$n-gram x\" \"sleep 500\"; done; wait; cat out gram' - $L || :");

    cr_assert_eq(lines_with(r.out, "connect", "/inside -> 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sendto", "/inside-gram x -> 1", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "connect", "/outside -> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sendto", "/outside-gram x -> -1 EACCES", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "accept ", "/c-inside", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recvfrom 'x'", "/g-inside", NULL), 1, "%s", run_report(&r));
}

/* --- Whose is it ------------------------------------------------------------------------------------------- */

StockTest(longs_policies, who_knows_long_names)
{
    struct run r = run(LONG "\"$SUNSHIM\" run --track -- " SK "'socket unix stream' \"bind $L/s\" listen 'sleep 60000' >/dev/null & "
                            "until test -S $L/s; do sleep 0.02; done; ready $L/s || :; \"$SUNSHIM\" who $L/s");

    check_status(r, 0);
    check_has(r, out, "d49d50/s");
    check_has(r, out, "sk");
}

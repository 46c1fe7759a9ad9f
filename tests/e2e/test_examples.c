/* The examples do what their first lines say. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* A listener outside of any policy, that prints what it is sent. */
#define LISTENER "socat -u UNIX-LISTEN:$T/there,fork - & ready $T/there\n"

/* --- web.policy ------------------------------------------------------------- */

Test(examples, web_policy_has_no_errors)
{
    struct run r = run("\"$SUNSHIM\" check \"$TOP/examples/web.policy\"");
    check_status(r, 0);
}

/* socat stands for the application: its profile allows that socket and no other. */
StockTest(examples, web_policy_confines_the_application)
{
    struct run r = run("web=$(mktemp -d /tmp/web-XXXXXX); trap 'rm -r $web' EXIT\n"
                       "in_policy='\"$SUNSHIM\" run -p \"$TOP/examples/web.policy\" --'\n"
                       "echo works | eval $in_policy socat -u - UNIX-LISTEN:$web/app.sock & ready $web/app.sock\n"
                       "socat -u UNIX:$web/app.sock -; wait\n"
                       "eval $in_policy socat -u - UNIX-LISTEN:$web/other.sock </dev/null && echo not stopped || :");
    check_out(r, "works\n");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"bind\"", "profile=\"application\"", "other.sock", NULL), 1,
                 "%s", run_report(&r));
}

static void check_front_end(const char *query, const char *verdict)
{
    struct run r = run(text("\"$SUNSHIM\" explain --profile front-end \"$TOP/examples/web.policy\" %s", query));
    cr_assert(!strncmp(r.out, verdict, strlen(verdict)), "%s should be %s\n%s", query, verdict, run_report(&r));
}

Test(examples, web_policy_confines_the_front_end)
{
    check_front_end("bind family=inet type=stream laddr=0.0.0.0 lport=80", "allow");
    check_front_end("bind family=inet type=stream laddr=0.0.0.0 lport=22", "deny");
    check_front_end("connect family=unix type=stream peer_addr=/run/web/app.sock", "allow");
    check_front_end("connect family=unix type=stream peer_addr=/run/postgresql/.s.PGSQL.5432", "deny");
    check_front_end("connect family=inet type=stream faddr=192.0.2.1 fport=443", "deny");
}

/* --- test-suite -------------------------------------------------------------- */

StockTest(examples, test_suite_passes_what_stays_on_this_machine)
{
    struct run r = run("\"$TOP/examples/test-suite\" \"$P/sk\" 'socket inet dgram' 'sendto inet:127.0.0.1:9 x'");
    check_status(r, 0);
}

StockTest(examples, test_suite_fails_what_needs_the_network_and_ignores_the_error)
{
    struct run r = run("\"$TOP/examples/test-suite\" sh -c '\"$P/sk\" \"socket inet dgram\" \"sendto inet:192.0.2.1:53 x\" "
                       "|| true'");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.err, "/sk: sendto 192.0.2.1 port 53", NULL), 1, "%s", run_report(&r));
}

StockTest(examples, test_suite_keeps_the_status_of_the_command)
{
    struct run r = run("\"$TOP/examples/test-suite\" sh -c 'exit 7'");
    check_status(r, 7);
}

/* --- which-sockets ------------------------------------------------------------ */

#define CLIENT "socat -u OPEN:/etc/hostname UNIX:$T/there"

StockTest(examples, which_sockets_prints_a_policy_that_suffices)
{
    struct run r = run(LISTENER "\"$TOP/examples/which-sockets\" " CLIENT " >$T/found.policy\n"
                       "grep -q 'unix (connect) .*/there' $T/found.policy\n"
                       "\"$SUNSHIM\" run -p $T/found.policy -- " CLIENT);
    check_status(r, 0);
    check_lacks(r, err, "DENIED");
}

StockTest(examples, which_sockets_denies_nothing)
{
    struct run r = run(LISTENER "\"$TOP/examples/which-sockets\" " CLIENT);
    check_status(r, 0);
    check_lacks(r, err, "Permission denied");
}

/* --- own-sockets ------------------------------------------------------------ */

/* What the command may reach, and what it may not. */
#define OWN "socat -u UNIX-LISTEN:$T/own - & ready $T/own; echo own | socat -u - UNIX:$T/own; wait"

StockTest(examples, own_sockets_passes_what_keeps_to_its_own)
{
    put("suite", OWN);
    struct run r = run(LISTENER "\"$TOP/examples/own-sockets\" sh -eu $T/suite");
    check_status(r, 0);
    check_out(r, "own\n");
}

StockTest(examples, own_sockets_fails_what_needs_others_and_ignores_the_error)
{
    put("suite", OWN "; " CLIENT " || true");
    struct run r = run(LISTENER "\"$TOP/examples/own-sockets\" sh -eu $T/suite");
    check_status(r, 1);
    check_has(r, err, "Operation not permitted");
    check_has(r, err, text("/socat: connect \"%s/there\"\n", scratch()));
}

StockTest(examples, own_sockets_keeps_the_status_of_the_command)
{
    struct run r = run("\"$TOP/examples/own-sockets\" sh -c 'exit 7'");
    check_status(r, 7);
}

/* --- safe-bind.policy --------------------------------------------------------- */

static struct run bound_safely(const char *script)
{
    put("script", script);
    return run(text(LISTENER "export port=$(freeport)\n\"$SUNSHIM\" run -p \"$TOP/examples/safe-bind.policy\" -- sh -eu $T/script"));
}

StockTest(examples, safe_bind_needs_no_list_of_its_own_names)
{
    struct run r = bound_safely(OWN "\n"
                                "socat -u ABSTRACT-LISTEN:own-$$ - & ready @own-$$\n"
                                "echo abstract | socat -u - ABSTRACT:own-$$; wait\n"
                                "socat -u TCP-LISTEN:$port,bind=127.0.0.1 - & ready tcp:$port\n"
                                "echo tcp | socat -u - TCP:127.0.0.1:$port; wait\n");
    check_status(r, 0);
    check_out(r, "own\nabstract\ntcp\n");
    check_lacks(r, err, "DENIED");
}

StockTest(examples, safe_bind_denies_what_others_bound)
{
    struct run r = bound_safely(CLIENT " || :");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"connect\"", "/there\"", "rule=none", NULL), 1, "%s",
                 run_report(&r));
}

StockTest(examples, safe_bind_denies_ports_of_others)
{
    struct run r = run("port=$(freeport); socat -u TCP-LISTEN:$port,bind=127.0.0.1 OPEN:/dev/null & ready tcp:$port\n"
                       "\"$SUNSHIM\" run -p \"$TOP/examples/safe-bind.policy\" -- socat -u OPEN:/etc/hostname "
                       "TCP:127.0.0.1:$port || :");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"connect\"", "faddr=\"127.0.0.1\"", NULL), 1, "%s",
                 run_report(&r));
}

/* --- leak-hunt ----------------------------------------------------------------- */

StockTest(examples, leak_hunt_names_socket_maker_and_heir)
{
    struct run r = run("ln -s \"$P/leaky\" leakyd\n"
                       "\"$TOP/examples/leak-hunt\" ./leakyd listener:$T/l.sock -- cat /dev/null");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.err, "leak-hunt: leakyd made socket:[", "(unix stream) by socket, bound to ", "/l.sock; ",
                            "cat got it as descriptor ", NULL),
                 1, "%s", run_report(&r));
}

StockTest(examples, leak_hunt_passes_what_leaks_nothing)
{
    struct run r = run("\"$TOP/examples/leak-hunt\" sh -c true");
    check_status(r, 0);
    check_lacks(r, err, "leak-hunt");
}

StockTest(examples, leak_hunt_keeps_the_status_of_the_command)
{
    struct run r = run("\"$TOP/examples/leak-hunt\" sh -c 'exit 7'");
    check_status(r, 7);
}

/* --- whose-socket --------------------------------------------------------------- */

StockTest(examples, whose_socket_tells_what_a_listing_does_not)
{
    struct run r = run(LISTENER "ls -l /proc/$!/fd | \"$TOP/examples/whose-socket\"");
    check_status(r, 0);
    check_has(r, out, text("]\n    unix stream LISTEN  %s/there\n", scratch()));
}

StockTest(examples, whose_socket_knows_how_it_began_where_that_was_tracked)
{
    put("script", "ls -l /proc/self/fd | \"$TOP/examples/whose-socket\"");
    struct run r = run("ln -s \"$P/leaky\" leakyd; "
                       "\"$SUNSHIM\" run --track -- ./leakyd listener:$T/l.sock -- sh $T/script");
    check_has(r, out, " leakyd, ");
    check_has(r, out, text("bound to %s/l.sock", scratch()));
}

/* --- systemd-drop-in ------------------------------------------------------------ */

/* systemd's reading of Environment="...": backslashes and doubled percent signs. */
#define AS_SYSTEMD_READS "sed -n 's/^Environment=\"\\(.*\\)\"$/\\1/p' $T/drop-in | sed 's/%%/%/g; s/\\\\\\(.\\)/\\1/g'"

StockTest(examples, systemd_drop_in_puts_a_service_under_the_policy)
{
    put("web.policy", "include <abstractions/sockets>\n");
    struct run r = run("\"$TOP/examples/systemd-drop-in\" $T/web.policy >$T/drop-in; cat $T/drop-in\n" AS_SYSTEMD_READS
                       " >$T/environment\n"
                       "set --; while IFS= read -r line; do set -- \"$@\" \"$line\"; done <$T/environment\n"
                       "env -i \"$@\" SUNSHIM_LOG=stderr \"$P/sk\" 'socket unix dgram' 'bind auto'");
    check_has(r, out, "[Service]\n");
    check_has(r, out, "bind auto -> -1 EACCES");
}

/* --- long-if-needed ------------------------------------------------------------- */

#define LONG_DIR "long=$T/$(printf '%0150d' 1); mkdir $long\n"

StockTest(examples, long_if_needed_helps_where_a_name_is_too_long)
{
    struct run r = run(LONG_DIR "\"$TOP/examples/long-if-needed\" socat -u UNIX-LISTEN:$long/s - & pid=$!\n"
                                "until [ -S $long/s ]; do kill -0 $pid; sleep 0.05; done\n"
                                "echo works | \"$TOP/examples/long-if-needed\" socat -u - UNIX:$long/s; wait");
    check_out(r, "works\n");
}

StockTest(examples, long_if_needed_leaves_short_names_alone)
{
    struct run r = run("\"$TOP/examples/long-if-needed\" sh -c 'echo ${LD_PRELOAD:-as it is}' $T/s");
    check_out(r, "as it is\n");
}

StockTest(examples, long_if_needed_says_why_where_nothing_helps)
{
    struct run r = run("\"$TOP/examples/long-if-needed\" echo $T/$(printf '%0256d' 1)");
    check_status(r, 1);
    check_out(r, "");
    check_has(r, err, "does not work: argument 1: ");
}

/* --- stale-sockets ---------------------------------------------------------------- */

StockTest(examples, stale_sockets_lists_those_that_nobody_has)
{
    struct run r = run(LISTENER "\"$N/sk\" 'socket unix dgram' \"bind $T/old\" >/dev/null\n"
                                "\"$TOP/examples/stale-sockets\" $T");
    check_status(r, 1);
    check_out(r, text("%s/old\n", scratch()));
}

StockTest(examples, stale_sockets_passes_where_there_are_none)
{
    struct run r = run(LISTENER "\"$TOP/examples/stale-sockets\" $T");
    check_status(r, 0);
    check_out(r, "");
}

/* --- with-redis -------------------------------------------------------------------- */

StockTest(examples, with_redis_works_in_a_directory_with_a_long_name)
{
    put("suite", "redis-cli -s $REDIS_SOCKET set key token; redis-cli -s $REDIS_SOCKET get key\n"
                 "(cd $T/*/ && test -S redis.sock); exit 7");
    struct run r = run(LONG_DIR "cd $long; \"$TOP/examples/with-redis\" sh -eu $T/suite");
    check_status(r, 7);
    check_out(r, "OK\ntoken\n");
}

/* --- deep-tmpdir ------------------------------------------------------------------- */

StockTest(examples, deep_tmpdir_lists_who_cuts_names)
{
    struct run r = run("unset TMPDIR; \"$TOP/examples/deep-tmpdir\" perl -MSocket -e '"
                       "socket S, AF_UNIX, SOCK_STREAM, 0; bind S, sockaddr_un(\"$ENV{TMPDIR}/s\")'");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.err, "/perl: bind /tmp/tmp.", NULL), 1, "%s", run_report(&r));
}

StockTest(examples, deep_tmpdir_keeps_the_status_of_the_command)
{
    struct run r = run("\"$TOP/examples/deep-tmpdir\" sh -c 'test ${#TMPDIR} = 200 && exit 7'");
    check_status(r, 7);
    check_lacks(r, err, "cut");
}

/* --- anon-server.c, anon-client.c, at-server.c, at-client.c --------------------------- */

/* By the line in its head, as if libsunat were installed. */
static void build(const char *source)
{
    put("pkg-config", "#!/bin/sh\nPKG_CONFIG_PATH=$T/lib exec /usr/bin/pkg-config --define-variable=includedir=$T/include "
                      "--define-variable=libdir=$T/lib \"$@\"\n");
    struct run r = run(text("chmod +x pkg-config; PATH=$T:$PATH; ln -sfn \"$B\" lib; ln -sfn \"$TOP/include\" include\n"
                            "cp \"$TOP/%s\" .; source=%s; source=${source##*/}; test $(wc -l <$source) -le 40\n"
                            "line=$(sed -n 's/^ \\*     \\(cc .*\\)/\\1/p' $source); eval \"$line -Wall -Wextra -Werror\"",
                            source, source));
    check_status(r, 0);
    with_env(text("LD_LIBRARY_PATH=%s/lib", scratch()));
}

StockTest(examples, anon_server_is_reached_by_what_it_starts)
{
    build("examples/anon-server.c"), build("examples/anon-client.c");
    struct run r = run("./anon-server sh -c './anon-client hello; ./anon-client again; exit 7'");
    check_status(r, 7);
    check_out(r, "hello, and welcome\nagain, and welcome\n");
}

/* What the table of unix sockets has of its first descriptor. */
StockTest(examples, anon_server_has_no_name)
{
    put("names", "server=$(cut -d' ' -f1 /proc/$$/task/$$/children); socket=$(readlink /proc/$server/fd/3)\n"
                 "grep \" $(echo $socket | tr -cd 0-9) \" /proc/net/unix >$T/line; read -r a b c d e f g name <$T/line\n"
                 "test ! -e $name; echo $name | sed 's,[0-9a-f]\\{16\\}$,X,; s,[0-9][0-9]*,N,'\n");
    build("examples/anon-server.c");
    struct run r = run("./anon-server sh -eu names");
    check_out(r, "/proc/thread-self/fd/N/.sunat-X\n");
}

StockTest(examples, anon_client_fails_without_a_server)
{
    build("examples/anon-client.c");
    struct run r = run("SERVER_FD=0 ./anon-client hello");
    check_status(r, 1);
    check_has(r, err, "anon-client: connect: ");
}

/* Under a policy that allows sockets without names, and under one that does not. */
StockTest(examples, anon_client_is_mediated)
{
    build("examples/anon-server.c"), build("examples/anon-client.c");
    struct run r = under("unix (create, listen),\nunix (bind) addr=none,\nunix peer=(addr=none),\n", "./anon-server ./anon-client hello");
    check_status(r, 0);
    check_out(r, "hello, and welcome\n");
    r = under("unix (create, listen),\nunix (bind) addr=none,\nunix (accept),\n", "./anon-server ./anon-client hello");
    check_status(r, 1);
    check_has(r, err, "anon-client: connect: Permission denied");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"connect\"", "peer_addr=none", NULL), 1, "%s", run_report(&r));
}

StockTest(examples, at_server_and_at_client_do_not_mind_how_long_the_name_is)
{
    build("examples/at-server.c"), build("examples/at-client.c");
    struct run r = run(LONG_DIR "./at-server $long & server=$!\n"
                                "until ./at-client $long 2>err >out; do kill -0 $server; sleep 0.05; done\n"
                                "sed \"s,$long,there,\" out; wait $server; ls -A $long");
    check_status(r, 0);
    check_out(r, "hello from below there\n");
}

/* --- daemon-without-path ---------------------------------------------------------------- */

#define WITHOUT_PATH "\"$TOP/examples/daemon-without-path\" "

StockTest(examples, daemon_without_path_runs_a_suite_beside_a_daemon)
{
    struct run r = run(WITHOUT_PATH "'/usr/bin/python3 -m gunicorn --log-level warning wsgiref.simple_server:demo_app' "
                                    "sh -c 'test ! -e $APP_SOCKET; curl -sS --unix-socket $APP_SOCKET http://app/ | head -n 1; exit 7'");
    check_out(r, "Hello world!\n");
    check_status(r, 7);
}

StockTest(examples, daemon_without_path_is_for_a_bus_too)
{
    struct run r = run(WITHOUT_PATH "'dbus-daemon --session --nofork --nopidfile --address=systemd: 2>$T/log' "
                                    "sh -c 'gdbus call --address unix:path=$APP_SOCKET --dest org.freedesktop.DBus "
                                    "--object-path / --method org.freedesktop.DBus.NameHasOwner org.freedesktop.DBus'");
    check_status(r, 0);
    check_out(r, "(true,)\n");
}

/* The suite has no socket in hand that would keep it waiting. */
StockTest(examples, daemon_without_path_fails_at_once_where_the_daemon_does)
{
    struct run r = run(WITHOUT_PATH "'exit 3' sh -c 'timeout 20 curl -sS --unix-socket $APP_SOCKET http://app/; echo $? ${LISTEN_FDS-}'");
    check_has(r, err, "curl: (");
    check_lacks(r, out, "124");
}

/* --- unittest-without-path ---------------------------------------------------------------- */

StockTest(examples, unittest_without_path_passes)
{
    with_env(text("LD_LIBRARY_PATH=%s", getenv("TEST_BUILD_AT") ? getenv("TEST_BUILD_AT") : TEST_BUILD));
    struct run r = run("\"$TOP/examples/unittest-without-path\"");
    check_status(r, 0);
    check_has(r, err, "Ran 2 tests");
}

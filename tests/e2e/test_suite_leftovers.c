/* sunshim run --leftovers: socket files that nobody listens on, listeners without clients. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Paths in scripts are below $T. */
static struct run leaving(const char *script)
{
    put("script", script);
    return run("cd $T; $SUNSHIM run --leftovers -- sh -eu script");
}

static int left(const struct run *r)
{
    return lines_with(r->err, "sunshim: left over: ", NULL);
}

StockTest(suite_leftovers, a_socket_file_that_was_not_removed)
{
    struct run r = leaving("$P/sk 'socket unix dgram' \"bind $T/s\"");
    check_status(r, 1);
    cr_assert_eq(left(&r), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, text("socket file \"%s/s\" was not removed; bound by sk (pid ", scratch()), "/sk\"", NULL),
                 1, "%s", run_report(&r));
}

StockTest(suite_leftovers, relative_names_are_found)
{
    struct run r = leaving("mkdir d; cd d; $P/sk 'socket unix dgram' 'bind rel:s'");
    check_status(r, 1);
    check_has(r, err, text("\"%s/d/s\"", scratch()));
}

StockTest(suite_leftovers, a_socket_file_that_was_removed_is_none)
{
    struct run r = leaving("$P/sk 'socket unix dgram' \"bind $T/s\"; rm s");
    check_status(r, 0);
    cr_assert_str_empty(r.err);
}

StockTest(suite_leftovers, a_name_that_is_another_file_now_is_none)
{
    struct run r = leaving("$P/sk 'socket unix dgram' \"bind $T/s\"; rm s; touch s");
    check_status(r, 0);
}

StockTest(suite_leftovers, a_failed_bind_leaves_nothing)
{
    struct run r = run("cd $T; $N/sk 'socket unix dgram' \"bind $T/s\"\n"
                       "$SUNSHIM run --leftovers -- sh -c '! $P/sk \"socket unix dgram\" \"bind $T/s\"'");
    check_status(r, 0);
}

StockTest(suite_leftovers, what_a_daemon_goes_on_with_is_none)
{
    struct run r = leaving("$P/sk 'socket unix stream' \"bind $T/s\" listen 'socket unix stream' 'bind @leftovers-test' listen "
                           "'socket inet stream' 'bind inet:127.0.0.1:0' listen 'sleep 30000' >/dev/null 2>&1 &\n"
                           "ready $T/s @leftovers-test; sleep 0.2");
    check_status(r, 0);
    cr_assert_eq(left(&r), 0, "%s", run_report(&r));
}

StockTest(suite_leftovers, a_listener_without_clients)
{
    struct run r = leaving("$P/sk 'socket unix stream' \"bind $T/s\" listen; rm s\n"
                           "$P/sk 'socket unix stream' 'bind @leftovers-none' listen\n"
                           "$P/sk 'socket inet stream' 'bind inet:127.0.0.1:0' listen\n"
                           "$P/sk 'socket unix stream' 'bind auto' listen\n");
    check_status(r, 1);
    cr_assert_eq(left(&r), 4, "%s", run_report(&r));
    check_has(r, err, text("left over: nobody was accepted from the listener \"%s/s\" of sk (pid ", scratch()));
    check_has(r, err, "listener \"@leftovers-none\" of sk");
    check_has(r, err, "listener 127.0.0.1 port ");
}

StockTest(suite_leftovers, a_listener_with_a_client_is_none)
{
    struct run r = leaving("$P/sk 'socket unix stream' \"bind $T/s\" listen accept & ready $T/s\n"
                           "$P/sk 'socket unix stream' \"connect $T/s\"; wait; rm s\n"
                           "port=$(freeport); socat -u TCP-LISTEN:$port - & ready tcp:$port\n"
                           "echo x | socat -u - TCP:127.0.0.1:$port; wait\n");
    check_status(r, 0);
    cr_assert_eq(left(&r), 0, "%s", run_report(&r));
}

/* SO_REUSEPORT: whoever accepted, the port was served. */
StockTest(suite_leftovers, listeners_of_one_port_are_one)
{
    put("servers.py", "import select, socket\n"
                      "def new():\n"
                      "    s = socket.socket()\n"
                      "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
                      "    return s\n"
                      "a, b, client = new(), new(), socket.socket()\n"
                      "a.bind(('127.0.0.1', 0)); a.listen()\n"
                      "b.bind(a.getsockname()); b.listen()\n"
                      "client.connect(a.getsockname())\n"
                      "select.select([a, b], [], [])[0][0].accept()\n");
    struct run r = leaving("/usr/bin/python3 -I servers.py");

    check_status(r, 0);
    cr_assert_eq(left(&r), 0, "%s", run_report(&r));
}

/* listen() once more sets the backlog. */
StockTest(suite_leftovers, a_listener_that_listens_twice_is_one)
{
    struct run r = leaving("$P/sk 'socket unix stream' \"bind $T/s\" listen listen; rm s\n"
                           "$P/sk 'socket unix stream' \"bind $T/t\" listen accept 'use 3' listen & ready $T/t\n"
                           "$P/sk 'socket unix stream' \"connect $T/t\"; wait; rm t\n");

    check_status(r, 1);
    cr_assert_eq(left(&r), 1, "%s", run_report(&r));
}

/* Nobody came in the first case; in the second somebody was let in and sent away. */
StockTest(suite_leftovers, an_accept_that_failed_is_none_but_one_that_was_refused_is)
{
    put("server.py", "import socket, sys\n"
                     "s = socket.socket(socket.AF_UNIX)\n"
                     "s.bind(sys.argv[1]); s.listen(); s.setblocking(False)\n"
                     "try: s.accept()\n"
                     "except OSError as e: print(e.errno)\n");
    struct run r = leaving("/usr/bin/python3 -I server.py $T/s; rm s\n");

    check_status(r, 1);
    check_out(r, "11\n");
    cr_assert_eq(left(&r), 1, "%s", run_report(&r));
    r = run("cd $T; $SUNSHIM run --leftovers --rule 'inject unix (accept) errno=ECONNABORTED,' --log /dev/null -- "
            "sh -c '/usr/bin/python3 -I server.py $T/s; rm s'");
    check_status(r, 0);
    check_out(r, "103\n");
}

/* Whatever files of that name there are. */
StockTest(suite_leftovers, an_abstract_name_is_no_file)
{
    struct run r = run("cd $T; $N/sk 'socket unix dgram' 'bind rel:@x' >/dev/null; test -S @x\n"
                       "$SUNSHIM run --leftovers -- $P/sk 'socket unix dgram' 'bind @x'");

    check_status(r, 0);
}

/* That somebody goes on says nothing of other listeners. */
StockTest(suite_leftovers, a_daemon_keeps_its_own_listeners_alone)
{
    struct run r = leaving("$P/sk 'socket inet stream' 'bind inet:127.0.0.1:0' listen 'socket unix stream' 'bind @leftovers-stays' listen "
                           "'sleep 30000' >/dev/null 2>&1 &\nready @leftovers-stays\n"
                           "$P/sk 'socket unix stream' 'bind @leftovers-ends' listen\n"
                           "$P/sk 'socket inet stream' 'bind inet:127.0.0.1:0' listen\n");

    check_status(r, 1);
    cr_assert_eq(left(&r), 2, "%s", run_report(&r));
    check_has(r, err, "listener \"@leftovers-ends\" of sk");
}

/* Prefork servers: one process listens, others accept. */
StockTest(suite_leftovers, a_child_may_accept)
{
    struct run r = leaving("$P/sk 'socket unix stream' \"bind $T/s\" listen fork accept & ready $T/s\n"
                           "$P/sk 'socket unix stream' \"connect $T/s\"; wait; rm s\n");
    check_status(r, 0);
}

StockTest(suite_leftovers, each_test_has_a_listener_of_its_own)
{
    struct run r = leaving("serve() { $P/sk 'socket unix stream' \"bind $T/s\" listen \"$@\"; rm s; }\n"
                           "serve accept & ready $T/s; $P/sk 'socket unix stream' \"connect $T/s\"; wait\n"
                           "serve; serve\n"
                           "serve accept & ready $T/s; $P/sk 'socket unix stream' \"connect $T/s\"; wait\n");
    check_status(r, 1);
    cr_assert_eq(left(&r), 2, "%s", run_report(&r));
}

StockTest(suite_leftovers, names_that_go_with_the_run_are_none)
{
    struct run r = run("export TMPDIR=$T/$(printf '%0150d' 1); mkdir $TMPDIR\n"
                       "$SUNSHIM run --shorten --leftovers -- sh -c '$P/sk \"socket unix dgram\" \"bind $TMPDIR/s\"'");
    check_status(r, 0);
    check_lacks(r, out, "0001/s");
    check_lacks(r, err, "left over");
}

StockTest(suite_leftovers, without_the_option_they_are_said_and_fail_nothing)
{
    put("script", "$P/sk 'socket unix dgram' \"bind $T/s\"");
    struct run r = run("cd $T; $SUNSHIM run --error-exitcode 9 --tap tap -- sh -eu script; cat tap");
    check_status(r, 0);
    cr_assert_eq(left(&r), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "not ok 2 - leftover: socket file", " # TODO ", NULL), 1, "%s", run_report(&r));
}

StockTest(suite_leftovers, error_exitcode_is_their_status)
{
    struct run r = run("$SUNSHIM run --error-exitcode 9 --leftovers -- sh -c '$P/sk \"socket unix dgram\" \"bind $T/s\"; exit 3'");
    check_status(r, 9);
}

StockTest(suite_leftovers, thousands_that_are_gone_are_forgotten_and_those_that_are_left_are_not)
{
    struct run r = run("$SUNSHIM run --leftovers --tap $T/tap -- python3 -c '\n"
                       "import os, socket\n"
                       "for i in range(12000):\n"
                       "    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                       "    s.bind(\"%s/%d\" % (os.environ[\"T\"], i))\n"
                       "    if i % 1000: os.unlink(\"%s/%d\" % (os.environ[\"T\"], i))\n"
                       "    s.close()'\n");
    check_status(r, 1);
    cr_assert_eq(left(&r), 11, "%s", run_report(&r)); /* ten, and how many more */
    check_has(r, err, "sunshim: left over: 2 more");
    cr_assert_eq(lines_with(get(text("%s/tap", scratch())), "not ok ", "leftover", NULL), 12);
}

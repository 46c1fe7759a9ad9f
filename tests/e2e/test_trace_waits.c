/* sunshim trace --waiting: calls that do not return. Each test waits for the line, however long it takes. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define TRACE "\"$SUNSHIM\" trace "
/* In a group of its own, as a terminal's job is; `go` tells the program that the line is there. */
#define GROUP "setsid \"$SUNSHIM\" trace "
#define SAID(what) "until grep -q '" what "' err; do sleep 0.1; done\n"

#define PYTHON \
    "import os, signal, socket, sys, threading, time\n" \
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n" \
    "U, STREAM, DGRAM = socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM\n" \
    "def bound(name):\n" \
    "    s = socket.socket(U); s.bind(name); s.listen(0); return s\n" \
    "def to(name):\n" \
    "    s = socket.socket(U); s.connect(name); return s\n" \
    "def thread(f, *a): t = threading.Thread(target=f, args=a, daemon=True); t.start(); return t\n" \
    "def go():\n" \
    "    while not os.path.exists('go'): time.sleep(0.05)\n"

/* Ctrl-C reaches the whole group; the answer is there already, and once. */
StockTest(trace_waits, says_in_which_accept_a_server_hangs_that_is_interrupted)
{
    put("p.py", PYTHON "bound('app.sock').accept()\n");
    struct run r = run(GROUP "-- python3 p.py 2>err & " SAID("accept4(3) [.][.][.] waiting for ") "kill -INT -$!; wait $! || echo $?; cat err");
    check_has(r, out, "130\n");
    cr_assert_eq(lines_with(r.out, " python3 ", "accept4(3) ... waiting for ", text(" s at \"%s/app.sock\"", scratch()), NULL), 1, "%s", run_report(&r));
    check_lacks(r, out, "unfinished");
}

StockTest(trace_waits, says_whose_queue_is_full_when_a_client_hangs_in_connect)
{
    put("p.py", PYTHON "s = bound('app.sock'); c = to('app.sock'); open('full', 'w'); time.sleep(1000)\n");
    struct run r = run("ln -s app.sock link\n" GROUP "-- sh -c 'python3 p.py & echo $! >pid; until test -e full; do sleep 0.1; done; exec socat -u EXEC:\"sleep 1000\" UNIX:link' 2>err &\n"
                       SAID("connect(.*waiting for ") "kill -TERM -$!; wait $! || :; printf 'peer '; cat pid err");
    char peer[24] = "";
    sscanf(r.out, "peer %12s", peer);
    cr_assert_eq(lines_with(r.out, " socat ", "\"link\") ... waiting for ", text("-> \"%s/app.sock\" peer %s; its queue is full (1)", scratch(), peer), NULL), 1,
                 "%s", run_report(&r));
}

StockTest(trace_waits, says_which_peer_is_silent)
{
    put("p.py", PYTHON "s = bound('app.sock')\n"
                       "if not os.fork(): a = s.accept(); time.sleep(1000)\n"
                       "c = to('app.sock'); s.close(); c.recv(4096)\n");
    struct run r = run(GROUP "-- python3 p.py 2>err & " SAID("recv(4, 4096 bytes) .*waiting for ") "kill -TERM -$!; wait $! || :; cat err");
    cr_assert_eq(lines_with(r.out, "recv(4, 4096 bytes) ... waiting for ", text(" peer \"%s/app.sock\" (", scratch()), NULL), 1, "%s", run_report(&r));
}

StockTest(trace_waits, knows_calls_of_many_kinds)
{
    put("p.py", PYTHON "t = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen(); c = socket.create_connection(t.getsockname())\n"
                       "a, b = socket.socketpair(); d, e = socket.socketpair()\n"
                       "def pour():\n"
                       "    while True: os.write(b.fileno(), bytes(4096))\n"
                       "thread(c.recv, 9); thread(b.recvmsg, 9); thread(os.read, d.fileno(), 8); thread(pour)\n"
                       "time.sleep(1000)\n");
    struct run r = run(GROUP "-- python3 p.py 2>err & for call in 'recv(' 'recvmsg(' 'read(' 'write('; do " SAID("'\"$call\"'.*waiting for") "done\n"
                       "kill -TERM -$!; wait $! || :; grep waiting err");
    cr_assert_eq(lines_with(r.out, "/", "recv(4, 9 bytes) ... waiting for ", " at 127.0.0.1:", " peer 127.0.0.1:", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recvmsg(6) ... waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "read(7, 8 bytes) ... waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "write(6, 4096 bytes) ... waiting for ", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_waits, says_where_a_full_datagram_socket_is)
{
    put("p.py", PYTHON "d = socket.socket(U, DGRAM); d.bind('in'); s = socket.socket(U, DGRAM)\n"
                       "while True: s.sendto(b'x', 'in')\n");
    struct run r = run(GROUP "-- python3 p.py 2>err & " SAID("sendto(.*waiting for") "kill -TERM -$!; wait $! || :; grep waiting err");
    cr_assert_eq(lines_with(r.out, "sendto(4, 1 bytes, \"in\") ... waiting for ", text("-> \"%s/in\"", scratch()), NULL), 1, "%s", run_report(&r));
}

/* Lines came in between: it is said again. What returned is not. */
StockTest(trace_waits, says_at_the_end_what_never_returned)
{
    put("p.py", PYTHON "a, b = socket.socketpair(); c, d = socket.socketpair()\n"
                       "thread(a.recv, 77); t = thread(c.recv, 88); go(); d.send(b'x'); t.join()\n"
                       "os.kill(os.getpid(), signal.SIGKILL)\n");
    struct run r = run(TRACE "-- python3 p.py 2>err & " SAID("recv(3, 77 .*waiting for") SAID("recv(5, 88 .*waiting for") "touch go; wait $! || echo $?; cat err");
    check_has(r, out, "137\n");
    cr_assert_eq(lines_with(r.out, "recv(3, 77 bytes) ... waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv(3, 77 bytes) ... unfinished after ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv(5, 88 bytes) ... waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv(5, 88 bytes) = 1 <", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "recv(5, 88 bytes) ... unfinished", NULL), 0, "%s", run_report(&r));
}

/* A daemon is still there to be looked at when the trace is ended. */
StockTest(trace_waits, says_what_a_daemon_does_that_goes_on)
{
    put("p.py", PYTHON "if os.fork(): os._exit(3)\n"
                       "os.setsid(); t = thread(bound('app.sock').accept); go(); socket.socket(U, DGRAM); time.sleep(1000)\n");
    struct run r = run(TRACE "-- python3 p.py 2>err & " SAID("accept4(.*waiting for") "touch go; " SAID("dgram")
                       "kill -TERM $!; wait $! || echo $?; cat err");
    check_has(r, out, "3\n");
    cr_assert_eq(lines_with(r.out, "accept4(3) ... unfinished after ", text(" at \"%s/app.sock\"", scratch()), NULL), 1, "%s", run_report(&r));
}

/* --- Where nothing is said ------------------------------------------------------------------------ */

#define WAITS_AND_IS_KILLED \
    PYTHON "a, b = socket.socketpair(); thread(a.recv, 77); go(); socket.socket(U, DGRAM); os.kill(os.getpid(), signal.SIGKILL)\n"

/* The trace around it says when it would have been. */
static void check_silent(const char *options)
{
    put("p.py", WAITS_AND_IS_KILLED);
    struct run r = run(text("rm -f go err inner; " TRACE "-- sh -c 'exec \"$SUNSHIM\" trace %s' 2>err & " SAID("recv(.*waiting for")
                            "touch go; wait $! || :; grep -c unfinished err; cat inner", options));
    check_has(r, out, "1\n");
    check_has(r, out, "socket");
    check_lacks(r, out, "waiting for ");
    check_lacks(r, out, "WAITING");
    check_lacks(r, out, "unfinished");
    check_lacks(r, out, "UNFINISHED");
}

StockTest(trace_waits, leaves_what_is_compared_or_read_by_programs_alone)
{
    check_silent("-o inner -- python3 p.py");
    check_silent("--json -o inner -- python3 p.py");
    check_silent("--normalize -o inner -- python3 p.py");
    check_silent("-c -o inner -- python3 p.py");
    check_silent("-C -o inner -- python3 p.py");
    check_silent("--waiting never -- python3 p.py 2>inner");
}

StockTest(trace_waits, is_written_to_a_file_when_asked_to)
{
    put("p.py", WAITS_AND_IS_KILLED);
    struct run r = run(TRACE "--waiting always -o err -- python3 p.py & " SAID("recv(.*waiting for") "touch go; wait $! || :; cat err");
    cr_assert_eq(lines_with(r.out, "recv(3, 77 bytes) ... unfinished after ", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_waits, is_refused_where_lines_are_not_shown_as_they_come)
{
    static const char *const options[] = {"--json -- true", "--normalize -- true", "-c -- true", "--from log"};

    for (unsigned i = 0; i < 4; i++) {
        struct run r = run(text("echo >log; " TRACE "--waiting always %s", options[i]));
        check_status(r, 125);
        check_has(r, err, "--waiting always needs lines that are shown as they come");
    }
    struct run r = run(TRACE "--waiting often -- true");
    check_status(r, 125);
    check_has(r, err, "'often' is not auto, always or never");
}

StockTest(trace_waits, shows_what_was_chosen)
{
    put("p.py", PYTHON "a, b = socket.socketpair(); thread(a.recv, 77); thread(bound('app.sock').accept)\n"
                       "s = bound('other.sock'); thread(s.accept); time.sleep(1000)\n");
    struct run r = run(GROUP "-e recvfrom -- python3 p.py 2>err & " SAID("recv(3, 77.*waiting for") "kill -TERM -$!; wait $! || :; grep -c . err; rm app.sock other.sock err\n"
                       GROUP "-P '/**/other.sock' -- python3 p.py 2>err & " SAID("accept4(.*waiting for") "kill -TERM -$!; wait $! || :; grep waiting err");
    check_has(r, out, "1\n");
    cr_assert_eq(lines_with(r.out, "waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "accept4(", ") ... waiting for ", "other.sock\"", NULL), 1, "%s", run_report(&r));
}

/* What the launcher was before: a shell with children of its own. */
StockTest(trace_waits, is_about_processes_of_the_run)
{
    put("other.py", PYTHON "bound('other.sock').accept()\n");
    put("p.py", PYTHON "bound('app.sock').accept()\n");
    struct run r = run("setsid sh -c 'python3 other.py & ready $T/other.sock; exec \"$SUNSHIM\" trace -- python3 p.py' 2>err & " SAID("app.sock.*") SAID("waiting for")
                       "kill -TERM -$!; wait $! || :; grep waiting err");
    cr_assert_eq(lines_with(r.out, "waiting for ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "accept4(3) ... waiting for ", "app.sock", NULL), 1, "%s", run_report(&r));
}

/* A newline and a line of ours, an escape sequence, a quote, and what is no UTF-8. */
StockTest(trace_waits, lets_no_name_forge_a_line)
{
    put("p.py", PYTHON "name = b'\\n03:02:11.481223   1 sh accept(3) ... waiting for 9 s\\n\\033[2J\\\"\\377'\n"
                       "open('/proc/self/comm', 'wb').write(name[:15])\n"
                       "thread(bound(b'\\0' + name).accept)\n"
                       "s = bound(b's' + name.replace(b'/', b'')); thread(s.accept)\n"
                       "time.sleep(1000)\n");
    struct run r = run(GROUP "-- python3 p.py 2>err & until test \"$(grep -c 'accept4(.*waiting for' err)\" -ge 2; do sleep 0.1; done\n"
                       "kill -TERM -$!; wait $! || :; cat err");
    cr_assert_eq(lines_with(r.out, "accept4(", "\\n03:02:11.481223   1 sh accept(3) ... waiting for 9 s\\n\\x1b[2J\\\"\\xff", NULL), 2, "%s", run_report(&r));
    cr_assert(!strstr(r.out, "\n03:02:11") && !strchr(r.out, '\033'), "%s", run_report(&r));
}

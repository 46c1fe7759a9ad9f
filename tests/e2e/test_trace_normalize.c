/* sunshim trace --normalize: two runs of the same session are the same text. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Runs $T/session twice, in all forms; prints what differs. */
static struct run twice(const char *session)
{
    put("session", session);
    return run("for form in '' --json -c; do for i in 1 2; do\n"
               "timeout 40 \"$SUNSHIM\" trace --normalize $form -o $T/out$i -- sh -eu $T/session >$T/log 2>&1 || { cat $T/log; exit 1; }; done\n"
               "diff out1 out2; done; timeout 40 \"$SUNSHIM\" trace --normalize -o $T/out -- sh -eu $T/session >/dev/null 2>&1");
}

static char *check_same(const struct run *r)
{
    cr_assert(r->status == 0 && !r->out_len, "%s", run_report(r));
    return get(text("%s/out", scratch()));
}

/* Each session makes a directory of its own by mktemp(1). */
#define TEMPORARY "d=$(mktemp -d); trap 'rm -r $d' EXIT; cd $d\n"

StockTest(trace_normalize, redis_and_clients_that_come_at_once, .timeout = 120)
{
    struct run r = twice(TEMPORARY
        "redis-server --port 0 --unixsocket $d/redis.sock --save '' & ready $d/redis.sock\n"
        "clients=; for i in 1 2 3 4 5; do redis-cli -s $d/redis.sock set key$i value & clients=\"$clients $!\"; done; wait $clients\n"
        "redis-cli -s redis.sock shutdown nosave || :; wait\n");
    char *out = check_same(&r);
    cr_assert_eq(lines_with(out, "redis-cli", "connect(3, \"/tmp/", "/tmp.TEMP", "/redis.sock\") = 0 <0.000000> peer ", NULL), 5, "%s", out);
    cr_assert_eq(lines_with(out, "redis-server", "accept", "= ", "at \"/tmp/", NULL), 6, "%s", out);
}

StockTest(trace_normalize, python_with_threads_ports_and_temporary_names, .timeout = 120)
{
    put("program.py",
        "import os, socket, tempfile, threading\n"
        "directory = tempfile.mkdtemp(); name = '%s/app.%d.sock' % (directory, os.getpid())\n"
        "server = socket.socket(socket.AF_UNIX); server.bind(name); server.listen(5)\n"
        "def answer():\n"
        "    for i in range(3):\n"
        "        c, _ = server.accept(); c.send(b'x'); c.close()\n"
        "thread = threading.Thread(target=answer); thread.start()\n"
        "for i in range(3):\n"
        "    c = socket.socket(socket.AF_UNIX); c.connect(name); c.recv(1); c.close()\n"
        "thread.join(); server.close()\n"
        "datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); datagrams.bind('')\n"
        "datagrams.sendto(b'x', datagrams.getsockname()); datagrams.recvfrom(1)\n"
        "tcp = socket.socket(); tcp.bind(('127.0.0.1', 0)); tcp.listen(1)\n"
        "c = socket.create_connection(tcp.getsockname()); a, _ = tcp.accept(); a.send(b'hello'); c.recv(9)\n"
        "os.unlink(name); os.rmdir(directory)\n");
    struct run r = twice(text("python3 %s/program.py\n", scratch()));
    char *out = check_same(&r);
    cr_assert(lines_with(out, "bind(3, \"/tmp/", "/tmpTEMP", "/app.PID1.sock\") = 0", NULL) == 1, "%s", out);
    cr_assert(lines_with(out, "bind(", "auto) = 0", "bound \"@AUTO1\"", NULL) == 1, "%s", out);
    cr_assert(lines_with(out, "listen(", "at 127.0.0.1:49153", NULL) == 1, "%s", out);
}

StockTest(trace_normalize, socat_server_and_clients, .timeout = 120)
{
    struct run r = twice(TEMPORARY
        "socat -u UNIX-LISTEN:$d/s,fork OPEN:/dev/null & ready $d/s\n"
        "for i in 1 2 3; do echo $i | socat -u - UNIX:$d/s; done; sleep 0.5; kill $!; wait || :\n");
    char *out = check_same(&r);
    cr_assert(lines_with(out, "connect(", "/tmp.TEMP", "/s\") = 0", NULL) == 3, "%s", out);
}

/* What programs do differently is still there to see. */
StockTest(trace_normalize, shows_what_really_differs)
{
    struct run r = run("for i in 1 2; do \"$SUNSHIM\" trace --normalize -o $T/out$i -- \"$N/sk\" 'socket unix dgram' \"connect @nobody$i\" || :; done; diff out1 out2");
    check_status(r, 1);
    check_has(r, out, "\"@nobody1\"");
    check_has(r, out, "\"@nobody2\"");
    check_lacks(r, out, "socket(");
}

/* --- examples/trace-diff ------------------------------------------------------------------------ */

#define LISTENER "socat -u UNIX-LISTEN:$T/there,fork OPEN:/dev/null & ready $T/there\n"

StockTest(trace_normalize, example_finds_nothing_where_nothing_differs)
{
    struct run r = run(LISTENER "\"$TOP/examples/trace-diff\" 'd=$(mktemp -d); echo 1 | socat -u - UNIX:$T/there; rmdir $d' "
                                "'d=$(mktemp -d); echo 2 | socat -u - UNIX:$T/there; rmdir $d'");
    check_status(r, 0);
    check_out(r, "");
}

StockTest(trace_normalize, example_shows_the_call_that_differs)
{
    struct run r = run(LISTENER "\"$TOP/examples/trace-diff\" 'socat -u OPEN:/etc/hostname UNIX:$T/there' 'socat -u OPEN:/etc/hostname UNIX:$T/else'");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.out, "-", "connect(5, \"", "/there\") = 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "+", "connect(5, \"", "/else\") = -1 ENOENT", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_normalize, example_finds_no_two_runs_the_same_that_did_not_happen)
{
    struct run r = run("SUNSHIM=/nonexistent \"$TOP/examples/trace-diff\" true true");
    check_status(r, 2);
}

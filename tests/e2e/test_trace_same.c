/* sunshim trace --from LOG --normalize: what is made the same in records, and what is not. */
#include <string.h>

#include "tests/e2e/harness.h"

#define CALL(time, pid, operation, keys) \
    "time=2026-01-31T03:02:" time "Z sunshim=\"TRACE\" operation=\"" operation "\" pid=" pid " ppid=1 comm=\"app\" exe=\"/usr/bin/app\" " \
    "family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"x\" " keys " duration_ns=21500\n"

static struct run normalized(const char *records, const char *options)
{
    put("log", records);
    return run(text("TMPDIR=/tmp \"$SUNSHIM\" trace --normalize --from $T/log %s", options));
}

static void check_name(const char *name, const char *becomes)
{
    struct run r = normalized(text(CALL("11.000001", "4711", "connect", "peer_addr=\"%s\" fd=3 peer_pid=4712 result=0"), name),
                              "| sed 's/.*connect(3, \"//; s/\").*//'");
    cr_assert_str_eq(r.out, text("%s\n", becomes), "%s becomes %s", name, r.out);
}

Test(trace_same, names_keep_what_does_not_change)
{
    static const char *const names[] = {"/run/redis.sock", "/tmp/.X11-unix/X0", "/run/postgresql/.s.PGSQL.5432", "/tmp/tmux-0/default",
                                        "@/org/bluez", "/run/user/1000/bus", "/tmp/server1/client.sock", "/tmp/app-server", "/run/app/x-Server", "/srv/SessionBus/socket"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_name(names[i], names[i]);
}

Test(trace_same, names_lose_what_is_drawn_by_lot)
{
    static const char *const rows[][2] = {
        {"/tmp/tmp.a8Jkq2LmN0/s", "/tmp/tmp.TEMP1/s"},
        {"/tmp/tmpabcdefgh/s", "/tmp/tmpTEMP1/s"},
        {"@/tmp/dbus-k3JdLs9aQz", "@/tmp/dbus-TEMP1"},
        {"/tmp/app-Qwerty/s", "/tmp/app-TEMP1/s"},
        {"/tmp/app.QWERTY", "/tmp/app.TEMP1"},
        {"@0a3f9", "@AUTO1"},
        {"/run/app.4711.sock", "/run/app.PID1.sock"},
        {"/run/app.4712.sock", "/run/app.PID2.sock"},
        {"/run/app.1769828531", "/run/app.NUM1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_name(rows[i][0], rows[i][1]);
}

Test(trace_same, a_thing_keeps_its_number)
{
    struct run r = normalized(CALL("11.000001", "4711", "bind", "addr=\"/tmp/tmp.a8Jkq2LmN0/s\" fd=3 result=0")
                              CALL("11.000002", "4711", "bind", "addr=\"/tmp/tmp.zz9kq2LmN0/s\" fd=4 result=0")
                              CALL("11.000003", "4712", "connect", "peer_addr=\"/tmp/tmp.a8Jkq2LmN0/s\" fd=3 peer_pid=4711 result=0"), "");
    check_has(r, out, " 1 app          bind(3, \"/tmp/tmp.TEMP1/s\")");
    check_has(r, out, " 1 app          bind(4, \"/tmp/tmp.TEMP2/s\")");
    check_has(r, out, " 2 app          connect(3, \"/tmp/tmp.TEMP1/s\") = 0 <0.000000> peer 1\n");
}

Test(trace_same, ports_that_the_kernel_gives_out_are_numbered)
{
    struct run r = normalized(CALL("11.000001", "4711", "connect", "laddr=\"127.0.0.1\" lport=41234 faddr=\"127.0.0.1\" fport=6379 fd=3 result=0"), "");
    check_has(r, out, "connect(3, 127.0.0.1:6379) = 0 <0.000000> at 127.0.0.1:49153\n");
}

Test(trace_same, calls_that_say_come_again_are_left_out)
{
    struct run r = normalized(CALL("11.000001", "4711", "accept", "fd=3 result=-1 errno=EAGAIN")
                              CALL("11.000002", "4711", "recv", "fd=3 result=-1 errno=EINTR")
                              CALL("11.000003", "4711", "connect", "peer_addr=\"/s\" fd=3 result=-1 errno=ECONNREFUSED"), "");
    cr_assert(lines_with(r.out, "(", NULL) == 1 && lines_with(r.out, "ECONNREFUSED", NULL) == 1, "%s", run_report(&r));
}

/* Descriptors are numbers in the order in which sockets appear, whichever were free. */
Test(trace_same, sockets_are_numbered_not_descriptors)
{
    struct run a = normalized(CALL("11.000001", "4711", "socket", "result=5") CALL("11.000002", "4711", "socket", "result=9")
                              CALL("11.000003", "4711", "listen", "fd=9 result=0") CALL("11.000004", "4711", "socket", "result=9")
                              CALL("11.000005", "4711", "listen", "fd=9 result=0"), "| grep -o '[a-z]*(.*<'");
    check_out(a, "socket(unix, stream) = 3 <\nsocket(unix, stream) = 4 <\nlisten(4) = 0 <\nsocket(unix, stream) = 5 <\nlisten(5) = 0 <\n");
}

Test(trace_same, json_is_made_the_same_as_well)
{
    struct run r = normalized("time=2026-01-31T03:02:11.481223Z sunshim=\"LEAK\" operation=\"inherit\" pid=77 ppid=76 comm=\"sh\" fd=5 "
                              "inode=4026 origin=socket origin_pid=76 peer_inode=4027\n", "--json");
    check_out(r, "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"sunshim\":\"LEAK\",\"operation\":\"inherit\",\"pid\":1,\"ppid\":2,\"comm\":\"sh\","
                 "\"fd\":3,\"inode\":1,\"origin\":\"socket\",\"origin_pid\":2,\"peer_inode\":2}\n");
}

/* Servers, clients and threads, other numbers for everything, and their lines mixed in every
 * which way: always the same text. */
Test(trace_same, the_order_does_not_depend_on_who_was_faster)
{
    put("shuffle.py",
        "import random, sys\n"
        "random.seed(int(sys.argv[1]))\n"
        "server, first = random.sample(range(1000, 9000), 2); clients = [first + 17 * i for i in range(4)]\n"
        "name = '/tmp/tmp.' + ''.join(random.choice('aB3dE5gH7') for i in range(8)) + 'x9'\n"
        "def call(pid, comm, operation, keys, tid=0):\n"
        "    return ('time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"%s\" pid=%d ppid=1 %scomm=\"%s\" family=\"unix\" '\n"
        "            'sock_type=\"stream\" %s duration_ns=%d' % (operation, pid, 'tid=%d ' % tid if tid else '', comm, keys, random.randrange(9999)))\n"
        "base = random.randrange(3, 20)\n"
        "start = [call(server, 'server', 'bind', 'addr=\"%s\" fd=%d result=0' % (name, base))]\n"
        "accepts, lanes, order = [], [], random.sample(clients, 4)\n"
        "for i, pid in enumerate(order):\n"
        "    accepts.append(call(server, 'server', 'accept', 'addr=\"%s\" fd=%d peer_pid=%d result=%d' % (name, base, pid, base + 1 + i)))\n"
        "    lanes.append([call(server, 'server', 'recv', 'fd=%d size=5 result=5' % (base + 1 + i)),\n"
        "                  call(server, 'server', 'send', 'fd=%d size=7 result=7' % (base + 1 + i))])\n"
        "    lanes.append([call(pid, 'client', 'socket', 'result=3'), call(pid, 'client', 'connect', 'peer_addr=\"%s\" fd=3 peer_pid=%d result=0' % (name, server)),\n"
        "                  call(pid, 'client', 'recv', 'fd=3 size=7 result=7')])\n"
        "for i in range(2):\n"
        "    lanes.append([call(server, 'server', 'socket', 'result=%d' % (base + 10 + i), server + 1 + i),\n"
        "                  call(server, 'server', 'connect', 'peer_addr=\"@none%d\" fd=%d result=-1 errno=ECONNREFUSED' % (i, base + 10 + i), server + 1 + i)])\n"
        "out = start + accepts; lanes = [list(l) for l in lanes]\n"
        "while any(lanes):\n"
        "    out.append(random.choice([l for l in lanes if l]).pop(0))\n"
        "    if random.random() < 0.3: out.append(call(server, 'server', 'accept', 'addr=\"%s\" fd=%d result=-1 errno=EAGAIN' % (name, base)))\n"
        "print('\\n'.join(out))\n");
    struct run r = run("for i in $(seq 20); do python3 shuffle.py $i >log; for form in '' --json -c; do\n"
                       "\"$SUNSHIM\" trace --normalize $form --from log >out$form.$i; cmp out$form.1 out$form.$i; done; done; wc -l <out.1; grep -c TEMP1 out.1");
    check_status(r, 0);
    check_out(r, "29\n9\n");
}

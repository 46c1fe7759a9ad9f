/* Safe bind: a policy that lets a run reach exactly what it bound itself. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define SAFE \
    "include <abstractions/sockets>\n" \
    "unix (bind, listen, accept),\n" \
    "unix peer=(scope=inside),\n" \
    "network (create, bind, listen, accept, getattr, getopt, setopt, shutdown),\n" \
    "network peer=(scope=inside),\n"

#define SAFE_ALONE \
    "network (create, bind, listen, accept, getattr, getopt, setopt, shutdown),\n" \
    "network peer=(scope=inside),\n"

/* `server NAME TYPE` binds, and listens; `try NAME TYPE` connects and sends, and
 * says how that went. */
#define SHELL \
    "servers=\n" \
    "sk() { \"$N/sk\" \"$@\"; }\n" \
    "server() { sk \"socket unix $2\" \"bind $1\" listen 'sleep 100000' >/dev/null & servers=\"$servers $!\"; ready $1; }\n" \
    "try() { sk \"socket unix $2\" \"connect $1\" | tail -n 1; " \
    "[ $2 != dgram ] || sk 'socket unix dgram' \"sendto $1 x\" | tail -n 1; }\n"

#define RUN "\"$SUNSHIM\" run -I \"$TOP/policies\" -p $T/p.policy "

/* `before` outside, then `commands` in a run with `policy`. */
static struct run in_run(const char *policy, const char *before, const char *commands)
{
    put("p.policy", policy);
    put("shell", SHELL);
    put("inside", text("set -eu; . $T/shell; %s; [ -z \"$servers\" ] || kill $servers", commands));
    return run(text(". $T/shell; %s\n" RUN "sh $T/inside", before));
}

static struct run safe(const char *before, const char *commands)
{
    return in_run(SAFE, before, commands);
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* --- Names of AF_UNIX ------------------------------------------------------------- */

#define EACH_NAME_AND_TYPE(what) "for type in stream dgram seqpacket; do for name in $T/$type @$T/$type; do " what "; done; done"

StockTest(r2_safe_bind, what_the_run_bound_is_reached)
{
    struct run r = safe("", EACH_NAME_AND_TYPE("server $name $type; try $name $type"));
    cr_assert(count(r.out, "connect ") == 6 && count(r.out, " -> 0\n") == 6 && count(r.out, " x -> 1\n") == 2, "%s", run_report(&r));
    cr_assert_str_empty(r.err);
}

StockTest(r2_safe_bind, what_somebody_else_bound_is_not)
{
    struct run r = safe("for type in stream dgram seqpacket; do server $T/$type $type; server @$T/$type $type; done",
                        "for type in stream dgram seqpacket; do for name in $T/$type @$T/$type; do try $name $type; done; done");
    cr_assert(count(r.out, "-> -1 EACCES\n") == 8 && count(r.out, "\n") == 8, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "rule=none", NULL), 8, "%s", run_report(&r));
}

StockTest(r2_safe_bind, an_autobound_name_is_reached)
{
    put("auto.py", "import socket\n"
                   "for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET:\n"
                   "    s, c = socket.socket(socket.AF_UNIX, kind), socket.socket(socket.AF_UNIX, kind)\n"
                   "    s.bind('')\n"
                   "    if kind != socket.SOCK_DGRAM: s.listen(1)\n"
                   "    c.connect(s.getsockname())\n"
                   "    print(len(s.getsockname()), c.send(b'x'))\n");
    struct run r = safe("", "python3 -I $T/auto.py");
    check_out(r, "6 1\n6 1\n6 1\n");
}

/* With SO_PASSCRED the kernel names the client when it sends or connects. */
StockTest(r2_safe_bind, a_name_that_a_client_got_by_the_way_is_reached)
{
    put("auto.py", "import socket\n"
                   "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                   "s.bind('')\n"
                   "def sendto(c): c.sendto(b'x', s.getsockname())\n"
                   "def sendmsg(c): c.sendmsg([b'x'], [], 0, s.getsockname())\n"
                   "def connect(c): c.connect(s.getsockname()), c.send(b'x')\n"
                   "for way in sendto, sendmsg, connect:\n"
                   "    c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                   "    c.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)\n"
                   "    way(c)\n"
                   "    print(s.sendto(b'reply', s.recvfrom(9)[1]), c.recv(9))\n");
    struct run r = safe("", "python3 -I $T/auto.py");
    check_out(r, "5 b'reply'\n5 b'reply'\n5 b'reply'\n");
}

StockTest(r2_safe_bind, somebody_elses_autobound_name_is_not)
{
    put("auto.py", "import os, socket, sys\n"
                   "if len(sys.argv) == 1:\n"
                   "    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                   "    s.bind('')\n"
                   "    command = ['sunshim', 'run', '-I', os.environ['TOP'] + '/policies', '-p', os.environ['T'] + '/p.policy']\n"
                   "    command += ['python3', '-I', sys.argv[0], s.getsockname()[1:].decode()]\n"
                   "    os.spawnvp(os.P_WAIT, os.environ['SUNSHIM'], command)\n"
                   "else:\n"
                   "    try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '\\0' + sys.argv[1])\n"
                   "    except OSError as e: print(e.errno)\n");
    put("p.policy", SAFE);
    struct run r = run("python3 -I $T/auto.py");
    check_out(r, "13\n");
}

StockTest(r2_safe_bind, a_symlink_a_rename_and_a_hard_link_change_nothing)
{
    struct run r = safe("server $T/theirs dgram; ln -s theirs $T/to_theirs; ln $T/theirs $T/link_of_theirs",
                        "server $T/s dgram; ln -s s $T/to_s; try $T/to_s dgram; mv $T/s $T/renamed; try $T/renamed dgram; "
                        "ln $T/renamed $T/hard; try $T/hard dgram; "
                        "try $T/to_theirs dgram; mv $T/theirs $T/s; try $T/s dgram; try $T/to_s dgram; try $T/link_of_theirs dgram");
    cr_assert(count(r.out, " -> 0\n") == 3 && count(r.out, " x -> 1\n") == 3 && count(r.out, "-> -1 EACCES\n") == 8 && count(r.out, "\n") == 14,
              "%s", run_report(&r));
}

StockTest(r2_safe_bind, a_name_that_somebody_else_put_in_its_place_is_not_reached)
{
    struct run r = safe("server $T/theirs stream",
                        "server $T/s stream; sk 'socket unix stream' \"connect $T/s\" | tail -n 1; mv -f $T/theirs $T/s; try $T/s stream");
    check_out(r, text("connect %s/s -> 0\nconnect %s/s -> -1 EACCES\n", scratch(), scratch()));
}

StockTest(r2_safe_bind, bind_is_as_ever)
{
    struct run r = safe("", "ln -s nowhere $T/dangling; mkdir $T/d; sk 'umask 027' 'socket unix dgram' \"chdir $T/d\" 'bind rel:s' getsockname; "
                            "stat -c %a $T/d/s; sk 'socket unix dgram' \"bind $T/dangling\" getsockname || :; "
                            "sk 'socket unix dgram' \"bind $T/d/s\" || :; sk 'socket unix dgram' 'bind @hex:610062' getsockname 'socket unix dgram' "
                            "'sendto @hex:610062 x' 'sendto @hex:610063 x' || :");
    check_has(r, out, "getsockname s -> 0\n750\n");
    check_has(r, out, "/dangling -> -1 EADDRINUSE\ngetsockname none -> 0\n");
    check_has(r, out, "/d/s -> -1 EADDRINUSE\n");
    check_has(r, out, "getsockname @a\\x00b -> 0\n");
    check_has(r, out, "sendto @hex:610062 x -> 1\nsendto @hex:610063 x -> -1 E");
}

StockTest(r2_safe_bind, a_server_and_its_client_talk_both_ways)
{
    struct run r = safe("", "for name in $T/s @$T/s; do sk 'socket unix stream' \"bind $name\" listen accept recv 'send back' >$T/got & ready $name; "
                            "sk 'socket unix stream' \"connect $name\" 'send there' recv | tail -n 1; wait; tail -n 2 $T/got; done");
    check_out(r, "recv 'back' -> 4\nrecv 'there' -> 5\nsend back -> 4\nrecv 'back' -> 4\nrecv 'there' -> 5\nsend back -> 4\n");
    cr_assert_str_empty(r.err);
}

StockTest(r2_safe_bind, what_a_nested_run_bound_is_inside_and_what_the_outer_one_bound_is_not)
{
    put("nested", "#!/bin/sh\nexec " RUN "\"$N/sk\" \"$@\"\n");
    struct run r = safe("chmod +x $T/nested", "$T/nested 'socket unix dgram' \"bind $T/in\" 'sleep 100000' >/dev/null & ready $T/in; try $T/in dgram; "
                                              "kill $!; server $T/s dgram; $T/nested 'socket unix dgram' \"sendto $T/s x\" | tail -n 1");
    check_out(r, text("connect %s/in -> 0\nsendto %s/in x -> 1\nsendto %s/s x -> -1 EACCES\n", scratch(), scratch(), scratch()));
}

#define TAKING "include <abstractions/sockets>\nunix (bind, listen, connect, send),\nunix (accept, receive) peer=(scope=inside),\n"

/* Clients have no names: they are known by the process that connected. */
StockTest(r2_safe_bind, connections_are_taken_from_processes_of_the_run)
{
    struct run r = in_run(TAKING,
                          "( until [ -e $T/go ]; do sleep 0.02; done; sk 'socket unix stream' \"connect $T/s\" 'send outside' recv >$T/refused ) &\n",
                          "sk 'umask 0' 'socket unix stream' \"bind $T/s\" listen "
                          "accept recv send 'use 3' accept recv send 'use 3' accept recv send 'use 3' accept recv send >$T/got & ready $T/s; >$T/go; until grep -q outside $T/refused; do sleep 0.02; done; "
                          "sk 'socket unix stream' \"connect $T/s\" 'send plain' recv >/dev/null; "
                          "sk 'socket unix stream' \"connect $T/s\" fork 'send forked' recv >/dev/null; "
                          "sk 'socket unix stream' \"connect $T/s\" \"exec $N/sk\" 'use 3' 'send execed' recv >/dev/null; "
                          "\"$SUNSHIM\" run \"$N/sk\" 'socket unix stream' \"connect $T/s\" 'send nested' recv >/dev/null; wait; grep recv $T/got");
    check_out(r, "recv 'plain' -> 5\nrecv 'forked' -> 6\nrecv 'execed' -> 6\nrecv 'nested' -> 6\n");
    check_lacks(r, out, "outside");
}

StockTest(r2_safe_bind, datagrams_are_taken_from_names_of_the_run)
{
    struct run r = in_run(TAKING,
                          "( until [ -e $T/go ]; do sleep 0.02; done; sk 'socket unix dgram' \"sendto $T/s none\" \"bind @$T/o\" \"sendto $T/s abstract\" "
                          "'socket unix dgram' \"bind $T/o\" \"sendto $T/s pathname\" >$T/sent; >$T/done ) &\n",
                          "sk 'umask 0' 'socket unix dgram' \"bind $T/s\" recvfrom recvmsg >$T/got & ready $T/s; >$T/go; until [ -e $T/done ]; do sleep 0.02; done; "
                          "for n in 1 2; do sk 'socket unix dgram' \"bind $T/c$n\" \"sendto $T/s good\" >/dev/null; done; wait; grep recv $T/got; "
                          "grep -c 'sendto.* -> [1-9]' $T/sent");
    check_out(r, text("recvfrom 'good' %s/c1 -> 4\nrecvmsg 'good' %s/c2 -> 4\n3\n", scratch(), scratch()));
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\" operation=\"recvfrom\"", NULL), 3, "%s", run_report(&r));
}

/* As loggers do. */
StockTest(r2_safe_bind, a_sender_that_has_ended_is_known_by_its_file)
{
    struct run r = safe("", "sk 'umask 0' 'socket unix dgram' \"bind $T/s\" 'sleep 1500' recvfrom >$T/got & ready $T/s; "
                            "sk 'socket unix dgram' \"bind $T/c\" \"sendto $T/s last\" >/dev/null; wait; grep recv $T/got");
    check_out(r, text("recvfrom 'last' %s/c -> 4\n", scratch()));
    cr_assert_str_empty(r.err);
}

StockTest(r2_safe_bind, pairs_made_in_the_run_talk)
{
    struct run r = safe("", "for type in stream dgram seqpacket; do sk \"pair $type\" 'send one' 'use 4' recv 'send two' 'use 3' fork recv | grep recv; done");
    check_out(r, "recv 'one' -> 3\nrecv 'two' -> 3\nrecv 'one' -> 3\nrecv 'two' -> 3\nrecv 'one' -> 3\nrecv 'two' -> 3\n");
    cr_assert_str_empty(r.err);
}

/* --- IPv4 and IPv6 --------------------------------------------------------------------- */

/* Binds each of a list of addresses with port 0, outside and inside, and from the
 * inside reaches for each by each of a list of addresses. */
#define INET \
    "import errno, os, socket, sys\n" \
    "bound = [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::1'), (socket.AF_INET6, '::'),\n" \
    "         (socket.AF_INET6, '::ffff:127.0.0.1')]\n" \
    "reach = [(socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'), (socket.AF_INET6, '::ffff:127.0.0.1'), (socket.AF_INET, '0.0.0.0'),\n" \
    "         (socket.AF_INET, '127.0.0.2'), (socket.AF_INET6, '::')]\n" \
    "taken = []\n" \
    "def bind_new(family, kind, address):\n" \
    "    while True:\n" \
    "        s = socket.socket(family, kind)\n" \
    "        s.bind((address, 0))\n" \
    "        if kind == socket.SOCK_STREAM: s.listen(64)\n" \
    "        taken.append(s)\n" \
    "        port = s.getsockname()[1]\n" \
    "        if [t.getsockname()[1] for t in taken].count(port) == 1 and str(port) not in sys.argv: return s\n" \
    "def make(kind):\n" \
    "    return [bind_new(family, kind, address) for family, address in bound]\n" \
    "def result(call):\n" \
    "    try: return call() and '' or 'ok'\n" \
    "    except OSError as e: return errno.errorcode[e.errno]\n" \
    "def attempts(who, kind, ports):\n" \
    "    for (_, server), port in zip(bound, ports):\n" \
    "        for family, address in reach:\n" \
    "            c = socket.socket(family, kind)\n" \
    "            c.settimeout(5)\n" \
    "            print(who, kind.name, server, address, 'connect', result(lambda: c.connect((address, port))))\n" \
    "            if kind == socket.SOCK_DGRAM:\n" \
    "                c = socket.socket(family, kind)\n" \
    "                print(who, kind.name, server, address, 'sendto', result(lambda: c.sendto(b'x', (address, port)) - 1))\n" \
    "def inside(ports):\n" \
    "    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:\n" \
    "        mine = make(kind)\n" \
    "        attempts('inside', kind, [s.getsockname()[1] for s in mine])\n" \
    "        attempts('outside', kind, ports[:5])\n" \
    "        ports = ports[5:]\n" \
    "if len(sys.argv) > 2:\n" \
    "    inside([int(p) for p in sys.argv[2:]])\n" \
    "else:\n" \
    "    theirs = make(socket.SOCK_STREAM) + make(socket.SOCK_DGRAM)\n" \
    "    command = ['python3', '-I', sys.argv[0], 'in'] + [str(s.getsockname()[1]) for s in theirs]\n" \
    "    if sys.argv[1] == 'run':\n" \
    "        command = ['-I', os.environ['TOP'] + '/policies', '-p', os.environ['T'] + '/p.policy'] + command\n" \
    "        command = [os.environ['SUNSHIM'], 'run', '--log', '/dev/null'] + command\n" \
    "    sys.exit(os.spawnvp(os.P_WAIT, command[0], command))\n"

struct attempt {
    char who[16], kind[16], server[32], address[32], call[16], result[32];
};

static int read_attempt(const char *at, struct attempt *a)
{
    int used = 0;
    return sscanf(at, "%15s %15s %31s %31s %15s %31s\n%n", a->who, a->kind, a->server, a->address, a->call, a->result, &used) == 6 ? used : 0;
}

/* What is bound to `server` answers at `address`. */
static bool answers(const char *server, const char *address)
{
    bool six = !strcmp(address, "::1") || !strcmp(address, "::");
    if (!strcmp(server, "::"))
        return true;
    if (six || !strcmp(server, "::1"))
        return six && !strcmp(server, "::1");
    return !strcmp(server, "0.0.0.0") || strcmp(address, "127.0.0.2");
}

static void check_attempt(const struct attempt *native, const struct attempt *ours)
{
    bool there = answers(ours->server, ours->address);
    bool inside = !strcmp(ours->who, "inside"), ok = !strcmp(ours->result, "ok");
    cr_expect(!there || !strcmp(native->result, "ok"), "%s does not answer at %s: %s", native->server, native->address, native->result);
    /* Where nobody is, a connect may say so. */
    bool refused = !strcmp(ours->result, "EACCES") || (!there && !strcmp(ours->result, "ECONNREFUSED"));
    cr_expect(there && inside ? ok : refused, "%s %s bound to %s, reached by %s, %s: %s", ours->who, ours->kind, ours->server, ours->address,
              ours->call, ours->result);
}

StockTest(r2_safe_bind, inet_addresses_with_the_port_that_0_became, .timeout = 60)
{
    put("inet.py", INET);
    put("p.policy", SAFE);
    struct run native = run("python3 -I $T/inet.py native"), ours = run("python3 -I $T/inet.py run");
    struct attempt a, b;
    const char *x = native.out, *y = ours.out;
    int n = 0, used;
    check_status(ours, 0);
    for (; (used = read_attempt(x, &a)); n++, x += used) {
        int ours_used = read_attempt(y, &b);
        cr_assert(ours_used && !strcmp(a.server, b.server) && !strcmp(a.address, b.address), "%s", run_report(&ours));
        check_attempt(&a, &b);
        y += ours_used;
    }
    cr_assert(n == 180 && count(native.out, "inside SOCK_STREAM") == count(native.out, "outside SOCK_STREAM") && count(native.out, " ok\n") > 60,
              "%d\n%s", n, run_report(&native));
}

/* For scripts in a run: what a call gives, or its errno. */
#define TELL \
    "import errno, os, socket\n" \
    "def tell(*what):\n" \
    "    try: print(what[0], what[1]())\n" \
    "    except OSError as e: print(what[0], errno.errorcode.get(e.errno, e))\n" \
    "def new(kind, family=socket.AF_INET):\n" \
    "    s = socket.socket(family, kind)\n" \
    "    s.settimeout(5)\n" \
    "    return s\n" \
    "TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM\n"

static struct run python(const char *script)
{
    put("x.py", text(TELL "%s", script));
    return safe("", "python3 -I $T/x.py");
}

StockTest(r2_safe_bind, inet_servers_and_clients_talk_both_ways)
{
    struct run r = python("s, c = new(TCP), new(TCP)\n"
                          "s.bind(('127.0.0.1', 0)); s.listen()\n"
                          "c.connect(s.getsockname())\n"
                          "a = s.accept()[0]\n"
                          "a.settimeout(5)\n"
                          "tell('there', lambda: (c.send(b'one'), a.recv(9)))\n"
                          "tell('back', lambda: (a.send(b'two'), c.recv(9)))\n"
                          "s, c = new(UDP), new(UDP)\n"
                          "s.bind(('127.0.0.1', 0))\n"
                          "tell('there', lambda: (c.sendto(b'one', s.getsockname()), s.recv(9)))\n"
                          "tell('back', lambda: (s.sendto(b'two', ('127.0.0.1', c.getsockname()[1])), c.recv(9)))\n");
    check_out(r, "there (3, b'one')\nback (3, b'two')\nthere (3, b'one')\nback (3, b'two')\n");
    cr_assert_str_empty(r.err);
}

StockTest(r2_safe_bind, a_port_that_listen_chose_is_reached)
{
    struct run r = python("s = new(TCP)\n"
                          "s.listen()\n"
                          "tell('connect', lambda: new(TCP).connect(('127.0.0.1', s.getsockname()[1])))\n");
    check_out(r, "connect None\n");
}

/* A wildcard answers there too, and so do others. */
StockTest(r2_safe_bind, broadcast_and_multicast_are_not_what_was_bound)
{
    struct run r = python("for family, any, many in (socket.AF_INET, '0.0.0.0', ('255.255.255.255', '127.255.255.255', '224.0.0.1')), \\\n"
                          "                         (socket.AF_INET6, '::', ('ff02::1', 'ff01::1')):\n"
                          "    s = new(UDP, family)\n"
                          "    s.bind((any, 0))\n"
                          "    for address in many:\n"
                          "        c = new(UDP, family)\n"
                          "        c.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)\n"
                          "        tell('sendto', lambda: c.sendto(b'x', (address, s.getsockname()[1])))\n"
                          "        tell('connect', lambda: c.connect((address, s.getsockname()[1])))\n");
    check_status(r, 0);
    cr_assert(count(r.out, " EACCES\n") == 10 && count(r.out, "\n") == 10, "%s", run_report(&r));
}

/* Clients start anew on such errors; EACCES would make them give up. */
StockTest(r2_safe_bind, errors_stay_the_kernels_where_a_peer_is_gone)
{
    static const char steps[] = "import sys, time\n"
                                "for family, kind in ('unix', UDP), ('unix', TCP), ('inet', TCP):\n"
                                "    s = new(kind, socket.AF_UNIX if family == 'unix' else socket.AF_INET)\n"
                                "    s.bind('\\0' + os.environ['T'] + str(kind) if family == 'unix' else ('127.0.0.1', 0))\n"
                                "    if kind == TCP: s.listen()\n"
                                "    c = new(kind, s.family)\n"
                                "    c.connect(s.getsockname())\n"
                                "    if kind == TCP: s.accept()[0].close()\n"
                                "    s.close()\n"
                                "    tell('send', lambda: c.send(b'x', socket.MSG_NOSIGNAL))\n"
                                "    if kind == TCP: tell('recv', lambda: c.recv(9))\n"
                                "    tell('send', lambda: c.send(b'x', socket.MSG_NOSIGNAL))\n";
    put("x.py", text(TELL "%s", steps));
    struct run native = run("python3 -I $T/x.py"), ours = python(steps);
    check_status(native, 0);
    check_out(ours, native.out);
}

/* Without a run: also for sanitizers. Of the loopback alone, where no port is taken. */
Test(r2_safe_bind, alone_the_library_remembers_ports)
{
    struct run r = preloaded(SAFE_ALONE, "p=$(freeport); q=$(freeport); \"$N/sk\" 'socket inet stream' \"bind inet:127.0.0.1:$q\" listen 'sleep 100000' "
                                         ">/dev/null & ready tcp:$q; for type in stream dgram; do \"$P/sk\" \"socket inet $type\" \"bind inet:0.0.0.0:$p\" "
                                         "listen \"socket inet $type\" \"connect inet:127.0.0.1:$p\" 'send x' \"socket inet6 $type\" "
                                         "\"connect inet6:::ffff:127.0.0.1%$p\" | grep '^connect\\|^send'; done; "
                                         "\"$P/sk\" 'socket inet stream' \"connect inet:127.0.0.1:$q\" 2>/dev/null | tail -n 1");
    cr_assert(count(r.out, " -> 0\n") == 4 && count(r.out, "send x -> 1\n") == 2 && count(r.out, " -> -1 EACCES\n") == 1, "%s", run_report(&r));
    cr_assert_str_empty(r.err);
}

/* --- Who the peer is ------------------------------------------------------------------------ */

/* Copies of sk, so that profiles can be attached to them. */
#define COPIES "for p in server other client; do cp \"$N/sk\" $T/$p; done; "

static const char *profiles(const char *client)
{
    return text("include <abstractions/sockets>\n"
                "profile server %s/server { unix (bind, listen, accept, receive), }\n"
                "profile other %s/other { unix (bind, listen, accept, receive), }\n"
                "profile client %s/client { %s }\n", scratch(), scratch(), scratch(), client);
}

#define THREE_SERVERS \
    "for p in server other; do $T/$p 'socket unix dgram' \"bind $T/$p.s\" 'sleep 100000' >/dev/null & servers=\"$servers $!\"; ready $T/$p.s; done; "
#define THREE_CLIENTS "for p in server other outside; do $T/client 'socket unix dgram' \"connect $T/$p.s\" | tail -n 1; done"

static struct run labels(const char *rule)
{
    return in_run(profiles(rule), COPIES "server $T/outside.s dgram", THREE_SERVERS THREE_CLIENTS);
}

static void check_three(struct run r, const char *server, const char *other, const char *outside)
{
    check_out(r, text("connect %s/server.s -> %s\nconnect %s/other.s -> %s\nconnect %s/outside.s -> %s\n", scratch(), server, scratch(), other,
                      scratch(), outside));
}

StockTest(r2_safe_bind, label_is_the_profile_that_bound_the_peer)
{
    check_three(labels("unix (connect) peer=(label=server),"), "0", "-1 EACCES", "-1 EACCES");
}

StockTest(r2_safe_bind, label_of_everything_outside_is_unconfined)
{
    check_three(labels("unix (connect) peer=(label=unconfined),"), "-1 EACCES", "-1 EACCES", "0");
}

StockTest(r2_safe_bind, labels_may_be_denied)
{
    check_three(labels("unix (connect), deny unix (connect) peer=(label=o*),"), "0", "-1 EACCES", "0");
}

#define ACCEPTING "unix (create, bind, listen, receive, getattr, getopt, setopt),\n"

/* Two clients, one after the other; the server reads from the first that it gets. */
static struct run accepting(const char *peer, const char *first, const char *second)
{
    put("p.policy", text(ACCEPTING "unix (accept) peer=(%s),\n", peer));
    return run(text("cp \"$N/sk\" $T/client; cp \"$N/sk\" $T/stranger; " RUN "\"$N/sk\" 'umask 0' 'socket unix stream' "
                    "\"bind $T/s\" listen accept recv >$T/got & server=$!; ready $T/s; "
                    "%s 'socket unix stream' \"connect $T/s\" 'send first' recv | tail -n 1; "
                    "%s 'socket unix stream' \"connect $T/s\" 'send second' recv | grep second; wait $server; tail -n 1 $T/got", first, second));
}

static void check_second(struct run r)
{
    check_has(r, out, "send second -> 6\nrecv 'second' -> 6\n");
    check_lacks(r, out, "recv 'first'");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\" operation=\"accept\"", NULL), 1, "%s", run_report(&r));
}

StockTest(r2_safe_bind, connections_are_taken_from_a_user)
{
    need_root();
    check_second(accepting("uid=65534", "$T/client", "setpriv --reuid=65534 --clear-groups $T/client"));
}

StockTest(r2_safe_bind, connections_are_taken_from_a_program)
{
    check_second(accepting(text("exe=%s/client", scratch()), "$T/stranger", "$T/client"));
}

/* On a connection that was accepted from whomever. */
StockTest(r2_safe_bind, what_a_program_sends_is_received)
{
    put("p.policy", text(ACCEPTING "unix (accept),\ndeny unix (receive) peer=(exe=%s/stranger),\n", scratch()));
    static const char *const clients[] = {"client", "stranger"}, *const results[] = {"recv 'x' -> 1\n", "recv -> -1 EACCES\n"};
    for (int i = 0; i < 2; i++) {
        struct run r = run(text("cp \"$N/sk\" $T/%s; " RUN "\"$N/sk\" 'socket unix stream' \"bind $T/s\" listen accept recv "
                                ">$T/got & server=$!; ready $T/s; $T/%s 'socket unix stream' \"connect $T/s\" 'send x' recv >/dev/null || :; "
                                "wait $server || :; tail -n 1 $T/got; rm $T/s", clients[i], clients[i]));
        check_out(r, results[i]);
    }
}

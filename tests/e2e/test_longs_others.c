/* Overlong names and programs that know nothing of sunshim; and buffers that are small. */
#include "harness.h"

#define LONG "L=$T/$(seq -s d 50); mkdir -p $L; "

/* A datagram server in Python: `server.py NAME` answers each message with whom it came from, in its own directory. */
#define SERVER \
    "import os, socket, sys\n" \
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n" \
    "os.chdir(sys.argv[1])\n" \
    "s.bind('server')\n" \
    "while True:\n" \
    "    data, peer = s.recvfrom(100)\n" \
    "    print(peer, flush=True)\n" \
    "    try:\n" \
    "        s.sendto(b're:' + data, peer)\n" \
    "    except OSError as e:\n" \
    "        print(e.errno, flush=True)\n"

StockTest(longs_others, a_stock_server_answers_a_client_with_a_long_name)
{
    put("server.py", SERVER);
    struct run r = run(LONG "python3 server.py $L >seen & until test -S $L/server; do sleep 0.02; done\n"
                       "for name in $L/client rel:$(printf '%0200d' 0); do\n"
                       "    \"$SUNSHIM\" run -- \"$N/sk\" \"chdir $L\" 'socket unix dgram' \"bind $name\" \"sendto $L/server hello\" recvfrom; done\n"
                       "! grep -v '^[^ ]*/a/[rdtu][a-z2-7]*/[a-z.0-9-]*$' seen");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "re:hello", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/server", "re:hello", NULL), 0, "%s", run_report(&r)); /* its own name is a short one */
}

StockTest(longs_others, socat_answers_too)
{
    struct run r = run(LONG "(cd $L; exec socat UNIX-RECVFROM:server,fork EXEC:cat) & until test -S $L/server; do sleep 0.02; done\n"
                       "\"$SUNSHIM\" run -- \"$N/sk\" 'socket unix dgram' \"bind $L/client\" \"sendto $L/server hello\" recvfrom");
    check_status(r, 0);
    check_has(r, out, "hello");
}

/* As the manual says: without a run the name means nothing to others. */
Test(longs_others, nobody_can_answer_what_was_bound_without_a_run)
{
    put("server.py", SERVER);
    struct run r = run(LONG "python3 server.py $L >seen & until test -S $L/server; do sleep 0.02; done\n"
                       "env $PRELOAD \"$P/sk\" 'socket unix dgram' \"bind $L/client\" \"sendto $L/server hello\" >/dev/null\n"
                       "until test $(wc -l <seen) = 2; do sleep 0.02; done; cat seen");
    check_status(r, 0);
    check_has(r, out, "/proc/thread-self/fd/");
    cr_assert(strstr(r.out, "/client\n2\n") || strstr(r.out, "/client\n20\n"), "%s", run_report(&r)); /* ENOENT, ENOTDIR */
}

StockTest(longs_others, a_server_with_a_long_name_answers_stock_clients)
{
    put("client.py", "import os, socket, sys\n"
                     "os.chdir(sys.argv[1])\n"
                     "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                     "s.bind('client')\n"
                     "s.connect('server')\n"
                     "s.send(b'hello')\n"
                     "print(s.recv(100), s.getpeername())\n");
    put("server.py", "import socket, sys\n" /* python passes no long names itself: a map rule does */
                     "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                     "s.bind('/run/server')\n"
                     "data, peer = s.recvfrom(100)\n"
                     "print(s.getsockname(), peer)\n"
                     "s.sendto(b'answer', '/run/client')\n");
    struct run r = run(LONG "\"$SUNSHIM\" run --rule \"map /run/ -> $L/,\" -- python3 server.py & until test -S $L/server; do sleep 0.02; done\n"
                       "python3 client.py $L; wait");
    check_status(r, 0);
    check_has(r, out, "b'answer' /");
    check_has(r, out, "/a/d");
    check_has(r, out, "/run/server client\n");
}

/* --- Small buffers -------------------------------------------------------------------- */

/* How the library asks whether memory can be read looks like a mistake to valgrind: by words, some of which
 * nobody allocated. What it writes is what counts here. */
#define VALGRIND "valgrind -q --error-exitcode=9 --suppressions=probe.supp "

static struct run watched(const char *script)
{
    put("probe.supp", "{\n   probe\n   Memcheck:Param\n   rt_sigprocmask(set)\n   obj:*\n}\n");
    return run(script);
}

StockTest(longs_others, every_room_under_valgrind)
{
    struct run r = watched(LONG "\"$SUNSHIM\" run " VALGRIND "\"$N/longs\" room $L/s");

    check_status(r, 0);
    check_out(r, "every room\n");
}

/* perl and PHP have rooms for 108 bytes and 110, and are told no length beyond. */
StockTest(longs_others, perls_buffers)
{
    put("p.pl", "use Socket; my $name = '/run/app.sock';\n"
                "socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($name)) or die $!; listen(S, 5);\n"
                "socket(C, AF_UNIX, SOCK_STREAM, 0); bind(C, pack_sockaddr_un('/run/client')) or die $!;\n"
                "connect(C, pack_sockaddr_un($name)) or die $!;\n"
                "my $peer = accept(A, S) or die $!;\n"
                "for ($peer, getsockname(S), getpeername(C), getpeername(A), getsockname(A)) { print length($_) <= 257 ? 'fits ' : 'not ', (unpack_sockaddr_un($_))[0], \"\\n\" }\n"
                "socket(D, AF_UNIX, SOCK_DGRAM, 0); bind(D, pack_sockaddr_un('/run/d')); socket(E, AF_UNIX, SOCK_DGRAM, 0); bind(E, pack_sockaddr_un('/run/e'));\n"
                "send(E, 'x', 0, pack_sockaddr_un('/run/d')) or die $!; my $text; my $from = recv(D, $text, 10, 0); print unpack_sockaddr_un($from), \" $text\\n\";\n");
    struct run r = watched(LONG "\"$SUNSHIM\" run --rule \"map /run/ -> $L/,\" -- " VALGRIND "perl p.pl");

    check_status(r, 0);
    check_out(r, "fits /run/client\nfits /run/app.sock\nfits /run/app.sock\nfits /run/client\nfits /run/app.sock\n/run/e x\n");
}

StockTest(longs_others, perls_buffers_and_long_directories)
{
    put("p.pl", "use Socket; my $name = \"$ENV{S}/app.sock\";\n"
                "socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($name)) or die $!; listen(S, 5);\n"
                "socket(C, AF_UNIX, SOCK_STREAM, 0); connect(C, pack_sockaddr_un($name)) or die $!;\n"
                "for (getsockname(S), getpeername(C)) { print length($_) <= 257 && (unpack_sockaddr_un($_))[0] eq $name ? \"right\\n\" : \"wrong\\n\" }\n");
    struct run r = watched(LONG "S=$L \"$SUNSHIM\" run --long-paths -- " VALGRIND "perl p.pl");

    check_status(r, 0);
    check_out(r, "right\nright\n");
}

StockTest(longs_others, phps_buffers)
{
    put("p.php", "<?php $e = 0; $m = '';\n"
                 "$s = stream_socket_server('unix:///run/app.sock', $e, $m) or die(\"$m\\n\");\n"
                 "$c = stream_socket_client('unix:///run/app.sock', $e, $m) or die(\"$m\\n\");\n"
                 "$a = stream_socket_accept($s, 5, $peer);\n"
                 "echo stream_socket_get_name($s, false), \"\\n\", stream_socket_get_name($c, true), \"\\n\", stream_socket_get_name($a, false), \"\\n\";\n"
                 "fwrite($c, \"hello\\n\"); echo fgets($a);\n");
    struct run r = run(LONG "\"$SUNSHIM\" run --rule \"map /run/ -> $L/,\" -- php p.php");

    check_status(r, 0);
    check_out(r, "/run/app.sock\n/run/app.sock\n/run/app.sock\nhello\n");
}

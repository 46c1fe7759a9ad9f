/* The sockets of run --anon are of the run; what --pass gives is not. */
#include <string.h>

#include "tests/e2e/harness.h"

#define PROGRAMS \
    "cat >server.py <<'END'\n" \
    "import socket\n" \
    "s = socket.socket(fileno=3); c, _ = s.accept(); c.recv(1); c.sendall(b'hello'); c.close()\n" \
    "END\n" \
    "cat >client.py <<'END'\n" \
    "import socket\n" \
    "s = socket.socket(socket.AF_UNIX)\n" \
    "try:\n" \
    "    s.connect('/run/app.sock'); s.send(b'x'); print(s.recv(99).decode())\n" \
    "except OSError as e: print(e.strerror)\n" \
    "END\n"

/* What one has bound itself, and nothing else. */
static const char *inside(void)
{
    return put("inside.policy", "unix (create, getattr, getopt, setopt, shutdown),\nunix peer=(scope=inside),\n"
                                "map /run/app.sock -> fd:app,\n");
}

StockTest(anon_scope, an_anonymous_socket_is_inside)
{
    struct run r = run(text(PROGRAMS "timeout 60 \"$SUNSHIM\" run --anon app -p %s -- sh -c 'python3 server.py & python3 client.py; wait'", inside()));
    check_out(r, "hello\n");
    check_lacks(r, err, "DENIED");
}

StockTest(anon_scope, with_exec_too)
{
    struct run r = run(text(PROGRAMS "timeout 60 \"$SUNSHIM\" run --exec --anon app -p %s -- sh -c 'python3 server.py & python3 client.py; wait'", inside()));
    check_out(r, "hello\n");
}

StockTest(anon_scope, for_a_run_around_it_as_well)
{
    put("outer.policy", "unix (create, getattr, getopt, setopt, shutdown),\nunix (bind, listen) addr=none,\nunix peer=(scope=inside),\n");
    struct run r = run(text(PROGRAMS "timeout 60 \"$SUNSHIM\" run -p $T/outer.policy -- \"$SUNSHIM\" run --anon app -p %s -- sh -c 'python3 server.py & python3 client.py; wait'", inside()));
    check_out(r, "hello\n");
}

/* Of the run around it. */
StockTest(anon_scope, in_an_inner_run_it_is_outside)
{
    struct run r = run(text(PROGRAMS "timeout 60 \"$SUNSHIM\" run --anon app -- sh -c 'python3 server.py & \"$SUNSHIM\" run -p %s -- python3 client.py; kill $!'", inside()));
    check_out(r, "Permission denied\n");
    check_has(r, err, "peer_addr=none peer_scope=outside");
}

StockTest(anon_scope, what_is_passed_is_outside)
{
    struct run r = run(text(PROGRAMS "cat >pass.py <<'END'\n"
                                     "import os, socket, sys\n"
                                     "s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen(); p = os.open('s', os.O_PATH); os.dup2(p, 9); os.unlink('s')\n"
                                     "os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:])\n"
                                     "END\n"
                                     "timeout 60 python3 pass.py \"$SUNSHIM\" run --pass app=9 -p %s -- python3 client.py", inside()));
    check_out(r, "Permission denied\n");
    check_has(r, err, "peer_addr=none peer_scope=outside");
}

/* The library's half of `map X -> fd:NAME` and of run --anon: descriptors that are found by name, and
 * programs that are told that the listening sockets are meant for them. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* A server with no name any more, its pin on descriptor 9, and what follows under the library alone. The
 * server answers each client with one line. */
#define SERVER \
    "cat >server.py <<'END'\n" \
    "import os, socket, sys, threading\n" \
    "def serve(s, word):\n" \
    "    while True:\n" \
    "        c, _ = s.accept(); c.sendall(word); c.close()\n" \
    "def pin(n, word):\n" \
    "    s = socket.socket(socket.AF_UNIX); s.bind(word.decode()); s.listen(100)\n" \
    "    p = os.open(word.decode(), os.O_PATH); os.unlink(word.decode()); os.dup2(p, n)\n" \
    "    threading.Thread(target=serve, args=(s, word), daemon=True).start()\n" \
    "pin(9, b'right'); pin(8, b'wrong')\n" \
    "sys.exit(os.WEXITSTATUS(os.system(sys.argv[1])) if len(sys.argv) == 2 else os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:]))\n" \
    "END\n" \
    "cat >client.py <<'END'\n" \
    "import socket, sys\n" \
    "s = socket.socket(socket.AF_UNIX)\n" \
    "try:\n" \
    "    s.connect('/run/app.sock'); print(s.recv(99).decode())\n" \
    "except OSError as e:\n" \
    "    print(e.strerror)\n" \
    "END\n"

static void expect(struct run r, const char *want)
{
    check_out(r, want);
}

#define MAP "allow all,\nmap /run/app.sock -> fd:app,\n"

static struct run by_hand(const char *list, const char *client)
{
    put("map.policy", MAP);
    return run(text(SERVER "export SUNSHIM_FDS='%s' SUNSHIM_POLICY=$T/map.policy SUNSHIM_LOG=$T/log\n"
                           "cat >inner <<'END'\n%s\nEND\n"
                           "python3 server.py env LD_PRELOAD=\"$LIB\" sh -eu inner",
                    list, client));
}

StockTest(passed, a_name_leads_to_the_descriptor)
{
    expect(by_hand("app=9", "python3 client.py"), "right\n");
    expect(by_hand("other=8:app=9", "python3 client.py"), "right\n");
}

StockTest(passed, a_name_that_nothing_is_passed_by_is_not_there)
{
    static const char *const lists[] = {"", "application=9", "app", "app=x", "app=7", "app=2147483648"};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct run r = by_hand(lists[i], "python3 client.py");
        check_out(r, "No such file or directory\n");
        char *record = record_line(get(text("%s/log", scratch())), 0);
        cr_assert(record, "%s", run_report(&r));
        check_value(r, record, "sunshim", "HINT");
        check_value(r, record, "operation", "connect");
        check_value(r, record, "name", "/run/app.sock");
        check_value(r, record, "errno", "ENOENT");
    }
}

/* A regular file, a directory, a pipe, a socket itself: no socket's file. */
StockTest(passed, a_descriptor_of_something_else_is_not_taken)
{
    static const char *const others[] = {"9</dev/null", "9<.", "9<map.policy"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect(by_hand("app=9", text("exec %s; python3 client.py", others[i])), "No such file or directory\n");
    expect(by_hand("app=9", "exec 9>&-; python3 -c 'import os, socket; s = socket.socket(); os.dup2(s.fileno(), 9); exec(open(\"client.py\").read())'"),
              "No such file or directory\n");
}

/* Programs look before they connect. */
StockTest(passed, file_calls_find_a_socket)
{
    expect(by_hand("app=9", "python3 -c 'import os, stat\nfor f in os.stat, os.lstat: print(stat.S_ISSOCK(f(\"/run/app.sock\").st_mode))\n'"),
           "True\nTrue\n");
    expect(by_hand("app=9", "stat -c %F /run/app.sock; test -S /run/app.sock; test -e /run/app.sock; test -w /run/app.sock; ! test -L /run/app.sock; "
                            "chmod 600 /run/app.sock; stat -c %a /run/app.sock"),
           "socket\n600\n");
    expect(by_hand("app=9", "perl -e 'print((lstat \"/run/app.sock\")[1] == (stat \"/run/app.sock\")[1] ? \"same\\n\" : \"other\\n\")'"), "same\n");
}

StockTest(passed, and_cannot_take_it_away)
{
    expect(by_hand("app=9", "rm -f /run/app.sock 2>said || echo $?; mv /run/app.sock . 2>said || echo $?; python3 client.py"), "1\n1\nright\n");
}

/* The launcher's note says which file was meant. */
static struct run noted(const char *client)
{
    return run(text(SERVER "cat >inner <<'END'\n%s\nEND\n"
                           "python3 server.py \"$SUNSHIM\" run --log $T/log --pass app=9 "
                           "--rule 'map /run/app.sock -> fd:app,' -- sh -eu inner",
                    client));
}

StockTest(passed, a_number_that_was_used_again_is_recognised)
{
    expect(noted("python3 client.py"), "right\n");
    expect(noted("exec 9>&8; python3 client.py"), "right\n");
}

StockTest(passed, a_descriptor_that_was_closed_is_found_at_the_launcher)
{
    expect(noted("exec 9>&-; python3 client.py"), "right\n");
    expect(noted("python3 -c 'import subprocess; subprocess.run([\"python3\", \"client.py\"], close_fds=True)'"), "right\n");
    expect(noted("env -i PATH=\"$PATH\" python3 client.py"), "right\n");
}

/* The client outlives it. */
StockTest(passed, and_nowhere_when_the_launcher_is_gone)
{
    struct run r = run(SERVER "cat >inner <<'END'\n"
                              "exec 9>&-; python3 client.py; kill -9 $PPID; while kill -0 $PPID 2>/dev/null; do sleep 0.01; done; python3 client.py; echo end\n"
                              "END\n"
                              "cat >middle <<'END'\n"
                              "\"$SUNSHIM\" run --pass app=9 --rule 'map /run/app.sock -> fd:app,' -- sh -eu inner >said 2>errors || :\n"
                              "until grep -q end said; do sleep 0.01; done; cat said\n"
                              "END\n"
                              "python3 server.py sh middle");
    check_out(r, "right\nNo such file or directory\nend\n");
}

/* --- LISTEN_PID ---------------------------------------------------------------- */

#define SAY "python3 -c 'import os; print(os.environ.get(\"LISTEN_PID\") == str(os.getpid()))'"

/* The script once more, with a socket as descriptor 3. */
#define WITH_SOCKET \
    "[ -S /dev/fd/3 ] || exec perl -MSocket -MPOSIX -e '$^F = 9; socket(my $s, AF_UNIX, SOCK_STREAM, 0); " \
    "dup2(fileno $s, 3); exec @ARGV' sh -eu $0\n"

StockTest(passed, each_program_is_told_that_the_sockets_are_its_own)
{
    expect(preloaded(NULL, "export SUNSHIM_LISTEN=1 LISTEN_FDS=1 LISTEN_PID=1; " WITH_SOCKET SAY "; sh -c '" "env " "python3 -c \"import os; print(os.environ[\\\"LISTEN_PID\\\"] == str(os.getpid()))\"'"),
              "True\nTrue\n");
    expect(preloaded(NULL, "export SUNSHIM_LISTEN=1 LISTEN_FDS=1 LISTEN_PID=1; " WITH_SOCKET "perl -e 'print $$ == $ENV{LISTEN_PID}'"), "1");
}

StockTest(passed, but_not_without_being_asked)
{
    expect(preloaded(NULL, "export LISTEN_FDS=1 LISTEN_PID=1; " WITH_SOCKET "printenv LISTEN_PID"), "1\n");
    expect(preloaded(NULL, "export SUNSHIM_LISTEN=1 LISTEN_PID=1; " WITH_SOCKET "printenv LISTEN_PID"), "1\n");
    expect(preloaded(NULL, "export SUNSHIM_LISTEN=1 LISTEN_FDS=1; " WITH_SOCKET "printenv LISTEN_PID || echo none"), "none\n");
}

StockTest(passed, a_list_that_is_too_long_ends_the_program)
{
    struct run r = preloaded(NULL, "export SUNSHIM_FDS=$(printf '%01024d' 0); env true");
    check_status(r, 125);
    check_has(r, err, "SUNSHIM_FDS: longer than 1,023 bytes");
    r = preloaded(NULL, "export SUNSHIM_FDS=$(printf '%01023d' 0); env true");
    check_status(r, 0);
}

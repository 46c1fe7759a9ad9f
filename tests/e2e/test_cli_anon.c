/* sunshim run --anon: a server and its clients with a socket that has no name. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

/* Greets each client that comes, by what it finds as sd_listen_fds(3) says; with an argument so many. */
static const char server[] =
    "import os, socket, sys\n"
    "assert os.environ['LISTEN_PID'] == str(os.getpid()), 'not for this process'\n"
    "names = os.environ['LISTEN_FDNAMES'].split(':')\n"
    "assert len(names) == int(os.environ['LISTEN_FDS'])\n"
    "s = socket.socket(fileno=3 + names.index('app'))\n"
    "for i in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):\n"
    "    if s.type == socket.SOCK_DGRAM: print(s.recv(100).decode(), flush=True); continue\n"
    "    c, _ = s.accept()\n"
    "    c.sendall(b'hello\\n')\n"
    "    c.close()\n";

#define TO_APP "--rule 'map /run/of/nobody.sock -> fd:app,'"
#define CLIENT "socat -u UNIX-CONNECT:/run/of/nobody.sock -"

static struct run run_server(const char *script)
{
    put("server.py", server);
    return run(script);
}

/* --- A server and clients -------------------------------------------------------- */

StockTest(cli_anon, a_server_and_a_client_in_a_shell)
{
    struct run r = run_server("$SUNSHIM run --anon app " TO_APP " -- sh -c 'python3 $T/server.py & " CLIENT "; wait $!'");

    check_status(r, 0);
    check_out(r, "hello\n");
    cr_assert_str_empty(r.err, "%s", r.err);
}

StockTest(cli_anon, stock_servers_and_clients)
{
    put("web.py", "import socket\ns = socket.socket(fileno=3)\nfor i in range(3):\n    c, _ = s.accept()\n    c.recv(1000)\n"
                  "    c.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nhi\\n')\n    c.close()\n");
    put("client.py", "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('/run/of/nobody.sock')\ns.sendall(b'?')\n"
                     "print(s.makefile().read(), end='')\n");
    struct run r = run("$SUNSHIM run --anon app " TO_APP " -- sh -c 'python3 $T/web.py & "
                       "curl -sS --unix-socket /run/of/nobody.sock http://x/; python3 $T/client.py | tail -n 1; "
                       "echo | nc -U /run/of/nobody.sock | tail -n 1; wait $!'");

    check_status(r, 0);
    check_out(r, "hi\nhi\nhi\n");
}

StockTest(cli_anon, exec_gives_it_to_the_process_itself)
{
    struct run r = run_server("sh -c 'echo $$; exec $SUNSHIM run --exec --anon app " "--rule \"map /run/of/nobody.sock -> fd:app,\" -- sh -c \""
                              "echo \\$LISTEN_PID; " CLIENT " & exec python3 $T/server.py\"'");
    int pid, listens;
    char word[8];

    check_status(r, 0);
    cr_assert_eq(sscanf(r.out, "%d %d %7s", &pid, &listens, word), 3, "%s", run_report(&r));
    cr_assert_eq(pid, listens);
    cr_assert_str_eq(word, "hello");
}

StockTest(cli_anon, other_types)
{
    struct run r = run_server("$SUNSHIM run --anon app:dgram " TO_APP " -- sh -c 'python3 $T/server.py & "
                              "printf \"a message\" | socat -u - UNIX-SENDTO:/run/of/nobody.sock; wait $!'");
    check_status(r, 0);
    check_out(r, "a message\n");
    r = run_server("$SUNSHIM run --anon app:seqpacket " TO_APP " -- sh -c 'python3 $T/server.py & "
                   "socat -u UNIX-CONNECT:/run/of/nobody.sock,type=5 -; wait $!'");
    check_status(r, 0);
    check_out(r, "hello\n");
}

/* chmod has made it so, whatever the umask. */
StockTest(cli_anon, another_user_may_connect)
{
    need_root();
    struct run r = run_server("umask 077; $SUNSHIM run --anon app " TO_APP " -- sh -c 'python3 $T/server.py & "
                              "setpriv --reuid=65534 --regid=65534 --clear-groups " CLIENT "; wait $!'");
    check_status(r, 0);
    check_out(r, "hello\n");
}

/* Neither in the client nor in the launcher is anything left that listens. */
StockTest(cli_anon, without_a_server_clients_are_refused)
{
    struct run r = run_server("$SUNSHIM run --anon app " TO_APP " -- sh -c 'exec 3<&-; " CLIENT " || echo refused'");

    check_out(r, "refused\n");
    check_has(r, err, "Connection refused");
}

/* --- How it is found --------------------------------------------------------------- */

#define SHOW "echo $LISTEN_FDS $LISTEN_FDNAMES $SUNSHIM_LISTEN; [ $LISTEN_PID = $$ ] || echo wrong pid; "

StockTest(cli_anon, several_are_numbered_in_order)
{
    struct run r = run("$SUNSHIM run --anon b --anon a:dgram --anon c -- sh -c '" SHOW "ls /proc/$$/fd | head -n 6 | xargs; "
                       "ss -xnlpH src \"*\" >/dev/null 2>&1; for n in 3 4 5; do readlink /proc/$$/fd/$n | cut -d: -f1; done'");

    check_status(r, 0);
    check_has(r, out, "3 b:a:c b:a:c\n0 1 2 3 4 5\nsocket\nsocket\nsocket\n");
    cr_assert(!strstr(r.out, "wrong"));
}

/* activated N [NAMES] COMMAND...: becomes COMMAND with N listening sockets, as systemd would. */
static const char activated[] =
    "import os, socket, sys\n"
    "n = int(sys.argv[1])\n"
    "for fd in range(3, 3 + n):\n"
    "    s = socket.socket(socket.AF_UNIX); s.bind(os.environ['T'] + '/given%d' % fd); s.listen()\n"
    "    if s.fileno() == fd: s.set_inheritable(True); s.detach()\n"
    "    else: os.dup2(s.fileno(), fd)\n"
    "os.environ.update(LISTEN_FDS=str(n), LISTEN_PID=str(os.getpid()), LISTEN_PIDFDID='1')\n"
    "if sys.argv[2]: os.environ['LISTEN_FDNAMES'] = sys.argv[2]\n"
    "os.execvp(sys.argv[3], sys.argv[3:])\n";

static struct run run_activated(const char *script)
{
    put("activated.py", activated);
    return run_server(script);
}

StockTest(cli_anon, sockets_that_were_given_before_come_first)
{
    struct run r = run_activated("python3 activated.py 2 x:y $SUNSHIM run --anon app -- sh -c '" SHOW "'; rm given*; "
                                 "python3 activated.py 2 '' $SUNSHIM run --anon app -- sh -c '" SHOW "'; rm given*; "
                                 "python3 activated.py 3 one $SUNSHIM run --anon app --anon b -- sh -c '" SHOW "'");

    check_out(r, "3 x:y:app app\n3 unknown:unknown:app app\n5 one:unknown:unknown:app:b app:b\n");
}

/* The command is another process than the launcher. */
StockTest(cli_anon, sockets_that_were_given_are_the_commands)
{
    static const char *const how[] = {"", "--exec", "--track --error-exitcode 9", "--rule 'deny unix (inherit),'"};

    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        struct run r = run_activated(text("rm -f given3; python3 activated.py 1 app $SUNSHIM run %s -- sh -c '"
                                          "echo ${LISTEN_PIDFDID-unset}; " SHOW "exec python3 server.py' & ready $T/given3; "
                                          "socat -u UNIX-CONNECT:$T/given3 -; wait $!", how[i]));
        check_status(r, 0);
        check_out(r, strstr(how[i], "--exec") ? "1\n1 app\nhello\n" : "unset\n1 app\nhello\n");
        cr_assert_str_empty(r.err, "%s", r.err);
    }
}

StockTest(cli_anon, sockets_for_another_process_are_not_taken)
{
    struct run r = run("LISTEN_FDS=7 LISTEN_PID=1 LISTEN_FDNAMES=a:b $SUNSHIM run --anon app -- sh -c '" SHOW "'; "
                       "LISTEN_FDS=7 LISTEN_PID=1 LISTEN_FDNAMES=a:b $SUNSHIM run -- sh -c 'echo $LISTEN_FDS $LISTEN_PID'");

    check_out(r, "1 app app\n7 1\n");
}

/* A program that the library cannot enter finds its pid all the same. */
StockTest(cli_anon, a_static_program_finds_it)
{
    put("show.c", "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/socket.h>\n"
                  "int main(void) { int on = 0; socklen_t len = sizeof on; getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &on, &len);\n"
                  "printf(\"%d %d\\n\", atoi(getenv(\"LISTEN_PID\")) == getpid(), on); }\n");
    struct run r = run("cc -static -o show show.c; $SUNSHIM run --allow-unseen '*' --anon app -- ./show");

    check_status(r, 0);
    check_out(r, "1 1\n");
}

/* --- Runs in runs -------------------------------------------------------------------- */

StockTest(cli_anon, a_run_inside_adds_its_own)
{
    struct run r = run_server("$SUNSHIM run --anon app " TO_APP " -- sh -c '$SUNSHIM run --anon inner --rule \"map /x -> fd:inner,\" -- sh -c \""
                              "echo \\$LISTEN_FDS \\$LISTEN_FDNAMES; python3 $T/server.py & " CLIENT "; wait \\$!\"'");

    check_status(r, 0);
    check_out(r, "2 app:inner\nhello\n");
}

StockTest(cli_anon, a_run_inside_may_take_the_name)
{
    struct run r = run_server("$SUNSHIM run --anon app " TO_APP " -- $SUNSHIM run --anon app -- sh -c 'exec 3<&-; "
                              "LISTEN_FDNAMES=-:app python3 $T/server.py & " CLIENT "; wait $!'");

    check_status(r, 0);
    check_out(r, "hello\n");
}

/* --- Nothing is left, nothing can be guessed ------------------------------------------- */

StockTest(cli_anon, no_name_leads_there)
{
    struct run r = run_server("$SUNSHIM run --anon app -- sh -c 'for n in $(grep -ao \"[^ ]*\\.sunat-[0-9a-f]*\" /proc/net/unix); do "
                              "echo name; socat -u UNIX-CONNECT:$n - && echo reached; done; "
                              "find $(readlink /proc/self/fd/64 | sed \"s/ (deleted)//\") 2>/dev/null'; true");

    check_lacks(r, out, "reached");
    check_has(r, out, "name\n");
    check_lacks(r, out, "/.sunat-");
    r = run("for i in 1 2 3; do $SUNSHIM run --anon app -- readlink /proc/self/fd/64; done | sort -u | wc -l");
    check_out(r, "3\n");
}

StockTest(cli_anon, killed_it_leaves_no_file)
{
    struct run r = run("left() { find /dev/shm /tmp /var/tmp /run -maxdepth 3 -name '.sunat-*' 2>/dev/null | sort; }\n"
                       "$SUNSHIM run --anon app -- sh -c 'echo $PPID $$ >pids; readlink /proc/self/fd/64 >name; mv pids ready-pids; "
                       "sleep 100' & while [ ! -e ready-pids ]; do sleep 0.01; done; read launcher command <ready-pids; "
                       "kill -9 $launcher; wait $! || echo $?; kill $command; name=$(sed 's/ (deleted)//' name); "
                       "[ ! -e $name ] && [ ! -e ${name%/*} ] && grep -c deleted name");

    check_out(r, "137\n1\n");
}

StockTest(cli_anon, places_that_cannot_be_written_are_passed_over)
{
    need_root();
    struct run r = run_server("unshare -m sh -euc 'for d in /dev/shm /tmp; do mkdir -p $d; [ $d = /tmp ] && continue; mount -t tmpfs -o ro none $d; done; "
                              "mount -t tmpfs none /run; mkdir -p /run/user; mount -t tmpfs -o ro none /run/user; "
                              "$SUNSHIM run --anon app " "--rule \"map /run/of/nobody.sock -> fd:app,\" -- sh -c \"readlink /proc/self/fd/64; "
                              "python3 $T/server.py & " CLIENT "; wait \\$!\"'");

    check_status(r, 0);
    check_has(r, out, "/tmp/.sunat-");
    check_has(r, out, "hello\n");
}

/* --- What is refused -------------------------------------------------------------------- */

Test(cli_anon, wrong_values_are_refused)
{
    static const struct {
        const char *options, *says;
    } table[] = {
        {"--anon a/b", "--anon a/b: a name has letters, digits, '.', '_' and '-', 1 to 64 of them"},
        {"--anon ''", "--anon : a name has letters"},
        {"--anon app:raw", "--anon app:raw: 'raw' is no type of socket; there are stream, dgram and seqpacket"},
        {"--anon app:", "--anon app:: '' is no type of socket"},
        {"--anon app --anon app:dgram", "--anon app:dgram: the name 'app' is given twice"},
        {"$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo --anon n$i; done)",
         "--anon n17: more than 16 names to pass (--pass and --anon)"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM run %s -- echo wrong", table[i].options));
        check_status(r, 125);
        check_out(r, "");
        check_has(r, err, table[i].says);
    }
}

Test(cli_anon, a_number_in_use_is_named)
{
    struct run r = run("$SUNSHIM run --anon a --anon b -- echo wrong 4</dev/null");

    check_status(r, 125);
    check_out(r, "");
    check_has(r, err, "--anon b: the command is to find the socket as descriptor 4, which is in use: close it (4<&-) "
                      "or give it another number");
}

StockTest(cli_anon, few_descriptors)
{
    struct run r = run_server("ulimit -n 10; $SUNSHIM run --anon app " TO_APP " -- sh -c 'python3 $T/server.py & " CLIENT "; wait $!'");
    check_status(r, 0);
    check_out(r, "hello\n");
    r = run("ulimit -n 4; $SUNSHIM run --anon app -- echo wrong");
    check_status(r, 125);
    check_has(r, err, "sunshim: --anon app: cannot bind the socket to no name: Too many open files");
}

/* --- Leaks --------------------------------------------------------------------------------- */

StockTest(cli_anon, it_does_not_leak)
{
    struct run r = run_server("$SUNSHIM run --track --error-exitcode 9 --anon app " TO_APP
                              " -- sh -c 'python3 $T/server.py & " CLIENT "; wait $!'");
    check_status(r, 0);
    check_out(r, "hello\n");
    cr_assert_str_empty(r.err, "%s", r.err);
}

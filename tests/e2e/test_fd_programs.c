/* Stock clients that connect to a name which does not exist, and reach the socket that `sunshim run --pass`
 * was given: the file of a server that was started without sunshim, and has lost its name. */
#include <stdlib.h>

#include "tests/e2e/fd_programs.h"

#define ECHO "socat UNIX-LISTEN:$T/s,fork EXEC:cat & server=$!; ready $T/s"
#define ENOENT_SAYS "No such file or directory"

/* --- Servers of their own ---------------------------------------------------------------------- */

/* Looks while curl waits for its answer. */
#define HTTP \
    "import http.server, socketserver, subprocess, sys\n" \
    "class Handler(http.server.BaseHTTPRequestHandler):\n" \
    "    def do_GET(self):\n" \
    "        self.send_response(200), self.end_headers()\n" \
    "        self.wfile.write(b'token\\n' + subprocess.check_output(['hidden']))\n" \
    "    def log_message(self, *words):\n" \
    "        pass\n" \
    "socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()\n"

FD_CLIENT(fd_programs, curl, .setup = "cat >web.py <<'X'\n" HTTP "X\n",
          .server = "/usr/bin/python3 web.py $T/s & server=$!; ready $T/s",
          .client = "curl -sS --unix-socket $NAME http://app/",
          .says = "curl: (7) Failed to connect to app port 80", .wants = "token\nhidden\n")

FD_CLIENT(fd_programs, redis_cli,
          .server = "redis-server --port 0 --unixsocket $T/s --save '' --dir $T >redis.log & server=$!; ready $T/s\n"
                    "redis-cli -s $T/s set key token >/dev/null",
          .client = "redis-cli -s $NAME get key; talk 'get key' redis-cli -s $NAME",
          .says = "Could not connect to Redis at /run/nowhere/app.sock: " ENOENT_SAYS, .wants = "token\ntoken\nhidden\n")

/* postgres refuses to run as root; sunshim itself starts as whoever runs this. */
#define AS_POSTGRES "$(if [ $(id -u) = 0 ]; then echo setpriv --reuid=postgres --regid=postgres --clear-groups; fi)"
#define POSTGRES_BIN "/usr/lib/postgresql/15/bin"

FD_CLIENT(fd_programs, psql,
          .setup = "mkdir data sockets; if [ $(id -u) = 0 ]; then chown postgres data sockets; fi\n"
                   AS_POSTGRES " " POSTGRES_BIN "/initdb -D $T/data -A trust -N -U postgres >initdb.log",
          .server = AS_POSTGRES " " POSTGRES_BIN "/postgres -D $T/data -k $T/sockets -c listen_addresses= -c fsync=off "
                    "2>postgres.log & server=$!; ready $T/sockets/.s.PGSQL.5432",
          .socket = "$T/sockets/.s.PGSQL.5432", .name = "/run/nowhere/.s.PGSQL.5432",
          .client = "psql -h /run/nowhere -U postgres -tA postgres <<'X'\n"
                    "select 'tok' || 'en';\n"
                    "\\! hidden\n"
                    "X\n",
          .says = "connection to server on socket \"/run/nowhere/.s.PGSQL.5432\" failed: " ENOENT_SAYS,
          .wants = "token\nhidden\n")

/* --- Languages, and an echo ---------------------------------------------------------------------- */

FD_CLIENT(fd_programs, python, .server = ECHO,
          .client = "/usr/bin/python3 - $NAME <<'X'\n"
                    "import socket, subprocess, sys\n"
                    "s = socket.socket(socket.AF_UNIX)\n"
                    "s.connect(sys.argv[1])\n"
                    "s.sendall(b'token\\n')\n"
                    "print(s.makefile().readline(), end='', flush=True)\n"
                    "subprocess.check_call(['hidden'])\n"
                    "X\n",
          .says = "FileNotFoundError: [Errno 2] " ENOENT_SAYS, .wants = "token\nhidden\n")

#define RUST \
    "use std::io::{BufRead, BufReader, Write};\n" \
    "use std::os::unix::net::UnixStream;\n" \
    "fn main() -> std::io::Result<()> {\n" \
    "    let mut peer = UnixStream::connect(std::env::args().nth(1).unwrap())?;\n" \
    "    let mut text = String::new();\n" \
    "    peer.write_all(b\"token\\n\")?;\n" \
    "    BufReader::new(&peer).read_line(&mut text)?;\n" \
    "    print!(\"{}\", text);\n" \
    "    std::process::Command::new(\"hidden\").status().map(|_| ())\n" \
    "}\n"

FD_CLIENT(fd_programs, rust, .setup = "cat >r.rs <<'X'\n" RUST "X\nrustc -C debuginfo=0 r.rs", .server = ECHO,
          .client = "./r $NAME", .says = "message: \"" ENOENT_SAYS "\"", .wants = "token\nhidden\n")

#define NODE \
    "const c = require(\"net\").connect(process.argv[1], () => c.write(\"token\\n\"));\n" \
    "c.on(\"data\", d => { process.stdout.write(d + require(\"child_process\").execFileSync(\"hidden\")); c.end(); });\n"

FD_CLIENT(fd_programs, node, .server = ECHO, .client = "node -e '" NODE "' $NAME",
          .says = "connect ENOENT /run/nowhere/app.sock", .wants = "token\nhidden\n")

#define PERL \
    "socket S, AF_UNIX, SOCK_STREAM, 0; connect S, sockaddr_un($ARGV[0]) or die \"connect: $!\\n\"; $| = 1;\n" \
    "syswrite S, \"token\\n\"; print scalar <S>; system \"hidden\"\n"

FD_CLIENT(fd_programs, perl, .server = ECHO, .client = "perl -MSocket -e '" PERL "' $NAME",
          .says = "connect: " ENOENT_SAYS, .wants = "token\nhidden\n")

#define RUBY "UNIXSocket.open(ARGV[0]) { |s| s.puts \"token\"; puts s.gets; $stdout.flush; system \"hidden\" }"

FD_CLIENT(fd_programs, ruby, .server = ECHO, .client = "ruby -rsocket -e '" RUBY "' $NAME",
          .says = ENOENT_SAYS " - connect(2) for /run/nowhere/app.sock", .wants = "token\nhidden\n")

#define PHP \
    "$s = stream_socket_client(\"unix://\" . $argv[1]); fwrite($s, \"token\\n\"); echo fgets($s); flush(); " \
    "passthru(\"hidden\");"

FD_CLIENT(fd_programs, php, .server = ECHO, .client = "php -r '" PHP "' $NAME", .says = "(" ENOENT_SAYS ")",
          .wants = "token\nhidden\n")

FD_CLIENT(fd_programs, socat, .server = ECHO, .client = "talk token socat - UNIX-CONNECT:$NAME",
          .says = "\"/run/nowhere/app.sock\", 23): " ENOENT_SAYS, .wants = "token\nhidden\n")

FD_CLIENT(fd_programs, nc, .server = ECHO, .client = "talk token nc -NU $NAME",
          .says = "nc: /run/nowhere/app.sock: " ENOENT_SAYS, .wants = "token\nhidden\n")

FD_CLIENT(fd_programs, ncat, .server = ECHO, .client = "talk token ncat -U $NAME",
          .says = "Ncat: " ENOENT_SAYS ".", .wants = "token\nhidden\n")

/* --- Further down -------------------------------------------------------------------------------- */

/* Python closes what it does not know; the launcher has the descriptor still. */
FD_CLIENT(fd_programs, clients_of_a_harness_that_closes_descriptors, .server = ECHO,
          .client = "/usr/bin/python3 - <<'X'\n"
                    "import subprocess\n"
                    "subprocess.check_call(['sh', '-euc', '! ls -l /proc/self/fd | grep -q $T/s; . $T/functions; '\n"
                    "                       'talk token nc -NU $NAME'])\n"
                    "X\n",
          .says = "nc: /run/nowhere/app.sock: " ENOENT_SAYS, .wants = "token\nhidden\n")

/* Several programs, one after another and side by side, and one that changes its directory. */
FD_CLIENT(fd_programs, all_programs_of_a_script, .server = ECHO,
          .client = "for i in 1 2 3 4 5; do (cd /; echo $i | nc -NU $NAME) & done >all; wait; sort all\n"
                    "talk token socat - $NAME",
          .says = "nc: /run/nowhere/app.sock: " ENOENT_SAYS, .wants = "1\n2\n3\n4\n5\ntoken\nhidden\n")

/* Go makes its system calls itself: sunshim says that it will not see them, and the name stays what it is. */
#define GO_SAYS "err=\"dial unix /run/nowhere/app.sock: connect: no such file or directory\"} 1\n"

FD_CLIENT(fd_programs, go_is_not_reached, .server = ECHO,
          .client = "port=$(freeport); export REDIS_ADDR=unix://$NAME\n"
                    "prometheus-redis-exporter -web.listen-address 127.0.0.1:$port 2>go.log & go=$!\n"
                    "ready tcp:$port; curl -s http://127.0.0.1:$port/metrics | grep -o 'err=.*' || :\n"
                    "kill $go; wait $go || :",
          .says = GO_SAYS, .wants = GO_SAYS, .record = "info=\"Go, makes raw system calls\"")

/* The session of docs/uses.md, in this test's directory. */
StockTest(fd_programs, another_user_reaches_one_socket_in_a_directory_that_it_may_not_enter)
{
    need_root();
    struct run r = run("mkdir -m 700 db; export PATH=\"$(dirname \"$SUNSHIM\"):$PATH\"; socket=$T/db/redis.sock\n"
                       "redis-server --port 0 --unixsocket $socket --unixsocketperm 777 --save '' >log & ready $socket\n"
                       "redis-cli -s $socket rpush jobs reindex >/dev/null\n"
                       "sed -n '/^# cat job/,/^# [.]\\/job/p' \"$TOP/docs/uses.md\" | grep -v '^# ' | sed \"s,/srv,$T,\" >job\n"
                       "chmod +x job; ./job\n"
                       "setpriv --reuid=65534 --regid=65534 --clear-groups redis-cli -s $socket ping 2>&1 || :");
    check_has(r, out, "reindex\n");
    check_has(r, out, "/db/redis.sock: Permission denied");
}

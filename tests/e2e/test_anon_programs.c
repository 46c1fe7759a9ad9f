/* Stock servers that are given their socket, as socket activation does, and stock clients of them, under `sunshim
 * run --anon`: the socket has no file. Each under a policy that allows sockets without names and no others, and
 * under one that does not. */
#include "tests/e2e/fd_programs.h"

#define CURL "curl -sS --unix-socket $NAME http://app/"
#define CURL_SAYS "curl: (7) Failed to connect to app port 80"
/* It looks for IPv6 first. */
#define CURL_ALSO "network inet6 dgram,"

/* --- By systemd's variables: LISTEN_PID has to be their own, though a shell has started them -------- */

#define GUNICORN_APP \
    "import subprocess\n" \
    "def app(env, start):\n" \
    "    start('200 OK', [])\n" \
    "    return [b'token\\n', subprocess.check_output(['hidden', 'anonymous'])]\n"

ANON_SERVER(anon_programs, gunicorn, .setup = "cat >app.py <<'X'\n" GUNICORN_APP "X\n",
            .server = "/usr/bin/python3 -m gunicorn --log-level warning app:app", .client = CURL, .says = CURL_SAYS,
            .also = CURL_ALSO, .wants = "token\nhidden\n")

ANON_SERVER(anon_programs, dbus_daemon, .server = "dbus-daemon --session --nofork --nopidfile --address=systemd: 2>bus.log",
            .client = "gdbus call --address unix:path=$NAME --dest org.freedesktop.DBus --object-path / "
                      "--method org.freedesktop.DBus.NameHasOwner org.freedesktop.DBus\n"
                      "mkfifo out; dbus-monitor --address unix:path=$NAME >out & monitor=$!\n"
                      "exec 4<out; read -r line <&4; hidden anonymous; kill $monitor",
            /* For the kernel's audit. */
            .also = "network (create) netlink raw,", .says = "Permission denied", .wants = "(true,)\nhidden\n")

#define SD_LISTEN_FDS \
    "import socket, subprocess\n" \
    "from systemd import daemon\n" \
    "fds = daemon.listen_fds_with_names()\n" \
    "server = socket.socket(fileno=list(fds)[0])\n" \
    "while True:\n" \
    "    client, _ = server.accept()\n" \
    "    client.sendall(b'%s\\n%s' % (str(fds).encode(), subprocess.check_output(['hidden', 'anonymous'])))\n" \
    "    client.close()\n"

ANON_SERVER(anon_programs, sd_listen_fds, .setup = "cat >server.py <<'X'\n" SD_LISTEN_FDS "X\n",
            .server = "/usr/bin/python3 server.py", .client = "nc -NU $NAME </dev/null", .says = "Permission denied",
            .wants = "{3: 'app'}\nhidden\n")

/* Two, which it tells apart by LISTEN_FDNAMES. Nobody may look at its descriptors. */
ANON_SERVER(anon_programs, gpg_agent,
            .setup = "mkdir -m 700 home; echo disable-scdaemon >home/gpg-agent.conf",
            .given = "--anon std --anon ssh --rule 'map /run/nowhere/std -> fd:std' --rule 'map /run/nowhere/ssh -> fd:ssh'",
            .server = "gpg-agent --homedir $T/home --supervised 2>agent.log",
            .client = "SSH_AUTH_SOCK=/run/nowhere/ssh ssh-add -l || :\n"
                      "gpg-connect-agent --no-autostart -S /run/nowhere/std NOP /bye",
            .says = "Permission denied", .wants = "The agent has no identities.\nOK\n")

/* --- By the number ----------------------------------------------------------------------------------- */

#define NODE \
    "require(\"http\").createServer((q, r) => r.end(\"token\\n\" +\n" \
    "    require(\"child_process\").execFileSync(\"hidden\", [\"anonymous\"]))).listen({fd: 3})"

ANON_SERVER(anon_programs, node, .server = "node -e '" NODE "'", .client = CURL, .says = CURL_SAYS, .also = CURL_ALSO,
            .wants = "token\nhidden\n")

#define HAPROXY \
    "defaults\n" \
    "    mode http\n" \
    "    timeout client 30s\n" \
    "    timeout connect 30s\n" \
    "    timeout server 30s\n" \
    "frontend app\n" \
    "    bind fd@3\n" \
    "    http-request return status 200 content-type text/plain string token\n"

ANON_SERVER(anon_programs, haproxy, .setup = "cat >haproxy.cfg <<'X'\n" HAPROXY "X\n", .server = "haproxy -f haproxy.cfg",
            /* It looks at what it could use. */
            .also = "network inet,\nnetwork inet6,",
            .client = "talk 'GET / HTTP/1.1\r\nHost: app\r\n\r' nc -NU $NAME", .says = "Permission denied",
            .wants = "HTTP/1.1 200 OK\nhidden\n")

#define PYTHON \
    "import socket, subprocess\n" \
    "server = socket.socket(fileno=3)\n" \
    "while True:\n" \
    "    client, _ = server.accept()\n" \
    "    client.sendall(client.recv(100) + subprocess.check_output(['hidden', 'anonymous']))\n" \
    "    client.close()\n"

ANON_SERVER(anon_programs, python, .setup = "cat >server.py <<'X'\n" PYTHON "X\n", .server = "/usr/bin/python3 server.py",
            .client = "echo token | socat - UNIX-CONNECT:$NAME", .says = "Permission denied", .wants = "token\nhidden\n")

#define RUBY \
    "UNIXServer.for_fd(3).then { |s| while c = s.accept; c.write c.gets, `hidden anonymous`; c.close; end }"

ANON_SERVER(anon_programs, ruby, .server = "ruby -rsocket -e '" RUBY "'", .client = "echo token | ncat -U $NAME",
            .says = "Permission denied", .wants = "token\nhidden\n")

#define PERL \
    "open S, \"+<&=3\"; while (accept C, S) { syswrite C, <C> . `hidden anonymous`; close C }"

ANON_SERVER(anon_programs, perl, .server = "perl -MSocket -e '" PERL "'", .client = "echo token | nc -NU $NAME",
            .says = "Permission denied", .wants = "token\nhidden\n")

/* --- Datagrams ------------------------------------------------------------------------------------------ */

/* What programs tell syslog, and nobody else hears. */
#define SYSLOG \
    "import socket\n" \
    "log = socket.socket(fileno=3)\n" \
    "with open('heard', 'w') as heard:\n" \
    "    for message in range(2):\n" \
    "        print(log.recv(1000).decode().strip('\\0'), file=heard, flush=True)\n"

#define SYSLOG_HANDLER \
    "from logging import getLogger, handlers; log = getLogger(); log.addHandler(handlers.SysLogHandler(\"/dev/log\")); " \
    "log.warning(\"and python\")"

ANON_SERVER(anon_programs, syslog, .setup = "mkfifo heard; cat >server.py <<'X'\n" SYSLOG "X\n",
            .given = "--anon log:dgram --rule 'map /dev/log -> fd:log'", .server = "/usr/bin/python3 server.py",
            .client = "exec 4<heard; logger --socket-errors=on -u /dev/log -t logger token\n"
                      "read -r line <&4; echo \"${line##*logger}\"\n"
                      "/usr/bin/python3 -c '" SYSLOG_HANDLER "'; read -r line <&4; echo \"$line\"",
            .says = "logger: socket /dev/log: Permission denied", .wants = ": token\n<12>and python\n")

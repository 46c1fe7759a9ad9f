/* `sunshim run --long-paths` with servers that have configuration files, with
 * languages, and with programs that no library can be preloaded into. */
#include "tests/e2e/long_programs.h"

#define BUS_CALL "dbus-send --print-reply=literal --dest=org.freedesktop.DBus"
#define BUS_PID "/ org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.DBus"

LONG_PROGRAM(long_programs2, dbus_daemon_by_address,
             .natively = "dbus-daemon --session --nofork --address=unix:path=$L/s",
             .says = "Failed to start message bus: Socket name too long",
             .script = "$RUN dbus-daemon --session --nofork --address=unix:path=$L/s --print-pid=1 >pid 2>bus.log &\n"
                       "bus=$!\n"
                       "ready $L/s; in_long s\n"
                       "$RUN " BUS_CALL " --bus=unix:path=$L/s " BUS_PID " >one\n"
                       "DBUS_SESSION_BUS_ADDRESS=unix:path=$L/s $RUN " BUS_CALL " " BUS_PID " >two\n"
                       "echo \"   uint32 $(cat pid)\" | diff - one; diff one two; echo same; stop $bus",
             .wants = "same\n")

#define BUS_CONFIGURATION \
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" " \
    "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n" \
    "<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context=\"default\">" \
    "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n"

LONG_PROGRAM(long_programs2, dbus_daemon_by_its_configuration,
             .setup = "bus() { printf '" BUS_CONFIGURATION "' $1; }; bus $L/s >native.conf; bus /run/app/s >bus.conf",
             .natively = "dbus-daemon --config-file=$T/native.conf --nofork",
             .says = "Failed to start message bus: Socket name too long",
             .map = "map /run/app/ -> $L/,",
             .script = "$RUN dbus-daemon --config-file=$T/bus.conf --nofork 2>bus.log & bus=$!; ready $L/s; in_long s\n"
                       "$RUN " BUS_CALL " --bus=unix:path=$L/s / org.freedesktop.DBus.NameHasOwner "
                       "string:org.freedesktop.DBus; stop $bus",
             .wants = "   boolean true\n")

#define NGINX_CONFIGURATION \
    "daemon off; master_process off; pid $T/pid; error_log $T/error; events { worker_connections 64; }\n" \
    "http { access_log off; client_body_temp_path $T/b; proxy_temp_path $T/p; fastcgi_temp_path $T/f; " \
    "uwsgi_temp_path $T/u; scgi_temp_path $T/c;\n" \
    "server { listen unix:$1; location / { return 200 \"token\\n\"; } } }\n"

LONG_PROGRAM(long_programs2, curl,
             .natively = "curl -sS --unix-socket $L/s http://x/",
             .says = "Unix socket path too long",
             .setup = "configuration() {\ncat <<X\n" NGINX_CONFIGURATION "X\n}; configuration of-curl >nginx.conf",
             .script = "(cd $L; exec nginx -e $T/error -c $T/nginx.conf) & server=$!; ready of-curl; in_long of-curl\n"
                       "$RUN curl -sS --unix-socket $L/of-curl http://x/; stop $server",
             .wants = "token\n")

LONG_PROGRAM(long_programs2, nginx,
             .setup = "configuration() {\ncat <<X\n" NGINX_CONFIGURATION "X\n}\n"
                      "configuration $L/s >native.conf; configuration /run/app.sock >nginx.conf",
             .natively = "nginx -e $T/error -c $T/native.conf",
             .says = "too long path in the unix domain socket",
             .map = "map /run/app.sock -> $L/s,",
             .script = "$RUN nginx -e $T/error -c $T/nginx.conf & server=$!; ready $L/s; in_long s\n"
                       "$RUN curl -sS --unix-socket $L/s http://x/; $RUN curl -sS --unix-socket /run/app.sock http://x/\n"
                       "stop $server; ls $L",
             .wants = "token\ntoken\n")

#define HAPROXY_CONFIGURATION \
    "global\n stats socket $1/stats level admin\n" \
    "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n" \
    "frontend f\n bind unix@$1/s\n http-request return status 200 content-type text/plain string token\n"

LONG_PROGRAM(long_programs2, haproxy,
             .setup = "configuration() {\ncat <<X\n" HAPROXY_CONFIGURATION "X\n}\n"
                      "configuration $L >native.cfg; configuration /run/app >haproxy.cfg",
             .natively = "haproxy -f native.cfg",
             .says = "too long (max 97)",
             .map = "map /run/app/ -> $L/,",
             .script = "$RUN haproxy -q -f haproxy.cfg & server=$!; appear s stats\n"
                       "$RUN curl -sS --retry 5 --retry-connrefused --unix-socket $L/s http://x/; echo\n"
                       "echo show info | $RUN socat - UNIX:$L/stats | grep ^Name\n"
                       "stop $server",
             .wants = "token\nName: HAProxy\n")

LONG_PROGRAM(long_programs2, haproxy_by_variables_in_its_configuration,
             .setup = "configuration() {\ncat <<X\n" HAPROXY_CONFIGURATION "X\n}\n"
                      "configuration '\"$SOCKETS\"' >haproxy.cfg",
             .natively = "SOCKETS=$L haproxy -f haproxy.cfg",
             .says = "too long (max 97)",
             .script = "SOCKETS=$L $RUN haproxy -q -f haproxy.cfg & server=$!; appear s stats\n"
                       "$RUN curl -sS --retry 5 --retry-connrefused --unix-socket $L/s http://x/; stop $server",
             .wants = "token")

/* --- Languages ------------------------------------------------------------------- */

#define ASYNCIO_SERVER \
    "import asyncio, sys\n" \
    "async def serve():\n" \
    "    done = asyncio.Event()\n" \
    "    async def answer(reader, writer):\n" \
    "        writer.write((await reader.readline()).upper())\n" \
    "        writer.close()\n" \
    "        done.set()\n" \
    "    server = await asyncio.start_unix_server(answer, sys.argv[1])\n" \
    "    await done.wait()\n" \
    "asyncio.run(serve())\n"
#define ASYNCIO_CLIENT \
    "import asyncio, sys\n" \
    "async def ask():\n" \
    "    reader, writer = await asyncio.open_unix_connection(sys.argv[1])\n" \
    "    writer.write(b'token\\n')\n" \
    "    print((await reader.readline()).decode(), end='')\n" \
    "asyncio.run(ask())\n"

LONG_PROGRAM(long_programs2, python_asyncio,
             .setup = "cat >server.py <<'X'\n" ASYNCIO_SERVER "X\ncat >client.py <<'X'\n" ASYNCIO_CLIENT "X\n",
             .natively = "python3 server.py $L/s",
             .says = "OSError: AF_UNIX path too long",
             .script = "$RUN python3 server.py $L/s & server=$!; ready $L/s; in_long s\n"
                       "$RUN python3 client.py $L/s; wait $server",
             .wants = "TOKEN\n")

#define MANAGER \
    "import multiprocessing, os, tempfile\n" \
    "if __name__ == '__main__':\n" \
    "    with multiprocessing.Manager() as manager:\n" \
    "        made = manager.list(['tok'])\n" \
    "        worker = multiprocessing.get_context('spawn').Process(target=made.append, args=('en',))\n" \
    "        worker.start()\n" \
    "        worker.join()\n" \
    "        print(''.join(made))\n" \
    "        open('vanishes', 'w').write(tempfile.gettempdir())\n"

LONG_PROGRAM(long_programs2, python_multiprocessing_manager_by_TMPDIR,
             .setup = "cat >manager.py <<'X'\n" MANAGER "X\n",
             .natively = "TMPDIR=$L python3 manager.py",
             .says = "OSError: AF_UNIX path too long",
             .script = "TMPDIR=$L $RUN python3 manager.py; grep -o ^/tmp/sun- vanishes",
             .wants = "token\n/tmp/sun-\n", .daemons = true)

#define PYTEST \
    "import socket\n" \
    "def test_it(tmp_path):\n" \
    "    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)\n" \
    "    server.bind(str(tmp_path / 'a-socket-of-a-test'))\n" \
    "    server.listen()\n" \
    "    client.connect(str(tmp_path / 'a-socket-of-a-test'))\n" \
    "    open('vanishes', 'w').write(str(tmp_path))\n"

LONG_PROGRAM(long_programs2, pytest_tmp_path_by_TMPDIR,
             .setup = "cat >test_it.py <<'X'\n" PYTEST "X\n",
             .natively = "TMPDIR=$L pytest-3 -q -p no:cacheprovider test_it.py || :",
             .says = "OSError: AF_UNIX path too long",
             .script = "TMPDIR=$L $RUN pytest-3 -q -p no:cacheprovider test_it.py >out\n"
                       "grep -o '1 passed' out; grep -o ^/tmp/sun- vanishes",
             .wants = "1 passed\n/tmp/sun-\n")

LONG_PROGRAM(long_programs2, ruby,
             .natively = "ruby -rsocket -e 'UNIXServer.new(ARGV[0])' $L/s",
             .says = "too long unix socket path (252bytes given but 108bytes max) (ArgumentError)",
             .script = "$RUN ruby -rsocket -e 'c = UNIXServer.new(ARGV[0]).accept; c.puts c.gets.upcase' $L/s & server=$!\n"
                       "ready $L/s; in_long s\n"
                       "$RUN ruby -rsocket -e 'UNIXSocket.open(ARGV[0]) { |s| s.puts \"token\"; puts s.gets }' $L/s\n"
                       "wait $server",
             .wants = "TOKEN\n")

#define RUST \
    "use std::io::{Read, Write};\n" \
    "use std::os::unix::net::{UnixListener, UnixStream};\n" \
    "fn main() -> std::io::Result<()> {\n" \
    "    let args: Vec<String> = std::env::args().collect();\n" \
    "    let mut text = String::new();\n" \
    "    if args[1] == \"serve\" {\n" \
    "        let (mut peer, _) = UnixListener::bind(&args[2])?.accept()?;\n" \
    "        peer.write_all(b\"token\\n\")\n" \
    "    } else {\n" \
    "        UnixStream::connect(&args[2])?.read_to_string(&mut text)?;\n" \
    "        Ok(print!(\"{}\", text))\n" \
    "    }\n" \
    "}\n"

LONG_PROGRAM(long_programs2, rust,
             .setup = "cat >r.rs <<'X'\n" RUST "X\nrustc -C debuginfo=0 r.rs",
             .natively = "./r serve $L/s",
             .says = "path must be shorter than SUN_LEN",
             .script = "$RUN ./r serve $L/s & server=$!; ready $L/s; in_long s; $RUN ./r ask $L/s; wait $server",
             .wants = "token\n")

/* --- Go makes its system calls itself ------------------------------------------------ */

LONG_PROGRAM(long_programs2, go_listens,
             .natively = "yubikey-agent -l $L/s </dev/null",
             .says = "bind: invalid argument",
             .script = "$RUN yubikey-agent -l $L/s </dev/null 2>agent.log & agent=$!; ready $L/s; in_long s\n"
                       /* It has no key to plug in, and says so. */
                       "SSH_AUTH_SOCK=$L/s $RUN ssh-add -l 2>&1 || :\n"
                       "grep -o 'Connecting to the YubiKey' agent.log; stop $agent",
             .wants = "error fetching identities: agent refused operation\nConnecting to the YubiKey\n")

LONG_PROGRAM(long_programs2, go_connects,
             .natively = "port=$(freeport)\n"
                         "prometheus-redis-exporter -redis.addr unix://$L/s -web.listen-address 127.0.0.1:$port &\n"
                         "ready tcp:$port; curl -s http://127.0.0.1:$port/metrics | grep redis_exporter_last_scrape_error",
             .says = "connect: invalid argument",
             .script = "$RUN redis-server --port 0 --unixsocket $L/s --save '' --dir $T >redis.log & server=$!\n"
                       "ready $L/s; in_long s\n"
                       "(cd $L; redis-cli -s s set token 42 >/dev/null)\n"
                       "port=$(freeport)\n"
                       "REDIS_ADDR=unix://$L/s $RUN prometheus-redis-exporter -check-single-keys token -web.listen-address "
                       "127.0.0.1:$port 2>exporter.log & exporter=$!; ready tcp:$port\n"
                       "curl -s http://127.0.0.1:$port/metrics | grep '^redis_key_value{.*token'\n"
                       "stop $exporter; stop $server",
             .wants = "redis_key_value{db=\"db0\",key=\"token\"} 42\n")

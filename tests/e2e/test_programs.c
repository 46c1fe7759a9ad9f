/* Real programs under a policy that just suffices, and under the same policy
 * with one permission missing, each in turn: every rule is needed, and what it
 * stood for is denied and recorded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

struct program {
    const char *setup;     /* once, without sunshim */
    const char *script;    /* $RUN COMMAND runs one under the policy */
    const char *wants;     /* on stdout if all went well */
    const char *rules[20]; /* each with one permission */
};

/* `from` with $T replaced: policies have no such variable. */
static char *in_scratch(const char *from)
{
    char *out = text("%s", "");
    for (const char *at; (at = strstr(from, "$T")); from = at + 2)
        out = text("%s%.*s%s", out, (int)(at - from), from, scratch());
    return text("%s%s", out, from);
}

static struct run run_program(const struct program *p, int missing)
{
    char *policy = text("%s", "");
    for (int i = 0; p->rules[i]; i++)
        if (i != missing)
            policy = text("%s%s\n", policy, in_scratch(p->rules[i]));
    put("p.policy", policy);
    put("log", "");
    /* Waiting for what cannot come is not worth ten seconds each. */
    const char *patience = missing < 0 ? "" : "export READY_SECONDS=1; ";
    return run(text("set +e; chmod 666 log; RUN=\"timeout %d $SUNSHIM run -p $T/p.policy --log $T/log --\"; %s%s",
                    missing < 0 ? 60 : 2, patience, p->script));
}

static const char *permission_of(const char *rule)
{
    const char *open = strchr(rule, '(');
    return text("%.*s", (int)strcspn(open + 1, ")"), open + 1);
}

static void check_suffices(const struct program *p)
{
    struct run r = run_program(p, -1);
    char *log = get(text("%s/log", scratch()));
    check_has(r, out, p->wants);
    cr_assert(!strstr(log, "DENIED"), "something was denied:\n%s\n%s", log, run_report(&r));
}

static void check_missing(const struct program *p, int missing, bool *hurt)
{
    struct run r = run_program(p, missing);
    char *log = get(text("%s/log", scratch()));
    const char *denied = text("denied=\"%s\"", permission_of(p->rules[missing]));
    cr_assert(lines_with(log, "sunshim=\"DENIED\"", denied, "rule=none", NULL) > 0, "without %s nothing was denied:\n%s\n%s",
              p->rules[missing], log, run_report(&r));
    *hurt |= !strstr(r.out, p->wants);
}

static void check_program(const struct program *p)
{
    bool hurt = false;
    if (p->setup) {
        struct run r = run(p->setup);
        check_status(r, 0);
    }
    check_suffices(p);
    for (int i = 0; p->rules[i]; i++)
        check_missing(p, i, &hurt);
    cr_assert(hurt, "the program works with any one permission missing");
}

#define PROGRAM(name, ...) \
    StockTest(programs, name, .timeout = 150) \
    { \
        static const struct program program = {__VA_ARGS__}; \
        check_program(&program); \
    }

/* socat keeps a datagram pair of its own to hear of its children. */
#define SOCAT_SELF "unix (create) type=dgram,", "unix (receive) peer=(addr=none),"

PROGRAM(socat_stream_client,
        .script = "rm -f s; socat UNIX-LISTEN:s EXEC:cat & ready s; echo hello | $RUN socat - UNIX-CONNECT:$T/s",
        .wants = "hello",
        .rules = {SOCAT_SELF, "unix (create) type=stream,", "unix (connect) type=stream peer=(addr=$T/s),",
                  "unix (getattr) type=stream,", "unix (shutdown) type=stream,"})

PROGRAM(socat_stream_server,
        .script = "rm -f s; $RUN socat -u UNIX-LISTEN:$T/s STDOUT & ready $T/s && echo hello | socat -u - UNIX:s; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (getattr) type=stream,", "unix (shutdown) type=stream,"})

PROGRAM(socat_dgram_client,
        .script = "rm -f s; socat -u UNIX-RECV:s STDOUT & ready s; echo hello | $RUN socat -u - UNIX-SENDTO:$T/s; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "unix (send) type=dgram peer=(addr=$T/s),", "unix (getattr) type=dgram,",
                  "unix (shutdown) type=dgram,"})

PROGRAM(socat_dgram_server,
        .script = "rm -f s; $RUN socat -u UNIX-RECV:$T/s STDOUT & ready $T/s && echo hello | socat -u - UNIX-SENDTO:s; sleep 0.2",
        .wants = "hello", .rules = {SOCAT_SELF, "unix (bind) type=dgram addr=$T/s,"})

PROGRAM(socat_abstract_client,
        .script = "socat ABSTRACT-LISTEN:$T/a EXEC:cat & ready @$T/a; echo hello | $RUN socat - ABSTRACT-CONNECT:$T/a",
        .wants = "hello",
        .rules = {SOCAT_SELF, "unix (create) type=stream,", "unix (connect) peer=(addr=@$T/a),",
                  "unix (getattr) type=stream,", "unix (shutdown) type=stream,"})

PROGRAM(socat_abstract_server,
        .script = "$RUN socat -u ABSTRACT-LISTEN:$T/a STDOUT & ready @$T/a && echo hello | socat -u - ABSTRACT:$T/a; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "unix (create) type=stream,", "unix (bind) addr=@$T/a,", "unix (listen) addr=@$T/a,",
                  "unix (accept) addr=@$T/a,", "unix (getattr) type=stream,", "unix (shutdown) type=stream,"})

PROGRAM(socat_tcp_client,
        .script = "p=$(freeport); socat TCP-LISTEN:$p,bind=127.0.0.1 EXEC:cat & ready tcp:$p; "
                  "echo hello | $RUN socat - TCP:127.0.0.1:$p",
        .wants = "hello",
        .rules = {SOCAT_SELF, "network (create) inet stream,", "network (connect) inet stream peer=(ip=127.0.0.1),",
                  "network (getattr) inet stream,", "network (shutdown) inet stream,"})

PROGRAM(socat_tcp_server,
        .script = "p=$(freeport); $RUN socat -u TCP-LISTEN:$p,bind=127.0.0.1,reuseaddr STDOUT & "
                  "ready tcp:$p && echo hello | socat -u - TCP:127.0.0.1:$p; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "network (create) inet stream,", "network (bind) inet stream ip=127.0.0.1,",
                  "network (listen) inet stream ip=127.0.0.1,", "network (accept) inet stream peer=(ip=127.0.0.0/8),",
                  "network (getattr) inet stream,", "network (setopt) inet stream,", "network (shutdown) inet stream,"})

PROGRAM(socat_udp_client,
        .script = "p=$(freeport); socat -u UDP-RECV:$p,bind=127.0.0.1 STDOUT & ready udp:$p; "
                  "echo hello | $RUN socat -u - UDP:127.0.0.1:$p; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "network (create) inet dgram,", "network (connect) inet dgram peer=(ip=127.0.0.1),",
                  "network (getattr) inet dgram,", "network (shutdown) inet dgram,"})

PROGRAM(socat_udp_server,
        .script = "p=$(freeport); $RUN socat -u UDP-RECV:$p,bind=127.0.0.1 STDOUT & "
                  "ready udp:$p && echo hello | socat -u - UDP:127.0.0.1:$p; sleep 0.2",
        .wants = "hello",
        .rules = {SOCAT_SELF, "network (create) inet dgram,", "network (bind) inet dgram ip=127.0.0.1,",
                  "network (receive) inet dgram,"})

#define PYTHON_SERVER \
    "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('s')\ns.listen()\nc = s.accept()[0]\nc.sendall(c.recv(9).upper())\n"
#define PYTHON_CLIENT \
    "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('s')\ns.sendall(b'hello')\nprint(s.recv(9))\n"

PROGRAM(python,
        .setup = "cat >server.py <<'X'\n" PYTHON_SERVER "X\ncat >client.py <<'X'\n" PYTHON_CLIENT "X\n",
        .script = "rm -f s; $RUN python3 server.py & ready s && $RUN python3 client.py",
        .wants = "HELLO",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s peer=(addr=none),", "unix (connect) peer=(addr=$T/s),",
                  "unix (getattr) type=stream,", "unix (send) peer=(addr=$T/s),", "unix (send) peer=(addr=none),",
                  "unix (receive) peer=(addr=$T/s),", "unix (receive) peer=(addr=none),"})

PROGRAM(perl,
        .setup = "cat >server.pl <<'X'\nuse IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Local => 's', Listen => 1) or die;\n"
                 "my $c = $s->accept or die; my $l = <$c>; print $c uc $l;\nX\n"
                 "cat >client.pl <<'X'\nuse IO::Socket::UNIX; my $s = IO::Socket::UNIX->new('s') or die;\n"
                 "print $s \"hello\\n\"; $s->flush; print scalar <$s>;\nX\n",
        .script = "rm -f s; $RUN perl server.pl & ready s && $RUN perl client.pl",
        .wants = "HELLO",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (connect) peer=(addr=$T/s),"})

PROGRAM(nc_stream,
        .script = "rm -f s; $RUN nc -lU $T/s & ready $T/s && echo hello | $RUN nc -NU $T/s",
        .wants = "hello",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (connect) peer=(addr=$T/s),", "unix (shutdown) type=stream,"})

PROGRAM(nc_tcp,
        .script = "p=$(freeport); $RUN nc -l 127.0.0.1 $p & ready tcp:$p && echo hello | $RUN nc -N 127.0.0.1 $p",
        .wants = "hello",
        .rules = {"network (create) inet stream,", "network (bind) inet stream ip=127.0.0.1,",
                  "network (listen) inet stream,", "network (accept) inet stream,",
                  "network (connect) inet stream peer=(ip=127.0.0.1),", "network (getopt) inet stream,",
                  "network (setopt) inet stream,", "network (shutdown) inet stream,"})

#define NGINX_CONFIGURATION \
    "daemon off; master_process off; pid $T/pid; error_log $T/error; events { worker_connections 64; }\n" \
    "http { access_log off; client_body_temp_path $T/b; proxy_temp_path $T/p; fastcgi_temp_path $T/f; " \
    "uwsgi_temp_path $T/u; scgi_temp_path $T/c;\n" \
    "server { listen unix:$T/s; location / { return 200 \"hello\\n\"; } } }\n"
#define NGINX "nginx -e $T/error -c $T/nginx.conf"

PROGRAM(curl_and_nginx,
        .setup = "cat >nginx.conf <<X\n" NGINX_CONFIGURATION "X\n",
        .script = "rm -f s; $RUN " NGINX " & ready $T/s && $RUN curl -s --unix-socket $T/s http://x/",
        .wants = "hello",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (setopt) type=stream,", "unix (getopt) type=stream,",
                  "unix (getattr) type=stream,", "unix (connect) peer=(addr=$T/s),", "unix (send) peer=(addr=$T/s),",
                  "unix (receive) peer=(addr=$T/s),", "unix (receive) peer=(addr=none),"})

PROGRAM(redis,
        .script = "rm -f s; $RUN redis-server --port 0 --unixsocket $T/s --save '' --dir $T >redis.log & "
                  "ready $T/s && $RUN redis-cli -s $T/s set key hello && $RUN redis-cli -s $T/s get key",
        .wants = "hello",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (setopt) type=stream,", "unix (connect) peer=(addr=$T/s),",
                  "unix (send) peer=(addr=$T/s),", "unix (receive) peer=(addr=$T/s),"})

PROGRAM(tmux,
        .script = "rm -f s; $RUN tmux -S $T/s -f /dev/null new-session -d -s hello 'sleep 60'; "
                  "$RUN tmux -S $T/s list-sessions; $RUN tmux -S $T/s kill-server",
        .wants = "hello: 1 windows",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (getopt) type=stream,", "unix (connect) peer=(addr=$T/s),",
                  "unix (send) peer=(addr=$T/s),", "unix (receive) peer=(addr=$T/s),",
                  "unix (send) peer=(addr=none),", "unix (receive) peer=(addr=none),"})

#define BUS_CONFIGURATION \
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" " \
    "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n" \
    "<busconfig><type>session</type><listen>unix:path=$T/s</listen><auth>EXTERNAL</auth><policy context=\"default\">" \
    "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n"

PROGRAM(dbus,
        .setup = "cat >bus.conf <<X\n" BUS_CONFIGURATION "X\n",
        .script = "rm -f s; $RUN dbus-daemon --config-file=$T/bus.conf --nofork 2>bus.log & ready $T/s && "
                  "$RUN dbus-send --bus=unix:path=$T/s --print-reply --dest=org.freedesktop.DBus / "
                  "org.freedesktop.DBus.ListNames",
        .wants = "string \"org.freedesktop.DBus\"",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/s,", "unix (listen) addr=$T/s,",
                  "unix (accept) addr=$T/s,", "unix (getopt) type=stream,", "unix (getattr) type=stream,",
                  "unix (connect) peer=(addr=$T/s),", "unix (send) peer=(addr=$T/s),",
                  "unix (receive) peer=(addr=$T/s),", "unix (send) peer=(addr=none),",
                  "unix (receive) peer=(addr=none),", "network (create) netlink raw,"})

/* postgres refuses to run as root; sunshim itself starts as whoever runs this. */
#define AS_POSTGRES "$(if [ $(id -u) = 0 ]; then echo setpriv --reuid=postgres --regid=postgres --clear-groups; fi)"
#define POSTGRES_BIN "/usr/lib/postgresql/15/bin"

PROGRAM(postgres,
        .setup = "mkdir data; if [ $(id -u) = 0 ]; then chown postgres data .; fi; "
                 AS_POSTGRES " " POSTGRES_BIN "/initdb -D $T/data -A trust -N -U postgres >initdb.log",
        .script = "rm -f data/postmaster.pid; $RUN " AS_POSTGRES " " POSTGRES_BIN "/postgres -D $T/data -k $T -c listen_addresses= "
                  "2>postgres.log & ready $T/.s.PGSQL.5432 && $RUN psql -h $T -U postgres -tAc \"select 'hel' || 'lo'\" postgres",
        .wants = "hello",
        .rules = {"unix (create) type=stream,", "unix (bind) addr=$T/.s.PGSQL.5432,",
                  "unix (listen) addr=$T/.s.PGSQL.5432,", "unix (accept) addr=$T/.s.PGSQL.5432,",
                  "unix (getopt) type=stream,", "unix (getattr) type=stream,",
                  "unix (connect) peer=(addr=$T/.s.PGSQL.5432),", "unix (send) peer=(addr=$T/.s.PGSQL.5432),",
                  "unix (receive) peer=(addr=$T/.s.PGSQL.5432),", "unix (send) peer=(addr=none),",
                  "unix (receive) peer=(addr=none),"})

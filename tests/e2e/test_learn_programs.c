/* Real programs learned from: the policy has no warning, the same run passes under it, and
 * with any one of its rules left out it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

struct program {
    const char *setup;  /* once, without sunshim */
    const char *script; /* s.sh, learned from and run again; ends by itself */
    const char *wants;  /* on stdout if all went well */
    const char *unseen; /* programs that cannot be preloaded */
    int least;          /* rules there must be */
    const char *rules[8]; /* some of them, as they must stand there */
};

/* Whatever the script has started ends with it. */
#define SCRIPT "set -eu\npids=; trap 'for p in $pids; do kill $p 2>/dev/null || :; wait $p || :; done' EXIT\n"

/* `patience`: what cannot come is not waited for long. */
static struct run under_policy(const struct program *p, const char *policy, const char *patience)
{
    return run(text("%s $SUNSHIM run -p $T/%s --error-exitcode 99 %s%s -- sh s.sh", patience, policy, p->unseen ? "--allow-unseen " : "",
                    p->unseen ? p->unseen : ""));
}

static void learn(const struct program *p)
{
    struct run r = run(text("READY_SECONDS=30 timeout 100 $SUNSHIM learn -o learned.policy -- sh s.sh"));

    check_status(r, 0);
    check_has(r, out, p->wants);
    r = run("$SUNSHIM check --error ./learned.policy");
    check_status(r, 0);
    check_lacks(r, err, "warning");
}

static void check_rules(const struct program *p, const char *policy)
{
    for (int i = 0; p->rules[i]; i++)
        cr_assert(strstr(policy, text("\n%s\n", p->rules[i])), "no rule '%s':\n%s", p->rules[i], policy);
}

static int is_rule(const char *line)
{
    return *line && *line != '\n' && *line != '#' && strncmp(line, "@{", 2);
}

/* `policy` without the line that starts at `line`. */
static void put_without(const char *policy, const char *line)
{
    put("part.policy", text("%.*s%s", (int)(line - policy), policy, strchr(line, '\n') + 1));
}

static void check_program(const struct program *p)
{
    int rules = 0;
    struct run r;

    put("s.sh", text("%s%s", SCRIPT, p->script));
    if (p->setup) {
        r = run(p->setup);
        check_status(r, 0);
    }
    learn(p);
    char *policy = get(text("%s/learned.policy", scratch()));
    check_rules(p, policy);
    r = under_policy(p, "learned.policy", "READY_SECONDS=30 timeout 100");
    check_status(r, 0);
    check_has(r, out, p->wants);
    for (const char *line = policy; *line; line = strchr(line, '\n') + 1) {
        if (!is_rule(line))
            continue;
        rules++;
        put_without(policy, line);
        r = under_policy(p, "part.policy", "READY_SECONDS=3 timeout 25");
        cr_assert(r.status != 0, "it passes without '%.*s'\n%s\n%s", (int)strcspn(line, "\n"), line, policy, run_report(&r));
    }
    cr_assert(rules >= p->least, "%d rules:\n%s", rules, policy);
}

#define PROGRAM(name, ...) \
    StockTest(learn_programs, name, .timeout = 300) \
    { \
        static const struct program program = {__VA_ARGS__}; \
        check_program(&program); \
    }

PROGRAM(redis,
        .script = "d=$(mktemp -d)\n"
                  "redis-server --port 0 --unixsocket $d/redis.sock --save '' --logfile /dev/null --dir $d & pids=$!\n"
                  "ready $d/redis.sock; redis-cli -s $d/redis.sock set a token; redis-cli -s $d/redis.sock get a\n",
        .wants = "token", .least = 3,
        .rules = {"include <abstractions/sockets>"})

/* postgres refuses to run as root; sunshim itself starts as whoever runs this. */
#define AS_POSTGRES "$(if [ $(id -u) = 0 ]; then echo setpriv --reuid=postgres --regid=postgres --clear-groups; fi)"
#define POSTGRES_BIN "/usr/lib/postgresql/15/bin"

PROGRAM(postgres,
        .setup = "mkdir data sockets; if [ $(id -u) = 0 ]; then chown postgres data sockets; fi\n"
                 AS_POSTGRES " " POSTGRES_BIN "/initdb -D $T/data -A trust -N -U postgres >initdb.log",
        .script = AS_POSTGRES " " POSTGRES_BIN "/postgres -D $T/data -k $T/sockets -c listen_addresses= -c fsync=off "
                  "2>postgres.log & pids=$!; ready $T/sockets/.s.PGSQL.5432\n"
                  "until psql -h $T/sockets -U postgres -tAc \"select 'tok' || 'en'\" postgres 2>psql.log; do\n"
                  "grep -q 'starting up' psql.log; done\n",
        .wants = "token", .least = 3,
        .rules = {"include <abstractions/sockets>"})

PROGRAM(tmux,
        .script = "export TMUX_TMPDIR=/tmp\n"
                  "tmux -L learn$$ -f /dev/null new-session -d 'sleep 100'; tmux -L learn$$ list-sessions -F to#{l:ken}\n"
                  "tmux -L learn$$ kill-server; rm -f /tmp/tmux-$(id -u)/learn$$\n",
        .wants = "token", .unseen = "'*utempter*'", .least = 4,
        .rules = {"unix (bind, listen, accept, send, receive) addr=/tmp/tmux-@{uid}/learn@{pid},",
                  "unix (connect, send, receive) peer=(addr=/tmp/tmux-@{uid}/learn@{pid}),"})

PROGRAM(dbus,
        .script = "unset TMPDIR; mkfifo address; dbus-daemon --session --nofork --print-address=3 3>address & pids=$!\n"
                  "read -r DBUS_SESSION_BUS_ADDRESS <address; export DBUS_SESSION_BUS_ADDRESS; rm address\n"
                  "dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames\n",
        .wants = "org.freedesktop.DBus", .least = 4,
        .rules = {"unix (bind, listen, accept, send, receive) addr=/tmp/dbus-@{rand10},",
                  "unix (connect, send, receive) peer=(addr=/tmp/dbus-@{rand10}),"})

PROGRAM(nginx_with_curl,
        .setup = "mkdir www; echo token >www/index.html; chmod 755 . www; freeport >port\n"
                 "cat >nginx.conf <<X\ndaemon off; pid $T/pid; error_log $T/err.log; worker_processes 1; events {}\n"
                 "http { access_log off; client_body_temp_path $T/b; proxy_temp_path $T/p; fastcgi_temp_path $T/f;\n"
                 "uwsgi_temp_path $T/u; scgi_temp_path $T/c;\n"
                 "server { listen unix:$T/web.sock; listen 127.0.0.1:$(cat port); root $T/www; } }\nX\n",
        .script = "rm -f web.sock; nginx -c $T/nginx.conf & pids=$!; ready $T/web.sock tcp:$(cat port)\n"
                  "curl -sS --fail --max-time 5 --unix-socket $T/web.sock http://x/ >one\n"
                  "curl -sS --fail --max-time 5 http://127.0.0.1:$(cat port)/\ncmp one www/index.html\n",
        .wants = "token", .least = 6,
        .rules = {"include <abstractions/sockets>"})

PROGRAM(python_test_suite,
        .setup = "cp $TOP/tests/e2e/learn_suite.py test_sockets.py",
        .script = "python3 -m unittest -q test_sockets 2>&1 && echo token\n",
        .wants = "token", .least = 15,
        .rules = {"unix (autobind) type=dgram,", "unix (receive) addr=auto,",
                  "network (bind) inet stream ip=127.0.0.1 port=0,",
                  "network (bind) inet6 stream ip=::1 port=0,",
                  "unix (send, receive) type=stream addr=none peer=(addr=none),"})

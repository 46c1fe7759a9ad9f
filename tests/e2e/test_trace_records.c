/* What a traced program's records say of its calls. */
#include "harness.h"

#include <string.h>

/* The n-th record of `what` about the call. */
static char *traced(const struct run *r, const char *log, const char *call, int n)
{
    for (int i = 0;; i++) {
        char *line = record_line(log, i);

        cr_assert(line, "no record %d of %s\n%s\n%s", n, call, log, run_report(r));
        char *what = record_value(line, "sunshim"), *operation = record_value(line, "operation");
        if (what && operation && !strcmp(what, "TRACE") && !strcmp(operation, call) && n-- == 0)
            return line;
    }
}

static void check_key(const struct run *r, char *line, const char *key, const char *want)
{
    char *got = record_value(line, key);

    if (!want) {
        cr_assert(!got, "%s=%s in %s", key, got, line);
        return;
    }
    cr_assert(got && !strcmp(got, want), "%s=%s, expected %s, in %s\n%s", key, got ? got : "(absent)", want, line, run_report(r));
}

/* Everything in one process, which prints its pid. */
static struct run traced_calls(void)
{
    struct run r = run("cd \"$T\"; mkdir real; ln -s real link\n"
                       "$SUNSHIM run --trace --log $T/log -- python3 -c '\n"
                       "import os, socket\n"
                       "s = socket.socket(socket.AF_UNIX); s.bind(\"link/s\"); s.listen(3)\n"
                       "c = socket.socket(socket.AF_UNIX); c.connect(\"real/../link/s\"); d, _ = s.accept()\n"
                       "c.send(b\"four\"); d.recv(99); d.shutdown(socket.SHUT_WR)\n"
                       "try: c.connect(\"nothing\")\n"
                       "except OSError: pass\n"
                       "e = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); e.bind(\"\")\n"
                       "e.sendto(b\"x\", e.getsockname()); e.recvfrom(9)\n"
                       "print(os.getpid())'\n");

    check_status(r, 0);
    r.out[strcspn(r.out, "\n")] = '\0';
    return r;
}

StockTest(trace_records, each_call_with_names_peer_result_and_errno)
{
    struct run r = traced_calls();
    const char *log = get(text("%s/log", scratch())), *server = text("%s/real/s", scratch()), *pid = r.out;
    const struct {
        const char *call, *key, *want; /* want NULL: no such key */
        int nth;
    } table[] = {
        {"socket", "family", "unix", 0},       {"socket", "sock_type", "stream", 0},
        {"socket", "requested", "create", 0},  {"socket", "pid", pid, 0},
        {"socket", "comm", "python3", 0},      {"socket", "result", "3", 0},
        {"bind", "addr", server, 0},           {"bind", "given", "link/s", 0},
        {"bind", "fd", "3", 0},                {"bind", "result", "0", 0},
        {"bind", "errno", NULL, 0},            {"bind", "addr", "auto", 1},
        {"listen", "backlog", "3", 0},         {"listen", "addr", server, 0},
        {"connect", "peer_addr", server, 0},   {"connect", "given", "real/../link/s", 0},
        {"connect", "peer_pid", pid, 0},       {"connect", "addr", "none", 0},
        {"connect", "peer_addr", "nothing", 1}, {"connect", "result", "-1", 1},
        {"connect", "errno", "ENOENT", 1},     {"accept4", "addr", server, 0},
        {"accept4", "peer_addr", "none", 0},   {"accept4", "result", "5", 0},
        {"accept4", "peer_pid", pid, 0},       {"send", "size", "4", 0},
        {"send", "result", "4", 0},            {"send", "peer_addr", server, 0},
        {"recv", "size", "99", 0},             {"recv", "result", "4", 0},
        {"shutdown", "how", "1", 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_key(&r, traced(&r, log, table[i].call, table[i].nth), table[i].key, table[i].want);
}

StockTest(trace_records, the_name_that_an_autobind_produced)
{
    struct run r = traced_calls();
    const char *log = get(text("%s/log", scratch()));
    char *bound = record_value(traced(&r, log, "bind", 1), "bound");

    cr_assert(bound && *bound == '@' && strlen(bound) == 6, "bound=%s", bound ? bound : "(absent)");
    check_key(&r, traced(&r, log, "sendto", 0), "peer_addr", bound);
    check_key(&r, traced(&r, log, "recvfrom", 0), "peer_addr", bound);
}

StockTest(trace_records, the_rule_that_decided_and_what_was_denied)
{
    put("one.policy", "unix,\nnetwork inet,\ndeny unix (connect) peer=(addr=/nope),\n");
    put("two.policy", "allow all,\naudit unix (listen),\n");
    struct run r = run("cd \"$T\"; $SUNSHIM run -p $T/one.policy -p $T/two.policy --trace --log $T/log -- python3 -c '\n"
                       "import socket\n"
                       "s = socket.socket(socket.AF_UNIX); s.bind(\"s\"); s.listen()\n"
                       "c = socket.socket(socket.AF_UNIX); c.connect(\"s\")\n"
                       "open(\"n\", \"w\")\n"
                       "for where in \"/nope\", \"n\":\n"
                       "    try: c.connect(where)\n"
                       "    except OSError: pass\n"
                       "'\n");
    const char *log = get(text("%s/log", scratch()));

    check_status(r, 0);
    check_key(&r, traced(&r, log, "socket", 0), "rules", text("%s/one.policy:1,%s/two.policy:1", scratch(), scratch()));
    check_key(&r, traced(&r, log, "connect", 0), "rules", text("%s/one.policy:1,%s/two.policy:1", scratch(), scratch()));
    check_key(&r, traced(&r, log, "connect", 0), "verdict", NULL);
    char *line = traced(&r, log, "listen", 0);
    check_key(&r, line, "verdict", "AUDIT");
    check_key(&r, line, "rules", text("%s/one.policy:1,%s/two.policy:2", scratch(), scratch()));
    cr_assert(lines_with(log, "sunshim=\"AUDIT\"", "operation=\"listen\"", NULL) == 1);
}

/* What policies take for IPv4 is on record as that. */
StockTest(trace_records, an_ipv4_client_of_an_ipv6_server)
{
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- python3 -c '\n"
                       "import socket\n"
                       "s = socket.create_server((\"\", 0), family=socket.AF_INET6, dualstack_ipv6=True)\n"
                       "c = socket.create_connection((\"127.0.0.1\", s.getsockname()[1])); d, _ = s.accept(); d.send(b\"x\")'\n");
    const char *log = get(text("%s/log", scratch()));

    check_status(r, 0);
    check_key(&r, traced(&r, log, "listen", 0), "family", "inet6");
    for (int i = 0; i < 3; i++) {
        char *line = traced(&r, log, (const char *[]){"connect", "accept4", "send"}[i], 0);
        check_key(&r, line, "family", "inet");
        check_key(&r, line, "faddr", "127.0.0.1");
    }
}

StockTest(trace_records, a_denial_is_on_record_twice_and_says_by_which_rule)
{
    put("one.policy", "allow all,\ndeny unix (connect) peer=(addr=@nope) errno=ENOENT,\n");
    struct run r = run("cd \"$T\"; $SUNSHIM run -p $T/one.policy --trace --log $T/log -- python3 -c '\n"
                       "import socket\n"
                       "c = socket.socket(socket.AF_UNIX)\n"
                       "try: c.connect(\"\\0nope\")\n"
                       "except FileNotFoundError: pass'\n");
    const char *log = get(text("%s/log", scratch()));
    char *line = traced(&r, log, "connect", 0);

    check_status(r, 0);
    check_key(&r, line, "verdict", "DENIED");
    check_key(&r, line, "errno", "ENOENT");
    check_key(&r, line, "rules", text("%s/one.policy:2", scratch()));
    check_key(&r, line, "denied", NULL);
    cr_assert(lines_with(log, "sunshim=\"DENIED\"", "operation=\"connect\"", "errno=ENOENT", NULL) == 1);
}

StockTest(trace_records, where_records_go)
{
    struct run r = run("cd \"$T\"\n"
                       "for to in stderr fd:7 $T/file $T/each.%p; do\n"
                       "  $SUNSHIM run --trace --log $to -- python3 -c 'import socket; socket.socketpair()' 7>>seven 2>err.${to##*/}\n"
                       "done\n"
                       "SUNSHIM_LOG=$T/env $SUNSHIM run --trace -- python3 -c 'import socket; socket.socketpair()'\n"
                       "for f in err.stderr seven file each.* env; do echo $(grep -c 'sunshim=\"TRACE\" operation=\"socketpair\"' $f); done\n"
                       "cat err.fd:7 err.file\n");

    check_status(r, 0);
    check_out(r, "1\n1\n1\n1\n1\n");
}

StockTest(trace_records, as_json)
{
    struct run r = run("cd \"$T\"; printf 'allow all,' >p.policy\n"
                       "$SUNSHIM run -p ./p.policy --trace --json --log $T/log -- python3 -c '\n"
                       "import socket\n"
                       "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(\"a\\n\\\"\\x80\\udcff\".encode(errors=\"surrogateescape\"))'\n"
                       "python3 -c '\n"
                       "import json\n"
                       "for line in open(\"log\"):\n"
                       "    r = json.loads(line)\n"
                       "    if r[\"operation\"] == \"bind\":\n"
                       "        print(r[\"sunshim\"], r[\"given_hex\"], r[\"result\"], r[\"rules\"][0][-10:], r[\"duration_ns\"] > 0)'\n");

    check_status(r, 0);
    check_out(r, "TRACE 610a22c280ff 0 p.policy:1 True\n");
}


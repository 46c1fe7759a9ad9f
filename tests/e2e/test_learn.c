/* sunshim learn from records: what becomes a rule, how far names are generalised, and what
 * happens to policies that are there already. */
#include <string.h>

#include "tests/e2e/harness.h"

/* A record of a call by redis-server, process 4711. */
static char *record(const char *operation, const char *perm, const char *rest)
{
    return text("time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"%s\" class=\"net\" profile=\"-\" pid=4711 "
                "ppid=815 comm=\"redis-server\" exe=\"/usr/bin/redis-server\" %s%s requested=\"%s\" %s duration_ns=9\n",
                operation, strstr(rest, "family=") ? "" : "family=\"unix\" ",
                strstr(rest, "sock_type=") ? "" : "sock_type=\"stream\" protocol=0", perm, rest);
}

static char *bound(const char *name)
{
    return record("bind", "bind", text("addr=\"%s\" fd=3 result=0", name));
}

static struct run learn(const char *options)
{
    return run(text("cd $T; unset TMPDIR; export HOME=/home/somebody XDG_RUNTIME_DIR=/run/user/4242; $SUNSHIM learn %s", options));
}

/* The lines of a policy that are no comments, joined by newlines. */
static char *rules_of(const char *policy)
{
    char *out = text("%s", "");

    for (const char *line = policy; *line; line += strcspn(line, "\n") + 1)
        if (*line != '\n' && *line != '#' && strncmp(line, "@{", 2))
            out = text("%s%.*s\n", out, (int)strcspn(line, "\n"), line);
    return out;
}

#define check_rules(r, want) \
    cr_assert_str_eq(rules_of((r).out), (want), "rules are not\n%s\n%s", (want), run_report(&(r)))

/* --- Names --------------------------------------------------------------- */

Test(learn, what_changes_in_a_name_becomes_a_pattern_and_nothing_else_does)
{
    static const struct {
        const char *name, *pattern;
    } table[] = {
        {"/run/app.sock", "/run/app.sock"},
        {"/run/redis-4711.sock", "/run/redis-@{pid}.sock"},           /* its own pid */
        {"/run/redis-815.sock", "/run/redis-@{pid}.sock"},            /* its parent's */
        {"/run/redis-4712.sock", "/run/redis-4712.sock"},             /* nobody's */
        {"/run/redis-47110.sock", "/run/redis-47110.sock"},
        {"/run/x815/s", "/run/x815/s"},                               /* a short number stands alone */
        {"/run/app815/s", "/run/app@{pid}/s"},                        /* or behind a word */
        {"/run/.s.PGSQL.5432", "/run/.s.PGSQL.5432"},
        {"/tmp/.X11-unix/X0", "/tmp/.X11-unix/X0"},
        {"/tmp/t.aB3xY9/s", "/tmp/t.@{rand6}/s"},                     /* mkstemp */
        {"/tmp/tmp.Fq3EJ0SPlk/s", "/tmp/tmp.@{rand10}/s"},            /* mktemp */
        {"/tmp/tmpabcdefgh/s", "/tmp/tmp@{rand8}/s"},                 /* Python's tempfile */
        {"/tmp/dbus-KavUmDbQzz", "/tmp/dbus-@{rand10}"},
        {"/tmp/ssh-VJ2lJSTUs14V/agent.4711", "/tmp/ssh-@{rand12}/agent.@{pid}"},
        {"/tmp/criterionaB3xY9", "/tmp/criterion@{rand6}"},
        {"/run/vscode-1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed.sock",
         "/run/vscode-@{uuid}.sock"},
        {"/run/redis-server1.sock", "/run/redis-server1.sock"},       /* words */
        {"/run/SessionBus/MySocket2", "/run/SessionBus/MySocket2"},
        {"/run/my-server/Socket", "/run/my-server/Socket"},
        {"/srv/t.aB3xY9/s", "/srv/t.aB3xY9/s"},                       /* no temporary directory */
        {"/tmp/aB3xY9", "/tmp/aB3xY9"},                               /* too little would stay */
        {"/tmp/a-bB3xY9/b-cB3xY8/c-dB3xY7/d-eB3xY6/e-fB3xY5", "/tmp/a-bB3xY9/b-cB3xY8/c-dB3xY7/d-eB3xY6/e-fB3xY5"},
        {"/home/somebody/app/s", "@{HOME}/app/s"},
        {"/home/somebody-else/s", "/home/somebody-else/s"},
        {"/run/user/4242/bus", "@{XDG_RUNTIME_DIR}/bus"},
        {"@/tmp/dbus-KavUmDbQzz", "@/tmp/dbus-@{rand10}"},
        {"@a\\x00b", "@a\\x00b"},
        {"/run/a b,{c}*", "/run/a\\x20b\\x2c\\x7bc\\x7d\\x2a"},
        {"/run/a\\x0adeny all,", "/run/a\\x0adeny\\x20all\\x2c"},
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        put("log", bound(table[i].name));
        struct run r = learn("--from log");
        check_status(r, 0);
        check_rules(r, text("unix (bind) addr=%s,\n", table[i].pattern));
        r = run("cd $T; export HOME=/home/somebody XDG_RUNTIME_DIR=/run/user/4242; $SUNSHIM learn --from log >p.policy && "
                "$SUNSHIM check --error p.policy");
        check_status(r, 0);
        check_lacks(r, err, "warning");
    }
}

Test(learn, tmpdir_is_a_variable_where_it_is_set)
{
    put("log", bound("/scratch/4/s"));
    struct run r = run("cd $T; TMPDIR=/scratch/4 $SUNSHIM learn --from log");

    check_rules(r, "unix (bind) addr=@{TMPDIR}/s,\n");
}

Test(learn, the_users_number_is_a_variable_where_programs_put_it)
{
    char *uid = run("id -u").out;

    put("log", bound(text("/tmp/tmux-%.*s/default", (int)strcspn(uid, "\n"), uid)));
    struct run r = learn("--from log");
    check_rules(r, "unix (bind) addr=/tmp/tmux-@{uid}/default,\n");
}

Test(learn, three_names_that_differ_in_a_number_are_a_series_and_two_are_not)
{
    put("two", text("%s%s", bound("/run/w-1/s9"), bound("/run/w-2/s9")));
    put("three", text("%s%s%s", bound("/run/w-1/s9"), bound("/run/w-2/s9"), bound("/run/w-12/s9")));
    struct run two = learn("--from two"), three = learn("--from three");

    check_rules(two, "unix (bind) addr=/run/w-1/s9,\nunix (bind) addr=/run/w-2/s9,\n");
    check_rules(three, "unix (bind) addr=/run/w-@{int}/s9,\n");
    check_has(three, out, "# such as /run/w-1/s9, /run/w-12/s9, /run/w-2/s9\n");
}

Test(learn, two_logs_show_what_differs_between_runs)
{
    put("one", text("%s%s", bound("/run/pytest-7/s"), bound("/run/fixed-1")));
    put("two", text("%s%s", bound("/run/pytest-8/s"), bound("/run/fixed-1")));
    struct run r = learn("--from one two");

    check_rules(r, "unix (bind) addr=/run/fixed-1,\nunix (bind) addr=/run/pytest-@{int}/s,\n");
    check_has(r, out, "in 2 runs");
}

Test(learn, a_name_drawn_by_lot_that_looks_like_a_word_is_known_by_its_like)
{
    put("log", text("%s%s", bound("/tmp/x.abcdef/s"), bound("/tmp/x.aB3xY9/s")));
    struct run r = learn("--from log");

    check_rules(r, "unix (bind) addr=/tmp/x.@{rand6}/s,\n");
}

/* --- Calls --------------------------------------------------------------- */

Test(learn, one_rule_for_a_server_one_for_its_clients_and_the_plain_permissions_included)
{
    put("log", text("%s%s%s%s%s%s%s%s", record("socket", "create", "result=3"), bound("/run/s"),
                    record("listen", "listen", "addr=\"/run/s\" fd=3 result=0"),
                    record("accept", "accept", "addr=\"/run/s\" peer_addr=none fd=3 result=4"),
                    record("recv", "receive", "addr=\"/run/s\" peer_addr=none fd=4 result=9"),
                    record("connect", "connect", "addr=none peer_addr=\"/run/s\" fd=5 result=0"),
                    record("send", "send", "addr=none peer_addr=\"/run/s\" fd=5 result=9"),
                    record("getsockopt", "getopt", "addr=none fd=5 result=0")));
    struct run r = learn("--from log");

    check_rules(r, "include <abstractions/sockets>\nunix (bind, listen, accept, receive) addr=/run/s,\n"
                   "unix (connect, send) peer=(addr=/run/s),\n");
    check_has(r, out, "# redis-server: bind 1, listen 1, accept 1, receive 1\n");
}

Test(learn, autobind_names_are_auto_however_they_came)
{
    put("log", text("%s%s%s%s",
                    record("bind", "bind", "sock_type=\"dgram\" protocol=0 addr=auto fd=3 bound=\"@0002a\" result=0"),
                    record("connect", "connect", "sock_type=\"seqpacket\" protocol=0 addr=\"@0002b\" peer_addr=\"/run/q\" fd=4 result=0"),
                    record("sendto", "send", "sock_type=\"dgram\" protocol=0 addr=\"/run/s\" peer_addr=\"@0002a\" fd=5 result=1"),
                    record("recv", "receive", "sock_type=\"dgram\" protocol=0 addr=\"@0002a\" fd=3 result=1")));
    struct run r = learn("--from log");

    check_rules(r, "unix (autobind) type=dgram,\nunix (autobind) type=seqpacket,\nunix (receive) addr=auto,\n"
                   "unix (send) addr=/run/s peer=(addr=auto scope=inside),\nunix (connect) peer=(addr=/run/q),\n");
}

#define INET "family=\"inet\" sock_type=\"stream\" protocol=6 "
#define UDP "family=\"inet\" sock_type=\"dgram\" protocol=17 "

Test(learn, ports_that_the_kernel_gives_become_its_range)
{
    put("log", text("%s%s%s%s%s%s%s", record("bind", "bind", INET "laddr=\"127.0.0.1\" lport=0 fd=3 result=0"),
                    record("listen", "listen", INET "laddr=\"127.0.0.1\" lport=41234 fd=3 result=0"),
                    record("connect", "connect", INET "faddr=\"127.0.0.1\" fport=41234 fd=4 result=0"),
                    record("connect", "connect", INET "faddr=\"192.0.2.1\" fport=45678 fd=5 result=0"),
                    record("bind", "bind", INET "laddr=\"127.0.0.1\" lport=8000 fd=6 result=0"),
                    record("listen", "listen", INET "laddr=\"127.0.0.1\" lport=8000 fd=6 result=0"),
                    record("connect", "connect", INET "faddr=\"127.0.0.1\" fport=8000 fd=7 result=0")));
    struct run r = run("cd $T; set -- $(cat /proc/sys/net/ipv4/ip_local_port_range); $SUNSHIM learn --from log | sed \"s/$1-$2/RANGE/\"");

    check_rules(r, "network (bind) inet stream ip=127.0.0.1 port=0,\n"
                   "network (listen) inet stream ip=127.0.0.1 port=RANGE,\n"
                   "network (bind, listen) inet stream ip=127.0.0.1 port=8000,\n"
                   "network (connect) inet stream peer=(ip=127.0.0.1 port=RANGE scope=inside),\n"
                   "network (connect) inet stream peer=(ip=127.0.0.1 port=8000),\n"
                   "network (connect) inet stream peer=(ip=192.0.2.1 port=45678),\n");
}

Test(learn, a_server_on_all_addresses_has_one_rule_for_its_port)
{
    put("log", text("%s%s%s%s%s", record("bind", "bind", UDP "laddr=\"0.0.0.0\" lport=53 fd=3 result=0"),
                    record("recvfrom", "receive", UDP "laddr=\"0.0.0.0\" lport=53 faddr=\"192.0.2.7\" fport=50001 fd=3 result=1"),
                    record("sendto", "send", UDP "laddr=\"0.0.0.0\" lport=53 faddr=\"192.0.2.7\" fport=50001 fd=3 result=1"),
                    record("bind", "bind", INET "laddr=\"0.0.0.0\" lport=53 fd=3 result=0"),
                    record("send", "send", INET "laddr=\"192.0.2.9\" lport=53 faddr=\"192.0.2.7\" fport=50001 fd=4 result=1")));
    struct run r = run("cd $T; set -- $(cat /proc/sys/net/ipv4/ip_local_port_range); $SUNSHIM learn --from log | sed \"s/$1-$2/RANGE/\"");

    check_rules(r, "network (bind, receive) inet dgram port=53,\n"
                   "network (send) inet dgram port=53 peer=(ip=192.0.2.7 port=RANGE),\n"
                   "network (bind, send) inet stream port=53,\n");
}

#define INET6 "family=\"inet6\" sock_type=\"stream\" protocol=6 "

Test(learn, an_ipv4_client_of_an_ipv6_server_is_judged_as_ipv4)
{
    put("log", text("%s%s%s", record("listen", "listen", INET6 "laddr=\"::\" lport=80 fd=3 result=0"),
                    record("accept", "accept", INET6 "laddr=\"::\" lport=80 faddr=\"127.0.0.1\" fport=50001 fd=3 result=4"),
                    record("accept", "accept", INET6 "laddr=\"::\" lport=80 faddr=\"::1\" fport=50001 fd=3 result=4")));
    struct run r = learn("--from log");

    check_rules(r, "network (accept) inet stream port=80,\nnetwork (listen, accept) inet6 stream port=80,\n");
}

Test(learn, other_families_get_what_they_used)
{
    put("log", text("%s%s", record("socket", "create", "family=\"netlink\" sock_type=\"raw\" protocol=0 result=3"),
                    record("bind", "bind", "family=\"netlink\" sock_type=\"raw\" protocol=0 fd=3 result=0")));
    struct run r = learn("--from log");

    check_rules(r, "network (create, bind) netlink raw,\n");
}

#define LOST "addr=none peer_addr=\"/run/nobody\" fd=3 result=-1 errno=ENOENT"

Test(learn, a_name_that_was_not_there_needs_a_rule_only_where_the_answer_would_change)
{
    put("alone", record("connect", "connect", LOST));
    put("beside", text("%s%s", record("connect", "connect", LOST),
                       record("connect", "connect", "addr=none peer_addr=\"/run/s\" fd=3 result=0")));
    struct run alone = learn("--from alone"), beside = learn("--from beside");

    check_rules(alone, "unix (connect) peer=(addr=/run/nobody),\n");
    check_rules(beside, "unix (connect) peer=(addr=/run/s),\n");
    check_has(beside, out, "#     redis-server: connect /run/nobody\n");
}

Test(learn, a_name_that_was_not_there_is_listed_by_its_canonical_directory)
{
    struct run r = run("cd $T; mkdir real; ln -s real link; ln -s /nowhere dead");

    put("log", record("connect", "connect", text("addr=none peer_addr=\"%s/link/no/s\" fd=3 result=-1 errno=ENOENT", scratch())));
    r = run("cd $T; HOME=/x $SUNSHIM learn --from log | sed \"s|$T|T|; s|/t[.]@{rand6}/|/T/|\"");
    check_has(r, out, "/real/no/s),\n");
}

Test(learn, what_refused_is_needed)
{
    put("log", record("connect", "connect", "addr=none peer_addr=\"/run/dead\" fd=3 result=-1 errno=ECONNREFUSED"));
    struct run r = learn("--from log");

    check_rules(r, "unix (connect) peer=(addr=/run/dead),\n");
}

Test(learn, a_key_to_the_house_is_said_to_be_one_and_is_no_warning_any_more)
{
    put("log", text("%s%s", record("connect", "connect", "peer_addr=\"/run/docker.sock\" fd=3 result=0"),
                    record("connect", "connect", "peer_addr=\"/run/app.sock\" fd=3 result=0")));
    struct run r = learn("-o p.policy --from log; cat p.policy; $SUNSHIM check --error p.policy");

    check_status(r, 0);
    check_has(r, out, "\n# sunshim: allow key: it was asked for; who talks to it is root on this machine\nunix (connect) peer=(addr=/run/docker.sock),\n");
    cr_assert_eq(lines_with(r.out, "allow key", NULL), 1, "%s", run_report(&r));
    check_lacks(r, err, "warning");
    r = run("cd $T; sed -i '/allow key/d' p.policy; $SUNSHIM check --error p.policy || :");
    check_has(r, err, "warning");
}

StockTest(learn, nothing_used_is_a_policy_that_says_so)
{
    struct run r = run("cd $T; $SUNSHIM learn -o p.policy -- true && cat p.policy && $SUNSHIM check --error p.policy && $SUNSHIM run -p ./p.policy true");

    check_status(r, 0);
    check_has(r, out, "\ndeny all,\n");
    check_lacks(r, err, "warning");
}

Test(learn, names_and_programs_cannot_leave_their_comments)
{
    char *hostile = text("%s", bound("/run/p-4711/\\x0aallow all,\\x0a#"));
    char *at = strstr(hostile, "comm=\"redis-server\"");

    put("log", text("%.*scomm=\"\\x0aallow all,\\x1b[31m\"%s", (int)(at - hostile), hostile, at + strlen("comm=\"redis-server\"")));
    struct run r = learn("--from log");
    check_rules(r, "unix (bind) addr=/run/p-@{pid}/\\x0aallow\\x20all\\x2c\\x0a\\x23,\n");
    check_lacks(r, out, "\033");
    check_has(r, out, "# \\x0aallow all,\\x1b[31m: bind 1\n");
}

/* sunshim learn and files: logs of several kinds, policies that are there already. */
#include <string.h>

#include "tests/e2e/harness.h"

#define HEAD "time=2026-01-31T03:02:11.481223Z sunshim=\"%s\" operation=\"%s\" class=\"net\" profile=\"-\" pid=47 ppid=15 " \
             "comm=\"c\" exe=\"/usr/bin/c\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"%s\" %s\n"

static char *traced(const char *operation, const char *rest)
{
    return text(HEAD, "TRACE", operation, operation, rest);
}

static struct run shell(const char *script)
{
    return run(text("cd $T; %s", script));
}

/* --- Which records ------------------------------------------------------- */

Test(learn_files, what_complain_let_pass_is_learned_and_what_was_denied_is_not)
{
    put("log", text(HEAD HEAD HEAD, "ALLOWED", "connect", "connect", "peer_addr=\"/run/a\" errno=EACCES policy=\"p\" rule=none",
                    "DENIED", "connect", "connect", "peer_addr=\"/run/b\" errno=EACCES policy=\"p\" rule=none",
                    "DENIED", "connect", "connect", "peer_addr=\"/run/c\" errno=EACCES policy=\"p\" rule=\"p:7\""));
    struct run r = shell("$SUNSHIM learn --from log"), d = shell("$SUNSHIM learn --denied --from log");

    check_has(r, out, "\nunix (connect) peer=(addr=/run/a),\n");
    check_lacks(r, out, "/run/b");
    check_has(r, err, "2 calls were denied, and stay so");
    check_has(d, out, "\nunix (connect) peer=(addr=/run/b),\n");
    check_lacks(d, out, "/run/c");
}

Test(learn_files, a_call_with_a_trace_and_another_record_counts_once)
{
    put("log", text("%s" HEAD, traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"), "AUDIT", "connect", "connect",
                    "peer_addr=\"/run/a\" policy=\"p\" rule=\"p:1\""));
    struct run r = shell("$SUNSHIM learn --from log");

    check_has(r, out, "# c: connect 1\n");
}

Test(learn_files, json_says_the_same_as_text)
{
    put("log", traced("connect", "peer_addr=\"/run/a\\xff\" fd=3 result=0"));
    put("json", "{\"time\":\"2026-01-31T03:02:11.481223Z\",\"sunshim\":\"TRACE\",\"operation\":\"connect\",\"pid\":47,\"ppid\":15,"
                "\"comm\":\"c\",\"exe\":\"/usr/bin/c\",\"family\":\"unix\",\"sock_type\":\"stream\",\"protocol\":0,\"requested\":\"connect\","
                "\"peer_addr\":\"/run/a\\ufffd\",\"peer_addr_hex\":\"2f72756e2f61ff\",\"fd\":3,\"result\":0}\n");
    struct run r = shell("$SUNSHIM learn --from log | sed /--from/d >a; $SUNSHIM learn --from json | sed /--from/d >b; cat a; cmp a b");

    check_status(r, 0);
    check_has(r, out, "peer=(addr=/run/a\\xff)");
}

Test(learn_files, the_same_records_give_the_same_policy_in_any_order)
{
    char *a = traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"), *b = traced("bind", "addr=\"/run/b-47\" fd=3 result=0"),
         *c = traced("connect", "peer_addr=\"/run/c-1\" fd=3 result=0"), *d = traced("socket", "requested=\"create\" result=3");

    put("1", text("%s%s%s%s", a, b, c, d));
    put("2", text("%s%s%s%s", d, c, b, a));
    struct run r = shell("for i in 1 2; do $SUNSHIM learn --from $i | sed /--from/d >p$i; done; cmp p1 p2");
    check_status(r, 0);
}

Test(learn_files, a_log_without_records_is_said_to_have_none)
{
    put("log", "hello\nworld\n");
    struct run r = shell("$SUNSHIM learn -o p --from log || echo $?; test ! -e p"), none = shell("$SUNSHIM learn --from nowhere || echo $?");

    check_has(r, out, "125");
    check_has(r, err, "log: no record of a socket call in it");
    check_has(none, out, "125");
    check_has(none, err, "nowhere");
}

/* --- Policies that are there --------------------------------------------- */

Test(learn_files, a_policy_is_not_overwritten_without_being_told_so)
{
    put("log", traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"));
    put("p.policy", "unix,\n");
    struct run r = shell("$SUNSHIM learn -o p.policy --from log || echo $?; cat p.policy");

    check_out(r, "125\nunix,\n");
    check_has(r, err, "'p.policy' is there already: --merge p.policy extends it, --force overwrites it");
    r = shell("chmod 640 p.policy; $SUNSHIM learn -o p.policy --force --from log; cat p.policy; stat -c %a p.policy; ls");
    check_has(r, out, "\nunix (connect) peer=(addr=/run/a),\n640\nlog\np.policy\n");
    check_lacks(r, out, "unix,\n");
}

/* Somebody else was faster: nothing is lost. */
StockTest(learn_files, a_policy_that_has_come_to_be_meanwhile_stays)
{
    struct run r = shell("$SUNSHIM learn -o p.policy -- sh -c 'python3 -c \"import socket; socket.socketpair()\"; echo unix, >p.policy' || echo $?\n"
                         "cat p.policy; grep -c sockets p.policy.??????");

    check_out(r, "125\nunix,\n1\n");
    check_has(r, err, text("what was learned is in '%s/p.policy.", scratch()));
}

Test(learn_files, a_command_whose_policy_cannot_be_written_is_not_even_run)
{
    put("p.policy", "unix,\n");
    struct run r = shell("$SUNSHIM learn -o p.policy -- touch ran || echo $?; test ! -e ran; $SUNSHIM learn touch ran || echo $?; test ! -e ran");

    check_status(r, 0);
    check_out(r, "125\n125\n");
}

Test(learn_files, where_the_policy_cannot_stand_is_said_before_the_command_runs)
{
    struct run r = shell("mkdir d; for p in d nowhere/p; do $SUNSHIM learn -o $p -- touch ran || echo $?; done; test ! -e ran");

    check_status(r, 0);
    check_out(r, "125\n125\n");
    check_has(r, err, "'d': Is a directory");
    check_has(r, err, "'nowhere/p': No such file or directory");
}

#define OLD "# mine, in my order\nunix (connect)   peer=(addr=/run/a),  # as I like it\n@{mine} = /run/b /run/c\nunix (bind) addr=@{mine},"

Test(learn_files, merge_keeps_what_is_there_and_appends_what_it_does_not_allow)
{
    put("old.policy", OLD);
    put("log", text("%s%s%s%s", traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"), traced("bind", "addr=\"/run/b\" fd=3 result=0"),
                    traced("connect", "peer_addr=\"/run/new\" fd=3 result=0"), traced("bind", "addr=\"/run/n-47\" fd=3 result=0")));
    struct run r = shell("$SUNSHIM learn --merge old.policy --from log; cat old.policy; $SUNSHIM check old.policy");

    check_status(r, 0);
    cr_assert(!strncmp(r.out, OLD "\n", strlen(OLD) + 1), "%s", run_report(&r));
    check_has(r, out, "\nunix (connect) peer=(addr=/run/new),\n");
    check_has(r, out, "\nunix (bind) addr=/run/n-@{pid},\n");
    cr_assert_eq(lines_with(r.out, "addr=/run/a)", NULL), 1);
    r = shell("cp old.policy before; $SUNSHIM learn --merge old.policy --from log; cmp old.policy before");
    check_status(r, 0);
    check_has(r, err, "old.policy allows all 4 calls already");
}

Test(learn_files, merge_twice_with_patterns_defines_them_once)
{
    put("one", traced("bind", "addr=\"/run/x-47\" fd=3 result=0"));
    put("two", traced("bind", "addr=\"/run/y-47\" fd=3 result=0"));
    struct run r = shell("$SUNSHIM learn -o p.policy --from one && $SUNSHIM learn --merge p.policy --from two && $SUNSHIM check --error p.policy && cat p.policy");

    check_status(r, 0);
    check_has(r, out, "\nunix (bind) addr=/run/x-@{pid},\n");
    check_has(r, out, "\nunix (bind) addr=/run/y-@{pid},\n");
    cr_assert_eq(lines_with(r.out, "@{pid} ?=", NULL), 1, "%s", run_report(&r));
}

Test(learn_files, merge_leaves_the_old_policy_alone_when_the_new_one_has_a_name)
{
    put("old.policy", OLD);
    put("log", traced("connect", "peer_addr=\"/run/new\" fd=3 result=0"));
    struct run r = shell("cp old.policy before; $SUNSHIM learn --merge old.policy -o new.policy --from log; cmp old.policy before; cat new.policy");

    check_status(r, 0);
    check_has(r, out, OLD "\n");
    check_has(r, out, "\nunix (connect) peer=(addr=/run/new),\n");
}

Test(learn_files, merge_goes_by_the_profile_of_the_program)
{
    put("old.policy", "profile c /usr/bin/c { unix (connect) peer=(addr=/run/a), }\nprofile d /usr/bin/d { unix, }\n");
    put("log", text("%s%s", traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"), traced("bind", "addr=\"/run/b\" fd=3 result=0")));
    struct run r = shell("$SUNSHIM learn --merge old.policy -o - --from log");

    check_status(r, 0);
    check_has(r, out, "\nunix (bind) addr=/run/b,\n");
    cr_assert_eq(lines_with(r.out, "/run/a", NULL), 1, "%s", run_report(&r));
}

Test(learn_files, what_a_rule_denies_stays_denied)
{
    put("old.policy", "allow all,\ndeny unix (connect) peer=(addr=/run/a),\n");
    put("log", traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"));
    struct run r = shell("$SUNSHIM learn --merge old.policy --from log; cat old.policy");

    check_status(r, 0);
    check_out(r, "allow all,\ndeny unix (connect) peer=(addr=/run/a),\n");
    check_has(r, err, "old.policy:2: this rule denies what was used, and stays");
}

Test(learn_files, a_broken_old_policy_is_shown_and_left_alone)
{
    put("old.policy", "unix (conect),\n");
    put("log", traced("connect", "peer_addr=\"/run/a\" fd=3 result=0"));
    struct run r = shell("$SUNSHIM learn --merge old.policy --from log || echo $?; cat old.policy");

    check_out(r, "125\nunix (conect),\n");
    check_has(r, err, "old.policy:1:7: error: 'conect' is not a permission");
}

/* --- Commands ------------------------------------------------------------ */

StockTest(learn_files, the_status_is_that_of_the_command)
{
    struct run r = shell("$SUNSHIM learn -o p.policy -- sh -c 'exit 7' || echo $?; test -s p.policy");

    check_status(r, 0);
    check_out(r, "7\n");
    check_has(r, err, "the command failed");
}

StockTest(learn_files, a_second_command_extends_what_the_first_taught)
{
    struct run r = shell("socat UNIX-LISTEN:$T/s,fork /dev/null & ready $T/s; $SUNSHIM learn -o p.policy -- true\n"
                         "$SUNSHIM learn -o p.policy --force -- socat -u /dev/null UNIX-CONNECT:$T/s\n"
                         "echo x | $SUNSHIM learn --merge p.policy -- socat -u - ABSTRACT-SENDTO:$T/nobody || :\n"
                         "cat p.policy; $SUNSHIM run -p ./p.policy --error-exitcode 9 -- socat -u /dev/null UNIX-CONNECT:$T/s");

    check_status(r, 0);
    check_has(r, out, "# Added by sunshim learn:\n");
}

/* --- examples/learn-tests ------------------------------------------------ */

StockTest(learn_files, the_example_keeps_a_suite_to_what_it_used)
{
    struct run r = shell("export SUNSHIM; l() { \"$TOP/examples/learn-tests\" tests.policy sh -c \"$1\" || echo \"status $?\"; }\n"
                         "socat UNIX-LISTEN:$T/s,fork /dev/null & socat UNIX-LISTEN:$T/other,fork /dev/null & ready $T/s $T/other\n"
                         "l 'socat -u /dev/null UNIX-CONNECT:$T/s'; l 'socat -u /dev/null UNIX-CONNECT:$T/s'\n"
                         "l 'socat -u /dev/null UNIX-CONNECT:$T/other' 2>$T/err; grep -c DENIED $T/err\n"
                         "LEARN=1 l 'socat -u /dev/null UNIX-CONNECT:$T/other'; l 'socat -u /dev/null UNIX-CONNECT:$T/other'");

    check_status(r, 0);
    check_out(r, "status 99\n1\n");
}

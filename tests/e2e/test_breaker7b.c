/* What somebody found who learned policies of programs that nobody here wrote, and tried to trick
 * the pattern maker, the merger and the linter. */
#include <string.h>

#include "tests/e2e/harness.h"

/* A record of a call by redis-server, process 4711. */
static char *record(const char *operation, const char *perm, const char *rest)
{
    return text("time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"%s\" class=\"net\" profile=\"-\" pid=4711 "
                "ppid=815 comm=\"redis-server\" exe=\"/usr/bin/redis-server\" %srequested=\"%s\" %s duration_ns=9\n",
                operation, strstr(rest, "family=") ? "" : "family=\"unix\" sock_type=\"stream\" protocol=0 ", perm, rest);
}

static char *bound(const char *name)
{
    return record("bind", "bind", text("addr=\"%s\" fd=3 result=0", name));
}

static struct run learn(const char *options)
{
    return run(text("cd $T; unset TMPDIR; export HOME=/home/somebody XDG_RUNTIME_DIR=/run/user/4242; $SUNSHIM learn %s", options));
}

#define has_rule(r, rule) check_has(r, out, text("\n%s\n", rule))

/* --- Patterns ------------------------------------------------------------ */

Test(breaker7b, what_other_languages_draw_and_count_becomes_a_pattern)
{
    static const struct {
        const char *name, *pattern;
    } table[] = {
        {"/tmp/pytest-of-me/pytest-3/test_a0/s", "/tmp/pytest-of-me/pytest-@{int}/test_a0/s"},
        {"/tmp/pytest-of-me/pytest-3/popen-gw1/test_a0/s", "/tmp/pytest-of-me/pytest-@{int}/popen-gw@{int}/test_a0/s"},
        {"/tmp/pytest-3/s", "/tmp/pytest-3/s"},                             /* in nobody's directory */
        {"/tmp/d20261122-4711-1x5f/s", "/tmp/d@{int}-@{pid}-@{base36}/s"},  /* Ruby's Dir.mktmpdir */
        {"/tmp/tf20261122-29782-abc.sock", "/tmp/tf@{int}-@{pid}-@{base36}.sock"},
        {"/tmp/d20261332-4711-abc/s", "/tmp/d20261332-@{pid}-abc/s"},       /* no such day */
        {"/tmp/myapp-ss_yjtr5/a", "/tmp/myapp-@{rand8}/a"},                 /* Python's mkdtemp(prefix=) */
        {"/tmp/my_app_a_bqu64c.sock", "/tmp/my_app_@{rand8}.sock"},
        {"/tmp/my-test_dir/a", "/tmp/my-test_dir/a"},
        {"/tmp/the-worker_1/a", "/tmp/the-worker_1/a"},
        {"/tmp/TestServe3456789012/001/s", "/tmp/TestServe@{int}/001/s"},         /* Go's t.TempDir() */
        {"/run/app-1763851234.sock", "/run/app-@{int}.sock"},               /* seconds since 1970 */
        {"/run/app-1763851234567.sock", "/run/app-@{long}.sock"},
        {"/run/app-20261122-224341.sock", "/run/app-@{int}-@{int}.sock"},
        {"/run/app-12345678.sock", "/run/app-12345678.sock"},
        {"/run/app-123456789012345678901.sock", "/run/app-123456789012345678901.sock"},
        {"/srv/app-1763851234.sock", "/srv/app-1763851234.sock"},           /* no temporary directory */
    };

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        put("log", bound(table[i].name));
        struct run r = learn("--from log");
        check_status(r, 0);
        has_rule(r, text("unix (bind) addr=%s,", table[i].pattern));
    }
}

/* A rule for all names, because a pattern did not take in what it was made of. */
Test(breaker7b, numbers_of_more_than_ten_digits_do_not_widen_a_rule)
{
    put("log", text("%s%s%s", bound("/srv/abc-12345678901"), bound("/srv/abc-22345678901"), bound("/srv/abc-3")));
    struct run r = learn("--from log");
    has_rule(r, "unix (bind) addr=/srv/abc-@{long},");

    put("log", text("%s%s%s", bound("/srv/abc-123456789012345678901"), bound("/srv/abc-1"), bound("/srv/abc-2")));
    r = learn("--from log");
    has_rule(r, "unix (bind) addr=/srv/abc-123456789012345678901,");
    has_rule(r, "unix (bind) addr=/srv/abc-1,");
    check_lacks(r, out, "type=stream");
}

Test(breaker7b, a_variable_of_the_policy_that_is_extended_keeps_its_meaning_and_widens_nothing)
{
    put("log", bound("/run/r-4711/s"));
    put("narrow", "@{pid} = 42\nunix (create),\n");
    put("wide", "@{pid} = **\nunix (create),\n");
    put("same", "@{pid} ?= [0-9]{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}\nunix (create),\n");
    put("variables", "@{pid} = 42\n");
    put("included", text("include \"%s/variables\"\nunix (create),\n", scratch()));
    struct run r = learn("--merge narrow -o - --from log");
    has_rule(r, "unix (bind) addr=/run/r-@{learned_pid}/s,");
    r = learn("--merge wide -o - --from log");
    has_rule(r, "unix (bind) addr=/run/r-@{learned_pid}/s,");
    check_has(r, out, "\n@{learned_pid} ?= [0-9]{,[0-9]}");
    r = learn("--merge same -o - --from log");
    has_rule(r, "unix (bind) addr=/run/r-@{pid}/s,");
    cr_assert(lines_with(r.out, "@{pid} ?=", NULL) == 1, "%s", run_report(&r));
    r = learn("--merge included -o - --from log");
    has_rule(r, "unix (bind) addr=/run/r-4711/s,");
}

Test(breaker7b, the_directory_that_a_variable_stands_for_is_no_excuse_for_a_wide_pattern)
{
    put("log", bound("/tmp/aB3xY9"));
    struct run r = run("cd $T; TMPDIR=/tmp $SUNSHIM learn --from log");
    has_rule(r, "unix (bind) addr=@{TMPDIR}/aB3xY9,");
}

Test(breaker7b, a_name_that_no_rule_has_room_for_does_not_take_the_others_with_it)
{
    char *name = text("/run");

    for (int i = 0; i < 400; i++)
        name = text("%s/a,b cdefg", name);
    put("log", text("%s%s", bound(name), bound("/run/app.sock")));
    struct run r = learn("--from log");
    check_status(r, 0);
    has_rule(r, "unix (bind) addr=/run/app.sock,");
    check_has(r, err, "1 call cannot be learned from");
}

/* Who sent a datagram may be gone when it is received, and when it is answered; its port is nobody's
 * then. */
StockTest(breaker7b, the_other_end_of_a_datagram_may_have_ended)
{
    put("udp.py", "import socket\n"
                  "a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0)); a.settimeout(20)\n"
                  "b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.sendto(b'token', a.getsockname()); b.close()\n"
                  "data, peer = a.recvfrom(9)\nprint(a.sendto(data, peer), data)\n");
    struct run r = run("cd $T; $SUNSHIM learn -o udp.policy -- python3 udp.py");
    check_status(r, 0);
    r = run("cd $T; cat udp.policy; $SUNSHIM run -p ./udp.policy --error-exitcode 99 -- python3 udp.py");
    check_status(r, 0);
    check_has(r, out, "5 b'token'");
    check_has(r, out, "\nnetwork (send, receive) inet dgram peer=(ip=127.0.0.1 port=");
    check_lacks(r, out, "scope=inside");
}

/* recv(2) does not ask who sent it; the socket's own address is known. */
StockTest(breaker7b, a_datagram_of_somebody_unknown_comes_by_the_sockets_own_port)
{
    put("udp.py", "import socket\n"
                  "a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0)); a.settimeout(20)\n"
                  "b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.sendto(b'token', a.getsockname())\nprint(a.recv(9))\n");
    struct run r = run("cd $T; $SUNSHIM learn -o udp.policy -- python3 udp.py");
    check_status(r, 0);
    r = run("cd $T; cat udp.policy; $SUNSHIM run -p ./udp.policy --error-exitcode 99 -- python3 udp.py");
    check_status(r, 0);
    check_has(r, out, "b'token'");
    check_has(r, out, "\nnetwork (receive) inet dgram ip=127.0.0.1 port=");
}

Test(breaker7b, a_slash_behind_a_directory_changes_nothing)
{
    put("log", bound("/scratch/4/s"));
    struct run r = run("cd $T; TMPDIR=/scratch/4// $SUNSHIM learn --from log");
    has_rule(r, "unix (bind) addr=@{TMPDIR}/s,");
}

StockTest(breaker7b, nothing_seen_is_not_called_learned)
{
    struct run r = run("cd $T; $SUNSHIM learn -o p.policy -- true && cat p.policy");
    check_has(r, err, "sunshim: no socket call was seen, and p.policy allows none\n");
    check_has(r, out, "\n# No socket call was seen.\ndeny all,\n");
    check_lacks(r, out, "0 calls");
}

/* --- Denials ------------------------------------------------------------- */

Test(breaker7b, denials_of_apparmor_can_be_learned)
{
    put("audit.log", "type=AVC msg=audit(1700000000.123:46): apparmor=\"DENIED\" operation=\"connect\" class=\"net\" "
                     "profile=\"foo\" pid=4711 comm=\"redis-cli\" family=\"unix\" sock_type=\"stream\" protocol=0 "
                     "requested_mask=\"connect\" denied_mask=\"connect\" addr=none peer_addr=\"@foo\" peer=\"unconfined\"\n");
    struct run r = learn("--from audit.log");
    check_status(r, 125);
    check_has(r, err, "nothing to learn from but 1 call that was denied: --denied learns those");
    r = learn("--denied --from audit.log");
    check_status(r, 0);
    has_rule(r, "unix (connect) peer=(addr=@foo),");
}

#define AVC(what, rest) "type=AVC msg=audit(1700000000.123:46): apparmor=\"" what "\" profile=\"foo\" pid=4711 comm=\"app\" " rest "\n"

/* Which asks for several permissions at once, and for files. */
Test(breaker7b, records_of_apparmor_are_read_as_its_kernel_writes_them)
{
    put("audit.log",
        AVC("ALLOWED", "operation=\"open\" class=\"file\" name=\"/etc/passwd\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0")
        AVC("ALLOWED", "operation=\"connect\" class=\"file\" name=\"/run/db.sock\" requested_mask=\"wr\" denied_mask=\"wr\" fsuid=0 ouid=0")
        AVC("ALLOWED", "operation=\"connect\" class=\"net\" family=\"unix\" sock_type=\"stream\" protocol=0 "
                       "requested_mask=\"send receive connect\" denied_mask=\"connect\" addr=none peer_addr=\"@foo\" peer=\"unconfined\"")
        AVC("ALLOWED", "operation=\"create\" class=\"net\" family=\"inet\" sock_type=\"stream\" protocol=6 requested_mask=\"create\" "
                       "denied_mask=\"create\""));
    struct run r = learn("--from audit.log");

    check_status(r, 0);
    has_rule(r, "unix (connect, send, receive) peer=(addr=/run/db.sock),");
    has_rule(r, "unix (connect, send, receive) peer=(addr=@foo),");
    has_rule(r, "network (create) inet stream,");
    check_lacks(r, out, "passwd");
    check_lacks(r, err, "cannot be learned");
}

Test(breaker7b, the_rule_that_denies_is_shown_and_nothing_else_is_claimed)
{
    put("old", "unix (create),\ndeny unix (bind) addr=/run/**,\n");
    put("log", bound("/run/app.sock"));
    struct run r = learn("--merge old --from log");
    check_has(r, err, "old:2: this rule denies what was used, and stays: deny unix (bind) addr=/run/**,\n");
    check_has(r, err, "old allows everything else already\n");
}

/* --- Extending ----------------------------------------------------------- */

Test(breaker7b, what_allows_nothing_yet_can_be_extended)
{
    static const char *const olds[] = {"", "# mine\n", "deny unix (connect) peer=(addr=/run/docker.sock),\n", "scope pathname,"};

    put("log", bound("/run/app.sock"));
    for (unsigned i = 0; i < sizeof olds / sizeof *olds; i++) {
        put("old", olds[i]);
        struct run r = learn("--merge old --from log");
        check_status(r, 0);
        check_lacks(r, err, "nothing is allowed");
        char *policy = get(text("%s/old", scratch()));
        cr_assert(strstr(policy, olds[i]) == policy, "%s", policy);
        cr_assert(strstr(policy, "\nunix (bind) addr=/run/app.sock,\n"), "%s", policy);
    }
}

Test(breaker7b, a_policy_that_is_not_there_cannot_be_extended_but_written)
{
    put("log", bound("/run/app.sock"));
    struct run r = learn("--merge nowhere --from log");
    check_status(r, 125);
    check_has(r, err, "'nowhere' is not there to be extended: -o nowhere writes a new one\n");
}

Test(breaker7b, what_is_appended_ends_its_lines_as_the_others_do)
{
    put("old", "unix (create),\r\n# mine");
    put("log", bound("/run/r-4711/s"));
    struct run r = run("cd $T; for i in 1 2; do $SUNSHIM learn --merge old --from log; echo >>log; sed 's/4711.s/&2/' log >log2; mv log2 log; done\n"
                       "head -n 2 old | od -c | head -n 3; grep -c '^@.pid' old; grep -cv \"$(printf '\\r')$\" old || :; $SUNSHIM check --allow inet --error ./old");
    check_status(r, 0);
    check_has(r, out, "#       m   i   n   e  \\r  \\n\n");
    check_has(r, out, "\n1\n0\n./old: ok");
}

Test(breaker7b, a_policy_goes_by_its_file_and_not_by_how_that_is_called)
{
    put("real", "unix (create),\n");
    put("log", bound("/run/app.sock"));
    struct run r = run("cd $T; ln -s real link; ln -s . here; chmod 640 real; $SUNSHIM learn --merge link -o here/real --from log; "
                       "tail -n 1 real; stat -c %a real; test -L link");
    check_status(r, 0);
    check_out(r, "unix (bind) addr=/run/app.sock,\n640\n");
}

Test(breaker7b, where_no_policy_can_stand_is_said_before_the_command_runs)
{
    put("p", "unix (create),\n");
    struct run r = run("cd $T; ln -s nowhere dangling; $SUNSHIM learn -o dangling -- touch ran || echo $?; ls");
    check_has(r, out, "125\n");
    check_has(r, err, "'dangling' is a symbolic link that leads nowhere");
    check_lacks(r, out, "ran\n");
    r = run("cd $T; mkdir ro; mv p ro; chmod 755 .; chmod 444 ro/p; chmod 555 ro; as=; if [ $(id -u) = 0 ]; then "
            "as='setpriv --reuid=nobody --regid=nogroup --clear-groups'; fi; "
            "$as $SUNSHIM learn --merge ro/p -- touch /dev/null/x || echo $?; chmod 755 ro");
    check_out(r, "125\n");
    check_has(r, err, "ro/' cannot be written to: Permission denied");
    check_lacks(r, err, "touch");
}

/* Each reads its log from a FIFO, so that all have looked for the policy before any can write it:
 * whoever opens a FIFO to write waits until it was opened to be read. */
#define LEARNERS 6
static struct run at_once(const char *options)
{
    char *script = text("cd $T; rm -f fifo.*; for i in 1 2 3 4 5 6; do mkfifo fifo.$i; "
                        "$SUNSHIM learn %s --from fifo.$i & done\n"
                        "exec 3>fifo.1 4>fifo.2 5>fifo.3 6>fifo.4 7>fifo.5 8>fifo.6\n", options);

    for (int i = 1; i <= LEARNERS; i++)
        script = text("%secho '%s' >&%d\n", script, strtok(bound(text("/run/app%d/s", i)), "\n"), i + 2);
    return run(text("%sexec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-\nwait\ncat same*\n", script));
}

Test(breaker7b, of_policies_written_at_once_none_is_lost)
{
    struct run r = at_once("-o same");

    for (int i = 1; i <= LEARNERS; i++)
        cr_assert(lines_with(r.out, text("unix (bind) addr=/run/app%d/s,", i), NULL) == 1, "%s", run_report(&r));
    cr_assert(lines_with(r.err, "what was learned is in '", "same.", NULL) == LEARNERS - 1, "%s", run_report(&r));
    cr_assert(lines_with(r.err, "learned 1 rule from 1 call: same", NULL) == 1, "%s", run_report(&r));
}

Test(breaker7b, a_policy_extended_by_several_at_once_has_the_rules_of_all)
{
    put("same", "# mine\nunix (create),\n");
    struct run r = at_once("--merge same");

    check_status(r, 0);
    cr_assert(strstr(r.out, "# mine\nunix (create),\n") == r.out, "%s", run_report(&r));
    for (int i = 1; i <= LEARNERS; i++)
        cr_assert(lines_with(r.out, text("unix (bind) addr=/run/app%d/s,", i), NULL) == 1, "%s", run_report(&r));
}

/* Somebody edits it while the command runs. */
StockTest(breaker7b, what_was_added_to_a_policy_meanwhile_stays_in_it)
{
    put("p", "unix (create),\n");
    struct run r = run("cd $T; $SUNSHIM learn --merge p -- sh -c 'echo \"# added\" >>p; exec $N/sk \"socket unix stream\" \"bind @mine\"'; cat p");
    check_status(r, 0);
    check_has(r, out, "# added\n");
    check_has(r, out, "addr=@mine,\n");
}

/* --- The linter ---------------------------------------------------------- */

Test(breaker7b, a_fault_behind_one_that_always_comes_first_is_said_to_be_idle)
{
    put("p.policy", "allow all,\ninject unix (connect) errno=EPERM,\ninject unix (connect) peer=(addr=/run/x) delay=1ms when=2,\n");
    struct run r = run("cd $T; $SUNSHIM check p.policy");

    check_has(r, err, "p.policy:3:1: warning: never acts: p.policy:2 acts on all of this before it [shadowed]\n");
    check_has(r, out, "1 warning\n");
}

Test(breaker7b, counts_of_a_policy_that_was_edited_since_are_doubted)
{
    put("log", "time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"socket\" class=\"net\" profile=\"-\" pid=7 ppid=1 "
               "comm=\"a\" exe=\"/bin/a\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" result=3 "
               "duration_ns=5 rules=\"./mine.policy:2\"\n");
    put("mine.policy", "deny network inet, deny network inet6,\nunix (create),\n");
    struct run r = run("cd $T; $SUNSHIM check --coverage log mine.policy");
    check_lacks(r, err, "no rule begins");
    put("mine.policy", "deny network inet, deny network inet6,\n# a new line\nunix (create),\n");
    r = run("cd $T; $SUNSHIM check --coverage log mine.policy");
    check_has(r, err, "check: the logs count mine.policy:2, where no rule begins: if it was changed since");
}

Test(breaker7b, the_label_that_nobody_has_is_what_is_marked)
{
    put("p.policy", "allow all,\ndeny unix (connect) peer=(addr=/run/z label=nobody),\n");
    struct run r = run("cd $T; $SUNSHIM check p.policy");

    check_has(r, err, "p.policy:2:39: warning: never matches: a label is the name of a profile");
    check_has(r, err, "\n      |                                       ^~~~~~~~~~~~\n");
}

Test(breaker7b, a_rule_for_sockets_without_names_says_what_it_is_for)
{
    put("log", record("sendto", "send", "addr=none peer_addr=none fd=3 result=1"));
    struct run r = learn("--from log");
    check_has(r, out, "# redis-server: send 1\n# neither end has a name, as of a socketpair\n"
                      "unix (send) type=stream addr=none peer=(addr=none),\n");
}

/* Each of a thousand tests has a socket of its own; every trial of a rule was kept in memory. */
StockTest(breaker7b, a_thousand_rules_are_learned_in_little_memory)
{
    put("one", bound("/run/app/NAME.sock"));
    struct run r = run("cd $T; for a in a b c d e f g h i j; do for b in k l m n o p q r s t; do for c in u v w x y z a b c d; do\n"
                       "echo $a$b$c; done; done; done >names\n"
                       "while read -r n; do sed \"s/NAME/$n/\" one; done <names | sed 'p; s/\"bind\"/\"listen\"/g; p; s/\"listen\"/\"accept\"/g' >log\n"
                       "(ulimit -v 200000; $SUNSHIM learn --from log) >p.policy; grep -c '^unix (bind, listen, accept) addr=' p.policy");
    check_status(r, 0);
    check_out(r, "1000\n");
}

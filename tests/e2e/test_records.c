/* Records: one line each, one write each, that no name can forge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

static struct run denied(const char *steps)
{
    return preloaded("unix (create),\n", text("\"$P/sk\" %s || :", steps));
}

static void check_one_line(const struct run *r)
{
    cr_assert(record_line(r->err, 0) && !record_line(r->err, 1), "not one record\n%s", run_report(r));
    cr_assert_eq(strchr(r->err, '\n'), r->err + r->err_len - 1, "more than one line\n%s", run_report(r));
}

Test(records, name_what_was_asked_of_whom)
{
    put("s.policy", text("unix (create),\ndeny unix (connect) peer=(addr=%s/s) errno=ENOENT,\n", scratch()));
    struct run r = run("\"$N/sk\" 'socket unix stream' \"bind $T/s\" listen 'sleep 60000' >/dev/null & ready $T/s; "
                       "env SUNSHIM_POLICY=$T/s.policy $PRELOAD \"$P/sk\" 'socket unix stream' \"connect $T/s\" || :");
    char *record = record_line(r.err, 0);
    check_has(r, out, "/s -> -1 ENOENT\n");
    check_value(r, record, "operation", "connect");
    check_value(r, record, "requested", "connect");
    check_value(r, record, "denied", "connect");
    check_value(r, record, "family", "unix");
    check_value(r, record, "sock_type", "stream");
    check_value(r, record, "addr", "none");
    check_value(r, record, "peer_addr", text("%s/s", scratch()));
    check_value(r, record, "errno", "ENOENT");
    check_value(r, record, "rule", text("%s/s.policy:2", scratch()));
}

Test(records, name_the_call_that_was_made)
{
    static const char *const calls[][2] = {{"sendto @x y", "sendto"}, {"sendmsg @x y", "sendmsg"},
                                           {"sendmmsg @x y", "sendmmsg"}, {"connect @x", "connect"},
                                           {"getsockname", "getsockname"}, {"shutdown", "shutdown"},
                                           {"getsockopt type", "getsockopt"}, {"recvmsg", "recvmsg"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct run r = denied(text("'socket unix dgram' nonblock '%s'", calls[i][0]));
        check_value(r, record_line(r.err, 0), "operation", calls[i][1]);
    }
}

Test(records, inet_addresses_are_written_as_apparmor_does)
{
    struct run r = preloaded("network (create) inet,\n", "\"$P/sk\" 'socket inet dgram' 'connect inet:127.0.0.1:4242' || :");
    char *record = record_line(r.err, 0);
    check_value(r, record, "family", "inet");
    check_value(r, record, "faddr", "127.0.0.1");
    check_value(r, record, "fport", "4242");
}

/* The bytes are a quote, a newline and the start of a record. */
#define FORGERY "hex:220a74696d653d782073756e7368696d3d22414c4c4f57454422"

Test(records, a_name_cannot_forge_one)
{
    struct run r = denied("'socket unix dgram' 'bind @" FORGERY "'");
    check_one_line(&r);
    check_lacks(r, err, "sunshim=\"ALLOWED\"");
}

Test(records, control_bytes_do_not_reach_the_terminal)
{
    struct run r = denied("'socket unix dgram' 'bind @hex:1b5b324a9b31'");
    check_one_line(&r);
    for (const char *p = r.err; *p; p++)
        cr_assert((unsigned char)*p >= ' ' || *p == '\n', "byte %02x\n%s", (unsigned char)*p, run_report(&r));
    check_lacks(r, err, "\x9b");
}

Test(records, names_with_nul_bytes_are_whole)
{
    struct run r = denied("'socket unix dgram' 'bind @hex:610062'");
    const char *addr = record_value(record_line(r.err, 0), "addr");
    cr_assert(addr && addr[0] == '@' && addr[1] == 'a' && strchr(addr, 'b'), "addr=%s\n%s", addr, run_report(&r));
}

Test(records, json_is_json)
{
    with_env("SUNSHIM_LOG_FORMAT=json");
    put("check.py", "import json, sys\n"
                    "r = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8', errors='strict')]\n"
                    "assert len(r) == 2, r\n"
                    "assert isinstance(r[0]['pid'], int) and isinstance(r[0]['protocol'], int), r[0]\n"
                    "assert r[0]['sunshim'] == 'DENIED' and r[0]['addr'] == 'auto' and r[0]['errno'] == 'EACCES', r[0]\n"
                    "assert r[0]['hint'] == 'add: unix (autobind) type=dgram,', r[0]\n"
                    "assert '\\n' in r[1]['addr'] or 'addr_hex' in r[1], r[1]\n"
                    "print('good')\n");
    struct run r = run("set +e; echo 'unix (create),' >j.policy; env SUNSHIM_LOG=$T/log SUNSHIM_POLICY=$T/j.policy $PRELOAD "
                       "\"$P/sk\" 'socket unix dgram' 'bind auto' 'bind @" FORGERY "'; python3 check.py log");
    check_has(r, out, "good\n");
}

Test(records, json_shows_bytes_that_are_no_text_in_hex)
{
    with_env("SUNSHIM_LOG_FORMAT=json");
    struct run r = denied("'socket unix dgram' 'bind @hex:ff00fe'");
    check_has(r, err, "\"addr_hex\":");
    check_has(r, err, "ff00fe");
}

Test(records, of_a_complaining_policy_allow)
{
    with_env("SUNSHIM_MODE=complain");
    struct run r = denied("'socket unix dgram' 'bind auto'");
    check_status(r, 0);
    check_has(r, out, "bind auto -> 0\n");
    check_has(r, err, "sunshim=\"ALLOWED\"");
    check_lacks(r, err, "DENIED");
}

Test(records, of_a_policy_switched_off_do_not_exist)
{
    with_env("SUNSHIM_MODE=off");
    struct run r = denied("'socket unix dgram' 'bind auto'");
    check_has(r, out, "bind auto -> 0\n");
    cr_assert_str_empty(r.err);
}

Test(records, go_to_a_file_by_appending)
{
    put("f.policy", "unix (create),\n");
    struct run r = run("echo before >log; export SUNSHIM_LOG=$T/log SUNSHIM_POLICY=$T/f.policy; for i in 1 2 3; do "
                       "env $PRELOAD \"$P/sk\" 'socket unix dgram' 'bind auto' || :; done; cat log");
    cr_assert(lines_with(r.out, "before", NULL) == 1 && lines_with(r.out, "sunshim=\"DENIED\"", NULL) == 3, "%s",
              run_report(&r));
}

Test(records, of_many_processes_do_not_mix, .timeout = 60)
{
    put("m.policy", "unix (create),\n");
    struct run r = run("export SUNSHIM_LOG=$T/log SUNSHIM_POLICY=$T/m.policy; for i in 1 2 3 4; do (for j in 1 2 3 4 5; do "
                       "env $PRELOAD \"$P/sk\" 'socket unix dgram' 'bind auto' 'bind auto' 'bind auto' || :; done) & done; wait; "
                       "grep -c '^time=.* sunshim=\"DENIED\" .* hint=\"add: unix (autobind) type=dgram,\"$' log; wc -l <log");
    check_has(r, out, "60\n60\n");
}

Test(records, a_file_per_process)
{
    put("f.policy", "unix (create),\n");
    struct run r = run("env SUNSHIM_LOG=$T/log.%p SUNSHIM_POLICY=$T/f.policy $PRELOAD \"$P/sk\" 'socket unix dgram' 'bind auto' "
                       "|| :; for f in log.[0-9]*; do grep -c \"pid=${f#log.} \" $f; done");
    check_has(r, out, "1\n");
}

/* strace is the judge: a record is one write of at most 4,096 bytes. */
StockTest(records, are_one_write_each)
{
    put("w.policy", "unix (create),\n");
    struct run r = run("set +e; strace -f -e trace=write,writev,pwrite64,sendto,sendmsg -e write=9 -s 5000 -o trace "
                       "env SUNSHIM_LOG=fd:9 SUNSHIM_POLICY=$T/w.policy LD_PRELOAD=$LIB \"$N/sk\" 'socket unix dgram' "
                       "'bind auto' 'bind auto' 9>log; grep -c '(9, ' trace; wc -l <log");
    check_has(r, out, "2\n2\n");
}

StockTest(records, leave_no_trace_where_nothing_is_denied)
{
    put("n.policy", "allow all,\n");
    struct run native = run("strace -f -c -o sum \"$N/sk\" 'socket unix dgram' 'bind auto' >/dev/null; "
                            "awk '$NF == \"bind\" || $NF == \"socket\" || $NF == \"getsockopt\" {print $NF, $4}' sum | sort");
    struct run shim = run("strace -f -c -o sum env SUNSHIM_POLICY=$T/n.policy LD_PRELOAD=$LIB \"$N/sk\" 'socket unix dgram' "
                          "'bind auto' >/dev/null; awk '$NF == \"bind\" || $NF == \"socket\" || $NF == \"getsockopt\" {print $NF, $4}' sum | sort");
    cr_assert_str_eq(native.out, shim.out, "calls differ\nnative:\n%s\nshim:\n%s", native.out, shim.out);
}

/* What a newcomer runs into: odd options, odd surroundings, odd names. */
#include <string.h>

#include "tests/e2e/harness.h"

/* --- env: the variables are for later and elsewhere --------------------------- */

StockTest(breaker, env_makes_no_log_file)
{
    struct run r = run("cd $T; $SUNSHIM env --log rec | grep SUNSHIM_LOG; test ! -e rec\n"
                       "$SUNSHIM env --log /nowhere/rec | grep SUNSHIM_LOG");

    check_status(r, 0);
    check_out(r, text("SUNSHIM_LOG=%s/rec\nSUNSHIM_LOG=/nowhere/rec\n", scratch()));
}

StockTest(breaker, env_names_a_journal_and_descriptors_that_are_not_here)
{
    struct run r = run("$SUNSHIM env --log journal | grep SUNSHIM_LOG\n"
                       "$SUNSHIM env --log fd:77 | grep SUNSHIM_LOG");

    check_status(r, 0);
    check_out(r, "SUNSHIM_LOG=journal\nSUNSHIM_LOG=fd:77\n");
}

StockTest(breaker, env_refuses_a_log_that_is_none_anywhere)
{
    struct run r = run("for log in fd:x fd: ''; do $SUNSHIM env --log \"$log\" || echo $?; done");

    check_out(r, "125\n125\n125\n");
}

/* --- explain ------------------------------------------------------------------ */

static struct run explain_record(const char *policy, const char *record)
{
    put("p.policy", policy);
    put("record", record);
    return run("cd $T; $SUNSHIM explain ./p.policy - <record");
}

Test(breaker, a_record_of_a_profile_that_is_not_here_asks_the_bare_rules)
{
    static const char record[] =
        "audit: type=1400 audit(1: 2): apparmor=\"DENIED\" operation=\"bind\" profile=\"/usr/sbin/foo\" pid=1 comm=\"foo\" "
        "family=\"unix\" sock_type=\"dgram\" protocol=0 requested_mask=\"bind\" denied_mask=\"bind\" addr=\"@x\"\n";
    struct run r = explain_record("unix (bind) addr=@x,\nprofile bar { unix, }\n", record);

    check_status(r, 0);
    check_out(r, "allow\nrule: ./p.policy:1: unix (bind) addr=@x,\n"
                 "note: the record's profile '/usr/sbin/foo' is not in the policy; it was asked without\n");
    r = explain_record("unix (bind) addr=@x,\nprofile /usr/sbin/foo { unix (create), }\n", record);
    check_has(r, out, "profile: /usr/sbin/foo\n");
    check_lacks(r, out, "note:");
}

Test(breaker, a_backslash_in_a_hexadecimal_name_stays)
{
    struct run r = explain_record("network inet,\n",
                                  "type=AVC msg=audit(1.0:1): apparmor=\"DENIED\" operation=\"bind\" profile=\"-\" name=40615C78343162 "
                                  "family=\"unix\" sock_type=\"dgram\" protocol=0 requested_mask=\"bind\" denied_mask=\"bind\"\n");

    check_has(r, out, "hint: add: unix (bind) addr=@a\\x5cx41b,\n");
}

Test(breaker, a_profile_that_was_typed_and_is_not_here_is_an_error)
{
    put("p.policy", "unix,\n");
    struct run r = run("cd $T; $SUNSHIM explain ./p.policy bind profile=foo");

    check_status(r, 125);
}

Test(breaker, a_rule_about_no_socket_asks_nothing)
{
    struct run r = run("$SUNSHIM explain no-network '/etc/passwd r,'");

    check_status(r, 125);
    check_has(r, err, "the rule is about no socket call");
    check_out(r, "");
}

Test(breaker, every_rule_given_is_asked_about)
{
    put("p.policy", "unix (bind),\n");
    struct run r = run("cd $T; $SUNSHIM explain ./p.policy 'unix (bind), unix (listen),'");

    check_status(r, 1);
    cr_assert_eq(lines_with(r.out, "allow", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "deny", NULL), 1, "%s", run_report(&r));
}

Test(breaker, a_newline_in_a_policys_name_makes_no_line_of_an_answer)
{
    struct run r = run("mkdir \"$T/a\nallow\"; cd $T/a*; echo 'unix (create),' >p.policy; $SUNSHIM explain \"$PWD/p.policy\" create");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "", NULL), 2, "%s", run_report(&r));
}

Test(breaker, a_port_that_was_not_given_is_not_in_the_hint)
{
    struct run r = run("$SUNSHIM explain no-network connect type=stream peer_ip=192.0.2.1");

    check_status(r, 1);
    check_has(r, out, "note: peer_port= was not given; asked about port 0\n");
    check_has(r, out, "hint: add: network (connect) inet stream peer=(ip=192.0.2.1),\n");
    r = run("$SUNSHIM explain no-network connect type=stream peer_ip=192.0.2.1 peer_port=0");
    check_lacks(r, out, "note:");
    check_has(r, out, "peer=(ip=192.0.2.1 port=0),\n");
    r = run("$SUNSHIM explain no-network 'network (connect) inet peer=(ip=192.0.2.1),'");
    check_status(r, 1);
    check_lacks(r, out, "note: peer_port=");
}

Test(breaker, a_record_of_an_inet_socket_without_a_peer_is_read)
{
    struct run r = explain_record("network (receive) inet6,\n",
                                  "sunshim=\"DENIED\" operation=\"recv\" family=\"inet6\" sock_type=\"dgram\" protocol=17 "
                                  "requested=\"receive\" peer_addr=none laddr=\"::1\" lport=42380\n");

    check_status(r, 0);
}

Test(breaker, everyday_words_for_families_and_types_get_their_names)
{
    static const char *const table[][2] = {
        {"create family=ipv4", "did you mean 'inet'?"},
        {"create family=IPv6", "did you mean 'inet6'?"},
        {"create family=inet type=tcp", "did you mean 'stream'?"},
        {"autobind addr=@x", "autobind leaves the address to the kernel"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM explain no-network %s", table[i][0]));
        check_status(r, 125);
        check_has(r, err, table[i][1]);
    }
}

/* --- run ---------------------------------------------------------------------- */

StockTest(breaker, a_script_whose_interpreter_is_missing_says_so)
{
    struct run r = run("cd $T; printf '#!/no/interp -e\\n' >s; printf '#!/bin/sh\\r\\n' >crlf; chmod +x s crlf\n"
                       "for how in '' --exec; do for f in ./s ./crlf; do $SUNSHIM run $how $f || echo $?; done; done");

    check_out(r, "127\n127\n127\n127\n");
    cr_assert_eq(lines_with(r.err, "sunshim: './s': its interpreter '/no/interp' is not found", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim: './crlf': its interpreter '/bin/sh?' is not found", NULL), 2, "%s", run_report(&r));
}

StockTest(breaker, mode_off_does_not_go_unnoticed)
{
    struct run r = run("export SUNSHIM_MODE=off; $SUNSHIM run -p no-network true; $SUNSHIM run true");

    check_status(r, 0);
    cr_assert_str_eq(r.err, "sunshim: warning: nothing is checked, because SUNSHIM_MODE=off is set\n");
}

StockTest(breaker, a_limit_on_files_is_a_failure_and_no_death)
{
    struct run r = run("(ulimit -f 0; $SUNSHIM run true 2>&1 || echo $?) | cat");

    check_has(r, out, "/pid: File too large (");
    check_has(r, out, " a file may have 0: ulimit -f)\n125\n");
}

StockTest(breaker, a_mistyped_policy_is_recognized)
{
    struct run r = run("$SUNSHIM run -p no-netwrok true || echo $?");

    check_out(r, "125\n");
    check_has(r, err, "no policy 'no-netwrok'; did you mean 'no-network'? Looked for:\n");
    r = run("$SUNSHIM run -p something-else true || echo $?");
    check_has(r, err, "no policy 'something-else'; looked for:\n");
}

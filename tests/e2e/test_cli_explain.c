/* sunshim explain, check and env: what they print is read by other programs. */
#include <string.h>

#include "tests/e2e/harness.h"

/* --- explain ----------------------------------------------------------------- */

static struct run explain(const char *policy, const char *question)
{
    put("p.policy", policy);
    return run(text("cd $T; $SUNSHIM explain p.policy %s", question));
}

Test(cli_explain, an_allowed_call_names_its_rule)
{
    struct run r = explain("# first\nunix (create) type=stream,\nunix (bind) type=dgram\n    addr=auto,\n",
                           "bind family=unix type=dgram addr=auto");

    check_status(r, 0);
    check_out(r, "allow\nrule: p.policy:3: unix (bind) type=dgram addr=auto,\n");
}

Test(cli_explain, a_call_nothing_matches_names_the_nearest_rule_and_what_to_add)
{
    struct run r = explain("unix (create, getattr, getopt, setopt, shutdown),\nunix (bind) type=stream addr=auto,\n",
                           "bind family=unix type=dgram addr=auto");

    check_status(r, 1);
    check_out(r, "deny\nrule: none\nerrno: EACCES\n"
                 "nearest: p.policy:2: unix (bind) type=stream addr=auto, (another type=)\n"
                 "hint: add: unix (autobind) type=dgram,\n");
}

Test(cli_explain, a_deny_rule_gives_errno_and_no_hint_to_add)
{
    struct run r = explain("allow all,\ndeny unix (connect) peer=(addr=/run/docker.sock) errno=ENOENT,\n",
                           "connect peer_addr=/run/docker.sock");

    check_status(r, 1);
    cr_assert(!strncmp(r.out, "deny\nrule: p.policy:2: deny unix (connect) peer=(addr=/run/docker.sock) errno=ENOENT,\nerrno: ENOENT\n", 95));
    check_has(r, out, "hint: no allow rule can override a deny");
    check_lacks(r, out, "add:");
}

Test(cli_explain, keys_choose_what_is_asked)
{
    static const struct {
        const char *rule, *question, *verdict;
    } table[] = {
        {"unix (autobind),", "autobind type=stream", "allow"},
        {"unix (bind) addr=\"@x\\x00y\",", "bind 'addr=@x\\x00y'", "allow"},
        {"unix (bind) addr=\"@x\\x00y\",", "bind addr=@xy", "deny"},
        {"unix (bind) addr=\"@a b\",", "bind 'addr=@a b'", "allow"},
        {"unix (bind) addr=none,", "bind addr=none", "allow"},
        {"unix (send) peer=(addr=/a/*),", "send peer_addr=/a/b", "allow"},
        {"unix (send) peer=(addr=/a/*),", "send peer_addr=/a/b/c", "deny"},
        {"unix (send),", "write type=dgram", "allow"},
        {"unix (receive) peer=(label=unconfined),", "receive", "allow"},
        {"unix (receive) peer=(label=unconfined),", "receive label=other", "deny"},
        {"network (connect) inet stream peer=(ip=127.0.0.0/8 port=80-90),", "connect type=stream peer_ip=127.1.2.3 peer_port=85", "allow"},
        {"network (connect) inet stream peer=(ip=127.0.0.0/8 port=80-90),", "connect type=stream faddr=127.1.2.3 fport=91", "deny"},
        {"network (connect) inet stream peer=(ip=127.0.0.0/8),", "connect type=stream peer_ip=::ffff:127.0.0.1", "allow"},
        {"network (bind) inet6 ip=::1,", "bind ip=::1 port=0", "allow"},
        {"network (bind) inet6 ip=::1,", "bind ip=::2", "deny"},
        {"network netlink raw,", "create family=netlink type=raw", "allow"},
        {"network netlink raw,", "create family=netlink type=dgram", "deny"},
        {"profile a /usr/bin/a { unix, } network inet,", "create exe=/usr/bin/a", "allow"},
        {"profile a /usr/bin/a { unix, } network inet,", "create exe=/usr/bin/b", "deny"},
        {"profile a /usr/bin/a { unix, } network inet,", "create profile=a", "allow"},
        {"profile a flags=(complain) { network inet, } unix (bind),", "create profile=a", "allow"},
        {"unix peer=(scope=inside),", "connect peer_scope=inside", "allow"},
        {"unix peer=(scope=inside),", "connect peer_scope=outside", "deny"},
        {"unix peer=(scope=inside),", "connect peer_addr=/x", "deny"},
        {"unix peer=(label=web),", "connect peer_scope=inside peer_label=web", "allow"},
        {"unix peer=(label=unconfined),", "connect peer_scope=inside", "deny"},
        {"unix, scope abstract,", "connect peer_addr=@x peer_made=inside", "allow"},
        {"unix, scope abstract,", "connect peer_addr=@x peer_made=outside", "deny"},
        {"unix, scope abstract,", "connect peer_addr=@x", "deny"},
        {"unix, scope abstract,", "connect peer_addr=/x peer_made=outside", "allow"},
        {"unix (accept) peer=(uid=0),", "accept peer_uid=0", "allow"},
        {"unix (accept) peer=(uid=0),", "accept peer_uid=1", "deny"},
        {"unix (accept) peer=(uid=0),", "accept", "deny"},
        {"unix (accept) peer=(exe=/usr/bin/*),", "accept peer_exe=/usr/bin/nc", "allow"},
        {"unix (accept) peer=(exe=/usr/bin/*),", "accept exe=/usr/bin/nc", "deny"},
        {"unix (bind),", "inherit fd=3", "allow"},
        {"unix (inherit) type=dgram,", "inherit fd=3 type=stream", "deny"},
        {"unix (inherit) type=dgram,", "inherit fd=2 type=stream", "allow"},
        {"unix (inherit) type=dgram,", "inherit fd=2 exempt=no type=stream", "deny"},
        {"unix (inherit) type=dgram,", "inherit fd=3 exempt=yes type=stream", "allow"},
        {"allow all, deny unix (inherit) fd=0-1,", "inherit fd=1", "deny"},
        {"allow all, deny unix (inherit) fd=0-1,", "inherit fd=2", "allow"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = explain(table[i].rule, table[i].question);
        cr_assert(!strncmp(r.out, table[i].verdict, strlen(table[i].verdict)) && r.out[strlen(table[i].verdict)] == '\n',
                  "%s: not '%s'\n%s", table[i].question, table[i].verdict, run_report(&r));
        check_status(r, strcmp(table[i].verdict, "allow") ? 1 : 0);
    }
}

Test(cli_explain, a_wrong_question_is_125)
{
    static const struct {
        const char *question, *says;
    } table[] = {
        {"", "no operation given"},
        {"bidn", "is 'bidn' meant to be 'bind'?"},
        {"bind tipe=dgram", "unknown key 'tipe='; did you mean 'type='?"},
        {"bind type=strem", "type=strem: no such type; did you mean 'stream'?"},
        {"bind family=unixx", "no such family; did you mean 'unix'?"},
        {"bind addr=relative", "an address is none, auto, @NAME or an absolute path"},
        {"bind addr=@", "at least one byte after the '@'"},
        {"bind addr=", "an address is none, auto"},
        {"bind 'addr=@\\x1'", "\\x needs two hexadecimal digits"},
        {"bind ip=1.2.3", "not an IPv4 or IPv6 address"},
        {"bind ip=1.2.3.4 port=65536", "a number from 0 to 65535"},
        {"bind port=80", "a port needs an address"},
        {"bind family=unix ip=1.2.3.4", "family unix has no IP addresses"},
        {"bind family=inet addr=/x", "addr= and peer_addr= are for family unix"},
        {"bind stream", "'stream' is not KEY=VALUE"},
        {"connect peer_scope=outsid", "peer_scope=outsid: this is inside or outside"},
        {"connect peer_scop=inside", "did you mean 'peer_scope='?"},
        {"accept peer_uid=root", "a number from 0 to 4294967294"},
        {"accept peer_uid=4294967295", "a number from 0 to 4294967294"},
        {"inherit exempt=1", "this is no or yes"},
        {"inherit fd=-1", "a number from 0"},
        {"connect fd=3", "fd= and exempt= go with inherit only"},
        {"'unix (accept) peer=(exe=/usr/bin/*),'", "the rule's exe= is a pattern"},
        {"bind profile=none", "no profile 'none'"},
        {"'unix (bind) type=strem,'", "rule:1:18: error:"},
        {"'unix (bind) addr=@a*,'", "names a pattern"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = explain("unix,", table[i].question);
        check_status(r, 125);
        check_has(r, err, table[i].says);
    }
}

Test(cli_explain, a_rule_asks_for_each_of_its_permissions)
{
    struct run r = explain("unix (connect),\n", "'unix (connect, send) type=dgram peer=(addr=/run/x)'");

    check_status(r, 1);
    check_out(r, "allow\nrule: p.policy:1: unix (connect),\noperation: connect\n\n"
                 "deny\nrule: none\nerrno: EACCES\noperation: send\n"
                 "nearest: p.policy:1: unix (connect), (another permission)\n"
                 "hint: add: unix (send) peer=(addr=/run/x),\n");
}

Test(cli_explain, the_reason_of_a_miss_names_what_is_not_known_of_the_peer)
{
    static const struct {
        const char *rule, *question, *reason;
    } table[] = {
        {"unix peer=(scope=inside),", "connect peer_scope=outside", "(the peer's socket was bound outside this run)"},
        {"unix peer=(scope=outside),", "connect peer_scope=inside", "(the peer's socket was bound inside this run)"},
        {"unix peer=(scope=inside),", "connect", "note: rules ask who bound the peer's socket; peer_scope= was not given"},
        {"unix, scope pathname,", "connect peer_addr=/x", "note: rules ask who created the peer's socket; peer_made= was not given"},
        {"unix (accept) peer=(uid=0),", "accept peer_uid=1", "(the peer has another uid)"},
        {"unix (accept) peer=(exe=/a),", "accept peer_exe=/b", "(the peer's executable does not match)"},
        {"unix (inherit) fd=3,", "inherit fd=4", "(another fd=)"},
        {"unix (inherit) fd=3,", "inherit", "(it has an fd=, and none was given)"},
        {"unix (inherit) fd=3,", "inherit fd=0", "note: only rules with its fd= are about this descriptor"},
        {"unix (bind),", "inherit fd=4", "note: no rule names inherit: every inherited socket is allowed"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = explain(table[i].rule, table[i].question);
        check_has(r, out, table[i].reason);
    }
}

Test(cli_explain, a_scope_statement_asks_about_sockets_made_outside)
{
    struct run r = explain("unix (connect),\nscope pathname,\n", "'scope pathname abstract,'");

    check_status(r, 1);
    check_has(r, out, "deny\nrule: p.policy:2: scope pathname,\nerrno: EPERM\noperation: connect\n");
    check_has(r, out, "allow\nrule: p.policy:1: unix (connect),\noperation: connect\n");
}

Test(cli_explain, records_of_inherited_sockets_are_read)
{
    static const char *const records[] = {
        "sunshim=\"LEAK\" operation=\"inherit\" class=\"net\" profile=\"-\" family=\"unix\" sock_type=\"stream\" protocol=0 "
        "requested=\"inherit\" addr=\"/run/d.sock\" fd=7 inode=318867 origin=accept origin_pid=5 origin_comm=\"daemon\" "
        "hint=\"made without FD_CLOEXEC; to cut it: deny unix (inherit) type=stream,\"",
        "{\"sunshim\":\"DENIED\",\"operation\":\"inherit\",\"family\":\"unix\",\"sock_type\":\"stream\",\"protocol\":0,"
        "\"requested\":\"inherit\",\"denied\":\"inherit\",\"addr\":\"/run/d.sock\",\"fd\":7,\"inode\":9,\"origin\":\"socket\"}",
    };

    for (size_t i = 0; i < 2; i++) {
        put("rec", records[i]);
        struct run r = explain("unix (inherit) type=dgram,\nunix (inherit) fd=3-6,\n", "- <$T/rec");
        check_status(r, 1);
        check_has(r, out, "p.policy:2: unix (inherit) fd=3-6, (another fd=)\n");
        check_has(r, out, "hint: add: unix (inherit) type=stream,\n");
        r = explain("unix (inherit) fd=7,", "- <$T/rec");
        check_status(r, 0);
    }
}

StockTest(cli_explain, leaks_of_all_formats_come_back_as_the_same_question)
{
    static const char *const formats[] = {"text", "json", "apparmor"};

    put("p.policy", "unix (inherit) fd=100,\nallow all,\ndeny unix (inherit) fd=3-90 type=stream,\n");
    for (size_t f = 0; f < 3; f++) {
        struct run r = run(text("cd $T; SUNSHIM_LOG_FORMAT=%s $SUNSHIM run --track --log rec -- perl -MSocket -e '"
                                "$^F = 255; socket S, AF_UNIX, SOCK_STREAM, 0; exec q(true)' 2>&1\n"
                                "grep -c LEAK rec; $SUNSHIM explain p.policy - <rec || :; rm rec", formats[f]));
        check_out(r, "sunshim: 1 leaked\n1\ndeny\nrule: p.policy:3: deny unix (inherit) fd=3-90 type=stream,\nerrno: EACCES\n"
                     "hint: no allow rule can override a deny; remove or narrow that rule\n");
    }
}

Test(cli_explain, a_record_tells_what_is_known_of_the_peer)
{
    put("rec", "requested=\"accept\" family=\"unix\" sock_type=\"stream\" peer_addr=none peer_uid=7 peer_exe=\"/bin/nc\" peer_scope=inside");
    struct run r = explain("unix (accept) peer=(uid=7 exe=/bin/* scope=inside),", "- <$T/rec");

    check_status(r, 0);
}

Test(cli_explain, all_layers_must_allow_and_the_outermost_denial_counts)
{
    struct run r = run("cd $T; echo 'unix,' >a.policy; echo 'unix (create), deny unix (bind) errno=EPERM,' >b.policy; echo 'unix (create),' >c.policy\n"
                       "$SUNSHIM explain a.policy b.policy -p ./c.policy bind addr=none");

    check_status(r, 1);
    check_has(r, out, "errno: ");
    /* -p comes before operands */
    check_has(r, out, "layer: ./c.policy\n");
    r = run("cd $T; $SUNSHIM explain a.policy b.policy c.policy bind addr=none || :; $SUNSHIM explain a.policy b.policy create");
    check_has(r, out, "deny\nrule: b.policy:1: deny unix (bind) errno=EPERM,\nerrno: EPERM\nlayer: b.policy\n");
    check_has(r, out, "allow\nrule: a.policy:1: unix,\n");
}

StockTest(cli_explain, records_of_all_formats_come_back_as_the_same_question)
{
    static const char *const formats[] = {"text", "json", "apparmor"};
    static const char *const names[] = {"/x y", "@plain", "@a\\x00b", "@\\xff\\x01", "@q\\x22\\x5c"};

    for (size_t f = 0; f < 3; f++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            put("deny.policy", "unix (create),\n");
            struct run r = run(text("cd $T; SUNSHIM_LOG_FORMAT=%s $SUNSHIM run -p ./deny.policy --log rec -- perl -MSocket -e '"
                                    "my $n = q(%s); $n =~ s/\\\\x(..)/chr hex $1/ge; $n =~ s/^@/\\0/; $n =~ s,^/,$ENV{T}/,; socket(S, AF_UNIX, SOCK_STREAM, 0); bind S, pack(\"S a*\", AF_UNIX, $n)'\n"
                                    "$SUNSHIM explain deny.policy - <rec >first || :; sed -n 's/^hint: add: //p' first >>deny.policy\n"
                                    "rm rec; cat first\n", formats[f], names[n]));
            check_has(r, out, "deny\nrule: none\nerrno: EACCES\n");
            check_has(r, out, "hint: add: unix (bind) addr=");
            /* The hint, pasted, lets the same program through. */
            r = run(text("cd $T; $SUNSHIM run -p ./deny.policy -- perl -MSocket -e '"
                         "my $n = q(%s); $n =~ s/\\\\x(..)/chr hex $1/ge; $n =~ s/^@/\\0/; $n =~ s,^/,$ENV{T}/,; socket(S, AF_UNIX, SOCK_STREAM, 0); print bind(S, pack(\"S a*\", AF_UNIX, $n)) ? \"bound\" : $!; unlink $n'", names[n]));
            cr_assert_str_eq(r.out, "bound", "%s %s\n%s\n%s", formats[f], names[n], run_report(&r), get(text("%s/deny.policy", scratch())));
        }
}

/* Blank lines in front are none of it, and older records say what was asked for as the operation. */
Test(cli_explain, a_record_may_come_late_and_without_what_it_requested)
{
    put("rec", "\n \t\nsunshim=\"DENIED\" operation=\"connect\" family=\"unix\" peer_addr=\"/x\"\n");
    struct run r = explain("unix (connect) peer=(addr=/x),", "- <$T/rec");

    check_status(r, 0);
    check_has(r, out, "rule: p.policy:1:");
}

Test(cli_explain, records_of_the_kernels_apparmor_are_read)
{
    static const char record[] =
        "Nov 22 07:00:00 host kernel: audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" operation=\"connect\" class=\"net\" "
        "profile=\"web\" pid=1 comm=\"x\" family=\"unix\" sock_type=\"stream\" protocol=0 requested_mask=\"send receive connect\" "
        "denied_mask=\"send connect\" addr=none peer_addr=\"@/tmp/.X11-unix/X0\" peer=\"unconfined\"\n";

    put("rec", record);
    struct run r = explain("profile web { unix (receive), unix (connect) peer=(addr=@/tmp/.X11-unix/X[0-9]), }", "- <$T/rec");
    check_status(r, 1);
    check_has(r, out, "operation: connect\nprofile: web\n");
    check_has(r, out, "hint: add: unix (send) peer=(addr=@/tmp/.X11-unix/X0),");
    cr_assert_eq(lines_with(r.out, "allow", NULL), 2);
}

Test(cli_explain, what_is_no_record_is_125)
{
    static const char *const inputs[] = {"", "\n\n", "hello", "{\"a\":[1]}", "{\"requested\":\"bind\"", "family=\"unix\"",
                                         "requested=\"fly\"", "requested=bind addr=\"relative\""};

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        put("rec", inputs[i]);
        struct run r = explain("unix,", "- <$T/rec");
        check_status(r, 125);
        check_has(r, err, "sunshim: ");
    }
}

/* --- check ---------------------------------------------------------------------- */

Test(cli_check, counts_what_is_there)
{
    struct run r = run("cd $T; printf 'network inet,\\nprofile a { unix, }\\nprofile b { unix, }\\n' >p.policy; $SUNSHIM check p.policy");

    check_status(r, 0);
    check_out(r, "p.policy: ok, 3 rules, 2 profiles\n");
}

Test(cli_check, errors_are_1_and_failures_125)
{
    struct run r = run("cd $T; echo 'unix type=x,' >bad.policy; echo 'unix, deny network inet, deny network inet6,' >good.policy\n"
                       "s() { s=0; $SUNSHIM check \"$@\" 2>/dev/null || s=$?; echo $s; }; s good.policy; s good.policy bad.policy; s bad.policy none.policy; s --rule 'deny unix,'");

    cr_assert_str_eq(r.out, "good.policy: ok, 3 rules, 0 profiles\n0\ngood.policy: ok, 3 rules, 0 profiles\n1\n125\n--rule: ok, 2 rules, 0 profiles\n0\n");
}

Test(cli_check, warns_when_inet_is_merely_not_mentioned)
{
    static const struct {
        const char *policy;
        bool warns;
    } table[] = {
        {"unix,", true},
        {"network netlink,", true},
        {"unix, network inet,", false},
        {"unix, network (create) inet6 stream,", false},
        {"unix, deny network inet, deny network inet6,", false},
        {"allow all,", false},
        {"deny all,", false},
        {"profile a { unix, }", true},
        {"profile a flags=(default_allow) { unix, }", false},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        put("p.policy", table[i].policy);
        struct run r = run("$SUNSHIM check $T/p.policy");
        check_status(r, 0);
        cr_assert_eq(lines_with(r.err, "warning:", "no rule lets inet or inet6 sockets be made", NULL), table[i].warns, "%s\n%s", table[i].policy,
                     run_report(&r));
    }
}

Test(cli_check, the_ready_made_policies_are_without_fault)
{
    struct run r = run("for p in $TOP/policies/*.policy; do $SUNSHIM check $p; done");

    check_status(r, 0);
    cr_assert_str_empty(r.err);
}

/* --- env ------------------------------------------------------------------------ */

StockTest(cli_env, its_variables_do_what_run_does)
{
    struct run r = run("echo 'deny unix (create) type=stream, allow all,' >$T/p.policy; cd $T\n"
                       "$SUNSHIM env -p ./p.policy --log rec >vars; cat vars >&2; cd /\n"
                       "env $(cat $T/vars) perl -MSocket -e 'print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0'; echo; grep -c DENIED $T/rec");

    check_status(r, 0);
    check_out(r, "0\n1\n");
    check_has(r, err, text("SUNSHIM_POLICY=%s/p.policy\n", scratch()));
}

StockTest(cli_env, complain_json_and_profile_have_variables)
{
    struct run r = run("echo 'profile \"a b\" { unix, }' >$T/p.policy; $SUNSHIM env -p $T/p.policy --complain --json --profile 'a b' | grep -v LD_PRELOAD");

    check_out(r, text("SUNSHIM_POLICY=%s/p.policy\nSUNSHIM_MODE=complain\nSUNSHIM_LOG_FORMAT=json\nSUNSHIM_PROFILE=a b\n", scratch()));
}

StockTest(cli_env, the_shell_form_survives_quotes)
{
    struct run r = run("mkdir \"$T/it's \\$x\"; echo 'unix,' >\"$T/it's \\$x/p.policy\"; eval \"$($SUNSHIM env --shell -p \"$T/it's \\$x/p.policy\" | grep -v LD_PRELOAD)\"; echo \"$SUNSHIM_POLICY\"");

    check_out(r, text("%s/it's $x/p.policy\n", scratch()));
}

StockTest(cli_env, what_a_variable_cannot_say_is_125)
{
    static const struct {
        const char *options, *says;
    } table[] = {
        {"--rule 'unix,'", "--rule has no file"},
        {"--apparmor $T/p.policy", "put 'abi <abi/4.0>,' at the top"},
        {"-p $T/a:b.policy", "its path has a blank or a colon"},
        {"-p $T/bad.policy", "bad.policy:1:"},
        {"-p $T/p.policy --profile none", "no profile 'none'"},
    };

    run("echo 'unix,' >$T/p.policy; echo 'unix,' >$T/a:b.policy; echo 'bad' >$T/bad.policy");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM env %s", table[i].options));
        check_status(r, 125);
        check_has(r, err, table[i].says);
        check_out(r, "");
    }
    struct run r = run("mkdir \"$T/a b\"; cp $SUNSHIM $LIB \"$T/a b\"; \"$T/a b/sunshim\" env");
    check_status(r, 125);
    check_has(r, err, "the library cannot be put into a variable");
}

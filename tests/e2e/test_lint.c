/* sunshim check as a linter: what it says of rules that are not wrong. */
#include <string.h>

#include "tests/e2e/harness.h"

#define INET "deny network inet,\ndeny network inet6,\n"

static struct run checked(const char *policy, const char *options)
{
    put("p.policy", policy);
    return run(text("cd \"$T\" && \"$SUNSHIM\" check %s p.policy", options));
}

/* What it says of a policy that has to do with unix sockets alone. */
static const struct {
    const char *policy, *says; /* "": nothing */
} rows[] = {
    /* Other rules. */
    {"unix (connect) peer=(addr=/a),\ndeny unix (connect) peer=(addr=/*),\n",
     "p.policy:1:1: warning: allows nothing: p.policy:2 denies all of this [shadowed]\n"
     "    1 | unix (connect) peer=(addr=/a),\n"
     "      | ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"},
    {"allow all,\ndeny unix (connect),\n\tdeny unix (connect) peer=(addr=/a) errno=ENOENT,\n",
     "p.policy:3:2: warning: never decides: p.policy:2 denies all of this before it [shadowed]\n"},
    {"unix,\ndeny unix (send),\ninject unix (send) errno=EPERM,\n",
     "p.policy:3:1: warning: never acts: p.policy:2 denies all of this [shadowed]\n"},
    {"unix (connect),\nunix connect,\n", "p.policy:2:1: warning: says the same as p.policy:1 [duplicate]\n"},
    {"unix (connect) peer=(addr=/a),\nprofile x /x {\n  unix (connect) peer=(addr=/a),\n}\n",
     "p.policy:3:3: warning: says the same as p.policy:1 [duplicate]\n"},
    {"unix (connect, send) peer=(addr=/a),\nunix connect,\nunix send,\n",
     "p.policy:1:1: warning: changes nothing: p.policy:2 and p.policy:3 allow all of this [redundant]\n"},
    {"allow all,\ndeny unix (connect),\ndeny unix (connect) peer=(addr=/a),\n",
     "p.policy:3:1: warning: changes nothing: p.policy:2 denies all of this [redundant]\n"},
    {"include <abstractions/sockets>\nunix (create),\n", "/abstractions/sockets:7 allows all of this [redundant]\n"},
    {"unix,\ninclude <abstractions/sockets>\n",
     "p.policy:2:1: warning: changes nothing: other rules say all that "},
    {"unix,\n# include it\n  #include <abstractions/sockets>", "p.policy:3:1: warning: changes nothing: other rules say all that "},
    {"include <abstractions/sockets>\nunix (create, bind),\n", ""},
    {"unix (connect) peer=(addr=/a),\ndeny unix (connect) peer=(addr=/b),\n", ""},
    {"unix (connect),\ninject unix (connect) errno=EPERM when=2,\ninject unix (connect) errno=EPERM when=2,\n", ""},
    /* What can never be. */
    {"unix (bind) addr=/srv/x/,\n",
     "p.policy:1:13: warning: never matches: the name of a socket does not end in '/' [never]\n"
     "    1 | unix (bind) addr=/srv/x/,\n"
     "      |             ^~~~~~~~~~~~\n"},
    {"unix peer=(addr=/srv/x/),\n", "p.policy:1:12: warning: never matches: "},
    {"unix (connect,\n  send) peer=( addr = \"/srv/a b/\" ),\n", "p.policy:2:16: warning: never matches: "},
    {"unix addr=/srv/x/,\n", "p.policy:1:6: warning: never matches: "},
    {"deny unix addr=\"/srv/\\x00\",\nunix,\n", "never matches: a pathname has no NUL bytes [never]\n"},
    {"unix (listen, accept) type=dgram,\n", "never matches: only stream and seqpacket sockets listen and accept [never]\n"},
    {"unix type=rdm,\n", "never matches: there are no sockets of this family and type [never]\n"},
    {"unix protocol=tcp,\n", "never matches: unix sockets have protocol 0 [never]\n"},
    {"network inet dgram protocol=tcp,\n", "never matches: there are no sockets of this type and protocol [never]\n"},
    {"unix (accept) peer=(label=x),\n", "p.policy:1:21: warning: never matches: a label is the name of a profile in this policy, "},
    {"unix (accept) peer=(label=y),\nprofile y /y {\n  unix (bind),\n}\n", ""},
    {"unix (accept) peer=(label=unconfined scope=inside),\n", "never matches: what was bound inside this run is not unconfined"},
    {"map /s/ -> /srv/deep/,\nunix (bind) addr=/s/x,\n",
     "p.policy:2:13: warning: never matches: a map rule replaces this name, "},
    {"map /s/ -> /srv/deep/,\nunix (bind) addr=/srv/deep/x,\n", ""},
    {"@{both} = /srv/x/ /srv/y\nunix (bind) addr=@{both},\n", ""}, /* one of its values is right */
    /* Too wide. */
    {"unix (connect) peer=(addr=/**),\n", "p.policy:1:22: warning: takes in names in every directory [wide]\n"},
    {"unix (connect) peer=(addr=/**.sock),\n", "takes in names in every directory [wide]\n"},
    {"unix (bind) addr=@**,\n", "p.policy:1:13: warning: takes in abstract names of anybody [wide]\n"},
    {"unix (bind) addr=@*,\n", "takes in abstract names of anybody [wide]\n"},
    {"unix (bind) addr=/tmp/**,\n", "takes in whatever anybody has in /tmp [wide]\n"},
    {"unix (bind) addr=/{srv,tmp}/*,\n", "takes in whatever anybody has in /tmp [wide]\n"},
    {"unix (bind) addr=/home/**,\n", "takes in whatever anybody has in /home [wide]\n"},
    {"unix (bind) addr=/tmp/x-*,\nunix (bind) addr=@x*,\nunix (bind) addr=/srv/**,\n", ""},
    {"unix (getattr) addr=/tmp/**,\n", ""}, /* of a socket that it has */
    {"unix (connect) peer=(addr=/tmp/** scope=inside),\n", ""},
    {"unix,\ndeny unix (connect) peer=(addr=/**),\n", ""},
    /* Keys. */
    {"unix (connect) peer=(addr=/run/docker.sock),\n",
     "p.policy:1:22: warning: opens /run/docker.sock: who talks to it is root on this machine [key]\n"},
    {"unix (connect) peer=(addr=/run/*),\ndeny unix (connect) peer=(addr=/run/docker.sock),\n",
     "p.policy:1:22: warning: opens /run/cri-dockerd.sock: "},
    {"unix (connect) peer=(addr=/run/user/*/bus),\n", ""}, /* without send */
    {"unix (connect, send) peer=(addr=/run/user/*/bus),\n", "start programs as you, which this policy does not hold [key]\n"},
    {"unix (connect) peer=(addr=@/tmp/.X11-unix/X[0-9]),\n", "opens @/tmp/.X11-unix/X0: "},
    {"unix (connect) type=stream,\n", "opens /run/docker.sock: who talks to it is root on this machine; and "},
    {"unix (connect) peer=(addr=/run/docker.sock),\nunix (bind) addr=/run/docker.sock,\n", ""}, /* its own */
    {"unix (connect) peer=(scope=inside),\n", ""},
    {"unix (connect),\nscope pathname abstract,\n", ""},
    {"allow all,\ndeny unix (connect) peer=(addr=/a),\n", ""},
    {"profile x /x flags=(default_allow) {\n  deny unix (bind),\n}\nunix (bind),\n", ""},
};

/* Policies about unix sockets alone. */
#define QUIET "--allow inet "

Test(lint, says_what_is_the_matter_and_where)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool key = strstr(rows[i].says, "[key]") || strstr(rows[i].says, "opens ");
        struct run r = checked(rows[i].policy, key || !*rows[i].says ? QUIET : QUIET "--allow key");

        check_status(r, 0);
        if (*rows[i].says)
            cr_expect(strstr(r.err, rows[i].says), "%s--- should say\n%s%s", rows[i].policy, rows[i].says, run_report(&r));
    }
}

Test(lint, says_nothing_of_rules_that_are_right)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (*rows[i].says)
            continue;
        struct run r = checked(rows[i].policy, QUIET "--allow key");
        cr_expect_str_eq(r.err, "", "%s---\n%s", rows[i].policy, run_report(&r));
    }
}

/* --- Switching it off ------------------------------------------------------ */

#define TWICE "unix (connect) peer=(addr=/a),\nunix (connect) peer=(addr=/a),"

Test(lint, a_kind_of_warning_is_switched_off_by_its_name)
{
    struct run r = checked(INET TWICE "\n", "");
    check_has(r, err, "[duplicate]");
    check_has(r, out, "p.policy: ok, 4 rules, 0 profiles, 1 warning\n");
    r = checked(INET TWICE "\n", "--allow duplicate");
    cr_assert_str_eq(r.err, "", "%s", run_report(&r));
    check_out(r, "p.policy: ok, 4 rules, 0 profiles\n");
    r = checked(INET TWICE "\n", "--allow shadowed");
    check_has(r, err, "[duplicate]");
    r = checked(INET TWICE "\n", "--allow duplicates");
    check_status(r, 125);
    check_has(r, err, "did you mean 'duplicate'?");
}

Test(lint, a_comment_at_a_rule_switches_it_off_there)
{
    static const char *const ways[] = {TWICE " # sunshim: allow duplicate\n", TWICE "# sunshim: allow wide, duplicate: why not\n"};

    for (unsigned i = 0; i < 2; i++) {
        struct run r = checked(text("%s%s", INET, ways[i]), "");
        cr_expect_str_eq(r.err, "", "%s", run_report(&r));
    }
    struct run r = checked(INET "unix connect,\n  # sunshim: allow duplicate\n  unix (connect),\nunix connect,\n", "--allow key");
    check_lacks(r, err, "p.policy:5");
    check_has(r, err, "p.policy:6:1: warning: says the same");
    r = checked(INET TWICE " # sunshim: allow wide\n", "");
    check_has(r, err, "[duplicate]");
    r = checked("unix (bind) addr=/a,\n# sunshim: allow inet\n", "");
    cr_assert_str_eq(r.err, "", "%s", run_report(&r));
}

Test(lint, warnings_fail_only_when_that_is_asked_for)
{
    struct run r = checked(INET TWICE "\n", "");
    check_status(r, 0);
    r = checked(INET TWICE "\n", "--error");
    check_status(r, 1);
    r = checked(INET TWICE "\n", "--error --allow duplicate");
    check_status(r, 0);
    r = checked("unix (bind) addr=/a,\n", "--error");
    check_status(r, 1);
    check_has(r, err, "[inet]");
}

/* --- This machine ---------------------------------------------------------- */

Test(lint, a_name_through_a_symbolic_link_never_matches)
{
    struct run r = run("cd \"$T\" && mkdir real && ln -s real link && touch real/file && ln -s file real/there\n"
                       "at=$(realpath .)\n"
                       "cat >p.policy <<EOF\n" INET "unix (bind) addr=$at/link/x,\n"
                       "unix (connect) peer=(addr=$at/link/*),\nunix (connect) peer=(addr=$at/real/there),\n"
                       "unix (bind) addr=$at/real/there,\nunix (bind) addr=$at/{link,real}/y,\n"
                       "deny unix (connect) peer=(addr=$at/link/y),\n"
                       "@{both} = $at/link $at/real\nunix (connect) peer=(addr=@{both}/z),\n"
                       "unix (accept) peer=(exe=$at/link/prog),\n"
                       "profile p $at/real/there {\n  unix (send),\n}\nEOF\n"
                       "\"$SUNSHIM\" check --allow inet p.policy");
    check_has(r, err, "p.policy:3:13: warning: never matches: ");
    check_has(r, err, "/link is a symbolic link here [never]\n");
    check_has(r, err, "/real in its place: rules are asked about names without links\n");
    check_has(r, err, "p.policy:4:22: warning: never matches: ");
    check_has(r, err, "p.policy:5:22: warning: never matches: ");
    check_has(r, err, "p.policy:8:27: warning: never matches: ");
    check_has(r, err, "p.policy:11:21: warning: never matches: ");
    check_has(r, err, "p.policy: warning: profile p is never chosen: ");
    cr_assert_eq(lines_with(r.err, "[never]", NULL), 6, "%s", run_report(&r));
}

/* --- Coverage -------------------------------------------------------------- */

StockTest(lint, a_traced_run_shows_which_rules_it_did_not_need)
{
    put("p.policy", INET "unix (create),\nunix (bind)  addr=\"@a*\",\nunix (bind) addr=@b,\n"
                    "deny unix (bind) addr=@c,\ndeny unix (bind) addr=@d,\ninject unix (bind) addr=@e errno=EPERM,\n"
                    "unix (bind) addr=@e,\n");
    struct run r = run("cd \"$T\" && for format in '' --json; do\n"
                       "\"$SUNSHIM\" run --trace --log log $format -p ./p.policy -- \"$P/sk\" 'socket unix dgram' 'bind @a1' "
                       "'socket unix dgram' 'bind @a2' 'socket unix dgram' 'bind @c' || :\n"
                       "\"$SUNSHIM\" check --coverage log p.policy; rm log; done");
    cr_assert_eq(lines_with(r.out, "         3  p.policy:3  unix (create),", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "         2  p.policy:4  unix (bind) addr=\"@a*\",", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "         1  p.policy:6  deny unix (bind) addr=@c,", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "         0  p.policy:5  unix (bind) addr=@b,", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p.policy:5:1: warning: no call needed this rule [unused]", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p.policy:7:1: note: denied no call [unused]", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p.policy:8:1: warning: acted on no call [unused]", NULL), 2, "%s", run_report(&r));
    check_lacks(r, err, "p.policy:4:1: ");
    check_lacks(r, err, "p.policy:6:1: ");
}

StockTest(lint, injected_faults_are_coverage_and_several_logs_add_up)
{
    put("p.policy", INET "unix (create),\nunix (bind) addr=@e,\ninject unix (bind) addr=@e errno=EPERM,\n");
    struct run r = run("cd \"$T\" && for i in 1 2; do \"$SUNSHIM\" run --trace --log log$i -p ./p.policy -- "
                       "\"$P/sk\" 'socket unix dgram' 'bind @e' || :; done\n"
                       "\"$SUNSHIM\" check --coverage log1 --coverage log2 p.policy");
    check_has(r, out, "         2  p.policy:5  inject unix (bind) addr=@e errno=EPERM,\n");
    check_lacks(r, err, "p.policy:5:");
}

StockTest(lint, without_traced_calls_nothing_is_said_of_rules_that_allow)
{
    put("p.policy", INET "unix (create),\nunix (bind) addr=@b,\ndeny unix (bind) addr=@c,\n");
    struct run r = run("cd \"$T\" && \"$SUNSHIM\" run --log log -p ./p.policy -- \"$P/sk\" 'socket unix dgram' 'bind @c' || :\n"
                       "\"$SUNSHIM\" check --coverage log p.policy");
    check_has(r, err, "no calls were traced, so that nothing is known of rules that allow");
    check_lacks(r, err, "[unused]\n    4");
    check_has(r, out, "         1  p.policy:5  deny unix (bind) addr=@c,\n");
    r = run("cd \"$T\" && \"$SUNSHIM\" check --coverage nothing p.policy");
    check_status(r, 125);
}

#define USED(rules) \
    "time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"socket\" class=\"net\" profile=\"-\" pid=1 ppid=1 comm=\"a\" " \
    "exe=\"/a\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" result=3 duration_ns=1 rules=\"" rules "\"\n"

/* Logs name a file as it was given; those are others. */
Test(lint, coverage_is_of_the_same_file_however_it_is_named)
{
    put("p.policy", INET "unix (create),\n");
    put("log", text(USED("p.policy2:3") USED("p.policy:3") USED("./p.policy:3") USED("%s/p.policy:3") USED("p.policy:3x") USED("sp.policy:3")
                    USED("/elsewhere/p.policy:3") USED("p.policy:13") USED("q.policy:1,p.policy:3")
                    "{\"sunshim\":\"TRACE\",\"operation\":\"socket\",\"rules\":[\"q.policy:1\",\"p.policy:3\"]}\n", scratch()));
    struct run r = run("cd \"$T\" && for p in p.policy ./p.policy $T/p.policy; do \"$SUNSHIM\" check --coverage log $p; done");

    cr_assert_eq(lines_with(r.out, "         6  p.policy:3 ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "         6  ./p.policy:3 ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, text("         5  %s/p.policy:3 ", scratch()), NULL), 1, "%s", run_report(&r));
}

Test(lint, coverage_of_thousands_of_rules)
{
    struct run r = run("cd \"$T\" && seq 2000 | sed 's|.*|unix (connect) peer=(addr=/srv/&/s),|' >p.policy\n"
                       "seq 2000 | sed 's|.*|sunshim=\"TRACE\" operation=\"connect\" rules=\"p.policy:&\"|' >log\n"
                       "\"$SUNSHIM\" check --allow inet --coverage log p.policy");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "         1  p.policy:", NULL), 2000, "%s", r.err);
}

/* --- Many rules ------------------------------------------------------------ */

Test(lint, ten_thousand_rules_are_looked_over, .timeout = 60)
{
    struct run r = run("cd \"$T\" && i=0; { echo 'deny network inet,'; echo 'deny network inet6,'\n"
                       "seq -f 'unix (connect) peer=(addr=/srv/%05.0f/sock),' 10000; echo 'unix (connect) peer=(addr=/srv/00777/*),'\n"
                       "} >p.policy; timeout 50 \"$SUNSHIM\" check p.policy");
    check_status(r, 0);
    check_has(r, err, "p.policy:779:1: warning: changes nothing: p.policy:10003 allows all of this [redundant]\n");
    cr_assert_eq(lines_with(r.err, "warning", NULL), 1, "%s", r.out);
}

/* --- examples/check-policies ------------------------------------------------ */

StockTest(lint, the_example_fails_on_warnings_and_on_rules_that_a_suite_does_not_need)
{
    put("p.policy", "include <abstractions/sockets>\n" INET "unix (bind) addr=@a,\n");
    struct run r = run("\"$TOP/examples/check-policies\" $T/p.policy");
    check_status(r, 0);
    r = run("\"$TOP/examples/check-policies\" $T/p.policy \"$P/sk\" 'socket unix dgram' 'bind @a'");
    check_status(r, 0);
    r = run("\"$TOP/examples/check-policies\" $T/p.policy \"$P/sk\" 'socket unix dgram'");
    check_status(r, 1);
    check_has(r, err, "p.policy:4:1: warning: no call needed this rule [unused]");
}

/* The 'allow all,' behind a rule from the command line is nobody's. */
Test(lint, coverage_says_nothing_of_a_rule_that_nobody_wrote)
{
    struct run r = run("cd \"$T\" && echo 'time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"connect\" class=\"net\" profile=\"-\" "
                       "pid=1 ppid=1 comm=\"a\" exe=\"/a\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"connect\" "
                       "peer_addr=\"/x\" fd=3 result=-1 errno=EACCES duration_ns=1 verdict=\"DENIED\" rules=\"--rule:1\"' >log\n"
                       "\"$SUNSHIM\" check --error --coverage log --rule 'deny unix (connect) peer=(addr=/x),'");

    check_status(r, 0);
    check_lacks(r, err, "allow all");
}

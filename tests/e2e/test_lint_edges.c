/* sunshim check: what it must not say, and where a limit is. */
#include <string.h>

#include "tests/e2e/harness.h"

#define INET "deny network inet,\ndeny network inet6,\n"

/* $at is the test's directory without links. */
static struct run checked(const char *policy, const char *options)
{
    put("rules", policy);
    return run(text("cd \"$T\"; at=$(realpath .); sed \"s|AT|$at|g\" rules >p.policy; \"$SUNSHIM\" check %s ./p.policy", options));
}

/* How many warnings of this kind there are for the rules. */
static void check_said(const char *rules, const char *kind, int times)
{
    struct run r = checked(text("%s%s", INET, rules), "");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.err, "warning: ", text("[%s]", kind), NULL), times, "%s\n%s", rules, run_report(&r));
}

static const char *many(char c, int count)
{
    char *all = text("%*s", count, "");

    return memset(all, c, (size_t)count);
}

Test(lint_edges, names_have_limits)
{
    const char *path = "";

    check_said(text("unix (bind) addr=/%s,\n", many('a', 255)), "never", 0);
    check_said(text("unix (bind) addr=/%s,\n", many('a', 256)), "never", 1);
    check_said(text("unix (bind) addr=@%s,\n", many('a', 107)), "never", 0);
    check_said(text("unix (bind) addr=@%s,\n", many('a', 108)), "never", 1);
    check_said(text("unix (bind) addr=/{%s,%s},\n", many('a', 200), many('b', 200)), "never", 0);
    check_said(text("unix (bind) addr=@{%s,%s},\n", many('a', 60), many('b', 60)), "never", 0);
    for (int i = 0; i < 40; i++)
        path = text("%s/%s", path, many('d', 101)); /* 4080 bytes */
    check_said(text("unix (bind) addr=%s/%s,\n", path, many('a', 14)), "never", 0);
    check_said(text("unix (bind) addr=%s/%s,\n", path, many('a', 15)), "never", 1);
}

Test(lint_edges, what_may_match_somewhere_is_not_said_to_match_never)
{
    check_said("unix (connect) peer=(addr=/a),\nprofile p /srv/p {\n map /a -> /b,\n unix (connect) peer=(addr=/b),\n}\n", "never", 0);
    check_said("profile p /srv/p {\n map /a -> /b,\n unix (connect) peer=(addr=/a/c),\n unix (connect) peer=(addr=/a),\n}\n", "never", 1);
    check_said("unix (connect) peer=(addr=/proc/self/x),\n", "never", 0);
    check_said("unix (create) type=stream protocol=1,\n", "never", 0);
    check_said("unix (create) type=stream protocol=2,\n", "never", 1);
    check_said("profile web { unix, }\nunix (connect) peer=(scope=outside label=web),\n", "never", 1);
}

/* A part of a component is none; what leads nowhere cannot be written in another way. */
Test(lint_edges, links_are_whole_components_that_lead_somewhere)
{
    run("mkdir $T/real $T/link2; ln -s real $T/link; ln -s nowhere $T/dangling");
    check_said("unix (bind) addr=AT/link2/x,\nunix (bind) addr=AT/dangling/x,\n", "never", 0);
    check_said("unix (bind) addr=AT/link/x,\n", "never", 1);
}

/* Faults are about what others allow. */
Test(lint_edges, inject_rules_stand_in_for_nothing)
{
    check_said("unix (connect) peer=(addr=/a),\ninject unix (connect) errno=EIO,\n", "redundant", 0);
    check_said("inject unix (connect) peer=(addr=/a) errno=EIO,\nunix (connect),\n", "redundant", 0);
}

Test(lint_edges, rules_with_several_names_and_odd_networks_cover_others)
{
    check_said("@{d} = /a /b\nunix (connect) peer=(addr=@{d}/*),\nunix (connect) peer=(addr=/b/x),\n", "redundant", 1);
    struct run r = checked("network (connect) inet peer=(ip=10.0.0.0/12),\nnetwork (connect) inet peer=(ip=10.5.0.0/16),\n", "--allow inet");
    cr_assert_eq(lines_with(r.err, "p.policy:2:1: warning: changes nothing: ./p.policy:1 allows", NULL), 1, "%s", run_report(&r));
}

/* --- Keys ------------------------------------------------------------------------------------ */

Test(lint_edges, keys_are_what_a_program_could_use)
{
    check_said("unix (connect) peer=(addr=/run/dbus/system_bus_socket),\n", "key", 0);
    check_said("unix (connect, send) peer=(addr=/run/dbus/system_bus_socket),\n", "key", 1);
    check_said("allow all,\ndeny unix (connect) peer=(addr=/x),\n", "key", 0);
    check_said("allow all,\ndeny unix (bind),\n", "key", 0);
    with_env("XDG_RUNTIME_DIR=/srv/run7");
    check_said("unix (connect) peer=(addr=/srv/run7/docker.sock),\n", "key", 1);
}

/* --- Includes and coverage -------------------------------------------------------------------- */

Test(lint_edges, an_include_is_needed_when_one_of_its_rules_is)
{
    put("a", "unix (bind) addr=/a,\nunix (bind) addr=/x/y,\n");
    put("b", "unix (bind) addr=/x/b,\nunix (bind) addr=/x/c,\n");
    struct run r = checked(INET "include \"a\"\ninclude \"b\"\nunix (bind) addr=/x/*,\n", "");

    cr_assert_eq(lines_with(r.err, "warning: ", "[redundant]", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p.policy:4:", "/b does [redundant]", NULL), 1, "%s", run_report(&r));
    r = checked(INET "include \"a\"\ninclude \"b\"\nunix (bind) addr=/x/*,\n", "--allow redundant");
    check_lacks(r, err, "[redundant]");
}

Test(lint_edges, coverage_says_one_thing_of_a_rule_and_none_to_the_terminal)
{
    put("log", "sunshim=\"TRACE\" operation=\"bind\" rules=\"p.policy:3\"\n");
    struct run r = checked(INET "unix (bind) addr=\"@a\x1b" "xb\",\nunix (bind) addr=@c,\nunix (bind) addr=@c,\n", "--coverage log");

    check_lacks(r, out, "\33");
    cr_assert_eq(lines_with(r.err, "p.policy:5:1: warning: ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p.policy:5:1: warning: says the same as ", NULL), 1, "%s", run_report(&r));
}

/* Rules that it includes are used under others, too. */
Test(lint_edges, coverage_of_included_rules_is_no_sign_that_a_policy_was_used)
{
    put("a", "unix (bind) addr=/a,\n");
    put("log", "sunshim=\"TRACE\" operation=\"bind\" rules=\"a:1\"\n");
    struct run r = checked(INET "include \"a\"\nunix (bind) addr=/b,\n", "--coverage log");

    check_has(r, err, "sunshim: check: the logs name no rule of ./p.policy: were they made under it?\n");
}

/* sunshim run --expect: what is wrong in a file, and where. */
#include <string.h>

#include "tests/e2e/harness.h"

static void check_error(const char *expectations, const char *message)
{
    put("e", expectations);
    struct run r = run("cd $T; $SUNSHIM run --expect e -- sh -c 'echo started'");
    cr_assert_eq(r.status, 125, "\"%s\" is accepted\n%s", expectations, run_report(&r));
    cr_assert_str_empty(r.out, "the command was started\n%s", run_report(&r));
    cr_assert(strstr(r.err, message), "\"%s\": no \"%s\"\n%s", expectations, message, run_report(&r));
}

Test(suite_expect, errors_say_where)
{
    check_error("\nmust unix (conect),\n", "e:2:12: error: 'conect' is not a permission\n    2 | must unix (conect),\n");
    check_error("must deny unix,\n", "e:1:6: error: 'unix' or 'network' should stand here");
    check_error("must not not unix,\n", "e:1:10: error: 'unix' or 'network' should stand here");
    check_error("must", "e:1:5: error: 'unix' or 'network' should stand here");
    check_error("unix (connect),\n", "e:1:1: error: neither an expectation, nor a variable, nor a profile");
    check_error("must unix\nmust unix,\n", "e:1:10: error: the rule is not ended by a comma");
    check_error("must unix (connect) peer=(addr=@{no}/x),\n", "e:1:32: error: the variable @{no} is not set");
    check_error("include <abstractions/sockets>\n", "e:1:1: error: files cannot be included here");
    check_error("#include <abstractions/sockets>\nmust unix,\n", "e:1:11: error: files cannot be included here");
    check_error("must unix,\n}\n", "e:2:1: error: neither");
    check_error("profile x\nmust unix,\n", "e:1:1: error: no '{' begins");
    check_error("must unix (connect) peer=(scope=inside),\n", "e:1:6: error: an expectation cannot ask for scope=");
    check_error("must unix (accept) peer=(uid=0),\n", "e:1:6: error: an expectation cannot ask for scope=");
    check_error("profile x /bin/x {\n must unix (connect) peer=(scope=inside),\n}\n", "e:2:7: error: an expectation cannot ask for scope=");
    check_error("must\n unix\n (bind),\nmust unix (a),\n", "e:4:12: error: 'a' is not a permission\n    4 | must unix (a),\n");
    check_error("must unix peer=(label=x),\n", "e:1:6: error: an expectation cannot ask for scope=");
    check_error("must not unix type=raw protocol=tcp,\n", "e:1:10: error: nothing ever does this: ");
    check_error("# nothing\n", "e: error: nothing is expected");
    check_error("must unix peer=(addr=\"/x),\nmust unix,\n", "e:1:22: error: this quote is not closed on its line");
}

/* Names in records have no links in them: what must not be done would never be seen. */
Test(suite_expect, names_through_links_are_told)
{
    run("ln -s . $T/link");
    check_error(text("must not unix (connect) peer=(addr=%s/link/s),\n", scratch()),
                text("e:1:10: error: nothing ever does this: %s/link is a symbolic link here\n", scratch()));
    check_error(text("must not unix addr=%s/link/s,\n", scratch()), "e:1:10: error: nothing ever does this: ");
    check_error(text("profile x /bin/x {\n must not unix (bind) addr=%s/link/*,\n}\n", scratch()), "e:2:11: error: nothing ever does this: ");
    put("e", text("@{d} = %s/link %s\nmust not unix (connect) peer=(addr=@{d}/s),\n", scratch(), scratch()));
    struct run r = run("$SUNSHIM run --expect $T/e --junit /none/x -- true");
    check_has(r, err, "sunshim: --junit: cannot write");
    check_lacks(r, err, "error:");
}

Test(suite_expect, all_errors_at_once)
{
    put("e", "must unix (a),\nmust unix (b),\nfoo,\nmust deny unix,\nprofile p /bin/p { must unix }\nprofile q /bin/q { must unix (c), }\n");
    struct run r = run("cd $T; $SUNSHIM run --expect e -- true");
    for (int i = 1; i <= 6; i++)
        cr_assert_eq(lines_with(r.err, text("e:%d:", i), ": error: ", NULL), 1, "line %d\n%s", i, run_report(&r));
    cr_assert_eq(lines_with(r.err, ": error: ", NULL), 6, "%s", run_report(&r));
}

Test(suite_expect, there_are_1000_at_most)
{
    struct run r = run("cd $T; seq 1000 | sed 's|.*|must not unix (bind) addr=/&,|' >e; (cat e; echo 'must unix,') >f\n"
                       "echo 'must unix,' >g; for a in '--expect f' '--expect e --expect g'; do\n"
                       "    $SUNSHIM run $a -- echo started || echo $?; done");

    check_out(r, "125\n125\n");
    check_has(r, err, "f:1001:1: error: more than 1000 expectations in a file\n");
    check_has(r, err, "sunshim: g: more than 1000 expectations together\n");
}

Test(suite_expect, a_file_that_cannot_be_read_starts_nothing)
{
    struct run r = run("$SUNSHIM run --expect $T/none -- sh -c 'echo started'");
    check_status(r, 125);
    check_out(r, "");
    check_has(r, err, "/none: error: No such file");
}

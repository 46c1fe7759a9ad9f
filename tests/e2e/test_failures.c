/* A policy that cannot be loaded never means an unprotected program: status 125
 * before main(), and a message that says why. Here with the library alone. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* Programs copied to where another user reaches them. */
#define VICTIM "cp -L \"$P/sk\" sk; "

static void check_refused(const char *prepare, const char *setting, const char *says)
{
    struct run r = run(text(VICTIM "%s env $PRELOAD %s ./sk 'socket unix stream'", prepare, setting));
    cr_assert(r.status == 125, "%s: status %d\n%s", setting, r.status, run_report(&r));
    cr_assert(!*r.out, "%s: main() was reached\n%s", setting, run_report(&r));
    cr_assert(!strncmp(r.err, "sunshim: ", 9) || strstr(r.err, "\nsunshim: ") || strstr(r.err, ".policy:"),
              "%s: no message\n%s", setting, run_report(&r));
    cr_assert(strstr(r.err, says), "%s: the message lacks '%s'\n%s", setting, says, run_report(&r));
}

Test(failures, a_missing_policy)
{
    check_refused("", "SUNSHIM_POLICY=$T/none.policy", "none.policy");
    check_refused("", "SUNSHIM_POLICY=$T/none.policy", "no such policy");
}

Test(failures, a_directory)
{
    check_refused("mkdir d.policy;", "SUNSHIM_POLICY=$T/d.policy", "directory");
}

Test(failures, an_unreadable_policy)
{
    put("p.policy", "unix,\n");
    struct run r = run(VICTIM "chmod 000 p.policy; cp \"$LIB\" lib.so; "
                              "if [ $(id -u) = 0 ]; then as='setpriv --reuid=65534 --clear-groups'; else as=; fi; "
                              "[ -z \"$PRELOAD\" ] || PRELOAD=LD_PRELOAD=$T/lib.so; "
                              "$as env $PRELOAD SUNSHIM_POLICY=$T/p.policy ./sk 'socket unix stream'");
    check_status(r, 125);
    check_out(r, "");
    check_has(r, err, "p.policy: EACCES");
}

Test(failures, an_empty_policy)
{
    check_refused(": >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "allow");
    check_refused("echo '# nothing' >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "allow");
}

Test(failures, an_empty_name_is_not_no_policy)
{
    put("p.policy", "unix,\n");
    check_refused("", "SUNSHIM_POLICY=$T/p.policy:$T/none.policy", "none.policy");
}

Test(failures, one_that_allows_nothing_says_how_to_mean_it)
{
    check_refused("echo 'deny unix,' >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "deny all,");
}

Test(failures, fifty_megabytes, .timeout = 60)
{
    check_refused("(echo unix,; head -c 50M /dev/zero | tr '\\0' '#') >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "p.policy");
    check_refused("yes 'unix (bind) addr=@x,' | head -c 50M >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "p.policy");
}

Test(failures, a_device_that_never_ends)
{
    check_refused("", "SUNSHIM_POLICY=/dev/zero", "/dev/zero");
}

Test(failures, cyclic_includes)
{
    check_refused("printf 'unix,\\ninclude \"p.policy\"\\n' >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "p.policy:2:");
    check_refused("printf 'unix,\\ninclude \"b\"\\n' >p.policy; printf 'include \"p.policy\"\\n' >b;",
                  "SUNSHIM_POLICY=$T/p.policy", "include");
}

Test(failures, an_include_that_is_missing)
{
    check_refused("printf 'unix,\\ninclude \"gone\"\\n' >p.policy;", "SUNSHIM_POLICY=$T/p.policy", "p.policy:2:");
}

Test(failures, settings_that_mean_nothing)
{
    put("p.policy", "unix,\n");
    check_refused("", "SUNSHIM_POLICY=$T/p.policy SUNSHIM_MODE=sometimes", "SUNSHIM_MODE");
    check_refused("", "SUNSHIM_POLICY=$T/p.policy SUNSHIM_LOG_FORMAT=xml", "SUNSHIM_LOG_FORMAT");
    check_refused("", "SUNSHIM_POLICY=$T/p.policy SUNSHIM_PROFILE=nobody", "nobody");
    check_refused("", "SUNSHIM_DOMAIN=$T/gone", "gone");
}

Test(failures, a_compiled_policy_that_was_damaged)
{
    check_refused("mkdir domain; echo garbage >domain/policy;", "SUNSHIM_DOMAIN=$T/domain", "domain");
    check_refused("mkdir domain2; : >domain2/policy;", "SUNSHIM_DOMAIN=$T/domain2", "domain2");
}

/* --- Wrong in every way ----------------------------------------------------- */

static const char *const wrong[] = {
    "unix",
    "unix (bind)",
    "unix (bnd),",
    "unix (bind,",
    "unix bind),",
    "unix (bind) type=strem,",
    "unix (bind) type=,",
    "unix (bind) type,",
    "unix (bind) type=stream type=dgram,",
    "unix (bind) addr=,",
    "unix (bind) addr=relative/path,",
    "unix (bind) addr=\"\\x00x00\",",
    "unix (bind) addr=\"unterminated,",
    "unix (bind) addr=@[a-,",
    "unix (bind) addr=@{a,",
    "unix (bind) addr=@x} ,",
    "unix (bind) addr=@{undefined},",
    "unix (bind) colour=blue,",
    "unix (bind) protocol=elephant,",
    "unix (connect) peer=addr=@x,",
    "unix (connect) peer=(addr=@x,",
    "unix (connect) peer=(colour=blue),",
    "unix (connect) peer=(addr=@x) peer=(addr=@y),",
    "unix (bind) peer=(addr=@x),",
    "unix (connect) label=x,",
    "unix (send) errno=ENOENT,",
    "deny unix (connect) errno=ENOWHERE,",
    "deny unix (connect) errno=0,",
    "deny unix (connect) errno=99999,",
    "unix scope=inside,",
    "network nosuchfamily,",
    "network inet nosuchtype,",
    "network inet stream nonsense,",
    "network (fly) inet,",
    "network (connect) inet peer=(ip=300.1.1.1),",
    "network (connect) inet peer=(ip=10.0.0.0/33),",
    "network (connect) inet6 peer=(ip=::g),",
    "network (connect) inet peer=(port=70000),",
    "network (connect) inet peer=(port=20-10),",
    "network (bind) inet ip=,",
    "allow",
    "allow everything,",
    "deny all",
    "allow deny unix,",
    "unix,,",
    "unix; ",
    "flags=(complain),",
    "@{x}",
    "@{x} =",
    "@{} = a",
    "@{x} = a\n@{x} = b",
    "@{never_set} += a",
    "@{x} = @{x}\nunix addr=@@{x},",
    "profile",
    "profile x",
    "profile x {",
    "profile x { unix, ",
    "profile x flags=(nonsense) { unix, }",
    "profile x flags=complain) { unix, }",
    "profile x { unix, }\nprofile x { unix, }",
    "}",
    "include",
    "include \"\"",
    "include <nosuch/file>",
    "include if \"x\"",
    "include <unterminated",
    "scope pathnam,",
    "scope,",
    "deny scope pathname,",
    "map /a/ -> /a/b/,",
    "inject unix (connect) when=2,",
    "deny unix (inherit) peer=(addr=@x),",
    "unix fd=9-3,",
    "unix peer=(scope=near),",
    "audit quiet unix,",
    "quiet unix,",
    "uniks,",
    "unix (connect) peer=(uid=0),",
    "unix (connect) peer=(exe=/bin/sh),",
    "\x01\x02\x03",
    "unix (bind) addr=\"a\nb\",",
};

Test(failures, wrong_in_every_way, .timeout = 60)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put("p.policy", text("unix (create),\n%s\n", wrong[i]));
        struct run r = run("env $PRELOAD SUNSHIM_POLICY=$T/p.policy \"$P/sk\" 'socket unix stream'");
        cr_expect(r.status == 125 && !*r.out, "'%s' loads\n%s", wrong[i], run_report(&r));
        cr_expect(strstr(r.err, "p.policy:"), "'%s': no file and line\n%s", wrong[i], run_report(&r));
        cr_expect(strchr(r.err, '^'), "'%s': no caret\n%s", wrong[i], run_report(&r));
    }
}

Test(failures, all_errors_of_a_file_are_shown)
{
    put("p.policy", "unix (bnd),\nunix (create),\nunix type=strem,\nnetwork inat,\n");
    struct run r = run("env $PRELOAD SUNSHIM_POLICY=$T/p.policy \"$P/sk\" 'socket unix stream'");
    check_status(r, 125);
    check_has(r, err, "p.policy:1:7");
    check_has(r, err, "p.policy:3:11");
    check_has(r, err, "p.policy:4:9");
    check_has(r, err, "'bind'");
    check_has(r, err, "'stream'");
    check_has(r, err, "'inet'");
}

/* What a test suite expects and is told, where it would have passed for want of knowledge. */
#include <string.h>

#include "tests/e2e/harness.h"

#define LEAKY "/usr/bin/python3 -c 'import socket, subprocess; s = socket.socket(socket.AF_UNIX); s.set_inheritable(True); " \
              "subprocess.run([\"/bin/cat\", \"/dev/null\"], close_fds=False)'"

/* Nobody looks at what is inherited unless asked to: `must not` would always be met. */
StockTest(breaker7c, inherit_is_not_expected_of_a_run_that_does_not_look)
{
    put("e", "must unix (create),\nmust not unix (inherit),\n");
    struct run r = run("cd $T; $SUNSHIM run --expect e -- " LEAKY);

    check_status(r, 125);
    check_has(r, err, "e:2:10: error: 'inherit' is seen with --track only\n");
    check_has(r, err, "= sunshim run --track\n");
    r = run("cd $T; $SUNSHIM run --track --expect e -- " LEAKY);
    check_status(r, 1);
    check_has(r, err, "not as expected: e:2: must not unix (inherit): inherit unix stream by cat");
    put("e", "must not unix (inherit),\n");
    r = run("cd $T; $SUNSHIM run --track --expect e -- cat /dev/null");
    check_status(r, 0);
}

/* A rule that names no permission is about calls. */
StockTest(breaker7c, a_rule_without_permissions_needs_no_tracking)
{
    put("e", "must not unix,\nmust not unix (connect) peer=(addr=/run/inherit),\n");
    struct run r = run("cd $T; $SUNSHIM run --expect e -- true");

    check_status(r, 0);
}

/* AppArmor has the word, and nothing asks for it. */
StockTest(breaker7c, setattr_is_not_expected)
{
    put("e", "must not unix (setattr),\nmust not network (setattr) inet,\nmust not unix (setattr, bind),\n");
    struct run r = run("cd $T; $SUNSHIM run --expect e -- true");

    check_status(r, 125);
    check_has(r, err, "e:1:10: error: nothing ever does this: 'setattr' is in AppArmor's language, and no call needs it\n");
    check_has(r, err, "e:2:10: error: nothing ever does this");
    check_lacks(r, err, "e:3:");
}

/* Some have addresses that no record has: of those it is told at least what they are. */
StockTest(breaker7c, a_listener_of_a_rare_family_has_a_name)
{
    struct run r = run("$SUNSHIM run --leftovers -- /usr/bin/python3 -c 'import socket\n"
                       "try: s = socket.socket(socket.AF_VSOCK)\n"
                       "except OSError: raise SystemExit(3)\n" /* a kernel without it */
                       "s.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))\n"
                       "s.listen()'");

    if (r.status == 3)
        check_lacks(r, err, "listener");
    else
        check_has(r, err, "nobody was accepted from the listener vsock stream of python3 (pid ");
}

StockTest(breaker7c, two_kinds_of_results_are_not_written_over_each_other)
{
    struct run r = run("cd $T; $SUNSHIM run --junit same --tap ./same -- echo ran || :; $SUNSHIM run --junit - --tap - -- echo ran || :; "
                       "$SUNSHIM run --junit same --tap sub/same -- echo fine || :; mkdir sub; $SUNSHIM run --junit same --tap sub/same -- echo fine");

    check_status(r, 0);
    check_has(r, err, "sunshim: --junit and --tap would both write './same'\n");
    check_has(r, err, "sunshim: --junit and --tap would both write '-'\n");
    check_out(r, "fine\n");
}

StockTest(breaker7c, what_policies_say_is_told_in_expectations_words)
{
    put("e", "deny unix (connect),\ninclude <abstractions/x>\nunix (bind),\n");
    struct run r = run("cd $T; $SUNSHIM run --expect e -- true");

    check_status(r, 125);
    check_has(r, err, "= 'must not' instead of 'deny'\n");
    check_has(r, err, "e:2:1: error: files cannot be included here\n");
    check_has(r, err, "= put 'must' or 'must not' in front of a rule\n");
}

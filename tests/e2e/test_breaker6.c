/* What a new user met who traced, learned and reported. */
#include <string.h>

#include "tests/e2e/harness.h"

#define UNSEEN(name, why) \
    "time=2026-01-31T03:02:11.481223Z sunshim=\"UNSEEN\" operation=\"exec\" class=\"exec\" profile=\"-\" pid=7 ppid=1 comm=\"sh\" " \
    "exe=\"/bin/sh\" name=\"" name "\" info=\"" why "\"\n"

/* It is what the programs are that one wants to know. */
Test(breaker6, a_report_names_the_programs_that_were_not_seen)
{
    put("log", UNSEEN("/bin/one", "static Go") UNSEEN("/bin/two", "setuid"));
    struct run r = run("\"$SUNSHIM\" report log");

    check_status(r, 0);
    check_out(r, "2 records, 2 UNSEEN\n1 process, 0 sockets with names\n\nnot seen\n"
                 "  1x sh 7 exec /bin/one: static Go\n  1x sh 7 exec /bin/two: setuid\n");
}

Test(breaker6, reasons_are_words_in_a_trace)
{
    put("log", UNSEEN("/bin/one", "static Go\\x0a00:00:00 forged"));
    struct run r = run("\"$SUNSHIM\" trace --from log");

    check_status(r, 0);
    check_has(r, out, "--- UNSEEN exec \"/bin/one\" (static Go\\n00:00:00 forged) ---\n");
}

/* Once, and by its name. */
Test(breaker6, what_cannot_be_written_is_said_once)
{
    put("log", "time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"socket\" class=\"net\" profile=\"-\" pid=7 ppid=1 comm=\"a\" exe=\"/bin/a\" "
               "family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" result=3 duration_ns=5\n");
    struct run r = run("for c in 'learn --from log' 'trace -o - --from log'; do \"$SUNSHIM\" $c >/dev/full || echo $?; done");

    check_out(r, "125\n125\n");
    cr_assert_str_eq(r.err, "sunshim: cannot write the output: No space left on device\n"
                            "sunshim: cannot write to standard output: No space left on device\n");
}

/* Otherwise every rule looks as if nobody needed it. */
Test(breaker6, coverage_by_the_log_of_another_policy_is_doubted)
{
    put("log", "time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"socket\" class=\"net\" profile=\"-\" pid=7 ppid=1 comm=\"a\" exe=\"/bin/a\" "
               "family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" result=3 duration_ns=5 rules=\"./mine.policy:1\"\n");
    put("mine.policy", "unix (create),\ndeny network inet,\ndeny network inet6,\n");
    put("other.policy", "unix (create),\ndeny network inet,\ndeny network inet6,\n");
    struct run r = run("\"$SUNSHIM\" check --coverage log mine.policy other.policy >out");

    check_status(r, 0);
    check_has(r, err, "sunshim: check: the logs name no rule of other.policy: were they made under it?\n");
    cr_assert_null(strstr(r.err, "no rule of mine"), "%s", r.err);
}

/* To be typed again as it was. */
StockTest(breaker6, a_policy_says_by_which_command_it_was_learned)
{
    struct run r = run("cd $T; \"$SUNSHIM\" learn -o \"it's\" -- true 'a\nunix,'; grep -A1 '^# Learned' \"it's\"; grep -c '^unix' \"it's\" || :");

    check_has(r, out, "#     sunshim learn -o 'it'\\''s' -- true $'a\\012unix,'\n");
    check_has(r, out, "\n0\n");
}

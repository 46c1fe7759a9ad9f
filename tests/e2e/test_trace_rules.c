/* Which rules and names a traced call has: of several policies, of several looks at one call, through links. */
#include <string.h>

#include "tests/e2e/harness.h"

/* The rules of the first call of this name. */
static char *rules_of(const struct run *r, const char *operation)
{
    for (int i = 0; record_line(r->err, i); i++) {
        char *line = record_line(r->err, i);

        if (strstr(line, "sunshim=\"TRACE\"") && !strcmp(record_value(line, "operation"), operation))
            return record_value(line, "rules");
    }
    cr_assert_fail("no %s\n%s", operation, run_report(r));
    return NULL;
}

StockTest(trace_rules, four_policies_are_named)
{
    struct run r = run("cd $T; for i in 1 2 3 4 5 6; do echo 'unix,' >p$i; set -- \"$@\" -p ./p$i; done\n"
                       "$SUNSHIM run --trace \"$@\" -- \"$N/sk\" 'socket unix stream' 'bind auto'");

    check_status(r, 0);
    cr_assert_str_eq(rules_of(&r, "bind"), "./p1:1,./p2:1,./p3:1,./p4:1", "%s", run_report(&r));
}

/* It goes on waiting when somebody was sent away; what it ended with counts. */
StockTest(trace_rules, a_call_names_the_rule_that_it_ended_with)
{
    put("p", "unix,\ndeny unix (accept) peer=(addr=@trace-rules),\n");
    struct run r = run("$SUNSHIM run --trace -p $T/p -- \"$N/sk\" 'socket unix stream' \"bind $T/s\" listen accept & ready $T/s\n"
                       "\"$N/sk\" 'socket unix stream' 'bind @trace-rules' \"connect $T/s\" read >/dev/null\n"
                       "\"$N/sk\" 'socket unix stream' \"connect $T/s\" >/dev/null; wait");

    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"accept\"", "/p:2\"", NULL), 1, "%s", run_report(&r));
    cr_assert_str_eq(rules_of(&r, "accept"), text("%s/p:1", scratch()), "%s", run_report(&r));
}

/* --- Names ------------------------------------------------------------------------------------ */

StockTest(trace_rules, what_was_given_is_told_where_it_is_another_name)
{
    struct run r = run("cd $(realpath $T); pwd; $SUNSHIM run --trace -- \"$N/sk\" 'socket unix dgram' \"bind $(realpath $T)/a\" 'socket unix dgram' 'bind rel:b'");
    char *at = strtok(r.out, "\n");

    cr_assert_eq(lines_with(r.err, "operation=\"bind\"", text(" addr=\"%s/a\"", at), "given=", NULL), 0, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "operation=\"bind\"", text(" addr=\"%s/a\"", at), NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "operation=\"bind\"", text(" addr=\"%s/b\"", at), " given=\"b\"", NULL), 1, "%s", run_report(&r));
}

/* The kernel tells it as the sender wrote it. */
StockTest(trace_rules, a_sender_has_its_name_without_links)
{
    struct run r = run("mkdir $T/real; ln -s real $T/link\n"
                       "$SUNSHIM run --trace -- \"$N/sk\" 'socket unix dgram' \"bind $T/d\" recvfrom & ready $T/d\n"
                       "\"$N/sk\" 'socket unix dgram' \"bind $T/link/c\" \"sendto $T/d hi\" 'sleep 30000' >/dev/null & wait %1");

    cr_assert_eq(lines_with(r.err, "operation=\"recvfrom\"", "/real/c\"", NULL), 1, "%s", run_report(&r));
}

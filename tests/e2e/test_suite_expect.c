/* sunshim run --expect: what a command must and must not do. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Runs `script` with what is expected in the file e; TAP comes on standard output. */
static struct run expecting(const char *expectations, const char *script)
{
    put("e", expectations);
    put("script", script);
    return run("cd $T; rc=0; $SUNSHIM run --expect e --tap tap -- sh -eu script >&2 || rc=$?; cat tap; exit $rc");
}

/* Whether the expectation in line `line` of e is told to be met. */
static bool met(const struct run *r, int line)
{
    int yes = lines_with(r->out, text(" expectation: e:%d: ", line), "ok ", NULL);
    int no = lines_with(r->out, text(" expectation: e:%d: ", line), "not ok ", NULL);

    cr_assert_eq(yes, 1, "line %d is not told of once\n%s", line, run_report(r));
    return !no;
}

#define CLIENT "$P/sk 'socket unix stream' \"connect $T/s\"; wait\n"

static const char *session(void)
{
    return text("$P/sk 'socket unix stream' \"bind $T/s\" listen accept & ready $T/s\n" CLIENT);
}

StockTest(suite_expect, what_must_be_done_was_done)
{
    struct run r = expecting(text("must unix (connect) peer=(addr=%s/s),\n"
                                  "must unix (bind, listen, accept) addr=%s/*,\n"
                                  "must unix (accept),\n"
                                  "must unix (create) type=stream,\n",
                                  scratch(), scratch()),
                             session());
    check_status(r, 0);
    for (int i = 1; i <= 4; i++)
        cr_assert(met(&r, i), "line %d\n%s", i, run_report(&r));
    check_lacks(r, err, "not as expected");
}

StockTest(suite_expect, what_was_not_done_fails_the_run)
{
    struct run r = expecting(text("must unix (connect) peer=(addr=%s/t),\n"
                                  "must unix (connect) type=dgram,\n"
                                  "must unix (accept) addr=@x,\n"
                                  "must network (connect),\n",
                                  scratch()),
                             session());
    check_status(r, 1);
    for (int i = 1; i <= 4; i++)
        cr_assert(!met(&r, i), "line %d\n%s", i, run_report(&r));
    check_has(r, err, text("sunshim: not as expected: e:1: must unix (connect) peer=(addr=%s/t): no such call; nearest: "
                           "connect unix \"%s/s\" by sk (pid ",
                           scratch(), scratch()));
    check_has(r, err, "sunshim: not as expected: e:4: must network (connect): no such call\n");
}

StockTest(suite_expect, a_call_that_failed_is_not_done)
{
    struct run r = expecting(text("must unix (connect) peer=(addr=%s/s),\n", scratch()),
                             "$P/sk 'socket unix stream' \"connect $T/s\" || :; $P/sk 'socket unix stream' \"connect $T/s\" || :\n");
    check_status(r, 1);
    cr_assert(!met(&r, 1));
    check_has(r, err, text(": tried 2 times, never with success; first connect unix \"%s/s\" by sk (pid ", scratch()));
    check_has(r, err, "): ENOENT\n");
}

StockTest(suite_expect, what_must_not_be_done_must_not_be_tried)
{
    struct run r = expecting(text("must not unix (connect) peer=(addr=%s/s),\n"
                                  "must not unix (connect) peer=(addr=%s/t),\n",
                                  scratch(), scratch()),
                             "$P/sk 'socket unix stream' \"connect $T/s\" || :\n");
    check_status(r, 1);
    cr_assert(!met(&r, 1));
    cr_assert(met(&r, 2));
}

StockTest(suite_expect, what_is_denied_was_tried)
{
    put("e", "must not unix (connect),\n");
    struct run r = run("$SUNSHIM run --rule 'deny unix (connect),' --expect $T/e -- "
                       "sh -c '$P/sk \"socket unix stream\" \"connect /x\" || :'");
    check_status(r, 1);
    check_has(r, err, "must not unix (connect): connect unix \"/x\" by sk (pid ");
    check_has(r, err, "): EACCES\n");
}

/* In a policy the rule `network,` is about every family. */
StockTest(suite_expect, network_without_a_family_is_not_about_unix)
{
    struct run r = expecting("must not network,\n"
                             "must not network unix,\n"
                             "must not network inet dgram,\n",
                             "$P/sk 'socket unix stream'\n");
    check_status(r, 1);
    cr_assert(met(&r, 1));
    cr_assert(!met(&r, 2));
    r = expecting("must not network,\nmust not network inet dgram,\nmust not network inet stream,\n",
                  "$P/sk 'socket inet dgram' 'sendto inet:127.0.0.1:9 x'\n");
    check_status(r, 1);
    cr_assert(!met(&r, 1));
    cr_assert(!met(&r, 2));
    cr_assert(met(&r, 3));
}

StockTest(suite_expect, ports_and_addresses_are_compared)
{
    struct run r = expecting("must network (send) inet peer=(ip=127.0.0.0/8 port=9),\n"
                             "must network (send) inet peer=(ip=127.0.0.0/8 port=10),\n",
                             "$P/sk 'socket inet dgram' 'sendto inet:127.0.0.1:9 x'\n");
    check_status(r, 1);
    cr_assert(met(&r, 1));
    cr_assert(!met(&r, 2));
}

StockTest(suite_expect, variables_comments_and_several_lines)
{
    struct run r = expecting(text("# who must be reached\n"
                                  "@{dirs} = /nowhere %s\n"
                                  "\n"
                                  "must unix (connect)\n"
                                  "    peer=(addr=@{dirs}/s),\n"
                                  "  must not unix (connect) peer=(addr=\"@{dirs}/a b,c\"),   # \n",
                                  scratch()),
                             session());
    check_status(r, 0);
    cr_assert(met(&r, 4));
    cr_assert(met(&r, 6));
}

StockTest(suite_expect, profiles_say_which_program)
{
    struct run r = expecting("profile one /**/cat {\n"
                             "    must unix (connect),\n"
                             "    must not unix (create),\n"
                             "}\n"
                             "profile two /**/sk flags=(audit) {\n"
                             "    must unix (connect),\n"
                             "}\n"
                             "must unix (accept),\n",
                             session());
    check_status(r, 1);
    cr_assert(!met(&r, 2));
    cr_assert(met(&r, 3));
    cr_assert(met(&r, 6));
    cr_assert(met(&r, 8));
}

/* Commas, braces and number signs are where they are in policies: each of these is one expectation. */
StockTest(suite_expect, rules_end_where_those_of_policies_do)
{
    static const char *const rules[] = {
        "must not unix (bind) addr=\"/x, y\",",
        "must not unix (bind) addr=\"/x\\\", y\",",
        "must not unix (bind) addr=/{a,}x,",
        "must not unix (bind) addr=/{a,},",
        "must not unix (bind) addr=/a,b,",
        "must not unix (bind) addr=/a\\ b,",
        "must not unix (bind) addr=/a#b,",
        "profile o /bin/o { must not unix (bind) addr=/e, }",
        "must not unix\n (bind)\n addr=/c,",
        "must not unix (bind),#behind, though",
        "must not unix (bind) addr=/a\\\"b,",
        "profile p /bin/p { must not unix (bind) addr=/e,}",
        "must not unix (bind, connect) addr=/f,",
    };
    const char *all = "";
    int line = 1;

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        all = text("%s%s\n", all, rules[i]);
    struct run r = expecting(all, "true");
    check_status(r, 0);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        cr_assert(met(&r, line), "line %d\n%s", line, run_report(&r));
        for (const char *c = rules[i]; *c; c++)
            line += *c == '\n';
        line++;
    }
    check_has(r, out, ": must not unix (bind) addr=/a,b\n");
    check_has(r, out, ": must not unix (bind) addr=/c\n");
}

/* One that cannot go on at once has been asked for. */
StockTest(suite_expect, a_connection_that_is_being_made_counts)
{
    struct run r = expecting("must network (connect) inet,\n",
                             "/usr/bin/python3 -I -c 'import socket; s = socket.socket(); s.setblocking(False); "
                             "print(s.connect_ex((\"127.0.0.1\", 9)))'\n");

    check_status(r, 0);
    check_has(r, err, "115\n");
}

/* A policy that does not speak of inherited sockets allows them: expectations of other calls do not mean
 * them. */
StockTest(suite_expect, what_is_inherited_is_another_matter)
{
    put("e", "must not unix (connect),\nmust not unix (inherit),\nmust unix (inherit),\n");
    struct run r = run("cd $T; $SUNSHIM run --track --expect e --tap tap -- $P/sk 'pair stream' \"exec $P/sk\" 'use 3' >&2 || :; cat tap");

    cr_assert(met(&r, 1));
    cr_assert(!met(&r, 2));
    cr_assert(met(&r, 3));
}

/* The one of which the most is as expected, whenever it was; of programs that are meant. */
StockTest(suite_expect, the_nearest_call_is_told)
{
    struct run r = expecting(text("must unix (connect) type=dgram peer=(addr=%s/t),\n"
                                  "profile one /**/sk {\n must not network,\n}\n"
                                  "profile two /**/cat {\n must unix (connect) type=dgram,\n}\n", scratch()),
                             "$P/sk 'socket unix dgram' \"connect $T/far\" 'socket unix stream' \"connect $T/t\" || :\n");

    check_status(r, 1);
    check_has(r, err, text("e:1: must unix (connect) type=dgram peer=(addr=%s/t): no such call; nearest: connect unix \"%s/far\" by sk",
                           scratch(), scratch()));
    check_has(r, err, "e:6: must unix (connect) type=dgram: no such call\n");
}

StockTest(suite_expect, the_first_of_several_is_told)
{
    struct run r = expecting(text("must unix (connect) peer=(addr=%s/*),\nmust not unix (connect) peer=(addr=%s/*),\n", scratch(), scratch()),
                             "for i in a b c; do $P/sk 'socket unix stream' \"connect $T/$i\" || :; done\n");

    check_status(r, 1);
    check_has(r, err, text("e:1: must unix (connect) peer=(addr=%s/*): tried 3 times, never with success; first connect unix \"%s/a\" by sk",
                           scratch(), scratch()));
    check_has(r, err, text("e:2: must not unix (connect) peer=(addr=%s/*): 3 times, first connect unix \"%s/a\" by sk", scratch(), scratch()));
}

/* A server and a client that know nothing of this. */
StockTest(suite_expect, redis)
{
    struct run r = expecting(text("@{redis} = %s/redis.sock\n"
                                  "must unix (send, receive) peer=(addr=@{redis}),\n"
                                  "must not network (connect, send, listen),\n"
                                  "profile server /usr/bin/redis-{server,check-rdb} {\n"
                                  "    must unix (bind, listen, accept) addr=@{redis},\n"
                                  "    must not unix (connect),\n"
                                  "}\n"
                                  "profile client /usr/bin/redis-cli {\n"
                                  "    must unix (connect) peer=(addr=@{redis}),\n"
                                  "    must not unix (bind, listen, accept),\n"
                                  "}\n"
                                  "must unix (connect) peer=(addr=/nowhere),\n",
                                  scratch()),
                             "redis-server --port 0 --unixsocket $T/redis.sock --save '' >/dev/null & ready $T/redis.sock\n"
                             "redis-cli -s $T/redis.sock set key value; redis-cli -s $T/redis.sock shutdown nosave; wait\n");
    static const int lines[] = {2, 3, 5, 6, 9, 10};

    check_status(r, 1);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert(met(&r, lines[i]), "line %d\n%s", lines[i], run_report(&r));
    cr_assert(!met(&r, 12));
    check_lacks(r, err, "left over");
}

StockTest(suite_expect, several_files)
{
    put("one", "must unix (create),\n");
    put("two", "must unix (connect),\n");
    struct run r = run("cd $T; $SUNSHIM run --expect one --expect two -- $P/sk 'socket unix stream'");
    check_status(r, 1);
    check_lacks(r, err, "one:1");
    check_has(r, err, "not as expected: two:1: must unix (connect)");
}

/* Who was not seen may have done anything. */
StockTest(suite_expect, not_done_needs_programs_that_are_seen)
{
    put("e", "must not unix,\n");
    struct run r = run("cd $T; echo 'int main(void) { return 0; }' >st.c; gcc -static -o st st.c\n"
                       "for c in ./st 'exec ./st'; do\n"
                       "    set -- sh -c \"$c\"; [ \"$c\" != ./st ] || set -- ./st\n"
                       "    $SUNSHIM run --expect e -- \"$@\" && exit 9; $SUNSHIM run --allow-unseen st --expect e -- \"$@\"\n"
                       "done");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.err, "not as expected: e:1: must not unix: nobody knows: calls of ", "st", " are not seen", NULL), 2, "%s",
                 run_report(&r));
}

/* In messages, too, no name is a line. */
StockTest(suite_expect, a_command_that_is_not_seen_forges_nothing)
{
    put("e", "must not unix,\n");
    struct run r = run("cd $T; echo 'int main(void) { return 0; }' >st.c; n=\"st\n$(printf '\\033')sunshim: forged\"; gcc -static -o \"$n\" st.c\n"
                       "$SUNSHIM run --expect e -- \"./$n\"");

    check_status(r, 1);
    check_has(r, err, "nobody knows: calls of ./st\\x0a\\x1bsunshim: forged are not seen");
}

StockTest(suite_expect, refuses_to_look_where_nothing_can_be_seen)
{
    put("e", "must not unix,\n");
    struct run r = run("for v in SUNSHIM_MODE=off SUNSHIM_LOG_FORMAT=apparmor; do\n"
                       "    rc=0; env $v $SUNSHIM run --expect $T/e -- echo started || rc=$?; echo $rc\n"
                       "done");
    check_out(r, "125\n125\n");
    check_has(r, err, "not with SUNSHIM_MODE=off in the environment\n");
    check_has(r, err, "not with SUNSHIM_LOG_FORMAT=apparmor in the environment\n");
}

StockTest(suite_expect, what_runs_inside_do_counts)
{
    struct run r = expecting("must unix (create) type=dgram,\nmust not unix (create) type=seqpacket,\n",
                             "$SUNSHIM run -- $P/sk 'socket unix dgram'\n"
                             "$SUNSHIM run --junit inner.xml -- $P/sk 'socket unix seqpacket'\n");
    check_status(r, 1);
    cr_assert(met(&r, 1));
    cr_assert(!met(&r, 2));
}

/* The calls that are compared go to no log that nobody asked to hold them. */
StockTest(suite_expect, the_log_is_as_it_was)
{
    put("e", "must unix (create),\n");
    struct run r = run("cd $T; for trace in '' --trace; do\n"
                       "    $SUNSHIM run $trace --log log --rule 'deny unix (bind),' --expect e -- $P/sk 'socket unix stream' 'bind @x' || :\n"
                       "    grep -c 'sunshim=\"TRACE' log || :; grep -c 'sunshim=\"DENIED' log; rm log; done");

    check_has(r, out, "EACCES\n0\n1\n");
    check_has(r, out, "EACCES\n2\n1\n");
}

StockTest(suite_expect, trace_compares_too)
{
    put("e", "must unix (create),\nmust not unix (bind),\n");
    struct run r = run("cd $T; $SUNSHIM trace -o out --expect e -- $P/sk 'socket unix stream' 'bind auto'");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.err, "sunshim: not as expected: e:2: must not unix (bind): bind unix ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(get(text("%s/out", scratch())), "bind(", NULL), 1);
}

/* --- The exit status ------------------------------------------------------------ */

StockTest(suite_expect, the_status_is_that_of_error_exitcode)
{
    put("e", "must unix (connect),\n");
    struct run r = run("$SUNSHIM run --error-exitcode 42 --expect $T/e -- sh -c 'exit 7'");
    check_status(r, 42);
}

StockTest(suite_expect, otherwise_a_command_that_fails_keeps_its_status)
{
    put("e", "must unix (connect),\n");
    struct run r = run("$SUNSHIM run --expect $T/e -- sh -c 'exit 7'");
    check_status(r, 7);
}

StockTest(suite_expect, a_signal_says_more)
{
    put("e", "must unix (connect),\n");
    struct run r = run("$SUNSHIM run --error-exitcode 42 --expect $T/e -- sh -c 'kill -TERM $$'");
    check_status(r, 128 + 15);
}

StockTest(suite_expect, not_with_exec)
{
    put("e", "must unix (connect),\n");
    struct run r = run("$SUNSHIM run --exec --expect $T/e -- true");
    check_status(r, 125);
}

/* Who counts the calls that inject rules are about, and what a run says of them. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define EVERY_13TH "allow all,\ninject unix socket errno=EMFILE when=7+13"

/* 50 processes make 50,000 calls: (50,000 - 7) / 13 + 1 of them fail, neither more nor fewer. */
StockTest(inject_counts, are_shared_exactly_by_50_processes)
{
    with_env("SUNSHIM_LOG=/dev/null");
    struct run r = under(EVERY_13TH ",\n", "\"$N/faults\" 50 1000");

    check_out(r, "failed 3846\n");
    check_has(r, err, "sunshim: 3846 injected\n");
}

StockTest(inject_counts, are_shared_by_programs_that_follow_each_other)
{
    struct run r = under("allow all,\ninject unix socket errno=EMFILE when=2,\n",
                         "for i in 1 2 3; do \"$N/sk\" 'socket unix stream' || :; done");

    check_out(r, "socket unix stream -> 3\nsocket unix stream -> -1 EMFILE\nsocket unix stream -> 3\n");
}

/* (1,000 - 7) / 13 + 1 is 77, for each of them. */
StockTest(inject_counts, are_of_each_process_where_the_rule_says_so)
{
    with_env("SUNSHIM_LOG=/dev/null");
    struct run r = under(EVERY_13TH " each=process,\n", "\"$N/faults\" 50 1000; \"$N/faults\" fork 3 1000");

    check_out(r, "failed 3850\nparent failed 77\nfailed 231\n");
    check_lacks(r, err, "never fired");
}

Test(inject_counts, are_of_each_process_without_a_run)
{
    with_env("SUNSHIM_LOG=/dev/null");
    struct run r = preloaded(EVERY_13TH ",\n", "env $PRELOAD \"$P/faults\" fork 3 1000");

    check_out(r, "parent failed 77\nfailed 231\n");
}

/* Their own calls are the first ones; the parent's were before. */
StockTest(inject_counts, begin_again_in_children)
{
    const char *policy = "allow all,\ninject unix socket errno=EMFILE when=3 each=process,\n", *script = "\"$N/faults\" fork 4 10";

    with_env("SUNSHIM_LOG=/dev/null");
    struct run alone = preloaded(policy, text("env $PRELOAD %s", script)), run = under(policy, script);
    check_out(alone, "parent failed 1\nfailed 4\n");
    check_out(run, "parent failed 1\nfailed 4\n");
}

/* Each rule has its own count, whichever policy it is in. */
StockTest(inject_counts, of_two_policies_are_apart)
{
    static const char *const each[] = {"domain", "process"};

    for (int i = 0; i < 2; i++) {
        put("first", text("allow all,\ninject unix socket errno=EMFILE when=2 each=%s,\n", each[i]));
        put("second", text("allow all,\ninject unix (bind) errno=EADDRINUSE when=2 each=%s,\n", each[i]));
        struct run r = run("rm -f $T/a; $SUNSHIM run -p $T/first -p $T/second --log /dev/null -- "
                           "\"$N/sk\" 'socket unix stream' \"bind $T/a\" 'socket unix stream' 'socket unix stream' \"bind $T/b\" || :");

        check_out(r, text("socket unix stream -> 3\nbind %s/a -> 0\nsocket unix stream -> -1 EMFILE\n"
                          "socket unix stream -> 4\nbind %s/b -> -1 EADDRINUSE\n", scratch(), scratch()));
    }
}

/* What happens in a nested run happens in the run around it, which goes on counting. */
StockTest(inject_counts, of_a_run_go_on_in_runs_nested_in_it)
{
    put("outer", "allow all,\ninject unix socket errno=EMFILE when=2..4+2,\n");
    put("inner", "allow all,\ninject unix socket errno=ENFILE when=1,\n");
    struct run r = run("$SUNSHIM run -p $T/outer --error-exitcode 9 -- sh -c '\n"
                       "\"$N/sk\" \"socket unix stream\"\n"
                       "for i in 1 2; do $SUNSHIM run -p $T/inner -- \"$N/sk\" \"socket unix stream\" \"socket unix stream\" || :; done\n"
                       "'");

    check_status(r, 0);
    check_out(r, "socket unix stream -> 3\n"
                 "socket unix stream -> -1 EMFILE\nsocket unix stream -> 3\n"
                 "socket unix stream -> -1 EMFILE\nsocket unix stream -> 3\n");
    cr_assert_eq(lines_with(r.err, "inner:2 never fired: it matched 2 calls", NULL), 2, "%s", run_report(&r));
    check_lacks(r, err, "outer:2 never fired");
}

/* A program that is executed is another one. */
StockTest(inject_counts, of_a_process_end_with_its_program)
{
    struct run r = under("allow all,\ninject unix socket errno=EMFILE when=2 each=process,\n",
                         "\"$N/sk\" 'socket unix stream' \"exec $N/sk\" 'socket unix stream' 'socket unix stream' || :");

    check_has(r, out, "socket unix stream -> 3\nexec ");
    check_has(r, out, "socket unix stream -> 4\nsocket unix stream -> -1 EMFILE\n");
}

StockTest(inject_counts, show_in_a_trace_which_rule_it_was)
{
    put("p", "allow all,\ninject unix socket errno=EMFILE when=1,\n");
    struct run r = run("$SUNSHIM run --trace -p $T/p -- \"$N/sk\" 'socket unix stream' 'socket unix stream'");

    cr_assert_eq(lines_with(r.err, "sunshim=\"TRACE\"", "operation=\"socket\"", "errno=EMFILE", "verdict=\"INJECTED\"", "/p:2", NULL),
                 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"INJECTED\"", "/p:2", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=\"TRACE\"", "operation=\"socket\"", "result=3", NULL), 1, "%s", run_report(&r));
}

/* --- What a run says --------------------------------------------------------------------- */

StockTest(inject_counts, tell_of_rules_that_never_fired)
{
    put("p", "allow all,\n"
             "inject unix socket errno=EMFILE when=3,\n"
             "inject unix (bind) errno=EIO,\n"
             "inject unix socket errno=ENFILE when=2,\n"
             "profile never /nowhere { inject unix socket errno=EIO, }\n");
    struct run r = run("$SUNSHIM run -p $T/p --log /dev/null --error-exitcode 9 -- \"$N/sk\" 'socket unix stream' 'socket unix dgram' "
                       "'socket unix stream' && exit 1; test $? = 9\n"
                       "$SUNSHIM run -p $T/p --log /dev/null -- \"$N/sk\" 'socket unix stream'");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.err, text("sunshim: inject rule %s/p:2 never fired: it matched 1 call", scratch()), NULL), 1, "%s",
                 run_report(&r));
    cr_assert_eq(lines_with(r.err, "p:3 never fired: it matched no call", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p:4 never fired: it matched 1 call", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "p:5 never fired: it matched no call", NULL), 2, "%s", run_report(&r));
    check_has(r, err, "sunshim: 2 injected\n");
}

StockTest(inject_counts, fail_no_run_whose_faults_all_came)
{
    struct run r = run("$SUNSHIM run --rule 'inject unix socket errno=EMFILE when=1,' --log /dev/null --error-exitcode 9 -- "
                       "\"$N/sk\" 'socket unix stream' 'socket unix stream'");

    check_status(r, 0);
    check_has(r, err, "sunshim: 1 injected\n");
    check_lacks(r, err, "never");
}

StockTest(inject_counts, are_256_in_a_run)
{
    struct run r = run("printf 'allow all,\\n' >$T/a; for i in $(seq 128); do echo 'inject unix (bind) errno=EIO,'; done >>$T/a\n"
                       "cp $T/a $T/b; $SUNSHIM run -p $T/a -p $T/b true; echo $?\n"
                       "echo 'inject unix (bind) errno=EIO,' >>$T/b; $SUNSHIM run -p $T/a -p $T/b true || echo $?\n"
                       "env -u SUNSHIM_LOG LD_PRELOAD=$LIB SUNSHIM_POLICY=$T/a:$T/b sh -c : || echo $?");

    check_out(r, "0\n125\n125\n");
    check_has(r, err, "257 inject rules; the limit of a run is 256");
    check_has(r, err, "more than 256 inject rules");
}

/* --- The layers ---------------------------------------------------------------------------- */

StockTest(inject_counts, only_what_all_layers_allow)
{
    put("p", "allow all,\ninject unix socket errno=EMFILE when=1,\n");
    struct run r = run("$SUNSHIM run -p $T/p --rule 'deny unix (create) type=dgram,' -- "
                       "\"$N/sk\" 'socket unix dgram' 'socket unix stream' 'socket unix stream'");

    check_out(r, "socket unix dgram -> -1 EACCES\nsocket unix stream -> -1 EMFILE\nsocket unix stream -> 3\n");
}

StockTest(inject_counts, explain_and_check_know_the_rules)
{
    put("p", "allow all,\ninject unix (connect) peer=(addr=/a) errno=EIO\n    when=2,\ninject unix socketpair errno=EMFILE,\n");
    struct run r = run("$SUNSHIM explain $T/p connect peer_addr=/a; $SUNSHIM explain $T/p connect peer_addr=/b\n"
                       "$SUNSHIM explain $T/p create; $SUNSHIM check $T/p");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "inject: ", "/p:2: inject unix (connect) peer=(addr=/a) errno=EIO when=2,", NULL), 1, "%s",
                 run_report(&r));
    cr_assert_eq(lines_with(r.out, "inject: ", "/p:4: inject unix socketpair errno=EMFILE, (socketpair)", NULL), 1, "%s",
                 run_report(&r));
    cr_assert_eq(lines_with(r.out, "inject: ", NULL), 2, "%s", run_report(&r));
}

/* --- An example ------------------------------------------------------------------------------ */

/* The client tries a second time, but not a third. */
StockTest(inject_counts, break_each_call_of_a_program)
{
    struct run r = run("\"$N/sk\" 'socket unix dgram' \"bind $T/s\" 'sleep 30000' >/dev/null & ready $T/s\n"
                       "printf '%s\\n' 'sk=$1 t=$2; try() { \"$sk\" \"socket unix dgram\" \"connect $t/s\" >/dev/null; }' "
                       "'try || try || exit 3; \"$sk\" \"socket unix dgram\" \"connect $t/s\" >/dev/null || exit 4' >$T/client\n"
                       "\"$TOP/examples/break-each\" 'unix (connect)' ECONNREFUSED sh $T/client \"$N/sk\" $T || echo $?\n");

    check_out(r, "call 1 fails with ECONNREFUSED: exit status 0\n"
                 "call 2 fails with ECONNREFUSED: exit status 4\n"
                 "2 calls, 1 failures\n1\n");
}

/* ... and does not go on for ever with a rule that is none. */
StockTest(inject_counts, break_each_refuses_what_is_no_rule)
{
    struct run r = run("timeout 20 \"$TOP/examples/break-each\" 'unix (shout)' EPIPE true");

    check_status(r, 2);
    check_out(r, "");
    check_has(r, err, "'shout' is not a permission");
}

/* --- Programs that are not ours --------------------------------------------------------------- */

#define REDIS "redis-server --port 0 --unixsocket $T/r --save '' --dir $T >/dev/null & ready $T/r\n"

/* Each redis-cli is a process of its own; the second finds nobody and tries again. */
StockTest(inject_redis, the_second_of_five_clients_tries_again)
{
    put("p", "allow all,\ninject unix (connect) peer=(addr=@{TMPDIR}/r) errno=ECONNREFUSED when=2,\n");
    struct run r = run(REDIS "$SUNSHIM run -p $T/p --error-exitcode 9 -- sh -c 'for i in 1 2 3 4 5; do redis-cli -s $T/r incr n; done'");

    check_status(r, 0);
    check_out(r, "1\n2\n3\n4\n5\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"INJECTED\"", "comm=\"redis-cli\"", "ECONNREFUSED", "count=2", NULL), 1, "%s",
                 run_report(&r));
}

StockTest(inject_redis, one_client_is_refused_once)
{
    put("p", "allow all,\ninject unix (connect) peer=(addr=@{TMPDIR}/r) errno=ECONNREFUSED when=2,\n");
    put("client.py", "import os, socket\n"
                     "for i in range(5):\n"
                     "    while True:\n"
                     "        s = socket.socket(socket.AF_UNIX)\n"
                     "        try:\n"
                     "            s.connect(os.environ['TMPDIR'] + '/r')\n"
                     "            break\n"
                     "        except ConnectionRefusedError:\n"
                     "            print('again')\n"
                     "    s.sendall(b'INCR n\\r\\n')\n"
                     "    print(s.recv(100).decode().strip())\n");
    struct run r = run(REDIS "$SUNSHIM run -p $T/p --error-exitcode 9 --log /dev/null -- /usr/bin/python3 -I $T/client.py");

    check_status(r, 0);
    check_out(r, ":1\nagain\n:2\n:3\n:4\n:5\n");
}

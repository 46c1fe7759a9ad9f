/* sunshim trace COMMAND, on programs that know nothing of it. */
#include <string.h>

#include "tests/e2e/harness.h"

#define TRACE "\"$SUNSHIM\" trace -o $T/out "
#define SERVER "socat -u UNIX-LISTEN:$T/s,fork OPEN:/dev/null & ready $T/s\n"

StockTest(trace_run, shows_a_client_and_where_its_name_led)
{
    struct run r = run(SERVER "ln -s s link; " TRACE "-- socat -u OPEN:/etc/hostname UNIX:link; cat out");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, " socat ", "socket(unix, stream) = ", "<0.", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "connect(", text("\"link\") = 0 <0."), text("-> \"%s/s\" peer ", scratch()), NULL), 1, "%s", run_report(&r));
}

StockTest(trace_run, shows_which_rule_denied)
{
    struct run r = run(SERVER TRACE "--rule 'deny unix (connect) peer=(addr=/tmp/**),' -- socat -u OPEN:/etc/hostname UNIX:$T/s || cat out");
    cr_assert_eq(lines_with(r.out, "connect(", "= -1 EACCES (Permission denied) <", "DENIED by --rule:1", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_run, shows_what_was_only_said_and_what_was_injected)
{
    struct run r = run(TRACE "--complain --rule 'deny unix (connect) type=dgram,' "
                       "--rule 'inject unix (connect) errno=ECONNREFUSED when=2,' -- "
                       "\"$N/sk\" 'socket unix dgram' 'bind @here' 'connect @here' 'connect @here' || cat out");
    cr_assert_eq(lines_with(r.out, "connect(3, \"@here\") = 0", " by complain against --rule:1", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "connect(3, \"@here\") = -1 ECONNREFUSED", "INJECTED by ", ", hit 2", NULL), 1, "%s", run_report(&r));
    check_lacks(r, out, "---");
}

StockTest(trace_run, follows_children_and_waits_for_all_of_them)
{
    struct run r = run(SERVER TRACE "-- sh -c '(sleep 1; exec socat -u OPEN:/etc/hostname UNIX:$T/s) & exit 7' || echo $?; cat out");
    check_has(r, out, "7\n");
    cr_assert_eq(lines_with(r.out, " socat ", "connect(", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_run, writes_to_standard_error_and_leaves_the_output_alone)
{
    struct run r = run("\"$SUNSHIM\" trace -- \"$N/sk\" 'socket unix dgram' 'bind auto'");
    check_has(r, out, "bind auto -> 0\n");
    check_lacks(r, out, "<0.");
    cr_assert_eq(lines_with(r.err, " sk ", "bind(3, auto) = 0 <0.", " bound \"@", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_run, gives_the_status_of_the_command_and_dies_by_its_signal)
{
    struct run r = run(TRACE "-- sh -c 'exit 3'");
    check_status(r, 3);
    r = run(TRACE "-- sh -c 'kill -TERM $$'");
    check_status(r, 128 + 15);
    r = run(TRACE "-- /nowhere/at/all");
    check_status(r, 127);
}

/* A daemon goes on: what was seen until a signal asked the launcher to end is there. */
StockTest(trace_run, ends_by_a_signal_while_a_daemon_goes_on)
{
    struct run r = run(TRACE "-- sh -c '(exec setsid \"$0\" \"socket unix stream\" \"bind @daemon-$$\" listen \"sleep 30000\" >/dev/null) & exit 3' \"$N/sk\" &\n"
                       "n=0; until grep -qs 'listen(' out; do n=$((n + 1)); test $n -lt 100; sleep 0.1; done\n"
                       "kill -TERM $!; wait $! || echo $?; grep -c -e 'bind(' -e 'listen(' out");
    check_out(r, "3\n2\n");
}

StockTest(trace_run, says_that_the_trace_cannot_be_written)
{
    struct run r = run("\"$SUNSHIM\" trace -o /dev/full -- \"$N/sk\" 'socket unix dgram'");
    check_status(r, 0);
    check_has(r, out, "socket unix dgram -> 3\n");
    check_has(r, err, "cannot write /dev/full: No space left on device");
    r = run("\"$SUNSHIM\" trace -o $T/none/out -- touch $T/started; ls");
    check_status(r, 125);
    cr_assert(!strstr(r.out, "started"), "%s", run_report(&r));
}

/* The reader of a pipe goes: an error, not a signal, and the command ends as it would have. */
StockTest(trace_run, outlives_a_reader_that_went_away)
{
    struct run r = run("mkfifo pipe; true <pipe & reader=$! \"$SUNSHIM\" trace -o pipe -- sh -c 'while kill -0 $reader 2>/dev/null; do sleep 0.05; done\n"
                       "\"$0\" \"socket unix dgram\"; echo done' \"$N/sk\"");
    check_status(r, 0);
    check_has(r, out, "done\n");
    check_has(r, err, "cannot write pipe: Broken pipe");
}

StockTest(trace_run, sums_up)
{
    struct run r = run(SERVER TRACE "-c -- sh -c 'for i in 1 2 3; do socat -u OPEN:/etc/hostname UNIX:$T/s; done'; cat out");
    cr_assert_eq(lines_with(r.out, "% time     seconds  usecs/call     calls    errors    denied call", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "         3                     connect", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, text(" \"%s/s\"", scratch()), NULL), 1, "%s", run_report(&r));
    check_lacks(r, out, "connect(");
    r = run("cd $T; " TRACE "-C -e connect -- socat -u OPEN:/etc/hostname UNIX:$T/none 2>/dev/null || cat out");
    check_has(r, out, "connect(");
    cr_assert_eq(lines_with(r.out, "        1         1           connect", NULL), 1, "%s", run_report(&r));
}

StockTest(trace_run, writes_json_that_reads_back_as_the_same_lines)
{
    struct run r = run(SERVER "\"$SUNSHIM\" trace --json -o json --log text -- socat -u OPEN:/etc/hostname UNIX:$T/s\n"
                       "python3 -c 'import json; [json.loads(l) for l in open(\"json\")]'\n"
                       "\"$SUNSHIM\" trace --from json >a; \"$SUNSHIM\" trace --json --from json | \"$SUNSHIM\" trace --from - >b\n"
                       "cmp a b; cmp json text; grep -c 'connect(' a");
    check_status(r, 0);
    check_out(r, "1\n");
}

/* A text log becomes the very records that --json would have written. */
StockTest(trace_run, makes_json_of_a_text_log)
{
    struct run r = run("\"$SUNSHIM\" run --trace --log text -- \"$N/sk\" 'socket unix dgram' 'bind @hex:ff0022' 'connect @none' || :\n"
                       "\"$SUNSHIM\" run --trace --json --log json -- \"$N/sk\" 'socket unix dgram' 'bind @hex:ff0022' 'connect @none' || :\n"
                       "\"$SUNSHIM\" trace --from text --json | sed -E 's/\"(time|pid|ppid|duration_ns)\":[^,}]*//g' >a\n"
                       "sed -E 's/\"(time|pid|ppid|duration_ns)\":[^,}]*//g' json >b; diff a b; wc -l <a; grep -c 'addr_hex\":\"ff0022' a");
    check_has(r, out, "3\n2\n");
    check_status(r, 0);
}

StockTest(trace_run, says_what_to_use_instead_of_attaching)
{
    struct run r = run("\"$SUNSHIM\" trace -p 4711");
    check_status(r, 125);
    check_has(r, err, "strace -f -e trace=%network -p 4711");
    r = run("\"$SUNSHIM\" trace -p no-network -- true");
    check_status(r, 125);
    check_has(r, err, "--policy no-network");
}

StockTest(trace_run, takes_what_strace_users_type)
{
    struct run r = run("\"$SUNSHIM\" trace -f -tt -T -y -o $T/out -e trace=socket \"$N/sk\" 'socket unix dgram'; cat out");
    check_status(r, 0);
    check_has(r, out, "socket(unix, dgram) = 3");
}

/* --- Whatever programs call themselves and their sockets ----------------------------------------- */

/* A newline and a line of ours, a quote and a JSON key, an escape sequence, invalid UTF-8, and
 * what turns the reading direction around. */
#define HOSTILE "a\\n03:02:11.481223    1 sh connect(3) = 0 <0.0>\\n\\\",\\\"pid\\\":1,\\033[2J \\377 \\342\\200\\256z"

#define HOSTILE_PROGRAM \
    "printf '" HOSTILE "' >name; echo 'import os, socket\n" \
    "name = open(\"name\", \"rb\").read(); open(\"/proc/self/comm\", \"wb\").write(name)\n" \
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n" \
    "s.bind(b\"s\" + name.replace(b\"/\", b\"\")); os.unlink(s.getsockname())\n" \
    "try: s.connect(bytes(1) + name)\nexcept OSError: pass\ns.close()' >program.py\n"

StockTest(trace_run, lets_no_program_forge_a_line)
{
    struct run r = run(HOSTILE_PROGRAM "for form in '' --json --normalize '--normalize --json' -C; do\n"
                       "    LC_ALL=C.UTF-8 \"$SUNSHIM\" trace $form -e bind,connect -o out -- python3 program.py\n"
                       "    grep -c -e '^[0-9:.]* *[0-9]* a.n03:02:11.4812 [bc]' -e '^{\"time\":\"[0-9TZ:.-]*\",\"sunshim\":\"TRACE\",\"operation\":\"[bc]' out\n"
                       "    tr -d '\\n -~' <out | wc -c\n"
                       "done; \"$SUNSHIM\" trace --json -o json -- python3 program.py; python3 -c 'import json; print(len([json.loads(l) for l in open(\"json\")]))'");
    check_out(r, "2\n0\n2\n0\n2\n0\n2\n0\n2\n0\n4\n");
}

StockTest(trace_run, keeps_every_byte_of_a_name_in_json)
{
    struct run r = run(HOSTILE_PROGRAM "\"$SUNSHIM\" trace --json -o out -- python3 program.py\n"
                       "\"$SUNSHIM\" trace -o none --log text -- python3 program.py; \"$SUNSHIM\" trace --json --from text -o again\n"
                       "python3 -c '\nimport json\nfor log in \"out\", \"again\":\n  for line in open(log):\n    r = json.loads(line)\n"
                       "    if r[\"operation\"] == \"connect\": print(bytes.fromhex(r[\"peer_addr_hex\"]) == open(\"name\", \"rb\").read())\n'");
    check_out(r, "True\nTrue\n");
}

/* Its own descriptor would be the program's: a leak to --track, and in the way of --anon. */
StockTest(trace_run, gives_the_command_no_descriptor)
{
    struct run r = run("ls /proc/self/fd >plain; \"$SUNSHIM\" trace -o out -- ls /proc/self/fd >traced; diff plain traced");
    check_status(r, 0);
    r = run("\"$SUNSHIM\" trace -o out --anon app --rule 'map /run/app.sock -> fd:app,' -- sh -c 'echo $LISTEN_FDS' 3<&-");
    check_out(r, "1\n");
}

/* sunshim trace --from: what records look like as lines. No program runs here. */
#include <string.h>

#include "tests/e2e/harness.h"

/* A TRACE record: its operation, the keys in front of result=, those from there on. */
#define RECORD(operation, keys, result) \
    "time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"" operation "\" class=\"net\" profile=\"-\" pid=4711 ppid=1 " \
    "comm=\"app\" exe=\"/usr/bin/app\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"x\" " keys " " result " duration_ns=21500\n"
#define WHO "03:02:11.481223    4711 app          "

static struct run shown(const char *records, const char *options)
{
    put("log", records);
    with_env("TZ=UTC");
    return run(text("LC_ALL=C.UTF-8 \"$SUNSHIM\" trace --from $T/log %s", options));
}

static void check_line(const char *record, const char *line)
{
    struct run r = shown(record, "");
    check_status(r, 0);
    check_out(r, text("%s%s\n", WHO, line));
}

Test(trace_from, shows_time_process_command_call_result_and_duration)
{
    check_line(RECORD("socket", "", "result=3"), "socket(unix, stream) = 3 <0.000021>");
}

Test(trace_from, shows_each_call_with_its_arguments)
{
    static const char *const rows[][2] = {
        {RECORD("bind", "addr=\"/run/s\" fd=3", "result=0"), "bind(3, \"/run/s\") = 0 <0.000021>"},
        {RECORD("bind", "addr=auto fd=3 bound=\"@0002a\"", "result=0"), "bind(3, auto) = 0 <0.000021> bound \"@0002a\""},
        {RECORD("listen", "addr=\"/run/s\" fd=3 backlog=128", "result=0"), "listen(3, 128) = 0 <0.000021> at \"/run/s\""},
        {RECORD("accept4", "addr=\"/run/s\" peer_addr=none fd=3 peer_pid=99", "result=4"),
         "accept4(3) = 4 <0.000021> at \"/run/s\" peer 99"},
        {RECORD("connect", "addr=none peer_addr=\"/run/s\" fd=3 peer_pid=99", "result=0"),
         "connect(3, \"/run/s\") = 0 <0.000021> peer 99"},
        {RECORD("sendto", "addr=none peer_addr=\"@x\" fd=3 size=12", "result=12"), "sendto(3, 12 bytes, \"@x\") = 12 <0.000021>"},
        {RECORD("recvfrom", "addr=\"/run/s\" peer_addr=\"@x\" fd=3 size=100", "result=12"),
         "recvfrom(3, 100 bytes) = 12 <0.000021> at \"/run/s\" peer \"@x\""},
        {RECORD("sendmmsg", "fd=3 messages=5", "result=5"), "sendmmsg(3, 5 messages) = 5 <0.000021>"},
        {RECORD("setsockopt", "fd=3 level=1 option=2", "result=0"), "setsockopt(3, SOL_SOCKET, SO_REUSEADDR) = 0 <0.000021>"},
        {RECORD("getsockopt", "fd=3 level=77 option=99", "result=0"), "getsockopt(3, 77, 99) = 0 <0.000021>"},
        {RECORD("shutdown", "fd=3 how=1", "result=0"), "shutdown(3, SHUT_WR) = 0 <0.000021>"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_line(rows[i][0], rows[i][1]);
}

Test(trace_from, shows_the_name_as_given_and_as_it_resolved)
{
    check_line(RECORD("connect", "addr=none peer_addr=\"/run/app/s\" fd=3 given=\"app/../app/s\"", "result=0"),
               "connect(3, \"app/../app/s\") = 0 <0.000021> -> \"/run/app/s\"");
}

Test(trace_from, shows_internet_addresses_with_ports)
{
    check_line(RECORD("connect", "laddr=\"127.0.0.1\" lport=40000 faddr=\"127.0.0.1\" fport=80 fd=3", "result=0"),
               "connect(3, 127.0.0.1:80) = 0 <0.000021> at 127.0.0.1:40000");
    check_line(RECORD("bind", "laddr=\"::1\" lport=80 fd=3", "result=0"), "bind(3, [::1]:80) = 0 <0.000021>");
}

Test(trace_from, shows_errors_by_name)
{
    check_line(RECORD("connect", "peer_addr=\"/run/s\" fd=3", "result=-1 errno=ECONNREFUSED"),
               "connect(3, \"/run/s\") = -1 ECONNREFUSED (Connection refused) <0.000021>");
}

Test(trace_from, shows_what_policies_said_and_which_rules)
{
    check_line(RECORD("connect", "peer_addr=\"/run/s\" fd=3", "result=-1 errno=EACCES verdict=\"DENIED\" rules=\"web.policy:3\""),
               "connect(3, \"/run/s\") = -1 EACCES (Permission denied) <0.000021> DENIED by web.policy:3");
    check_line(RECORD("connect", "peer_addr=\"/run/s\" fd=3", "result=-1 errno=EACCES verdict=\"DENIED\""),
               "connect(3, \"/run/s\") = -1 EACCES (Permission denied) <0.000021> DENIED: no rule allows it");
}

#define DENIED \
    "time=2026-01-31T03:02:11.481220Z sunshim=\"DENIED\" operation=\"connect\" class=\"net\" profile=\"-\" pid=4711 ppid=1 comm=\"app\" " \
    "exe=\"/usr/bin/app\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"connect\" denied=\"connect\" addr=none " \
    "peer_addr=\"/run/s\" errno=EACCES policy=\"p\" rule=none hint=\"add: unix (connect) type=stream peer=(addr=/run/s),\"\n"

Test(trace_from, joins_a_denial_with_its_call)
{
    struct run r = shown(DENIED RECORD("connect", "peer_addr=\"/run/s\" fd=3", "result=-1 errno=EACCES verdict=\"DENIED\""), "");
    check_out(r, WHO "connect(3, \"/run/s\") = -1 EACCES (Permission denied) <0.000021> DENIED: no rule allows it; "
                     "add: unix (connect) type=stream peer=(addr=/run/s),\n");
}

Test(trace_from, shows_a_denial_without_its_call_as_well)
{
    struct run r = shown(DENIED RECORD("socket", "", "result=3"), "");
    check_has(r, out, "app          --- DENIED: no rule allows it connect unix stream at none peer \"/run/s\" EACCES; add: ");
    check_has(r, out, "socket(unix, stream) = 3");
    r = shown(DENIED, "");
    cr_assert_eq(lines_with(r.out, "--- DENIED", NULL), 1, "%s", run_report(&r));
}

Test(trace_from, shows_threads_beside_their_process)
{
    struct run r = shown("time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"listen\" pid=4711 tid=4712 comm=\"app\" fd=3 "
                         "backlog=1 result=0 duration_ns=0\n", "");
    check_has(r, out, " 4711/4712 app ");
}

Test(trace_from, shows_leaks_and_programs_that_are_not_seen)
{
    struct run r = shown("time=2026-01-31T03:02:11.481223Z sunshim=\"LEAK\" operation=\"inherit\" pid=7 comm=\"sh\" family=\"unix\" "
                         "sock_type=\"stream\" addr=\"/run/s\" fd=5 inode=4026 origin=socket origin_pid=3 origin_comm=\"app\"\n"
                         "time=2026-01-31T03:02:11.481223Z sunshim=\"UNSEEN\" operation=\"exec\" pid=7 comm=\"sh\" name=\"/bin/busybox\" "
                         "info=\"static\"\n", "");
    check_has(r, out, "--- LEAK inherit fd 5 unix stream socket:[4026] made by socket (3 app) at \"/run/s\" ---\n");
    check_has(r, out, "--- UNSEEN exec \"/bin/busybox\" (static) ---\n");
}

/* --- Names ---------------------------------------------------------------------------------- */

Test(trace_from, lets_no_name_forge_a_line_or_reach_the_terminal)
{
    struct run r = shown(RECORD("connect", "peer_addr=\"@a\\x0a03:02:11 1 sh bind(3) = 0\\x1b[2J\\\" \\xff\\xe2\\x80\\xae\" fd=3", "result=0"), "");
    check_out(r, WHO "connect(3, \"@a\\n03:02:11 1 sh bind(3) = 0\\x1b[2J\\\" \\xff\\xe2\\x80\\xae\") = 0 <0.000021>\n");
    r = shown("time=2026-01-31T03:02:11.481223Z sunshim=\"TRACE\" operation=\"listen\" pid=4711 comm=\"a\\x0ab c(\" fd=3 result=0\n", "");
    check_out(r, "03:02:11.481223    4711 a\\nb\\ c(     listen(3) = 0\n");
}

Test(trace_from, shows_names_in_the_users_letters)
{
    check_line(RECORD("connect", "peer_addr=\"/run/gr\xc3\xbc\xc3\x9f" "e\" fd=3", "result=0"),
               "connect(3, \"/run/gr\xc3\xbc\xc3\x9f" "e\") = 0 <0.000021>");
}

/* --- Which records ------------------------------------------------------------------------------ */

#define THREE \
    RECORD("bind", "addr=\"/run/a\" fd=3", "result=0") RECORD("listen", "addr=\"/run/a\" fd=3", "result=0") \
    RECORD("connect", "peer_addr=\"@b/c\" fd=4", "result=-1 errno=ENOENT")

static void check_chosen(const char *options, const char *calls)
{
    struct run r = shown(THREE, text("%s | grep -o '[a-z]*(' | tr -d '(\\n'", options));
    cr_assert_str_eq(r.out, calls, "%s chooses %s\n%s", options, r.out, run_report(&r));
}

Test(trace_from, chooses_calls_as_strace_does)
{
    check_chosen("-e connect,bind", "bindconnect");
    check_chosen("-e trace=listen", "listen");
    check_chosen("-e bind -e listen", "bindlisten");
    check_chosen("-e '!bind'", "listenconnect");
    check_chosen("-e trace=!bind,listen", "connect");
    check_chosen("-e trace=%network", "bindlistenconnect");
    check_chosen("-e none", "");
    check_chosen("-Z", "connect");
    check_chosen("-e status=successful", "bindlisten");
}

Test(trace_from, chooses_by_name_and_family)
{
    check_chosen("--path '/run/*'", "bindlisten");
    check_chosen("--path '@**'", "connect");
    check_chosen("--path '/run/{a,b}' -e bind", "bind");
    check_chosen("--family inet", "");
    check_chosen("--family inet,unix", "bindlistenconnect");
}

Test(trace_from, says_what_is_wrong_with_a_choice)
{
    static const char *const rows[][2] = {{"-e conect", "did you mean 'connect'?"}, {"-e inject=connect:error=EPERM", "inject unix"},
                                          {"-e kvm=vcpu", "there are trace= and status= only"}, {"--family ufo", "no family 'ufo'"},
                                          {"--path '/{a'", "--path /{a: "}, {"--color=blue", "'blue' is not auto"},
                                          {"true", "--from shows a log"}, {"-o /nowhere/x", "cannot write /nowhere/x: No such file"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = shown(THREE, rows[i][0]);
        check_status(r, 125);
        check_has(r, err, rows[i][1]);
    }
}

/* --- Where to ----------------------------------------------------------------------------------- */

Test(trace_from, writes_to_a_file_without_colours)
{
    struct run r = shown(RECORD("listen", "fd=3", "result=0"), "-o $T/out; cat $T/out");
    check_out(r, WHO "listen(3) = 0 <0.000021>\n");
}

#define COLOURED "\33[1mlisten\33[0m"

Test(trace_from, colours_on_request_and_on_terminals)
{
    struct run r = shown(RECORD("listen", "fd=3", "result=0"), "--color=always");
    check_has(r, out, COLOURED);
    r = shown(RECORD("listen", "fd=3", "result=0"), "");
    check_lacks(r, out, "\33");
    with_env("TERM=xterm");
    r = run("script -qec \"$SUNSHIM trace --from $T/log\" /dev/null");
    check_has(r, out, COLOURED);
    r = run("script -qec \"$SUNSHIM trace --color=never --from $T/log\" /dev/null");
    check_lacks(r, out, "\33");
    r = run("NO_COLOR=1 script -qec \"$SUNSHIM trace --from $T/log\" /dev/null");
    check_lacks(r, out, "\33");
    r = run("NO_COLOR= script -qec \"$SUNSHIM trace --from $T/log\" /dev/null");
    check_has(r, out, COLOURED);
}

Test(trace_from, says_when_it_cannot_write)
{
    struct run r = shown(THREE, ">/dev/full");
    check_status(r, 125);
    check_has(r, err, "cannot write the trace: No space left on device");
    r = shown(THREE, "-o /dev/full");
    check_has(r, err, "cannot write /dev/full");
    r = shown(THREE, ">&-; echo $?");
    check_out(r, "0\n");
}

/* Whoever shares a pipe with it may have made it nonblocking. */
Test(trace_from, waits_for_room_in_a_pipe_that_does_not_block)
{
    put("one", RECORD("listen", "fd=3", "result=0"));
    struct run r = run("for n in $(seq 2000); do cat $T/one; done >$T/log; mkfifo slow; { sleep 0.3; cat; } <slow | wc -l & "
                       "perl -MFcntl -e 'fcntl STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK; exec @ARGV' \"$SUNSHIM\" trace --from $T/log >slow; wait");
    check_out(r, "2000\n");
}

Test(trace_from, reads_standard_input_and_several_logs)
{
    put("one", RECORD("listen", "fd=3", "result=0"));
    struct run r = run("cat $T/one | \"$SUNSHIM\" trace --from - --from $T/one | wc -l");
    check_out(r, "2\n");
}

Test(trace_from, shows_what_comes_from_a_pipe_at_once)
{
    put("one", RECORD("listen", "fd=3", "result=0"));
    struct run r = run("mkfifo $T/in; \"$SUNSHIM\" trace --from - <$T/in >$T/out & exec 9>$T/in; cat $T/one >&9\n"
                       "for i in $(seq 600); do [ ! -s $T/out ] || break; sleep 0.05; done; wc -l <$T/out; exec 9>&-; wait");
    check_out(r, "1\n");
}

Test(trace_from, passes_over_lines_that_are_no_records_and_says_so)
{
    struct run r = shown("some server's own line\n" RECORD("listen", "fd=3", "result=0") "time=2026-01-31T03:02", "");
    cr_assert_eq(lines_with(r.out, "listen(3)", NULL), 1, "%s", run_report(&r));
    check_has(r, err, "2 lines were no records");
}

Test(trace_from, sums_up_as_one_json_object)
{
    struct run r = shown(THREE, "-c --json --normalize");
    check_out(r, "{\"calls\":[{\"name\":\"bind\",\"calls\":1,\"errors\":0,\"denied\":0},{\"name\":\"connect\",\"calls\":1,\"errors\":1,"
                 "\"denied\":0},{\"name\":\"listen\",\"calls\":1,\"errors\":0,\"denied\":0}],\"names\":[{\"name\":\"/run/a\",\"calls\":2,"
                 "\"errors\":0,\"denied\":0},{\"name\":\"@b/c\",\"calls\":1,\"errors\":1,\"denied\":0}]}\n");
}

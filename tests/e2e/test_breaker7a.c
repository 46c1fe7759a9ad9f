/* What people do to trace and inject who know strace and have not read this manual. */
#include <string.h>

#include "tests/e2e/harness.h"

#define TRACE "\"$SUNSHIM\" trace "
#define SOCKET " \"$N/sk\" 'socket unix dgram' "

/* Each of these is about something that is always so here. */
StockTest(breaker7a, what_strace_is_told_by_habit_is_taken)
{
    static const char *const habits[] = {
        "-f", "-ff", "-q", "-qq", "-t", "-ttt", "-T", "-v", "-s 200", "-s200", "-x", "-xx", "-yy", "-Y", "-w", "-a 40", "-fttTyys100",
        "--follow-forks", "--quiet", "--quiet=attach,exit", "--absolute-timestamps", "--timestamps=precision:us", "--syscall-times=ns",
        "--decode-fds=all", "--string-limit=200", "--seccomp-bpf", "--trace=socket", "--trace=%network", "--status=successful",
        "--successful-only", "--summary", "-e t=socket", "-e network", "-e '?socket'", "-e '?nosuch' -e socket", "-e trace=socket -e signal=none",
        "-e quiet=all", "-e verbose=all", "-e abbrev=none", "-e status=failed,successful", "--family=AF_UNIX", "--family=local"};

    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        struct run r = run(text(TRACE "%s" SOCKET, habits[i]));

        check_status(r, 0);
        cr_assert_eq(lines_with(r.err, "socket(unix, dgram) = 3", NULL), 1, "%s: %s", habits[i], run_report(&r));
    }
}

/* To the kernel, and so to strace, send() is sendto(). */
StockTest(breaker7a, what_the_kernel_takes_for_sendto_is_shown_by_that_name)
{
    static const char *const rows[][2] = {{"sendto,recvfrom", "11"}, {"send", "10"}, {"recv", "01"}, {"sendto", "10"}, {"sendto -e '!send'", "00"}, {"'!sendto'", "01"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = run(text(TRACE "-e %s \"$N/sk\" 'pair stream' 'send x' 'use 4' 'recv 9'", rows[i][0]));

        check_status(r, 0);
        cr_assert_eq(lines_with(r.err, " send(", NULL), rows[i][1][0] - '0', "%s: %s", rows[i][0], run_report(&r));
        cr_assert_eq(lines_with(r.err, " recv", NULL), rows[i][1][1] - '0', "%s: %s", rows[i][0], run_report(&r));
    }
}

/* The rest is answered before anything is started. */
StockTest(breaker7a, what_strace_has_and_trace_has_not_is_answered)
{
    static const char *const rows[][2] = {
        {"-r", "-r: lines have the time of day"}, {"-k", "-k: the library sees that a call is made"}, {"-fkq", "-k: the library"},
        {"--track -kq", "-k: the library"}, {"-S calls", "-S: rows are sorted"}, {"-E A=b", "-E: as in 'sunshim trace -- env"},
        {"-u nobody", "-u: as in"}, {"-D", "-D: as in"}, {"-V", "-V: as in 'sunshim --version'"}, {"--relative-timestamps=us", "--relative-timestamps: lines"},
        {"--inject=connect:error=EIO", "--rule 'inject unix"}, {"-e fault=connect", "--rule 'inject unix"}, {"-e signal=TERM", "signals are not shown"},
        {"-e read=3", "what is sent and received is not shown"}, {"-e r=3", "what is sent"}, {"-e raw=all", "-e raw=: "}, {"-e kvm=vcpu", "there are trace= and status= only"},
        {"-e read", "'strace -f -e trace=read' has others"}, {"-e %file", "'strace -f -e trace=%file' has others"}, {"-e /^s", "calls are written out"},
        {"-e status=unfinished", "neither 'failed' nor"}, {"-e status=", "none is named"}, {"-P ''", "--path: the pattern is empty"},
        {"-o ''", "-o: the name of the file is empty"}, {"-o '|cat'", "-o: '|' starts no command"}, {"-o '!cat'", "-o: '!' starts no command"},
        {"-ff -o out", "-ff: there is one file"}, {"-o ./t --log t", "--log t: the trace goes there"}, {"-A", "-A adds to the file of -o"}, {"-p 17,18", "-p 17,18'; 'sunshim who pid 17' shows"},
        {"-p \"$(echo 17 18)\"", "cannot be traced"}, {"--attach=17", "cannot be traced"}, {"-p ''", "--policy"}, {"--family=ipv6", "no family 'ipv6'"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = run(text(TRACE "%s -- touch started || echo $?; ls", rows[i][0]));

        cr_assert(!strncmp(r.out, "125\n", 4), "%s: %s", rows[i][0], run_report(&r));
        cr_assert(strstr(r.err, rows[i][1]), "%s: %s", rows[i][0], run_report(&r));
        cr_assert(!strstr(r.out, "started") && !strstr(r.out, "out"), "%s: %s", rows[i][0], run_report(&r));
    }
}

StockTest(breaker7a, a_trace_is_added_to_a_file)
{
    struct run r = run(TRACE "-o out" SOCKET "&&" TRACE "-A -o out" SOCKET "&&" TRACE "--output-append-mode -o out" SOCKET "&& cat out");

    cr_assert_eq(lines_with(r.out, "socket(unix, dgram) = 3", NULL), 3, "%s", run_report(&r));
}

/* strace's --summary has the lines as well. */
StockTest(breaker7a, a_summary_alone_and_after_the_lines)
{
    struct run r = run(TRACE "--summary -o with" SOCKET "\n" TRACE "--summary-only -o alone" SOCKET "\n"
            "grep -c 'socket(unix' with; grep -c total with; grep -c 'socket(unix' alone || grep -c total alone");
    check_has(r, out, "1\n1\n0\n1\n");
}

/* The trace is lost, and that is said; what the command did and how it ended is not changed by it. */
StockTest(breaker7a, the_commands_status_outlives_a_trace_that_cannot_be_written)
{
    static const char *const how[] = {"", "--json", "-c", "--normalize"};

    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        struct run r = run(text(TRACE "%s -o /dev/full -- sh -c '\"$0\" \"socket unix dgram\"; exit 7' \"$N/sk\"", how[i]));

        check_status(r, 7);
        cr_assert_eq(lines_with(r.err, "cannot write /dev/full: No space left on device", NULL), 1, "%s", run_report(&r));
    }
    struct run r = run(TRACE "-o /dev/full -- sh -c '\"$0\" \"socket unix dgram\"; kill -TERM $$' \"$N/sk\"");
    check_status(r, 128 + 15);
    r = run(TRACE "--error-exitcode 9 -o /dev/full" SOCKET);
    check_status(r, 9);
}

/* An IPv6 address as lines show it, or as it is. */
Test(breaker7a, an_address_is_chosen_as_it_was_shown)
{
    static const char *const paths[] = {"[::1]:9", "::1:9", "[::1]", "::1", "[::1]:*", "::1*"};
#define TO(peer) "sunshim=\"TRACE\" operation=\"connect\" pid=7 family=\"inet6\" sock_type=\"dgram\" faddr=" peer " fport=9 fd=3 result=0\\n"

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct run r = run(text("printf '" TO("::1") TO("::2") "' >log; " TRACE "--from log -P '%s'", paths[i]));

        cr_assert_eq(lines_with(r.out, "connect(3, [::1]:9)", NULL), 1, "%s: %s", paths[i], run_report(&r));
        cr_assert_eq(lines_with(r.out, "connect(", NULL), 1, "%s: %s", paths[i], run_report(&r));
    }
}

/* As strace shows them, and numbered in a trace that is compared: which numbers are free is luck. */
Test(breaker7a, a_pair_of_sockets_has_two_descriptors)
{
#define PAIR(at, one, two) "time=2026-01-31T03:02:11." at "00000Z sunshim=\"TRACE\" operation=\"socketpair\" pid=7 comm=\"x\" family=\"unix\" " \
        "sock_type=\"stream\" protocol=0 fd1=" one " fd2=" two " result=0\\n"
#define SEND(at, fd) "time=2026-01-31T03:02:11." at "00000Z sunshim=\"TRACE\" operation=\"send\" pid=7 comm=\"x\" family=\"unix\" " \
        "sock_type=\"stream\" fd=" fd " size=1 result=1\\n"
    struct run r = run("printf '" PAIR("1", "5", "9") SEND("2", "9") PAIR("3", "9", "5") SEND("4", "9") "' >log\n" TRACE "--from log\n"
                       TRACE "--from log --normalize --json >json\n" TRACE "--from json");

    cr_assert_eq(lines_with(r.out, "socketpair(unix, stream, [5, 9]) = 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "socketpair(unix, stream, [3, 4]) = 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "send(4, 1 bytes) = 1", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "socketpair(unix, stream, [5, 6]) = 0", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "send(5, 1 bytes) = 1", NULL), 1, "%s", run_report(&r));
}

/* Which of several rules it was has to be seen. */
StockTest(breaker7a, rules_of_the_command_line_are_told_apart)
{
    struct run r = run("\"$SUNSHIM\" run --rule 'inject unix (bind) errno=EIO' --rule 'inject unix socket errno=EMFILE when=1' "
                       "--rule 'inject unix socket errno=EMFILE when=9' -- \"$N/sk\" 'socket unix dgram' 'socket unix dgram'");

    cr_assert_eq(lines_with(r.err, "INJECTED", "policy=\"--rule#2\"", "rule=\"--rule#2:1\"", NULL), 1, "%s", run_report(&r));
    check_has(r, err, "inject rule --rule:1 never fired: it matched no call");
    check_has(r, err, "inject rule --rule#3:1 never fired: it matched 2 calls");
    r = run("\"$SUNSHIM\" run --rule 'allow all' --rule 'unix (conect)' true");
    check_has(r, err, "--rule#2:1:7: error: ");
}

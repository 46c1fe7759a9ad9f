/* sunshim trace --from: what rarely stands in a line, and records that belong together. */
#include <string.h>

#include "tests/e2e/harness.h"

#define HEAD(what, operation) "sunshim=\"" what "\" operation=\"" operation "\" pid=4711 ppid=1 comm=\"app\" "
#define CALL(operation, keys) HEAD("TRACE", operation) keys " duration_ns=21500\n"
#define SOCKET(family, type, protocol) "family=\"" family "\" sock_type=\"" type "\" protocol=" protocol " result=3"

static struct run shown(const char *records, const char *options)
{
    put("log", records);
    with_env("TZ=XYZ-5");
    return run(text("LC_ALL=C.UTF-8 \"$SUNSHIM\" trace --from $T/log %s", options));
}

#define WHO "00:00:00.000000    4711 app          "
#define TOOK " <0.000021>"

/* No record here says when. */
static void check_lines(const char *records, const char *lines)
{
    struct run r = shown(records, "");

    check_status(r, 0);
    cr_assert_str_eq(r.out, lines, "%s\n%s", records, run_report(&r));
}

Test(trace_lines, a_protocol_is_told_that_the_type_does_not_mean)
{
    static const char *const rows[][2] = {
        {SOCKET("inet", "stream", "6"), "inet, stream"},    {SOCKET("inet", "dgram", "6"), "inet, dgram, tcp"},
        {SOCKET("inet6", "dgram", "17"), "inet6, dgram"},   {SOCKET("inet", "raw", "1"), "inet, raw, icmp"},
        {SOCKET("inet", "raw", "255"), "inet, raw, 255"},   {SOCKET("unix", "stream", "6"), "unix, stream, 6"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_lines(text(CALL("socket", "%s"), rows[i][0]), text(WHO "socket(%s) = 3" TOOK "\n", rows[i][1]));
}

Test(trace_lines, arguments_peers_and_errors)
{
    static const char *const rows[][2] = {
        {CALL("shutdown", "fd=3 how=2 result=0"), "shutdown(3, SHUT_RDWR) = 0" TOOK},
        {CALL("shutdown", "fd=3 how=7 result=0"), "shutdown(3, 7) = 0" TOOK},
        {CALL("accept4", "addr=\"/run/s\" peer_addr=\"@x\" fd=3 peer_pid=99 result=4"), "accept4(3) = 4" TOOK " at \"/run/s\" peer \"@x\" (99)"},
        {CALL("listen", "fd=3 result=-1 errno=524"), "listen(3) = -1 524 (Unknown error 524)" TOOK},
        {CALL("listen", "fd=3 result=0 verdict=\"ALLOWED\""), "listen(3) = 0" TOOK " ALLOWED by complain: no rule allows it"},
        {CALL("listen", "fd=3 result=0 verdict=\"ALLOWED\" rules=\"p:3,q:1\""), "listen(3) = 0" TOOK " ALLOWED by complain against p:3,q:1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_lines(rows[i][0], text(WHO "%s\n", rows[i][1]));
}

Test(trace_lines, records_beside_calls)
{
    static const char *const rows[][2] = {
        {HEAD("LEAK", "inherit") "fd=5 origin=socket\n", "--- LEAK inherit fd 5 made by socket ---"},
        {HEAD("AUDIT", "inherit") "fd=5 rule=\"p:3\"\n", "--- AUDIT by p:3 inherit fd 5 ---"},
        {HEAD("HINT", "bind") "intended=\"/a\" intended2=\"/b\" hint=\"two ways\"\n", "--- HINT bind meant \"/a\" or \"/b\"; two ways ---"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_lines(rows[i][0], text(WHO "%s\n", rows[i][1]));
}

/* --- What belongs together ---------------------------------------------------------------- */

#define DENIED(operation, keys) HEAD("DENIED", operation) keys " rule=\"p:1\" errno=EACCES\n"
#define REFUSED(operation, keys) CALL(operation, keys "fd=3 result=-1 errno=EACCES verdict=\"DENIED\" rules=\"p:1\"")
#define LINE(call) WHO call " = -1 EACCES (Permission denied)" TOOK " DENIED by p:1\n"

Test(trace_lines, an_injected_fault_says_how_many_there_were)
{
    check_lines(HEAD("INJECTED", "listen") "errno=EIO rule=\"p:2\" count=7\n"
                CALL("listen", "fd=3 result=-1 errno=EIO verdict=\"INJECTED\" rules=\"p:2\""),
                WHO "listen(3) = -1 EIO (Input/output error)" TOOK " INJECTED by p:2, hit 7\n");
}

/* accept and receive go on waiting after a denial. */
Test(trace_lines, a_denial_stands_alone_where_the_call_goes_on)
{
    check_lines(DENIED("recvmsg", "") CALL("recvmsg", "fd=3 result=1 verdict=\"AUDIT\""),
                WHO "--- DENIED by p:1 recvmsg EACCES ---\n" WHO "recvmsg(3) = 1" TOOK " AUDIT\n");
    check_lines(DENIED("accept", "") CALL("accept", "fd=3 result=4 verdict=\"AUDIT\""),
                WHO "--- DENIED by p:1 accept EACCES ---\n" WHO "accept(3) = 4" TOOK " AUDIT\n");
}

Test(trace_lines, a_denial_belongs_to_the_call_of_its_thread)
{
    check_lines(DENIED("listen", "hint=\"of 5\" tid=5 ") REFUSED("listen", "tid=6 ") REFUSED("listen", "tid=5 "),
                "00:00:00.000000  4711/6 app          listen(3) = -1 EACCES (Permission denied)" TOOK " DENIED by p:1\n"
                "00:00:00.000000  4711/5 app          listen(3) = -1 EACCES (Permission denied)" TOOK " DENIED by p:1; of 5\n");
    check_lines(DENIED("listen", "") REFUSED("bind", ""), WHO "--- DENIED by p:1 listen EACCES ---\n" LINE("bind(3)"));
    check_lines(DENIED("listen", "") CALL("listen", "fd=3 result=0"), WHO "--- DENIED by p:1 listen EACCES ---\n" WHO "listen(3) = 0" TOOK "\n");
}

/* Each layer had a word, and the call has them all. */
Test(trace_lines, a_call_with_several_records_is_one_line)
{
    check_lines(HEAD("AUDIT", "listen") "rule=\"q:1\"\n" DENIED("listen", "") REFUSED("listen", ""), LINE("listen(3)"));
}

Test(trace_lines, many_that_wait_for_their_calls_are_all_told)
{
    struct run r = run("for i in $(seq 5000); do echo 'sunshim=\"DENIED\" operation=\"bind\" pid=4711 comm=\"app\" rule=\"p:1\" "
                       "errno=EACCES tid='$i; done >$T/log; \"$SUNSHIM\" trace --from $T/log >$T/out; wc -l <$T/out; "
                       "grep -o '4711/[0-9]*' $T/out | cut -d / -f 2 | sort -nc && echo sorted");

    check_out(r, "5000\nsorted\n");
}

/* --- No word forges a line ------------------------------------------------------------------ */

Test(trace_lines, words_of_records_are_no_lines)
{
    static const char *const records[] = {
        CALL("li\\x0asten", "fd=3 result=0"),
        CALL("listen", "fd=3 result=-1 errno=\"E\\x0a\\x1b[2JX\""),
        CALL("listen", "fd=3 result=0 verdict=\"DEN\\x0a\\x1b[2JIED\" rules=\"p:\\x0a1\""),
        HEAD("DENIED", "listen") "hint=\"a\\x0a\\x1b[2Jb\"\n" REFUSED("listen", ""),
        HEAD("LEAK\\x0a\\x1b[2J", "inherit") "origin=\"so\\x0acket\" origin_comm=\"a\\x0a\\x1b[2J\" hint=\"a\\x0a\\x1b[2Jb\"\n",
    };

    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct run r = shown(records[i], "");

        cr_assert(strchr(r.out, '\n') == r.out + r.out_len - 1, "%s", run_report(&r));
        check_lacks(r, out, "\33");
    }
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void check_json(const char *keys, const char *object)
{
    struct run r = shown(text("sunshim=\"TRACE\" %s\n", keys), "--json");

    cr_assert_str_eq(r.out, text("{\"sunshim\":\"TRACE\",%s}\n", object), "%s", run_report(&r));
}

Test(trace_lines, json_has_numbers_that_are_some)
{
    check_json("a=12 b=-3 c=0 d=007 e=-0 f=1234567890123456789012345 g=1.5 h=\"7\" i=-",
               "\"a\":12,\"b\":-3,\"c\":0,\"d\":\"007\",\"e\":-0,\"f\":\"1234567890123456789012345\",\"g\":\"1.5\",\"h\":\"7\",\"i\":\"-\"");
}

Test(trace_lines, json_has_names_that_readers_take_as_they_were)
{
    check_json("a=\"q\\\"b\\\\\\x7f\\xc2\\x85\"", "\"a\":\"q\\\"b\\\\\\u007f\\u0085\"");
    check_json("a=\"\\xe2\\x80\\xae\\xf3\\xa0\\x81\\x81\\xf0\\x9f\\x90\\xa7\"", "\"a\":\"\\u202e\\udb40\\udc41\xf0\x9f\x90\xa7\"");
    check_json("addr=\"@\\xff\\x00\" comm=\"@\\xff\"", "\"addr\":\"@\\ufffd\\u0000\",\"addr_hex\":\"ff00\",\"comm\":\"@\\ufffd\",\"comm_hex\":\"40ff\"");
    check_json("addr=\"@\\xff\" addr_hex=\"00\"", "\"addr\":\"@\\ufffd\",\"addr_hex\":\"ff\"");
    check_json("rules=\"a\\\"b:1,c\\\\d:2\"", "\"rules\":[\"a\\\"b:1\",\"c\\\\d:2\"]");
}

Test(trace_lines, json_says_hexadecimal_once)
{
    struct run r = shown("{\"sunshim\":\"TRACE\",\"operation\":\"bind\",\"addr\":\"@\\ufffd\",\"addr_hex\":\"ff\"}\n", "--json --normalize");

    check_out(r, "{\"sunshim\":\"TRACE\",\"operation\":\"bind\",\"addr\":\"@\\ufffd\",\"addr_hex\":\"ff\"}\n");
}

/* --- Sums ------------------------------------------------------------------------------------ */

Test(trace_lines, sums_are_by_time_and_of_the_servers_end)
{
    struct run r = shown(HEAD("TRACE", "bind") "duration_ns=5000 result=0\n"
                         HEAD("TRACE", "listen") "duration_ns=900000 result=0\n"
                         HEAD("TRACE", "connect") "laddr=\"127.0.0.2\" lport=40000 faddr=\"127.0.0.1\" fport=80 duration_ns=-7 result=0\n"
                         HEAD("DENIED", "bind") "\n" HEAD("TRACE", "exec") "duration_ns=1000 result=-1 errno=EACCES verdict=\"DENIED\"\n"
                         HEAD("TRACE", "recv") "laddr=\"::1\" lport=25 faddr=\"::1\" fport=40000 duration_ns=2000 result=0\n"
                         HEAD("TRACE", "nothing") "duration_ns=2000 result=0\n",
                         "-c --json");

    check_out(r, "{\"calls\":["
                 "{\"name\":\"listen\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":900000},"
                 "{\"name\":\"bind\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":5000},"
                 "{\"name\":\"recv\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":2000},"
                 "{\"name\":\"exec\",\"calls\":1,\"errors\":1,\"denied\":1,\"nanoseconds\":1000},"
                 "{\"name\":\"connect\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":0}],\"names\":["
                 "{\"name\":\"[::1]:25\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":2000},"
                 "{\"name\":\"127.0.0.1:80\",\"calls\":1,\"errors\":0,\"denied\":0,\"nanoseconds\":0}]}\n");
}

/* By name there is a limit; what comes after it is not lost. */
Test(trace_lines, sums_name_100000, .timeout = 100)
{
    struct run r = run("seq 100002 | sed 's|.*|sunshim=\"TRACE\" operation=\"bind\" addr=\"/srv/&\" duration_ns=1000 result=0|' >$T/log\n"
                       "\"$SUNSHIM\" trace -c --from $T/log >$T/out; grep -c ' \"/srv/' $T/out; grep ' others$' $T/out | tr -s ' '");

    check_out(r, "100000\n 0.00 0.000002 1 2 others\n");
}

/* --- Choices ---------------------------------------------------------------------------------- */

#define SOME \
    CALL("bind", "addr=none fd=3 result=0") CALL("listen", "addr=none fd=3 result=0") \
    CALL("connect", "faddr=\"127.0.0.1\" fport=80 fd=3 result=0") HEAD("HINT", "log") "dropped=3\n"

static void check_chosen(const char *options, const char *calls)
{
    struct run r = shown(SOME, text("--json %s | sed 's/.*operation\":\"\\([a-z]*\\).*/\\1/' | tr '\\n' ' '", options));

    cr_assert_str_eq(r.out, calls, "%s chooses %s\n%s", options, r.out, run_report(&r));
}

Test(trace_lines, choices_of_calls_and_names)
{
    check_chosen("", "bind listen connect log ");
    check_chosen("-e bind,listen -e '!bind'", "listen ");
    check_chosen("-e net", "bind listen connect ");
    check_chosen("--path none", "");
    check_chosen("--path 127.0.0.1", "connect ");
    check_chosen("--path '127.0.0.1:8?'", "connect ");
    check_chosen("--path '127.0.0.1:9?'", "");
}

/* Whoever writes a log may write more into it than an address has. */
Test(trace_lines, choices_of_an_address_of_any_length)
{
    const char *ip = text("%0100d", 1);
    struct run r = shown(text(CALL("connect", "faddr=\"%s\" fport=80 fd=3 result=0"), ip), text("--path %s", ip));

    check_has(r, out, "connect(3, 0000");
}

Test(trace_lines, choices_that_are_none)
{
    static const char *const rows[][2] = {{"-e ''", "-e: no call is named"}, {"-e '!'", "-e: no call is named"}, {"-e trace=", "-e: no call is named"},
                                          {"-e fault=connect:error=EPERM", "inject unix"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = shown(SOME, rows[i][0]);
        check_status(r, 125);
        check_has(r, err, rows[i][1]);
    }
}

Test(trace_lines, there_are_64_patterns_and_64_logs)
{
    static const char *const options[] = {"--path /x", "--from $T/log"};

    put("log", SOME);
    for (int i = 0; i < 2; i++) {
        struct run r = run(text("n() { for i in $(seq $1); do printf ' %%s' \"%s\"; done; }\n"
                                "\"$SUNSHIM\" trace --from $T/log $(n %d) >$T/out; \"$SUNSHIM\" trace --from $T/log $(n %d) || echo $?",
                                options[i], 64 - i, 65 - i));
        check_out(r, "125\n");
        check_has(r, err, "sunshim: more than 64 ");
    }
}

/* --- Where to ---------------------------------------------------------------------------------- */

Test(trace_lines, a_log_that_is_not_there_is_an_error)
{
    struct run r = run("\"$SUNSHIM\" trace --from $T/none");

    check_status(r, 125);
    check_has(r, err, "/none: No such file or directory");
}

Test(trace_lines, no_colours_on_a_terminal_without_any)
{
    put("log", SOME);
    with_env("TERM=dumb");
    struct run r = run("script -qec \"$SUNSHIM trace --from $T/log\" /dev/null");

    check_has(r, out, "listen");
    check_lacks(r, out, "\33");
}

/* Of a run, while it goes on. */
StockTest(trace_lines, a_reader_that_has_gone_is_said_and_ends_nothing)
{
    struct run r = run("python3 -c '\n"
                       "import os, subprocess\n"
                       "r, w = os.pipe()\n"
                       "os.close(r)\n"
                       "e = os.environ\n"
                       "print(subprocess.run([e[\"SUNSHIM\"], \"trace\", \"-o\", \"-\", \"--\",\n"
                       "                      \"sh\", \"-c\", \"$N/sk \\\"socket unix stream\\\" >&2; sleep 0.5; exit 3\"], stdout=w).returncode)'");

    check_out(r, "3\n");
    check_has(r, err, "sunshim: cannot write to standard output: Broken pipe\n");
}

/* --- As they come ------------------------------------------------------------------------------- */

StockTest(trace_lines, choices_hold_for_lines_that_are_json_already)
{
    static const char *const rows[][2] = {{"-e bind", "bind bind "}, {"-Z", "bind "}, {"-z", "socket bind "}, {"--family inet", ""},
                                          {"--path @trace-lines", "bind "}, {"", "socket bind bind "}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = run(text("\"$SUNSHIM\" trace --json %s -o $T/out -- \"$N/sk\" 'socket unix dgram' 'bind @trace-lines' 'bind @trace-lines-2' >/dev/null || :\n"
                                "sed 's/.*operation\":\"\\([a-z]*\\).*/\\1/' $T/out | tr '\\n' ' '", rows[i][0]));
        cr_assert_str_eq(r.out, rows[i][1], "%s chooses %s\n%s", rows[i][0], r.out, run_report(&r));
    }
}

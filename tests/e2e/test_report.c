/* sunshim report: what it makes of logs, for people, Graphviz and other programs. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define SAMPLE "cd $T; cp $TOP/tests/report/sample.policy .; /usr/bin/python3 $TOP/tests/report/sample.py >log; "
#define VALID(schema, file) "/usr/bin/python3 $TOP/tests/report/validate.py $TOP/docs/" schema ".schema.json " file

Test(report, a_summary_names_who_talked_to_whom)
{
    struct run r = run(SAMPLE "$SUNSHIM report log");

    check_status(r, 0);
    check_has(r, out, "22 records, 17 TRACE, 2 DENIED, 1 INJECTED, 1 LEAK, 1 UNSEEN; 1 line was no record\n");
    check_has(r, out, "  client 202 connected /run/docker.sock, 1 call, 1 failed, 1 denied\n");
    check_has(r, out, "  client 201 sent /run/app.sock, 1 call\n");
    check_has(r, out, "  server 100 made /run/app.sock\n");
    check_has(r, out, "  1x client 202 connect /run/docker.sock EACCES, rule sample.policy:6\n");
    check_has(r, out, "  1x client 202 bind @mine EACCES, rule none; add: unix (bind) addr=@mine,\n");
    check_has(r, out, "  1x client 202 connect /run/app.sock ECONNREFUSED, rule sample.policy:7\n");
    check_has(r, out, "  sample.policy:5: unix (bind) addr=@never,\n");
    check_has(r, out, "4 of 6 rules were used\n");
}

Test(report, json_is_as_its_schema_says)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --json >out; " VALID("report", "out") "\n"
                       "/usr/bin/python3 $TOP/tests/report/sample.py 2000 >log; $SUNSHIM report log --json >out; " VALID("report", "out") "\n"
                       "$SUNSHIM report /dev/null --json >out; " VALID("report", "out"));

    check_status(r, 0);
    check_out(r, "1\n1\n1\n");
}

/* The kernel asks for several permissions at once, and has records about other things than sockets. */
Test(report, json_of_the_kernels_records_is_as_its_schema_says)
{
    put("log", "type=AVC msg=audit(1719000000.123:42): apparmor=\"DENIED\" operation=\"connect\" class=\"net\" profile=\"/usr/bin/app\" pid=4711 comm=\"app\" "
               "family=\"unix\" sock_type=\"stream\" protocol=0 requested_mask=\"send receive connect\" denied_mask=\"send connect\" addr=none "
               "peer_addr=\"@/tmp/.X11-unix/X0\" peer=\"unconfined\"\n"
               "audit: type=1400 audit(1719000003.5:45): apparmor=\"DENIED\" operation=\"file_perm\" class=\"file\" profile=\"/usr/bin/app\" name=\"/run/x.sock\" "
               "pid=4712 comm=\"app\" requested_mask=\"wr\" denied_mask=\"wr\" fsuid=0 ouid=0\n"
               "audit: type=1400 audit(1719000004.5:46): apparmor=\"DENIED\" operation=\"capable\" class=\"cap\" profile=\"/usr/bin/app\" pid=4712 comm=\"app\" "
               "capability=12 capname=\"net_admin\"\n");
    struct run r = run("cd $T; $SUNSHIM report log --json >out; " VALID("report", "out") "; $SUNSHIM report log | head -n 1");

    check_status(r, 0);
    check_out(r, "1\n3 records, 3 DENIED\n");
}

Test(report, json_has_names_whole)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --json >out; /usr/bin/python3 -c '\n"
                       "import json\n"
                       "r = json.load(open(\"out\"))\n"
                       "names = {bytes.fromhex(s[\"name_hex\"]) if \"name_hex\" in s else s[\"name\"].encode() for s in r[\"sockets\"]}\n"
                       "assert b\"@\\xff\\xfe\\0\" in names and b\"@</script><script>globalThis.forged=1</script>\" in names, names\n"
                       "assert b\"@\\\"\\x27&quot;\\\\x\\ntime=1 sunshim=\\\"LEAK\\\"\" in names, names\n"
                       "assert r[\"records\"][\"LEAK\"] == 1 and r[\"records\"][\"skipped_lines\"] == 1\n"
                       "leak, = r[\"leaks\"]\n"
                       "assert r[\"processes\"][leak[\"origin_process\"]][\"comm\"] == \"server\" and leak[\"inode\"] == 4711\n"
                       "print(\"good\")'");

    check_status(r, 0);
    check_out(r, "good\n");
}

Test(report, all_forms_of_a_log_give_the_same_report)
{
    put("text", "time=2026-01-31T03:02:11.481223Z sunshim=\"DENIED\" operation=\"connect\" class=\"net\" profile=\"-\" pid=7 ppid=1 comm=\"a b\" exe=\"/bin/a\" "
                "family=\"unix\" sock_type=\"dgram\" protocol=0 requested=\"connect\" denied=\"connect\" addr=none peer_addr=\"@\\xff\\x00\" errno=EACCES "
                "policy=\"p\" rule=none hint=\"add: unix,\"\n");
    put("json", "{\"time\":\"2026-01-31T03:02:11.481223Z\",\"sunshim\":\"DENIED\",\"operation\":\"connect\",\"class\":\"net\",\"profile\":\"-\",\"pid\":7,\"ppid\":1,"
                "\"comm\":\"a b\",\"exe\":\"/bin/a\",\"family\":\"unix\",\"sock_type\":\"dgram\",\"protocol\":0,\"requested\":\"connect\",\"denied\":\"connect\","
                "\"addr\":\"none\",\"peer_addr\":\"@\\ufffd\\u0000\",\"peer_addr_hex\":\"ff00\",\"errno\":\"EACCES\",\"policy\":\"p\",\"rule\":\"none\",\"hint\":\"add: unix,\"}\n");
    put("apparmor", "type=AVC msg=audit(1769828531.481:223): apparmor=\"DENIED\" operation=\"connect\" info=\"rule=none; add: unix,\" error=-13 profile=\"-\" "
                    "name=40FF5C783030 name2=\"none\" pid=7 parent=1 exe=\"/bin/a\" comm=612062 family=\"unix\" sock_type=\"dgram\" protocol=0 "
                    "requested_mask=\"connect\" denied_mask=\"connect\" addr=\"none\"\n");
    struct run r = run("cd $T; for form in text json apparmor; do $SUNSHIM report - --json <$form | sed 's/\"policy\":\"p\",//' >$form.out; done\n"
                       "cat text.out; cmp text.out json.out; cmp text.out apparmor.out");

    check_status(r, 0);
    check_has(r, out, "\"name_hex\":\"40ff00\"");
    check_has(r, out, "\"hint\":\"add: unix,\"");
}

Test(report, graphviz_reads_the_graph_and_no_name_forges_a_part_of_it)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --dot >dot; dot -Tplain dot >plain; dot -Tsvg dot >svg\n"
                       "grep -c '^node' plain; grep -c '^edge' plain; grep -o 'script' svg | wc -l; grep -o '<script\\|<img' svg | wc -l; cat dot");

    check_status(r, 0);
    cr_assert(!strncmp(r.out, "15\n14\n", 6), "%s", run_report(&r));
    check_has(r, out, "\n0\ndigraph");
    check_has(r, out, "style=dashed");
    check_has(r, out, "label=\"@\\\\xff\\\\xfe\\\\x00");
}

/* What a process and a socket had to do with each other is one line, not one for each verb. */
Test(report, graphviz_gets_one_line_for_a_process_and_a_socket)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --dot | grep -- '->' | sort >lines; cut -d[ -f1 lines | uniq -d >twice; cat lines; cat twice >&2");

    check_status(r, 0);
    check_has(r, out, "[label=\"bound\\nlistens\\naccepted\\nreceived\\nmade\"];\n"); /* what leaked is another's line */
    check_has(r, out, "[label=\"connected\\nsent\"];\n");
    check_lacks(r, err, "->");
    check_has(r, out, "arrowhead=tee");
}

#define PORTS(call, pid, comm, mine, other) \
    "echo 'time=2026-01-31T03:02:11.48122" #pid "Z sunshim=\"TRACE\" operation=\"" call "\" class=\"net\" profile=\"-\" pid=" #pid " ppid=1 comm=\"" comm \
    "\" exe=\"/" comm "\" family=\"inet\" sock_type=\"stream\" protocol=6 laddr=\"127.0.0.1\" lport=" #mine " faddr=\"127.0.0.1\" fport=" #other \
    " fd=3 result=1 duration_ns=5' >>log; "

Test(report, without_records_it_says_how_to_get_some)
{
    struct run r = run("$SUNSHIM report /dev/null");

    check_status(r, 0);
    check_out(r, "0 records\n0 processes, 0 sockets with names\n\nsunshim run --trace --track --log FILE -- COMMAND writes a log with much to see\n");
}

/* Each client has a port of its own: a server with a thousand of them has one socket that they know. */
Test(report, what_a_server_receives_is_of_its_own_port)
{
    struct run r = run("cd $T; " PORTS("accept", 1, "server", 80, 50001) PORTS("recv", 1, "server", 80, 50001) PORTS("send", 1, "server", 80, 50002)
                       PORTS("connect", 2, "client", 50001, 80) PORTS("send", 2, "client", 50001, 80) PORTS("recv", 2, "client", 50001, 80)
                       PORTS("connect", 1, "server", 50003, 80) "$SUNSHIM report log");

    check_status(r, 0);
    check_has(r, out, "2 processes, 1 socket with names\n");
    check_has(r, out, "  server 1 received 127.0.0.1:80, 1 call\n");
    check_has(r, out, "  server 1 sent 127.0.0.1:80, 1 call\n");
    check_has(r, out, "  client 2 received 127.0.0.1:80, 1 call\n");
}

Test(report, whatever_a_log_says_a_report_comes_out)
{
    put("json", "{\"time\":\"2026-01-31T03:02:11.481223Z\",\"sunshim\":\"TRACE\",\"operation\":\"connect\",\"pid\":7,\"ppid\":1,\"comm\":\"a\",\"exe\":\"/a\","
                "\"family\":\"unix\",\"sock_type\":\"dgram\",\"protocol\":0,\"requested\":\"connect\",\"peer_addr\":\"@\\ufffd\\u0000\",\"peer_addr_hex\":\"ff00\","
                "\"result\":-1,\"errno\":\"ENOENT\",\"duration_ns\":5,\"rules\":[\"a:1\",\"b:2\"]}\n");
    put("apparmor", "type=AVC msg=audit(1769828531.481:223): apparmor=\"AUDIT\" operation=\"inherit\" info=\"LEAK: fd=7 inode=9 origin=accept origin_pid=5 "
                    "origin_comm=\\\"d\\\"; made without FD_CLOEXEC\" profile=\"-\" pid=7 parent=1 exe=\"/a\" comm=612062 family=\"unix\" "
                    "requested_mask=\"inherit\" name=40FF5C783030\n");
    struct run r = run(SAMPLE "/usr/bin/python3 $TOP/tests/report/mutate.py $SUNSHIM 60 log json apparmor");

    check_status(r, 0);
    check_out(r, "good\n");
}

Test(report, rules_are_those_of_the_policy_given)
{
    struct run r = run(SAMPLE "mkdir sub; mv sample.policy sub; $SUNSHIM report log | tail -n 3; echo; $SUNSHIM report -p sub/sample.policy log | tail -n 1\n"
                       "$SUNSHIM report -p sub/gone.policy log || echo $?");

    check_lacks(r, out, "rules were used\n\n");
    check_has(r, out, "\n4 of 6 rules were used\n");
    check_has(r, out, "125\n");
    check_has(r, err, "gone.policy");
}

Test(report, several_logs_are_one_in_the_order_of_time)
{
    struct run r = run(SAMPLE "sed -n '1~2p' log >odd; sed -n '2~2p' log >even; $SUNSHIM report log --json | sed 's/\"processes\".*//; s/\"logs\":[^]]*]//' >one\n"
                       "$SUNSHIM report even odd --json | sed 's/\"processes\".*//; s/\"logs\":[^]]*]//' >two; cmp one two && cat two");

    check_status(r, 0);
    check_has(r, out, "\"TRACE\":17");
}

Test(report, wrong_requests_are_125)
{
    static const char *const table[][2] = {
        {"", "no log given"},
        {"--dot --json /dev/null", "give one"},
        {"--html - --json /dev/null", "standard output, too"},
        {"--nonsense /dev/null", "unknown option '--nonsense'"},
        {"/dev/null --html", "option '--html' wants a value"},
        {"$T/gone", "cannot open"},
        {"$T", "cannot read"},
        {"--html $T/none/page.html /dev/null", "cannot write"},
        {"--html $T/log $T/log", "is one of the logs"},
    };

    put("log", "");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM report %s", table[i][0]));

        check_status(r, 125);
        check_has(r, err, table[i][1]);
    }
}

Test(report, a_full_disk_is_an_error)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --html /dev/full || echo $?; $SUNSHIM report log --json >/dev/full || echo $?");

    check_out(r, "125\n125\n");
}

Test(report, the_page_is_one_file_with_nothing_of_elsewhere_in_it)
{
    struct run r = run(SAMPLE "$SUNSHIM report log --html page.html; grep -c 'Content-Security-Policy' page.html; grep -ciE '<(script|link|img|iframe)[^>]*(src|href)=.?(http|//)' page.html || :\n"
                       "sed -n '/id=\"data\"/,/<\\/script>/p' page.html | grep -c '</script>'; grep -cE '\\{\\{(nonce|style|data|licences|libraries|code)\\}\\}' page.html || :; LC_ALL=C.UTF-8 grep -caxv '.*' page.html || :");

    /* One policy, no element that loads anything, one end of the data, no place left open but in a name, all of it UTF-8. */
    check_out(r, "1\n0\n1\n1\n0\n");
}

Test(report, third_parties_files_are_as_they_came)
{
    struct run r = run("cd $TOP/third_party && sha256sum --quiet -c SHA256SUMS && find . -type f ! -path './config/*' ! -name README.md ! -name SHA256SUMS | wc -l; wc -l <SHA256SUMS");
    char *end = strchr(r.out, '\n');

    check_status(r, 0);
    cr_assert(end && !strncmp(r.out, end + 1, (size_t)(end + 1 - r.out)), "a file is not listed\n%s", run_report(&r));
}

StockTest(report, a_traced_run_is_reported)
{
    put("p.policy", text("include <abstractions/sockets>\nunix addr=%s/*.sock,\nunix addr=none,\nunix peer=(addr=%s/*.sock),\nunix peer=(addr=none),\n"
                         "unix (bind) addr=@never,\n", scratch(), scratch()));
    put("go.sh", "redis-server --port 0 --unixsocket $T/redis.sock --save '' >/dev/null & p=$!; ready $T/redis.sock\n"
                 "redis-cli -s $T/redis.sock set a b >/dev/null; redis-cli -s $T/other.sock get a >/dev/null 2>&1 || :; kill $p; wait $p\n");
    struct run r = run("cd $T; $SUNSHIM run -p ./p.policy --trace --json --log log -- sh go.sh; " VALID("record", "log") " | sed 's/^[0-9]*$/valid/'\n"
                       "$SUNSHIM report log --json >out; " VALID("report", "out") "; $SUNSHIM report log");

    check_has(r, out, "valid\n1\n");
    check_has(r, out, text("connected %s/redis.sock, 1 call", scratch()));
    check_has(r, out, text("listens %s/redis.sock, 1 call", scratch()));
    check_has(r, out, text("connected %s/other.sock, 2 calls, 2 failed", scratch()));
    check_has(r, out, "./p.policy:6: unix (bind) addr=@never,\n");
}

StockTest(report, the_example_makes_a_page_and_ends_as_its_command)
{
    struct run r = run("cd $T; $TOP/examples/report-page page.html -- sh -c '\"$P/sk\" \"socket unix dgram\" \"bind @example-$$\"; exit 7' || echo $?; "
                       "grep -c '@example-' page.html");

    check_has(r, out, "7\n1\n");
}

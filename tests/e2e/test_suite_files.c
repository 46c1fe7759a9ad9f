/* sunshim run --junit and --tap, read by those who read such files. */
#include <string.h>

#include "tests/e2e/harness.h"

/* Python prints each case of junit.xml as CLASS|RESULT|NAME|MESSAGE. */
#define CASES "python3 -c 'import xml.etree.ElementTree as E\n" \
              "for c in E.parse(\"junit.xml\").getroot().iter(\"testcase\"):\n" \
              "    why = list(c)\n" \
              "    print(c.get(\"classname\"), why[0].tag if why else \"passed\", c.get(\"name\"), " \
              "why[0].get(\"message\") if why else \"\", sep=\"|\")'\n"
#define VALID "xmllint --noout --schema $TOP/tests/e2e/junit.xsd junit.xml 2>valid || { cat valid >&2; exit 99; }\n"

/* Runs under `options`, checks both files with their readers, prints the cases. */
static struct run reported(const char *options, const char *script)
{
    put("script", script);
    return run(text("cd $T; rc=0; $SUNSHIM run %s --junit junit.xml --tap out.tap -- sh -eu script >&2 || rc=$?\n" VALID CASES
                    "prove -e cat out.tap >proved 2>&1 || :; grep -i 'parse error' proved && exit 98; exit $rc",
                    options));
}

StockTest(suite_files, a_run_that_goes_well_is_one_case)
{
    struct run r = reported("", "exit 0");
    check_status(r, 0);
    check_out(r, "sunshim.command|passed|sh -eu script|\n");
    cr_assert_str_eq(get(text("%s/out.tap", scratch())), "TAP version 13\n1..1\nok 1 - command: sh -eu script\n");
}

StockTest(suite_files, a_command_that_fails_is_a_failed_case)
{
    struct run r = reported("", "exit 3");
    check_status(r, 3);
    check_out(r, "sunshim.command|failure|sh -eu script|exit status 3\n");
    r = reported("", "kill -KILL $$");
    check_status(r, 128 + 9);
    check_has(r, out, "sunshim.command|failure|sh -eu script|ended by signal 9 (Killed)\n");
}

StockTest(suite_files, each_denial_is_a_case)
{
    struct run r = reported("--rule 'deny unix (connect) peer=(addr=@**),'",
                            "for i in 1 2 3; do $P/sk 'socket unix stream' 'connect @a' || :; done\n"
                            "$P/sk 'socket unix stream' 'connect @b' || :\n");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "sunshim.denied|failure|", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "|connect unix \"@a\" by sk (--rule:1)|sk (pid ", "): connect unix \"@a\" was denied with EACCES by --rule:1 (3 times)",
                            NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "|connect unix \"@b\" by sk (--rule:1)|", NULL), 1, "%s", run_report(&r));
}

StockTest(suite_files, what_complain_lets_pass_is_skipped)
{
    struct run r = reported("--complain --rule 'deny unix (connect),'", "$P/sk 'socket unix stream' 'connect @a' || :");
    cr_assert_eq(lines_with(r.out, "sunshim.denied|skipped|connect unix \"@a\" by sk", "would have been denied", NULL), 1, "%s",
                 run_report(&r));
}

StockTest(suite_files, leaks_cuts_expectations_and_leftovers_are_cases)
{
    put("e", "must unix (create),\nmust not unix (listen),\n");
    struct run r = reported("--track --expect e --leftovers",
                            "$P/leaky listener:$T/l.sock -- cat /dev/null\n"
                            "d=$T/$(printf '%0150d' 1); mkdir $d; perl -MSocket -e 'socket S, AF_UNIX, SOCK_STREAM, 0; "
                            "bind S, sockaddr_un($ARGV[0])' $d/s || :\n");
    check_status(r, 1);
    cr_assert_eq(lines_with(r.out, "sunshim.expectation|passed|e:1: must unix (create)|", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.expectation|failure|e:2: must not unix (listen)|listen unix ", NULL), 1, "%s",
                 run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.leaked|failure|unix socket ", "/l.sock\" of leaky inherited by cat|", NULL), 1,
                 "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.cut|failure|bind \"", "0001/s\" by perl|", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.leftover|failure|socket file ", "0000\" of perl|", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.leftover|failure|listener ", "/l.sock\" of leaky|", NULL), 1, "%s", run_report(&r));
}

#define STATIC "echo 'int main(void) { return 0; }' >st.c; gcc -static -o st st.c\n"

StockTest(suite_files, what_is_not_seen_is_a_case)
{
    struct run r = run("cd $T; " STATIC "$SUNSHIM run --junit junit.xml -- ./st\n" VALID CASES);
    cr_assert_eq(lines_with(r.out, "sunshim.unseen|failure|./st|calls of the command are not seen: static", NULL), 1, "%s",
                 run_report(&r));
    r = run("cd $T; $SUNSHIM run --junit junit.xml -- sh -c './st; true'\n" VALID CASES);
    cr_assert_eq(lines_with(r.out, "sunshim.unseen|failure|\"", "/st\"|calls of ", "/st\" are not seen: static", NULL), 1, "%s",
                 run_report(&r));
    r = run("cd $T; $SUNSHIM run --allow-unseen st --junit junit.xml -- sh -c './st; true'\n" VALID CASES);
    cr_assert_eq(lines_with(r.out, "sunshim.unseen", NULL), 0, "%s", run_report(&r));
}

StockTest(suite_files, each_inject_rule_is_a_case)
{
    put("p", "allow all,\ninject unix (connect) errno=ECONNREFUSED when=2,\ninject unix (connect) errno=EINTR when=4,\n"
             "inject unix (bind) errno=EIO,\n");
    struct run r = reported("-p ./p --error-exitcode 9", "for i in 1 2 3; do $P/sk 'socket unix stream' 'connect @a' || :; done");
    check_status(r, 9);
    check_has(r, out, "sunshim.injection|passed|./p:2|\n"
                      "sunshim.injection|failure|./p:3|it never fired, and matched 3 times\n"
                      "sunshim.injection|failure|./p:4|it never fired: it matched no call\n");
}

/* Counted, and not recorded. */
StockTest(suite_files, what_only_the_summary_knows_is_a_case)
{
    struct run r = run("cd $T; $SUNSHIM run --error-exitcode 9 --junit junit.xml -- sh -c '$N/counts unseen /a/b static' || :\n" VALID CASES);
    cr_assert_eq(lines_with(r.out, "sunshim.other|failure|", NULL), 1, "%s", run_report(&r));
}

/* --- Names ------------------------------------------------------------------------- */

/* Every byte there can be in an argument and in the name of a socket. */
StockTest(suite_files, any_name_is_well_formed)
{
    put("all.py", "import os, socket, subprocess, sys\n"
                  "names = [bytes(range(1, 64)), bytes(range(64, 128)), bytes(range(128, 192)), bytes(range(192, 256)), b']]>', b'# TODO x', b'\\\\', "
                  "b'\\nok 7', b'\\n  ...\\nnot ok', b'\"/><testcase name=\"forged\"', '\\u202e\\ufffe\\U000e0001'.encode()]\n"
                  "if len(sys.argv) == 1:\n"
                  "    run = [os.environ['SUNSHIM'], 'run', '--rule', 'deny unix (bind) addr=@**,', '--leftovers', '--junit', 'junit.xml', "
                  "'--tap', 'out.tap', '--', sys.executable, 'all.py']\n"
                  "    sys.exit(subprocess.call([r.encode() for r in run] + names))\n"
                  "for name in names:\n"
                  "    for where in b'\\0' + name, os.environ['T'].encode() + b'/' + name.replace(b'/', b'_'):\n"
                  "        try: socket.socket(socket.AF_UNIX).bind(where)\n"
                  "        except OSError as e: print(e)\n");
    struct run r = run("cd $T; /usr/bin/python3 all.py >&2 || :\n" VALID CASES
                       "prove -v -e cat out.tap >proved 2>&1 || :; ! grep -i 'parse error' proved >&2\n"
                       "grep -c '^not ok' out.tap; grep -c . proved >/dev/null; tail -n 4 proved");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "sunshim.denied|failure|bind unix \"@", NULL), 11, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "sunshim.leftover|failure|socket file \"", NULL), 11, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "|forged|", NULL), 0);
    check_has(r, out, "\n22\n");
    check_has(r, out, "Tests: 23 Failed: 22");
}

/* --- The files ---------------------------------------------------------------------- */

StockTest(suite_files, percent_p_is_the_pid)
{
    struct run r = run("cd $T; for i in 1 2 3 4; do $SUNSHIM run --junit junit-%p.xml --tap %%-%p.tap -- true & done; wait\n"
                       "ls junit-*.xml | wc -l; ls %-*.tap | wc -l; ls | wc -l");
    check_out(r, "4\n4\n8\n");
}

StockTest(suite_files, a_name_may_be_nothing_but_pids)
{
    struct run r = run("cd $T; $SUNSHIM run --junit $(printf '%%p%.0s' $(seq 30)) -- true; ls");

    check_status(r, 0);
    size_t len = strspn(r.out, "0123456789");
    cr_assert(len >= 60 && len % 30 == 0 && !strcmp(r.out + len, "\n"), "%s", run_report(&r));
}

/* make -j: whoever is last wins, and nothing is torn. */
StockTest(suite_files, one_name_for_many_is_always_whole)
{
    struct run r = run("cd $T; for i in $(seq 12); do $SUNSHIM run --junit junit.xml -- sh -c \"exit $i\" & done; wait || :\n" VALID
                       "ls; grep -c '<testcase' junit.xml");
    check_out(r, "junit.xml\nvalid\n1\n");
}

StockTest(suite_files, an_earlier_file_does_not_stay)
{
    put("junit.xml", "old");
    struct run r = run("cd $T; $SUNSHIM run --junit junit.xml -- sh -c 'ls; kill -KILL $PPID' || :; ls");
    check_lacks(r, out, "junit.xml");
}

StockTest(suite_files, tap_on_standard_output_comes_last)
{
    struct run r = run("$SUNSHIM run --tap - -- echo from the command");
    check_out(r, "from the command\nTAP version 13\n1..1\nok 1 - command: echo from the command\n");
}

StockTest(suite_files, prove_runs_it)
{
    put("t.sh", "exec $SUNSHIM run --rule 'deny unix (connect),' --tap /dev/fd/3 -- $P/sk 'socket unix stream' 'connect @x' 3>&1 >&2\n");
    struct run r = run("cd $T; prove -e sh t.sh");
    check_status(r, 1);
    check_has(r, out, "Failed tests:  1-2\n");
}

StockTest(suite_files, the_mode_is_that_of_a_new_file)
{
    struct run r = run("cd $T; umask 027; $SUNSHIM run --junit junit.xml -- true; stat -c %a junit.xml");
    check_out(r, "640\n");
}

StockTest(suite_files, what_cannot_be_written_is_said_before_anything_runs)
{
    struct run r = run("$SUNSHIM run --junit /nope/junit.xml -- echo started");
    check_status(r, 125);
    check_out(r, "");
    check_has(r, err, "sunshim: --junit: cannot write '/nope/junit.xml': No such file or directory\n");
    r = run("$SUNSHIM run --tap $T -- echo started");
    check_status(r, 125);
    check_has(r, err, "Is a directory");
    r = run("$SUNSHIM run --tap '' -- echo started");
    check_status(r, 125);
    check_has(r, err, "sunshim: --tap: the name of the file is empty\n");
}

StockTest(suite_files, a_full_disk_is_said)
{
    struct run r = run("$SUNSHIM run --tap /dev/full -- true");
    check_status(r, 125);
    check_has(r, err, "sunshim: --tap: cannot write '/dev/full': No space left on device\n");
}

/* The runs inside write files of their own. */
StockTest(suite_files, runs_in_runs)
{
    struct run r = run("cd $T; $SUNSHIM run --junit outer.xml -- sh -c \"$SUNSHIM run --junit inner.xml -- sh -c 'exit 5'\"; "
                       "ls *.xml; grep -c 'exit status 5' inner.xml outer.xml");
    check_status(r, 5);
}

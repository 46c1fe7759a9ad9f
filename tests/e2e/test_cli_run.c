/* sunshim run: exit statuses, how policies are found and refused, and that
 * nothing starts when something is wrong with them. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* --- Exit statuses -------------------------------------------------------- */

StockTest(cli_run, gives_the_commands_status)
{
    struct run r = run("$SUNSHIM run -- sh -c 'exit 37'");

    check_status(r, 37);
    check_out(r, "");
    cr_assert_str_empty(r.err);
}

StockTest(cli_run, a_missing_program_is_127)
{
    struct run r = run("$SUNSHIM run no-such-program-here");

    check_status(r, 127);
    check_has(r, err, "sunshim: 'no-such-program-here': No such file or directory");
}

StockTest(cli_run, what_cannot_be_executed_is_126)
{
    struct run r = run(": >$T/plain; for p in $T/plain $T; do s=0; $SUNSHIM run $p || s=$?; echo $s; done");

    check_out(r, "126\n126\n");
    check_has(r, err, "Permission denied");
}

StockTest(cli_run, a_text_without_interpreter_is_given_to_sh)
{
    struct run r = run("echo 'echo from a text' >$T/t; chmod +x $T/t; $SUNSHIM run $T/t");

    check_status(r, 0);
    check_out(r, "from a text\n");
}

StockTest(cli_run, options_end_at_the_command)
{
    struct run r = run("$SUNSHIM run --rule 'deny network inet,' echo -p x --log y -- z");

    check_status(r, 0);
    check_out(r, "-p x --log y -- z\n");
}

StockTest(cli_run, a_double_dash_ends_options)
{
    struct run r = run("$SUNSHIM run -- env -i /bin/echo -n yes 2>/dev/null");

    check_out(r, "yes");
}

Test(cli_run, a_wrong_command_line_is_125_with_a_suggestion)
{
    static const struct {
        const char *arguments, *says;
    } table[] = {
        {"", "no subcommand"},
        {"rnu -- true", "no subcommand 'rnu'; did you mean 'run'?"},
        {"chekc x", "did you mean 'check'?"},
        {"learn -o x", "no command to run, and no --from LOG"},
        {"--rule x", "unknown option '--rule'; options follow the subcommand"},
        {"run", "no command to run"},
        {"run -p", "option '-p' needs a value"},
        {"run --log", "option '--log' needs a value"},
        {"run --complian -- true", "unknown option '--complian'; did you mean '--complain'?"},
        {"run --json=yes -- true", "option '--json' takes no value"},
        {"run -Z true", "unknown option '-Z'"},
        {"run --strict -- true", "option '--strict' is not in this version"},
        {"run --keep -- true", "it needs --shorten or --long-paths"},
        {"run --repair --keep -- true", "it needs --shorten or --long-paths"},
        {"run --long-path=x -- true", "takes no value"},
        {"env --shorten", "it needs sunshim run"},
        {"env --keep", "unknown option '--keep'"},
        {"run --shell -- true", "unknown option '--shell'"},
        {"run --track=x -- true", "option '--track' takes no value"},
        {"run --error-exitcode", "option '--error-exitcode' needs a value"},
        {"run --allow-unsen x true", "did you mean '--allow-unseen'?"},
        {"env --track", "unknown option '--track'"},
        {"env --error-exitcode 3", "unknown option '--error-exitcode'"},
        {"env --allow-unseen x", "unknown option '--allow-unseen'"},
        {"env true", "env takes no command"},
        {"env --exec", "unknown option '--exec'"},
        {"check", "no policy given"},
        {"explain", "no operation given"},
        {"help rnu", "did you mean 'run'?"},
        {"version 2", "version takes no arguments"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM %s", table[i].arguments));
        check_status(r, 125);
        check_has(r, err, table[i].says);
        check_out(r, "");
    }
}

Test(cli_run, help_and_version_are_output)
{
    struct run r = run("$SUNSHIM --version; $SUNSHIM -V; $SUNSHIM version");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "sunshim 0.", NULL), 3);
    r = run("for c in run check explain env version help; do $SUNSHIM $c --help; $SUNSHIM $c -h; $SUNSHIM help $c; done");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "Usage: sunshim", NULL), 18);
    cr_assert_str_empty(r.err);
}

Test(cli_run, output_that_cannot_be_written_is_125)
{
    struct run r = run("$SUNSHIM help >/dev/full");

    check_status(r, 125);
    check_has(r, err, "cannot write the output");
}

/* --- Policies that are no policies ----------------------------------------- */

/* The command would leave a file behind; nothing of it may be there. */
static struct run refused(const char *prepare, const char *options)
{
    struct run r = run(text("%s\ns=0; timeout 20 $SUNSHIM run %s -- touch $T/ran || s=$?; [ ! -e $T/ran ] || echo RAN; exit $s",
                            prepare, options));
    check_status(r, 125);
    check_lacks(r, out, "RAN");
    return r;
}

StockTest(cli_run, nothing_runs_without_its_policy)
{
    static const struct {
        const char *prepare, *options, *says;
    } table[] = {
        {"", "-p $T/none.policy", "none.policy: error: No such file or directory"},
        {"", "-p no-such-name", "no policy 'no-such-name'; looked for:"},
        {"", "-p ''", "no policy ''"},
        {"mkdir $T/d", "-p $T/d", "d: error: is a directory, not a regular file"},
        {": >$T/empty", "-p $T/empty", "error:"},
        {"mkfifo $T/fifo", "-p $T/fifo", "is a FIFO or pipe, not a regular file"},
        {"", "-p /dev/zero", "is a device, not a regular file"},
        {"", "-p /dev/null", "is a device, not a regular file"},
        {"truncate -s 50M $T/big", "-p $T/big", "is 52428800 bytes long; a policy may have 16777216"},
        {"head -c 100000 /dev/zero >$T/nul", "-p $T/nul", "error:"},
        {"echo 'include \"b\"' >$T/a; echo 'include \"a\"' >$T/b", "-p $T/a", "error:"},
        {"echo '# nothing' >$T/c", "-p $T/c", "error:"},
        {"echo 'deny unix,' >$T/c", "-p $T/c", "error:"},
        {"echo 'unix (bind' >$T/c", "-p $T/c", "c:1:"},
        {"echo 'unix typ=stream,' >$T/c", "-p $T/c", "did you mean 'type'?"},
        {"", "--rule 'unix (conect),'", "--rule:1:7: error:"},
        {"echo 'unix,' >$T/c", "-p $T/c --profile nobody", "no profile 'nobody'"},
        {"echo 'unix,' >$T/good", "-p $T/good -p $T/none", "none: error: No such file"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = refused(table[i].prepare, table[i].options);
        check_has(r, err, table[i].says);
    }
}

StockTest(cli_run, an_unreadable_policy_is_refused)
{
    struct run r = run("echo 'unix,' >$T/p; chmod 0 $T/p; chmod 777 $T; s=0\n"
                       "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=65534 --clear-groups \"$@\"; else \"$@\"; fi; }\n"
                       "as $SUNSHIM run -p $T/p -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s");

    check_status(r, 125);
    check_has(r, err, "p: error: Permission denied");
}

StockTest(cli_run, all_errors_of_all_policies_are_shown_at_once)
{
    struct run r = refused("printf 'unix type=strem,\\nunix (bindd),\\n' >$T/a; echo 'network inett,' >$T/b",
                           "-p $T/a -p $T/b");

    cr_assert_eq(lines_with(r.err, ": error:", NULL), 3, "%s", run_report(&r));
    check_has(r, err, "a:1:11: error:");
    check_has(r, err, "    1 | unix type=strem,\n      |           ^~~~~\n      = did you mean 'stream'?\n");
}

StockTest(cli_run, diagnostics_have_colour_on_terminals_only)
{
    struct run r = run("echo 'unix type=x,' >$T/a; $SUNSHIM check $T/a || :");

    check_lacks(r, err, "\033");
    r = run("echo 'unix type=x,' >$T/a; script -qec \"$SUNSHIM check $T/a\" /dev/null || :");
    check_has(r, out, "\033[1;31merror:");
    r = run("echo 'unix type=x,' >$T/a; NO_COLOR=1 script -qec \"$SUNSHIM check $T/a\" /dev/null || :");
    check_lacks(r, out, "\033");
    check_has(r, out, "error:");
}

/* --- Where policies are found ------------------------------------------------ */

StockTest(cli_run, a_name_is_never_a_file_here)
{
    struct run r = run("cd $T; echo 'unix,' >here.policy; echo 'unix,' >here; $SUNSHIM run -p here true");

    check_status(r, 125);
    check_has(r, err, "no policy 'here'; looked for:");
    check_has(r, err, "/etc/sunshim/here.policy");
    check_has(r, err, "written ./here");
    r = run("cd $T; $SUNSHIM run -p here.policy true");
    check_status(r, 125);
    r = run("cd $T; $SUNSHIM run -p ./here.policy true");
    check_status(r, 0);
}

StockTest(cli_run, names_are_looked_up_in_order)
{
    struct run r = run("mkdir -p $T/one $T/two $T/.config/sunshim $T/xdg/sunshim\n"
                       "for d in one two .config/sunshim xdg/sunshim; do echo \"unix, bad-$d,\" >$T/$d/x.policy; done\n"
                       "try() { \"$@\" check x 2>&1 | grep -o \"$T.*x.policy\" | head -n 1; }\n"
                       "try $SUNSHIM; XDG_CONFIG_HOME=$T/xdg try $SUNSHIM\n"
                       "$SUNSHIM check -I $T/one -I $T/two x 2>&1 | grep -o \"$T.*x.policy\" | head -n 1\n"
                       "$SUNSHIM check -I $T/two -I $T/one x 2>&1 | grep -o \"$T.*x.policy\" | head -n 1\n");
    char *want = text("%1$s/.config/sunshim/x.policy\n%1$s/xdg/sunshim/x.policy\n%1$s/one/x.policy\n%1$s/two/x.policy\n",
                      scratch());

    check_out(r, want);
}

/* --- Layers ------------------------------------------------------------------- */

#define DENIED(rule) "--rule 'deny unix (create) type=" rule ",'"

static const char probe[] = "perl -MSocket -e 'for (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET) { print socket(S, AF_UNIX, $_, 0) ? 1 : 0 }'";

StockTest(cli_run, every_layer_must_allow)
{
    struct run r = run(text("$SUNSHIM run " DENIED("stream") " " DENIED("dgram") " -- %s", probe));

    check_out(r, "001");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", NULL), 2);
}

StockTest(cli_run, a_nested_run_keeps_the_layers_around_it)
{
    struct run r = run(text("$SUNSHIM run " DENIED("stream") " -- $SUNSHIM run " DENIED("dgram") " -- $SUNSHIM run " DENIED("seqpacket") " -- %s", probe));

    check_status(r, 0);
    check_out(r, "000");
}

StockTest(cli_run, a_nested_run_preloads_once)
{
    struct run r = run("LD_PRELOAD=$LIB $SUNSHIM run -- $SUNSHIM run -- sh -c 'echo $LD_PRELOAD; echo $SUNSHIM_DOMAIN/libsunshim.so'");
    char *line = strchr(r.out, '\n');

    check_status(r, 0);
    cr_assert(line && !strncmp(r.out, line + 1, (size_t)(line - r.out)), "%s", run_report(&r));
}

StockTest(cli_run, what_was_preloaded_stays_preloaded)
{
    struct run r = run("LD_PRELOAD=/nonexistent/a.so:libb.so $SUNSHIM run -- sh -c 'echo ${LD_PRELOAD#*:}' 2>/dev/null");

    check_out(r, "/nonexistent/a.so:libb.so\n");
}

StockTest(cli_run, a_damaged_outer_run_is_not_dropped)
{
    struct run r = run("mkdir $T/d; echo garbage >$T/d/policy; SUNSHIM_DOMAIN=$T/d $SUNSHIM run -- true");

    check_status(r, 125);
    check_has(r, err, "the policies of the run around this one are damaged");
    r = run("SUNSHIM_DOMAIN=$T/none $SUNSHIM run -- true");
    check_status(r, 125);
    check_has(r, err, "cannot read the policies of the run around this one");
}

StockTest(cli_run, complain_is_for_its_own_layers)
{
    struct run r = run(text("$SUNSHIM run --complain " DENIED("stream") " -- $SUNSHIM run " DENIED("dgram") " -- %s", probe));

    check_out(r, "101");
    cr_assert_eq(lines_with(r.err, "sunshim=\"ALLOWED\"", "sock_type=\"stream\"", NULL), 1);
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "sock_type=\"dgram\"", NULL), 1);
}

StockTest(cli_run, a_profile_can_be_forced)
{
    struct run r = run(text("echo 'profile strict { unix (create) type=dgram, } profile other { unix, }' >$T/p;"
                            "$SUNSHIM run -p $T/p --profile strict -- %s", probe));

    check_out(r, "010");
}

StockTest(cli_run, no_follow_is_said_in_a_variable)
{
    struct run r = run("for o in '' --no-follow; do $SUNSHIM run $o -- sh -c 'echo ${SUNSHIM_FOLLOW-unset}'; done\n"
                       "$SUNSHIM run --no-follow -- $SUNSHIM run -- sh -c 'echo $SUNSHIM_FOLLOW'\n"
                       "$SUNSHIM env --no-follow | grep FOLLOW; ! $SUNSHIM env | grep FOLLOW");

    check_status(r, 0);
    check_out(r, "unset\n0\n0\nSUNSHIM_FOLLOW=0\n");
}

/* --- Logs ---------------------------------------------------------------------- */

StockTest(cli_run, records_go_where_log_says)
{
    struct run r = run(text("cd $T; $SUNSHIM run --log rec " DENIED("stream") " -- sh -c \"cd /; %s\"; cat rec",
                            "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0)'"));

    cr_assert_eq(lines_with(r.out, "sunshim=\"DENIED\"", NULL), 1, "%s", run_report(&r));
    check_lacks(r, err, "DENIED");
    r = run(text("$SUNSHIM run --log fd:5 --json " DENIED("stream") " -- %s 5>$T/five >/dev/null; cat $T/five", probe));
    cr_assert_eq(lines_with(r.out, "\"sunshim\":\"DENIED\"", NULL), 1, "%s", run_report(&r));
}

StockTest(cli_run, a_log_is_for_its_owner_alone)
{
    struct run r = run("umask 022; cd $T; $SUNSHIM run --log a -- true; $SUNSHIM run --trace --log b -- true; stat -c %a a b");
    check_out(r, "600\n600\n");
}

StockTest(cli_run, a_log_that_cannot_be_written_is_125)
{
    static const char *const logs[] = {"/nonexistent/dir/log", "$T", "fd:9", "fd:x", "fd:", "''", "/nonexistent/%p"};

    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct run r = run(text("s=0; $SUNSHIM run --log %s -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s", logs[i]));
        check_status(r, 125);
        check_has(r, err, "sunshim: cannot log to");
    }
}

/* --- What the command inherits --------------------------------------------------- */

StockTest(cli_run, the_command_inherits_signal_mask_and_dispositions)
{
    struct run r = run("given() { perl -MPOSIX -e '$SIG{USR1} = \"IGNORE\"; $SIG{CHLD} = \"IGNORE\"; "
                       "sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2, SIGTERM)); exec @ARGV' \"$@\"; }\n"
                       "look=\"grep -E ^Sig(Blk|Ign|Cgt) /proc/self/status\"\n"
                       "given $look >$T/a; given $SUNSHIM run -- $look >$T/b; cat $T/a; diff $T/a $T/b\n"
                       "ignored=$(sed -n 's/^SigIgn:./0x/p' $T/a); [ $((ignored & 0x10200)) = $((0x10200)) ]");

    check_status(r, 0);
    check_has(r, out, "SigBlk:\t0000000000004800");
}

StockTest(cli_run, the_command_inherits_descriptors_and_group)
{
    struct run r = run("look='ls /proc/$$/fd; ps -o pgid=,sid= -p $$'\n"
                       "sh -c \"$look\" 7</dev/null 2>&- >$T/a; $SUNSHIM run -- sh -c \"$look\" 7</dev/null 2>&- >$T/b\n"
                       "cat $T/a; diff $T/a $T/b");

    check_status(r, 0);
    cr_assert(strstr(r.out, "\n7\n") && !strstr(r.out, "\n2\n"), "%s", run_report(&r));
}

StockTest(cli_run, exec_keeps_the_pid)
{
    struct run r = run("sh -c 'echo $$; exec $SUNSHIM run --exec -- sh -c \"echo \\$\\$; cat \\$SUNSHIM_DOMAIN/pid\"'");
    int first, second, third;

    check_status(r, 0);
    cr_assert_eq(sscanf(r.out, "%d %d %d", &first, &second, &third), 3);
    cr_assert(first == second && second == third, "%s", r.out);
}

StockTest(cli_run, exec_of_nothing_leaves_nothing)
{
    struct run r = run("export XDG_RUNTIME_DIR=$T; echo '#!/no/such/interpreter' >$T/s; chmod +x $T/s; s=0; $SUNSHIM run --exec $T/s || s=$?; ls -d $T/sunshim/* 2>/dev/null || :; exit $s");

    check_status(r, 127);
    check_out(r, "");
}

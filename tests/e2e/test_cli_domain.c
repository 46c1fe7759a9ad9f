/* The directory of a run: made, found, and never left behind for long. */
#include "tests/e2e/harness.h"

/* For every script: where this user's domains are in this test, and a way to be
 * an ordinary user. Root's are in /run/sunshim whatever the environment says. */
#define USER \
    "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; else \"$@\"; fi; }\n" \
    "export XDG_RUNTIME_DIR=$T/xdg; mkdir -m 700 $T/xdg; [ $(id -u) != 0 ] || chown 65534:65534 $T/xdg\n" \
    "left() { find $T/xdg/sunshim -mindepth 1 -maxdepth 1 | wc -l; }\n" \
    "swept() { for i in $(seq 100); do as $SUNSHIM run -- true; [ $(left) != 0 ] || break; sleep 0.1; done; left; }\n"

StockTest(cli_domain, is_private_and_gone_afterwards)
{
    struct run r = run(USER "as $SUNSHIM run -- sh -c 'cd $SUNSHIM_DOMAIN; pwd; stat -c %a . policy; readlink libsunshim.so'; left");

    check_status(r, 0);
    check_has(r, out, text("%s/xdg/sunshim/", scratch()));
    check_has(r, out, "\n700\n400\n");
    check_has(r, out, "/libsunshim.so\n0\n");
}

StockTest(cli_domain, is_under_tmp_without_a_runtime_directory)
{
    struct run r = run(USER "for d in '' relative /nonexistent '/tmp/a b'; do XDG_RUNTIME_DIR=$d as $SUNSHIM run -- sh -c 'echo ${SUNSHIM_DOMAIN%%-*}; [ -e $SUNSHIM_DOMAIN/reported ]'; done");

    check_status(r, 0);
    check_out(r, "/tmp/sunshim\n/tmp/sunshim\n/tmp/sunshim\n/tmp/sunshim\n");
}

StockTest(cli_domain, a_runtime_directory_of_somebody_else_is_not_used)
{
    struct run r = run(USER "mkdir -m 777 $T/xdg/sunshim; [ $(id -u) != 0 ] || chmod 755 $T/xdg; as $SUNSHIM run -- sh -c 'echo ${SUNSHIM_DOMAIN%%-*}'; rmdir $T/xdg/sunshim; ln -s $T $T/xdg/sunshim; as $SUNSHIM run -- sh -c 'echo ${SUNSHIM_DOMAIN%%-*}'");

    check_out(r, "/tmp/sunshim\n/tmp/sunshim\n");
}

StockTest(cli_domain, of_root_serves_those_who_drop_privileges)
{
    need_root();
    struct run r = run("$SUNSHIM run --rule 'deny unix (create) type=stream,' -- setpriv --reuid=65534 --clear-groups sh -c '"
                       "perl -MSocket -e \"print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0\"; echo \" $(stat -c %a $SUNSHIM_DOMAIN) $(stat -c %a $SUNSHIM_DOMAIN/policy)\"'");

    check_status(r, 0);
    check_out(r, "0 711 444\n");
}

StockTest(cli_domain, of_root_has_a_copy_of_a_library_others_cannot_reach)
{
    need_root();
    struct run r = run("mkdir -m 700 $T/private; cp $SUNSHIM $LIB $T/private/\n"
                       "$T/private/sunshim run --rule 'deny unix (create) type=stream,' -- setpriv --reuid=65534 --clear-groups "
                       "perl -MSocket -e 'print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0, \"\\n\"'");

    check_status(r, 0);
    check_out(r, "0\n");
}

StockTest(cli_domain, stays_while_a_daemon_needs_it)
{
    struct run r = run(USER
        "as $SUNSHIM run --rule 'deny unix (create) type=stream,' -- sh -c 'setsid sh -c \"until [ -e $T/go ]; do sleep 0.05; done; perl -MSocket -e \\\"print socket(S, AF_UNIX, SOCK_STREAM, 0) ? 1 : 0\\\" >$T/xdg/answer; echo >$T/xdg/done\" >/dev/null 2>&1 &'\n"
        "echo $(left); as $SUNSHIM run -- true; echo $(left); touch $T/go\n"
        "until [ -e $T/xdg/done ]; do sleep 0.05; done; cat $T/xdg/answer; echo; swept");

    check_status(r, 0);
    check_out(r, "1\n1\n0\n0\n");
}

StockTest(cli_domain, of_exec_is_swept_by_a_later_run)
{
    struct run r = run(USER "as $SUNSHIM run --exec -- sleep 0; left; swept");

    check_out(r, "1\n0\n");
}

StockTest(cli_domain, of_a_killed_launcher_is_swept_when_its_command_ended)
{
    struct run r = run(USER
        "as $SUNSHIM run -- sh -c 'echo $PPID >$T/xdg/launcher; echo $$ >$T/xdg/command; exec sleep 60' &\n"
        "until [ -s $T/xdg/command ]; do sleep 0.02; done\n"
        "kill -KILL $(cat $T/xdg/launcher); wait $! || :\n"
        "as $SUNSHIM run -- true; left; kill $(cat $T/xdg/command); swept");

    check_out(r, "1\n0\n");
}

StockTest(cli_domain, of_a_program_that_wiped_its_environment_is_kept)
{
    struct run r = run(USER
        "as $SUNSHIM run --exec --rule 'deny network inet,' -- perl -e 'undef %ENV; $0 = \"x\" x 4000; open F, \">\", \"'$T'/xdg/perl\"; print F $$; close F; sleep 60' &\n"
        "until [ -s $T/xdg/perl ]; do sleep 0.02; done; ! tr '\\0' '\\n' </proc/$(cat $T/xdg/perl)/environ | grep SUNSHIM_DOMAIN\n"
        "as $SUNSHIM run -- true; left; kill $(cat $T/xdg/perl); wait || :; swept");

    check_out(r, "1\n0\n");
}

StockTest(cli_domain, sweeping_removes_only_what_sunshim_made)
{
    /* A dead owner, but files nobody of us knows; a link; a directory of others. */
    struct run r = run(USER
        "as mkdir -m 700 $T/xdg/sunshim; cd $T/xdg/sunshim; as mkdir -m 700 foreign dead\n"
        "ns=$(stat -Lc %i /proc/self/ns/pid)\n"
        "for d in foreign dead; do echo \"4194304 1 $ns\" | as tee $d/pid >/dev/null; as touch $d/policy; done\n"
        "as touch foreign/precious; as mkdir $T/xdg/else; as touch $T/xdg/else/policy; as ln -s $T/xdg/else link\n"
        "as ln -s $T/xdg/else/policy dead/reported\n"
        "as $SUNSHIM run -- true; find . | sort; ls $T/xdg/else");

    check_out(r, ".\n./foreign\n./foreign/precious\n./link\npolicy\n");
}

StockTest(cli_domain, of_another_pid_namespace_is_left_alone)
{
    struct run r = run(USER "as mkdir -m 700 $T/xdg/sunshim $T/xdg/sunshim/d; echo '4194304 1 1' | as tee $T/xdg/sunshim/d/pid >/dev/null\n"
                       "as $SUNSHIM run -- true; left");

    check_out(r, "1\n");
}

StockTest(cli_domain, many_runs_at_once_do_not_disturb_each_other)
{
    struct run r = run(USER "for i in 1 2 3 4 5 6 7 8; do (for k in 1 2 3 4 5 6; do as $SUNSHIM run --exec -- true; as $SUNSHIM run --rule 'deny network inet,' -- true || echo bad; done) & done; wait; swept");

    check_status(r, 0);
    check_out(r, "0\n");
    cr_assert_str_empty(r.err);
}

/* Root's directories can be entered by all who know the name. */
StockTest(cli_domain, has_a_name_that_nobody_guesses)
{
    struct run r = run("for i in 1 2 3; do $SUNSHIM run -- sh -c 'echo ${SUNSHIM_DOMAIN##*/}'; done | grep -xE '(sunshim-)?[a-z2-7]{16}' | sort -u | wc -l");

    check_out(r, "3\n");
}

/* --- Runs in runs ---------------------------------------------------------- */

/* Launchers are killed and all but a daemon of the inner run ends; what `daemon` makes
 * of its environment is up to the test. Then both directories have to stay: the
 * library of the daemon maps what is in the outer one. */
#define NESTED(daemon) \
    USER "as $SUNSHIM run --track -- sh -c 'echo $PPID >>$T/xdg/pids; $SUNSHIM run --track -- sh -c \"echo \\$PPID >>$T/xdg/pids; setsid " daemon " & until [ -s $T/xdg/daemon ]; do sleep 0.02; done; echo \\$\\$ >>$T/xdg/pids; exec sleep 60\"' &\n" \
    "until [ -s $T/xdg/daemon ] && [ $(wc -l <$T/xdg/pids) = 3 ]; do sleep 0.02; done\n" \
    "for pid in $(cat $T/xdg/pids); do kill -KILL $pid; done; wait $! || :\n" \
    "as $SUNSHIM run -- true; as $SUNSHIM run -- true; left; kill $(cat $T/xdg/daemon); swept"

StockTest(cli_domain, stays_while_a_daemon_of_a_nested_run_lives)
{
    put("daemon.sh", "echo $$ >$T/xdg/daemon; exec sleep 60");
    struct run r = run(NESTED("sh $T/daemon.sh"));

    check_out(r, "2\n0\n");
}

StockTest(cli_domain, stays_while_such_a_daemon_has_no_environment)
{
    put("forget.pl", "undef %ENV; $0 = 'x' x 4000; open F, '>', $ARGV[0]; print F $$; close F; sleep 60");
    struct run r = run(NESTED("perl $T/forget.pl $T/xdg/daemon"));

    check_out(r, "2\n0\n");
}

/* Only the environment of what is not seen says where it belongs. */
StockTest(cli_domain, stays_while_such_a_daemon_is_not_seen)
{
    put("still.c", "#include <stdio.h>\n#include <unistd.h>\n"
                   "int main(int n, char **a) { FILE *f = fopen(a[n - 1], \"w\"); fprintf(f, \"%d\", getpid()); fclose(f); sleep(60); return 0; }\n");
    struct run r = run("gcc -static -o $T/still $T/still.c\n" NESTED("$T/still $T/xdg/daemon"));

    check_out(r, "2\n0\n");
}

/* The way round by another name of the directory is found, too. */
StockTest(cli_domain, is_known_by_any_name)
{
    struct run r = run(USER "mv $T/xdg $T/real; ln -s real $T/xdg\n"
        "as $SUNSHIM run --exec -- sh -c 'SUNSHIM_DOMAIN=$(readlink -f $SUNSHIM_DOMAIN); echo $$ >$T/xdg/pid; exec sleep 60' &\n"
        "until [ -s $T/xdg/pid ]; do sleep 0.02; done; as $SUNSHIM run -- true; left() { find $T/real/sunshim -mindepth 1 -maxdepth 1 | wc -l; }\n"
        "left; kill $(cat $T/xdg/pid); swept");

    check_out(r, "1\n0\n");
}

StockTest(cli_domain, of_a_nested_run_of_another_user_has_a_place_and_counts_outside)
{
    need_root();
    struct run r = run("$SUNSHIM run -- setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"
                       "o=$SUNSHIM_DOMAIN; exec $SUNSHIM run -- sh -c \"printf %s\\\\n \\${SUNSHIM_DOMAIN%%-*}; [ \\$(readlink \\$SUNSHIM_DOMAIN/outer) = $o ]; $N/counts denied 2\"'; echo $?");

    check_has(r, out, "/tmp/sunshim");
    check_has(r, err, "sunshim: 2 denied\nsunshim: 2 denied\n");
}

/* `sunshim run --long-paths` where binds are cut off, room is missing and runs are killed. */
#include <stdio.h>

#include "tests/e2e/cli_long.h"

/* --- Binds that were cut off ---------------------------------------------------------------- */

/* A dead run with one in its directory of aliases: cut KIND LETTERS NAME-OF-TARGET. */
#define CUT_OFF \
    "ns=$(stat -Lc %i /proc/self/ns/pid); as mkdir -m 700 $T/x/sunshim; D=$T/x/sunshim/dead; as mkdir $D $D/a; echo \"4194304 1 $ns\" | as tee $D/pid >/dev/null\n" \
    "cut() { as mkdir $D/a/n$2; as ln -s \"$3\" $D/a/n$2/.sunshim-$2; as ln -s \"${3%/*}\" $D/a/$1$2; }\n" \
    "sock() { as perl -MSocket -e 'chdir shift; for (@ARGV) { socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($_)) or die \"$_: $!\" }' \"$@\"; }\n"

StockTest(cli_long, a_cut_off_bind_leaves_nothing)
{
    struct run r = run(USER CUT_OFF
        "sock $L .sunshim-aaaaaaaa NAME .sunshim-bbbbbbbb OTHER; cut t aaaaaaaa $L/NAME; cut u bbbbbbbb $T/./$(basename ${L%/*})/${L##*/}/OTHER; cut t cccccccc $L/absent; cut t dddddddd $L/no/directory\n"
        "as mkdir $D/a/nempty222 $D/a/tffffffff; as ln -s $L/done $D/a/tffffffff/.sunshim-ffffffff; as ln -s $L $D/a/dabcde; as ln -s $L $D/a/rabcde\n"
        "as $SUNSHIM run -- true; ls -A $L; find $T/x/sunshim -mindepth 1");

    check_out(r, "");
    cr_assert_str_empty(r.err);
}

StockTest(cli_long, a_cut_off_bind_takes_nothing_that_is_not_its_own)
{
    struct run r = run(USER CUT_OFF
        "as perl -MSocket -e 'chdir $ENV{L}; socket(A, AF_UNIX, SOCK_STREAM, 0); bind(A, pack_sockaddr_un(\"live\")); listen(A, 5); socket(B, AF_UNIX, SOCK_DGRAM, 0); bind(B, pack_sockaddr_un(\"mute\")); "
        "socket(C, AF_UNIX, SOCK_SEQPACKET, 0); bind(C, pack_sockaddr_un(\"locked\")); chmod 0, \"locked\"; open F, \">\", \"ready\"; sleep 100' & until [ -e $L/ready ]; do sleep 0.02; done\n"
        "as touch $L/file $L/.sunshim-eeeeeeee; as mkdir $L/dir; sock $T/x stale; as ln -s $T/x/stale $L/link\n"
        "cut t aaaaaaaa $L/live; cut t bbbbbbbb $L/mute; cut t cccccccc $L/locked; cut t dddddddd $L/file; cut t eeeeeeee $L/dir; cut t ffffffff $L/link; cut t gggggggg $L/..; cut t hhhhhhhh $L/; as ln -s $L/file $D/a/nlink2222\n"
        "as $SUNSHIM run -- true; ls -A $L; [ -S $T/x/stale ]; find $T/x/sunshim -mindepth 1");

    check_status(r, 0);
    check_out(r, ".sunshim-eeeeeeee\ndir\nfile\nlink\nlive\nlocked\nmute\nready\n");
}

/* Everybody may write to the directory of root's aliases. */
StockTest(cli_long, a_service_of_root_cannot_have_files_removed)
{
    need_root();
    struct run r = run(USER "chmod 1777 $L; perl -MSocket -e 'chdir $ENV{L}; for (\"victim\") { socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($_)) }'\n"
        "sock() { as perl -MSocket -e 'chdir $ENV{L}; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un(\"own\"))'; }; sock\n"
        "$SUNSHIM run -- setpriv --reuid=$uid --regid=$uid --clear-groups sh -c 'cd $SUNSHIM_DOMAIN/a; for n in victim own; do l=$(echo $n | tr o a | cut -c1-1); l=$l$l$l$l$l$l$l$l; mkdir n$l; ln -s $L/$n n$l/.sunshim-$l; done'; ls $L");

    check_out(r, "victim\n");
    cr_assert_str_empty(r.err);
}

/* A name for which bind has just returned stays, as it always does when its process is killed
 * then. Those that were on their way are many more. */
StockTest(cli_long, nothing_stays_of_ten_thousand_binds_cut_off_anywhere)
{
    struct run r = run(USER "as mkdir $L/d; as $SUNSHIM run -- sh -c '$N/bindstorm \"$1\" 1500 10; ls $SUNSHIM_DOMAIN/a | grep -c ^n; find \"$1\" -name .sunshim-\\* | wc -l; kill -KILL $PPID' - $L/d || :\n"
                       "swept; find $L/d -name '.sunshim-*'; ls $L/d | wc -l");
    unsigned binds, killed, cut, temporary, stay, names;

    cr_assert_eq(sscanf(r.out, "%u %u %u %u %u %u", &binds, &killed, &cut, &temporary, &stay, &names), 6, "%s", run_report(&r));
    cr_assert(binds > 5000 && killed > 400 && cut > 10 && !stay, "%s", run_report(&r));
    cr_assert_lt(names, killed / 4, "%s", run_report(&r));
}

/* --- Where there is no room --------------------------------------------------------------------- */

/* With each number of files that the file system has room for, the run starts or says what it
 * lacks; either way nothing stays. */
StockTest(cli_long, a_full_file_system_is_an_error_or_none)
{
    need_root();
    struct run r = run(USER "unshare -m --propagation private sh -euc 'for n in 2 3 4 5 6 7 8 9 10 11 12; do mount -t tmpfs -o nr_inodes=$n,mode=700,uid='$uid' none $T/x; s=0\n"
        "setpriv --reuid='$uid' --regid='$uid' --clear-groups env TMPDIR=$L $SUNSHIM run --long-paths -- sh -c \": $L/s\" x $L/s 2>$T/err || s=$?\n"
        "[ $s = 0 ] || { [ $s = 125 ] && grep -qE \"cannot make .*: No space left on device|ran without the library\" $T/err; }; [ -z \"$(find $T/x -mindepth 2)\" ]; umount $T/x; done'; left() { find /tmp -maxdepth 1 -name 'sun*' -user $uid | wc -l; }; [ $(left) = 0 ]; echo ok");

    check_status(r, 0);
    check_out(r, "ok\n");
}

StockTest(cli_long, a_read_only_tmp_is_an_error)
{
    need_root();
    struct run r = run(USER "unshare -m --propagation private sh -uc 'mkdir $T/ro; mount --rbind /tmp /mnt; mount -t tmpfs -o ro none /tmp; case $SUNSHIM in /tmp/*) SUNSHIM=/mnt${SUNSHIM#/tmp};; esac; export XDG_RUNTIME_DIR=/run/s$$; mkdir -m 700 $XDG_RUNTIME_DIR; chown '$uid' $XDG_RUNTIME_DIR\n"
        "setpriv --reuid='$uid' --regid='$uid' --clear-groups env TMPDIR=/mnt${L#/tmp} $SUNSHIM run --long-paths -- true; echo $? $(find $XDG_RUNTIME_DIR/sunshim -mindepth 1 | wc -l); rm -r $XDG_RUNTIME_DIR'");

    check_out(r, "125 0\n");
    check_has(r, err, "sunshim: cannot make a short directory for TMPDIR: /tmp/sun-");
    check_has(r, err, "Read-only file system\n");
}

/* --- kill -9 -------------------------------------------------------------------------------------- */

/* At any moment, of launcher, command or both. */
StockTest(cli_long, nothing_stays_after_kill_9)
{
    put("storm.pl", "use Time::HiRes 'usleep'; $SIG{TERM} = 'IGNORE';\n"
                    "for (1 .. 200) { my $pid = fork; if (!$pid) { setpgrp; exec @ARGV or die } usleep rand 30000; kill KILL => rand() < 0.5 ? -$pid : $pid; waitpid $pid, 0 }\n");
    struct run r = run(USER "as env TMPDIR=$L perl $T/storm.pl $SUNSHIM run --long-paths -- sh -c 'for i in 1 2 3; do : >$TMPDIR/$i; mkdir -p $TMPDIR/d$i; done; : >$1' - $L/s; swept");

    check_out(r, "0\n");
}

StockTest(cli_long, nothing_stays_after_kill_9_of_nested_runs)
{
    put("storm.pl", "use Time::HiRes 'usleep';\n"
                    "for (1 .. 40) { my $pid = fork; if (!$pid) { setpgrp; exec @ARGV or die } usleep 20000 + rand 150000; kill KILL => -$pid; waitpid $pid, 0 }\n");
    struct run r = run(USER "as env TMPDIR=$L perl $T/storm.pl $SUNSHIM run --long-paths -- $SUNSHIM run --shorten -- $SUNSHIM run --track --long-paths -- sh -c ': >$TMPDIR/x; mkdir $TMPDIR/d; sleep 0.1' - $L/s; swept");

    check_out(r, "0\n");
}

/* --- Stock programs ----------------------------------------------------------------------------------- */

StockTest(cli_long, socat_talks_at_a_long_path)
{
    struct run r = run(USER "as $SUNSHIM run --long-paths -- sh -c 'socat UNIX-LISTEN:$1,fork EXEC:\"echo hello\" & until [ -S $1 ]; do sleep 0.02; done; socat -u UNIX-CONNECT:$1 -; kill $!; wait' - $L/sock; swept");

    check_out(r, "hello\n0\n");
}

StockTest(cli_long, python_makes_its_sockets_in_a_short_tmpdir)
{
    put("manager.py", "import multiprocessing, os, tempfile\n"
                      "if __name__ == '__main__':\n"
                      "    with multiprocessing.Manager() as m:\n"
                      "        print(m.list([1, 2]), len(tempfile.gettempdir()))\n");
    struct run r = run(USER "as env TMPDIR=$L $SUNSHIM run --long-paths -- python3 $T/manager.py; swept");

    check_status(r, 0);
    check_out(r, "[1, 2] 17\n0\n");
}

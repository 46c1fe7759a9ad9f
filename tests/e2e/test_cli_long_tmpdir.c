/* The short TMPDIR of `sunshim run --shorten`. */
#include "tests/e2e/cli_long.h"

/* --- A short TMPDIR ---------------------------------------------------------------------------- */

StockTest(cli_long, tmpdir_is_short_real_and_private)
{
    struct run r = run(USER "umask 0777; as env TMPDIR=$L TMP=$L TEMP=/tmp TEMPDIR=$T/nothing/$(printf %040d 0) $SUNSHIM run --shorten -- sh -c '"
                       "stat -c \"%a %F\" $TMPDIR; echo $TMPDIR $(readlink $SUNSHIM_DOMAIN/tmp) | sed s/sun-[a-z2-7]*/sun-/g; [ $(realpath $TMPDIR) = $TMPDIR ]; [ $TMP = $TMPDIR ]; echo $TEMP ${TEMPDIR#$T}; mktemp >/dev/null'; left");

    check_status(r, 0);
    check_has(r, out, "700 directory\n/tmp/sun- /tmp/sun-\n/tmp /nothing/0000000000000000000000000000000000000000\n0\n");
}

StockTest(cli_long, tmpdir_of_root_is_for_all_where_it_was)
{
    need_root();
    struct run r = run(USER "for m in 1777 755; do chmod $m $L; TMPDIR=$L $SUNSHIM run --shorten -- sh -c 'stat -c %a $TMPDIR'; done");

    check_out(r, "1777\n700\n");
}

StockTest(cli_long, tmpdir_may_have_an_odd_name)
{
    struct run r = run(USER "D=\"$L/a b\nc\"; as mkdir -- \"$D\"; as env TMPDIR=\"$D\" $SUNSHIM run --long-paths -- sh -c 'echo $TMPDIR | grep -cxE \"/tmp/sun-[a-z2-7]{8}\"'; left");

    check_out(r, "1\n0\n");
}

StockTest(cli_long, tmpdir_in_a_nested_run_is_the_outer_ones)
{
    struct run r = run(USER "as env TMPDIR=$L $SUNSHIM run --long-paths -- $SUNSHIM run --long-paths -- $SUNSHIM run -- sh -c '"
                       "[ $TMPDIR = $(readlink $SUNSHIM_DOMAIN/outer/outer/tmp) ]; [ ! -e $SUNSHIM_DOMAIN/outer/tmp ]; echo $?'; left");

    check_out(r, "0\n0\n");
}

StockTest(cli_long, policies_speak_of_the_short_tmpdir)
{
    struct run r = run(USER "printf 'unix,\\ndeny unix (bind) addr=@{TMPDIR}/no,\\n' >$T/p; chmod 644 $T/p\n"
                       "as env TMPDIR=$L $SUNSHIM run -p $T/p --log /dev/null --shorten -- perl -MSocket -e 'for (\"no\", \"yes\") { socket(S, AF_UNIX, SOCK_STREAM, 0); print bind(S, pack_sockaddr_un(\"$ENV{TMPDIR}/$_\")) ? 1 : 0, \"\\n\" }'");

    check_out(r, "0\n1\n");
}

/* Whatever programs put there. */
StockTest(cli_long, tmpdir_goes_with_all_that_is_in_it)
{
    put("fill.pl", "use Socket; chdir $ENV{TMPDIR} or die; my $t = $ARGV[0];\n"
                   "for my $n (\"a\\nb\", \" \", '-rf', '*', \"\\xff\\xfe\", 'x' x 255, '...', '.hidden') { open F, '>', $n or die; mkdir \"$n.d\" or length $n > 200 or die }\n"
                   "socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un('sock')) or die; system 'mkfifo fifo';\n"
                   "symlink $t, 'out'; symlink 'nothing', 'dangling'; mkdir 'ro'; open F, '>', 'ro/f'; mkdir 'ro/none'; open F, '>', 'ro/none/f'; chmod 0, 'ro/none', 'ro/f'; chmod 0555, 'ro';\n"
                   "mkdir 'many'; for (1 .. 3000) { open F, '>', \"many/$_\" } link \"$t/keep\", 'hard';\n"
                   "mkdir 'deep'; chdir 'deep'; for (1 .. 1500) { mkdir 'ddddddddddddddd' or die; chdir 'ddddddddddddddd' or die } open F, '>', 'end'; chdir $ENV{TMPDIR}; chmod 0, '.';\n");
    struct run r = run(USER "mkdir $T/out; echo precious >$T/out/keep; chmod 1777 $T/out; chmod 666 $T/out/keep\n"
                       "as env TMPDIR=$L $SUNSHIM run --shorten -- sh -c 'ulimit -n 30; perl $T/fill.pl $T/out'; left; cat $T/out/keep");

    check_status(r, 0);
    check_out(r, "0\nprecious\n");
    cr_assert_str_empty(r.err);
}

StockTest(cli_long, tmpdir_is_removed_with_few_descriptors)
{
    struct run r = run(USER "as env TMPDIR=$L sh -c 'ulimit -n 24; exec $SUNSHIM run --shorten -- sh -c \"cd \\$TMPDIR; for i in 1 2 3 4 5 6 7 8 9 10; do mkdir -p a/b/c/d/e/f/g/h/i/j; cd a/b/c/d/e/f/g/h/i/j; done\"'; left");

    check_out(r, "0\n");
    cr_assert_str_empty(r.err);
}

/* Another file system in it is somebody's; so is the place where a link leads. */
StockTest(cli_long, tmpdir_is_not_left_for_other_file_systems)
{
    need_root();
    struct run r = run(USER "mkdir $T/bound; echo precious >$T/bound/f; export L; unshare -m --propagation private sh -c '\n"
        "TMPDIR=$L $SUNSHIM run --shorten -- sh -c \"mkdir \\$TMPDIR/m \\$TMPDIR/n; mount --bind $T/bound \\$TMPDIR/m; echo \\$TMPDIR >$T/where; mount -t tmpfs none \\$TMPDIR/n; echo precious >\\$TMPDIR/n/f\"\n"
        "t=$(cat $T/where); cat $T/bound/f $t/n/f; umount $t/m $t/n; $SUNSHIM run -- true; [ ! -e $t ]'");

    check_status(r, 0);
    check_out(r, "precious\nprecious\n");
    check_has(r, err, "sunshim: cannot remove all of /tmp/sun-");
}

StockTest(cli_long, tmpdir_is_kept_on_request)
{
    struct run r = run(USER "as env TMPDIR=$L $SUNSHIM run --long-paths --keep -- sh -c 'echo x >$TMPDIR/f; [ ! -e $SUNSHIM_DOMAIN/tmp ]'; as env TMPDIR=$L $SUNSHIM run --shorten --exec --keep -- sh -c 'echo y >$TMPDIR/f'\n"
                       "as $SUNSHIM run --shorten --keep -- true; for i in 1 2; do as $SUNSHIM run -- true; done; find /tmp -maxdepth 1 -user $uid -name 'sun-*' -exec cat {}/f \\; -exec rm -r {} + | sort; left");

    check_out(r, "x\ny\n0\n");
    cr_assert_eq(lines_with(r.err, "sunshim: kept: /tmp/sun-", " (TMPDIR)", NULL), 2, "%s", run_report(&r));
}

StockTest(cli_long, tmpdir_stays_while_a_daemon_needs_it)
{
    struct run r = run(USER
        "as env TMPDIR=$L $SUNSHIM run --long-paths -- sh -c 'setsid sh -c \"until [ -e $T/go ]; do sleep 0.05; done; echo \\$TMPDIR/* >$T/x/answer; echo >$T/x/done\" >/dev/null 2>&1 & : >$TMPDIR/f'\n"
        "left; as $SUNSHIM run -- true; left; touch $T/go; until [ -e $T/x/done ]; do sleep 0.05; done; sed 's/sun-[a-z2-7]*/sun-/' $T/x/answer; swept");

    check_out(r, "2\n2\n/tmp/sun-/f\n0\n");
}

/* Helpers end a moment after what they help. */
StockTest(cli_long, tmpdir_does_not_wait_for_the_next_run_if_all_end_now)
{
    struct run r = run(USER "as env TMPDIR=$L $SUNSHIM run --long-paths -- sh -c '(until ! kill -0 $$; do :; done; : >$TMPDIR/f) >/dev/null 2>&1 &'; left");

    check_out(r, "0\n");
}

StockTest(cli_long, tmpdir_of_exec_is_swept_by_a_later_run)
{
    struct run r = run(USER "as env TMPDIR=$L $SUNSHIM run --long-paths --exec -- sh -c ': >$TMPDIR/f'; left; swept");

    check_out(r, "2\n0\n");
}

StockTest(cli_long, nothing_stays_when_the_command_cannot_be_started)
{
    struct run r = run(USER "for o in '' --exec --keep '--exec --keep'; do printf '#!/nonexistent\\n' >$T/bad; chmod 755 $T/bad; s=0; as env TMPDIR=$L $SUNSHIM run --long-paths $o -- $T/bad $L/s || s=$?; echo $s $(left); done");

    check_out(r, "127 0\n127 0\n127 0\n127 0\n");
}

/* A run's note is believed for directories of this kind and of this user alone. */
StockTest(cli_long, sweeping_removes_no_directory_but_a_short_tmpdir)
{
    need_root();
    struct run r = run(USER "ns=$(stat -Lc %i /proc/self/ns/pid); as mkdir -m 700 $T/x/sunshim; other=/tmp/sun-aaaa$(printf %04d $(($$ % 2000 + 2222)) | tr 0189 abcd); mkdir $other; : >$other/f; as mkdir $T/x/mine $T/x/link; as touch $T/x/mine/f\n"
        "own=/tmp/sun-bbbb$(printf %04d $(($$ % 2000 + 2222)) | tr 0189 abcd); as ln -s $T/x/mine $own\n"
        "n=0; for to in $T/x/mine $other $own /tmp/sun-aaaa/../../$T/x/mine; do n=$((n + 1)); d=$T/x/sunshim/dead$n; as mkdir $d; echo \"4194304 1 $ns\" | as tee $d/pid >/dev/null; as ln -s $to $d/tmp; done\n"
        "as $SUNSHIM run -- true; c() { ls \"$@\" | wc -l; }; echo $(c $T/x/mine) $(c $other) $(find $own -type l | wc -l) $(c -d $T/x/mine) $(find $T/x/sunshim -name dead1 | wc -l); rm -r $other; rm -f $own");

    check_out(r, "1 1 1 1 0\n");
}

/* Names in /tmp that only begin as those of runs do. */
StockTest(cli_long, sweeping_leaves_other_directories_in_tmp_alone)
{
    struct run r = run(USER "d=$(as mktemp -d /tmp/sunshim-XXXXXX); as mkdir $d/a; as ln -s / $d/a/sabcde; as touch -d '2 days ago' $d; e=$(as mktemp -d /tmp/sunshim-other-XXXXXXXXXX)\n"
                       "as $SUNSHIM run -- true; find $d $e | wc -l; rm -r $d $e");

    check_out(r, "4\n");
}

/* What `sunshim run` does about long paths: the directory of aliases, short names for the
 * first program, a short TMPDIR; and that nothing of it stays. What the library does
 * with them is elsewhere. */
#include <stdio.h>

#include "tests/e2e/harness.h"

/* For every script: an ordinary user, of whom no other test has files; where its runs are;
 * what they have left; and a long directory. */
#define USER \
    "uid=$((60000 + $$ % 5000)); [ $(id -u) = 0 ] || uid=$(id -u)\n" \
    "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=$uid --regid=$uid --clear-groups \"$@\"; else \"$@\"; fi; }\n" \
    "export XDG_RUNTIME_DIR=$T/x; mkdir -m 700 $T/x; [ $(id -u) != 0 ] || chown $uid:$uid $T/x\n" \
    "left() { { find $T/x/sunshim -mindepth 1 -maxdepth 1; find /tmp -maxdepth 1 -name 'sun*' -user $uid; } 2>/dev/null | wc -l; }\n" \
    "swept() { for i in 1 2 3 4 5 6 7 8 9 10; do as $SUNSHIM run -- true; [ $(left) != 0 ] || break; sleep 0.1; done; left; }\n" \
    "L=$T/$(printf %0120d 0)/$(printf %0120d 1); mkdir -p $L; chmod 1777 $L; export L\n"

/* For tests that make other users, mounts and files of others. */
#define ROOT(otherwise) "[ $(id -u) = 0 ] || { printf '" otherwise "'; exit 0; }\n"

/* --- The directory of aliases -------------------------------------------------------- */

StockTest(cli_long, aliases_have_a_directory_in_every_run)
{
    struct run r = run(USER "for mask in 022 0777 0; do umask $mask; as $SUNSHIM run -- sh -c 'stat -c \"%a %F\" $SUNSHIM_DOMAIN/a; [ ${#SUNSHIM_DOMAIN} -le 51 ]'; done; left");

    check_status(r, 0);
    check_out(r, "700 directory\n700 directory\n700 directory\n0\n");
}

StockTest(cli_long, aliases_of_root_are_for_its_services)
{
    struct run r = run(ROOT("1777\n/\n") "$SUNSHIM run -- sh -c 'umask 0777; stat -Lc %a $SUNSHIM_DOMAIN/a; ln -s / $SUNSHIM_DOMAIN/a/dabcde\n"
                                        "setpriv --reuid=65534 --clear-groups readlink -f $SUNSHIM_DOMAIN/a/dabcde'");

    check_out(r, "1777\n/\n");
}

/* What everybody sees of them (ps, ss) leads nobody to the run, and nobody can exchange them. */
StockTest(cli_long, aliases_of_root_tell_nothing_and_stay)
{
    put("look.py", "import os, sys\n"
                   "alias, long = sys.argv[1][:-2], open('long').read()\n"
                   "if len(sys.argv) > 2:\n"
                   "    print('ours' if alias != open('alias').read() and os.readlink(alias) == long else alias)\n"
                   "    sys.exit()\n"
                   "open('alias', 'w').write(alias)\n"
                   "print('told' if alias.startswith(os.environ['SUNSHIM_DOMAIN']) or not '/.sun-' in alias else 'hidden', flush=True)\n"
                   "os.seteuid(65534)\n"
                   "try: os.unlink(alias)\n"
                   "except PermissionError: print('kept', flush=True)\n"
                   "os.seteuid(0); os.unlink(alias); os.seteuid(65534); os.symlink(long, alias); os.seteuid(0)\n"
                   "sunshim = os.environ['SUNSHIM']\n"
                   "os.execv(sunshim, [sunshim, 'run', '--shorten', '--', 'python3', 'look.py', long + '/s', 'again'])\n");
    struct run r = run(ROOT("hidden\nkept\nours\ngone\n")
        "L=$T/$(printf %0120d 0); mkdir $L; printf %s $L >long; export SUNSHIM\n"
        "$SUNSHIM run --shorten -- python3 look.py $L/s; [ -e $(dirname $(cat alias)) ] || echo gone");

    check_out(r, "hidden\nkept\nours\ngone\n");
}

/* What strangers leave there, and what their links say. */
StockTest(cli_long, strangers_neither_keep_roots_aliases_nor_name_its_peers)
{
    put("lie.py", "import os, socket\n"
                  "d = os.path.realpath(os.environ['SUNSHIM_DOMAIN'] + '/a'); os.seteuid(65534)\n"
                  "os.makedirs(d + '/mine/deep'); open(d + '/taaaaaaaa', 'w').close(); os.makedirs(d + '/naaaaaaaa/x')\n"
                  "os.symlink('/tmp', d + '/daaaaa'); s = socket.socket(socket.AF_UNIX); name = d + '/daaaaa/lie-%d' % os.getpid()\n"
                  "s.bind(name); s.listen(); os.unlink(d + '/daaaaa'); os.symlink('/etc', d + '/daaaaa'); os.seteuid(0)\n"
                  "c = socket.socket(socket.AF_UNIX); c.connect('/tmp/lie-%d' % os.getpid())\n"
                  "print('lied to' if c.getpeername().startswith('/etc') else 'not lied to'); os.unlink('/tmp/lie-%d' % os.getpid())\n"
                  "open('where', 'w').write(d)\n");
    struct run r = run(ROOT("not lied to\ngone\n") "L=$T/$(printf %0120d 0); mkdir $L; export L\n"
                       "$SUNSHIM run -- sh -c '$P/longs where $L/s plain >/dev/null; python3 lie.py'; [ -e $(cat where) ] || echo gone");

    check_out(r, "not lied to\ngone\n");
}

StockTest(cli_long, a_long_runtime_directory_is_passed_over)
{
    struct run r = run(USER "as mkdir -p $T/x/$(printf %040d 0); export XDG_RUNTIME_DIR=$T/x/$(printf %040d 0)\n"
                       "as $SUNSHIM run -- sh -c 'echo ${SUNSHIM_DOMAIN%%-*}'; find $T/x -name sunshim; left");

    check_out(r, "/tmp/sunshim\n0\n");
}

/* One name for one alias, in all of them. */
StockTest(cli_long, nested_runs_share_the_outermost_directory)
{
    struct run r = run(USER
        "as $SUNSHIM run -- sh -ec 'o=$SUNSHIM_DOMAIN/a; export o; $SUNSHIM run -- $SUNSHIM run --track -- sh -ec \"\n"
        "  [ \\$(readlink \\$SUNSHIM_DOMAIN/a) = $o ]; [ \\$(readlink \\$SUNSHIM_DOMAIN/outer/a) = $o ]; ln -s / $o/dabcde\"\n"
        "readlink $o/dabcde'; left");

    check_status(r, 0);
    check_out(r, "/\n0\n");
}

StockTest(cli_long, nested_runs_share_it_by_the_name_that_the_outer_one_has)
{
    struct run r = run(USER "mv $T/x $T/real; ln -s real $T/x\n"
        "as $SUNSHIM run -- sh -c 'o=$SUNSHIM_DOMAIN/a; export o; $SUNSHIM run -- sh -c \"[ \\$(readlink \\$SUNSHIM_DOMAIN/a) = $o ]\"; echo $?'");

    check_out(r, "0\n");
}

StockTest(cli_long, a_nested_run_of_a_service_uses_roots)
{
    struct run r = run(ROOT("0\n") "$SUNSHIM run -- setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"
                                   "o=$(readlink $SUNSHIM_DOMAIN/a); export o; $SUNSHIM run -- sh -c \"[ \\$(readlink \\$SUNSHIM_DOMAIN/a) = $o ]\"; echo $?'");

    check_out(r, "0\n");
}

/* What another user can write leads anywhere. */
StockTest(cli_long, a_nested_run_of_root_does_not_use_another_users)
{
    struct run r = run(USER ROOT("own\n")
        "as $SUNSHIM run -- sh -c 'echo $SUNSHIM_DOMAIN >$T/x/dir; until [ -e $T/x/go ]; do sleep 0.02; done' &\n"
        "until [ -s $T/x/dir ]; do sleep 0.02; done; SUNSHIM_DOMAIN=$(cat $T/x/dir) $SUNSHIM run -- sh -c 'case $(readlink $SUNSHIM_DOMAIN/a) in */x/*) echo theirs;; /*) echo own;; esac'; touch $T/x/go; wait");

    check_out(r, "own\n");
}

StockTest(cli_long, a_link_of_an_outer_run_to_elsewhere_is_not_used)
{
    struct run r = run(USER "as mkdir $T/x/else; as $SUNSHIM run -- sh -c 'cd $SUNSHIM_DOMAIN; rmdir a; for to in $T/x/else /tmp; do ln -sfn $to a; $SUNSHIM run -- sh -c \"stat -c %F \\$SUNSHIM_DOMAIN/a\"; done'; left");

    check_out(r, "directory\ndirectory\n0\n");
}

/* Sockets of a nested run may have names from the start that an outer one gave. */
StockTest(cli_long, a_nested_run_looks_for_aliases_from_the_start)
{
    struct run r = run(USER "as $SUNSHIM run --error-exitcode 9 -- sh -c 'c() { od -An -tu8 -j72 -N8 $SUNSHIM_DOMAIN/counts; }; c\n"
                       "$SUNSHIM run --error-exitcode 9 -- sh -c \"od -An -tu8 -j72 -N8 \\$SUNSHIM_DOMAIN/counts\"; c'");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, " 0", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, " 1", NULL), 1, "%s", run_report(&r));
    cr_assert_str_empty(r.err);
}

StockTest(cli_long, cut_addresses_are_counted_for_programs)
{
    struct run r = run(USER "as $SUNSHIM run -- sh -c '$N/counts truncated 2 repaired 3 aliases 4; $SUNSHIM who --json'");

    check_has(r, out, "\"truncated\":2");
    check_has(r, out, "\"repaired\":3");
    check_lacks(r, out, "\"aliases\"");
    check_has(r, err, "sunshim: 2 cut addresses (use --long-paths), 3 cut addresses repaired\n");
}

StockTest(cli_long, repair_is_not_recommended_to_those_who_use_it)
{
    struct run r = run("for o in --repair --long-paths; do $SUNSHIM run $o -- $N/counts truncated 1; done");

    cr_assert_str_eq(r.err, "sunshim: 1 cut address\nsunshim: 1 cut address\n", "%s", run_report(&r));
}

/* --- Options ------------------------------------------------------------------------------ */

StockTest(cli_long, options_become_variables)
{
    struct run r = run("for o in --long-paths --repair --shorten '--repair --shorten'; do $SUNSHIM run $o -- sh -c 'echo ${SUNSHIM_REPAIR-} ${SUNSHIM_SHORTEN-}'; done\n"
                       "SUNSHIM_REPAIR=0 SUNSHIM_SHORTEN=0 $SUNSHIM run --long-paths -- sh -c 'echo $SUNSHIM_REPAIR $SUNSHIM_SHORTEN'");

    check_out(r, "1 1\n1\n1\n1 1\n1 1\n");
}

StockTest(cli_long, env_can_repair_alone)
{
    struct run r = run("$SUNSHIM env --repair; $SUNSHIM env --long-paths --shell; ! $SUNSHIM env --shorten");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "SUNSHIM_REPAIR", NULL), 2, "%s", run_report(&r));
    check_has(r, out, "export SUNSHIM_REPAIR='1'\n");
    check_lacks(r, out, "SHORTEN");
    check_lacks(r, out, "LONG");
    check_has(r, err, "note: --long-paths is --repair only");
    check_has(r, err, "--shorten makes names in the directory of a run: it needs sunshim run");
}

StockTest(cli_long, the_environment_asks_for_it_as_well)
{
    struct run r = run(USER "for v in SHORTEN=1 LONG_PATHS=yes SHORTEN=0 LONG_PATHS=; do as env SUNSHIM_$v $SUNSHIM run -- perl -e 'print length $ARGV[0] > 75 ? \"long\\n\" : \"short\\n\"' $L/s; done");

    check_out(r, "short\nshort\nlong\nlong\n");
}

StockTest(cli_long, the_library_must_report_all_the_same)
{
    put("bare.c", "int main(void) { return 0; }\n");
    struct run r = run("gcc -o $T/bare $T/bare.c; printf '#include <stdlib.h>\\n#include <unistd.h>\\n__attribute__((constructor)) static void f(void) { char p[300]; __builtin_snprintf(p, 300, \"%%s/reported\", getenv(\"SUNSHIM_DOMAIN\")); unlink(p); }' >$T/thief.c\n"
                       "gcc -shared -fPIC -o $T/thief.so $T/thief.c; s=0; LD_PRELOAD=$T/thief.so $SUNSHIM run --long-paths -- $T/bare || s=$?; echo $s");

    check_out(r, "125\n");
    check_has(r, err, "ran without the library");
}

StockTest(cli_long, programs_that_are_not_seen_get_short_names)
{
    struct run r = run(USER "printf '#include <stdio.h>\\nint main(int n, char **a) { puts(a[1]); return 0; }' >$T/say.c; gcc -static -o $T/say $T/say.c\n"
                       "as $SUNSHIM run --shorten -- $T/say $L/s; as $SUNSHIM run --repair -- $T/say $L/s");

    check_has(r, err, "not seen: say (static); it is given short names all the same\n");
    check_has(r, err, "not seen: say (static)\n");
    cr_assert_eq(lines_with(r.out, "/a/s", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "/0000", "/s", NULL), 1, "%s", run_report(&r));
}

/* --- Short names ----------------------------------------------------------------------------- */

StockTest(cli_long, the_first_program_gets_short_names_that_work)
{
    struct run r = run(USER "cd $L; : >$L/file; as env ADDRESS=unix:path=$L/bus $SUNSHIM run --shorten -- sh -c '"
                       "for name in \"$1\" \"${2#--socket=}\" \"${ADDRESS#*path=}\"; do [ ${#name} -le 75 ]; echo 1 >\"$name\"; done; [ ${#PWD} -gt 200 ] && ls' - $L/s --socket=$L/t; left");

    check_status(r, 0);
    check_out(r, "bus\nfile\ns\nt\n0\n");
}

StockTest(cli_long, short_names_stand_for_odd_ones)
{
    struct run r = run(USER "D=\"$L/a b'\nc;d\"; as mkdir -- \"$D\"; as $SUNSHIM run --shorten -- sh -c '[ ${#1} -le 75 ]; echo x >\"$1\"' - \"$D/s\"; cat \"$D/s\"; left");

    check_status(r, 0);
    check_out(r, "x\n0\n");
}

StockTest(cli_long, programs_that_write_names_into_files_keep_them)
{
    struct run r = run(USER "as $SUNSHIM run --shorten -- ln -s $L/s $T/x/link; [ $(readlink $T/x/link) = $L/s ]; left");

    check_status(r, 0);
    check_out(r, "0\n");
}

StockTest(cli_long, what_is_short_is_passed_on_as_it_is)
{
    struct run r = run(USER "as env -u L $SUNSHIM run --long-paths -- sh -c 'printf %s\\\\n \"$0\" \"$@\"; ls $SUNSHIM_DOMAIN/a | wc -l; [ ! -L $SUNSHIM_DOMAIN/tmp ] || echo tmp' /short /tmp/x '' ' ' --a=/b:/c; left");

    check_out(r, "/short\n/tmp/x\n\n \n--a=/b:/c\n0\n0\n");
}

StockTest(cli_long, a_file_put_beside_an_alias_is_not_lost)
{
    struct run r = run(USER "as $SUNSHIM run -- sh -c 'echo precious >$SUNSHIM_DOMAIN/a/sabcde.lock'; as $SUNSHIM run -- true; cat $T/x/sunshim/*/a/*; find $T/x/sunshim -type f -name '*.lock' -exec rm {} +; swept");

    check_out(r, "precious\n0\n");
    check_has(r, err, "sunshim: cannot remove all of ");
}

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
    struct run r = run(ROOT("1777\n700\n") USER "for m in 1777 755; do chmod $m $L; TMPDIR=$L $SUNSHIM run --shorten -- sh -c 'stat -c %a $TMPDIR'; done");

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
    struct run r = run(USER ROOT("precious\nprecious\n")
        "mkdir $T/bound; echo precious >$T/bound/f; export L; unshare -m --propagation private sh -c '\n"
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
    struct run r = run(USER ROOT("1 1 1 1 0\n")
        "ns=$(stat -Lc %i /proc/self/ns/pid); as mkdir -m 700 $T/x/sunshim; other=/tmp/sun-aaaa$(printf %04d $(($$ % 2000 + 2222)) | tr 0189 abcd); mkdir $other; : >$other/f; as mkdir $T/x/mine $T/x/link; as touch $T/x/mine/f\n"
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
    struct run r = run(USER ROOT("victim\n")
        "chmod 1777 $L; perl -MSocket -e 'chdir $ENV{L}; for (\"victim\") { socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($_)) }'\n"
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
    struct run r = run(USER ROOT("ok\n")
        "unshare -m --propagation private sh -euc 'for n in 2 3 4 5 6 7 8 9 10 11 12; do mount -t tmpfs -o nr_inodes=$n,mode=700,uid='$uid' none $T/x; s=0\n"
        "setpriv --reuid='$uid' --regid='$uid' --clear-groups env TMPDIR=$L $SUNSHIM run --long-paths -- sh -c \": $L/s\" x $L/s 2>$T/err || s=$?\n"
        "[ $s = 0 ] || { [ $s = 125 ] && grep -qE \"cannot make .*: No space left on device|ran without the library\" $T/err; }; [ -z \"$(find $T/x -mindepth 2)\" ]; umount $T/x; done'; left() { find /tmp -maxdepth 1 -name 'sun*' -user $uid | wc -l; }; [ $(left) = 0 ]; echo ok");

    check_status(r, 0);
    check_out(r, "ok\n");
}

StockTest(cli_long, a_read_only_tmp_is_an_error)
{
    struct run r = run(USER ROOT("125 0\n")
        "unshare -m --propagation private sh -uc 'mkdir $T/ro; mount --rbind /tmp /mnt; mount -t tmpfs -o ro none /tmp; case $SUNSHIM in /tmp/*) SUNSHIM=/mnt${SUNSHIM#/tmp};; esac; export XDG_RUNTIME_DIR=/run/s$$; mkdir -m 700 $XDG_RUNTIME_DIR; chown '$uid' $XDG_RUNTIME_DIR\n"
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

/* What `sunshim run` does about long paths: the directory of aliases, and short names for the
 * first program; and that nothing of it stays. What the library does with them is elsewhere. */
#include "tests/e2e/cli_long.h"

/* --- The directory of aliases -------------------------------------------------------- */

StockTest(cli_long, aliases_have_a_directory_in_every_run)
{
    struct run r = run(USER "for mask in 022 0777 0; do umask $mask; as $SUNSHIM run -- sh -c 'stat -c \"%a %F\" $SUNSHIM_DOMAIN/a; [ ${#SUNSHIM_DOMAIN} -le 51 ]'; done; left");

    check_status(r, 0);
    check_out(r, "700 directory\n700 directory\n700 directory\n0\n");
}

StockTest(cli_long, aliases_of_root_are_for_its_services)
{
    need_root();
    struct run r = run("$SUNSHIM run -- sh -c 'umask 0777; stat -Lc %a $SUNSHIM_DOMAIN/a; ln -s / $SUNSHIM_DOMAIN/a/dabcde\n"
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
    need_root();
    struct run r = run("L=$T/$(printf %0120d 0); mkdir $L; printf %s $L >long; export SUNSHIM\n"
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
    need_root();
    struct run r = run("L=$T/$(printf %0120d 0); mkdir $L; export L\n"
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
    need_root();
    struct run r = run("$SUNSHIM run -- setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"
                                   "o=$(readlink $SUNSHIM_DOMAIN/a); export o; $SUNSHIM run -- sh -c \"[ \\$(readlink \\$SUNSHIM_DOMAIN/a) = $o ]\"; echo $?'");

    check_out(r, "0\n");
}

/* What another user can write leads anywhere. */
StockTest(cli_long, a_nested_run_of_root_does_not_use_another_users)
{
    need_root();
    struct run r = run(USER "as $SUNSHIM run -- sh -c 'echo $SUNSHIM_DOMAIN >$T/x/dir; until [ -e $T/x/go ]; do sleep 0.02; done' &\n"
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

/* What a desperate user and a malicious one did to long paths. */
#include "tests/e2e/harness.h"

/* $L is a long directory and the working directory; nothing in it may speak of the run's directory
 * afterwards. */
#define LONG_DIRECTORY                                                                                       \
    "L=$T/$(printf %0100d 1)/$(printf %0100d 2); mkdir -p $L/d/e; cd $L; echo x >d/e/f; export T L; "        \
    "go() { \"$SUNSHIM\" run --long-paths --log $T/log -- \"$@\"; }; "                                       \
    "clean() { grep -rE '/a/s[0-9a-z]{5}' $L; find $L -lname '*/a/s?????*'; }; "

static struct run in_long_directory(const char *script)
{
    return run(text("%s%s", LONG_DIRECTORY, script));
}

/* Whoever prints or stores names, and is not about sockets, is given the ones that last. */
StockTest(breaker4, what_prints_and_stores_names_has_the_long_ones)
{
    struct run r =
        in_long_directory("same() { \"$@\" >$T/native 2>&1 || :; go \"$@\" >$T/short 2>&1 || :; cmp "
                          "$T/native $T/short && echo same; }; "
                          "same find $L; same grep -r x $L; same ls -d $L/d; same du $L/d; same stat -c %n "
                          "$L/d; same readlink -f $L/d; "
                          "same tar cPf - $L/d; same sh -c 'echo $1 $L; cd $1; pwd' x $L/d; same bash -c '[ "
                          "$1 = $PWD ] && echo yes' x $L; "
                          "go cp -rs $L/d $L/copy; go sh -c 'echo $1 $L >conf' x $L/d; clean || :");

    check_status(r, 0);
    check_out(r, "same\nsame\nsame\nsame\nsame\nsame\nsame\nsame\nsame\n");
}

/* A program that was given short names starts others that write names down: those
 * get the long ones back, in arguments, inside of arguments and in the environment. */
StockTest(breaker4, names_are_long_again_where_they_are_written_down)
{
    put("start.py", "import os, subprocess as s, sys\n"
                    "d = sys.argv[1]\n"
                    "assert len(d) < 100 and len(os.environ['D']) < 100\n"
                    "s.run(['ln', '-s', d, 'l1'])\n"
                    "s.run(['sh', '-c', 'echo $1 $D >l2', 'x', 'is=' + d + ':' + d])\n"
                    "s.run(['make', '-sf', os.environ['T'] + '/Makefile', 'D2=' + d])\n"
                    "os.symlink(d, 'l3')\n"
                    "os.symlink(d + '/e/f', 'l4', dir_fd=os.open('.', 0))\n"
                    "os.symlink('d', 'l5')\n");
    put("Makefile", "all:\n\t@printf '%s\\n' $(D) $(D2) >l6\n");
    struct run r = in_long_directory("D=$L/d go python3 $T/start.py $L/d; clean || :; for l in 1 3 4 5; do "
                                     "readlink l$l; done | sed s,$L,L,; "
                                     "sed s,$L,L,g l2 l6");

    check_status(r, 0);
    check_out(r, "L/d\nL/d\nL/d/e/f\nd\nis=L/d:L/d L/d\nL/d\nL/d\n");
}

/* A long name that a shell would take apart stays short there: its text was made for that one. */
StockTest(breaker4, names_with_blanks_stay_short_in_texts)
{
    put("start.py", "import os, subprocess as s, sys, shlex\n"
                    "s.run('cat ' + shlex.quote(sys.argv[1] + '/f'), shell=True)\n"
                    "s.run(['sh', '-c', 'cat \"$1/f\"', 'x', sys.argv[1]])\n");
    struct run r =
        in_long_directory("mkdir -p 'a b/c'; echo hello >'a b/c/f'; go python3 $T/start.py \"$L/a b/c\"");

    check_status(r, 0);
    check_out(r, "hello\nhello\n");
}

/* Sockets are reached through all of it. */
StockTest(breaker4, servers_below_shells_make_and_env_still_get_short_names)
{
    put("Makefile",
        "all:\n\t@socat -u UNIX-LISTEN:$(D)/s - & ready $(D)/s; echo made | socat -u - UNIX:$$D/s; wait\n");
    struct run r = in_long_directory("D=$L go env X=$L sh -c 'nohup make -sf $T/Makefile D=$X'");

    check_status(r, 0);
    check_out(r, "made\n");
}

/* --- doctor ------------------------------------------------------------------------------- */

StockTest(breaker4, doctor_recommends_nothing_that_does_not_fit_either)
{
    struct run r =
        run("N=$(printf 'x%.0s' $(seq 103)); mkdir -p $T/d; \"$SUNSHIM\" doctor /tmp/$N | sed s/$N/N/; "
            "\"$SUNSHIM\" doctor /tmp/$N$N$N | grep -e long-paths -e bytes; "
            "\"$SUNSHIM\" doctor -- sh -c \"nc -lU $T/$N/s\" | grep -c 'fits as it is' || :; "
            "\"$SUNSHIM\" run --long-paths --rule \"map /short -> $T/d/$N\" -- sh -c 'socat -u "
            "UNIX-LISTEN:/short - & ready /short; "
            "echo works | socat -u - UNIX:/short; wait'; test -S $T/d/$N || echo no socket");

    check_has(r, out, "map /short -> /tmp/NAME,   and use /short\n");
    check_has(r, out, "where the name is cut, not where it is refused");
    check_lacks(r, out, "/tmp/short/");
    check_lacks(r, out, "COMMAND\n");
    check_lacks(r, out, "programs refuse or cut it");
    cr_assert(lines_with(r.out, "0", NULL) >= 1, "%s", run_report(&r));
    check_has(r, out, "works\n");
}

/* --- Other users ---------------------------------------------------------------------------- */

/* ps(1) shows the names of root's aliases to everybody, who must not be able to lead root elsewhere. */
StockTest(breaker4, nobody_exchanges_roots_aliases)
{
    need_root();
    put("victim.py", "import os, subprocess as s, sys\n"
                     "alias = sys.argv[1].rsplit('/', 1)[0]\n"
                     "other = os.path.dirname(alias) + '/sevil2'\n"
                     "s.run('rm -f %s; ln -s /tmp %s || mv -T %s %s.x; ln -s /tmp %s && echo may add' % "
                     "(alias, alias, alias, alias, other),\n"
                     "      shell=True, user=65534, group=65534, extra_groups=[], stderr=s.DEVNULL)\n"
                     "print(os.path.samefile(alias, os.environ['T'] + '/the-long-one'))\n");
    struct run r = in_long_directory("ln -s $L/d/e $T/the-long-one; go python3 $T/victim.py $L/d/e/s");

    check_status(r, 0);
    check_lacks(r, out, "False");
    check_has(r, out, "True\n");
}

/* What another user prepared under the very name that an alias would get is not used: he could change
 * it later. */
StockTest(breaker4, aliases_of_other_users_are_not_used)
{
    need_root();
    put("victim.py", "import os, subprocess as s, sys\n"
                     "show = ['perl', '-e', 'print shift'];\n"
                     "as_other = dict(user=65534, group=65534, extra_groups=[])\n"
                     "new = os.getcwd() + '/d/e/s'\n"
                     "get = lambda **more: s.run(show + [new], stdout=s.PIPE, text=True, **more).stdout\n"
                     "his, own = get(**as_other), get()\n"
                     "print(his == get(**as_other), own == get(), his == own, "
                     "os.path.samefile(os.path.dirname(own), 'd/e'))\n");
    struct run r = in_long_directory("chmod 755 $T; go python3 $T/victim.py");

    check_status(r, 0);
    check_out(r, "True True False True\n");
}

/* --shorten: whatever starts a program, it gets short names for long paths, and whatever
 * it does to those names is done to the files. */
#include <string.h>

#include "tests/e2e/harness.h"

/* $L is a directory with a name of more than 200 bytes, and the working directory. Within
 * output an alias is "A". "say" and "show" are echo(1) and printenv(1), which get long names themselves. */
#define LONG_DIRECTORY \
    "L=$T/$(printf %0100d 1)/$(printf %0100d 2); mkdir -p $L; cd $L; export T; " \
    "cp /bin/echo $T/say; cp /usr/bin/printenv $T/show; " \
    "short() { sed 's,/[^ =:]*/a/s[0-9a-z]\\{5\\},A,g'; }; " \
    "go() { \"$SUNSHIM\" run --shorten -- \"$@\"; }; "

static struct run in_long_directory(const char *script)
{
    return run(text("%s%s", LONG_DIRECTORY, script));
}

/* --- What starts programs -------------------------------------------------------------- */

#define EXECS "execve execv execvp execvpe execl execlp execle fexecve fexecve-path execveat execveat-dir execveat-empty " \
              "syscall-execve syscall-execveat"

static void check_calls(const char *words, const char *calls, int count)
{
    struct run r = in_long_directory(
        text("go sh -c 'for c in %s; do \"$@\" cwd=%% %s $c $T/say %%/s unix:%%/t,x; \"$@\" cwd=%% %s $c $T/show LONG;"
             " done' x \"$N/execs\" | short", calls, words, words));

    check_status(r, 0);
    cr_assert(lines_with(r.out, "A/s unix:A/t,x", NULL) == count, "%s: not all of %d calls\n%s", words, count, run_report(&r));
    cr_assert(lines_with(r.out, "A/env", NULL) == count, "%s: not all of %d calls\n%s", words, count, run_report(&r));
    check_lacks(r, out, "0000");
}

StockTest(shorten, every_call_of_the_exec_family)
{
    check_calls("in=fork", EXECS, 14);
}

StockTest(shorten, in_threads_signal_handlers_and_children_of_vfork)
{
    check_calls("in=self", "execve execlp", 2);
    check_calls("in=vfork", "execve", 3); /* it makes three */
    check_calls("in=thread", "execve execvp execl", 3);
    check_calls("in=small", "execve execvp execl", 3);
    check_calls("in=signal", "execve fexecve", 2);
}

StockTest(shorten, spawn_system_and_popen)
{
    check_calls("", "spawn spawnp system popen", 4);
    check_calls("env=less", "spawn spawnp system popen", 4);
}

StockTest(shorten, python_and_perl_start_programs)
{
    put("start.py", "import os, subprocess as s\n"
                    "d = os.getcwd()\n"
                    "os.environ['LONG'] = d + \"/it's\"\n"
                    "show = ['perl', '-e', 'print \"$ARGV[0] $ENV{LONG}\\n\"', d + '/s']\n"
                    "s.run(show); s.run(show, close_fds=False); s.run(show, preexec_fn=lambda: None)\n"
                    "os.spawnvp(os.P_WAIT, 'perl', show)\n"
                    "os.system('$T/say ' + d + '/s \"$LONG\"')\n"
                    "print(os.popen('$T/say ' + d + '/s \"$LONG\"').read(), end='', flush=True)\n"
                    "os.execvp('perl', show)\n");
    put("start.pl", "use Cwd; my $d = getcwd(); $ENV{LONG} = \"$d/it's\"; $| = 1;\n"
                    "my @show = ('perl', '-e', 'print \"$ARGV[0] $ENV{LONG}\\n\"', \"$d/s\");\n"
                    "system(@show); system(\"$ENV{T}/say $d/s \\\"\\$LONG\\\"\"); print `$ENV{T}/say $d/s \"\\$LONG\"`;\n"
                    "open(my $f, '-|', @show); print <$f>; exec(@show);\n");
    struct run r = in_long_directory("go python3 $T/start.py | short; go perl $T/start.pl | short");
    check_status(r, 0);
    cr_assert(lines_with(r.out, "A/s A/it's", NULL) == 12, "not all\n%s", run_report(&r));
    check_lacks(r, out, "0000");
}

StockTest(shorten, the_first_program_and_those_of_a_run_within)
{
    struct run r = in_long_directory(
        "go $T/say $L/s $L | short; LONG=$L/s go $T/show LONG | short; "
        "go \"$SUNSHIM\" run --shorten -- sh -c '$T/say $1; \"$2\" cwd=% execve $T/say %/x' x $L/s \"$N/execs\" >$T/two; "
        "a=$(sed -n 1p $T/two); b=$(sed -n 2p $T/two); [ \"${a%/*}\" = \"${b%/*}\" ] || cat $T/two");
    check_status(r, 0);
    check_out(r, "A/s A\nA/s\n");
}

StockTest(shorten, only_where_it_is_asked_for)
{
    struct run r = in_long_directory("for v in 0 1; do SUNSHIM_SHORTEN=$v \"$SUNSHIM\" run -- \"$N/execs\" cwd=% execve $T/say %/s | short; done; "
                                     "SUNSHIM_LONG_PATHS=1 \"$SUNSHIM\" run -- \"$N/execs\" cwd=% execve $T/say %/s | short");
    check_status(r, 0);
    cr_assert(lines_with(r.out, "0000", NULL) == 1, "%s", run_report(&r));
    cr_assert(lines_with(r.out, "A/s", NULL) == 2, "%s", run_report(&r));
}

/* --- What stays ------------------------------------------------------------------------ */

StockTest(shorten, variables_that_are_no_names_of_sockets)
{
    struct run r = in_long_directory(
        "for v in PYTHONPATH NODE_PATH PERL5LIB RUBYLIB GEM_HOME CLASSPATH GOPATH CARGO_HOME MANPATH PKG_CONFIG_PATH "
        "LIBRARY_PATH CPATH XDG_DATA_DIRS XDG_CONFIG_DIRS SHELL MAKEFLAGS LD_LIBRARY_PATH; do export $v=$L/x; done; "
        "export PATH=$PATH:$L/x OLDPWD=$L/x OTHER=$L/x; "
        "cp /usr/bin/env $T/vars; go $T/vars | grep -c $L/x; go env -i \"$N/execs\" cwd=% in=self execve $T/say %/s | short; go sh -c '$T/vars | grep -c '$(basename $L)/x; go $T/show OTHER PWD PATH | short | grep -c ^A");
    check_status(r, 0);
    check_out(r, "19\nA/s\n19\n1\n");
}

StockTest(shorten, files_keep_their_names)
{
    struct run r = in_long_directory("echo hi >f; cp /bin/echo prog; ln -s f link; "
                                     "go sh -c '\"$@\" cwd=% execve $T/say %/f %/link %/prog --x=%/f %/f:%/f' x \"$N/execs\" | short | grep '\\(^\\|[ =:]\\)A/' || :; "
                                     "go cat $L/f; go $L/prog $L/s | short");
    check_out(r, "hi\nA/s\n");
}

StockTest(shorten, compilers_write_no_aliases)
{
    struct run r = in_long_directory(
        "mkdir inc build; echo 'int x;' >inc/x.h; printf '#include \"x.h\"\\nconst char *f = __FILE__, *d = DIR;\\n' >a.c; "
        "export CFLAGS=-I$L/inc; "
        "printf 'all:\\n\\tcc -g -MMD -I $(D)/inc -DDIR=\\\\\"$(D)/build\\\\\" -c $(D)/a.c -o $(D)/build/a.o && "
        "ln -s $(D)/build $(D)/link\\n' >Makefile; "
        "go sh -c 'make -s D=$(pwd)'; cat build/a.d; strings -a build/a.o; readlink link; "
        "rm link; go make -s -C $L D=$L; cat build/a.d; strings -a build/a.o; readlink link; go timeout 60 ln -s $L/build two; readlink two");
    check_status(r, 0);
    cr_assert(lines_with(r.out, "/inc/x.h", NULL) == 2, "%s", run_report(&r));
    check_lacks(r, out, "/a/s");
}

/* --- What is done to the names ---------------------------------------------------------- */

StockTest(shorten, a_directory_is_no_link)
{
    struct run r = in_long_directory(
        "mkdir -p d/e; echo x >d/e/f; git init -q repo 2>/dev/null; "
        "go stat -c %F $L/d; go find $L/d -type f | sed s,$L,L,; go sh -c 'test ! -L \"$1\" && echo no link' x $L/d; "
        "go sh -c 'timeout 30 git clone -q \"$(pwd)/repo\" clone 2>/dev/null'; git -C clone remote get-url origin | short | grep '^A/' || :; rm -r clone; "
        "GIT_DIR=$L/repo/.git GIT_WORK_TREE=$L/repo go git status --porcelain; "
        "go ls -ld $L/d/ | cut -c1; go cp -a $L/d $L/copy; go mv $L/copy $L/moved; ls moved/e; "
        "go mkdir -p $L/new/er; go rmdir $L/new/er; go rm -rf $L/d $L/moved; ls");
    check_status(r, 0);
    check_out(r, "directory\nL/d/e/f\nno link\nd\nf\nnew\nrepo\n");
}

StockTest(shorten, sockets_stand_where_they_were_asked_for)
{
    struct run r = in_long_directory(
        "go sh -c 'socat UNIX-LISTEN:$1/s,fork EXEC:cat & ready \"$1/s\"; echo hi | nc -N -U $1/s; "
        "echo ho | socat - UNIX-CONNECT:$1/s; test -S s && echo there; kill $!' x $L");
    check_status(r, 0);
    check_out(r, "hi\nho\nthere\n");
}

StockTest(shorten, nothing_is_left)
{
    struct run r = in_long_directory("a=$(go perl -e '$_ = shift; s,/s$,,; print if -d' $L/s); "
                                     "echo $a | short; test ! -L $a && test ! -e ${a%/a/*} && echo gone; ls -A");
    check_status(r, 0);
    check_out(r, "A\ngone\n");
}

/* --- Much, and bad ------------------------------------------------------------------------ */

StockTest(shorten, five_thousand_arguments)
{
    struct run r = in_long_directory("seq -f \"$L/%g\" 5000 >$T/names; "
                                     "go sh -c 'xargs -n 5000 $T/say <$1' x $T/names | tr ' ' '\\n' | short >$T/got; "
                                     "seq -f A/%g 5000 | cmp - $T/got");
    check_status(r, 0);
}

StockTest(shorten, an_argument_of_100_KiB)
{
    struct run r = in_long_directory(
        "go python3 -c 'import os, subprocess as s; d = os.getcwd(); a = \",\".join([d + \"/x\"] * 470); print(len(a) > 100000, flush=True); "
        "say = os.environ[\"T\"] + \"/say\"; "
        "s.run([say, a]); s.run([say, a], close_fds=False); os.environ[\"A\"] = a; os.system(\"$T/say $A\"); "
        "os.execv(say, [\"echo\", a])' | short >$T/got; sed 's/A.x,//g' $T/got");
    check_status(r, 0);
    check_out(r, "True\nA/x\nA/x\nA/x\nA/x\n");
}

StockTest(shorten, what_cannot_be_read_is_the_kernels_error)
{
    struct run r = in_long_directory("\"$N/badvectors\" >$T/native; go \"$N/badvectors\" >$T/short; cmp $T/native $T/short; grep -c EFAULT $T/short");
    check_status(r, 0);
    check_out(r, "19\n");
}

StockTest(shorten, a_child_of_vfork_leaves_no_memory_behind)
{
    struct run r = in_long_directory("go \"$N/badvectors\" memory");
    check_status(r, 0);
    check_out(r, "0\n");
}

StockTest(shorten, without_a_place_for_aliases_names_stay)
{
    put("gone.py", "import os, shutil, subprocess as s\n"
                   "shutil.rmtree(os.path.realpath(os.environ['SUNSHIM_DOMAIN'] + '/a'))\n"
                   "for i in 1, 2, 3: s.run([os.environ['T'] + '/say', os.getcwd() + '/s'])\n");
    struct run r = in_long_directory(
        "go python3 $T/gone.py; "
        "echo 'unix,' >$T/p; SUNSHIM_SHORTEN=1 SUNSHIM_POLICY=$T/p LD_PRELOAD=$LIB \"$N/execs\" cwd=% in=self execve $T/say %/s");
    check_status(r, 0);
    cr_assert(lines_with(r.out, "0001/0", "0002/s", NULL) == 4, "%s", run_report(&r));
    cr_assert(lines_with(r.err, "sunshim=\"HINT\"", "operation=\"exec\"", "no short name can be made", NULL) == 1, "%s", run_report(&r));
    cr_assert(lines_with(r.err, "sunshim=\"HINT\"", "short names need the directory of a run", NULL) == 1, "%s", run_report(&r));
}

Test(shorten, the_manual_lists_the_variables_that_stay)
{
    struct run r = run("sed -n '/^static const char variables/,/;$/s/^ *\"\\(.*\\)\".*/\\1/p' \"$TOP/domain/shorten_keeps.c\" | tr ' ' '\\n' | grep . >$T/code; "
                       "sed -n '/^The variables$/,/^\\.It/s/^\\.Ev //p' \"$TOP/man/libsunshim.7\" | tr ' ' '\\n' | grep '[A-Z_]' >$T/manual; "
                       "diff $T/code $T/manual; wc -l <$T/code | grep -q '[0-9][0-9]'");
    check_status(r, 0);
}

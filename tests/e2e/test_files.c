/* File calls under `map` rules, and realpath() with aliases; and that they cost nothing without.
 * tests/progs/files.c prints what each call gave. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* A directory with a name of 200 bytes and more, with a slash behind it. */
static const char *far(void)
{
    static char *dir;

    if (!dir) {
        dir = text("%s/%0100d/%0100d/", scratch(), 1, 2);
        struct run r = run(text("mkdir -p %s", dir));
        check_status(r, 0);
    }
    return dir;
}

static const char *mapping(void)
{
    return text("allow all,\nmap /s/ -> %s,\n", far());
}

/* The same on FAR natively and on /s/ with the rule. */
static void compare(const char *what, const char *filter)
{
    struct run native = run(text("mkdir -p %s; timeout 60 \"$N/files\" %s %s%s", far(), what, far(), filter));
    struct run mapped = preloaded(mapping(), text("mkdir -p %s; timeout 60 \"$P/files\" %s /s/%s", far(), what, filter));

    check_status(native, 0);
    check_status(mapped, 0);
    cr_assert(native.out_len > 0);
    cr_assert_str_eq(native.out, mapped.out, "natively:\n%s\nmapped:\n%s", native.out, mapped.out);
}

Test(files, calls_do_where_a_rule_leads_what_they_do_there)
{
    compare("calls", "");
}

/* realpath() alone takes a name that becomes longer than PATH_MAX. */
Test(files, calls_fail_as_they_do_there)
{
    compare("failures", " | grep -v '^4000 bytes: \\(realpath\\|canonical\\)'");
}

Test(files, names_are_read_where_they_stand)
{
    compare("memory", "");
}

Test(files, threads_handlers_and_children_call_at_once)
{
    compare("storm", "");
}

Test(files, the_program_may_call_before_the_constructor)
{
    compare("early", "");
    struct run r = preloaded(NULL, "\"$P/files\" early /");
    check_out(r, "early ok\n");
}

Test(files, open_is_a_cancellation_point_still)
{
    struct run made = run(text("mkfifo %sfifo", far()));
    struct run mapped = preloaded(mapping(), "timeout 60 \"$P/files\" cancel /s/fifo");

    check_status(made, 0);
    check_out(mapped, "0 wrong\n");
}

/* The library has four buffers; a fifth one would be mapped, while a thread is there. */
StockTest(files, a_cancelled_open_leaves_nothing_behind)
{
    struct run r = preloaded(mapping(), text("mkfifo %sfifo; strace -f -e trace=mmap,clone,clone3 -o trace \"$P/files\" cancel /s/fifo; "
                                             "awk '/clone/ {t++} t && /mmap.NULL, 12288, / {n++} END {print (t >= 20), n + 0}' trace",
                                             far()));
    check_status(r, 0);
    check_out(r, "0 wrong\n1 0\n");
}

/* --- Programs ------------------------------------------------------------------- */

/* Under the rule, with x in the directory it leads to. */
static struct run program(const char *script)
{
    struct run r = run(text("rm -rf %s; mkdir -p %s; echo hello >%sx; chmod 640 %sx", far(), far(), far(), far()));
    check_status(r, 0);
    return under(mapping(), script);
}

static void check_gone(const char *name)
{
    struct run r = run(text("test ! -e %s%s", far(), name));
    check_status(r, 0);
}

StockTest(files_programs, ls)
{
    struct run r = program("ls -l /s/x; ls -la /s/; ls -l /s/nothing || echo $?");
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "-rw-r-----", " /s/x", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "-rw-r-----", " x", NULL), 1, "%s", run_report(&r));
    check_has(r, out, "\n2\n");
    cr_assert_eq(lines_with(r.err, "", NULL), 1, "%s", run_report(&r));
}

StockTest(files_programs, rm)
{
    struct run r = program("rm /s/x; rm /s/x || echo $?");
    check_out(r, "1\n");
    check_gone("x");
}

StockTest(files_programs, coreutils)
{
    struct run r = program("cat /s/x; cp -p /s/x /s/y; mv /s/y /s/z; ln /s/z /s/hard; ln -s z /s/soft; readlink /s/soft; chmod 600 /s/z; "
                           "stat -c '%a %h %n' /s/z; touch /s/new; mkdir /s/d; rmdir /s/d; install -m 700 /s/x /s/i; "
                           "test -x /s/i; mkfifo /s/f; test -p /s/f; rm /s/[a-z]*; ls /s/; "
                           "mkdir -p /s/p/q; touch /s/p/q/f; find /s/p; rm -r /s/p; ls -A /s; test -d /s; test ! -e /s/p");
    check_status(r, 0);
    check_out(r, "hello\nz\n600 2 /s/z\n/s/p\n/s/p/q\n/s/p/q/f\n");
}

StockTest(files_programs, python)
{
    put("t.py", "import os\n"
                "print(oct(os.stat('/s/x').st_mode), os.listdir('/s/'), os.access('/s/x', os.R_OK))\n"
                "print(open('/s/x').read(), end='')\n"
                "os.rename('/s/x', '/s/y'); os.chmod('/s/y', 0o600); os.unlink('/s/y')\n"
                "print(os.path.exists('/s/y'), os.path.exists('/s/'))\n"
                "os.chdir('/s/'); print(len(os.getcwd()) > 200)\n");
    struct run r = program("python3 -I $T/t.py");
    check_out(r, "0o100640 ['x'] True\nhello\nFalse True\nTrue\n");
}

StockTest(files_programs, perl)
{
    struct run r = program("perl -e 'print -s \"/s/x\", \" \", unlink(\"/s/x\"), \" \", -e \"/s/x\" ? 1 : 0, \"\\n\"'");
    check_out(r, "6 1 0\n");
    check_gone("x");
}

StockTest(files_programs, socat)
{
    struct run r = program("ln /s/x /s/k.sock; socat UNIX-LISTEN:/s/k.sock,unlink-early,mode=600 SYSTEM:'echo answer' & "
                           "for i in $(seq 100); do [ -S /s/k.sock ] && break; sleep 0.1; done; stat -c %a /s/k.sock; "
                           "socat -u UNIX-CONNECT:/s/k.sock -; wait; ls /s/");
    check_out(r, "600\nanswer\nx\n");
}

/* --- Nothing to do ---------------------------------------------------------------- */

/* System calls of `files stat`, all of them, as strace counts them. */
static long calls_of(const char *with, int count)
{
    struct run r = run(text("strace -f -c -o sum env %s \"$N/files\" stat / %d; awk '$NF == \"total\" {print $4}' sum", with, count));
    check_status(r, 0);
    return atol(r.out);
}

static void check_free(const char *with)
{
    long few = calls_of(with, 100), many = calls_of(with, 20100);

    cr_assert_eq(many - few, 20000, "20,000 times stat() took %ld calls", many - few);
}

StockTest(files, no_call_more_without_a_policy)
{
    check_free("LD_PRELOAD=$LIB");
}

StockTest(files, no_call_more_under_a_policy_without_such_rules)
{
    put("n.policy", "unix,\ndeny network,\n");
    check_free("LD_PRELOAD=$LIB SUNSHIM_POLICY=$T/n.policy");
}

/* The next definition is not always that of the C library. */
StockTest(files, calls_reach_other_preloaded_libraries)
{
    put("other.c", "#include <sys/stat.h>\n#include <errno.h>\n#include <string.h>\n"
                   "int stat(const char *p, struct stat *s) { (void)s; errno = strcmp(p, \"/\") ? ENOENT : EXDEV; return -1; }\n");
    struct run r = run("gcc -shared -fPIC -o other.so other.c; LD_PRELOAD=\"$LIB $T/other.so\" \"$N/files\" stat / 1 || echo $?; "
                       "LD_PRELOAD=\"$T/other.so $LIB\" \"$N/files\" stat / 1 || echo $?");
    check_out(r, "1\n1\n");
}

StockTest(files, a_librarys_own_function_of_such_a_name_gets_its_arguments)
{
    put("own.c", "int remove(int a, long b, int c, int d, int e) { return a + b + c + d + e; }\n"
                 "int sum(void) { return remove(1, 2, 3, 4, 5); }\n");
    put("main.c", "int sum(void); int main(void) { return sum(); }\n");
    struct run r = run("gcc -fno-builtin -shared -fPIC -o libown.so own.c; gcc -o main main.c -L. -lown -Wl,-rpath,$T; "
                       "./main || echo $?; LD_PRELOAD=$LIB ./main || echo $?");
    check_out(r, "15\n15\n");
}

/* --- realpath() -------------------------------------------------------------------- */

static struct run resolved(const char *policy, const char *names)
{
    return preloaded(policy, text("\"$P/files\" realpath %s", names));
}

Test(files_realpath, follows_the_rules_there_and_back)
{
    struct run made = run(text("mkdir -p %sd/in; ln -s d/in %slink; ln -s /usr %sout", far(), far(), far()));
    struct run r = resolved(mapping(), "/s/d/../d/./in /s/link /s/ /s//d/ /s/out /usr /s/none ''");

    check_status(made, 0);
    check_status(r, 0);
    check_out(r, "/s/d/in /s/d/in /s/d/in\n/s/d/in /s/d/in /s/d/in\n/s /s /s\n/s/d /s/d /s/d\n/usr /usr /usr\n/usr /usr /usr\n"
                 "- - -\n- - -\n");
}

/* Only the name behind the link is what realpath() finds. */
Test(files_realpath, knows_a_directory_that_is_a_link)
{
    struct run made = run(text("mkdir -p %sd; ln -s %s lnk", far(), far()));
    struct run r = resolved(text("allow all,\nmap /s/ -> %s/lnk/,\nmap /e -> %s/lnk/d,\n", scratch(), scratch()), "/s/d/. /s/ /e");

    check_status(made, 0);
    check_out(r, "/s/d /s/d /s/d\n/s /s /s\n/e /e /e\n");
}

/* A name that was asked for as it is stays so. */
Test(files_realpath, leaves_long_names_to_who_uses_them)
{
    struct run r = resolved(mapping(), text("%s", far()));
    const char *dir = text("%.*s", (int)strlen(far()) - 1, far());

    check_out(r, text("%s %s %s\n", dir, dir, dir));
}

/* As tmux does with TMUX_TMPDIR. $D/a is the run's; the aliases are made by hand. */
static struct run with_aliases(const char *shorten, const char *names)
{
    return run(text("mkdir -p %sd; ln -sf %s lnk; export SUNSHIM_SHORTEN=%s; \"$SUNSHIM\" run --rule 'allow all,' -- sh -euc '"
                    "mkdir -p $SUNSHIM_DOMAIN/a; cd $SUNSHIM_DOMAIN/a; ln -s %.*s saaaaa; ln -s $T/lnk sbbbbb; "
                    "ln -s / szzzzz; ln -s %s daaaaa; A=$(readlink $SUNSHIM_DOMAIN/a || echo $SUNSHIM_DOMAIN/a); \"$N/files\" realpath %s | sed \"s:$A/:A/:g\"'",
                    far(), far(), shorten, (int)strlen(far()) - 1, far(), far(), names));
}

StockTest(files_realpath, gives_aliases_back)
{
    struct run r = with_aliases("1", "$A/saaaaa $A/saaaaa/ $A/saaaaa/d/.. $A/saaaaa/d $A/sbbbbb/d $A/szzzzz/usr $A/saaaaa/no");

    check_status(r, 0);
    check_out(r, "A/saaaaa A/saaaaa A/saaaaa\nA/saaaaa A/saaaaa A/saaaaa\nA/saaaaa A/saaaaa A/saaaaa\nA/saaaaa/d A/saaaaa/d A/saaaaa/d\n"
                 "A/sbbbbb/d A/sbbbbb/d A/sbbbbb/d\nA/szzzzz/usr A/szzzzz/usr A/szzzzz/usr\n- - -\n");
}

StockTest(files_realpath, gives_no_alias_back_that_does_not_fit)
{
    const char *dir = text("%.*s", (int)strlen(far()) - 1, far()), *up = text("%.*s", (int)strlen(dir) - 101, dir);
    struct run r = with_aliases("1", "$A/saaaaa/.. $A/daaaaa $A/saaaaa/../../. / ");

    check_out(r, text("%s %s %s\n%s %s %s\n%s %s %s\n/ / /\n", up, up, up, dir, dir, dir, scratch(), scratch(), scratch()));
}

StockTest(files_realpath, is_itself_without_the_option)
{
    const char *dir = text("%.*s", (int)strlen(far()) - 1, far());
    struct run r = with_aliases("0", "$A/saaaaa");

    check_out(r, text("%s %s %s\n", dir, dir, dir));
}

/* It resolves the directory, and makes the socket's name of the result. */
StockTest(files_realpath, tmux_keeps_its_directory_short)
{
    with_env(text("TMUX_TMPDIR=%s", far()));
    struct run r = run("set +e; T1='tmux -f /dev/null'; $T1 new-session -d cat || echo natively; $SUNSHIM run --shorten -- sh -c \""
                       "$T1 new-session -d -s token cat; $T1 list-sessions -F '#{session_name}'; $T1 kill-server\"");
    check_status(r, 0);
    check_out(r, "natively\ntoken\n");
}

/* Whatever starts a program, and with whatever environment: the library and its
 * policy are in it, and what the program asked for is otherwise unchanged. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

#define POLICY "unix (create),\n"
#define BIND "\"$P/sk\" 'socket unix dgram' 'bind auto'"
#define EXECS "execve execv execvp execvpe execl execlp execle fexecve fexecve-path execveat execveat-dir execveat-empty " \
              "syscall-execve syscall-execveat"
enum { EXEC_COUNT = 14 };

static struct run each(const char *calls, const char *words)
{
    return preloaded(POLICY, text("for c in %s; do echo call $c; \"$P/execs\" %s $c " BIND " || echo status $?; done", calls, words));
}

/* Every call denied, none failed in another way. */
static void check_denied(struct run r, const char *words, int calls)
{
    check_status(r, 0);
    cr_assert(lines_with(r.out, "bind auto -> -1 EACCES", NULL) == calls, "%s: not everything was denied\n%s", words,
              run_report(&r));
    cr_assert(lines_with(r.out, "status 1", NULL) == lines_with(r.out, "call ", NULL), "%s\n%s", words, run_report(&r));
    cr_assert(lines_with(r.err, "sunshim=\"DENIED\"", "addr=auto", NULL) == calls, "%s\n%s", words, run_report(&r));
}

/* --- The environment --------------------------------------------------------------- */

Test(exec, every_call_puts_the_policy_back)
{
    check_denied(each(EXECS " spawn spawnp", "env=less"), "less", EXEC_COUNT + 2);
}

Test(exec, and_changes_nothing_that_is_there)
{
    check_denied(each(EXECS " spawn spawnp", "env=keep"), "keep", EXEC_COUNT + 2);
}

StockTest(exec, an_environment_of_nothing_is_no_way_out)
{
    static const char *const words[] = {"env=clear", "env=empty", "env=huge", "env=title"};
    for (int i = 0; i < 4; i++)
        check_denied(each(EXECS " spawn spawnp", words[i]), words[i], EXEC_COUNT + 2);
}

/* fexecve() takes none; the kernel takes NULL for an empty one. */
StockTest(exec, neither_is_none_at_all)
{
    check_denied(each("execve execv execvp execvpe execl execlp execle execveat execveat-dir execveat-empty syscall-execve "
                      "syscall-execveat spawn spawnp", "env=null"), "null", EXEC_COUNT);
    struct run r = preloaded(POLICY, "\"$P/execs\" env=null fexecve /bin/true || :");
    check_out(r, "fexecve -> EINVAL\n");
}

StockTest(exec, the_child_gets_what_was_missing_and_no_more)
{
    struct run r = preloaded(POLICY, "export SUNSHIM_REPORT=1 SUNSHIM_LOG=stderr; env -i A=1 HOME=$HOME TMPDIR=$TMPDIR env | "
                                     "LC_ALL=C sort | grep -v -e ^HOME= -e ^TMPDIR=");
    check_out(r, text("A=1\nLD_PRELOAD=%s/libsunshim.so\nSUNSHIM_LOG=stderr\nSUNSHIM_POLICY=%s/p0.policy\n",
                      getenv("TEST_BUILD_AT") ? getenv("TEST_BUILD_AT") : TEST_BUILD, scratch()));
}

/* Where the policy is found, and what it says, may depend on them. */
StockTest(exec, a_policy_as_text_means_the_same_in_all)
{
    struct run r = run("mkdir -p .config/sunshim; echo 'unix (create, bind),\ndeny unix (bind) addr=@{HOME}/no,' >.config/sunshim/mine.policy; "
                       "for e in '' HOME=/nowhere \"HOME=$HOME\"; do SUNSHIM_POLICY=mine LD_PRELOAD=\"$LIB\" env -i $e /usr/bin/env -i "
                       "\"$N/sk\" 'socket unix dgram' \"bind $T/no\" || echo status $?; done");
    cr_assert_eq(lines_with(r.out, "/no -> -1 EACCES", NULL), 3, "%s", run_report(&r));
    r = run("SUNSHIM_POLICY=mine LD_PRELOAD=\"$LIB\" env -i A=1 HOME=$HOME TMPDIR=/tmp /usr/bin/env | grep -c -e SUNSHIM_HOME -e SUNSHIM_TMPDIR=$T");
    check_out(r, "1\n"); /* what is there need not be added */
}

StockTest(exec, a_whole_environment_is_passed_on_as_it_is)
{
    struct run r = preloaded(POLICY, "env >before; env env >after; \"$N/execs\" execve /usr/bin/env >third; cmp before after; cmp before third");
    check_status(r, 0);
}

StockTest(exec, what_the_program_sets_stays)
{
    struct run r = preloaded(POLICY, "env -i SUNSHIM_POLICY=$T/other.policy SUNSHIM_LOG= /usr/bin/env | grep SUNSHIM_ || :");
    check_has(r, err, "other.policy: no such policy");
    r = preloaded(POLICY, "echo 'unix,' >own.policy; env -i SUNSHIM_POLICY=$T/own.policy \"$N/sk\" 'socket unix dgram' 'bind auto'");
    check_status(r, 0);
    check_has(r, out, "bind auto -> 0");
}

StockTest(exec, libraries_that_the_program_preloads_come_after_ours)
{
    struct run r = preloaded(POLICY, "LD_PRELOAD=\"$P/libctor.so\" \"$N/sk\" 'socket unix dgram' 'bind auto' || :");
    check_has(r, out, "constructor: denied\n");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    r = preloaded(POLICY, "LD_PRELOAD=\"$P/libctor.so  /nowhere.so\" env 2>/dev/null | grep ^LD_PRELOAD=");
    check_has(r, out, "/libsunshim.so:");
    check_has(r, out, "/libctor.so  /nowhere.so\n");
    r = preloaded(POLICY, "LD_PRELOAD= env | grep ^LD_PRELOAD=");
    check_has(r, out, "/libsunshim.so");
}

StockTest(exec, another_runs_library_is_ours_too)
{
    struct run r = preloaded(POLICY, "LD_PRELOAD=/nowhere/libsunshim.so env 2>/dev/null | grep ^LD_PRELOAD=");
    check_out(r, "LD_PRELOAD=/nowhere/libsunshim.so\n");
}

StockTest(exec, a_library_of_another_name_is_found_again)
{
    struct run r = run("cp \"$LIB\" mine.so; echo 'unix (create),' >p; SUNSHIM_POLICY=$T/p LD_PRELOAD=$T/mine.so \"$N/execs\" "
                       "env=clear execve /usr/bin/env");
    check_has(r, out, text("LD_PRELOAD=%s/mine.so\n", scratch()));
}

StockTest(exec, long_values_are_kept_whole)
{
    struct run r = run("echo 'unix (create),' >p; long=$(printf '%03000d' 0 | tr 0 :); SUNSHIM_POLICY=$long$T/p$long LD_PRELOAD=\"$LIB\" "
                       "\"$N/execs\" env=clear execve \"$N/execs\" env=clear execve \"$N/sk\" 'socket unix dgram' 'bind auto' || :");
    check_has(r, out, "bind auto -> -1 EACCES");
}

/* --- Places ------------------------------------------------------------------------- */

StockTest(exec, vfork_threads_small_stacks_and_handlers_are_no_obstacle)
{
    static const char *const words[] = {"in=thread env=less", "in=small env=less", "in=signal env=less", "in=small env=clear",
                                        "in=small env=keep"};
    for (int i = 0; i < 5; i++)
        check_denied(each(EXECS, words[i]), words[i], EXEC_COUNT);
    check_denied(each(EXECS, "in=vfork env=less"), "vfork", 3 * EXEC_COUNT);
    check_denied(each(EXECS, "in=vfork env=huge"), "vfork, huge", 3 * EXEC_COUNT);
}

Test(exec, spawn_does_its_actions)
{
    struct run r = preloaded(POLICY, "mkdir d; for c in spawn spawnp; do \"$P/execs\" env=less actions=$T/d $c " BIND
                                     " || echo status $?; cat d/out; rm d/out; done");
    cr_assert_eq(lines_with(r.out, "bind auto -> -1 EACCES", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "status 1", NULL), 2, "%s", run_report(&r));
}

StockTest(exec, scripts_are_searched_for_and_given_to_the_shell)
{
    struct run r = preloaded(POLICY, "mkdir bin; printf 'echo text; exec " "\"$N/sk\" \"socket unix dgram\" \"bind auto\"" "' >bin/plain; "
                                     "{ printf '#!/bin/sh\\n'; cat bin/plain; } >bin/marked; chmod +x bin/*; export N; "
                                     "for s in plain marked; do for c in execvp execlp execvpe; do "
                                     "\"$N/execs\" path=/nowhere:$T/bin env=less $c $s || :; done; done; "
                                     "cd bin; for p in : :/nowhere /nowhere: /nowhere::/other; do \"$N/execs\" path=$p env=less execvp plain || :; done; "
                                     "\"$N/execs\" path=$T/bin env=less spawnp marked || :; \"$N/execs\" env=less execl $T/bin/plain || :");
    cr_assert_eq(lines_with(r.out, "text", NULL), 11, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "bind auto -> -1 EACCES", NULL), 11, "%s", run_report(&r));
    check_has(r, out, "execl -> ENOEXEC\n");
}

/* The C library starts their shell from within. */
StockTest(exec, system_and_popen_export_what_is_missing)
{
    static const char *const words[] = {"env=less", "env=clear", "env=empty", "env=null", "env=huge", "env=title", "env=keep"};
    with_env("SUNSHIM_NOTE=it's \"$HOME\" `echo`\nand more");
    for (int i = 0; i < 7; i++)
        check_denied(each("system popen", words[i]), words[i], 2);
    struct run r = preloaded(POLICY, "for c in system popen; do \"$N/execs\" env=clear $c /usr/bin/env | grep -A1 ^SUNSHIM_NOTE; done");
    check_out(r, "SUNSHIM_NOTE=it's \"$HOME\" `echo`\nand more\nSUNSHIM_NOTE=it's \"$HOME\" `echo`\nand more\n");
}

StockTest(exec, commands_do_and_return_what_they_did)
{
    static const char commands[] =
        "for e in keep less clear; do for c in system popen; do for s in 'exit 3' '' '# nothing' 'echo a; false' \"echo 'b  c'\" '\necho d' "
        "'nonsense-x 2>/dev/null' 'kill -9 $$' ') 2>&1' 'cat <<x\nhere\nx\n'; do "
        "\"$N/execs\" env=$e $c /bin/sh -c \"$(printf \"$s\")\" 2>/dev/null && echo ok || echo $?; done; done; done";
    struct run shim = preloaded(POLICY, commands), native = run("sh -eu script.sh");
    cr_assert_str_eq(shim.out, native.out);
    cr_assert(lines_with(shim.out, "ok", NULL) > 10 && lines_with(shim.out, "127", NULL) >= 6, "%s", run_report(&shim));
}

/* --- Errors ---------------------------------------------------------------------------- */

static const char failures[] =
    "mkdir -p d; : >plain; : >empty; chmod +x empty; printf '\\177ELF broken' >broken; chmod +x broken; ln -sf loop loop; "
    "printf '#!/nowhere/sh\\n' >lost; chmod +x lost; printf '#!/tmp\\n' >dir; chmod +x dir; "
    "name=$(printf '%0300d' 0); path=$(printf '%05000d' 0 | sed 's,0000,000/,g'); "
    "for e in keep less clear; do for c in " EXECS " spawn spawnp; do for p in ./nothing ./plain ./empty ./broken ./d ./plain/x ./loop "
    "./lost ./dir ./$name ./$path; do \"$N/execs\" env=$e $c $p 2>/dev/null || echo $e $c $p $?; done; done; done; "
    "for c in execvp execlp execvpe spawnp; do for p in nothing $name '' plain d/x; do \"$N/execs\" path=$T/d:$T $c \"$p\" || echo $c $p $?; "
    "\"$N/execs\" path= $c \"$p\" || echo $c $p $?; done; done; "
    "for c in " EXECS " spawn spawnp; do \"$N/execs\" env=big $c /bin/true || echo big $?; done";

StockTest(exec, errors_are_those_without_the_library)
{
    struct run shim = preloaded(POLICY, failures), native = run("sh -eu script.sh");
    put("native", native.out);
    put("shim", shim.out);
    cr_assert(!strcmp(native.out, shim.out), "%s", run("diff -u native shim || :").out);
    cr_assert(lines_with(shim.out, "-> ENOENT", NULL) > 20 && lines_with(shim.out, "-> EACCES", NULL) > 20 &&
              lines_with(shim.out, "-> ENOEXEC", NULL) > 10 && lines_with(shim.out, "-> ELOOP", NULL) > 10 &&
              lines_with(shim.out, "-> ENOTDIR", NULL) > 10 && lines_with(shim.out, "-> ENAMETOOLONG", NULL) > 10 &&
              lines_with(shim.out, "-> E2BIG", NULL) == EXEC_COUNT + 2 * 2, "%s", run_report(&shim));
    cr_assert_str_empty(shim.err, "%s", run_report(&shim));
}

/* --- Programs as they are ------------------------------------------------------------- */

#define DENIED_BIND "\"$N/sk\" 'socket unix dgram' 'bind auto'"

StockTest(exec, stock_programs_that_clean_the_environment_stay)
{
    static const char *const programs[] = {
        "env -i " DENIED_BIND,
        "env -i /usr/bin/env -i " DENIED_BIND,
        "setpriv --reset-env " DENIED_BIND,
        "python3 -c 'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], env={}))' " DENIED_BIND,
        "python3 -c 'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], env={}, close_fds=False))' " DENIED_BIND,
        "python3 -c 'import os, sys; os.execve(sys.argv[1], sys.argv[1:], {})' " DENIED_BIND,
        "python3 -c 'import os, sys; p = os.posix_spawn(sys.argv[1], sys.argv[1:], {}); sys.exit(os.waitpid(p, 0)[1] >> 8)' " DENIED_BIND,
        "python3 -c 'import os, sys; os.closerange(3, 4096); os.environ.clear(); os.execvp(sys.argv[1], sys.argv[1:])' " DENIED_BIND,
        "perl -e '%ENV = (); exec @ARGV' " DENIED_BIND,
        "perl -e '%ENV = (); exit(system(@ARGV) >> 8)' " DENIED_BIND,
        "bash -c 'exec -c \"$0\" \"$@\"' " DENIED_BIND,
        "find . -maxdepth 0 -execdir env -i " DENIED_BIND " ';' | grep EACCES; false",
        "echo x | xargs -I{} env -i " DENIED_BIND " | grep EACCES; false",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct run r = preloaded(POLICY, text("{ %s; } || echo status $?", programs[i]));
        check_has(r, out, "bind auto -> -1 EACCES\n");
        check_has(r, out, "status 1\n");
        cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"bind\"", NULL), 1, "%s", run_report(&r));
    }
}

StockTest(exec, a_run_keeps_its_policy_through_env_i)
{
    struct run r = under(POLICY, "env -i " DENIED_BIND " || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\nstatus 1\n");
    check_lacks(r, err, "not seen");
}

StockTest(exec, a_run_in_a_cleaned_environment_is_still_nested)
{
    struct run r = under("unix,\ndeny unix (autobind),\n",
                         "echo 'unix,\ndeny unix (listen),' >inner.policy; env -i \"$SUNSHIM\" run -p $T/inner.policy -- env -i "
                         "\"$N/sk\" 'socket unix dgram' 'bind auto' 'socket unix stream' \"bind $T/s\" listen || :");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "listen -> -1 EACCES\n");
    check_has(r, err, "inner.policy:2");
}

/* A daemon: another session, no terminal, the directory /, nothing open, nothing in
 * the environment, two forks from whoever started it. */
StockTest(exec, a_daemon_stays)
{
    struct run r = under(POLICY, "perl -MPOSIX -e '%ENV = (); exit 0 if fork; setsid(); exit 0 if fork; chdir \"/\"; POSIX::close($_) for 0 .. 1023; "
                                 "open STDIN, \"</dev/null\"; open STDOUT, \">\", $ARGV[0]; open STDERR, \">&STDOUT\"; "
                                 "exec @ARGV[1 .. 3]' $T/out \"$N/sk\" 'socket unix dgram' 'bind auto'; "
                                 "for i in $(seq 500); do grep -q bind out 2>/dev/null && break; sleep 0.02; done; cat out");
    check_has(r, out, "bind auto -> -1 EACCES\n");
}

StockTest(exec, closing_every_descriptor_loses_nothing)
{
    struct run r = under(POLICY, "env -i python3 -c 'import os, sys; os.closerange(3, 65536); os.execve(sys.argv[1], sys.argv[1:], {})' " DENIED_BIND
                                 " 3</dev/null 7</dev/null || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\nstatus 1\n");
}

StockTest(exec, a_run_whose_library_has_an_odd_path)
{
    struct run r = run("mkdir -p 'a b:c/bin' 'a b:c/lib'; cp \"$SUNSHIM\" 'a b:c/bin/'; cp \"$LIB\" 'a b:c/lib/'; cp \"$LIB\" 'a b:c/bin/'; echo 'unix (create),' >p; "
                       "'a b:c/bin/sunshim' run -p $T/p -- env -i " DENIED_BIND " || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\nstatus 1\n");
}

/* --- Turned off -------------------------------------------------------------------------- */

StockTest(exec, no_follow_lets_go_and_says_so)
{
    struct run r = run("echo 'unix (create),' >p; \"$SUNSHIM\" run --no-follow -p $T/p --log $T/log -- env -i \"$N/sk\" 'socket unix dgram' 'bind auto'");
    check_status(r, 0);
    check_has(r, out, "bind auto -> 0");
    char *log = get(text("%s/log", scratch()));
    cr_assert_eq(lines_with(log, "sunshim=\"UNSEEN\"", "operation=\"exec\"", "info=\"without LD_PRELOAD\"", "/sk\"", NULL), 1, "%s", log);
    check_has(r, err, "1 not seen: sk (without LD_PRELOAD)");
}

StockTest(exec, no_follow_speaks_of_commands_too)
{
    struct run r = run("echo 'unix (create),' >p; \"$SUNSHIM\" run --no-follow -p $T/p --log $T/log -- \"$N/execs\" env=clear system true");
    check_status(r, 0);
    check_has(r, err, "1 not seen: sh (without LD_PRELOAD)");
}

StockTest(exec, no_follow_says_nothing_of_what_is_seen)
{
    struct run r = run("echo 'unix (create),' >p; \"$SUNSHIM\" run --no-follow -p $T/p -- sh -c 'env true; unset SUNSHIM_DOMAIN; env true'");
    check_status(r, 0);
    cr_assert_str_empty(r.err, "%s", run_report(&r));
}

StockTest(exec, a_policy_can_be_lost_while_the_library_stays)
{
    with_env("SUNSHIM_FOLLOW=0");
    struct run r = preloaded(POLICY, "env -u SUNSHIM_POLICY \"$N/sk\" 'socket unix dgram' 'bind auto'");
    check_has(r, out, "bind auto -> 0");
    check_has(r, err, "info=\"without SUNSHIM_POLICY\"");
}

StockTest(exec, nothing_is_touched_where_nothing_is_checked)
{
    static const char *const how[] = {"SUNSHIM_MODE=off SUNSHIM_POLICY=$T/p", "SUNSHIM_LOG=stderr", "SUNSHIM_MODE=complain"};
    put("p", POLICY);
    for (int i = 0; i < 3; i++) {
        struct run r = run(text("for c in " EXECS " spawn spawnp; do env %s LD_PRELOAD=\"$LIB\" \"$N/execs\" env=clear $c /usr/bin/env; "
                                "env %s LD_PRELOAD=\"$LIB\" \"$N/execs\" $c /sbin/ldconfig -V >/dev/null; done", how[i], how[i]));
        check_status(r, 0);
        check_out(r, "");
        cr_assert_str_empty(r.err, "%s", run_report(&r));
    }
}

/* --- SUNSHIM_DOMAIN alone is gone ----------------------------------------------------------- */

StockTest(exec, the_library_leads_to_its_run)
{
    struct run r = under(POLICY, "for c in system popen execv; do \"$N/execs\" env=nodomain $c " DENIED_BIND " || echo status $?; done");
    cr_assert_eq(lines_with(r.out, "bind auto -> -1 EACCES", NULL), 3, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "status 1", NULL), 3, "%s", run_report(&r));
    r = under(POLICY, "\"$N/execs\" env=nodomain system env -i " DENIED_BIND " || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\nstatus 1\n");
}

StockTest(exec, a_directory_that_is_no_runs_is_not_taken_for_one)
{
    struct run r = run("mkdir d; cp \"$LIB\" d/; echo nonsense >d/policy; LD_PRELOAD=$T/d/libsunshim.so \"$N/sk\" 'socket unix dgram' 'bind auto'; "
                       "echo 1 >d/pid; rm d/policy; LD_PRELOAD=$T/d/libsunshim.so \"$N/sk\" 'socket unix dgram' 'bind auto'; "
                       "echo nonsense >d/policy; LD_PRELOAD=$T/d/libsunshim.so \"$N/sk\" 'socket unix dgram' 'bind auto' || echo refused");
    cr_assert_eq(lines_with(r.out, "bind auto -> 0", NULL), 2, "%s", run_report(&r));
    check_has(r, out, "refused");
}

/* The library inside all sorts of processes: signal handlers, children, threads
 * that are cancelled, constructors, full tables, no /proc, another user. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* Some tests change the user or the root directory. In CI that they cannot is a
 * failure, elsewhere they say so. */
#define TWO_SOCKETS "mkdir good bad; for d in good bad; do \"$N/counter\" $T/$d/s >$d.count & ready $T/$d/s; done; "

static const char *good_only(void)
{
    return put("good.policy", text("unix (create, getattr, getopt, setopt, receive, shutdown, listen, accept),\n"
                                   "unix (connect, send) peer=(addr=%s/good/*),\n", scratch()));
}

static struct run with_two_sockets(const char *command)
{
    good_only();
    return run(text(TWO_SOCKETS "export SUNSHIM_POLICY=$T/good.policy; %s", command));
}

/* --- Signals ------------------------------------------------------------------- */

Test(signals, handlers_may_call_100000_times, .timeout = 115)
{
    struct run r = with_two_sockets("SUNSHIM_LOG=/dev/null env $PRELOAD \"$P/sigstorm\" $T/good/s $T/bad/s 100000");
    check_status(r, 0);
    check_out(r, "wrong 0 descriptors 0\n");
}

static int number_after(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    return at ? atoi(at + strlen(word)) : -1;
}

/* Every blocked call was left in every round, and at most `most` descriptors
 * were open meanwhile, none in the end. */
static void check_blocked(const char *how, int most)
{
    put("any.policy", "unix,\ndeny unix peer=(addr=/nowhere/at/all),\ndeny unix addr=/nowhere/at/all,\n");
    struct run r = run(text("env SUNSHIM_POLICY=$T/any.policy $PRELOAD \"$P/blocked\" %s $T", how));
    check_status(r, 0);
    char *save = NULL, *copy = text("%s", r.out);
    int calls = 0;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save), calls++) {
        cr_expect(number_after(line, "left ") == 20, "%s: %s", how, line);
        cr_expect(number_after(line, "most ") <= most, "%s: %s", how, line);
        cr_expect(number_after(line, "after ") == 0, "%s: %s", how, line);
    }
    cr_assert(calls == 11, "%s", run_report(&r));
}

Test(signals, cancelled_calls_leave_no_descriptor, .timeout = 60)
{
    check_blocked("cancel", 0);
}

Test(signals, a_jump_out_of_a_call_parks_one_descriptor_at_most, .timeout = 60)
{
    check_blocked("longjmp", 1);
}

/* --- Children -------------------------------------------------------------------- */

Test(children, of_every_kind_stay_under_the_policy)
{
    static const char *const ways[] = {"fork", "vfork", "spawn", "spawnp", "system", "popen", "exec"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        put("c.policy", "unix (create),\n");
        struct run r = run(text("env SUNSHIM_POLICY=$T/c.policy $PRELOAD \"$P/spawner\" %s \"$P/sk\" 'socket unix dgram' "
                                "'bind auto' || echo status $?", ways[i]));
        cr_assert(strstr(r.out, "bind auto -> -1 EACCES\n") && strstr(r.out, "status 1\n"), "%s\n%s", ways[i],
                  run_report(&r));
    }
}

Test(children, a_forked_child_calls_too)
{
    struct run r = preloaded("unix (create),\n", "\"$P/sk\" 'socket unix dgram' fork 'bind auto' 'socket unix stream' || echo no");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "socket unix stream -> 4\n");
}

/* A sanitizer makes a fork of it. */
StockTest(children, a_vfork_child_does_its_parent_no_harm)
{
    struct run r = with_two_sockets("env $PRELOAD \"$P/sk\" 'socket unix dgram' \"vfork connect $T/bad/s\" "
                                    "\"vfork connect $T/good/s\" 'send x' \"vfork sendto $T/bad/s x\" "
                                    "\"connect $T/bad/s\" getsockname");
    check_has(r, out, "/bad/s -> -1 EACCES\n");
    check_has(r, out, "/good/s -> 0\n");
    check_has(r, out, "send x -> 1\n");
    check_has(r, out, "/bad/s x -> -1 EACCES\n");
    check_has(r, out, "getsockname none -> 0\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", NULL), 3, "%s", run_report(&r));
}

/* --- Other libraries ---------------------------------------------------------------- */

StockTest(libraries, a_constructor_is_under_the_policy_too)
{
    put("c.policy", "unix (create),\n");
    struct run r = run("SUNSHIM_POLICY=$T/c.policy LD_PRELOAD=\"$LIB $P/libctor.so\" \"$N/sk\" 'socket unix dgram'");
    check_has(r, out, "constructor: denied\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "addr=auto", NULL), 1, "%s", run_report(&r));
    put("c.policy", "unix (create, autobind),\n");
    r = run("SUNSHIM_POLICY=$T/c.policy LD_PRELOAD=\"$LIB $P/libctor.so\" \"$N/sk\" 'socket unix dgram'");
    check_has(r, out, "constructor: bound\n");
}

StockTest(libraries, without_a_policy_a_constructor_is_left_alone)
{
    struct run r = run("LD_PRELOAD=\"$LIB $P/libctor.so\" \"$N/sk\" 'socket unix dgram'");
    check_status(r, 0);
    check_has(r, out, "constructor: bound\n");
}

/* Linked first, so its calls do not even reach ours; they must not upset it. */
StockTest(libraries, the_order_of_preloading_does_not_matter)
{
    put("c.policy", "unix (create),\n");
    struct run r = run("SUNSHIM_POLICY=$T/c.policy LD_PRELOAD=\"$P/libctor.so $LIB\" \"$N/sk\" 'socket unix dgram' 'bind auto' || :");
    check_has(r, out, "constructor: denied\n");
    check_has(r, out, "bind auto -> -1 EACCES\n");
}

/* --- Resources that are not there ------------------------------------------------------ */

Test(resources, a_full_descriptor_table_opens_no_way_round)
{
    struct run r = with_two_sockets("env $PRELOAD \"$P/crowded\" $T/good/s $T/good/../bad/s");
    /* A pin needs a descriptor: a helper thread gives one of its own up. */
    check_has(r, out, "full s connected\nfull s EACCES\nroom s connected\nroom s EACCES\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"connect\"", "errno=EACCES", "/bad/s", NULL), 2,
                 "%s", run_report(&r));
}

Test(resources, a_full_descriptor_table_never_connects_to_what_is_denied)
{
    struct run r = with_two_sockets("env $PRELOAD \"$P/crowded\" $T/bad/s $T/bad/s");
    check_lacks(r, out, "connected");
}

/* A root directory with nothing in it but what the program needs. */
#define CHROOT \
    "mkdir -p root$T; cp -L \"$P/sk\" root/sk; [ -n \"$PRELOAD\" ] && cp \"$LIB\" root/lib.so; " \
    "for f in $(ldd \"$P/sk\" | grep -o '/[^ ]*'); do mkdir -p root${f%/*}; cp -L $f root$f; done; " \
    "[ -z \"$PRELOAD\" ] || PRELOAD=LD_PRELOAD=/lib.so; "

Test(resources, without_proc_path_rules_refuse_and_others_work)
{
    need_root();
    put("p.policy", "unix (create, getattr),\nunix (bind) addr=@*,\nunix (connect) peer=(addr=/s),\n");
    struct run r = run(CHROOT "cp p.policy root/; env SUNSHIM_POLICY=/p.policy $PRELOAD chroot root /sk 'socket unix dgram' "
                       "\"bind @chroot-$$\" 'socket unix stream' 'connect /s' || :");
    check_has(r, out, "bind @chroot-");
    check_has(r, out, " -> 0\n");
    check_has(r, out, "connect /s -> -1 ");
}

Test(resources, without_proc_nothing_denied_is_reached)
{
    need_root();
    put("p.policy", "unix (create),\nunix (connect) peer=(addr=/good),\n");
    struct run r = run(CHROOT "cp p.policy root/; for s in good bad; do \"$N/sk\" 'chdir root' 'socket unix stream' "
                       "\"bind rel:$s\" listen 'sleep 60000' >/dev/null & ready $s; done; "
                       "env SUNSHIM_POLICY=/p.policy $PRELOAD chroot root /sk 'socket unix stream' 'connect /bad' "
                       "'connect rel:good/../bad' 'connect /good' || :");
    check_has(r, out, "connect /bad -> -1 EACCES\n");
    check_has(r, out, "connect rel:good/../bad -> -1 ");
    /* Allowed, but it cannot be made through the pin: refused, and the record says why. */
    check_has(r, out, "connect /good -> -1 EACCES\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"HINT\"", "errno=EACCES", "/proc", NULL), 1, "%s", run_report(&r));
}

/* --- Another user ------------------------------------------------------------------------ */

#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups"

StockTest(users, a_program_that_changed_its_user_stays_under_the_policy)
{
    need_root();
    put("u.policy", "unix (create),\n");
    struct run r = run("cp -L \"$P/sk\" sk; \"$SUNSHIM\" run -p $T/u.policy -- " AS_NOBODY
                       " $T/sk 'socket unix dgram' 'bind auto' || echo status $?");
    check_has(r, out, "socket unix dgram -> ");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, err, "sunshim=\"DENIED\"");
    check_has(r, err, "u.policy");
}

StockTest(users, and_so_does_what_it_executes_later)
{
    need_root();
    put("u.policy", "unix (create),\n");
    struct run r = run("cp -L \"$P/sk\" \"$P/spawner\" .; \"$SUNSHIM\" run -p $T/u.policy -- " AS_NOBODY
                       " $T/spawner fork $T/spawner spawn /bin/sh -c \"exec $T/sk 'socket unix dgram' 'bind auto'\" || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "status 1\n");
}

StockTest(users, su_keeps_the_policy)
{
    need_root();
    put("u.policy", "unix,\nnetwork netlink,\ndeny unix (autobind),\n");
    struct run r = run("cp -L \"$P/sk\" sk; \"$SUNSHIM\" run -p $T/u.policy -- su -s /bin/sh nobody -c "
                       "\"exec $T/sk 'socket unix dgram' 'bind auto'\" || echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\n");
}

/* --- The log ----------------------------------------------------------------------------------- */

#define DENIED_BIND "'socket unix dgram' 'bind auto'"

Test(log, a_closed_descriptor_loses_the_record_not_the_verdict)
{
    put("l.policy", "unix (create),\n");
    struct run r = run("set +e; env SUNSHIM_LOG=fd:9 SUNSHIM_POLICY=$T/l.policy $PRELOAD \"$P/sk\" 'use 9' close " DENIED_BIND " 9>log");
    check_has(r, out, "close -> 0\n");
    check_has(r, out, "bind auto -> -1 EACCES\n");
}

Test(log, a_reused_number_is_not_written_to)
{
    put("l.policy", "unix (create, connect),\n");
    struct run r = run("set +e; \"$N/counter\" $T/c >count & c=$!; ready $T/c; "
                       "env SUNSHIM_LOG=fd:3 SUNSHIM_POLICY=$T/l.policy $PRELOAD \"$P/sk\" 'use 3' close 'socket unix dgram' "
                       "\"connect $T/c\" 'bind auto' 'write x' 3>log; kill $c; wait $c; echo counted $(cat count)");
    check_has(r, out, "socket unix dgram -> 3\n");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "counted 1\n");
}

/* The first socket then is descriptor 2. */
Test(log, a_closed_standard_error_is_not_written_to)
{
    put("l.policy", "unix (create, connect),\n");
    struct run r = run("set +e; \"$N/counter\" $T/c >count & c=$!; ready $T/c; "
                       "env SUNSHIM_POLICY=$T/l.policy $PRELOAD \"$P/sk\" 'socket unix dgram' \"connect $T/c\" 'bind auto' "
                       "'write x' 2>&-; kill $c; wait $c; echo counted $(cat count)");
    check_has(r, out, "socket unix dgram -> 2\n");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "counted 1\n");
}

Test(log, a_pipe_without_a_reader_does_not_kill)
{
    put("l.policy", "unix (create),\n");
    struct run r = run("set +e; mkfifo f; sleep 60 <f & exec 9>f; kill $!; wait $!; "
                       "env SUNSHIM_LOG=fd:9 SUNSHIM_POLICY=$T/l.policy $PRELOAD \"$P/sk\" " DENIED_BIND "; echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "status 1\n");
}

Test(log, a_full_pipe_does_not_block)
{
    put("l.policy", "unix (create),\n");
    struct run r = run("set +e; mkfifo f; sleep 60 <f & exec 9>f; timeout 1 cat /dev/zero >&9; "
                       "timeout 5 env SUNSHIM_LOG=fd:9 SUNSHIM_POLICY=$T/l.policy $PRELOAD \"$P/sk\" " DENIED_BIND "; echo status $?");
    check_has(r, out, "bind auto -> -1 EACCES\n");
    check_has(r, out, "status 1\n");
}

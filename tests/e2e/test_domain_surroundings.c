/* The memory of a run in all sorts of surroundings: it is found by path and mapped,
 * so that closed descriptors, other users and empty environments do not matter. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define SAFE "unix,\ndeny unix (connect, send) peer=(scope=outside),\n"

/* In a run: `as` starts the server $T/in and then its clients; there is a server
 * $T/out outside. What the clients say goes to stdout. */
#define INSIDE \
    "set -eu; servers=\n" \
    "sk() { %s \"$N/sk\" %s \"$@\"; }\n" \
    "clients() { for name in $T/$1 @$T/$1; do sk 'socket unix dgram' \"connect $name\" >client || :; tail -n 1 client; done; }\n" \
    "for name in $T/in @$T/in; do sk 'umask 0' 'socket unix dgram' \"bind $name\" 'sleep 100000' >server & servers=\"$servers $!\"; ready $name; done\n" \
    "clients in; clients out\n" \
    "kill $servers\n"

#define OUTSIDERS \
    "chmod 777 $T; rm -f $T/in $T/out; for name in $T/out @$T/out; do \"$N/sk\" 'umask 0' 'socket unix dgram' \"bind $name\" 'sleep 100000' >outsider & ready $name; done\n"

static void check_four(const struct run *r)
{
    const char *t = scratch();
    cr_assert_str_eq(r->out, text("connect %s/in -> 0\nconnect @%s/in -> 0\nconnect %s/out -> -1 EACCES\nconnect @%s/out -> -1 EACCES\n", t, t, t, t),
                     "%s", run_report(r));
}

/* Programs are started as `prefix PROGRAM`, and make `steps` first. */
static struct run in_surroundings(const char *sunshim, const char *prefix, const char *steps)
{
    put("p.policy", SAFE);
    put("inside", text(INSIDE, prefix, steps));
    return run(text(OUTSIDERS "%s run --log /dev/null -p $T/p.policy sh $T/inside", sunshim));
}

static void check_surroundings(const char *prefix, const char *steps)
{
    struct run r = in_surroundings("\"$SUNSHIM\"", prefix, steps);
    check_four(&r);
}

StockTest(domain_surroundings, plain)
{
    check_surroundings("", "");
}

StockTest(domain_surroundings, all_descriptors_closed)
{
    check_surroundings("", "'closefrom 3'");
}

StockTest(domain_surroundings, an_empty_environment)
{
    check_surroundings("env -i", "");
}

StockTest(domain_surroundings, sessions_of_their_own)
{
    check_surroundings("setsid -w", "");
}

StockTest(domain_surroundings, another_user)
{
    need_root();
    check_surroundings("setpriv --reuid=65534 --regid=65534 --clear-groups", "");
}

StockTest(domain_surroundings, other_namespaces_of_processes_mounts_and_users)
{
    need_root();
    check_surroundings("unshare --pid --fork --mount", "");
    check_surroundings("unshare --user --ipc", "");
}

StockTest(domain_surroundings, other_preloaded_libraries)
{
    check_surroundings("stdbuf -oL", "");
}

StockTest(domain_surroundings, children_of_children)
{
    check_surroundings("sh -c '\"$@\"; exit $?' sh perl -e 'exit(system(@ARGV) >> 8)'", "fork");
}

StockTest(domain_surroundings, a_library_with_blanks_and_colons_in_its_path)
{
    struct run r = in_surroundings("d=\"$T/a b:c\"; mkdir \"$d\"; cp \"$SUNSHIM\" \"$LIB\" \"$d\"; \"$d/sunshim\"", "", "");
    check_four(&r);
}

/* The server goes on when its parent and its terminal are gone. */
StockTest(domain_surroundings, a_daemon_binds_for_the_run)
{
    put("p.policy", SAFE);
    struct run r = run("\"$SUNSHIM\" run --log /dev/null -p $T/p.policy sh -euc '(setsid -f \"$N/sk\" \"closefrom 3\" \"socket unix dgram\" \"bind $T/in\" "
                       "\"sleep 3000\" </dev/null >/dev/null 2>&1); ready $T/in; \"$N/sk\" \"socket unix dgram\" \"connect $T/in\" | tail -n 1'");
    check_out(r, text("connect %s/in -> 0\n", scratch()));
}

StockTest(domain_surroundings, a_daemon_connects_when_its_run_has_ended)
{
    put("p.policy", SAFE);
    struct run r = run("\"$SUNSHIM\" run --log /dev/null -p $T/p.policy sh -euc '(setsid -f \"$N/sk\" \"socket unix dgram\" \"bind $T/in\" "
                       "\"sleep 1000\" \"socket unix dgram\" \"connect $T/in\" </dev/null >$T/daemon 2>&1); ready $T/in'; "
                       "until grep -q connect $T/daemon; do sleep 0.05; done; sleep 0.05; tail -n 1 $T/daemon");
    check_out(r, text("connect %s/in -> 0\n", scratch()));
}

/* --- chroot ------------------------------------------------------------------------- */

/* The server is bound inside the new root, by the name it has there; the client is
 * outside of it, and the other way about. With /proc in the new root, and without. */
static struct run chroots(const char *proc)
{
    put("p.policy", SAFE);
    put("script", text("set -eu; mkdir -p $T/root/proc $T/root/d; %s\n"
                       "\"$SUNSHIM\" run --log /dev/null -p $T/p.policy sh -euc '"
                       "\"$N/sk\" \"socket unix dgram\" \"chroot $T/root\" \"chdir /\" \"bind /d/in\" \"sleep 100000\" >/dev/null & one=$!; ready /d/in; "
                       "\"$N/sk\" \"socket unix dgram\" \"connect $T/root/d/in\" | tail -n 1; "
                       "\"$N/sk\" \"socket unix dgram\" \"bind $T/root/d/two\" \"sleep 100000\" >/dev/null & ready $T/root/d/two; "
                       "\"$N/sk\" \"socket unix dgram\" \"chroot $T/root\" \"chdir /\" \"connect /d/two\" | tail -n 1; kill $one $!'", proc));
    return run("unshare -m sh $T/script");
}

StockTest(domain_surroundings, another_root)
{
    need_root();
    struct run r = chroots("mount --bind /proc $T/root/proc");
    check_out(r, text("connect %s/root/d/in -> 0\nconnect /d/two -> 0\n", scratch()));
}

/* What a path leads to is reached through /proc; abstract names need none. */
StockTest(domain_surroundings, another_root_without_proc)
{
    need_root();
    put("p.policy", SAFE);
    struct run r = run("mkdir $T/root; \"$SUNSHIM\" run -p $T/p.policy \"$N/sk\" \"chroot $T/root\" 'chdir /' 'socket unix dgram' 'bind /in' 'socket unix dgram' "
                       "\"bind @$T/in\" 'socket unix dgram' \"connect @$T/in\" 'connect /in'");
    check_has(r, out, text("connect @%s/in -> 0\nconnect /in -> -1 EACCES\n", scratch()));
    cr_assert_eq(lines_with(r.err, "sunshim=\"HINT\" operation=\"connect\"", "needs /proc", NULL), 1, "%s", run_report(&r));
}

/* A program that is started in the new root needs the library there, which is
 * nowhere: ld.so warns, and nothing is mediated. */
StockTest(domain_surroundings, a_policy_is_lost_where_ld_preload_is)
{
    put("p.policy", SAFE);
    struct run r = run(OUTSIDERS "\"$SUNSHIM\" run --no-follow --log /dev/null -p $T/p.policy env -i \"$N/sk\" 'socket unix dgram' \"connect $T/out\" | tail -n 1");
    check_out(r, text("connect %s/out -> 0\n", scratch()));
    check_has(r, err, "not seen");
}

/* Symlinks: the canonical name decides, and the socket that was judged is the
 * socket that is reached. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define LISTENERS "mkdir good bad; for d in good bad; do \"$N/sk\" 'socket unix stream' \"bind $T/$d/s\" listen " \
                  "'sleep 60000' >/dev/null & ready $T/$d/s; done; "

static struct run connect_through(const char *links, const char *path)
{
    const char *policy = put("s.policy", text("unix (create),\nunix (connect) peer=(addr=%s/good/*),\n", scratch()));
    return run(text(LISTENERS "%s env SUNSHIM_POLICY=%s $PRELOAD \"$P/sk\" 'socket unix stream' \"connect $T/%s\"", links,
                    policy, path));
}

static void check_denied_as(struct run r, const char *canonical)
{
    check_has(r, out, " -> -1 EACCES\n");
    check_value(r, record_line(r.err, 0), "peer_addr", text("%s/%s", scratch(), canonical));
}

Test(symlinks, from_an_allowed_name_to_a_denied_socket_is_denied)
{
    check_denied_as(connect_through("ln -s ../bad/s good/link;", "good/link"), "bad/s");
}

Test(symlinks, from_a_denied_name_to_an_allowed_socket_is_allowed)
{
    struct run r = connect_through("ln -s $T/good/s bad/link;", "bad/link");
    check_status(r, 0);
    check_lacks(r, err, "DENIED");
}

Test(symlinks, in_a_directory_of_the_path_count_too)
{
    check_denied_as(connect_through("ln -s ../bad good/dir;", "good/dir/s"), "bad/s");
}

Test(symlinks, dots_are_no_way_out)
{
    check_denied_as(connect_through("", "good/../bad/./s"), "bad/s");
}

Test(symlinks, a_relative_path_is_judged_by_its_absolute_name)
{
    check_denied_as(connect_through("cd bad;", "good/../bad//s"), "bad/s");
    struct run r = preloaded(text("unix (create),\nunix (bind) addr=%s/good/*,\n", scratch()),
                             "cd good; \"$P/sk\" 'socket unix stream' 'bind rel:new' 'socket unix stream' 'bind rel:../new'");
    check_has(r, out, "bind rel:new -> 0\n");
    check_has(r, out, "bind rel:../new -> -1 EACCES\n");
    check_value(r, record_line(r.err, 0), "addr", text("%s/new", scratch()));
}

Test(symlinks, a_hard_link_has_a_name_of_its_own)
{
    check_denied_as(connect_through("ln good/s bad/hard;", "bad/hard"), "bad/hard");
}

Test(symlinks, through_proc_self_fd_are_seen_through)
{
    check_denied_as(connect_through("exec 9<bad;", "../../../../../../../proc/self/fd/9/s"), "bad/s");
}

Test(symlinks, bind_is_judged_by_its_real_directory)
{
    const char *policy = text("unix (create),\nunix (bind) addr=%s/good/*,\n", scratch());
    struct run r = preloaded(policy, "mkdir good bad; ln -s ../bad good/dir; ln -s ../good bad/dir; \"$P/sk\" "
                                     "'socket unix stream' \"bind $T/good/dir/new\" 'socket unix stream' \"bind $T/bad/dir/new\"");
    check_has(r, out, "/good/dir/new -> -1 EACCES\n");
    check_has(r, out, "/bad/dir/new -> 0\n");
}

/* Two counters, one denied; a name that swaps between links to both. */
#define RACE(prepare, name) \
    "mkdir good bad; mkfifo until; " \
    "for d in good bad; do \"$N/counter\" $T/$d/s >$d.count & eval $d=$!; ready $T/$d/s; done; " prepare \
    "\"$N/swapper\" $T/one $T/two 100000 >swaps 9>until & " \
    "env SUNSHIM_POLICY=$T/race.policy SUNSHIM_LOG=/dev/null $PRELOAD \"$P/hammer\" " name " until; " \
    "cat swaps; kill $good $bad; wait $good $bad || :; " \
    "echo good $(test $(cat good.count) -gt 0 && echo yes) bad $(cat bad.count)"

static void check_race(const char *script)
{
    put("race.policy", text("unix (create),\nunix (connect) peer=(addr=%s/good/*),\n", scratch()));
    struct run r = run(script);
    check_status(r, 0);
    check_has(r, out, "connected yes denied yes other 0\n");
    check_has(r, out, "100000 swaps\n");
    check_has(r, out, "good yes bad 0\n");
}

Test(races, a_swapped_symlink_never_leads_to_the_denied_socket, .timeout = 120)
{
    check_race(RACE("ln -s $T/good/s one; ln -s $T/bad/s two; ", "$T/one"));
}

Test(races, a_swapped_directory_never_leads_to_the_denied_socket, .timeout = 120)
{
    check_race(RACE("ln -s $T/good one; ln -s $T/bad two; ", "$T/one/s"));
}

/* `scope pathname abstract,`: what a run reaches when it may reach only what it
 * made itself; as Landlock has it, for both kinds of names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* --- The table, against the rule and against the kernel --------------------------- */

/* A cell as tests/progs/scopes.c prints it. */
struct cell {
    char relation[16], kind[16], type[16], call[32], result[32];
};

#define CELLS 792

static const char *const scopes[] = {"none", "pathname", "abstract", "both"};

static bool has(const char *scope, const char *kind)
{
    return !strcmp(scope, "both") || !strcmp(scope, kind);
}

static bool any_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words))
        words++;
    return *words;
}

/* The client is in the inner run; both of its runs, if scoped, must have made the
 * peer, or a run in them. */
static bool out_of_reach(const struct cell *c, const char *outer, const char *inner)
{
    bool not_of_outer = any_of(c->relation, (const char *[]){"outside", "given", NULL});
    bool not_of_inner = not_of_outer || any_of(c->relation, (const char *[]){"parent", "sibling", NULL});
    return (has(outer, c->kind) && not_of_outer) || (has(inner, c->kind) && not_of_inner);
}

/* The kernel looks at the address for a peer in connect, and in sends on datagram
 * sockets. What is connected already stays connected. */
static bool goes_by_address(const struct cell *c)
{
    if (!strcmp(c->call, "connect"))
        return true;
    return !strcmp(c->type, "dgram") && !strstr(c->call, "_there") && !strstr(c->call, "_no_address");
}

static void read_cells(const struct run *r, struct cell cells[CELLS])
{
    const char *at = r->out;
    for (int i = 0, used; i < CELLS; i++, at += used) {
        struct cell *c = &cells[i];
        cr_assert(sscanf(at, "%15s %15s %15s %31s %31s\n%n", c->relation, c->kind, c->type, c->call, c->result, &used) == 5,
                  "cell %d is missing\n%s", i, run_report(r));
    }
    cr_assert(!*at, "more than %d cells\n%s", CELLS, run_report(r));
}

static void enact(const char *mode, const char *outer, const char *inner, struct cell cells[CELLS])
{
    struct run r = run(text("d=$(mktemp -d $T/XXX); cd $d; SUNSHIM_LOG=/dev/null \"$N/scopes\" tree %s %s %s 2>err || "
                            "{ cat err >&2; exit 1; }", mode, outer, inner));
    check_status(r, 0);
    read_cells(&r, cells);
}

static const char *cell_name(const struct cell *c)
{
    return text("%s %s %s %s", c->relation, c->kind, c->type, c->call);
}

/* Ours, cell by cell: as without any run, but for what is out of reach. */
static void compare(const char *outer, const char *inner)
{
    static struct cell native[CELLS], ours[CELLS];
    int wrong = 0;
    enact("native", outer, inner, native);
    enact("sunshim", outer, inner, ours);
    for (int i = 0; i < CELLS; i++) {
        bool refused = out_of_reach(&ours[i], outer, inner) && goes_by_address(&ours[i]);
        const char *want = refused ? "EPERM" : native[i].result;
        wrong += strcmp(ours[i].result, want) != 0;
        cr_expect_str_eq(ours[i].result, want, "scopes %s, %s in it: %s gives %s, expected %s", outer, inner,
                         cell_name(&ours[i]), ours[i].result, want);
    }
    cr_assert(!wrong, "%d of %d cells", wrong, CELLS);
}

StockTest(r4_scope, table_of_one_scoped_run, .timeout = 100)
{
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        compare("none", scopes[i]);
}

StockTest(r4_scope, table_of_scoped_runs_in_scoped_runs, .timeout = 100)
{
    compare("both", "none");
    compare("pathname", "abstract");
    compare("abstract", "both");
}

static int landlock_abi(void)
{
    struct run r = run("\"$N/scopes\" landlock");
    return atoi(r.out);
}

/* The same tree, its runs started by landlock_restrict_self(2). */
static void compare_with_landlock(const char *outer, const char *inner)
{
    static struct cell theirs[CELLS], ours[CELLS];
    int wrong = 0, compared = 0;
    enact("landlock", outer, inner, theirs);
    enact("sunshim", outer, inner, ours);
    for (int i = 0; i < CELLS; i++) {
        if (strcmp(ours[i].kind, "abstract"))
            continue;
        compared++, wrong += strcmp(ours[i].result, theirs[i].result) != 0;
        cr_expect_str_eq(ours[i].result, theirs[i].result, "scopes %s, %s in it: %s gives %s, Landlock %s", outer, inner,
                         cell_name(&ours[i]), ours[i].result, theirs[i].result);
    }
    cr_assert(!wrong && compared == CELLS / 2, "%d of %d cells", wrong, compared);
}

StockTest(r4_scope, abstract_names_are_as_in_landlock_cell_by_cell, .timeout = 100)
{
    if (landlock_abi() < 6) {
        fprintf(stderr, "r4_scope: this kernel's Landlock (ABI %d) has no scopes; nothing to compare with\n", landlock_abi());
        return;
    }
    compare_with_landlock("none", "abstract");
    compare_with_landlock("none", "none");
    compare_with_landlock("abstract", "none");
    compare_with_landlock("abstract", "abstract");
}

/* --- Line by line ----------------------------------------------------------------- */

/* For the shells of a script, also those in a run: `$T/scoped` starts a run with
 * $scope; `server NAME TYPE` has a socket take one connection or message, and
 * `got` waits for it and says what came. */
#define SHELL \
    "sk() { \"$N/sk\" \"$@\"; }\n" \
    "server() { if [ $2 = dgram ]; then sk 'socket unix dgram' \"bind $1\" recv >got & else " \
    "sk \"socket unix $2\" \"bind $1\" listen accept recv >got & fi; server=$!; ready $1; }\n" \
    "got() { wait $server || :; tail -n 1 got; }\n"

static struct run script_under(const char *rule, const char *commands)
{
    put("shell", SHELL);
    put("scoped", text("#!/bin/sh\nexec \"$SUNSHIM\" run --rule '%s' \"$@\"\n", rule));
    return run(text("chmod +x $T/scoped; . $T/shell; %s", commands));
}

static struct run script(const char *commands)
{
    return script_under("scope pathname abstract,", commands);
}

StockTest(r4_scope, a_denial_says_what_it_was_about)
{
    struct run r = script("server $T/s stream; $T/scoped \"$N/sk\" 'socket unix stream' \"connect $T/s\"");
    char *record = record_line(r.err, 0);
    cr_assert(record, "%s", run_report(&r));
    check_status(r, 1);
    check_has(r, out, "-> -1 EPERM\n");
    check_value(r, record, "sunshim", "DENIED");
    check_value(r, record, "operation", "connect");
    check_value(r, record, "peer_addr", text("%s/s", scratch()));
    check_value(r, record, "peer_made", "outside");
    check_value(r, record, "errno", "EPERM");
    cr_assert_eq(lines_with(r.err, "sunshim=\"", NULL), 1, "%s", run_report(&r));
}

StockTest(r4_scope, sockets_of_the_run_work_across_fork_and_exec)
{
    struct run r = script("$T/scoped sh -euc '. $T/shell; for name in $T/s @$T/a; do for type in stream dgram seqpacket; do "
                          "server $name $type; sk \"socket unix $type\" \"connect $name\" \"send hello\" >sent || cat sent; got; "
                          "rm -f $T/s; done; done'");
    check_out(r, "recv 'hello' -> 5\nrecv 'hello' -> 5\nrecv 'hello' -> 5\nrecv 'hello' -> 5\nrecv 'hello' -> 5\nrecv 'hello' -> 5\n");
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, an_outer_run_reaches_into_a_nested_one_and_not_the_other_way)
{
    struct run r = script("$T/scoped sh -euc '. $T/shell; "
                          "$T/scoped \"$N/sk\" \"socket unix dgram\" \"bind $T/in\" recv >got & server=$!; ready $T/in; "
                          "sk \"socket unix dgram\" \"sendto $T/in hello\" | tail -n 1; got; server $T/out dgram; "
                          "$T/scoped \"$N/sk\" \"socket unix dgram\" \"sendto $T/out hello\" | tail -n 1'");
    check_out(r, text("sendto %s/in hello -> 5\nrecv 'hello' -> 5\nsendto %s/out hello -> -1 EPERM\n", scratch(), scratch()));
}

StockTest(r4_scope, connected_descriptors_go_on_working)
{
    struct run r = script("server $T/s stream; sk 'socket unix stream' \"connect $T/s\" \"exec $T/scoped $N/sk\" 'use 3' getpeername "
                          "'send hello'; got");
    check_has(r, out, text("getpeername %s/s -> 0\nsend hello -> 5\nrecv 'hello' -> 5\n", scratch()));
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, a_connected_datagram_socket_keeps_its_peer_and_gets_no_other)
{
    struct run r = script("sk 'socket unix dgram' \"bind $T/other\" recv & ready $T/other; server $T/s dgram; "
                          "sk 'socket unix dgram' \"connect $T/s\" \"exec $T/scoped $N/sk\" 'use 3' \"sendto $T/other no\" 'send hello'; got");
    check_has(r, out, text("sendto %s/other no -> -1 EPERM\nsend hello -> 5\nrecv 'hello' -> 5\n", scratch()));
}

StockTest(r4_scope, a_connected_peer_is_the_same_by_any_of_its_names)
{
    struct run r = script("sk 'socket unix dgram' \"bind $T/s\" 'sleep 100000' >/dev/null & ready $T/s; ln -s s to_s; ln s hard; "
                          "sk 'socket unix dgram' \"connect $T/s\" \"exec $T/scoped $N/sk\" 'use 3' 'sendto rel:s x' 'sendto rel:./s x' 'sendto rel:to_s x' "
                          "'sendto rel:hard x' | grep sendto");
    check_out(r, "sendto rel:s x -> 1\nsendto rel:./s x -> 1\nsendto rel:to_s x -> 1\nsendto rel:hard x -> 1\n");
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, an_inherited_listener_accepts_clients_from_outside)
{
    struct run r = script("( ready $T/s; exec \"$N/sk\" 'socket unix stream' \"connect $T/s\" recv >got ) & server=$!; "
                          "sk 'socket unix stream' \"bind $T/s\" listen \"exec $T/scoped $N/sk\" 'use 3' accept 'send hello'; got");
    check_has(r, out, "accept none -> 4\nsend hello -> 5\nrecv 'hello' -> 5\n");
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, a_batch_is_sent_up_to_the_first_message_for_somebody_outside)
{
    struct run r = script("sk 'socket unix dgram' \"bind $T/out\" 'sleep 100000' >/dev/null & ready $T/out; "
                          "$T/scoped \"$N/sk\" 'socket unix dgram' \"bind $T/s\" 'socket unix dgram' "
                          "\"sendmmsg $T/s a $T/s b $T/out c $T/s d\" \"sendmmsg $T/out e $T/s f\" \"sendmmsg $T/s g\" 'use 3' recv recv recv | tail -n 6");
    const char *t = scratch();
    check_out(r, text("sendmmsg %s/out e %s/s f -> -1 EPERM\nsendmmsg %s/s g -> 1\nuse 3 -> 3\nrecv 'a' -> 1\nrecv 'b' -> 1\nrecv 'g' -> 1\n",
                      t, t, t));
}

/* --- By the library alone ----------------------------------------------------------- */

/* Without a run's directory the memory lasts until exec, and children share it. */
#define ALONE "allow all,\nscope pathname abstract,\n"
#define FIRST "'socket unix dgram' \"bind $T/s\" 'socket unix dgram' \"bind @$T/s\" 'socket unix dgram' "
#define BOTH "\"sendto $T/s x\" \"sendto @$T/s x\" "

Test(r4_scope, alone_the_library_remembers_what_its_process_made)
{
    struct run r = preloaded(ALONE, "\"$P/sk\" " FIRST BOTH "| tail -n 2");
    check_out(r, text("sendto %s/s x -> 1\nsendto @%s/s x -> 1\n", scratch(), scratch()));
}

Test(r4_scope, alone_the_library_remembers_across_fork)
{
    struct run r = preloaded(ALONE, "\"$P/sk\" " FIRST "fork " BOTH "| tail -n 2");
    check_out(r, text("sendto %s/s x -> 1\nsendto @%s/s x -> 1\n", scratch(), scratch()));
}

Test(r4_scope, alone_the_library_forgets_at_exec)
{
    struct run r = preloaded(ALONE, "\"$P/sk\" " FIRST "\"exec $P/sk\" 'use 5' " BOTH "2>/dev/null | tail -n 2");
    check_out(r, text("sendto %s/s x -> -1 EPERM\nsendto @%s/s x -> -1 EPERM\n", scratch(), scratch()));
}

Test(r4_scope, alone_the_library_keeps_to_what_its_process_made)
{
    struct run r = preloaded(ALONE, "for name in $T/s @$T/s; do \"$N/sk\" 'socket unix dgram' \"bind $name\" 'sleep 100000' >/dev/null & ready $name; done; "
                                    "\"$P/sk\" 'socket unix dgram' " BOTH "| tail -n 2");
    check_out(r, text("sendto %s/s x -> -1 EPERM\nsendto @%s/s x -> -1 EPERM\n", scratch(), scratch()));
}

/* --- Made outside, bound inside ------------------------------------------------------ */

#define INHERITED "sk 'socket unix dgram' \"exec $T/scoped $N/sk\" 'use 3' \"bind $T/s\" 'socket unix dgram' \"sendto $T/s x\" | tail -n 1"

StockTest(r4_scope, an_inherited_socket_is_outside_whoever_binds_it)
{
    struct run r = script(INHERITED);
    check_out(r, text("sendto %s/s x -> -1 EPERM\n", scratch()));
}

StockTest(r4_scope, an_inherited_socket_is_inside_for_rules_about_who_bound_it)
{
    struct run r = script_under("deny unix (send) peer=(scope=outside),", INHERITED);
    check_out(r, text("sendto %s/s x -> 1\n", scratch()));
    cr_assert_str_empty(r.err);
}

/* A stream cannot: it would have to listen, and is connected. */
StockTest(r4_scope, an_inherited_pair_taken_apart_is_outside)
{
    struct run r = script("sk 'pair dgram' \"exec $T/scoped $N/sk\" 'use 3' 'connect unspec' \"bind $T/s\" 'socket unix dgram' "
                          "\"sendto $T/s x\" | tail -n 1");
    check_out(r, text("sendto %s/s x -> -1 EPERM\n", scratch()));
}

/* Descriptors 3 and 4 are a pair of sockets that reaches into the run; the one
 * inside receives an unbound socket, binds it, and sends to it. */
#define RECEIVER(take) "'use 4' " take " \"bind $T/s\" 'socket unix dgram' \"sendto $T/s x\" | tail -n 1"
#define RECEIVED(take) "sk 'pair stream' 'socket unix dgram' 'use 3' 'put 5' 'use 5' close 'use 4' \"exec $T/scoped $N/sk\" " RECEIVER(take)

StockTest(r4_scope, a_socket_received_from_outside_is_outside)
{
    static const char *const scripts[] = {RECEIVED("take"), RECEIVED("'take mmsg'")};
    for (int i = 0; i < 2; i++) {
        struct run r = script(text("rm -f $T/s; %s", scripts[i]));
        check_out(r, text("sendto %s/s x -> -1 EPERM\n", scratch()));
    }
}

StockTest(r4_scope, a_socket_of_the_run_that_was_outside_meanwhile_is_inside)
{
    struct run r = script("sk 'pair stream' \"exec sh -c\" '( exec \"$N/sk\" \"use 4\" take \"use 4\" \"put 5\" >/dev/null ) & "
                          "$T/scoped \"$N/sk\" \"socket unix dgram\" \"use 3\" \"put 5\" \"use 5\" close \"use 3\" take \"bind $T/s\" "
                          "\"socket unix dgram\" \"sendto $T/s x\"' | tail -n 1");
    check_out(r, text("sendto %s/s x -> 1\n", scratch()));
}

StockTest(r4_scope, a_received_socket_is_inside_for_rules_about_who_bound_it)
{
    struct run r = script_under("deny unix (send) peer=(scope=outside),", RECEIVED("take"));
    check_out(r, text("sendto %s/s x -> 1\n", scratch()));
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, a_socket_that_another_process_of_the_run_sent_is_inside)
{
    struct run r = script("sk 'pair stream' \"exec $T/scoped sh -c\" '\"$N/sk\" \"socket unix dgram\" \"use 3\" \"put 5\" >/dev/null; "
                          "exec \"$N/sk\" \"use 4\" take \"bind $T/s\" \"socket unix dgram\" \"sendto $T/s x\"' | tail -n 1");
    check_out(r, text("sendto %s/s x -> 1\n", scratch()));
    cr_assert_str_empty(r.err);
}

StockTest(r4_scope, a_socket_from_a_nested_run_is_inside)
{
    struct run r = script("$T/scoped \"$N/sk\" 'pair stream' \"exec sh -c\" '$T/scoped \"$N/sk\" \"socket unix dgram\" \"use 3\" \"put 5\" "
                          ">/dev/null; exec \"$N/sk\" \"use 4\" take \"bind $T/s\" \"socket unix dgram\" \"sendto $T/s x\"' | tail -n 1");
    check_out(r, text("sendto %s/s x -> 1\n", scratch()));
}

/* --- Stock programs --------------------------------------------------------------------- */

StockTest(r4_scope, tmux_does_not_get_at_a_server_outside)
{
    struct run r = script("export SHELL=/bin/sh; tmux -f /dev/null -S $T/t new-session -d 'sleep 100'; "
                          "$T/scoped tmux -S $T/t new-window || echo status $?; tmux -S $T/t list-windows | wc -l; tmux -S $T/t kill-server");
    check_out(r, "status 1\n1\n");
    check_has(r, err, "(Operation not permitted)");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\" operation=\"connect\"", "errno=EPERM", text("peer_addr=\"%s/t\"", scratch()), NULL), 1,
                 "%s", run_report(&r));
}

StockTest(r4_scope, tmux_works_with_a_server_of_the_run)
{
    struct run r = script("export SHELL=/bin/sh; $T/scoped sh -euc \"tmux -f /dev/null -S $T/t new-session -d 'sleep 100'; tmux -S $T/t new-window 'sleep 100'; "
                          "tmux -S $T/t list-windows | wc -l; tmux -S $T/t kill-server\"");
    check_status(r, 0);
    check_out(r, "2\n");
    check_lacks(r, err, "DENIED");
}

/* socat as a server outside, and as a client that may not. */
static void check_socat(const char *server, const char *client, const char *ready)
{
    struct run r = script(text("socat -u %s:$T/s OPEN:$T/got,creat & ready %s$T/s; "
                               "echo hello | $T/scoped socat -u - %s:$T/s || echo status $?; [ ! -s $T/got ]; rm -f $T/s",
                               server, ready, client));
    check_status(r, 0);
    check_out(r, "status 1\n");
    cr_assert(lines_with(r.err, "socat[", "Operation not permitted", NULL) >= 1, "%s", run_report(&r));
}

StockTest(r4_scope, socat_says_operation_not_permitted)
{
    check_socat("UNIX-LISTEN", "UNIX-CONNECT", "");
    check_socat("UNIX-RECV", "UNIX-SENDTO", "");
    check_socat("ABSTRACT-LISTEN", "ABSTRACT-CONNECT", "@");
    check_socat("ABSTRACT-RECV", "ABSTRACT-SENDTO", "@");
}

/* sunshim who: runs, and the histories that they remember. */
#include <stdlib.h>

#include "tests/e2e/who.h"

/* --- Runs and what they remember -------------------------------------------------------- */

/* A run whose command waits until it is told to go on. */
#define RUN(options, command) \
    "cat >$T/waits <<'END'\n" command "\necho $$ >$T/inside; until [ -e $T/go ]; do sleep 0.02; done\nEND\n" \
    "$SUNSHIM run " options " -- sh -eu $T/waits >$T/run.out 2>&1 & run=$!; until [ -s $T/inside ]; do sleep 0.02; done; inside=$(cat $T/inside)\n" \
    "dir=$(tr '\\0' '\\n' </proc/$inside/environ | sed -n 's/^SUNSHIM_DOMAIN=//p')\n"

StockTest(cli_who, lists_runs_that_are_going_on)
{
    struct run r = run(WHO RUN("--rule 'deny unix (connect) peer=(addr=/x),'", "") "who; echo =; who $dir; who --json $dir; touch go; wait $run; who; who $dir || echo gone; echo $dir $run $inside");
    char *last = strrchr(text("%.*s", (int)strlen(r.out) - 1, r.out), '\n') + 1, *dir = strtok(last, " "), *run_pid = strtok(NULL, " "),
         *inside = strtok(NULL, " \n");

    check_status(r, 0);
    check_has(r, out, text("%s\n  launcher  %s ", dir, run_pid));
    check_has(r, out, text("sunshim run --rule deny\\ unix\\ (connect)\\ peer=(addr=/x), -- sh -eu %s/waits\n  since     20", scratch()));
    cr_assert_eq(lines_with(r.out, text(": %s sh", inside), "  processes ", NULL), 2, "%s", run_report(&r));
    check_has(r, out, "\n  policies  --rule\n  memory    none\n");
    check_has(r, out, "\n  counts    nothing happened\n");
    check_has(r, out, text("\"launcher\":%s,\"launcher_lives\":true,\"command\":[", run_pid));
    check_has(r, out, "\ngone\n");
}

StockTest(cli_who, counts_what_happened_in_a_run)
{
    struct run r = run(WHO RUN("--log $T/log --rule 'deny unix (create) type=stream,'", "$P/sk 'socket unix stream' >/dev/null || :") "who $dir; who --json $dir");

    check_status(r, 0);
    check_said(r, "counts", "1 denied");
    check_has(r, out, "\"counts\":{\"denied\":1,");
}

StockTest(cli_who, shows_runs_inside_runs)
{
    struct run r = run(WHO RUN("--track", "") "$SUNSHIM run --track -- sleep 0; touch go; wait $run; rm go inside\n"
                       "cat >outer <<'END'\necho $SUNSHIM_DOMAIN >$T/outer.dir; $SUNSHIM run --track -- sh -eu $T/waits\nEND\n"
                       "$SUNSHIM run --track -- sh -eu outer & until [ -s inside ]; do sleep 0.02; done\n"
                       "dir=$(tr '\\0' '\\n' </proc/$(cat inside)/environ | sed -n 's/^SUNSHIM_DOMAIN=//p'); who $dir; cat outer.dir; touch go; wait");

    check_status(r, 0);
    check_said(r, "inside", text("%.*s", (int)strlen(strrchr(text("%.*s", (int)r.out_len - 1, r.out), '\n')) - 1,
                                 strrchr(text("%.*s", (int)r.out_len - 1, r.out), '\n') + 1));
    check_said(r, "memory", "ring");
}

StockTest(cli_who, says_that_no_run_is_going_on)
{
    need_root();
    /* Of a user who runs no tests. */
    struct run r = run("as() { setpriv --reuid=65533 --regid=65533 --clear-groups \"$@\"; }\n"
                       "XDG_RUNTIME_DIR=$T/none as $SUNSHIM who; XDG_RUNTIME_DIR=$T/none as $SUNSHIM who --json");

    check_status(r, 0);
    check_out(r, "no runs\n{\"runs\":[],\"notes\":[]}\n");
}

/* It is found in the runtime directory, by the variable, and among root's that cannot
 * be looked into. */
StockTest(cli_who, lists_a_run_of_an_ordinary_user_once)
{
    struct run r = run("mkdir xdg; as() { \"$@\"; }\n"
                       "if [ $(id -u) = 0 ]; then chmod 755 .; chown 65533 xdg\n"
                       "    as() { setpriv --reuid=65533 --regid=65533 --clear-groups \"$@\"; }; fi\n"
                       "XDG_RUNTIME_DIR=$T/xdg as $SUNSHIM run --track -- $SUNSHIM who | grep -c launcher");

    check_out(r, "1\n");
}

StockTest(cli_who, remembers_who_made_a_socket_and_its_unlinked_name)
{
    struct run r = run(WHO RUN("--track --log $T/log", "$P/sk 'socket unix stream' \"bind $T/a.sock\" listen 'sleep 100000' >/dev/null & echo $! >$T/sk; ready $T/a.sock; rm $T/a.sock")
                       "who $(cat sk)/3; who $T/a.sock | head -n 1; who $(cat sk); who --json $(cat sk)/3; who $dir; cat sk; echo $dir; touch go");
    char *end = text("%.*s", (int)r.out_len - 1, r.out), *dir = strrchr(end, '\n') + 1;
    *strrchr(end, '\n') = '\0';
    int pid = atoi(strrchr(end, '\n') + 1);

    check_status(r, 0);
    check_said(r, "file", "gone; ");
    check_said(r, "origin", text("socket() by %d sk, 20", pid));
    check_said(r, "origin", "Z, without close-on-exec");
    check_said(r, "bound", text("to %s/a.sock", scratch()));
    check_said(r, "run", dir);
    cr_assert_eq(lines_with(r.out, "unix stream LISTEN", text("%s/a.sock", scratch()), text("  origin socket() by %d sk", pid), NULL), 2,
                 "%s", run_report(&r));
    check_has(r, out, text("\"history\":[{\"run\":\"%s\"", dir));
    check_has(r, out, "\"origin\":\"socket\"");
}

StockTest(cli_who, remembers_which_listener_accepted_and_what_was_passed)
{
    struct run r = run(WHO RUN("--track --log $T/log",
                               "$P/sk 'socket unix stream' \"bind $T/a.sock\" listen accept 'sleep 100000' >/dev/null & echo $! >$T/sk; ready $T/a.sock\n"
                               "$P/sk 'socket unix stream' \"connect $T/a.sock\" 'sleep 100000' >/dev/null &\n"
                               "until [ -e /proc/$(cat $T/sk)/fd/4 ]; do sleep 0.02; done")
                       "readlink /proc/$(cat sk)/fd/3; who $(cat sk)/4; touch go");

    check_status(r, 0);
    check_said(r, "origin", "accept() by ");
    check_said(r, "listener", text("%.*s %s/a.sock: socket() by ", (int)strcspn(r.out, "\n"), r.out, scratch()));
}

StockTest(cli_who, remembers_who_sent_a_socket_from_outside)
{
    struct run r = run(WHO "$N/sk 'socket unix stream' \"bind $T/a.sock\" listen accept 'socket unix dgram' 'bind @'$T 'use 4' 'put 5' 'sleep 100000' >/dev/null & sender=$!; ready $T/a.sock\n"
                       RUN("--track --log $T/log", "$P/sk 'socket unix stream' \"connect $T/a.sock\" take 'sleep 100000' >/dev/null & echo $! >$T/sk; until [ -e /proc/$(cat $T/sk)/fd/4 ]; do sleep 0.02; done")
                       "until who @$T | grep -q received; do sleep 0.02; done; readlink /proc/$(cat sk)/fd/3; who @$T; who --json @$T; echo $sender; touch go");
    int sender = atoi(strrchr(text("%.*s", (int)r.out_len - 1, r.out), '\n') + 1);

    check_status(r, 0);
    check_said(r, "origin", text("received from %d sk, 20", sender));
    check_said(r, "carrier", text("%.*s (unnamed): socket() by ", (int)strcspn(r.out, "\n"), r.out));
    check_has(r, out, "\"origin\":\"received\"");
}

StockTest(cli_who, remembers_sockets_that_are_gone)
{
    struct run r = run(WHO RUN("--track --log $T/log", "$P/sk 'socket unix dgram' \"bind $T/a.sock\" 'exec readlink /proc/self/fd/3' | sed -n 's/.*self.fd.3//p' >$T/was; rm $T/a.sock")
                       "cat was; who $(cat was); who $T/a.sock | head -n 1; who --json $T/a.sock; touch go");
    char *was = text("%.*s", (int)strcspn(r.out, "\n"), r.out);

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, text("%s  unix dgram  exists no more", was), NULL), 2, "%s", run_report(&r));
    check_said(r, "origin", "socket() by ");
    check_has(r, out, "{\"sockets\":[],\"past\":[{");
}

StockTest(cli_who, tells_inside_from_outside)
{
    struct run r = run(WHO "perl -MSocket -e '$^F = 100; socket(S, AF_UNIX, SOCK_DGRAM, 0); exec @ARGV' sh -eu <<'OUT' &\n"
                       RUN("--track --rule 'deny unix (connect) peer=(scope=outside),'", "$P/sk 'socket unix dgram' \"bind $T/in\" 'use 3' \"bind $T/out\" 'sleep 100000' >/dev/null & ready $T/in; ready $T/out")
                       "wait\nOUT\nuntil [ -s inside ]; do sleep 0.02; done; who $T/in; who $T/out >o; sed 's/created/CREATED/' o; touch go; wait");

    check_status(r, 0);
    check_said(r, "created", "inside the run");
    check_said(r, "CREATED", "outside the run");
    cr_assert_eq(lines_with(r.out, "  bound     to ", " by ", " as fd ", NULL), 2, "%s", run_report(&r));
}

/* Whoever can write there could break it. */
Test(cli_who, survives_damaged_memories)
{
    struct run r = run(WHO "export XDG_RUNTIME_DIR=$T/xdg; listener $T/a.sock; for d in noise short fifo huge loop; do mkdir -p xdg/sunshim/$d; echo \"$$ 1 1\" >xdg/sunshim/$d/pid; done; cd xdg/sunshim\n"
                       "for f in ring table counts policy; do head -c 3000000 /dev/urandom >noise/$f; echo x >short/$f; mkfifo fifo/$f; truncate -s 1T huge/$f; ln -s $f loop/$f; done\n"
                       "ln -s loop loop/outer; ln -s $T/xdg/sunshim/noise noise/outer; rm short/pid; mkfifo short/pid\n"
                       "cd $T; timeout 60 $SUNSHIM who $T/a.sock | head -n 1; timeout 60 $SUNSHIM who --json >/dev/null; timeout 60 $SUNSHIM who xdg/sunshim/noise >/dev/null; SUNSHIM_DOMAIN=$T/xdg/sunshim/noise timeout 60 $SUNSHIM who $hold >/dev/null");

    check_status(r, 0);
    check_has(r, out, "  unix stream LISTEN  ");
}

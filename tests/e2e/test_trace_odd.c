/* Traced runs that do not go as planned: the launcher is killed or stands still, programs change
 * their user, root, environment or name space, fork, exec and thread. */
#include "harness.h"

#include <string.h>

#define PAIRS(n) "import socket\nfor i in range(" #n "): socket.socketpair()\n"

static int pairs_in(const char *log)
{
    return lines_with(get(text("%s/%s", scratch(), log)), "sunshim=\"TRACE\"", "operation=\"socketpair\"", NULL);
}

static void check_pairs(const struct run *r, const char *log, int want)
{
    int got = pairs_in(log);

    cr_assert(got == want, "%d records of %d\n%s", got, want, run_report(r));
}

/* More than the queue holds: 8 MiB are some 25,000 records. */
StockTest(trace_odd, a_launcher_that_stands_still_loses_nothing)
{
    put("p.py", PAIRS(60000));
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- sh -c 'echo $$ >pid; exec python3 p.py' & l=$!\n"
                       "while ! [ -s log ]; do sleep 0.01; done\n"
                       "kill -STOP $l; sleep 2; kill -CONT $l; wait $l\n");

    check_status(r, 0);
    check_pairs(&r, "log", 60000);
}

StockTest(trace_odd, a_launcher_that_is_killed_stops_nobody)
{
    put("p.py", PAIRS(60000) "open('done', 'w').write('yes')\n");
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- setsid python3 p.py & l=$!\n"
                       "while ! [ -s log ]; do sleep 0.01; done\n"
                       "kill -KILL $l; wait $l || :\n"
                       "for i in $(seq 600); do [ -s done ] && break; sleep 0.1; done; cat done\n");

    check_out(r, "yes");
}

StockTest(trace_odd, children_threads_and_what_they_execute)
{
    put("p.py", "import os, socket, subprocess, threading\n"
                "def pairs(n):\n"
                "    for i in range(n): socket.socketpair()\n"
                "ts = [threading.Thread(target=pairs, args=(500,)) for i in range(4)]\n"
                "[t.start() for t in ts]; [t.join() for t in ts]\n"
                "if os.fork() == 0: pairs(7); os._exit(0)\n"
                "os.wait()\n"
                "subprocess.run(['python3', '-c', 'import socket; socket.socketpair()'])\n"
                "subprocess.run(['python3', '-c', 'import socket; socket.socketpair()'], env={})\n"
                "os.execlp('sh', 'sh', '-c', \"exec python3 -c 'import socket; socket.socketpair()'\")\n");
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- python3 p.py\n");
    const char *log = get(text("%s/log", scratch()));

    check_status(r, 0);
    check_pairs(&r, "log", 2010);
    cr_assert(lines_with(log, "operation=\"socketpair\"", " tid=", NULL) == 2000, "%s", run_report(&r));
}

StockTest(trace_odd, another_user_another_root_and_no_proc)
{
    put("p.py", "import os, socket\n"
                "socket.socketpair()\n"
                "if os.getuid() == 0:\n"
                "    os.chroot('/var/empty' if os.path.isdir('/var/empty') else '/usr/share')\n"
                "    socket.socketpair()\n"
                "    os.setgid(65534); os.setuid(65534)\n"
                "socket.socketpair()\n");
    struct run r = run("cd \"$T\"; chmod 755 .; $SUNSHIM run --trace --log $T/log -- python3 p.py\n"
                       "[ $(id -u) != 0 ] || $SUNSHIM run --trace --log $T/nobody -- \\\n"
                       "    setpriv --reuid 65534 --regid 65534 --clear-groups python3 -c 'import socket; socket.socketpair()'\n"
                       "id -u\n");
    bool root = !strcmp(r.out, "0\n");

    check_status(r, 0);
    check_pairs(&r, "log", root ? 3 : 2);
    if (root)
        check_pairs(&r, "nobody", 1);
}

StockTest(trace_odd, a_process_of_another_name_space)
{
    put("p.py", PAIRS(30000));
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- unshare -r -p -f --mount-proc python3 p.py\n");

    check_status(r, 0);
    check_pairs(&r, "log", 30000);
}

/* The inner run's own records are for its own log; its calls are for who traces. */
StockTest(trace_odd, runs_in_each_other)
{
    struct run r = run("cd \"$T\"; cat >p.py <<'E'\nimport socket\nsocket.socketpair()\n"
                       "try: socket.socket(socket.AF_UNIX).connect('/nope')\nexcept OSError: pass\nE\n"
                       "d='deny unix (connect) peer=(addr=/nope),'\n"
                       "$SUNSHIM run --trace --log $T/outer -- $SUNSHIM run --rule \"$d\" --log $T/inner -- python3 p.py\n"
                       "$SUNSHIM run --rule \"$d\" --log $T/outer2 -- $SUNSHIM run --trace --log $T/inner2 -- python3 p.py\n"
                       "$SUNSHIM run --trace --log $T/outer3 -- $SUNSHIM run --trace --log $T/inner3 -- python3 p.py\n");

    check_pairs(&r, "outer", 1);
    cr_assert(lines_with(get(text("%s/inner", scratch())), "sunshim=\"TRACE\"", NULL) == 0);
    check_pairs(&r, "inner2", 1);
    check_pairs(&r, "inner3", 1);
    check_pairs(&r, "outer3", 1);
}

StockTest(trace_odd, a_daemon_goes_on_when_nobody_reads_any_more)
{
    put("p.py", "import os, socket, time\n"
                "socket.socketpair()\n"
                "if os.fork(): os._exit(0)\n"
                "os.setsid()\n"
                "while not os.path.exists('go'): time.sleep(0.01)\n"
                "for i in range(40000): socket.socketpair()\n"
                "open('done', 'w').write('yes')\n");
    struct run r = run("cd \"$T\"; $SUNSHIM run --trace --log $T/log -- python3 p.py 2>err\n"
                       "touch go; for i in $(seq 600); do [ -s done ] && break; sleep 0.1; done; cat done err\n");

    check_out(r, "yes");
    check_pairs(&r, "log", 1);
}

StockTest(trace_odd, with_the_pid_kept_there_is_no_launcher)
{
    struct run r = run("cd \"$T\"; $SUNSHIM run --exec --trace --log $T/log -- python3 -c '" PAIRS(3) "'\n"
                       "env -i $(SUNSHIM_LOG=$T/env $SUNSHIM env --trace | sed 's/ .*//') SUNSHIM_LOG=$T/env \\\n"
                       "    python3 -c '" PAIRS(2) "'\n");

    check_status(r, 0);
    check_pairs(&r, "log", 3);
    check_pairs(&r, "env", 2);
}

/* Nobody waits for a reader that has gone: a pager that was left. */
StockTest(trace_odd, a_log_that_nobody_reads_any_more)
{
    put("p.py", PAIRS(60000) "print('done')\n");
    struct run r = run("cd \"$T\"; { $SUNSHIM run --trace --log fd:3 -- python3 p.py 3>&1 >out 2>err; echo $? >status; } | head -n 3 >first\n"
                       "cat out status; grep -c . first; grep -c 'records are lost' err\n");

    check_out(r, "done\n0\n3\n1\n");
}

StockTest(trace_odd, what_the_environment_says_against_it)
{
    struct run r = run("cd \"$T\"; export SUNSHIM_LOG_FORMAT=apparmor\n"
                       "$SUNSHIM run --trace --log $T/log -- python3 -c 'import socket; socket.socketpair()'\n"
                       "export SUNSHIM_MODE=off\n"
                       "$SUNSHIM run --trace -- true 2>err; $SUNSHIM trace -- true 2>>err || echo $? >>err; cat err\n");

    check_pairs(&r, "log", 1);
    check_out(r, "sunshim: warning: nothing is checked, because SUNSHIM_MODE=off is set\n"
                 "sunshim: nothing can be traced, because SUNSHIM_MODE=off is set\n125\n");
}

/* What a second reading of tracing and faults found. */
#include <string.h>

#include "harness.h"

/* A writer that is killed, or whose thread is ended by another one's execve(2), while it writes a
 * line: its process may live on, or lie about unwaited for, and nobody may wait for that line. */
StockTest(review6, a_line_that_is_never_ended_holds_nobody_up)
{
    struct run r = run("$SUNSHIM run --trace --log $T/log -- sh -c \"$N/review6 begin >$T/pid; $N/review6 names 2\"\n"
                       "kill $(cat $T/pid)\n"
                       "grep -c 'addr=\"@review6/' $T/log");

    check_out(r, "2\n");
    check_has(r, err, "1 records lost");
}

/* The same when nothing comes behind it. */
StockTest(review6, a_line_that_is_never_ended_does_not_keep_the_command_from_ending)
{
    struct run r = run("$SUNSHIM run --trace --log $T/log -- $N/review6 begin >$T/pid; kill $(cat $T/pid)");

    check_status(r, 0);
    check_has(r, err, "1 records lost");
}

StockTest(review6, a_log_that_is_nonblocking_gets_every_line)
{
    const char *script = put("nonblocking.py",
                             "import fcntl, os, subprocess, sys, time\n"
                             "r, w = os.pipe()\n"
                             "fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)\n"
                             "p = subprocess.Popen([sys.argv[1], 'run', '--trace', '--log', 'fd:%d' % w, '--', sys.argv[2],\n"
                             "                      'names', '3000', '80'], pass_fds=[w])\n"
                             "os.close(w)\n"
                             "time.sleep(0.5)\n"
                             "got = b''\n"
                             "while True:\n"
                             "    some = os.read(r, 65536)\n"
                             "    if not some:\n"
                             "        break\n"
                             "    got += some\n"
                             "print(p.wait(), got.count(b'operation=\"connect\"'))\n");
    struct run r = run(text("timeout 60 python3 %s $SUNSHIM $N/review6", script));

    check_out(r, "0 3000\n");
    check_out(((struct run){.out = r.err, .script = r.script, .err = r.err}), "");
}

/* recvfrom(2) tells how long the name is, not how much of it there was room for. */
StockTest(review6, a_name_is_read_as_far_as_there_was_room)
{
    struct run r = run("cd $T && $SUNSHIM run --trace --log $T/log -- $N/review6 small && grep recvfrom $T/log");

    check_has(r, out, " peer_addr=\"fr\" ");
    check_lacks(r, out, "Z\"");
}

/* Whoever sends chooses the name: a relative one is relative to its own directory, and nothing is
 * looked up for it here. */
StockTest(review6, a_senders_relative_name_is_not_looked_up_here)
{
    struct run r = run("cd $T && $SUNSHIM run --trace --log $T/log -- $N/review6 relative && grep recvfrom $T/log");

    check_has(r, out, " peer_addr=\"from\" ");
}

static const char two_clients[] = "import socket, sys\n"
                                  "kind = socket.SOCK_STREAM if sys.argv[1] == 'accept' else socket.SOCK_DGRAM\n"
                                  "s = socket.socket(socket.AF_UNIX, kind)\n"
                                  "s.bind('\\0server')\n"
                                  "if kind == socket.SOCK_STREAM:\n"
                                  "    s.listen(5)\n"
                                  "kept = []\n"
                                  "for name in 'bad', 'good':\n"
                                  "    c = socket.socket(socket.AF_UNIX, kind)\n"
                                  "    c.bind('\\0' + name)\n"
                                  "    c.connect('\\0server')\n"
                                  "    c.send(name.encode())\n"
                                  "    kept.append(c)\n"
                                  "print((s.accept() if kind == socket.SOCK_STREAM else s.recvfrom(9))[1].decode())\n";

/* A rule that delayed the wait says nothing of a peer that is refused: the call goes on waiting. */
StockTest(review6, a_refused_peer_does_not_end_a_call_that_was_delayed)
{
    const char *script = put("two.py", two_clients), *const calls[] = {"accept", "receive"};

    for (unsigned i = 0; i < 2; i++) {
        struct run r = under(text("allow all,\ndeny unix (%s) peer=(addr=\"@bad\"),\ninject unix (%s) delay=1ms,\n", calls[i],
                                  calls[i]),
                             text("timeout 30 python3 %s %s | tr '\\0' @", script, calls[i]));

        check_out(r, "@good\n");
    }
}

/* Starts a program that has more to tell than there is room for while nobody reads the log, and waits
 * until it sleeps, which it does for nothing else. */
static const char stuck_program[] =
    "import os, signal, subprocess, sys, time\n"
    "r, w = os.pipe()\n"
    "p = subprocess.Popen([sys.argv[1], 'run', '--trace', '--log', 'fd:%d' % w, '--', sys.argv[2],\n"
    "                      'names', '60000', '80'], pass_fds=[w], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)\n"
    "def child():\n"
    "    return open('/proc/%d/task/%d/children' % (p.pid, p.pid)).read().strip()\n"
    "def state(pid):\n"
    "    try:\n"
    "        return open('/proc/%s/stat' % pid).read().rsplit(')', 1)[1].split()[0]\n"
    "    except OSError:\n"
    "        return 'X'\n"
    "def wait_for(what):\n"
    "    for i in range(600):\n"
    "        if what():\n"
    "            return True\n"
    "        time.sleep(0.05)\n"
    "    return False\n"
    "def started():\n" /* and not the child that the launcher tries the library in */
    "    try:\n"
    "        return open('/proc/%s/comm' % child()).read() == 'review6\\n'\n"
    "    except OSError:\n"
    "        return False\n"
    "wait_for(started)\n"
    "pid = child()\n"
    "asleep = 0\n"
    "while asleep < 10:\n"
    "    asleep += state(pid) == 'S'\n"
    "    time.sleep(0.05)\n";

StockTest(review6, a_program_that_waits_for_its_log_can_be_ended)
{
    const char *script = put("term.py", text("%sp.terminate()\nprint(wait_for(lambda: state(pid) in 'XZ'))\np.kill()\n", stuck_program));
    struct run r = run(text("timeout 60 python3 %s $SUNSHIM $N/review6", script));

    check_out(r, "True\n");
}

StockTest(review6, nobody_waits_for_a_launcher_that_was_killed_and_not_waited_for)
{
    const char *script = put("kill.py", text("%sp.kill()\nprint(wait_for(lambda: state(pid) in 'XZ'), state(p.pid))\n"
                                             "os.system('kill -9 %%s 2>/dev/null' %% pid)\n", stuck_program));
    struct run r = run(text("timeout 90 python3 %s $SUNSHIM $N/review6", script));

    check_out(r, "True Z\n");
}

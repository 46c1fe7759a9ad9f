/* sunshim run stands between its caller and the command, and must not be noticed. */
#include <signal.h>

#include "tests/e2e/harness.h"

StockTest(cli_signals, it_dies_by_the_signal_of_the_command)
{
    static const int signals[] = {SIGTERM, SIGKILL, SIGINT, SIGHUP, SIGUSR1, SIGSEGV, SIGABRT, SIGQUIT};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct run r = run(text("perl -e 'system(\"$ENV{SUNSHIM}\", \"run\", \"--\", \"perl\", \"-e\", \"kill %d, \\$\\$\"); "
                                "print $? & 127'", signals[i]));
        check_status(r, 0);
        check_out(r, text("%d", signals[i]));
    }
}

StockTest(cli_signals, one_core_file_is_enough)
{
    struct run r = run("cd $T; ulimit -c unlimited; perl -e 'system(\"$ENV{SUNSHIM}\", \"run\", \"--\", \"perl\", \"-e\", \"kill 11, \\$\\$\"); "
                       "print $? & 127, \" \", $? & 128 ? \"core\" : \"none\"'");

    check_out(r, "11 none");
}

/* A command that names each signal it gets, and ends by USR2. */
static const char teller[] =
    "perl -e '$| = 1; for my $s (qw(TERM HUP INT QUIT USR1 ALRM WINCH CONT TSTP)) { $SIG{$s} = sub { print \"$s\\n\" } } "
    "$SIG{USR2} = sub { exit 5 }; open my $r, \">\", \"$ENV{T}/ready\"; close $r; sleep 1 while 1'";

StockTest(cli_signals, signals_for_the_launcher_reach_the_command)
{
    struct run r = run(text("$SUNSHIM run -- %s & until [ -e $T/ready ]; do sleep 0.02; done\n"
                            "for s in TERM HUP INT QUIT USR1 ALRM TSTP; do kill -$s $!; sleep 0.2; done; kill -USR2 $!; wait $!", teller));

    check_status(r, 5);
    check_out(r, "TERM\nHUP\nINT\nQUIT\nUSR1\nALRM\nTSTP\n");
}

StockTest(cli_signals, a_queued_value_arrives)
{
    struct run r = run(
        "cat >$T/c.py <<'END'\n"
        "import signal, os, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 3])\n"
        "open(os.environ['T'] + '/ready', 'w').close()\n"
        "print(signal.sigwaitinfo([signal.SIGRTMIN + 3]).si_signo - signal.SIGRTMIN)\n"
        "END\n"
        "$SUNSHIM run -- python3 $T/c.py & until [ -e $T/ready ]; do sleep 0.02; done; /bin/kill -s RTMIN+3 -q 7 $!; wait $!");

    check_status(r, 0);
    check_out(r, "3\n");
}

StockTest(cli_signals, an_alarm_set_before_is_the_commands)
{
    struct run r = run("perl -e 'if (!fork) { alarm 1; exec $ENV{SUNSHIM}, \"run\", \"--\", \"sleep\", \"30\" } wait; print $? & 127'");

    check_out(r, "14");
}

StockTest(cli_signals, a_child_that_is_ignored_still_has_a_status)
{
    struct run r = run("perl -e '$SIG{CHLD} = \"IGNORE\"; exec $ENV{SUNSHIM}, \"run\", \"--\", \"sh\", \"-c\", \"exit 9\"'");

    check_status(r, 9);
}

StockTest(cli_signals, timeout_ends_both)
{
    struct run r = run("s=0; timeout 1 $SUNSHIM run -- sleep 30 || s=$?; echo $s; ! pgrep -x sleep -s 0");

    check_status(r, 0);
    check_out(r, "124\n");
}

/* A little shell with job control: the job gets a process group and the terminal,
 * keys are typed, and what the shell sees of the job is printed. */
static const char job_control[] =
    "import os, signal, sys, time\n"
    "def state(pid):\n"
    "    try: return open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0]\n"
    "    except OSError: return '-'\n"
    "def kids(pid):\n"
    "    return open(f'/proc/{pid}/task/{pid}/children').read().split()\n"
    "def until(what):\n"
    "    for i in range(500):\n"
    "        if what(): return True\n"
    "        time.sleep(0.02)\n"
    "    return False\n"
    "def shell(out, keys):\n"
    "    signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
    "    job = os.fork()\n"
    "    if not job:\n"
    "        os.setpgid(0, 0)\n"
    "        os.tcsetpgrp(0, os.getpgrp())\n"
    "        signal.signal(signal.SIGTTOU, signal.SIG_DFL)\n"
    "        os.execv(os.environ['SUNSHIM'], ['sunshim', 'run', '--', 'sleep', '60'])\n"
    "    say = lambda s: os.write(out, (s + '\\n').encode())\n"
    "    until(lambda: kids(job) and open(f'/proc/{kids(job)[0]}/comm').read() == 'sleep\\n')\n"
    "    command = kids(job)[0]\n"
    "    say('same group' if os.getpgid(int(command)) == os.getpgid(job) == job else 'another group')\n"
    "    os.write(keys, b'\\x1a')\n"
    "    pid, status = os.waitpid(job, os.WUNTRACED)\n"
    "    say(f'stopped by {os.WSTOPSIG(status)}' if os.WIFSTOPPED(status) else f'status {status}')\n"
    "    say('command ' + state(command))\n"
    "    os.tcsetpgrp(0, job)\n"
    "    os.kill(-job, signal.SIGCONT)\n"
    "    say('both go on' if until(lambda: state(job) == 'S' and state(command) == 'S') else 'stuck')\n"
    "    os.kill(int(command), signal.SIGSTOP)\n"
    "    pid, status = os.waitpid(job, os.WUNTRACED)\n"
    "    say('stopped with the command' if os.WIFSTOPPED(status) else f'status {status}')\n"
    "    os.kill(job, signal.SIGCONT)\n"
    "    say('continued through the launcher' if until(lambda: state(command) == 'S') else 'stuck')\n"
    "    os.write(keys, b'\\x03')\n"
    "    pid, status = os.waitpid(job, 0)\n"
    "    say(f'ended by {os.WTERMSIG(status)}')\n"
    "    os._exit(0)\n"
    "r, w = os.pipe()\n"
    "hold, keys = os.openpty()\n"
    "pid = os.fork()\n"
    "if not pid:\n"
    "    os.setsid()\n"
    "    os.dup2(os.open(os.ttyname(keys), os.O_RDWR), 0)\n" /* the first one opened is its terminal */
    "    shell(w, hold)\n"
    "os.close(w)\n"
    "os.waitpid(pid, 0)\n"
    "sys.stdout.write(os.read(r, 65536).decode())\n";

StockTest(cli_signals, job_control_works_through_it)
{
    put("jobs.py", job_control);
    struct run r = run("timeout 50 python3 $T/jobs.py");

    check_out(r, "same group\nstopped by 20\ncommand T\nboth go on\nstopped with the command\n"
                 "continued through the launcher\nended by 2\n");
}

/* --- Terminals ------------------------------------------------------------- */

/* A job in the background reads from the terminal, is stopped, brought to the front
 * and fed. */
static const char background[] =
    "import os, signal, sys\n"
    "hold, keys = os.openpty()\n"
    "r, w = os.pipe()\n"
    "pid = os.fork()\n"
    "if not pid:\n"
    "    os.setsid()\n"
    "    os.dup2(os.open(os.ttyname(keys), os.O_RDWR), 0)\n"
    "    signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
    "    job = os.fork()\n"
    "    if not job:\n"
    "        os.setpgid(0, 0)\n"
    "        os.dup2(w, 1)\n"
    "        os.execv(os.environ['SUNSHIM'], ['sunshim', 'run', '--', 'cat'])\n"
    "    say = lambda s: os.write(w, (s + '\\n').encode())\n"
    "    p, status = os.waitpid(job, os.WUNTRACED)\n"
    "    say(f'stopped by {signal.Signals(os.WSTOPSIG(status)).name}' if os.WIFSTOPPED(status) else f'status {status}')\n"
    "    os.tcsetpgrp(0, job)\n"
    "    os.kill(-job, signal.SIGCONT)\n"
    "    os.write(hold, b'typed\\n\\x04')\n"
    "    p, status = os.waitpid(job, os.WUNTRACED)\n"
    "    say(f'status {status}')\n"
    "    os._exit(0)\n"
    "os.close(w)\n"
    "os.waitpid(pid, 0)\n"
    "sys.stdout.write(os.read(r, 65536).decode())\n";

StockTest(cli_signals, reading_in_the_background_stops_both)
{
    put("background.py", background);
    struct run r = run("timeout 50 python3 $T/background.py");

    check_out(r, "stopped by SIGTTIN\ntyped\nstatus 0\n");
}

/* `xterm -e sunshim run ...`: closing the terminal tells the leader of the session. */
static const char hang_up[] =
    "import os, sys, time\n"
    "hold, keys = os.openpty()\n"
    "pid = os.fork()\n"
    "if not pid:\n"
    "    os.close(hold)\n"
    "    os.setsid()\n"
    "    os.dup2(os.open(os.ttyname(keys), os.O_RDWR), 0)\n"
    "    os.close(keys)\n"
    "    os.execv(os.environ['SUNSHIM'], ['sunshim', 'run', '--'] + sys.argv[1:])\n"
    "while not os.path.exists(os.environ['T'] + '/ready'): time.sleep(0.02)\n"
    "os.close(keys)\n"
    "os.close(hold)\n"
    "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n";

StockTest(cli_signals, a_hang_up_reaches_the_command)
{
    put("hang_up.py", hang_up);
    struct run r = run("timeout 50 python3 $T/hang_up.py sh -c 'trap \"exit 3\" HUP; : >$T/ready; while :; do sleep 0.02; done'");

    check_out(r, "3\n");
}

/* --- Stubborn, quick, and left behind -------------------------------------- */

StockTest(cli_signals, a_command_that_ignores_them_goes_on)
{
    struct run r = run("$SUNSHIM run -- sh -c 'trap \"\" TERM HUP QUIT INT; : >$T/ready; until [ -e $T/go ]; do sleep 0.02; done; echo still here; exit 4' &\n"
                       "until [ -e $T/ready ]; do sleep 0.02; done\n"
                       "for s in TERM HUP QUIT INT TERM; do kill -$s $!; done; : >$T/go; s=0; wait $! || s=$?; echo $s");

    check_out(r, "still here\n4\n");
}

StockTest(cli_signals, a_thousand_at_once_arrive)
{
    struct run r = run(
        "cat >$T/take.py <<'END'\n"
        "import signal, os\n"
        "those = [signal.SIGRTMIN + 1, signal.SIGUSR1]\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, those)\n"
        "open(os.environ['T'] + '/ready', 'w').close()\n"
        "got = [signal.sigwaitinfo(those[:1]).si_signo for i in range(1000)]\n"
        "print(len(got), signal.sigtimedwait(those[:1], 0), signal.SIGUSR1 in signal.sigpending())\n"
        "END\n"
        "cat >$T/give.py <<'END'\n"
        "import ctypes, os, signal, sys\n"
        "for i in range(1000):\n"
        "    os.kill(int(sys.argv[1]), signal.SIGUSR1)\n"
        "    ctypes.CDLL(None).sigqueue(int(sys.argv[1]), signal.SIGRTMIN + 1, ctypes.c_void_p(i))\n"
        "END\n"
        "$SUNSHIM run -- python3 $T/take.py & until [ -e $T/ready ]; do sleep 0.02; done; python3 $T/give.py $!; wait $!");

    check_status(r, 0);
    check_out(r, "1000 None True\n");
}

/* Half of the daemons end while the command lives, and must not stay as zombies;
 * the rest has gone before it ends, so that nothing of the run is left. */
StockTest(cli_signals, daemons_that_end_are_reaped)
{
    struct run r = run(
        "cat >$T/daemons.pl <<'END'\n"
        "use POSIX; my $launcher = getppid; pipe my $hold, my $go;\n"
        "for my $i (1 .. 400) {\n"
        "    next if fork; POSIX::setsid; POSIX::_exit(0) if fork; close $go;\n"
        "    sysread $hold, my $byte, 1 if $i % 2; POSIX::_exit($i % 256);\n"
        "}\n"
        "1 while wait > 0;\n"
        "sub children { open my $f, '<', \"/proc/$launcher/task/$launcher/children\"; my @c = split ' ', <$f> // ''; scalar @c }\n"
        "for (1 .. 500) { last if children() == 201; select undef, undef, undef, 0.02 } print children(), \"\\n\";\n"
        "close $go;\n"
        "for (1 .. 500) { last if children() == 1; select undef, undef, undef, 0.02 } print children(), \"\\n\";\n"
        "open my $d, '>', \"$ENV{T}/domain\"; print $d $ENV{SUNSHIM_DOMAIN};\n"
        "END\n"
        "$SUNSHIM run -- perl $T/daemons.pl; [ ! -e $(cat $T/domain) ]");

    check_status(r, 0);
    check_out(r, "201\n1\n");
}

/* --- As process 1 -------------------------------------------------------------- */

#define CONTAINER "[ $(id -u) = 0 ] || map=-r; unshare ${map-} -pf --mount-proc --kill-child "

StockTest(cli_signals, as_process_1_it_passes_signals_on)
{
    struct run r = run("cat >$T/command <<'END'\n"
                       "trap 'echo told; exit 6' TERM; [ $PPID = 1 ]; /bin/kill -TERM 1; while :; do sleep 0.02; done\n"
                       "END\n"
                       "s=0; { " CONTAINER "$SUNSHIM run -- sh $T/command; } || s=$?; echo $s");

    check_out(r, "told\n6\n");
}

StockTest(cli_signals, as_process_1_it_says_by_its_status_what_ended_the_command)
{
    struct run r = run("s=0; { " CONTAINER "$SUNSHIM run -- sh -c 'kill -KILL $$'; } || s=$?; echo $s");

    check_out(r, "137\n");
}

StockTest(cli_signals, as_process_1_it_leaves_nothing_behind)
{
    struct run r = run("{ " CONTAINER "$SUNSHIM run -- sh -c 'echo $SUNSHIM_DOMAIN >$T/domain; setsid sleep 60 & true'; }; [ -s $T/domain ]; [ ! -e $(cat $T/domain) ]");

    check_status(r, 0);
}

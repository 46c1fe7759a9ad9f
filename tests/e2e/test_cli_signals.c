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

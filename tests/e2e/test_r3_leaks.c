/* R3: a daemon opens sockets without FD_CLOEXEC and runs a hook; the report says
 * what each of them was, by whom, and over what. */
#include <aalogparse/aalogparse.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/e2e/leaky.h"

/* --- What a socket was ------------------------------------------------------ */

StockTest(leaks, a_listener_whose_name_is_gone)
{
    struct run r = tracked("--track", "listener:$T/l.sock", "readlink /proc/self/fd/3");
    char *line = leak(&r, "readlink", "listener");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "listener", INODE)));
    check_value(r, line, "operation", "inherit");
    check_value(r, line, "requested", "inherit");
    check_value(r, line, "family", "unix");
    check_value(r, line, "sock_type", "stream");
    check_value(r, line, "inode", told(&r, "listener", INODE));
    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_pid", told(&r, "listener", PID));
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "addr", text("%s/l.sock", scratch()));
    check_value(r, line, "hint", "made without FD_CLOEXEC; to cut it: deny unix (inherit) type=stream,");
    check_absent(r, line, "denied");
    check_absent(r, line, "origin_inode");
    check_absent(r, line, "peer_inode");
}

StockTest(leaks, each_program_on_the_way_is_named)
{
    struct run r = tracked("--track", "pair", "perl -e 'system(\"$ENV{N}/sk\")'");

    check_value(r, leak(&r, "hook", "left"), "exe", "/usr/bin/dash");
    check_value(r, leak(&r, "perl", "left"), "exe", "/usr/bin/perl");
    leak(&r, "sk", "left");
    cr_assert_eq(lines_with(r.err, "sunshim=\"LEAK\"", "origin_comm=\"leakyd\"", NULL), 6, "%s", run_report(&r));
    cr_assert_eq(about(&r, "LEAK", "leakyd"), 0, "%s", run_report(&r));
}

StockTest(leaks, both_ends_of_a_pair_name_each_other)
{
    struct run r = tracked("--track", "pair", "exec true");
    char *left = leak(&r, "true", "left"), *right = leak(&r, "true", "right");

    check_value(r, left, "origin", "socketpair");
    check_value(r, left, "peer_inode", told(&r, "right", INODE));
    check_value(r, right, "peer_inode", told(&r, "left", INODE));
    check_value(r, left, "addr", "none");
}

StockTest(leaks, a_connection_and_the_listener_it_came_from)
{
    struct run r = tracked("--track", "accepted:$T/a.sock", "exec true");
    char *line = leak(&r, "true", "accepted");

    check_value(r, line, "origin", "accept");
    check_value(r, line, "origin_inode", told(&r, "accepted", FROM));
    check_value(r, line, "addr", text("%s/a.sock", scratch()));
    cr_assert(record_value(line, "peer_inode"), "%s", line);
    check_value(r, line, "peer_pid", told(&r, "accepted", PID)); /* it connected to itself */
    check_value(r, line, "inode", told(&r, "accepted", INODE));
}

/* As of a service whose socket somebody else opened. */
StockTest(leaks, a_connection_from_a_listener_that_was_inherited)
{
    put("serve.py", "import os, socket\n"
                    "l = socket.socket(fileno=3); s, _ = l.accept(); os.set_inheritable(3, False)\n"
                    "os.dup2(s.fileno(), 9); os.execvp('true', ['true'])\n");
    put("outer.py", "import os, socket, subprocess\n"
                    "l = socket.socket(socket.AF_UNIX); l.bind('in.sock'); l.listen()\n"
                    "c = socket.socket(socket.AF_UNIX); c.connect('in.sock')\n"
                    "print(os.fstat(l.fileno()).st_ino, os.fstat(c.fileno()).st_ino, os.getpid())\n"
                    "os.dup2(l.fileno(), 3)\n"
                    "subprocess.run([os.environ['SUNSHIM'], 'run', '--track', '--', 'python3', '-I', 'serve.py'], pass_fds=[3])\n");
    struct run r = run("python3 -I outer.py");
    unsigned long listener, client;
    int pid;
    cr_assert_eq(sscanf(r.out, "%lu %lu %d", &listener, &client, &pid), 3, "%s", run_report(&r));
    char *line = record_line(r.err, 1); /* after the one about python3 */

    check_value(r, line, "comm", "true");
    check_value(r, line, "fd", "9");
    check_value(r, line, "origin", "accept");
    check_value(r, line, "origin_inode", text("%lu", listener));
    check_value(r, line, "addr", "in.sock");
    check_value(r, line, "peer_inode", text("%lu", client));
    check_value(r, line, "peer_pid", text("%d", pid));
}

StockTest(leaks, datagram_sockets_with_names_of_their_own_or_the_kernels)
{
    struct run r = tracked("--track", "dgram:@leaks-$$", "exec true");
    char *line = leak(&r, "true", "dgram"), *name;

    check_value(r, line, "sock_type", "dgram");
    cr_assert(!strncmp(record_value(line, "addr"), "@leaks-", 7), "%s", line);
    r = tracked("--track", "dgram:auto", "exec true");
    name = record_value(leak(&r, "true", "dgram"), "addr");
    cr_assert(name && name[0] == '@' && strlen(name) == 6, "%s", run_report(&r));
}

StockTest(leaks, a_relative_name_is_told_whole)
{
    struct run r = tracked("--track", "relative:r.sock", "cd /; exec true");

    check_value(r, leak(&r, "true", "relative"), "addr", text("%s/r.sock", scratch()));
}

StockTest(leaks, inet_sockets_too)
{
    struct run r = tracked("--track", "inet", "exec true");
    char *line = leak(&r, "true", "inet");

    check_value(r, line, "family", "inet");
    check_value(r, line, "laddr", "127.0.0.1");
    check_value(r, line, "origin", "socket");
    check_value(r, line, "hint", "made without FD_CLOEXEC; to cut it: deny network (inherit) inet stream,");
}

/* --- Sockets passed by SCM_RIGHTS --------------------------------------------- */

StockTest(leaks, a_received_socket_keeps_its_maker)
{
    struct run r = tracked("--track", "received", "exec true");
    char *line = leak(&r, "true", "received");

    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_pid", told(&r, "received", PID));
    check_value(r, line, "passed_inode", told(&r, "received", FROM));
    /* Both ends of the pair were made by the receiver: that says nothing of the sender. */
    check_absent(r, line, "passed_pid");
}

StockTest(leaks, of_a_strange_one_the_sender_is_known_by_its_credentials)
{
    struct run r = tracked("--track", "strange", "exec true");
    char *line = leak(&r, "true", "strange");

    check_value(r, line, "origin", "received");
    check_value(r, line, "origin_pid", told(&r, "strange", PID));
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "origin_inode", told(&r, "strange", FROM));
}

StockTest(leaks, or_by_who_connected)
{
    struct run r = tracked("--track", "served:$T/s.sock", "exec true");
    char *line = leak(&r, "true", "served");

    check_value(r, line, "origin", "received");
    check_value(r, line, "origin_pid", told(&r, "served", PID));
    check_value(r, line, "origin_inode", told(&r, "served", FROM));
}

/* --- What is not known, and what is no leak ------------------------------------- */

StockTest(leaks, what_nobody_saw_is_said_to_be_unknown)
{
    struct run r = tracked("--track", "raw", "exec true");
    char *line = leak(&r, "true", "raw");

    check_value(r, line, "origin", "unknown");
    check_value(r, line, "inode", told(&r, "raw", INODE));
    check_absent(r, line, "origin_pid");
    check_absent(r, line, "origin_comm");
    check_has(r, err, "hint=\"it lacks FD_CLOEXEC; ");
}

StockTest(leaks, so_is_what_was_there_before_the_run)
{
    struct run r = run(DAEMON "./leakyd listener:$T/o.sock pair -- \"$SUNSHIM\" run --track -- true");
    char *line = leak(&r, "true", "listener");

    check_value(r, line, "origin", "unknown");
    check_value(r, line, "addr", text("%s/o.sock", scratch()));
    check_value(r, leak(&r, "true", "left"), "peer_inode", told(&r, "right", INODE));
}

StockTest(leaks, sockets_that_are_closed_on_exec_are_none)
{
    struct run r = tracked("--track", "cloexec", "exec true");

    check_lacks(r, err, "LEAK");
}

StockTest(leaks, a_lost_fd_cloexec_is_told_apart)
{
    struct run r = tracked("--track", "uncloexec", "exec true");

    check_value(r, leak(&r, "true", "uncloexec"), "hint",
                "made with FD_CLOEXEC, which got lost; to cut it: deny unix (inherit) type=stream,");
}

StockTest(leaks, the_standard_descriptors_are_none)
{
    struct run r = tracked("--track", "raw at:0", "exec true");

    check_lacks(r, err, "LEAK");
}

/* Where records go is sunshim's own: said to be a leak, it would be one in every program. */
StockTest(leaks, the_log_is_none)
{
    const char *script = "import os, socket, subprocess, sys\n"
                         "a, b = socket.socketpair()\n"
                         "if sys.argv[1] == '2': os.dup2(b.fileno(), 2)\n"
                         "else: os.dup2(b.fileno(), 7)\n"
                         "log = [] if sys.argv[1] == '2' else ['--log', 'fd:7']\n"
                         "subprocess.run([os.environ['SUNSHIM'], 'run', *log, '--track', '--', 'sh', '-c', 'true; true'], pass_fds=[7] if log else [])\n"
                         "a.setblocking(False)\n"
                         "try: print(a.recv(65536).decode())\n"
                         "except BlockingIOError: print('nothing')\n";
    put("log.py", script);
    struct run r = run("python3 -I log.py 7; python3 -I log.py 2");

    check_out(r, "nothing\nnothing\n");
}

StockTest(leaks, without_tracking_nothing_is_said)
{
    struct run r = judged("allow all,\n", "", "pair", "exec true");

    check_status(r, 0);
    check_lacks(r, err, "LEAK");
    check_lacks(r, err, "inherit");
}

#define ANNOUNCED "perl -e '$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec \"true\"'"

StockTest(leaks, announced_descriptors_are_none)
{
    struct run r = tracked("--track", "pair", ANNOUNCED);

    check_value(r, leak(&r, "perl", "left"), "fd", "3");
    leak(&r, "true", "right");
    cr_assert_eq(about(&r, "LEAK", "true"), 1, "%s", run_report(&r));
}

StockTest(leaks, announced_to_another_process_counts_for_nothing)
{
    struct run r = tracked("--track", "pair", "export LISTEN_FDS=2 LISTEN_PID=$$; true; env true");

    cr_assert_eq(about(&r, "LEAK", "true"), 2, "%s", run_report(&r));
}

StockTest(leaks, systemd_s_own_way_of_announcing)
{
    struct run r = run("systemd-socket-activate -l $T/act.sock \"$SUNSHIM\" run --exec --track -- sh -c 'ls -l /proc/$$/fd' & "
                       "ready $T/act.sock; perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); "
                       "connect($s, pack_sockaddr_un(\"act.sock\")) or die; ' ; wait");

    check_has(r, out, "socket:[");
    cr_assert_eq(about(&r, "LEAK", "sh"), 0, "%s", run_report(&r));
}

/* --- Formats ------------------------------------------------------------------------------ */

StockTest(leaks, as_json)
{
    struct run r = tracked("--track --json", "listener:$T/l.sock", "exec true");

    cr_assert_eq(lines_with(r.err, "\"sunshim\":\"LEAK\"", "\"comm\":\"true\"", text("\"fd\":%s,", told(&r, "listener", FD)),
                            text("\"inode\":%s,", told(&r, "listener", INODE)), "\"origin\":\"socket\"",
                            text("\"origin_pid\":%s,", told(&r, "listener", PID)), "\"origin_comm\":\"leakyd\"", NULL), 1,
                 "%s", run_report(&r));
}

StockTest(leaks, for_libapparmor)
{
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    struct run r = tracked("--track", "listener:$T/l.sock inet received", "exec true");
    int seen = 0;

    for (char *line = strtok(r.err, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(line, "type=AVC"))
            continue;
        aa_log_record *a = parse_record(line);
        cr_assert(a && a->event == AA_RECORD_AUDIT && !strcmp(a->operation, "inherit"), "%s", line);
        cr_assert(a->info && !strncmp(a->info, "LEAK: fd=", 9) && strstr(a->info, "origin=socket "), "%s", line);
        free_record(a);
        seen++;
    }
    cr_assert_eq(seen, 6);
}

/* The name of a command is anybody's choice. */
StockTest(leaks, no_command_s_name_forges_a_record)
{
    const char *odd = "'a\" fd=9 \\'";
    const char *const formats[] = {"text", "json", "apparmor"};

    for (int i = 0; i < 3; i++) {
        struct run r = run(text("ln -s \"$P/leaky\" %s; SUNSHIM_LOG_FORMAT=%s \"$SUNSHIM\" run --track -- ./%s pair -- true",
                                odd, formats[i], odd));
        check_lacks(r, err, "=\"a\"");
        cr_assert(lines_with(r.err, "LEAK", NULL) == 2, "%s", run_report(&r));
        if (i == 2)
            for (char *line = strtok(r.err, "\n"); line; line = strtok(NULL, "\n")) {
                aa_log_record *a = strstr(line, "AVC") ? parse_record(line) : NULL;
                cr_assert(!a || a->event == AA_RECORD_AUDIT, "%s", line);
                if (a)
                    free_record(a);
            }
        unlink(text("%s/a\" fd=9 \\", scratch()));
    }
}

StockTest(leaks, the_summary_counts_them)
{
    struct run r = tracked("--track", "pair", "exec true");

    /* Two in the hook's shell, two in what it became. */
    check_has(r, err, "\nsunshim: 4 leaked");
}

StockTest(leaks, an_exit_status_for_them)
{
    struct run r = tracked("--track --error-exitcode 9", "pair", "exec true");

    check_status(r, 9);
    r = tracked("--track --error-exitcode 9", "cloexec", "exec true");
    check_status(r, 0);
}

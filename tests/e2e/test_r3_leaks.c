/* R3: a daemon opens sockets without FD_CLOEXEC and runs a hook; the report says
 * what each of them was, by whom, and over what. tests/progs/leaky is the daemon. */
#include <aalogparse/aalogparse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domain/names.h"
#include "domain/ring.h"
#include "policy/layers.h"
#include "tests/e2e/harness.h"

/* Run as "leakyd", so that its name is to be seen. */
#define DAEMON "ln -sf \"$P/leaky\" leakyd; "

static struct run tracked(const char *options, const char *makes, const char *hook)
{
    put("hook", text("#!/bin/sh\n%s\n", hook));
    return run(text(DAEMON "chmod +x hook; \"$SUNSHIM\" run %s -- ./leakyd %s -- ./hook", options, makes));
}

static struct run judged(const char *policy, const char *options, const char *makes, const char *hook)
{
    put("leaks.policy", policy);
    return tracked(text("-p $T/leaks.policy %s", options), makes, hook);
}

/* A column of what leakyd says about a socket: "NAME FD INODE FROM PID". */
enum { FD = 1, INODE, FROM, PID };

static char *told(const struct run *r, const char *name, int column)
{
    char *copy = text("\n%s", r->out), *line = strstr(copy, text("\n%s ", name));

    cr_assert(line, "leakyd says nothing of \"%s\"\n%s", name, run_report(r));
    line++;
    for (; column; column--)
        line += strcspn(line, " ") + 1;
    return text("%.*s", (int)strcspn(line, " \n"), line);
}

/* The record of a kind about a socket in a program. */
static char *record(const struct run *r, const char *kind, const char *comm, const char *name)
{
    char *line;

    for (int n = 0; (line = record_line(r->err, n)) != NULL; n++)
        if (strstr(line, text("sunshim=\"%s\"", kind)) && strstr(line, text(" comm=\"%s\"", comm)) &&
            strstr(line, text(" fd=%s ", told(r, name, FD))))
            return line;
    cr_assert(line, "no %s record about %s in %s\n%s", kind, name, comm, run_report(r));
    return line;
}

static char *leak(const struct run *r, const char *comm, const char *name)
{
    return record(r, "LEAK", comm, name);
}

#define check_absent(r, record, key) \
    cr_assert(!record_value((record), (key)), "%s= is there\n%s\n%s", (key), (record), run_report(&(r)))

static int about(const struct run *r, const char *kind, const char *comm)
{
    return lines_with(r->err, text("sunshim=\"%s\"", kind), text(" comm=\"%s\"", comm), NULL);
}

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
    if (access("/usr/bin/systemd-socket-activate", X_OK))
        cr_skip_test("systemd-socket-activate is not installed");
    struct run r = run("systemd-socket-activate -l $T/act.sock \"$SUNSHIM\" run --exec --track -- sh -c 'ls -l /proc/$$/fd' & "
                       "ready $T/act.sock; perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); "
                       "connect($s, pack_sockaddr_un(\"act.sock\")) or die; ' ; wait");

    check_has(r, out, "socket:[");
    cr_assert_eq(about(&r, "LEAK", "sh"), 0, "%s", run_report(&r));
}

/* --- Policies -------------------------------------------------------------------- */

#define CUT_STREAMS "allow all,\ndeny unix (inherit) type=stream,\n"
#define SHOW "for n in 3 4 5 6; do readlink /proc/self/fd/$n || echo closed; done"

StockTest(inherit, streams_are_cut_and_the_program_lives)
{
    struct run r = judged(CUT_STREAMS, "", "listener:$T/l.sock pair dgram:auto", "exec sh -c '" SHOW "'");
    char *line = record(&r, "DENIED", "hook", "listener");

    check_status(r, 0);
    check_has(r, out, text("\n/dev/null\n/dev/null\n/dev/null\nsocket:[%s]\n", told(&r, "dgram", INODE)));
    check_value(r, line, "denied", "inherit");
    check_value(r, line, "rule", text("%s/leaks.policy:2", scratch()));
    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "addr", text("%s/l.sock", scratch()));
    check_value(r, record(&r, "DENIED", "hook", "left"), "peer_inode", told(&r, "right", INODE));
    /* Cut once: what it starts inherits /dev/null. */
    cr_assert_eq(about(&r, "DENIED", "sh"), 0, "%s", run_report(&r));
    check_lacks(r, err, "LEAK");
}

StockTest(inherit, a_cut_number_is_not_reused_by_accident)
{
    struct run r = judged(CUT_STREAMS, "", "pair", "exec perl -e 'open F, \"<\", \"/etc/passwd\" or die; print fileno F, \"\\n\"; "
                          "open N, \">&=\", 3 or die; print {*N} \"lost\" or die; close N or die'");
    const char *last = strstr(r.out, "\nright");

    check_status(r, 0);
    last = last ? strchr(last + 1, '\n') : NULL;
    cr_assert(last && atoi(last + 1) > 4, "%s", run_report(&r));
}

StockTest(inherit, a_policy_that_does_not_name_it_cuts_nothing)
{
    struct run r = judged("unix (create, bind, listen),\n", "", "listener:$T/l.sock", "readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "listener", INODE)));
    check_lacks(r, err, "inherit");
}

StockTest(inherit, in_a_policy_that_names_it_nothing_matching_means_cut)
{
    struct run r = judged("unix (create, bind, getattr),\nunix (inherit) type=dgram,\n", "", "pair dgram:auto", SHOW);

    check_has(r, out, text("\n/dev/null\n/dev/null\nsocket:[%s]\n", told(&r, "dgram", INODE)));
    check_value(r, record(&r, "DENIED", "hook", "left"), "rule", "none");
    check_value(r, record(&r, "DENIED", "hook", "left"), "hint", "add: unix (inherit) type=stream,");
}

StockTest(inherit, rules_about_names_are_about_canonical_names)
{
    struct run r = judged(text("allow all,\ndeny unix (inherit) addr=%s/l.sock,\n", scratch()), "",
                          "relative:l.sock relative:m.sock", "cd /; readlink /proc/self/fd/3 /proc/self/fd/4");

    check_has(r, out, "\n/dev/null\nsocket:[");
}

StockTest(inherit, inet_sockets_by_network_rules)
{
    struct run r = judged("allow all,\ndeny network (inherit) inet,\n", "", "inet pair", SHOW);

    check_has(r, out, text("\n/dev/null\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, record(&r, "DENIED", "hook", "inet"), "laddr", "127.0.0.1");
}

StockTest(inherit, a_rule_about_a_number)
{
    struct run r = judged("allow all,\ndeny unix (inherit) fd=4-5,\n", "", "pair raw", SHOW " 2>&1");

    check_has(r, out, text("\nsocket:[%s]\n/dev/null\n/dev/null\nclosed\n", told(&r, "left", INODE)));
}

StockTest(inherit, the_standard_descriptors_are_cut_only_by_number)
{
    struct run r = judged("allow all,\ndeny unix (inherit),\n", "", "raw at:0", "readlink /proc/self/fd/0");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "at", INODE)));
    r = judged("allow all,\ndeny unix (inherit) fd=0,\n", "", "raw at:0", "readlink /proc/self/fd/0");
    check_has(r, out, "\n/dev/null\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", " fd=0 ", NULL), 1, "%s", run_report(&r));
}

StockTest(inherit, announced_descriptors_are_cut_only_by_number)
{
    const char *hook = "exec perl -e '$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec \"readlink\", map \"/proc/self/fd/$_\", 3, 4'";
    struct run r = judged("allow all,\nprofile ls /usr/bin/readlink {\n  deny unix (inherit) type=stream,\n}\n", "", "pair", hook);

    check_has(r, out, text("\nsocket:[%s]\n/dev/null\n", told(&r, "left", INODE)));
}

StockTest(inherit, audit_puts_it_on_record_and_lets_it_pass)
{
    struct run r = judged("allow all,\naudit unix (inherit),\n", "", "pair", "readlink /proc/self/fd/3");
    char *line = record(&r, "AUDIT", "readlink", "left");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, line, "origin", "socketpair");
    check_value(r, line, "peer_inode", told(&r, "right", INODE));
    check_absent(r, line, "denied");
    check_absent(r, line, "errno");
}

StockTest(inherit, complain_records_and_cuts_nothing)
{
    struct run r = judged(CUT_STREAMS, "--complain", "pair", "readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "left", INODE)));
    check_value(r, record(&r, "ALLOWED", "readlink", "left"), "origin", "socketpair");
}

StockTest(inherit, a_quiet_deny_cuts_without_a_word)
{
    struct run r = judged("allow all,\nquiet deny unix (inherit),\n", "--track", "pair", "readlink /proc/self/fd/3");

    check_has(r, out, "\n/dev/null\n");
    check_lacks(r, err, "sunshim=\"");
}

StockTest(inherit, with_tracking_what_is_left_is_a_leak)
{
    struct run r = judged(CUT_STREAMS, "--track", "pair dgram:auto", "exec true");

    record(&r, "DENIED", "hook", "left");
    check_value(r, leak(&r, "true", "dgram"), "sock_type", "dgram");
    cr_assert_eq(about(&r, "LEAK", "true"), 1, "%s", run_report(&r));
}

StockTest(inherit, every_layer_is_asked)
{
    put("first.policy", "allow all,\ndeny unix (inherit) type=dgram,\n");
    struct run r = judged(CUT_STREAMS, "-p $T/first.policy", "pair dgram:auto", SHOW);

    check_has(r, out, "\n/dev/null\n/dev/null\n/dev/null\n");
}

/* In an instrumented build as well: the program that is judged contains the shim. */
Test(inherit, the_library_alone_cuts_too)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = run("\"$N/leaky\" pair dgram:auto accepted:$T/a.sock -- env SUNSHIM_POLICY=$T/leaks.policy $PRELOAD "
                       "\"$P/leaky\" show:3 show:4 show:5");

    check_has(r, out, "show 3 null\nshow 4 null\nshow 5 socket\n");
    check_value(r, record(&r, "DENIED", "leaky", "left"), "origin", "unknown");
    check_value(r, record(&r, "DENIED", "leaky", "left"), "peer_inode", told(&r, "right", INODE));
    check_value(r, record(&r, "DENIED", "leaky", "accepted"), "addr", text("%s/a.sock", scratch()));
}

/* --- Odd surroundings --------------------------------------------------------------- */

/* One descriptor is free, for the dynamic linker: nothing starts with fewer. */
static struct run crowded(const char *options, const char *makes, const char *show)
{
    return run(text(DAEMON "\"$SUNSHIM\" run %s -- ./leakyd %s full -- \"$P/leaky\" %s", options, makes, show));
}

StockTest(inherit, with_a_full_descriptor_table)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = crowded("-p $T/leaks.policy", "pair dgram:auto", "show:3 show:4 show:5");

    check_has(r, out, "\nshow 3 null\nshow 4 null\nshow 5 socket\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "comm=\"leaky\"", NULL), 2, "%s", run_report(&r));
}

StockTest(inherit, above_the_limit_of_descriptors)
{
    put("leaks.policy", CUT_STREAMS);
    struct run r = crowded("-p $T/leaks.policy", "raw at:100", "show:100");

    check_has(r, out, "\nshow 100 closed\n");
}

StockTest(leaks, a_full_descriptor_table_hides_nothing)
{
    struct run r = crowded("--track", "pair raw at:100", "cloexec");

    check_value(r, leak(&r, "leaky", "left"), "origin", "socketpair");
    check_value(r, leak(&r, "leaky", "at"), "fd", "100");
}

/* A root directory with nothing in it but what the program needs. */
#define CHROOT \
    "mkdir -p root/dev root$T; cp -L \"$N/leaky\" root/leaky; cp \"$LIB\" root/lib.so; cp $T/leaks.policy root/; " \
    "for f in $(ldd \"$N/leaky\" | grep -o '/[^ ]*'); do mkdir -p root${f%/*}; cp -L $f root$f; done; "

/* By number, then: there is no list of descriptors, and nothing to put in their place. */
static struct run in_chroot(const char *before)
{
    put("leaks.policy", CUT_STREAMS);
    const char *rest = "./leakyd pair dgram:auto -- env SUNSHIM_POLICY=/leaks.policy LD_PRELOAD=/lib.so "
                       "chroot root /leaky show:3 show:4 show:5";

    return run(text("%s%s%s\n%s", DAEMON, CHROOT, before, rest));
}

StockTest(inherit, without_proc_and_without_dev_null_what_is_cut_is_closed)
{
    need_root();
    struct run r = in_chroot(":");

    check_has(r, out, "show 3 closed\nshow 4 closed\nshow 5 socket\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "comm=\"leaky\"", NULL), 2, "%s", run_report(&r));
}

StockTest(inherit, without_proc)
{
    need_root();
    struct run r = in_chroot("mknod root/dev/null c 1 3");

    check_has(r, out, "show 3 null\nshow 4 null\nshow 5 socket\n");
}

StockTest(inherit, what_only_pretends_to_be_dev_null_is_not_used)
{
    need_root();
    struct run r = in_chroot("echo secret >root/dev/null");

    check_has(r, out, "show 3 closed\nshow 4 closed\nshow 5 socket\n");
}

StockTest(inherit, a_program_that_is_started_by_the_dynamic_linker)
{
    struct run r = judged(CUT_STREAMS, "", "pair", "exec $(ldd \"$N/leaky\" | grep -o '/.*/ld-[^ ]*') \"$N/leaky\" show:3");

    check_has(r, out, "\nshow 3 null\n");
    check_status(r, 0);
}

StockTest(inherit, through_a_chain_of_interpreters_every_link_is_asked)
{
    put("inner", "#!/usr/bin/perl\nexec \"readlink\", \"/proc/self/fd/3\"\n");
    struct run r = judged("allow all,\naudit unix (inherit),\nprofile r /usr/bin/readlink { deny unix (inherit), }\n", "", "pair",
                          "chmod +x inner; exec env ./inner");

    record(&r, "AUDIT", "hook", "left");
    record(&r, "AUDIT", "env", "left");
    record(&r, "AUDIT", "inner", "left");
    check_value(r, record(&r, "DENIED", "readlink", "left"), "profile", "r");
    check_has(r, out, "\n/dev/null\n");
}

StockTest(inherit, a_name_in_a_directory_that_is_gone_is_still_the_name)
{
    const char *policy = text("unix (create, bind, listen),\nprofile r /usr/bin/readlink { unix (inherit) addr=%s/gone/l, }\n",
                              scratch());
    mkdir(text("%s/gone", scratch()), 0755);
    struct run r = judged(policy, "", "listener:$T/gone/l", "rmdir gone; readlink /proc/self/fd/3");

    check_has(r, out, text("\nsocket:[%s]\n", told(&r, "listener", INODE)));
    check_lacks(r, err, "DENIED");
}

/* --- Rings ----------------------------------------------------------------------------- */

StockTest(leaks, the_oldest_are_forgotten_first)
{
    struct run r = tracked("--track", "pair many:100000 dgram:auto", "exec true");
    char *left = leak(&r, "true", "left");

    check_value(r, leak(&r, "true", "dgram"), "origin", "socket");
    check_value(r, left, "origin", "unknown");
    check_absent(r, left, "origin_pid");
    check_value(r, left, "inode", told(&r, "left", INODE));
    check_value(r, left, "peer_inode", told(&r, "right", INODE));
}

StockTest(leaks, what_may_be_forgotten_is_never_wrong)
{
    struct run r = tracked("--track", "pair accepted:$T/a.sock dgram:auto many:20000", "exec true");
    static const char *const made[][2] = {{"left", "socketpair"}, {"right", "socketpair"}, {"accepted", "accept"}, {"dgram", "socket"}};

    for (int i = 0; i < 4; i++) {
        char *line = leak(&r, "true", made[i][0]), *origin = record_value(line, "origin");
        cr_expect(!strcmp(origin, made[i][1]) || (!strcmp(origin, "unknown") && !record_value(line, "origin_pid")), "%s", line);
        check_value(r, line, "inode", told(&r, made[i][0], INODE));
    }
}

StockTest(leaks, a_ring_full_of_rubbish_makes_all_unknown)
{
    struct run r = tracked("--track", "pair listener:$T/l.sock",
                           "ring=$SUNSHIM_DOMAIN/ring; head -c $(($(stat -c %s $ring) - 4096)) /dev/urandom | "
                           "dd of=$ring conv=notrunc bs=4096 seek=1 2>/dev/null; exec true");

    check_status(r, 0);
    check_value(r, leak(&r, "hook", "left"), "origin", "socketpair");
    check_value(r, leak(&r, "true", "left"), "origin", "unknown");
    check_value(r, leak(&r, "true", "left"), "peer_inode", told(&r, "right", INODE));
    check_value(r, leak(&r, "true", "listener"), "addr", text("%s/l.sock", scratch()));
}

/* As a service that gives up its rights; the ring of root's run is for it as well. */
StockTest(leaks, by_a_daemon_that_became_another_user)
{
    need_root();
    struct run r = run("ln -s \"$N/leaky\" leakyd; \"$SUNSHIM\" run --track -- setpriv --reuid=65534 --regid=65534 --clear-groups "
                       "./leakyd pair received -- true");

    check_value(r, leak(&r, "true", "left"), "origin_comm", "leakyd");
    check_value(r, leak(&r, "true", "received"), "origin_pid", told(&r, "received", PID));
}

/* SO_COOKIE; the time and the process come without one. */
StockTest(leaks, a_tracked_socket_costs_one_system_call)
{
    const char *calls = "socket getsockopt clock_gettime getpid fstat close prctl";
    struct run r = run(text("for n in 100 200; do strace -f -o trace \"$SUNSHIM\" run --track -- \"$N/leaky\" many:$n; "
                            "pid=$(grep -m 1 ' socket(AF_UNIX, SOCK_DGRAM' trace | cut -d ' ' -f 1); "
                            "for call in %s; do grep -c \"^$pid *$call(\" trace >>$call || :; done; done; "
                            "for call in %s; do echo $call $(tr '\\n' ' ' <$call); done", calls, calls));
    static const char *const added[][2] = {{"socket", "100"}, {"getsockopt", "100"}, {"close", "100"}, {"clock_gettime", "0"},
                                           {"getpid", "0"},   {"fstat", "0"},        {"prctl", "0"}};
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        int few, many;
        const char *line = strstr(text("\n%s", r.out), text("\n%s ", added[i][0]));
        cr_assert(line && sscanf(line + 1, "%*s %d %d", &few, &many) == 2, "%s", run_report(&r));
        cr_expect_eq(many - few, atoi(added[i][1]), "%s: %d more\n%s", added[i][0], many - few, run_report(&r));
    }
}

StockTest(leaks, a_run_inside_another_knows_what_the_outer_one_saw)
{
    struct run r = run(DAEMON "\"$SUNSHIM\" run --track -- ./leakyd pair listener:$T/l.sock -- \"$SUNSHIM\" run -- true");
    char *line = leak(&r, "true", "listener");

    check_value(r, line, "origin", "socket");
    check_value(r, line, "origin_comm", "leakyd");
    check_value(r, line, "addr", text("%s/l.sock", scratch()));
}

StockTest(leaks, an_outer_run_hears_of_what_an_inner_one_made)
{
    struct run r = run(DAEMON "\"$SUNSHIM\" run --track -- sh -c '\"$SUNSHIM\" run --track -- ./leakyd pair -- true'");

    check_value(r, leak(&r, "true", "left"), "origin", "socketpair");
    cr_assert_eq(about(&r, "LEAK", "true"), 2, "%s", run_report(&r));
}

/* A run made by hand, for instrumented builds: the launcher preloads. */
static void make_domain(void)
{
    size_t size = ring_size(RING_ENTRIES), len = layers_size(NULL, 0);
    void *ring = calloc(1, size), *layers = calloc(1, len);

    cr_assert(ring && layers && !ring_format(ring, size) && !layers_layout(NULL, 0, 0, layers, len));
    mkdir(text("%s/d", scratch()), 0755);
    put_bytes("d/" DOMAIN_POLICY, layers, len);
    put_bytes("d/" DOMAIN_RING, ring, size);
    put("d/" DOMAIN_LEAKS, "");
    free(ring);
    free(layers);
}

Test(leaks, without_the_launcher)
{
    make_domain();
    struct run r = run("ln -s \"$P/leaky\" leakyd; ln -s \"$P/leaky\" hook; export SUNSHIM_DOMAIN=$T/d; env $PRELOAD "
                       "./leakyd pair accepted:$T/a listener:$T/l dgram:auto received strange served:$T/s -- ./hook cloexec");
    static const char *const made[][2] = {{"left", "socketpair"}, {"accepted", "accept"},    {"listener", "socket"}, {"dgram", "socket"},
                                          {"received", "socket"}, {"strange", "received"}, {"served", "received"}};

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        check_value(r, leak(&r, "hook", made[i][0]), "origin", made[i][1]);
    check_status(r, 0);
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

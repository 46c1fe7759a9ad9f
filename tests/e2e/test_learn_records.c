/* sunshim learn --from: records that teach nothing, and those that teach something else. */
#include <string.h>

#include "tests/e2e/harness.h"

#define RECORD(what, operation, rest) \
    "time=2026-01-31T03:02:11.481223Z sunshim=\"" what "\" operation=\"" operation "\" class=\"net\" profile=\"-\" pid=47 ppid=15 " \
    "comm=\"c\" exe=\"/usr/bin/c\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"" operation "\" " rest "\n"
#define BOUND RECORD("TRACE", "bind", "addr=\"/srv/a\" fd=3 result=0")

static struct run learned(const char *log, const char *options)
{
    put("log", log);
    return run(text("cd $T; $SUNSHIM learn %s --from log", options));
}

Test(learn_records, no_number_of_a_process_is_too_large)
{
    struct run r = learned(BOUND RECORD("TRACE", "bind", "addr=\"/srv/b\" fd=3 result=0 peer_pid=9000000000000 tid=4194304"), "");

    check_status(r, 0);
    check_has(r, out, "\nunix (bind) addr=/srv/b,\n");
}

/* The kernel would refuse them whatever is allowed. */
Test(learn_records, calls_on_what_is_no_socket_need_no_rule)
{
    struct run r = learned(BOUND RECORD("TRACE", "connect", "peer_addr=\"/srv/x\" fd=3 result=-1 errno=EBADF")
                                 RECORD("TRACE", "connect", "peer_addr=\"/srv/y\" fd=3 result=-1 errno=ENOTSOCK")
                                 RECORD("TRACE", "connect", "fd=3 result=-1 errno=EFAULT"), "");

    check_status(r, 0);
    check_lacks(r, out, "connect");
    check_has(r, err, "learned 1 rule from 1 call");
}

Test(learn_records, a_denial_with_its_call_is_one)
{
    struct run r = learned(BOUND RECORD("DENIED", "connect", "peer_addr=\"/srv/x\" errno=EACCES rule=none")
                                 RECORD("TRACE", "connect", "peer_addr=\"/srv/x\" fd=3 result=-1 errno=EACCES verdict=\"DENIED\""), "");

    check_has(r, err, "sunshim: 1 call was denied, and stays so");
}

Test(learn_records, a_path_with_a_nul_byte_was_never_one)
{
    struct run r = learned(BOUND RECORD("TRACE", "connect", "peer_addr=\"/srv/x\\x00y\" fd=3 result=0"), "");

    check_status(r, 0);
    check_lacks(r, out, "/srv/x");
    check_has(r, err, "1 call cannot be learned from");
}

/* With nobody who asks for names, the call is refused before the name is looked for. */
Test(learn_records, a_name_that_was_not_there_may_need_a_rule)
{
    struct run r = learned(BOUND RECORD("TRACE", "connect", "peer_addr=\"/srv/none\" fd=3 result=-1 errno=ENOENT"), "");

    check_has(r, out, "# was not there; without this rule the answer would be another one\nunix (connect) peer=(addr=/srv/none),\n");
}

#define INET(operation, rest) \
    "sunshim=\"TRACE\" operation=\"" operation "\" pid=47 comm=\"c\" family=\"inet\" sock_type=\"stream\" protocol=6 requested=\"" operation "\" " \
    "laddr=\"127.0.0.1\" lport=40001 " rest "\n"

/* The kernel's, although somebody binds it by its number: who was first counts, and who did bind it. */
Test(learn_records, a_port_is_whose_it_was_first)
{
    struct run r = learned(INET("listen", "result=0") INET("bind", "result=0"), "");
    check_lacks(r, out, "port=40001");
    r = learned(INET("bind", "result=-1 errno=EADDRINUSE") INET("listen", "result=0"), "");
    check_lacks(r, out, "(bind, listen) inet stream ip=127.0.0.1 port=40001");
    r = learned(INET("bind", "result=0") INET("listen", "result=0"), "");
    check_has(r, out, " port=40001,\n");
}

Test(learn_records, inet_is_said_to_be_unused_only_where_it_is)
{
    struct run r = learned(BOUND, "");
    check_has(r, out, "# sunshim: allow inet: nobody used it");
    r = learned(BOUND "sunshim=\"TRACE\" operation=\"socket\" pid=47 comm=\"c\" family=\"inet\" sock_type=\"stream\" requested=\"create\" result=3\n", "");
    check_lacks(r, out, "allow inet");
}

Test(learn_records, many_programs_are_not_all_named)
{
    const char *log = "";

    for (int i = 0; i < 30; i++)
        log = text("%ssunshim=\"TRACE\" operation=\"bind\" pid=47 comm=\"c%d\" family=\"unix\" sock_type=\"stream\" requested=\"bind\" addr=\"/srv/a\" result=0\n", log, i);
    struct run r = learned(log, "");
    int named = lines_with(r.out, "# c", ": bind 1", NULL);

    cr_assert(named > 0 && named < 30, "%s", run_report(&r));
    check_has(r, out, text("\n# and %d programs more\n", 30 - named));
}

/* A policy that does not speak of it allows it. */
Test(learn_records, what_was_inherited_needs_no_rule)
{
    struct run r = learned(BOUND RECORD("AUDIT", "inherit", "addr=\"/srv/x\" fd=5 rule=\"p:1\""), "");

    check_status(r, 0);
    check_lacks(r, out, "inherit");
    check_lacks(r, out, "/srv/x");
}

/* That one of them came later only makes no series of two. */
Test(learn_records, names_that_all_runs_have_are_not_what_changes)
{
    put("first", RECORD("TRACE", "bind", "addr=\"/srv/app1.sock\" fd=3 result=0"));
    struct run r = learned(RECORD("TRACE", "bind", "addr=\"/srv/app1.sock\" fd=3 result=0")
                           RECORD("TRACE", "bind", "addr=\"/srv/app2.sock\" fd=3 result=0"), "--from first");

    check_has(r, out, "\nunix (bind) addr=/srv/app1.sock,\n");
    check_has(r, out, "\nunix (bind) addr=/srv/app2.sock,\n");
}

Test(learn_records, what_an_old_policy_allows_and_audits_is_allowed)
{
    put("old", "audit unix (bind) addr=/srv/*,\ndeny network inet,\n");
    struct run r = learned(BOUND, "--merge old -o new");

    check_status(r, 0);
    check_has(r, err, "sunshim: old allows ");
    cr_assert_str_eq(get(text("%s/new", scratch())), get(text("%s/old", scratch())));
}

/* Somebody reads a pipe: it is not replaced. */
Test(learn_records, a_pipe_stays_one)
{
    put("log", BOUND);
    struct run r = run("cd $T; mkfifo p; cat p >got & $SUNSHIM learn -o p --from log; wait; test -p p; grep -c '^unix (bind) addr=/srv/a,' got");

    check_status(r, 0);
    check_out(r, "1\n");
}

Test(learn_records, an_old_policy_is_text)
{
    put_bytes("old", "unix,\0\n", 7);
    struct run r = learned(BOUND, "--merge old");

    check_status(r, 125);
    check_has(r, err, "'old' holds NUL bytes");
}

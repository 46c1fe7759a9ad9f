/* IPv6 sockets that have to do with IPv4, and logs that cannot be written. */
#include <string.h>

#include "tests/e2e/harness.h"

#define LISTENER \
    "import socket; s=socket.socket(socket.AF_INET6); s.setsockopt(41, 26, 0); s.bind((HOST,0)); s.listen()\n"

static struct run python(const char *policy, const char *host, const char *more)
{
    put("s.py", text("HOST='%s'\n" LISTENER "%s", host, more));
    return under(policy, "python3 -I $T/s.py");
}

StockTest(mapped, a_listener_with_typed_accept_waits_for_somebody)
{
    struct run r = python("network (create, setopt, bind, listen, getattr) inet6,\nnetwork (accept) inet6 stream,\n", "::1",
                          "s.setblocking(0)\n"
                          "try: s.accept()\n"
                          "except BlockingIOError: print('nobody yet')\n");

    check_status(r, 0);
    check_out(r, "nobody yet\n");
    check_lacks(r, err, "DENIED");
}

StockTest(mapped, an_ipv4_client_is_accepted_by_the_rule_about_ipv4)
{
    const char *meet = "import threading\n"
                       "def call():\n"
                       "  c=socket.create_connection(('127.0.0.1', s.getsockname()[1])); c.recv(1)\n"
                       "t=threading.Thread(target=call); t.start(); s.settimeout(2)\n"
                       "try: print(s.accept()[1][0], flush=True)\n"
                       "except TimeoutError: print('refused', flush=True)\n"
                       "import os; os._exit(0)\n";
    const char *rest = "unix,\nnetwork netlink,\nnetwork (create, connect, send, receive, getopt, setopt, getattr) inet,\n"
                       "network (create, bind, listen, getopt, setopt, getattr) inet6,\n";
    struct run allowed = python(text("%snetwork (accept) inet,\n", rest), "::", meet);
    struct run refused = python(text("%snetwork (accept) inet6,\n", rest), "::", meet);

    check_out(allowed, "::ffff:127.0.0.1\n");
    check_out(refused, "refused\n");
    check_has(refused, err, "family=\"inet\"");
}

StockTest(mapped, accept_is_refused_at_once_where_no_peer_could_be_allowed)
{
    struct run r = python("network (create, bind, listen, getopt, setopt, getattr) inet6,\n", "::1",
                          "try: s.accept()\n"
                          "except PermissionError: print('refused')\n");

    check_out(r, "refused\n");
}

StockTest(mapped, listening_on_a_mapped_address_is_about_ipv4_as_its_bind_was)
{
    const char *policy = "network (create, setopt, getattr) inet6,\nnetwork (bind, listen) inet,\n";
    struct run r = python(policy, "::ffff:127.0.0.1", "print('listens')\n");

    check_status(r, 0);
    check_out(r, "listens\n");
}

StockTest(mapped, records_about_inet_speak_of_no_unix_names)
{
    struct run r = under("network (create, bind, getattr) inet,\n",
                         "python3 -I -c \"import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                         "s.bind(('127.0.0.1',0)); s.recv(1)\" || :");

    check_has(r, err, "operation=\"recv\"");
    check_lacks(r, err, "addr=none");
}

StockTest(log, a_place_that_cannot_be_written_is_said_once)
{
    with_env("SUNSHIM_LOG=/nowhere/records");
    struct run r = preloaded("unix (create),\n", "perl -MSocket -e 'for (1 .. 3) { socket(my $s, AF_UNIX, SOCK_DGRAM, 0); "
                                                 "bind($s, pack(\"S\", AF_UNIX)) and die }'");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.err, "records are lost", "/nowhere/records", NULL), 1, "%s", run_report(&r));
}

#define BIND "sub b { socket(my $s, AF_UNIX, SOCK_DGRAM, 0); bind($s, pack(\"S\", AF_UNIX)) and die } "

/* AppArmor's readers know no such line. */
StockTest(log, says_how_many_were_lost_where_there_is_a_way_to)
{
    static const char *const formats[][2] = {{"text", "sunshim=\"HINT\" operation=\"log\" dropped=2\n"},
                                             {"json", "{\"sunshim\":\"HINT\",\"operation\":\"log\",\"dropped\":2}\n"}, {"apparmor", ""}};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        with_env(text("SUNSHIM_LOG=%s/d/log", scratch()));
        with_env(text("SUNSHIM_LOG_FORMAT=%s", formats[i][0]));
        struct run r = preloaded("unix (create),\n", "perl -MSocket -e '" BIND "b(); b(); mkdir \"$ENV{T}/d\"; b(); b()'; tail -n +2 $T/d/log; rm -r $T/d");

        check_status(r, 0);
        cr_assert(!strncmp(r.out, formats[i][1], strlen(formats[i][1])), "%s", run_report(&r));
        cr_assert_eq(lines_with(r.out, "DENIED", NULL), 1, "%s", run_report(&r));
        cr_assert_eq(lines_with(r.out, "", NULL), 1 + (*formats[i][1] != 0), "%s", run_report(&r));
    }
}

/* The disk was full, and then there was room again. */
StockTest(log, a_record_behind_a_torn_one_is_a_line_of_its_own)
{
    with_env(text("SUNSHIM_LOG=%s/log", scratch()));
    struct run r = preloaded("unix (create, getattr, getopt),\n", "/usr/bin/python3 -I -c '\n"
                                                 "import resource, socket\n"
                                                 "def bind():\n"
                                                 "    try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(\"\")\n"
                                                 "    except PermissionError: pass\n"
                                                 "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
                                                 "resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard)); bind()\n"
                                                 "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)); bind(); bind()\n"
                                                 "'; cut -c 1-5 $T/log; head -n 1 $T/log | wc -c");

    check_status(r, 0);
    check_out(r, "time=\ntime=\nsunsh\ntime=\n101\n");
}

/* Standard error may have become a file of the program's own. */
StockTest(log, what_is_lost_is_said_on_no_other_file)
{
    with_env("SUNSHIM_LOG=/nowhere/records");
    struct run r = preloaded("unix (create),\n", "perl -MSocket -e '" BIND "open STDERR, \">\", \"$ENV{T}/other\" or die; b()'; wc -c <$T/other");

    check_status(r, 0);
    check_out(r, "0\n");
    check_lacks(r, err, "records are lost");
}

StockTest(log, a_descriptor_that_became_another_file_gets_no_records)
{
    struct run r = run("cd $T; echo 'unix (create),' >p.policy\n"
                       "cat >bind <<'E'\nperl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_DGRAM, 0); bind($s, pack(\"S\", 1))'\nE\n"
                       "$SUNSHIM run --log fd:7 -p ./p.policy -- sh -c '. ./bind; . ./bind 7>other' 7>records\n"
                       "wc -l <records; wc -c <other");

    check_out(r, "1\n0\n");
}

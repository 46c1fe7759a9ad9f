/* sunshim who: sockets, their holders, peers and files. */
#include <stdlib.h>

#include "tests/e2e/who.h"

/* --- Sockets by every name they have --------------------------------------------- */

Test(cli_who, describes_a_listener_by_its_path)
{
    struct run r = run(WHO "listener $T/a.sock; who $T/a.sock; echo $hold");

    check_status(r, 0);
    check_has(r, out, text("  unix stream LISTEN  %s/a.sock\n", scratch()));
    check_said(r, "file", "there; device ");
    check_said(r, "holder", " sk fd 3, stays open on exec  ");
    check_said(r, "queue", "0 to be accepted, room for ");
    check_said(r, "origin", "unknown: not tracked (sunshim run --track)");
    cr_assert_str_empty(r.err);
}

Test(cli_who, has_the_inode_of_ss_and_proc)
{
    struct run r = run(WHO "listener $T/a.sock; ino=$(inode $T/a.sock); echo $ino\n"
                       "awk -v name=$T/a.sock '$8 == name {print $7}' /proc/net/unix; readlink /proc/$hold/fd/3\n"
                       "who $T/a.sock | head -n 1");
    char *ino = text("%.*s", (int)strcspn(r.out, "\n"), r.out);

    cr_assert_gt(atoi(ino), 0);
    check_out(r, text("%s\n%s\nsocket:[%s]\nsocket:[%s]  unix stream LISTEN  %s/a.sock\n", ino, ino, ino, ino, scratch()));
}

Test(cli_who, says_the_same_whichever_way_it_is_asked)
{
    struct run r = run(WHO "listener $T/a.sock; ino=$(inode $T/a.sock); who $T/a.sock >want; ln -s a.sock link; mkdir d\n"
                       "for name in $ino socket:[$ino] a.sock ./a.sock link d/../a.sock $hold/3 /proc/$hold/fd/3\n"
                       "do who $name | cmp - want || echo $name; done");

    check_status(r, 0);
    check_out(r, "");
}

Test(cli_who, knows_abstract_names_with_any_bytes)
{
    /* "a b\n\x1b\0c", and "pad" as programs bind it that pass a whole sockaddr_un. */
    struct run r = run(WHO "hold h 'socket unix dgram' 'bind @hex:6120620a1b0063' 'socket unix dgram' 'bind @hex:7061640000'\n"
                       "who '@a b\\x0a\\x1b\\x00c' | head -n 1; who '@a\\ b\\x0a\\x1b@c' | head -n 1; who @pad | head -n 1; who @pa || echo $?");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "  unix dgram UNCONN  @a\\ b\\x0a\\x1b\\x00c", NULL), 2, "%s", run_report(&r));
    check_has(r, out, "  unix dgram UNCONN  @pad\\x00\\x00\n1\n");
    check_has(r, err, "sunshim: @pa: no socket has that name\n");
}

Test(cli_who, lists_the_sockets_of_a_process)
{
    struct run r = run(WHO "hold h 'pair stream' 'socket netlink raw' 'socket unix seqpacket' \"bind $T/s\"; echo $hold; who pid $hold\n"
                       "who $hold | head -n 1; who /proc/$hold | head -n 1");
    int pid = atoi(r.out);

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, text("process %d  sk  /", pid), NULL), 3, "%s", run_report(&r));
    check_has(r, out, "\n  fd 5 *    socket:[");
    check_has(r, out, "]  netlink\n");
    check_has(r, out, text("]  unix seqpacket UNCONN  %s/s\n", scratch()));
    cr_assert_eq(lines_with(r.out, "  unix stream ESTAB  (unnamed)  peer socket:[", text("held by %d sk fd", pid), NULL), 2,
                 "%s", run_report(&r));
}

Test(cli_who, knows_ports)
{
    struct run r = run(WHO "p=$(freeport); socat TCP-LISTEN:$p,bind=127.0.0.1 - & ready tcp:$p; socat - UDP-LISTEN:$p,bind=127.0.0.1 & ready udp:$p\n"
                       "who tcp:$p; who udp:$p; who tcp:$p >one; who socket:[$(sed -n 's/^socket:.\\([0-9]*\\).*/\\1/p' one)] | cmp - one");

    check_status(r, 0);
    check_has(r, out, "  tcp LISTEN  127.0.0.1:");
    check_has(r, out, "  udp UNCONN  127.0.0.1:");
    cr_assert_eq(lines_with(r.out, "holder", " socat fd ", NULL), 2, "%s", run_report(&r));
}

Test(cli_who, finds_both_ends_of_a_connection_over_tcp)
{
    struct run r = run(WHO "p=$(freeport); socat TCP-LISTEN:$p,bind=127.0.0.1,fork PIPE & ready tcp:$p; sleep 100 | socat TCP:127.0.0.1:$p - &\n"
                       "until [ $(who tcp:$p | grep -c ESTAB) = 2 ]; do sleep 0.05; done; who tcp:$p");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "tcp ESTAB", "  held by ", "  peer socket:[", " held by ", NULL), 2, "%s", run_report(&r));
}

/* --- Peers, queues, files ---------------------------------------------------------- */

Test(cli_who, pairs_both_ends_as_ss_does)
{
    struct run r = run(WHO "socat UNIX-LISTEN:$T/a.sock,fork PIPE & ready $T/a.sock; sleep 100 | socat UNIX:$T/a.sock - &\n"
                       "until ss -xH src $T/a.sock | grep -q ESTAB; do sleep 0.05; done\n"
                       "set -- $(ss -xH src $T/a.sock | awk '$2 == \"ESTAB\" {print $6, $8}'); echo socket:[$1] socket:[$2]\n"
                       "who $2; who $1");
    char *own = text("%.*s", (int)strcspn(r.out, " "), r.out), *other = text("%.*s", (int)strcspn(strchr(r.out, ' ') + 1, "\n"), strchr(r.out, ' ') + 1);

    check_status(r, 0);
    check_has(r, out, text("\n%s  unix stream ESTAB  (unnamed)\n  peer      %s %s/a.sock held by ", other, own, scratch()));
    check_has(r, out, text("\n%s  unix stream ESTAB  %s/a.sock\n", own, scratch()));
    check_has(r, out, text("\n  peer      %s held by ", other));
    check_has(r, out, "  seems     accepted at socket:[");
}

Test(cli_who, lists_the_listener_first_and_its_connections_below)
{
    struct run r = run(WHO "socat UNIX-LISTEN:$T/a.sock,fork PIPE & ready $T/a.sock; for i in 1 2 3; do sleep 100 | socat UNIX:$T/a.sock - & done\n"
                       "until [ $(ss -xH src $T/a.sock | grep -c ESTAB) = 3 ]; do sleep 0.05; done; who $T/a.sock; who --json $T/a.sock | grep -o '\"accepted_from\"' | wc -l");

    check_status(r, 0);
    cr_assert(strstr(strchr(r.out, ' '), "  unix stream LISTEN") == strchr(r.out, ' '), "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "unix stream ESTAB  held by ", " socat fd ", "  peer socket:[", NULL), 3, "%s", run_report(&r));
    check_has(r, out, "\n3\n");
}

Test(cli_who, names_clients_that_wait)
{
    struct run r = run(WHO "listener $T/a.sock; hold c 'socket unix stream' \"connect $T/a.sock\"; who $T/a.sock; echo; who $hold/3");

    check_status(r, 0);
    check_said(r, "queue", "1 to be accepted, room for ");
    check_said(r, "waiting", " sk fd 3");
    check_said(r, "peer", "none yet: waits to be accepted at socket:[");
}

Test(cli_who, says_that_a_peer_is_gone)
{
    struct run r = run(WHO "hold h 'pair stream' 'use 3' close 'use 4' 'pair stream'; who $hold/4; echo; who $hold/5");

    check_status(r, 0);
    check_said(r, "peer", "closed");
    check_said(r, "seems", "one of a socketpair: neither end has a name");
}

Test(cli_who, says_what_became_of_the_file)
{
    struct run r = run(WHO "listener $T/a.sock; ino=$(inode $T/a.sock); mv a.sock b.sock; who $ino; who b.sock | head -n 1; rm b.sock; who $T/a.sock\n"
                       "listener $T/a.sock; who $ino; rm a.sock; echo >a.sock; who $ino; rm a.sock; mkdir a.sock; who $ino");
    char *ino = text("%.*s", (int)strcspn(r.out, " "), r.out);

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, text("%s  unix stream LISTEN  %s/a.sock", ino, scratch()), NULL), 6, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "  file      gone; device ", NULL), 2, "%s", run_report(&r));
    check_has(r, out, "  file      replaced: another socket has its name now; device ");
    check_has(r, out, "  file      replaced: a regular file has its name now; device ");
    check_has(r, out, "  file      replaced: a directory has its name now; device ");
}

Test(cli_who, names_the_socket_first_that_has_the_file_now)
{
    struct run r = run(WHO "for i in 1 2 3; do rm -f a.sock; listener $T/a.sock; done; who a.sock; echo; who --json a.sock | grep -o '\"state\":\"[a-z]*\"'; rm a.sock; listener $T/a.sock; who a.sock | sed -n 2p");

    check_status(r, 0);
    check_said(r, "file", "there; ");
    check_has(r, out, "\n\n\"state\":\"there\"\n\"state\":\"replaced\"\n\"state\":\"replaced\"\n  file      there; ");
}

Test(cli_who, knows_files_on_overlay)
{
    need_root();
    struct run r = run(WHO "cat >script <<'END'\n" "mount -t tmpfs none $T; cd $T; mkdir l u w m; mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m\n"
                       WHO "cd m; listener $T/m/a; for n in a b c a; do who $n | sed -n 2p; mv a b 2>/dev/null || :; [ -e c ] || ln -s b c; done\n" "END\n"
                       "unshare -m sh -eu script | sed 's/;.*/;/'");

    check_status(r, 0);
    check_out(r, "  file      there;\n  file      moved;\n  file      moved;\n  file      gone;\n");
}

Test(cli_who, knows_a_file_that_was_bound_by_a_relative_name)
{
    struct run r = run(WHO "mkdir d; hold h \"chdir $T/d\" 'socket unix dgram' 'bind rel:r.sock'; who d/r.sock; who $hold/3 | sed -n 2p");

    check_status(r, 0);
    check_has(r, out, "  unix dgram UNCONN  r.sock\n");
    cr_assert_eq(lines_with(r.out, "  file      there: seen from process ", NULL), 2, "%s", run_report(&r));
}

Test(cli_who, says_why_nobody_has_a_path)
{
    struct run r = run(WHO "$N/sk 'socket unix dgram' \"bind $T/stale\" >/dev/null; echo >file; for f in stale file nothing $T; do who $f || echo $?; done");

    check_out(r, "1\n1\n1\n1\n");
    check_has(r, err, "sunshim: stale: a socket's file, but no socket is bound to it (any more)");
    check_has(r, err, "sunshim: file: not a socket\n");
    check_has(r, err, "sunshim: nothing: no such file, and no socket has that name\n");
    check_has(r, err, ": a directory, and not one of a run\n");
}

/* --- Holders ----------------------------------------------------------------------- */

Test(cli_who, names_every_holder_and_whether_exec_closes_it)
{
    struct run r = run(WHO "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un(\"$ENV{T}/a\")); $^F = 100; open T, \">&S\"; open O, \">\", \"ready\"; close O; fork; sleep 100' &\n"
                       "until [ -e ready ] && [ $(who $T/a | grep -c '^  holder') = 4 ]; do sleep 0.05; done; who $T/a");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "  holder ", " perl fd 3, close-on-exec  /", NULL), 2, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "  holder ", " perl fd 4, stays open on exec  /", NULL), 2, "%s", run_report(&r));
}

Test(cli_who, says_that_others_cannot_be_seen)
{
    need_root();
    struct run r = run(WHO "listener $T/a.sock; as='setpriv --reuid=65534 --regid=65534 --clear-groups'\n"
                       "$as $SUNSHIM who $T/a.sock; $as $SUNSHIM who --json $T/a.sock; $as $SUNSHIM who pid $hold || echo $?");

    check_has(r, err, "its descriptors are not visible");
    check_has(r, out, "125\n");
    check_said(r, "holder", "not visible");
    check_has(r, out, "\nnote: holders of other users are not visible\n");
    check_has(r, out, "\"notes\":[\"holders of other users are not visible\"");
}

Test(cli_who, looks_into_other_network_name_spaces)
{
    need_root();
    struct run r = run(WHO "hold h netns 'socket unix dgram' 'bind @elsewhere'; hold i 'socket unix dgram' 'bind @elsewhere'; who @elsewhere");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "  netns     that of process", NULL), 1, "%s", run_report(&r));
}

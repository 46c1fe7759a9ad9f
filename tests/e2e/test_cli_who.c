/* sunshim who: sockets, their holders, peers, files and histories. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* For every script. `sk` is what the sockets of most tests belong to:
 *   hold NAME STEP...    starts it, waits until it has done all steps, $hold is its pid
 *   listener PATH        the same, for a listener
 *   inode PATH           of a listener, as ss(8) says it */
#define WHO \
    "who() { $SUNSHIM who \"$@\"; }\n" \
    "hold() { name=$1; rm -f $T/$name.out; shift; $N/sk \"$@\" \"write .\" 'sleep 100000' >$T/$name.out 2>&1 & hold=$!\n" \
    "  until grep -q '^write' $T/$name.out 2>/dev/null; do sleep 0.02; done; }\n" \
    "listener() { hold listener 'socket unix stream' \"bind $1\" listen; }\n" \
    "inode() { ss -xlH | awk -v name=\"$1\" '$5 == name {print $6}'; }\n"

/* The rest of the line that begins with `word`, of the first such line. */
static char *said(const struct run *r, const char *word)
{
    char *copy = text("%s", r->out), *save = NULL;

    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *at = line + strspn(line, " ");

        if (!strncmp(at, word, strlen(word)) && at[strlen(word)] == ' ')
            return at + strlen(word) + strspn(at + strlen(word), " ");
    }
    cr_assert_fail("nothing is said of '%s'\n%s", word, run_report(r));
    return NULL;
}

#define check_said(r, word, what) \
    cr_assert(strstr(said(&(r), (word)), (what)), "of '%s' is said '%s', not '%s'\n%s", (word), said(&(r), (word)), \
              (what), run_report(&(r)))

/* --- JSON: what is one document, and nothing else ------------------------------- */

static bool json_value(const char **at);

static bool json_string(const char **at)
{
    if (*(*at)++ != '"')
        return false;
    for (; **at != '"'; ++*at) {
        if ((unsigned char)**at < ' ')
            return false;
        if (**at == '\\' && !strchr("\"\\/bfnrtu", *++*at))
            return false;
    }
    return ++*at;
}

static bool json_list(const char **at, char close, bool keys)
{
    if (*++*at == close)
        return ++*at;
    for (;; ++*at) {
        if (keys && (!json_string(at) || *(*at)++ != ':'))
            return false;
        if (!json_value(at))
            return false;
        if (**at != ',')
            return *(*at)++ == close;
    }
}

static bool json_value(const char **at)
{
    static const char *const words[] = {"true", "false", "null"};
    char *end;

    if (**at == '{' || **at == '[')
        return json_list(at, **at == '{' ? '}' : ']', **at == '{');
    if (**at == '"')
        return json_string(at);
    for (int i = 0; i < 3; i++)
        if (!strncmp(*at, words[i], strlen(words[i])))
            return *at += strlen(words[i]);
    bool number = (strtod(*at, &end), end != *at);
    *at = end;
    return number;
}

static void check_json(const struct run *r)
{
    const char *at = r->out;

    cr_assert(json_value(&at) && !strcmp(at, "\n"), "no JSON from byte %td on\n%s", at - r->out, run_report(r));
}

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
    struct run r = run(WHO "[ $(id -u) = 0 ] || exec printf '  file      there;\\n  file      moved;\\n  file      moved;\\n  file      gone;\\n'\n"
                       "cat >script <<'END'\n" "mount -t tmpfs none $T; cd $T; mkdir l u w m; mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m\n"
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
    struct run r = run(WHO "[ $(id -u) = 0 ] || { who pid 1 || echo $?; exit; }; listener $T/a.sock; as='setpriv --reuid=65534 --regid=65534 --clear-groups'\n"
                       "$as $SUNSHIM who $T/a.sock; $as $SUNSHIM who --json $T/a.sock; $as $SUNSHIM who pid $hold || echo $?");

    check_has(r, err, "its descriptors are not visible");
    check_has(r, out, "125\n");
    if (strlen(r.out) > 4) {
        check_said(r, "holder", "not visible");
        check_has(r, out, "\nnote: holders of other users are not visible\n");
        check_has(r, out, "\"notes\":[\"holders of other users are not visible\"");
    }
}

Test(cli_who, looks_into_other_network_name_spaces)
{
    struct run r = run(WHO "[ $(id -u) = 0 ] || exec echo '  netns     that of process'\n"
                       "hold h netns 'socket unix dgram' 'bind @elsewhere'; hold i 'socket unix dgram' 'bind @elsewhere'; who @elsewhere");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "  netns     that of process", NULL), 1, "%s", run_report(&r));
}

/* --- Names that mean harm ----------------------------------------------------------- */

/* bound NAME: a listener with that very name, and one of its own that is no better. */
#define BOUND \
    "bound() { perl -MSocket -e '$0 = \"a\\n\\033b\"; $n = shift; $n =~ s/^\\@/\\0/; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack(\"S a*\", AF_UNIX, $n)) or die $!;" \
    " listen(S, 5); open F, \">\", \"bound\"; sleep 1000' \"$1\" & p=$!; until [ -e bound ]; do sleep 0.02; done; rm bound; }\n"
#define EVIL "printf '\\033[31m\\nsocket:[1]  unix stream LISTEN  \\302\\233x\\377'"

Test(cli_who, lets_no_name_forge_a_line_or_reach_the_terminal)
{
    struct run r = run(WHO BOUND "evil=$(" EVIL "); bound \"$T/$evil\"; bound \"@$evil\"\n"
                       "for l in C C.UTF-8; do LC_ALL=$l who \"$T/$evil\"; LC_ALL=$l who $p; LC_ALL=$l who \"@$evil\"; who --json \"@$evil\"; done; who \"$T/$evil.\" || :");

    check_status(r, 0);
    check_lacks(r, out, "\033");
    check_lacks(r, out, "\302\233");
    check_lacks(r, err, "\033");
    check_lacks(r, err, "\302\233");
    check_lacks(r, out, "\nsocket:[1]");
    cr_assert_eq(lines_with(r.out, "\\x1b[31m\\x0asocket:[1]\\ \\ unix\\ stream\\ LISTEN\\ \\ \\xc2\\x9bx\\xff", NULL), 6, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "a\\x0a\\x1bb fd 3", NULL), 4, "%s", run_report(&r));
}

Test(cli_who, writes_json_whatever_the_names)
{
    struct run r = run(WHO BOUND "evil=$(" EVIL "'\"\\\\'); bound \"$T/$evil\"; who --json \"$T/$evil\"");

    check_status(r, 0);
    check_json(&r);
    check_has(r, out, "\"state\":\"LISTEN\"");
    check_has(r, out, "\"name_hex\":\"");
    check_lacks(r, out, "\033");
}

Test(cli_who, writes_json_for_every_kind_of_question)
{
    static const char *const questions[] = {"pid $hold", "$T/a.sock", "$hold/3", "@x", ""};

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct run r = run(text(WHO "rm -f a.sock; hold h 'socket unix dgram' \"bind $T/a.sock\" 'pair dgram' 'socket unix dgram' 'bind @x'; who --json %s", questions[i]));

        check_status(r, 0);
        check_json(&r);
    }
}

/* --- Where the kernel or the command line does not help ------------------------------- */

StockTest(cli_who, falls_back_to_proc_without_unix_diag)
{
    struct run r = run(WHO "listener $T/a.sock; ino=$(inode $T/a.sock)\n"
                       "without() { $SUNSHIM run --log $T/log --rule 'deny network netlink,' -- $SUNSHIM who \"$@\"; }\n"
                       "without $T/a.sock; without $ino | head -n 1; without @nothing || echo $?; without --json $ino");

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "  unix stream LISTEN  ", "/a.sock", NULL), 2, "%s", run_report(&r));
    check_said(r, "holder", " sk fd 3");
    check_has(r, out, "\nnote: the kernel's unix_diag is not available (Permission denied): peers, owners and queues are not known\n");
    check_has(r, out, "\n1\n");
    check_has(r, err, "sunshim: @nothing: no socket has that name\n");
}

Test(cli_who, tells_what_it_can_without_proc)
{
    struct run r = run(WHO "[ $(id -u) = 0 ] || exec printf '  unix stream LISTEN  \\n  holder not known without /proc\\n\\nnote: /proc is not mounted: holders are not known\\n1\\n'\n"
                       "listener $T/a.sock; cat >script <<'END'\n" "umount -l /proc; $SUNSHIM who a.sock; $SUNSHIM who pid 1 || echo $?\n" "END\n"
                       "unshare -m sh -eu script");

    check_status(r, 0);
    check_has(r, out, "  unix stream LISTEN  ");
    check_said(r, "holder", "not known without /proc");
    check_has(r, out, "\nnote: /proc is not mounted: holders are not known\n1\n");
}

Test(cli_who, exit_statuses)
{
    static const struct {
        const char *args, *says;
        int status;
    } rows[] = {
        {"socket:[4294967295]", "socket:[4294967295]: no such socket", 1},
        {"4294967295", "4294967295: no such socket", 1},
        {"pid 4194304", "process 4194304: no such process", 1},
        {"/proc/4194304", "process 4194304: no such process", 1},
        {"4194304/3", "4194304/3: no such process or descriptor", 1},
        {"pid $$", "has no sockets", 1},
        {"@nobody-has-this", "@nobody-has-this: no socket has that name", 1},
        {"pid x", "'x' is no process id", 125},
        {"pid 0", "'0' is no process id", 125},
        {"tcp:0", "a port is a number from 1 to 65535", 125},
        {"udp:http", "a port is a number from 1 to 65535", 125},
        {"'@\\x4'", "\\x needs two hexadecimal digits", 125},
        {"a b", "'b': one socket at a time", 125},
        {"--nothing", "unknown option '--nothing'", 125},
        {"''", "an empty name is no socket's", 125},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run r = run(text("$SUNSHIM who %s", rows[i].args));

        check_status(r, rows[i].status);
        check_has(r, err, rows[i].says);
        cr_assert_str_empty(r.out);
    }
}

/* Each question is one dump of the kernel and one pass over /proc, however many
 * sockets there are. */
Test(cli_who, asks_no_more_about_ten_thousand_sockets_than_about_one)
{
    struct run r = run(WHO
        "many() { perl -MSocket -e 'for (1..$ARGV[0]) { socketpair($s[$_], $t[$_], AF_UNIX, SOCK_STREAM, 0) or die } open F, \">\", $ARGV[1]; sleep 1000' $1 $2 & many=$!; until [ -e $2 ]; do sleep 0.05; done; }\n"
        "ulimit -n 4096; many 1 one; one=$many; for i in 1 2 3; do many 1500 f$i; done; many 500 five; [ $(ss -xaH | wc -l) -ge 10000 ]\n"
        "for p in $one $many; do strace -o trace -e trace=sendmsg,openat $SUNSHIM who pid $p >out; grep -c 'unix stream ESTAB' out\n"
        "  echo $(grep -c sendmsg trace) $(grep -c '\"/proc/'$one'/fd\"' trace); done");

    check_status(r, 0);
    check_out(r, "2\n1 2\n1000\n1 1\n"); /* a process looked at is looked at again in the pass over all */
}

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
    /* Of a user who runs no tests. */
    struct run r = run("[ $(id -u) = 0 ] || exec printf 'no runs\\n{\"runs\":[],\"notes\":[]}\\n'\n"
                       "as() { setpriv --reuid=65533 --regid=65533 --clear-groups \"$@\"; }\n"
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

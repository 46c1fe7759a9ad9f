/* sunshim who: names that mean harm, and little help from the kernel. */
#include "tests/e2e/who.h"

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
    need_root();
    struct run r = run(WHO "listener $T/a.sock; cat >script <<'END'\n" "umount -l /proc; $SUNSHIM who a.sock; $SUNSHIM who pid 1 || echo $?\n" "END\n"
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

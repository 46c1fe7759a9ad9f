/* Programs that cut a long name to fit sun_path, and what becomes of it with
 * and without --repair. Servers are started in their directory by a short relative name, so
 * that none of this depends on how long addresses are taken elsewhere. */
#include <aalogparse/aalogparse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* $D: a directory whose name has $LEN bytes; $ONE and $TWO: two names in it; $RUN:
 * how programs are started. */
#define PLACE \
    "D=$T/$(printf \"%0$((LEN - ${#T} - 1))d\" 0); mkdir -p \"$D\"; cd \"$D\"; ONE=$D/a.$$; TWO=$D/b.$$; " \
    "RUN=\"env $PRELOAD SUNSHIM_REPAIR=1 timeout 20\"; "
/* Two servers that say which they are. */
#define TWO_SERVERS \
    "socat unix-listen:a.$$,fork SYSTEM:'echo one' & socat unix-listen:b.$$,fork SYSTEM:'echo two' & ready a.$$ b.$$; cd /; "

/* After a server's address that may not be there yet. */
#define PATIENTLY ",retry=500,interval=0.02"

static void at_both_lengths(const char *script, const char *wants)
{
    static const char *const lengths[] = {"150", "250"};

    for (int i = 0; i < 2; i++) {
        struct run r = run(text("LEN=%s; %s%s", lengths[i], PLACE, script));
        check_status(r, 0);
        check_out(r, wants);
        check_lacks(r, err, "sunshim=");
    }
}

/* --- Programs ----------------------------------------------------------------- */

StockTest(repair, ncat)
{
    at_both_lengths(TWO_SERVERS "$RUN ncat -U $ONE </dev/null; $RUN ncat -U $TWO </dev/null", "one\ntwo\n");
    at_both_lengths("cd /; $RUN ncat -l -U $ONE >$T/got & $RUN ncat -l -U $TWO >$T/other & cd $D; "
                    "echo one | socat -u - unix-connect:a.$$" PATIENTLY "; echo two | socat -u - unix-connect:b.$$" PATIENTLY "; wait; cat $T/got $T/other",
                    "one\ntwo\n");
}

StockTest(repair, node)
{
    at_both_lengths(TWO_SERVERS "for s in $ONE $TWO; do $RUN node -e 'require(\"net\").connect(process.argv[1])"
                                ".pipe(process.stdout)' $s; done", "one\ntwo\n");
    at_both_lengths("cd /; for s in $ONE $TWO; do $RUN node -e 'require(\"net\").createServer(s => { s.end(process.argv[1]"
                    ".slice(-process.argv[2].length) + \"\\n\"); process.exitCode = 0 })"
                    ".listen(process.argv[1])' $s ${s##*/} & done; cd $D; "
                    "socat -u unix-connect:a.$$" PATIENTLY " - | cut -c1; socat -u unix-connect:b.$$" PATIENTLY " - | cut -c1", "a\nb\n");
}

#define PERL_CLIENT "socket S, AF_UNIX, SOCK_STREAM, 0; connect S, sockaddr_un($ARGV[0]) or die $!; print <S>"

StockTest(repair, perl)
{
    at_both_lengths(TWO_SERVERS "for s in $ONE $TWO; do $RUN perl -MSocket -e '" PERL_CLIENT "' $s 2>$T/err || cat $T/err >&2; "
                                "done", "one\ntwo\n");
    at_both_lengths("cd /; rm -f $D/*; for s in $ONE $TWO; do $RUN perl -MSocket -e 'socket S, AF_UNIX, SOCK_STREAM, 0; "
                    "bind S, sockaddr_un($ARGV[0]) or die $!' $s 2>$T/err || cat $T/err >&2; done; ls $D | cut -c1", "a\nb\n");
}

StockTest(repair, php)
{
    at_both_lengths(TWO_SERVERS "for s in $ONE $TWO; do $RUN php -r 'echo stream_get_contents(stream_socket_client"
                                "(\"unix://\".$argv[1]));' $s 2>$T/err | grep -v -e Notice -e '^$'; done", "one\ntwo\n");
    at_both_lengths("cd /; rm -f $D/*; for s in $ONE $TWO; do $RUN php -r 'stream_socket_server(\"unix://\".$argv[1]) or exit(1);' $s "
                    ">$T/err || cat $T/err >&2; done; ls $D | cut -c1", "a\nb\n");
}

StockTest(repair, memcached)
{
    at_both_lengths("cd /; $RUN memcached -u root -s $ONE & $RUN memcached -u root -s $TWO & cd $D; "
                    "for s in a b; do printf 'set k 0 0 1\\r\\n%s\\r\\nquit\\r\\n' $s | socat - unix-connect:$s.$$" PATIENTLY "; done; "
                    "for s in a b; do printf 'get k\\r\\nquit\\r\\n' | socat - unix-connect:$s.$$" PATIENTLY " | sed -n 2p; done | tr -d '\\r'",
                    "STORED\r\nSTORED\r\na\nb\n");
}

StockTest(repair, redis_cli)
{
    at_both_lengths("for s in a b; do redis-server --port 0 --save '' --unixsocket $s.$$ >/dev/null & done; ready a.$$ b.$$; "
                    "for s in a b; do redis-cli -s $s.$$ set k $s; done >/dev/null; cd /; "
                    "$RUN redis-cli -s $ONE get k; $RUN redis-cli -s $TWO get k", "a\nb\n");
}

StockTest(repair, gdbus)
{
    at_both_lengths("for s in a b; do dbus-daemon --session --nofork --address=unix:path=$s.$$ 2>$T/err & done; ready a.$$ b.$$; "
                    "get() { ${2-} gdbus call --address unix:path=$1 --dest org.freedesktop.DBus --object-path / "
                    "--method org.freedesktop.DBus.GetId; }; "
                    "for s in a b; do get $s.$$ >$T/id.$s; done; [ \"$(cat $T/id.a)\" != \"$(cat $T/id.b)\" ]; cd /; "
                    "for s in a b; do get $D/$s.$$ \"$RUN\" | cmp - $T/id.$s && wc -c <$T/id.$s; done", "38\n38\n");
}

StockTest(repair, ssh_add)
{
    at_both_lengths("for s in a b; do ssh-agent -D -a $s.$$ >/dev/null & done; ready a.$$ b.$$; "
                    "ssh-keygen -q -t ed25519 -N '' -C mine -f $T/key.$LEN; SSH_AUTH_SOCK=b.$$ ssh-add -q $T/key.$LEN; cd /; "
                    "for s in $ONE $TWO; do SSH_AUTH_SOCK=$s $RUN ssh-add -l | sed 's/.*mine.*/mine/'; done",
                    "The agent has no identities.\nmine\n");
}

/* --- What is cut ---------------------------------------------------------------- */

/* $OFF and $ON do it, without and with repair, to the line that they read (tests/progs/cutter.c). */
#define CUT "LEN=150; " \
    PLACE "ln -sf \"$P/cutter\" $T/cutter; OFF=\"env $PRELOAD timeout 20 $T/cutter\"; ON=\"$RUN $T/cutter\"; "

static struct run cut(const char *script)
{
    return run(text("%s%s", CUT, script));
}

/* Exactly n bytes long: $1 is set to it. */
#define NAME_OF(n) "X=$T/$(printf \"%0$((" #n " - ${#T} - 1))d\" 0); "

Test(repair, needs_to_be_told)
{
    struct run r = cut(TWO_SERVERS "echo $ONE | $OFF connect 107 $ONE; echo $ONE | $OFF connect 108 $ONE");
    char *first = record_line(r.err, 0);
    check_status(r, 0);
    check_out(r, "No such file or directory\nNo such file or directory\n");
    cr_assert(first && !record_line(r.err, 2), "not two records\n%s", run_report(&r));
    check_value(r, first, "sunshim", "HINT");
    check_value(r, first, "operation", "connect");
    check_value(r, first, "class", "net");
    check_value(r, first, "family", "unix");
    check_value(r, first, "addr_len", "107");
    check_value(r, first, "limit", "107");
    cr_assert_eq(strlen(record_value(first, "addr")), 107);
    cr_assert_str_eq(record_value(first, "addr"), text("%.107s", record_value(first, "intended")));
    cr_assert_not_null(strstr(record_value(first, "intended"), "/a."));
    check_value(r, first, "intended_len", text("%zu", strlen(record_value(first, "intended"))));
    cr_assert_null(record_value(first, "intended2"));
    check_value(r, first, "hint", text("the address was cut to 107 bytes: intended has %zu; use sunshim run --repair (or "
                                       "--long-paths)", strlen(record_value(first, "intended"))));
    check_value(r, record_line(r.err, 1), "addr_len", "108");
    check_has(r, err, "cut to 108 bytes");
}

/* All calls that take an address. bind comes last: it makes a file of the cut name. */
Test(repair, each_call_says_so)
{
    static const char *const calls[] = {"sendto", "sendmsg", "sendmmsg", "connect", "syscall", "bind"};
    struct run r = cut("cd /; echo 'allow all,' >$T/p; export SUNSHIM_POLICY=$T/p; for c in sendto sendmsg sendmmsg connect "
                       "syscall bind; do echo $ONE | $OFF $c 107 $ONE; done | uniq -c | tr -s ' '");
    check_out(r, " 5 No such file or directory\n");
    for (int i = 0; i < 6; i++)
        check_value(r, record_line(r.err, i), "operation", i == 4 ? "connect" : calls[i]);
    cr_assert_null(record_line(r.err, 6));
}

Test(repair, each_call_is_repaired)
{
    struct run r = cut("socat -u unix-recv:a.$$ open:$T/got,creat,append & ready a.$$; cd /; "
                       "for c in sendto sendmsg sendmmsg; do echo $ONE | $ON $c 107 $ONE; done; "
                       "n=0; until [ \"$(cat $T/got)\" = xxx ]; do sleep 0.02; n=$((n + 1)); [ $n -lt 500 ]; done; cd $D; "
                       "socat unix-listen:b.$$ SYSTEM:'echo two' & ready b.$$; cd /; echo 'allow all,' >$T/p; "
                       "echo $TWO | SUNSHIM_POLICY=$T/p $ON syscall 107 $TWO");
    check_status(r, 0);
    check_out(r, "two\n");
    check_lacks(r, err, "sunshim=");
}

Test(repair, says_so_in_json)
{
    with_env("SUNSHIM_LOG_FORMAT=json");
    struct run r = cut("ONE=$(printf '%s/\\377\\n' $D); echo $ONE | $OFF connect 107 $ONE 2>$T/json; python3 -c 'import json, sys\n"
                       "r = json.loads(open(sys.argv[1]).read())\n"
                       "print(r[\"addr_len\"], r[\"limit\"], r[\"intended_len\"], \"addr_hex\" in r)\n"
                       "print(bytes.fromhex(r[\"intended_hex\"]) == sys.argv[2].encode(errors=\"surrogateescape\"))' $T/json $ONE");
    check_status(r, 0);
    check_out(r, "No such file or directory\n107 107 152 False\nTrue\n");
}

Test(repair, says_so_to_apparmors_tools)
{
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    struct run r = cut("echo $ONE | $OFF connect 107 $ONE; echo $ONE | $OFF connect 107 $ONE $TWO");
    char *second = strchr(r.err, '\n') + 1;
    aa_log_record *a = parse_record(text("%.*s", (int)(second - r.err - 1), r.err));
    cr_assert(a && a->event == AA_RECORD_HINT && a->version == AA_RECORD_SYNTAX_V2, "not read\n%s", run_report(&r));
    cr_expect(strlen(a->name) == 107);
    cr_expect(strstr(a->info, "intended=") && strstr(a->info, "--repair"), "info is %s", a->info);
    free_record(a);
    a = parse_record(text("%.*s", (int)strcspn(second, "\n"), second));
    cr_assert(a && a->event == AA_RECORD_HINT, "not read\n%s", run_report(&r));
    cr_expect(strstr(a->info, "intended2=") && strstr(a->info, "ambiguous"), "info is %s", a->info);
    free_record(a);
}

Test(repair, says_so_once)
{
    struct run r = cut("cd /; echo $ONE | TIMES=500 $OFF connect 107 $ONE | uniq -c | tr -s ' '");
    check_out(r, " 500 No such file or directory\n");
    cr_assert(record_line(r.err, 0) && !record_line(r.err, 1), "not one record\n%s", run_report(&r));
}

Test(repair, says_nothing_of_names_that_fit)
{
    struct run r = cut("cd /; echo $ONE | $OFF connect 106 $ONE; echo $T/x | $OFF connect 107 $ONE");
    check_out(r, "No such file or directory\nNo such file or directory\n");
    check_lacks(r, err, "sunshim=");
}

/* --- Several candidates ------------------------------------------------------------ */

Test(repair, ambiguity_changes_nothing)
{
    struct run r = cut(TWO_SERVERS "echo $ONE | $ON connect 107 $ONE $TWO; echo $ONE | $ON connect 108 $ONE $TWO; "
                                   "echo $ONE | OTHER=$TWO $ON connect 108 $ONE; [ $(ls $D | wc -l) = 2 ]; "
                                   "rm $D/*; echo $ONE | $ON bind 107 $ONE $TWO; ls $D | wc -l; ls -d $T/0* | wc -l");
    check_status(r, 0);
    check_out(r, "No such file or directory\nNo such file or directory\nNo such file or directory\n0\n2\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"HINT\"", "ambiguous, so nothing is changed", "intended=", "/a.", "intended2=",
                            "/b.", NULL), 4, "not four records\n%s", run_report(&r));
}

Test(repair, one_name_told_twice_is_one)
{
    struct run r = cut(TWO_SERVERS "ln -s a.$$ $D/c.$$; echo $ONE | X=unix:path=$ONE,guid=1 Y=$D/c.$$ $ON connect 107 $ONE --as=$ONE");
    check_out(r, "one\n");
    check_lacks(r, err, "sunshim=");
}

/* Directories and other files are not meant, sockets are. */
Test(repair, only_sockets_are_meant)
{
    struct run r = cut(TWO_SERVERS "echo x >$D/b.pid; echo $ONE | TMPDIR=$D $ON connect 107 $ONE --pid=$D/b.pid $D/");
    check_out(r, "one\n");
    check_lacks(r, err, "sunshim=");
}

/* ... nor what will become a file, by its name, where there is something likelier. */
Test(repair, files_to_be_are_not_meant)
{
    struct run r = cut("echo $ONE | $ON bind 107 --pid=$D/x.pid --log=$D/x.log -s $ONE -c $D/x.json; ls $D | cut -c1; rm $D/*; "
                       "echo $ONE | $ON bind 107 $D/x.pid; ls $D; rm $D/*; "
                       "for n in x. .p x.pi x.log.pid.x; do echo $ONE | $ON connect 107 -s $ONE $D/$n 2>&1; done | grep -c ambiguous; "
                       "ls $D");
    check_out(r, "a\nx.pid\n4\n");
    check_lacks(r, err, "sunshim=");
}

Test(repair, what_nobody_told_is_not_known)
{
    struct run r = cut(TWO_SERVERS "echo $ONE | TMPDIR=$D $ON connect 107");
    char *record = record_line(r.err, 0);
    check_out(r, "No such file or directory\n");
    check_value(r, record, "sunshim", "HINT");
    check_value(r, record, "hint", "the address was cut to 107 bytes: what it was is not known; use sunshim run --shorten");
    cr_assert_null(record_value(record, "intended"));
}

/* --- Where names stand ---------------------------------------------------------------- */

Test(repair, finds_names_inside_values)
{
    static const char *const forms[] = {
        "$ONE", "--socket=$ONE", "-s$ONE", "unix:$ONE", "unix://$ONE", "unix:path=$ONE", "unix:path=$ONE,guid=00", "unix-connect:$ONE,retry",
        "\"exec x -s $ONE </dev/null\"", "\"x --s='$ONE'\"", "\"{'s': '$ONE', 't': 1}\"", "someone@$ONE", "/bin:$ONE:/usr/bin", "$ONE:rw",
        "http://unix:$ONE:/v1/version", "redis+unix://$ONE?db=1",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct run r = cut(text(TWO_SERVERS "echo $ONE | $ON connect 107 %s; echo $ONE | NAME=%s $ON connect 108", forms[i], forms[i]));
        check_out(r, "one\none\n");
        check_lacks(r, err, "sunshim=");
    }
}

/* The shell has told where they end. */
Test(repair, finds_odd_names)
{
    struct run r = cut("mkdir $D/a,b; for n in 'a b' a:b %41 \"a'b\" a,b/c 'a;b'; do for arg in \"$D/$n\" \"--s=$D/$n\"; do "
                       "echo $ONE | $ON bind 107 \"$arg\"; [ -S \"$D/$n\" ] || echo \"$arg\"; rm -f \"$D/$n\"; done; done");
    check_out(r, "");
    check_lacks(r, err, "sunshim=");
}

Test(repair, undoes_dbus_escapes)
{
    struct run r = cut("mkdir \"$D/x y\"; cd \"$D/x y\"; socat unix-listen:a.$$ SYSTEM:'echo one' & ready a.$$; cd /; "
                       "echo \"$D/x y/a.$$\" | $ON connect 107 \"unix:path=$D/x%20y/a.$$,guid=1\"");
    check_out(r, "one\n");
    check_lacks(r, err, "sunshim=");
}

Test(repair, relative_names)
{
    struct run r = cut(TWO_SERVERS "cd $T; R=${D#$T/}/$(printf '%080d' 0)/../a.$$; mkdir $D/$(printf '%080d' 0); "
                                   "for arg in $R --s=$R unix:$R; do echo $R | $ON connect 107 $arg; done");
    check_out(r, "one\none\none\n");
    check_lacks(r, err, "sunshim=");
}

Test(repair, a_long_command_line_leaves_room_for_variables)
{
    struct run r = cut(TWO_SERVERS "for i in $(seq 100); do set -- \"$@\" /o$D/$i/1 /o$D/$i/2 /o$D/$i/3 /o$D/$i/4 /o$D/$i/5 /o$D/6; done; "
                                   "echo $ONE | X=$ONE $ON connect 107 \"$@\"");
    check_out(r, "one\n");
    check_lacks(r, err, "sunshim=");
}

/* One mapping for all, and none where there is nothing to keep. */
StockTest(repair, keeps_little)
{
    struct run r = cut("count() { echo x | env \"$@\" strace -qq -o $T/calls -e trace=mmap,mprotect env $PRELOAD $T/cutter connect 9 "
                       "$more >/dev/null; wc -l <$T/calls; }; unset ONE TWO D; "
                       "more='a b /c --d=/e' none=$(count X=/y); more=/$(printf '%0110d' 0); one=$(count X=/y); "
                       "two=$(count X=$more,x); echo $((one - none)) $((two - none))");
    check_out(r, "2 2\n");
}

/* Where nothing exists yet, options after the name are not part of it, but directories
 * that are there are. */
Test(repair, binds_what_is_likely)
{
    struct run r = cut("echo $ONE | $ON bind 107 unix-listen:$ONE,fork; ls $D | cut -d. -f1; rm -r $D; mkdir -p $D/x,y; "
                       "echo $ONE | $ON bind 107 unix-listen:$D/x,y/z; ls $D/x,y");
    check_out(r, "a\nz\n");
    check_lacks(r, err, "sunshim=");
}

/* The cut falls behind a directory's name, before or after its slash. */
Test(repair, a_name_cut_between_two_components)
{
    struct run r = cut(NAME_OF(107) "mkdir $X; cd $X; socat unix-listen:a.$$,fork SYSTEM:'echo one' & ready a.$$; cd /; "
                       "echo $X/a.$$ | $ON connect 107 $X/a.$$; echo $X/b | $ON bind 107 $X/b; echo $X/c | $ON bind 108 $X/c; "
                       "ls $X | cut -c1");
    check_out(r, "one\na\nb\nc\n");
    check_lacks(r, err, "sunshim=");
}

/* --- Names that are as they were meant --------------------------------------------------- */

/* $X has n bytes, and two servers say which of $X and ${X}x they are. */
#define GENUINE(n) \
    NAME_OF(n) "cd $T; rm -f $X ${X}x; I=${X##*/}; socat unix-listen:$I,fork SYSTEM:'echo genuine' & " \
               "socat unix-listen:${I}x,fork SYSTEM:'echo longer' & ready $I ${I}x; cd /; "

static void check_genuine(const char *place, const char *cut_to)
{
    struct run r = cut(text("%secho $X | $ON connect %s ${X}x; rm $X; echo $X | $ON connect %s ${X}x", place, cut_to, cut_to));
    check_out(r, "genuine\nlonger\n");
    cr_assert_eq(lines_with(r.err, "sunshim=", "sunshim=\"HINT\"", "a file of just that name is there, so nothing is changed", NULL),
                 1, "not one record\n%s", run_report(&r));
    r = cut(text("%srm ${X}x; echo $X | $ON connect %s ${X}x $X", place, cut_to));
    check_out(r, "genuine\n");
    check_lacks(r, err, "sunshim=");
}

Test(repair, a_genuine_name_is_never_repaired)
{
    check_genuine(GENUINE(107), "107");
    check_genuine(GENUINE(108), "108");
}

static void check_told(const char *place, const char *cut_to)
{
    struct run r = cut(text("%scd /; echo $X | $ON bind %s --socket=$X --pid=$X.pid; cd $T; ls -d 0* | wc -l; [ -S $X ]", place,
                            cut_to));
    check_status(r, 0);
    check_out(r, "1\n");
    check_lacks(r, err, "sunshim=");
    r = cut(text("%srm -f $X; cd /; echo $X | $ON connect %s --socket=$X --pid=$X.pid", place, cut_to));
    check_out(r, "No such file or directory\n");
    check_lacks(r, err, "sunshim=");
}

/* Although it could be the start of another name. */
Test(repair, a_name_that_was_told_is_genuine)
{
    check_told(NAME_OF(107) "rm -rf $D; ", "107");
    check_told(NAME_OF(108) "rm -rf $D; ", "108");
}

/* A server that finds its socket in use is not given another one; what a server
 * without --repair has left behind is named. */
Test(repair, a_name_in_use_stays_in_use)
{
    struct run r = cut(GENUINE(107) "echo $X | $ON bind 107 ${X}y; rm $X; echo >$X; echo $X | $ON bind 107 ${X}y; ls $X*y || :");
    check_out(r, "Address already in use\nAddress already in use\n");
    check_has(r, err, "the address may have been cut to 107 bytes: a file of just that name is there");
}

/* --- With policies and runs --------------------------------------------------------------- */

/* What is judged is what is used. */
Test(repair, policies_judge_the_whole_name)
{
    struct run r = cut(TWO_SERVERS "printf 'unix (create),\\nunix (connect, send, receive) peer=(addr=\"%s\"),\\n' $ONE >$T/p; "
                                   "for s in $ONE $TWO; do echo $s | SUNSHIM_POLICY=$T/p $ON connect 107 $s; done");
    check_out(r, "one\nPermission denied\n");
    check_value(r, record_line(r.err, 0), "sunshim", "DENIED");
    check_has(r, err, "/b.");
}

Test(repair, targets_of_maps_are_candidates)
{
    struct run r = cut(TWO_SERVERS "printf 'allow all,\\nmap /run/short.sock -> \"%s\",\\n' $ONE >$T/p; "
                                   "echo $ONE | SUNSHIM_POLICY=$T/p $ON connect 107; "
                                   "echo $ONE | SUNSHIM_POLICY=$T/p $ON connect 107 $TWO");
    check_out(r, "one\nNo such file or directory\n");
    cr_assert_eq(lines_with(r.err, "sunshim=", "ambiguous", "intended=", "intended2=", NULL), 1, "not one record\n%s",
                 run_report(&r));
}

StockTest(repair, is_an_option_of_run)
{
    struct run r = cut(TWO_SERVERS "for o in --repair --long-paths; do $SUNSHIM run $o -- ncat -U $ONE </dev/null; done 2>&1; "
                                   "$SUNSHIM run --repair -- env -i \"$N/cutter\" connect 107 $TWO <<E 2>&1\n$TWO\nE\n");
    check_status(r, 0);
    check_has(r, out, "one\n");
    check_has(r, out, "two\n");
    check_lacks(r, out, "HINT");
}

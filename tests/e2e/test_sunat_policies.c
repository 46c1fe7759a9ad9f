/* libsunat's calls under rules: those judge by canonical names, however a path is given, and sockets without a name are
 * `none`. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define LOCAL "unix (create, getattr, setattr, getopt, setopt, shutdown, listen),\n"

/* good and bad, each with what is reached by long paths; `try WORDS` says what $P/sunat made of them under the rules,
 * in which @ stands for $T. */
#define PREPARE \
    "L=$(printf 'n%.0s' $(seq 200)) D=$(seq -s / 120)\n" \
    "rm -rf good bad to-*; mkdir -p good bad good/$D bad/$D; ln -s good to-good; ln -s bad to-bad; ln -s ../bad good/out; ln -s ../good bad/in\n" \
    "sed \"s#@#$T#g\" rules >judged.policy; >err\n" \
    "under_rules() { env SUNSHIM_POLICY=$T/judged.policy $PRELOAD \"$P/sunat\" \"$@\"; }\n" \
    "try() { out=$(under_rules \"$@\" 2>>err) || :; case $out in sunat_*) echo \"$out\";; *) echo ok;; esac; }\n"

static struct run judged(const char *rules, const char *script)
{
    put("rules", rules);
    return run(text("%s%s\ncat err >&2", PREPARE, script));
}

/* Whether they are "ok" or refused, in order: 'y' and 'n'. */
static void check_answers(const struct run *r, const char *want, const char *refused)
{
    char *copy = text("%s", r->out), *save = NULL;

    check_status(*r, 0);
    for (char *line = strtok_r(copy, "\n", &save); line || *want; line = strtok_r(NULL, "\n", &save), want++)
        cr_assert(line && *want && strcmp(line, *want == 'y' ? "ok" : refused) == 0, "%s, not %c, before \"%s\"\n%s", line ? line : "none",
                  *want, *want ? want + 1 : "", run_report(r));
}

/* Of $i: in good at first, in bad then; the numbers tell them apart. */
#define ALL_WAYS(call) \
    "try " call " good a; try path " call " good b; try " call " to-good c; try " call " good $L; try " call " good $D/d\n" \
    "try cd=good " call " - e; try " call " bad ../good/f; try " call " bad in/g; try " call " - $T/good/h; try " call " 77 $T/good/$D/i\n" \
    "try " call " bad a; try path " call " bad b; try " call " to-bad c; try " call " bad $L; try " call " bad $D/d\n" \
    "try cd=bad " call " - e; try " call " good ../bad/f; try " call " good out/g; try " call " - $T/bad/h; try " call " 77 $T/bad/$D/i\n"

static void check_names(const struct run *r, const char *key)
{
    const char *const last[] = {"a", "b", "c", "e", "f", "g", "h"};

    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        cr_assert_eq(lines_with(r->err, "DENIED", text(" %s=\"%s/bad/%s\"", key, scratch(), last[i]), NULL), 1, "%s: %s\n%s", key, last[i],
                     run_report(r));
    cr_assert_eq(lines_with(r->err, "DENIED", text(" %s=\"%s/bad/nnnnn", key, scratch()), NULL), 1, "%s", run_report(r));
    cr_assert_eq(lines_with(r->err, "DENIED", text(" %s=\"%s/bad/1/2/3", key, scratch()), NULL), 2, "%s", run_report(r));
    cr_assert_eq(lines_with(r->err, "DENIED", NULL), 10, "%s", run_report(r));
}

Test(sunat_policies, bind_is_judged_by_canonical_names)
{
    struct run r = judged(LOCAL "unix (bind) addr=@/good/**,\n", ALL_WAYS("bind") "find bad -type s; find good -type s | wc -l | grep -v 10 || :");

    check_answers(&r, "yyyyyyyyyynnnnnnnnnn", "sunat_bind: EACCES");
    check_names(&r, "addr");
}

/* The same sockets, made by nobody who is judged. */
#define SOCKETS \
    ">up; for d in good bad; do for n in a b c $L $D/d e f g h $D/i; do \"$N/sunat\" times=99 serve $d $n >>up & done; done\n" \
    "until [ \"$(grep -c ready up)\" = 20 ]; do sleep 0.01; done\n"

Test(sunat_policies, connect_is_judged_by_canonical_names)
{
    struct run r = judged(LOCAL "unix (send, receive),\nunix (connect) peer=(addr=@/good/**),\n",
                          SOCKETS ALL_WAYS("connect"));

    check_answers(&r, "yyyyyyyyyynnnnnnnnnn", "sunat_connect: EACCES");
    check_names(&r, "peer_addr");
}

/* Binds a datagram socket for each name. */
static const char binder[] = "import os, socket, sys\n"
                             "kept = []\n"
                             "for name in sys.argv[1:]:\n"
                             "    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                             "    s.bind('x'); os.rename('x', name); kept.append(s)\n"
                             "print('ready', flush=True)\n"
                             "sys.stdin.read()\n";

Test(sunat_policies, sends_are_judged_by_canonical_names)
{
    put("binder.py", binder);
    struct run r = judged(LOCAL "unix (send) peer=(addr=@/good/**),\n",
                          "for d in good bad; do for n in a b c $L $D/d e f g h $D/i; do echo $d/$n; done; done >names\n"
                          "mkfifo go; sleep 100 | python3 binder.py $(cat names) >go & read ready <go\n" ALL_WAYS("dgram send"));

    check_answers(&r, "yyyyyyyyyynnnnnnnnnn", "sunat_sendmsg: EACCES");
    check_names(&r, "peer_addr");
}

/* A descriptor of the file, and links that are not followed. */
Test(sunat_policies, pins_are_judged_by_canonical_names)
{
    struct run r = judged(LOCAL "unix (send, receive),\nunix (connect) peer=(addr=@/good/**),\n",
                          "for d in good bad; do \"$N/sunat\" times=9 serve $d s >$d.up & until grep -q ready $d.up; do sleep 0.01; done; done\n"
                          "try path empty connect good/s ''; try path empty connect bad/in/s ''; try nofollow connect good s\n"
                          "try nofollow connect to-good s; try path empty connect bad/s ''; try path empty connect good/out/s ''\n"
                          "try nofollow connect bad s; try nofollow connect good out/s\n");

    check_answers(&r, "yyyynnnn", "sunat_connect: EACCES");
    cr_assert_eq(lines_with(r.err, "DENIED", text(" peer_addr=\"%s/bad/s\"", scratch()), NULL), 4, "%s", run_report(&r));
}

/* --- Sockets without a name are `none` --- */

static void check_anonymous(const char *rules, const char *want, const char *refused, int records, const char *words)
{
    struct run r = judged(rules, "try anon good; try anon ''; try dgram anon good");

    check_answers(&r, want, refused);
    cr_assert_eq(lines_with(r.err, "DENIED", words, NULL), records, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "sunshim=", NULL), records, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, ".sunat-", NULL), 0, "a record names what has no name\n%s", run_report(&r));
}

#define REST "unix (create, getattr, setattr, getopt, setopt, shutdown),\n"

Test(sunat_policies, anonymous_sockets_are_none_in_bind)
{
    check_anonymous("unix addr=none,\nunix (connect, send, receive, accept) peer=(addr=none),\n", "yyy", "", 0, "bind");
    check_anonymous("unix addr=@/**,\nunix,\ndeny unix (bind) addr=none,\n", "nnn", "sunat_bind_anon: EACCES", 3, "addr=none");
    check_anonymous(REST "unix (listen),\nunix (bind) addr=/**,\n", "nnn", "sunat_bind_anon: EACCES", 3, "addr=none");
    check_anonymous("unix,\ndeny unix (bind) addr=/**,\ndeny unix peer=(addr=/**),\n", "yyy", "", 0, "bind");
}

Test(sunat_policies, anonymous_sockets_are_none_in_connect)
{
    check_anonymous("unix,\ndeny unix (connect) peer=(addr=none),\n", "nnn", "sunat_connect: EACCES", 3, "operation=\"connect\"");
    check_anonymous(REST "unix (bind, listen),\nunix (connect) peer=(addr=/**),\n", "nnn", "sunat_connect: EACCES", 3, "operation=\"connect\"");
    check_anonymous(REST "unix (bind, listen, receive, accept),\nunix (connect) peer=(addr=none),\n", "yyy", "", 0, "connect");
}

/* What names the kernel keeps of them does not reach the records, nor what accept and receive are judged by. */
Test(sunat_policies, anonymous_sockets_are_none_in_listen_accept_and_send)
{
    struct run r = judged("unix,\ndeny unix (listen) addr=none,\n", "under_rules anon good 2>>err || echo refused");

    check_has(r, out, "refused\n");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"listen\"", " addr=none", NULL), 1, "%s", run_report(&r));
    r = judged("audit unix,\n", "under_rules anon good >out 2>>err; cat out");
    check_has(r, out, "reached\n");
    cr_assert_eq(lines_with(r.err, "AUDIT", "operation=\"bind\"", " addr=none", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "AUDIT", "operation=\"listen\"", " addr=none", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "AUDIT", "operation=\"connect\"", "peer_addr=none", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "AUDIT", "operation=\"accept4\"", " addr=none", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, ".sunat-", NULL), 0, "a record names what has no name\n%s", run_report(&r));
}

/* Of a socket that gets a name later, the name is what connect is judged by. */
Test(sunat_policies, names_given_later_are_judged)
{
    struct run r = judged("unix,\ndeny unix (connect) peer=(addr=@/bad/**),\n", "try link good s; try link bad s");

    check_answers(&r, "yn", "sunat_connect: EACCES");
    cr_assert_eq(lines_with(r.err, "DENIED", text(" peer_addr=\"%s/bad/s\"", scratch()), NULL), 1, "%s", run_report(&r));
}

/* --- Ways around --- */

/* With "/proc/thread-self/fd/N/" in front some are longer than PATH_MAX. */
Test(sunat_policies, no_length_leads_past_the_rules)
{
    struct run r = judged("unix,\ndeny unix (bind) addr=@/bad/**,\ndeny unix (connect, send) peer=(addr=@/bad/**),\n",
                          "at=; for n in $(seq 15); do at=$at$L/; done; mkdir -p bad/$at; of() { printf \"%$1s\" '' | tr ' ' $2; }\n"
                          "for len in 3900 4050 4070 4073 4074 4080 4093 4094 4095; do for last in 1 84 85 90 107 108 200; do\n"
                          "    under_rules bind bad $at$(of $((len - 3015 - last)) /)$(of $last f) 2>>err || :\n"
                          "done; done | sort | uniq -c | awk '{print $1, $2, $3}'; find bad -type s | wc -l");

    check_status(r, 0);
    check_out(r, "63 sunat_bind: EACCES\n0\n");
    cr_assert_eq(lines_with(r.err, "addr=none", NULL), 0, "%s", run_report(&r));
}

/* No names can be looked up there: what rules are about is refused. (AddressSanitizer reads its options there.) */
StockTest(sunat_policies, missing_proc_leads_nowhere_either)
{
    put("inner", "umount -l /proc 2>/dev/null || mount -t tmpfs none /proc\nfor n in s $L $D/s; do try bind bad $n; try path bind bad $n; try cd=bad bind - $n; done; cat err >&2\n");
    struct run r = judged("unix,\ndeny unix (bind) addr=@/bad/**,\n",
                          "map=; [ $(id -u) = 0 ] || map=-r; { echo \"L=$L D=$D\"\n"
                          "echo 'try() { out=$(env SUNSHIM_POLICY=$T/judged.policy $PRELOAD \"$P/sunat\" \"$@\" 2>>err) || :; '\n"
                          "echo 'case $out in sunat_*) echo refused;; *) echo \"$out\";; esac; }'\n"
                          "cat inner; } >whole; unshare -m $map sh -eu whole; find bad -type s; find bad -name '.*'");

    check_status(r, 0);
    check_out(r, "refused\nrefused\nrefused\nrefused\nrefused\nrefused\nrefused\nrefused\nrefused\n");
}

/* --- In a run --- */

StockTest(sunat_policies, in_a_run)
{
    struct run r = under("unix (create, getattr, setattr, getopt, setopt, shutdown, listen, send, receive),\nunix (bind, accept) addr=none,\n"
                         "unix (connect) peer=(scope=inside),\nunix (bind) addr=/tmp/**/good/*,\nunix (accept),\n",
                         "mkdir -p good bad; for w in 'bind good a' 'bind bad b' 'anon bad' 'link good c'; do \"$N/sunat\" $w; done || :\n"
                         "\"$N/sunat\" serve good s >up & until grep -q ready up; do sleep 0.01; done; \"$N/sunat\" connect good s; ls -A good bad");

    check_has(r, out, "sunat_bind: EACCES\nreached\n");
    check_has(r, out, "got hello\nbad:\n\ngood:\na\nc\ns\n");
    cr_assert_eq(lines_with(r.err, "DENIED", "/bad/b\"", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "DENIED", NULL), 1, "%s", run_report(&r));
}

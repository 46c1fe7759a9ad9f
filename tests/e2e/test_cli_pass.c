/* sunshim run --pass: descriptors of sockets that a command gets by name. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

/* with KIND[:PATH] COMMAND...: becomes COMMAND with such a thing as descriptor 7. Others that it
 * needs are close-on-exec or end with it. */
static const char with[] =
    "import os, socket, sys\n"
    "kind, _, name = sys.argv[1].partition(':')\n"
    "def unix(type=socket.SOCK_STREAM, name=name, backlog=4):\n"
    "    s = socket.socket(socket.AF_UNIX, type)\n"
    "    if name: s.bind(name)\n"
    "    if backlog and type != socket.SOCK_DGRAM: s.listen(backlog)\n"
    "    return s\n"
    "keep = None\n"
    "if kind == 'listen': s = unix()\n"
    "elif kind == 'seqpacket': s = unix(socket.SOCK_SEQPACKET)\n"
    "elif kind == 'dgram': s = unix(socket.SOCK_DGRAM)\n"
    "elif kind == 'bound': s = unix(backlog=0)\n"
    "elif kind == 'unbound': s = unix(name='', backlog=0)\n"
    "elif kind == 'abstract': s = unix(name='\\0' + name)\n"
    "elif kind == 'tcp': s = socket.create_server(('127.0.0.1', 0))\n"
    "elif kind == 'gone': s = unix(); os.unlink(name)\n"
    "elif kind == 'replaced': s = unix(); os.unlink(name); keep = unix()\n"
    "elif kind in ('connected', 'accepted'):\n"
    "    keep = unix(); c = socket.socket(socket.AF_UNIX); c.connect(name); a, _ = keep.accept()\n"
    "    s = c if kind == 'connected' else a\n"
    "elif kind == 'pair': s, keep = socket.socketpair()\n"
    "elif kind == 'file': s = os.open(name, os.O_RDONLY | os.O_CREAT)\n"
    "elif kind == 'dir': s = os.open(name, os.O_PATH | os.O_DIRECTORY)\n"
    "elif kind == 'pipe': s = os.pipe()[0]\n"
    "elif kind == 'pin': s = os.open(name, os.O_PATH)\n"
    "os.dup2(s if isinstance(s, int) else s.fileno(), 7)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n";

#define WITH "python3 $T/with.py "
/* Without CAP_NET_ADMIN. */
#define AS "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; else \"$@\"; fi; }\n" \
           "chmod 777 $T\n"

/* Prints whether the note is what fstat(2) says here and in the process that is noted, whether that is the
 * launcher, the file, and its number. */
static const char look[] =
    "entry=${SUNSHIM_FDS#*db=}; entry=${entry%%:*}; n=${entry%%,*}; note=${entry#*,}; pid=${note%%,*}; note=${note#*,}\n"
    "[ \"$(stat -Lc %d,%i /proc/self/fd/$n)\" = $note ] || echo another file\n"
    "[ \"$(stat -Lc %d,%i /proc/$pid/fd/$n)\" = $note ] || echo another file there\n"
    "[ $pid != $PPID ] || echo by the launcher\n"
    "readlink /proc/$$/fd/$n\n"
    "if [ $n -ge 64 ]; then echo high; else echo as $n; fi\n";
#define LOOK ". $T/look; "

static struct run run_with(const char *script)
{
    put("with.py", with);
    put("look", look);
    return run(script);
}

/* --- What becomes of descriptors ----------------------------------------------- */

StockTest(cli_pass, a_socket_becomes_its_file_and_stays_open)
{
    static const char *const kinds[] = {"listen", "seqpacket", "dgram", "bound"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct run r = run_with(text(WITH "%s:$T/%s $SUNSHIM run --pass db=7 -- sh -c '" LOOK "readlink /proc/$$/fd/7'", kinds[i],
                                     kinds[i]));
        check_status(r, 0);
        check_has(r, out, text("by the launcher\n%s/%s\nhigh\nsocket:[", scratch(), kinds[i]));
        cr_assert_str_empty(r.err, "%s", r.err);
    }
}

StockTest(cli_pass, so_it_does_for_users_without_privileges)
{
    struct run r = run_with(AS "as " WITH "listen:$T/s $SUNSHIM run --pass db=7 -- sh -c '" LOOK "'");

    check_out(r, text("by the launcher\n%s/s\nhigh\n", scratch()));
    cr_assert_str_empty(r.err, "%s", r.err);
}

StockTest(cli_pass, a_sockets_file_is_passed_as_it_is)
{
    struct run r = run_with("socat UNIX-LISTEN:$T/s,fork EXEC:'echo yes' & ready $T/s\n" WITH
                            "pin:$T/s $SUNSHIM run --pass db=7 -- sh -c '" LOOK "'; " WITH
                            "pin:$T/s sh -c 'rm $T/s; $SUNSHIM run --pass db=7 -- sh -c \"readlink /proc/self/fd/7\"'");

    check_out(r, text("by the launcher\n%s/s\nas 7\n%s/s (deleted)\n", scratch(), scratch()));
}

StockTest(cli_pass, exec_keeps_the_descriptor_itself)
{
    struct run r = run_with(WITH "listen:$T/s sh -c 'echo $$; exec $SUNSHIM run --exec --pass db=7 -- "
                                 "sh -c \"echo \\$\\$; echo \\${SUNSHIM_FDS#db=64,}\"'");
    char pid[16], same[16], noted[16];

    check_status(r, 0);
    cr_assert_eq(sscanf(r.out, "%15s %15s %15[^,]", pid, same, noted), 3, "%s", run_report(&r));
    cr_assert_str_eq(pid, same);
    cr_assert_str_eq(pid, noted);
}

StockTest(cli_pass, relative_names_are_taken_where_they_lead_to_the_socket)
{
    struct run r = run_with(AS "as " WITH "listen:s $SUNSHIM run --pass db=7 -- sh -c '" LOOK "'; mkdir d; chmod 777 d; cd d; : >here; "
                            "as sh -c 'cd ..; exec python3 with.py listen:t sh -c \"cd d; $SUNSHIM run --pass db=7 -- echo wrong\"' || echo $?; "
                            "as sh -c 'cd ..; exec python3 with.py listen:here sh -c \"cd d; $SUNSHIM run --pass db=7 -- echo wrong\"' || echo $?");

    check_out(r, text("by the launcher\n%s/s\nhigh\n125\n125\n", scratch()));
    check_has(r, err, "--pass db=7: cannot open the socket's file t (a relative name) in this directory: No such file");
    check_has(r, err, "--pass db=7: the socket's name here is relative, and in this directory not its file");
}

/* With CAP_NET_ADMIN the kernel gives the file itself. */
StockTest(cli_pass, a_name_that_is_gone_takes_privileges)
{
    struct run r = run_with("caps=$(sed -n 's/^CapEff:.//p' /proc/self/status); if [ $((0x$caps >> 12 & 1)) = 1 ]; then want=0; else want=125; fi\n"
                            "for kind in gone replaced; do s=0; " WITH "$kind:$T/$kind $SUNSHIM run --pass db=7 -- true 2>>err || s=$?; "
                            "[ $s = $want ] || echo $kind $s instead of $want; done");

    check_status(r, 0);
    check_out(r, "");
    r = run_with(AS "for kind in gone replaced; do as " WITH "$kind:$T/no-$kind $SUNSHIM run --pass db=7 -- echo wrong || echo $?; done");
    check_out(r, "125\n125\n");
    check_has(r, err, text("--pass db=7: cannot open the socket's file %s/no-gone: No such file", scratch()));
    check_has(r, err, text("--pass db=7: %s/no-replaced is not this socket's file any more", scratch()));
}

StockTest(cli_pass, where_the_kernel_does_not_tell_the_name_has_to_do)
{
    struct run r = run_with(AS "as " WITH "listen:$T/s $SUNSHIM run --rule 'deny network netlink,' -- $SUNSHIM run --pass db=7 -- "
                               "sh -c '" LOOK "'; as " WITH "listen:$T/t sh -c 'rm $T/t; echo >$T/t; exec $SUNSHIM run "
                               "--rule \"deny network netlink,\" -- $SUNSHIM run --pass db=7 -- echo wrong' || echo $?");

    check_out(r, text("by the launcher\n%s/s\nhigh\n125\n", scratch()));
    check_has(r, err, text("warning: --pass db=7: cannot tell whether %s/s is still this socket's file: Permission denied\n", scratch()));
    check_has(r, err, text("sunshim: --pass db=7: %s/t is not this socket's file any more\n", scratch()));
}

StockTest(cli_pass, with_few_descriptors_any_number_will_do)
{
    struct run r = run_with(WITH "listen:$T/s sh -c 'ulimit -n 10; exec $SUNSHIM run --pass db=7 -- sh -c \"echo \\$SUNSHIM_FDS\"'");

    check_status(r, 0);
    cr_assert(!strncmp(r.out, "db=3,", 5), "%s", run_report(&r));
}

/* --- What is refused -------------------------------------------------------------- */

Test(cli_pass, other_descriptors_are_refused_by_what_they_are)
{
    static const struct {
        const char *kind, *says;
    } table[] = {
        {"unbound", "the socket is bound to no name; bind it to a path, or use --anon"},
        {"abstract:pass-test", "the socket has the abstract name @pass-test and no file; bind it to a path"},
        {"tcp", "it is no unix socket; wanted is one that is bound to a path"},
        {"connected:c", "the socket is connected; wanted is one that others can connect or send to"},
        {"accepted:a", "the socket is connected"},
        {"pair", "the socket is connected"},
        {"file:f", "descriptor 7 is a regular file; wanted is a unix socket that is bound to a path"},
        {"dir:.", "descriptor 7 is a directory"},
        {"pipe", "descriptor 7 is a pipe"},
        {"pin:/dev/null", "descriptor 7 is a device"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run_with(text(WITH "%s $SUNSHIM run --pass db=7 -- echo wrong", table[i].kind));
        check_status(r, 125);
        check_out(r, "");
        check_has(r, err, text("sunshim: --pass db=7: %s", table[i].says));
        cr_assert_eq(lines_with(r.err, "", NULL), 1, "%s", run_report(&r));
    }
}

Test(cli_pass, wrong_values_are_refused_with_the_limit)
{
    static const struct {
        const char *options, *says;
    } table[] = {
        {"--pass db", "--pass db: it wants NAME=FD"},
        {"--pass =3", "--pass =3: a name has letters, digits, '.', '_' and '-', 1 to 64 of them"},
        {"--pass 'a b=3'", "--pass a b=3: a name has letters"},
        {"--pass db=", "--pass db=: '' is no number of a descriptor"},
        {"--pass db=3x", "'3x' is no number of a descriptor"},
        {"--pass db=-1", "'-1' is no number of a descriptor"},
        {"--pass db=99999999999", "'99999999999' is no number of a descriptor"},
        {"--pass db=4000000000", "'4000000000' is no number of a descriptor"},
        {"--pass db=63", "--pass db=63: descriptor 63 is not open"},
        {"--pass db=0 <&-", "--pass db=0: descriptor 0 is not open"},
        {"--pass db=5 --pass db=6", "--pass db=6: the name 'db' is given twice"},
        {"--anon db --pass db=6", "--pass db=6: the name 'db' is given twice"},
        {"--pass aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg=1", "1 to 64 of them"},
        {"$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo --pass n$i=1; done)",
         "--pass n17=1: more than 16 names to pass (--pass and --anon)"},
        {"--psas db=3", "did you mean '--pass'?"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM run %s -- echo wrong", table[i].options));
        if (strstr(table[i].options, "<&-"))
            r = run("$SUNSHIM run --pass db=0 -- echo wrong <&-");
        check_status(r, 125);
        check_out(r, "");
        check_has(r, err, table[i].says);
    }
}

StockTest(cli_pass, sixteen_long_names_are_too_much)
{
    struct run r = run_with(WITH "listen:$T/s sh -euc 'name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff; set --; "
                                 "for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do set -- \"$@\" --pass $name$i=7; done; "
                                 "$SUNSHIM run \"$@\" -- echo wrong'");

    check_status(r, 125);
    check_has(r, err, "too much is passed: SUNSHIM_FDS would have ");
    check_has(r, err, " bytes, and at most 1023 are read: use shorter names");
}

/* --- Policies ------------------------------------------------------------------------ */

StockTest(cli_pass, what_a_rule_leads_to_has_to_be_passed)
{
    put("web.policy", "allow all,\n# two of them\nmap /run/db -> fd:db,\nprofile x /nowhere { map /run/y -> fd:y, }\n");
    struct run r = run("$SUNSHIM run -p $T/web.policy --rule 'map /z -> fd:z,' -- echo wrong");

    check_status(r, 125);
    check_out(r, "");
    check_has(r, err, text("%s/web.policy:3: error: nothing is passed as 'db': use --pass db=FD or --anon db\n", scratch()));
    check_has(r, err, text("%s/web.policy:4: error: nothing is passed as 'y': ", scratch()));
    check_has(r, err, "--rule:1: error: nothing is passed as 'z': ");
}

#define SERVER "socat UNIX-LISTEN:$T/real,fork SYSTEM:'echo \"from the server\"' & ready $T/real\n"
#define TO_DB "--rule 'map /run/of/nobody.sock -> fd:db,'"
#define CLIENT "socat -u UNIX-CONNECT:/run/of/nobody.sock -"

StockTest(cli_pass, clients_reach_what_is_passed)
{
    struct run r = run_with(SERVER WITH "pin:$T/real $SUNSHIM run --pass db=7 " TO_DB " -- sh -c 'mv $T/real $T/elsewhere; " CLIENT "'");

    check_status(r, 0);
    check_out(r, "from the server\n");
    cr_assert_str_empty(r.err, "%s", r.err);
}

/* The launcher has it still. */
StockTest(cli_pass, also_behind_programs_that_close_descriptors)
{
    struct run r = run_with(SERVER WITH "pin:$T/real $SUNSHIM run --pass db=7 " TO_DB " -- python3 -c 'import subprocess; "
                                        "subprocess.run([\"sh\", \"-c\", \"[ ! -e /proc/self/fd/7 ] && " CLIENT "\"], check=True)'");

    check_status(r, 0);
    check_out(r, "from the server\n");
}

StockTest(cli_pass, a_server_and_its_clients_in_one_run)
{
    put("serve.py", "import socket\nc, _ = socket.socket(fileno=7).accept()\nc.sendall(b'from fd 7\\n')\n");
    struct run r = run_with(WITH "listen:$T/s $SUNSHIM run --pass db=7 " TO_DB " -- sh -c 'python3 $T/serve.py & " CLIENT "; wait'");

    check_status(r, 0);
    check_out(r, "from fd 7\n");
}

/* --- Runs in runs --------------------------------------------------------------------- */

StockTest(cli_pass, a_run_inside_passes_on_what_it_does_not_pass_itself)
{
    struct run r = run_with(WITH "listen:$T/a $SUNSHIM run --pass db=7 --pass more=7 -- sh -c 'echo $SUNSHIM_FDS; exec " WITH
                                 "listen:$T/b $SUNSHIM run --pass db=7 --rule \"map /x -> fd:more,\" -- sh -c \"echo \\$SUNSHIM_FDS\"'");
    char db[64], more[64], inner[64], kept[64];

    check_status(r, 0);
    cr_assert_eq(sscanf(r.out, "db=%63[^:]:more=%63s db=%63[^:]:more=%63s", db, more, inner, kept), 4, "%s", run_report(&r));
    cr_assert_str_eq(kept, more);
    cr_assert_str_neq(inner, db);
}

StockTest(cli_pass, a_rule_of_a_run_inside_may_use_what_is_passed_around_it)
{
    struct run r = run_with(SERVER WITH "pin:$T/real $SUNSHIM run --pass db=7 -- $SUNSHIM run " TO_DB " -- " CLIENT);

    check_status(r, 0);
    check_out(r, "from the server\n");
}

StockTest(cli_pass, what_makes_no_sense_does_not_go_on)
{
    struct run r = run_with("SUNSHIM_FDS=a=:b:=4:c=999:d=1:d=2:e=9,1,2,3:f=4,5 $SUNSHIM run -- sh -c 'echo $SUNSHIM_FDS'; "
                            "SUNSHIM_FDS=nonsense $SUNSHIM run -- sh -c 'echo ${SUNSHIM_FDS-unset}'");

    check_out(r, "d=1:e=9,1,2,3\nunset\n");
    r = run_with(text("SUNSHIM_FDS=%s=1 " WITH "listen:$T/s $SUNSHIM run --pass mine=7 -- echo wrong || echo $?",
                      "n1=1:n2=1:n3=1:n4=1:n5=1:n6=1:n7=1:n8=1:n9=1:n10=1:n11=1:n12=1:n13=1:n14=1:n15=1:n16"));
    check_out(r, "125\n");
    check_has(r, err, "more than 16 names are passed, those of the runs around this one included");
}

/* --- The rest ---------------------------------------------------------------------------- */

StockTest(cli_pass, what_is_passed_does_not_leak)
{
    struct run r = run_with(SERVER WITH "pin:$T/real $SUNSHIM run --track --error-exitcode 9 --pass db=7 " TO_DB " -- " CLIENT);

    check_status(r, 0);
    check_out(r, "from the server\n");
    cr_assert_str_empty(r.err, "%s", r.err);
}

/* The socket itself is inherited as ever: what the rule leads to is its file. */
StockTest(cli_pass, the_socket_behind_what_is_passed_can_be_cut)
{
    put("serve.py", "import os, socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind('s')\ns.listen()\nos.dup2(s.fileno(), 7)\n"
                    "if not os.fork(): os.execvp(sys.argv[1], sys.argv[1:])\nos.close(7)\nc, _ = s.accept()\nc.sendall(b'it listens\\n')\n"
                    "c.close()\nos.wait()\n");
    struct run r = run("python3 serve.py $SUNSHIM run --track --pass db=7 " TO_DB " -- " CLIENT);

    check_status(r, 0);
    check_out(r, "it listens\n");
    cr_assert_eq(lines_with(r.err, "sunshim=\"LEAK\"", "fd=7", NULL), 1, "%s", run_report(&r));
    r = run("rm s; python3 serve.py $SUNSHIM run --track --pass db=7 --rule 'deny unix (inherit)' " TO_DB " -- "
            "sh -c 'readlink /proc/$$/fd/7; " CLIENT "'");
    check_out(r, "/dev/null\nit listens\n");
}

StockTest(cli_pass, env_prints_names_and_numbers)
{
    struct run r = run("$SUNSHIM env --pass db=5 --pass web.1=6 | grep FDS; $SUNSHIM env --shell --pass db=5 | grep FDS; "
                       "for o in '--anon x' '--pass x' '--pass x=y'; do $SUNSHIM env $o || echo $?; done");

    check_out(r, "SUNSHIM_FDS=db=5:web.1=6\nexport SUNSHIM_FDS='db=5'\n125\n125\n125\n");
    check_has(r, err, "--anon makes a socket for one command: it needs sunshim run");
}

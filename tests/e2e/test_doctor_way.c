/* sunshim doctor PATH: each thing on the way to a socket and in it that makes a path fail. */
#include "tests/e2e/doctor.h"

/* --- The way there --------------------------------------------------------------------- */

Test(cli_doctor, names_the_first_component_that_is_missing)
{
    struct run r = run(DOCTOR "mkdir a; cd $T; doctor a/b/c/s");

    check_verdict(r, "needs a remedy: a/b does not exist; a does\n");
    check_has(r, out, "    do      mkdir -p a/b/c/\n");
    check_exit(r, 1);
}

Test(cli_doctor, has_no_remedy_for_what_others_have_to_make)
{
    need_root();
    struct run r = run(DOCTOR "mkdir a; nobody $T/a/b/s");

    check_verdict(r, "does not work: ");
    check_exit(r, 2);
}

Test(cli_doctor, names_what_is_no_directory)
{
    struct run r = run(DOCTOR ": >f; doctor $T/f/s");

    check_verdict(r, text("does not work: %s/f is not a directory\n", scratch()));
    check_exit(r, 2);
}

Test(cli_doctor, names_the_directory_that_must_not_be_searched)
{
    need_root();
    struct run r = run(DOCTOR "mkdir -p a/b; chmod 0744 a; nobody $T/a/b/s");

    check_verdict(r, text("does not work: no search permission on %s/a (mode 0744, owner 0)\n", scratch()));
    check_exit(r, 2);

    r = run(DOCTOR "mkdir -p c/d; chmod 0644 c; chown 65534 c; nobody c/d/s");
    check_verdict(r, "needs a remedy: no search permission on c (mode 0644, owner 65534)\n");
    check_has(r, out, "    do      chmod u+x c\n");
    check_exit(r, 1);
}

Test(cli_doctor, shows_the_links_on_the_way)
{
    struct run r = run(DOCTOR "mkdir a; ln -s a b; ln -s b/x c; cd $T; doctor b/s; doctor c; mkdir a/x; doctor c/s");

    check_has(r, out, "  link      b -> a\n");
    check_has(r, out, "  link      c -> b/x\n");
    check_exit(r, 0);
}

Test(cli_doctor, finds_circles_and_dangling_links)
{
    struct run r = run(DOCTOR "ln -s b a; ln -s a b; cd $T; doctor a/s");
    check_verdict(r, "does not work: symbolic links in a circle");
    check_has(r, out, "  link      a -> b\n  link      b -> a\n");
    check_exit(r, 2);

    r = run(DOCTOR "ln -s nowhere d; cd $T; doctor d");
    check_verdict(r, "needs a remedy: d is a link to nowhere, which does not exist");
    check_exit(r, 1);
}

Test(cli_doctor, minds_the_slash_at_the_end)
{
    struct run r = run(DOCTOR "cd $T; doctor new/");
    check_verdict(r, "needs a remedy: a slash at the end: ");
    check_exit(r, 1);

    r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; cd $T; doctor s/");
    check_verdict(r, "needs a remedy: s is not a directory\n");
    check_has(r, out, "    do      leave the slash at the end away\n");
    check_exit(r, 1);
}

/* --- The directory ----------------------------------------------------------------------- */

Test(cli_doctor, knows_who_may_write_to_the_directory)
{
    need_root();
    struct run r = run(DOCTOR "mkdir a; nobody $T/a/s");

    check_verdict(r, text("does not work: no write permission on %s/a (mode 0755, owner 0)\n", scratch()));
    check_exit(r, 2);
}

Test(cli_doctor, finds_file_systems_without_room)
{
    need_root();
    struct run r = run(DOCTOR "mkdir ro full\n"
                              "unshare -m sh -c 'mount -t tmpfs -o ro none ro; mount -t tmpfs -o nr_inodes=2 none full; : >full/f 2>/dev/null || :\n"
                              "for d in ro full; do $SUNSHIM doctor $d/s || echo status $?; done'");

    check_verdict(r, "does not work: a read-only file system: no socket can be made in ro\n");
    check_has(r, out, "\nstatus 2\n");
    check_has(r, out, "needs a remedy: the file system is full: no inodes left for the socket's file\n");
    check_has(r, out, "\nstatus 1\n");
}

/* ext4 has room for one more name in most of its blocks. */
Test(cli_doctor, knows_that_full_is_not_always_full)
{
    need_root();
    struct run r = run(DOCTOR "unshare -m sh -c 'truncate -s 4M img; mkfs.ext4 -q img; mkdir d; mount -o loop img d; chmod 777 d; cat /dev/zero >d/f 2>/dev/null || :\n"
                              "user=\"setpriv --reuid 65534 --clear-groups\"; $user $SUNSHIM doctor d/s; $user $N/sk \"socket unix stream\" \"bind $T/d/s\"'");

    check_has(r, out, "  note      the file system is full: no blocks left for the socket's file\n");
    check_has(r, out, "d/s -> 0\n");
}

Test(cli_doctor, knows_directories_that_hold_no_sockets)
{
    struct run r = run(DOCTOR "doctor /proc/s");

    check_verdict(r, "does not work: a file system of this kind holds no sockets: /proc\n");

    check_has(r, out, "\nstatus 2\n");
}

/* --- The file ------------------------------------------------------------------------------- */

Test(cli_doctor, tells_files_from_abstract_names)
{
    struct run r = run(DOCTOR "cd $T; doctor @x");

    check_has(r, out, "  note      a file is meant; ");
    check_has(r, out, "    do      sunshim who @x\n");
    check_exit(r, 0);
}

Test(cli_doctor, says_what_is_there_instead)
{
    struct run r = run(DOCTOR "cd $T; : >f; mkdir d; mkfifo p; for n in f d p; do doctor $n; done");

    check_has(r, out, "needs a remedy: a regular file is there, not a socket\n");
    check_has(r, out, "needs a remedy: a directory is there, not a socket\n");
    check_has(r, out, "needs a remedy: a FIFO is there, not a socket\n");
    cr_assert_eq(lines_with(r.out, "status 1", NULL), 3, "%s", run_report(&r));
}

Test(cli_doctor, knows_that_connect_needs_write_permission)
{
    need_root();
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; nobody $T/s");

    check_verdict(r, text("does not work: no write permission on %s/s (mode 0755, owner 0), which connect needs\n", scratch()));
    check_exit(r, 2);
}

Test(cli_doctor, finds_stale_files)
{
    struct run r = run(DOCTOR "$N/sk 'socket unix stream' \"bind $T/s\" >/dev/null; doctor $T/s");

    check_verdict(r, "needs a remedy: stale: nobody is bound to it; ");
    check_has(r, out, text("    do      rm %s/s   and start", scratch()));
    check_exit(r, 1);
}

/* Its connections carry the listener's name and file. */
Test(cli_doctor, is_not_deceived_by_connections_that_outlive_their_listener)
{
    struct run r = run(DOCTOR "socat UNIX-LISTEN:$T/s EXEC:'sleep 100' & server=$!; ready $T/s; cp /dev/null keep\n"
                              "(sleep 100) | socat - UNIX:$T/s & \n"
                              "until [ \"$(ss -xH | grep -c \"ESTAB.* $T/s \")\" = 1 ] && ! ss -xlH | grep -q \" $T/s \"; do sleep 0.05; done\n"
                              "[ -e $T/s ] || : ; doctor $T/s; $N/sk 'socket unix stream' \"connect $T/s\" || :");

    /* socat removes its name when it ends, not when it has accepted. */
    check_verdict(r, "needs a remedy: stale");
    check_has(r, out, "ECONNREFUSED");
    check_exit(r, 1);
}

Test(cli_doctor, finds_sockets_that_do_not_listen)
{
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\"; doctor $T/s");

    check_verdict(r, "needs a remedy: socket:[");
    check_has(r, out, "] is bound, but does not listen: connect is refused\n");
    check_exit(r, 1);
}

Test(cli_doctor, tells_types_apart)
{
    struct run r = run(DOCTOR "hold h 'socket unix dgram' \"bind $T/d\" 'socket unix seqpacket' \"bind $T/q\" listen\n"
                              "doctor $T/d; doctor $T/q");

    check_verdict(r, "works: unix dgram UNCONN, held by ");
    check_has(r, out, "  note      a dgram socket: ");
    check_has(r, out, "works: unix seqpacket LISTEN, held by ");
    check_has(r, out, "  note      a seqpacket socket: ");
    cr_assert_eq(lines_with(r.out, "status 0", NULL), 2, "%s", run_report(&r));
}

Test(cli_doctor, finds_full_backlogs)
{
    struct run r = run(DOCTOR "python3 -c \"\n"
                              "import socket, time\n"
                              "s = socket.socket(socket.AF_UNIX); s.bind('$T/s'); s.listen(1)\n"
                              "c = [socket.socket(socket.AF_UNIX) for i in range(2)]\n"
                              "c[0].connect('$T/s'); open('$T/one', 'w'); time.sleep(0)\n"
                              "while not __import__('os').path.exists('$T/more'): time.sleep(0.02)\n"
                              "c[1].connect('$T/s'); open('$T/two', 'w'); time.sleep(100)\" &\n"
                              "until [ -e one ]; do sleep 0.02; done; doctor $T/s; : >more\n"
                              "until [ -e two ]; do sleep 0.02; done; doctor $T/s");

    check_verdict(r, "works: unix stream LISTEN, held by ");
    check_has(r, out, "needs a remedy: the backlog is full (2 wait, limit 1)");
    check_exit(r, 1);
}

StockTest(cli_doctor, sees_through_the_aliases_of_a_run)
{
    struct run r = run(DOCTOR "deep $T 200; $SUNSHIM run --long-paths -- $N/sk 'socket unix stream' \"bind $deep/s\" listen 'write .' 'sleep 100000' >out &\n"
                              "until grep -q '^write' out; do sleep 0.02; done; doctor $deep/s; cd $deep; doctor s");

    check_has(r, out, "\nworks: unix stream LISTEN, held by ");
    check_lacks(r, out, "another name");
    check_exit(r, 0);
}

Test(cli_doctor, counts_hard_links_and_knows_other_names)
{
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; ln s t; doctor $T/t");

    check_verdict(r, "works: ");
    check_has(r, out, "  note      the socket's file has 2 names: ");
    check_has(r, out, text("  note      it was bound by another name: %s/s\n", scratch()));
    check_exit(r, 0);
}

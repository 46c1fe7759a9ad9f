/* sunshim doctor PATH: each thing that makes a socket's path fail, one by one. */
#include <string.h>

#include "tests/e2e/harness.h"

/* For every script:
 *   doctor ARG...     what it says, then "status N"
 *   hold NAME STEP... `sk` does these steps and goes on having its sockets
 *   nobody ARG...     doctor as another user
 *   name N            N letters
 *   deep DIR N        makes directories below DIR until the path has N bytes: $deep */
#define DOCTOR \
    "said() { \"$@\" && echo 'status 0' || echo \"status $?\"; }\n" \
    "doctor() { said $SUNSHIM doctor \"$@\"; }\n" \
    "nobody() { said setpriv --reuid 65534 --clear-groups $SUNSHIM doctor \"$@\"; }\n" \
    "hold() { h=$1; shift; $N/sk \"$@\" 'write .' 'sleep 100000' >$T/$h.out 2>&1 &\n" \
    "  until grep -q '^write' $T/$h.out 2>/dev/null; do sleep 0.02; done; }\n" \
    "name() { printf '%0*d' $1 0 | tr 0 n; }\n" \
    "deep() { deep=$1; while [ ${#deep} -lt $2 ]; do left=$(($2 - ${#deep} - 1)); [ $left -le 51 ] || left=50\n" \
    "  deep=$deep/$(name $left); done; mkdir -p $deep; }\n"

#define check_verdict(r, start) \
    cr_assert(!strncmp((r).out, (start), strlen(start)), "the first line is no \"%s\"\n%s", (start), run_report(&(r)))
#define check_exit(r, n) check_has((r), out, "\nstatus " #n "\n")

/* --- What works ------------------------------------------------------------------- */

Test(cli_doctor, says_who_listens)
{
    struct run r = run(DOCTOR "socat UNIX-LISTEN:$T/s - & ready $T/s; doctor $T/s");

    check_verdict(r, "works: unix stream LISTEN, held by ");
    check_has(r, out, " socat fd ");
    check_lacks(r, out, "problem");
    check_exit(r, 0);
}

Test(cli_doctor, says_that_a_bind_would_work)
{
    struct run r = run(DOCTOR "doctor $T/s; ls $T");

    check_verdict(r, "works: nothing is there, and bind would make it\n");
    check_exit(r, 0);
    cr_assert(strstr(r.out, "status 0\n")[9] == '\0', "something was made\n%s", run_report(&r));
}

Test(cli_doctor, takes_107_bytes_for_good_and_108_not)
{
    struct run r = run(DOCTOR "deep $T 100; doctor $deep/$(name 6)");
    check_verdict(r, "works: ");
    check_has(r, out, "  note      fits with 0 bytes to spare\n");
    check_exit(r, 0);

    r = run(DOCTOR "deep $T 100; doctor $deep/$(name 7)");
    check_verdict(r, "needs a remedy: 1 byte too long: 108 fit without a NUL only");
    check_exit(r, 1);
}

/* 108 bytes are what socat can do, and few others. */
Test(cli_doctor, agrees_with_the_kernel_about_what_works)
{
    struct run r = run(DOCTOR "deep $T 90; for n in 13 14 15 16 17 18; do s=$deep/$(name $n)\n"
                              "$SUNSHIM doctor $s >$T/out && said=works || said=fails\n"
                              "socat -u UNIX-RECV:$s - </dev/null & pid=$!; did=fails\n"
                              "for i in $(seq 100); do [ ! -S $s ] || { did=works; break; }; kill -0 $pid 2>/dev/null || break; sleep 0.02; done\n"
                              "kill $pid 2>/dev/null || :; echo ${#s} $said $did; done");

    check_out(r, "104 works works\n105 works works\n106 works works\n107 works works\n108 fails works\n109 fails fails\n");
}

/* --- Length ------------------------------------------------------------------------ */

Test(cli_doctor, shows_where_the_bytes_go)
{
    struct run r = run(DOCTOR "doctor /tmp/$(name 60)/$(name 40)/sock");
    const char *want = text("  bytes  total  component\n"
                            "      1      1  /\n"
                            "      4      5  tmp/\n"
                            "     61     66  %.20s...%.20s/\n"
                            "     41    107  %.40s/\n"
                            "      4    111  sock   <- 107\n",
                            "nnnnnnnnnnnnnnnnnnnnnnnn", "nnnnnnnnnnnnnnnnnnnnnnnn", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");

    check_has(r, out, want);
    check_exit(r, 1);
}

Test(cli_doctor, names_the_remedies_for_a_long_name)
{
    struct run r = run(DOCTOR "deep $T 150; doctor $deep/s");

    check_verdict(r, "needs a remedy: 45 bytes too long for an address: ");
    check_has(r, out, "\n    do      sunshim run --long-paths -- COMMAND\n");
    check_has(r, out, "and use the name s\n");
    check_has(r, out, " /tmp/short   and use /tmp/short/s\n");
    check_has(r, out, "map /short/ -> ");
    check_has(r, out, "an abstract name");
    check_exit(r, 1);
}

Test(cli_doctor, counts_the_bytes_that_are_typed)
{
    struct run r = run(DOCTOR "deep $T 150; cd $deep; doctor s");

    check_verdict(r, "works: ");
    check_has(r, out, "  length    1 byte;");
    check_has(r, out, "  relative  152 bytes with the working directory: ");
    check_exit(r, 0);
}

Test(cli_doctor, says_what_does_not_fit_behind_it)
{
    struct run r = run(DOCTOR "deep $T 90; doctor $deep/cm; mkdir -p $T/$(name 70); doctor $T/$(name 70)");

    check_has(r, out, "  note      fits with 14 bytes to spare\n"
                      "    do      too long for ssh (ControlPath), which adds up to 17 bytes\n");
    check_lacks(r, out, "haproxy");
    check_has(r, out, "  note      as TMPDIR of ssh-agent: up to 1");
}

Test(cli_doctor, knows_limits_that_nothing_gets_around)
{
    struct run r = run(DOCTOR "doctor $T/$(name 256)/s");
    check_verdict(r, "does not work: a component of 256 bytes: a file's name has 255 at most\n");
    check_exit(r, 2);
}

Test(cli_doctor, takes_paths_of_any_length)
{
    struct run r = run(DOCTOR "deep $T 3990; doctor $deep/$(name 9)");
    check_verdict(r, "needs a remedy: 3893 bytes too long for an address");
    check_has(r, out, " more)\n");
    check_exit(r, 1);

    r = run(DOCTOR "rm -r n*; python3 -c \"import os\nfor i in range(100): os.mkdir('n' * 50); os.chdir('n' * 50)\"\n"
                   "doctor $T$(for i in $(seq 100); do printf '/'; name 50; done)/s; rm -r n*");
    check_verdict(r, "needs a remedy: ");
    check_has(r, out, "no system call takes a path of more than 4095\n");
    check_lacks(r, out, "does not exist");
    check_lacks(r, out, "--long-paths");
    check_exit(r, 1);
}

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

/* --- Somewhere else ----------------------------------------------------------------------------- */

Test(cli_doctor, finds_sockets_whose_file_is_gone)
{
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; rm s; doctor $T/s");

    check_has(r, out, " sk fd 3, has this name too: its file is gone or replaced\n");
    check_exit(r, 0);
}

Test(cli_doctor, finds_sockets_of_other_mount_name_spaces)
{
    need_root();
    struct run r = run(DOCTOR "mkdir d; unshare -m sh -c \"mount -t tmpfs none d; exec $N/sk 'socket unix stream' 'bind $T/d/s' listen "
                              "'write .' 'sleep 100000'\" >out 2>&1 &\n"
                              "until grep -q ^write out; do sleep 0.02; done; doctor $T/d/s | tee said\n"
                              "p=$(sed -n 's/.* from here it is //p' said); $N/sk 'socket unix stream' \"connect $p\"");

    check_has(r, out, " sk fd 3, has this name too: in another mount namespace\n");
    check_has(r, out, "\nconnect ");
    check_status(r, 0);
}

Test(cli_doctor, does_not_take_hidden_sockets_for_stale)
{
    need_root();
    struct run r = run(DOCTOR "unshare -n $N/sk 'umask 0' 'socket unix stream' \"bind $T/s\" listen 'write .' 'sleep 100000' >out &\n"
                              "until grep -q '^write' out; do sleep 0.02; done; nobody $T/s; doctor $T/s");

    check_verdict(r, "works, as far as can be seen: a socket's file is there\n");
    check_has(r, out, "  unseen    a socket is bound to the file; whether it listens could not be seen\n");
    check_has(r, out, "\nworks: unix stream LISTEN, held by ");
    check_exit(r, 0);
}

Test(cli_doctor, finds_sockets_on_overlays)
{
    need_root();
    struct run r = run(DOCTOR "mkdir low m; unshare -m sh -c 'mount -t tmpfs none m; mkdir m/up m/work m/o; mount -t overlay -o "
                              "lowerdir=low,upperdir=m/up,workdir=m/work none m/o; $N/sk \"socket unix stream\" \"bind $T/m/o/old\" >/dev/null\n"
                              "$N/sk \"socket unix stream\" \"bind $T/m/o/s\" listen \"write .\" \"sleep 100000\" >out &\n"
                              "until grep -q ^write out; do sleep 0.02; done; $SUNSHIM doctor $T/m/o/s; $SUNSHIM doctor m/o/old || echo status $?'");

    check_verdict(r, "works: unix stream LISTEN, held by ");
    check_has(r, out, "needs a remedy: stale: ");
    check_exit(r, 1);
}

Test(cli_doctor, follows_bind_mounts_to_the_socket)
{
    need_root();
    struct run r = run(DOCTOR "mkdir a b; hold h 'socket unix stream' \"bind $T/a/s\" listen\n"
                              "unshare -m sh -c 'mount --bind a b; $SUNSHIM doctor $T/b/s'");

    check_verdict(r, "works: unix stream LISTEN, held by ");
    check_has(r, out, text("it was bound by another name: %s/a/s\n", scratch()));
    check_status(r, 0);
}

/* --- Cut names ------------------------------------------------------------------------------------ */

Test(cli_doctor, finds_what_a_cut_name_made)
{
    /* perl is one of those that cut: to 108 bytes. */
    struct run r = run(DOCTOR "deep $T 100; long=$deep/server.socket; cut=$(printf %.107s $long)\n"
                              "hold h 'socket unix stream' \"bind $cut\" listen; doctor $long; rm $cut\n"
                              "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; listen(S, 1); sleep 100' $long &\n"
                              "ready $(printf %.108s $long); doctor $long");

    cr_assert_eq(lines_with(r.out, "  note      cut after 107 bytes by a program: a socket has that name, held by ", " sk fd 3", NULL), 1,
                 "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "  note      cut after 108 bytes by a program: a socket has that name, held by ", " perl fd 3", NULL), 1,
                 "%s", run_report(&r));
}

Test(cli_doctor, takes_no_directory_on_the_way_for_a_cut_name)
{
    struct run r = run(DOCTOR "deep $T 107; doctor $deep/s");

    check_lacks(r, out, "cut after");
}

/* --- Names that would mislead ------------------------------------------------------------------------- */

Test(cli_doctor, lets_no_name_forge_a_line)
{
    struct run r = run(DOCTOR "doctor \"$T/$(printf 'x\\nworks: all is well\\033[2J\\377')\"; cd $T; ln -s \"$(printf 'y\\nstatus 7')\" l; doctor l");

    check_has(r, out, "x\\x0aworks:\\ all\\ is\\ well\\x1b[2J\\xff\n");
    check_has(r, out, "  note      a newline in the name\n");
    check_has(r, out, "  link      l -> y\\x0astatus\\ 7\n");
    cr_assert(!strstr(r.out, "\nworks: all"), "%s", run_report(&r));
    cr_assert(!strchr(r.out, '\033'), "%s", run_report(&r));
}

Test(cli_doctor, gives_commands_that_a_shell_takes)
{
    struct run r = run(DOCTOR "cd $T; n=\"$(printf \"a;\\nc'\")\"; $N/sk 'socket unix stream' \"bind rel:$n\" >/dev/null\n"
                              "$SUNSHIM doctor \"$n\" >said || :; cmd=$(sed -n 's/^    do      \\(rm .*\\)   and .*/\\1/p' said); printf '%s\\n' \"$cmd\"\n"
                              "bash -c \"$cmd\"; [ ! -e \"$n\" ]");

    check_out(r, "rm $'a;\\012c\\''\n");
    check_status(r, 0);
}

/* --- Surroundings ------------------------------------------------------------------------------------- */

StockTest(cli_doctor, works_without_proc)
{
    need_root();
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; $N/sk 'socket unix stream' \"bind $T/old\" >/dev/null\n"
                              "unshare -m sh -c 'umount -l /proc; $SUNSHIM doctor $T/s; $SUNSHIM doctor $T/old || echo status $?'");

    check_verdict(r, "works: unix stream LISTEN");
    check_has(r, out, "  unseen    /proc is not mounted: holders are not known\n");
    check_has(r, out, "needs a remedy: stale: ");
    check_has(r, out, "status 1\n");
}

StockTest(cli_doctor, works_without_unix_diag)
{
    struct run r = run(DOCTOR "hold h 'socket unix stream' \"bind $T/s\" listen; $N/sk 'socket unix stream' \"bind $T/old\" >/dev/null\n"
                              "for p in s old new; do $SUNSHIM run --rule 'quiet deny network netlink,' -- $SUNSHIM doctor $T/$p || echo status $?; done");

    check_verdict(r, "works: unix stream LISTEN");
    check_has(r, out, "  unseen    the kernel's unix_diag is not available");
    cr_assert_eq(lines_with(r.out, "needs a remedy: stale: ", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "status 1", NULL), 1, "%s", run_report(&r));
}

/* A system call that could write anything, in a trace. */
#define WRITES "mkdir|mkdirat|mknod|mknodat|bind|unlink|unlinkat|rmdir|rename|renameat|renameat2|link|linkat|symlink|symlinkat|chmod|" \
               "fchmod|fchmodat|chown|utimensat|truncate|ftruncate|creat|setxattr"

/* ThreadSanitizer writes files of its own. */
StockTest(cli_doctor, writes_nothing_without_try)
{
    struct run r = run(DOCTOR "deep $T 150; hold h 'socket unix stream' \"bind $T/s\" listen; $N/sk 'socket unix stream' \"bind $T/old\" >/dev/null\n"
                              "for p in $deep/s $T/s $T/old $T/new; do strace -f -o trace $SUNSHIM doctor $p >/dev/null || :\n"
                              "grep -E '^[0-9]+ +(" WRITES ")\\(|O_CREAT|O_WRONLY|O_TRUNC' trace || :; done\n"
                              "strace -f -o trace $SUNSHIM doctor --try $T/new >/dev/null; grep -cE '^[0-9]+ +(bind)\\(' trace >/dev/null && echo tried");

    check_out(r, "tried\n");
}

Test(cli_doctor, is_usable_on_narrow_terminals)
{
    struct run r = run(DOCTOR "deep $T 220; hold h 'socket unix stream' \"bind $T/s\" listen 'socket unix dgram' \"bind $T/d\"\n"
                              "$N/sk 'socket unix stream' \"bind $T/old\" >/dev/null\n"
                              "for p in $deep/s $T/s $T/d $T/d/x $T/old $T/new $T/new/ / $T; do $SUNSHIM doctor --try $p || :; done |\n"
                              "grep -v '^  path ' | awk 'length($0) > 80'");
    check_out(r, "");
}

/* --- The kernel's own verdict ------------------------------------------------------------------------------ */

/* Sockets, links, files and directories of all kinds in $T/w, their names put together
 * at random; then each path is asked about and tried. */
static const char oracle[] =
    "import os, random, socket, subprocess, errno, sys\n"
    "random.seed(int(sys.argv[1])); user = int(sys.argv[2]); base = os.environ['T'] + '/w'\n"
    "os.mkdir(base); os.chdir(base); os.umask(0)\n"
    "for n, m in ('d', 0o755), ('d/e', 0o777), ('p', 0o700), ('ro', 0o555), ('w', 0o777): os.mkdir(n, m)\n"
    "def serve(name, type=socket.SOCK_STREAM, listens=True, mode=0o777):\n"
    "    s = socket.socket(socket.AF_UNIX, type); s.bind(name); os.chmod(name, mode)\n"
    "    if listens and type != socket.SOCK_DGRAM: s.listen(500)\n"
    "    return s\n"
    "kept = [serve('s'), serve('g', socket.SOCK_DGRAM), serve('n', listens=False), serve('d/s'), serve('priv', mode=0o600),\n"
    "        serve('q', socket.SOCK_SEQPACKET)]\n"
    "serve('old').close(); open('f', 'w').close()\n"
    "links = {'l1': 'd', 'l2': '.', 'l3': 'l3', 'l4': base + '/d', 'l5': 's', 'l6': '../w/l5', 'l7': 'no', 'l8': 'd/e/', 'l9': 'no/x'}\n"
    "for n in links: os.symlink(links[n], n)\n"
    "if user != os.getuid(): os.setgroups([]); os.setgid(user); os.setuid(user)\n"
    "def error(call, *args):\n"
    "    try: call(*args)\n"
    "    except OSError as e: return e.errno or errno.ENAMETOOLONG\n"
    "def works(path):\n"
    "    for type in socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET:\n"
    "        with socket.socket(socket.AF_UNIX, type) as s: e = error(s.connect, path)\n"
    "        if e != errno.EPROTOTYPE: break\n"
    "    if e != errno.ENOENT: return e is None\n"
    "    with socket.socket(socket.AF_UNIX) as s: e = error(s.bind, path)\n"
    "    if e is None: os.unlink(path)\n"
    "    return e is None\n"
    "names = 's g n q priv old f d e p ro w . .. new'.split() + list(links) + ['', 'x' * 100]\n"
    "counts = {True: 0, False: 0}\n"
    "for i in range(120):\n"
    "    path = '/'.join(random.choice(names) for i in range(random.choice((1, 1, 2, 2, 3, 4))))\n"
    "    path = (base + '/' if random.random() < .3 else '') + path or 's'\n"
    "    said = subprocess.run([os.environ['SUNSHIM'], 'doctor', path], stdout=subprocess.DEVNULL).returncode\n"
    "    truth = works(path); counts[truth] += 1\n"
    "    if (said == 0) != truth: print(repr(path), said, truth)\n"
    "print('enough' if min(counts.values()) > 3 else counts)\n";

Test(cli_doctor, says_what_the_kernel_says)
{
    put("oracle", oracle);
    struct run r = run("python3 oracle 1 $(id -u)");
    check_out(r, "enough\n");
}

Test(cli_doctor, says_what_the_kernel_says_to_other_users)
{
    need_root();
    put("oracle", oracle);
    struct run r = run("python3 oracle 2 65534");
    check_out(r, "enough\n");
}

/* --- For tools ------------------------------------------------------------------------------------------- */

Test(cli_doctor, gives_json)
{
    struct run r = run("mkdir -p $T/x; $SUNSHIM doctor --json \"$T/x/$(printf 'a\\377\\nb')\" >one; $SUNSHIM doctor --json $T/x/$(printf '%0200d' 1) >two || echo status $?\n"
                       "python3 -c \"\n"
                       "import json\n"
                       "a, b = (json.load(open('$T/' + n)) for n in ('one', 'two'))\n"
                       "print(a['verdict'], a['length'] - len('$T'), a['path_hex'][-8:], a['limit'])\n"
                       "print(b['verdict'], [f['finding'] for f in b['findings']], b['findings'][0]['do'][0])\n"
                       "print(b['components'][-1]['bytes'], b['components'][-1]['total'] == b['length'])\"");

    check_out(r, "status 1\nworks 7 61ff0a62 107\nremedy ['too-long'] sunshim run --long-paths -- COMMAND   where the name is cut, not where it is refused\n200 True\n");
}

/* Tools go by them. */
Test(cli_doctor, has_its_words_in_the_manual_page)
{
    struct run r = run("grep -oh 'finding_add([^,]*, \"[a-z-]*\"' $TOP/cli/doctor*.c | sed 's/.*\"\\(.*\\)\"/\\1/' | sort -u >words; [ $(wc -l <words) -gt 25 ]\n"
                       "while read -r word; do grep -q -- \"^.*Cm.* $word\\b\" $TOP/man/sunshim.1 || echo $word; done <words");
    check_status(r, 0);
    check_out(r, "");
}

/* --- The command line -------------------------------------------------------------------------------------- */

Test(cli_doctor, says_what_is_wrong_with_its_arguments)
{
    struct run r = run(DOCTOR "doctor; doctor ''; doctor a b; doctor --nonsense a; doctor --; doctor --try -- true; doctor a -- b");

    check_out(r, "status 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\n");
    check_has(r, err, "no path; a command follows after '--'\n");
    check_has(r, err, "unknown option '--nonsense'\n");
    check_has(r, err, "'b': one path at a time");
}

/* sunshim doctor PATH in odd surroundings, and beside the kernel's own verdict. */
#include "tests/e2e/doctor.h"

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

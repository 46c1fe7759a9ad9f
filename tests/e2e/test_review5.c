/* What a second reader of libsunat and passed descriptors found: names that were judged as somebody else's or as
 * none at all, files made where nobody wanted them. */
#include <string.h>

#include "tests/e2e/harness.h"

/* /dev/fd is a link to /proc/self/fd: the server's descriptor 33 is D/bad, the client's D/good. */
#define PEERS \
    "mkdir -p good bad; cat >peers.py <<'END'\n" \
    "import os, socket\n" \
    "def at33(name):\n" \
    "    f = os.open(name, os.O_PATH); os.dup2(f, 33); os.close(f)\n" \
    "r, w = os.pipe()\n" \
    "if os.fork() == 0:\n" \
    "    at33('bad'); s = socket.socket(socket.AF_UNIX); s.bind('/dev/fd/33/s'); s.listen(); os.write(w, b'x')\n" \
    "    s, _ = s.accept(); s.recv(1); os._exit(0)\n" \
    "os.close(w); os.read(r, 1)\n" \
    "o = socket.socket(socket.AF_UNIX); o.bind('good/s'); at33('good')\n" \
    "c = socket.socket(socket.AF_UNIX); c.connect('bad/s')\n" \
    "try: c.send(b'x'); print('sent')\n" \
    "except OSError as e: print(e.strerror)\n" \
    "END\n" \
    "timeout 60 python3 peers.py"

static const char *may_send_to(const char *name)
{
    return text("unix (create, getattr, setattr, getopt, setopt, shutdown, bind, listen, accept, connect, receive),\n"
                "unix (send) peer=(addr=%s/%s),\n",
                scratch(), name);
}

StockTest(review5, a_peer_below_dev_fd_is_not_looked_up_here)
{
    struct run r = preloaded(may_send_to("good/s"), PEERS);
    check_out(r, "Permission denied\n");
    r = run("rm -r good bad");
    r = under(may_send_to("good/s"), PEERS);
    check_out(r, "Permission denied\n");
    r = run("rm -r good bad");
    r = under(may_send_to("bad/s"), PEERS);
    check_out(r, "sent\n");
}

/* A socket whose file has no name any more, by all the ways there are to its descriptor. */
#define UNLINKED \
    "cat >unlinked.py <<'END'\n" \
    "import os, socket\n" \
    "s = socket.socket(socket.AF_UNIX); s.bind('u'); s.listen(); f = os.open('u', os.O_PATH); os.dup2(f, 34); os.unlink('u')\n" \
    "os.symlink('/proc/self/fd/34', 'link')\n" \
    "def to(name):\n" \
    "    c = socket.socket(socket.AF_UNIX)\n" \
    "    try: c.connect(name); print('ok')\n" \
    "    except OSError as e: print(e.strerror)\n" \
    "to('/proc/self/fd/34'); to('/dev/fd/34'); to('link'); os.chdir('/proc/self/fd'); to('34')\n" \
    "END\n" \
    "python3 unlinked.py"

StockTest(review5, an_unlinked_socket_is_none_whatever_leads_to_its_descriptor)
{
    struct run r = preloaded("allow all,\ndeny unix (connect) peer=(addr=/nowhere),", UNLINKED);
    check_out(r, "ok\nok\nok\nok\n");
    r = run("rm link");
    r = preloaded("allow all,\ndeny unix (connect) peer=(addr=/**),", UNLINKED);
    check_out(r, "ok\nok\nok\nok\n");
    r = run("rm link");
    r = preloaded("allow all,\ndeny unix (connect) peer=(addr=none),\ndeny unix (connect) peer=(addr=/nowhere),", UNLINKED);
    check_out(r, "Permission denied\nPermission denied\nPermission denied\nPermission denied\n");
}

/* Where no rule asks for paths, names that look like a descriptor's are still looked up. */
StockTest(review5, none_is_noticed_by_dev_fd_too)
{
    struct run r = preloaded("allow all,\ndeny unix (connect) peer=(addr=none),", UNLINKED);
    cr_assert(strncmp(r.out, "Permission denied\nPermission denied\n", 36) == 0, "%s", run_report(&r));
}

/* In a run a bind below a descriptor goes by the directory's name, which another directory may have. */
#define UNDER_A_MOUNT \
    "mkdir here; cat >mounted.py <<'END'\n" \
    "import os, socket, subprocess\n" \
    "f = os.open('here', os.O_PATH); subprocess.check_call(['mount', '-t', 'tmpfs', 'none', 'here'])\n" \
    "s = socket.socket(socket.AF_UNIX); s.bind('/proc/self/fd/%d/s' % f)\n" \
    "print(os.listdir('/proc/self/fd/%d' % f), os.listdir('here'))\n" \
    "END\n" \
    "[ $(id -u) = 0 ] || map=-r; "

StockTest(review5, what_is_mounted_on_a_directory_is_not_the_directory)
{
    struct run r = under("allow all,\n", UNDER_A_MOUNT "unshare -m ${map-} python3 mounted.py");
    check_out(r, "['s'] []\n");
}

/* Somebody exchanges the directory for another one all the time. Some binds fail; hardly ever one
 * leaves its file in the other directory (whoever exchanges them again and again can hide it there). */
#define EXCHANGED \
    "mkdir here other; cat >exchange.py <<'END'\n" \
    "import os, socket, threading\n" \
    "f = os.open('here', os.O_PATH); mine = os.fstat(f).st_ino; good = bad = 0\n" \
    "pid = os.fork()\n" \
    "while pid == 0:\n" \
    "    try: os.rename('here', 'aside'); os.rename('other', 'here'); os.rename('aside', 'other')\n" \
    "    except OSError: os._exit(1)\n" \
    "while (good < 300 or bad < 50) and good < 30000:\n" \
    "    s = socket.socket(socket.AF_UNIX); name = '/proc/self/fd/%d/s%d' % (f, good + bad)\n" \
    "    try: s.bind(name); good += 1; os.unlink(name)\n" \
    "    except OSError as e: bad += 1; assert not os.path.exists(name), name\n" \
    "    s.close()\n" \
    "os.kill(pid, 9); os.waitpid(pid, 0)\n" \
    "left = [n for d in ('here', 'other', 'aside') if os.path.exists(d) for n in os.listdir(d)]\n" \
    "print('clean' if len(left) * 3 <= bad + 3 else (good, bad, len(left)))\n" \
    "END\n" \
    "timeout 60 python3 exchange.py"

StockTest(review5, a_file_made_in_the_wrong_directory_is_removed)
{
    struct run r = under("allow all,\n", EXCHANGED);
    check_out(r, "clean\n");
}

/* The whole name does not fit an address of the library's, and the last component none of the kernel's. */
Test(review5, a_name_that_is_bound_in_two_steps_is_judged_by_that_name)
{
    const char *deny = text("allow all,\ndeny unix (bind) addr=%s/d/**,\n", scratch());
    const char *script = "mkdir -p d; L=$(printf 'n%.0s' $(seq 200)); pad=$(printf './%.0s' $(seq 1940)); "
                         "env $PRELOAD \"$P/sunat\" bind d $pad$L || :; ls d | wc -l";
    struct run r = preloaded(deny, script);

    check_out(r, "sunat_bind: EACCES\n0\n");
    r = preloaded("allow all,\ndeny unix (bind) addr=none,\n", script);
    cr_assert(!strstr(r.out, "EACCES") && strstr(r.out, "\n1\n"), "%s", run_report(&r));
}

/* Without that a program that was linked with libsunat.so does not start. */
StockTest(review5, the_run_time_linker_is_told_of_an_installed_library)
{
    struct run r = run("go() { env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$B\" PREFIX=$T/p LDCONFIG='echo told; :' \"$@\"; }\n"
                       "go install | grep told; ls $T/p/lib/libsunat.so.0 >&2; go install DESTDIR=$T/stage | grep told || echo no\n"
                       "go uninstall | grep told; ! ls $T/p/lib/libsunat.so.0 2>/dev/null");
    check_status(r, 0);
    check_out(r, "told\nno\ntold\n");
}

/* What was made is believed when it is found to be what was made. */
Test(review5, a_private_directory_that_was_exchanged_is_not_used)
{
    struct run r = run("for what in open link $([ $(id -u) != 0 ] || echo theirs); do mkdir d; \"$N/sunat_swapped\" $what d; ls -A d; rmdir d; done");
    check_status(r, 0);
    cr_assert(lines_with(r.out, "as it should be", NULL) >= 2 && !strstr(r.out, "sunat-"), "%s", run_report(&r));
}

/* What a distribution's packages are built with. */
StockTest(review5, the_archive_can_be_made_with_link_time_optimisation)
{
    struct run r = run("case $B in *clang*) echo 9; exit;; esac\n"
                       "env -u MAKEFLAGS -u MAKELEVEL make -C \"$TOP\" -s B=$T/lto CFLAGS='-O1 -flto' $T/lto/libsunat.a >/dev/null; nm -g $T/lto/libsunat.a | grep -c ' T '");
    check_out(r, "9\n");
}

/* Where no number is free the helper gives up some of its own, but not first the one that records go to. */
Test(review5, a_record_is_written_without_a_free_descriptor)
{
    with_env("SUNSHIM_LOG=fd:1");
    struct run r = preloaded(text("allow all,\ndeny unix (connect) peer=(addr=%s/d/**),\n", scratch()),
                             "mkdir d; \"$N/sunat\" bind d s >&2; exec 5</dev/null 6</dev/null; env $PRELOAD \"$P/sunat\" full nofollow connect d s || :");
    cr_assert_eq(lines_with(r.out, "DENIED", "operation=\"connect\"", NULL), 1, "%s", run_report(&r));
}

/* ... nor the one that the path begins at. */
Test(review5, a_path_below_a_descriptor_is_found_without_a_free_one)
{
    struct run r = run("mkdir d; \"$N/sunat\" bind d s >&2; exec 3<d 4</dev/null; \"$N/sunat\" full nofollow connect - /proc/self/fd/3/s || :");
    check_has(r, out, "ECONNREFUSED");
}

/* Names below descriptors of /proc mean something to their owner alone. */
#include <string.h>

#include "tests/e2e/harness.h"

/* The server binds below its descriptor 33, which is D/bad. The client's descriptor 33 is D/good, and there is
 * a socket of the same last name. */
#define PEERS \
    "mkdir -p $T/good $T/bad\n" \
    "cat >peers.py <<'END'\n" \
    "import os, socket, sys\n" \
    "d, kind, out = sys.argv[1], getattr(socket, sys.argv[2]), sys.argv[3]\n" \
    "def at33(name):\n" \
    "    f = os.open(d + name, os.O_PATH); os.dup2(f, 33); os.close(f)\n" \
    "r, w = os.pipe()\n" \
    "if os.fork() == 0:\n" \
    "    at33('/bad')\n" \
    "    s = socket.socket(socket.AF_UNIX, kind); s.bind('/proc/thread-self/fd/33/s')\n" \
    "    if kind != socket.SOCK_DGRAM: s.listen()\n" \
    "    os.write(w, b'x'); os.close(w)\n" \
    "    if kind != socket.SOCK_DGRAM: s, _ = s.accept()\n" \
    "    s.recv(1); sys.exit()\n" \
    "os.close(w); os.read(r, 1)\n" \
    "o = socket.socket(socket.AF_UNIX, kind); o.bind(d + '/good/s')\n" \
    "at33('/good')\n" \
    "c = socket.socket(socket.AF_UNIX, kind); c.connect(d + '/bad/s')\n" \
    "try: c.send(b'x'); print('sent', c.getpeername())\n" \
    "except OSError as e: print(e.strerror)\n" \
    "END\n"

static const char *policy(const char *may)
{
    return text("unix (create, getattr, setattr, getopt, setopt, shutdown, bind, listen, accept, connect, receive),\n"
                "unix (send) peer=(addr=%s/%s),\n",
                scratch(), may);
}

static struct run peers(bool run_it, const char *may, const char *kind)
{
    const char *script = text(PEERS "timeout 60 python3 peers.py $T %s", kind);

    script = text("%s out", script);
    return run_it ? under(policy(may), script) : preloaded(policy(may), script);
}

static const char *const kinds[] = {"SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_DGRAM"};

StockTest(below, rules_do_not_look_a_peers_name_up_here)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct run r = peers(false, "good/s", kinds[i]);
        check_out(r, "Permission denied\n");
        r = run("rm -r $T/good $T/bad");
        r = peers(true, "good/s", kinds[i]);
        check_out(r, "Permission denied\n");
        r = run("rm -r $T/good $T/bad");
    }
}

StockTest(below, in_a_run_they_are_known_by_their_directory)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct run r = peers(true, "bad/s", kinds[i]);
        check_out(r, text("sent %s/bad/s\n", scratch()));
        r = run("rm -r $T/good $T/bad");
    }
}

/* Without a run nobody can tell: neither allowed by its name, nor past a rule against some name. */
StockTest(below, without_a_run_they_are_not)
{
    struct run r = peers(false, "bad/s", "SOCK_STREAM");
    check_out(r, "Permission denied\n");
    r = preloaded("allow all,\ndeny unix (send) peer=(addr=/nowhere/**),\n", "rm -r $T/good $T/bad\n" PEERS "python3 peers.py $T SOCK_STREAM out");
    check_out(r, "Permission denied\n");
}

/* The directory's name leads to another one when the call is made: the descriptor counts. */
StockTest(below, the_file_is_made_where_the_descriptor_leads)
{
    struct run r = under("allow all,\n",
                         "mkdir here; cat >bind.py <<'END'\n"
                         "import os, socket\n"
                         "f = os.open('here', os.O_PATH); os.rename('here', 'there'); os.mkdir('here')\n"
                         "s = socket.socket(socket.AF_UNIX); s.bind('/proc/self/fd/%d/s' % f)\n"
                         "print(os.listdir('here'), os.listdir('there'), s.getsockname() == os.getcwd() + '/there/s')\n"
                         "END\n"
                         "python3 bind.py");
    check_out(r, "[] ['s'] True\n");
}

/* Somebody moves the directory all the time: the socket is where it was meant to be, or the call has failed. */
StockTest(below, whoever_moves_the_directory_deceives_nobody)
{
    struct run r = under("allow all,\n",
                         "mkdir here; cat >storm.py <<'END'\n"
                         "import os, socket, threading\n"
                         "f = os.open('here', os.O_PATH); stop = False\n"
                         "def swap():\n"
                         "    while not stop:\n"
                         "        os.rename('here', 'there'); os.mkdir('here')\n"
                         "        for n in os.listdir('here'): os.unlink('here/' + n)\n"
                         "        os.rmdir('here') if not os.listdir('here') else None\n"
                         "        try: os.rename('there', 'here')\n"
                         "        except OSError: os.rename('here', 'stray%d' % len(os.listdir('.'))); os.rename('there', 'here')\n"
                         "t = threading.Thread(target=swap); t.start(); good = bad = 0\n"
                         "for i in range(3000):\n"
                         "    s = socket.socket(socket.AF_UNIX); name = '/proc/self/fd/%d/s%d' % (f, i)\n"
                         "    try:\n"
                         "        s.bind(name); good += 1\n"
                         "        assert os.path.exists(name), name\n"
                         "        os.unlink(name)\n"
                         "    except OSError as e: bad += 1\n"
                         "    s.close()\n"
                         "stop = True; t.join(); print('all' if good + bad == 3000 and good else (good, bad))\n"
                         "END\n"
                         "timeout 60 python3 storm.py");
    check_out(r, "all\n");
}

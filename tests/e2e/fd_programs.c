#include "tests/e2e/fd_programs.h"

#include <string.h>

static const char functions[] =
    "export PATH=\"$T/bin:$PATH\"\n"
    "stop() { kill $1 && wait $1 || :; }\n"
    "talk() {\n"
    "    what=$1; shift; rm -f in out; mkfifo in out; \"$@\" <in >out & exec 3>in 4<out\n"
    "    echo \"$what\" >&3; read -r answer <&4; echo \"$answer\" | tr -d '\\r'; hidden\n"
    "    exec 3>&- 4>&-; wait $!\n"
    "}\n";

/* The keeper of this run (harness.c) has all of its processes below it, however they left. */
static const char hidden[] =
    "#!/usr/bin/python3 -I\n"
    "import glob, os, re, sys\n"
    "children, keeper = {}, int(os.environ['KEEPER'])\n"
    "def quietly(function, *args):\n"
    "    try:\n"
    "        return function(*args)\n"
    "    except (FileNotFoundError, ProcessLookupError):\n"
    "        return None\n"
    "def read(path):\n"
    "    with open(path, errors='replace') as f:\n"
    "        return f.read()\n"
    "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
    "    stat = quietly(read, f'/proc/{pid}/stat')\n"
    "    if stat:\n"
    "        children.setdefault(int(stat.rpartition(')')[2].split()[1]), []).append(int(pid))\n"
    "family, inodes = [keeper], set()\n"
    "for pid in family:\n"
    "    family += children.get(pid, [])\n"
    "    for fd in quietly(os.listdir, f'/proc/{pid}/fd') or []:\n"
    "        socket = re.match(r'socket:\\[(\\d+)', quietly(os.readlink, f'/proc/{pid}/fd/{fd}') or '')\n"
    "        inodes |= {socket[1]} if socket else set()\n"
    "bad, listening, accepted = [], 0, 0\n"
    "for line in read('/proc/net/unix').splitlines()[1:]:\n"
    "    _, _, _, flags, _, state, inode, *name = line.split(None, 7)\n"
    "    if inode not in inodes or not name:\n"
    "        continue\n"
    "    anonymous = re.fullmatch(r'(/proc/thread-self/fd/\\d+/)?\\.sunat-[0-9a-f]{16}', name[0])\n"
    "    listening += flags == '00010000'\n"
    "    accepted += flags != '00010000' and state == '03'\n"
    "    if not anonymous and 'anonymous' in sys.argv or name[0][0] != '/' and not anonymous \\\n"
    "            or os.path.lexists(name[0]) or name[0].startswith(os.path.dirname(os.environ['NAME'])):\n"
    "        bad.append(name[0])\n"
    "if os.path.lexists(os.path.dirname(os.environ['NAME'])):\n"
    "    bad.append(os.environ['NAME'] + ' is there')\n"
    "print(*bad or ['hidden' if listening and accepted else f'{listening} listening, {accepted} accepted'], sep='\\n')\n";

/* With descriptor 9 of a socket that has lost its name. */
static const char unnamed[] = "#!/usr/bin/python3 -I\n"
                              "# unnamed PATH COMMAND...\n"
                              "import os, sys\n"
                              "os.dup2(os.open(sys.argv[1], os.O_PATH), 9)\n"
                              "os.unlink(sys.argv[1])\n"
                              "os.execvp(sys.argv[2], sys.argv[2:])\n";

static struct run run_with(const char *name, const char *script)
{
    put("functions", functions);
    return run(text("export KEEPER=$PPID NAME=%s; . ./functions\n%s", name ? name : "/run/nowhere/app.sock", script));
}

static void prepare(const char *setup)
{
    put("hidden", hidden), put("unnamed", unnamed);
    struct run r = run_with(NULL, text("mkdir bin; chmod +x hidden unnamed; mv hidden unnamed bin\n%s", setup ? setup : ""));
    check_status(r, 0);
}

static void check_said(struct run r, const char *says)
{
    cr_assert(strstr(r.out, says) || strstr(r.err, says), "it does not say \"%s\"\n%s", says, run_report(&r));
}

/* Nothing is recorded but `record`. */
static void check_log(const struct run *r, const char *record)
{
    const char *log = get(text("%s/log", scratch()));

    cr_assert(lines_with(log, "", NULL) == (record ? 1 : 0) && (!record || strstr(log, record)), "the log is:\n%s\n%s", log,
              run_report(r));
}

void check_fd_client(const struct fd_client *p)
{
    prepare(p->setup);
    put("client", text(". $T/functions\n%s", p->client));
    check_said(run_with(p->name, "timeout 30 sh -eu client || :"), p->says);
    struct run r = run_with(p->name, text("%s\nset +e; : >log; chmod 666 log\n"
                                          "unnamed %s timeout 30 \"$SUNSHIM\" run --pass app=9 "
                                          "--rule \"map $NAME -> fd:app\" --log $T/log -- sh -eu client\n"
                                          "status=$?; stop $server; exit $status",
                                          p->server, p->socket ? p->socket : "$T/s"));
    check_out(r, p->wants);
    check_status(r, 0);
    check_log(&r, p->record);
}

/* --- Servers -------------------------------------------------------------------------------- */

static struct run run_anonymously(const char *given, const char *policy)
{
    put("run.policy", policy);
    return run_with(NULL, text(": >log; chmod 666 log\n"
                               "timeout 30 \"$SUNSHIM\" run -p $T/run.policy %s --log $T/log -- sh -eu both",
                               given ? given : "--anon app --rule \"map $NAME -> fd:app\""));
}

/* The client's records, and not all that a server may do for itself. */
static void check_denied(const struct run *r)
{
    char *log = get(text("%s/log", scratch()));

    cr_assert(lines_with(log, "sunshim=\"DENIED\"", "operation=\"connect\"", "peer_addr=none", "rule=none", NULL) > 0,
              "no connection was denied:\n%s\n%s", log, run_report(r));
    cr_assert(!strstr(log, "nowhere"), "the mapped name is in a record:\n%s", log);
}

void check_anon_server(const struct anon_server *p)
{
    const char *calls = text("unix (create, getattr, getopt, setopt, shutdown, listen),\n%s\n", p->also ? p->also : "");

    prepare(p->setup);
    put("both", text(". $T/functions\n%s & server=$!\nset +e; (set -e\n%s)\nstatus=$?; stop $server; exit $status",
                     p->server, p->client));
    struct run r = run_anonymously(p->given, text("%sunix peer=(addr=none),\n", calls));
    check_out(r, p->wants);
    check_status(r, 0);
    check_log(&r, NULL);
    r = run_anonymously(p->given, text("%sunix peer=(addr=/run/nowhere/app.sock),\nunix (send, receive, accept),\n", calls));
    check_said(r, p->says);
    check_denied(&r);
}

/* sunshim who: whose is this socket? */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "who_find.h"

static const char usage[] =
    "Usage: sunshim who [OPTION]... [SOCKET|PID|RUN]\n"
    "Says what a socket is: its name, state and queue, who holds it, its peer, and how it\n"
    "came to be, if a run remembers. Without an argument: the runs that are going on.\n"
    "\n"
    "  socket:[N], N         the socket with inode N, as in /proc/PID/fd and ss -e; a number\n"
    "                        that no socket has is taken for a process\n"
    "  PATH                  sockets bound to a file; also through symbolic links\n"
    "  @NAME                 sockets with an abstract name; \\xHH is a byte\n"
    "  tcp:PORT, udp:PORT    sockets that use a port\n"
    "  PID/FD                a descriptor of a process; also /proc/PID/fd/FD\n"
    "  pid PID, /proc/PID    all sockets of a process\n"
    "  RUN                   a run, by its directory\n"
    "\n"
    "      --json            as JSON\n"
    "  -h, --help            this text\n"
    "\n"
    "Exit status: 0 found, 1 no such socket, process or run, 125 on errors.\n"
    "\n"
    "  sunshim who socket:[318867]\n"
    "  sunshim who /run/dbus/system_bus_socket\n";

const char *const *notes_of(const struct answer *a)
{
    static const char *notes[8];
    unsigned n = 0;

    if (a->world.unix_error)
        notes[n++] = format_new("the kernel's unix_diag is not available (%s): peers, owners and queues are not known",
                                strerror(-a->world.unix_error));
    if (a->world.inet_error)
        notes[n++] = format_new("the kernel's inet_diag is not available (%s): TCP and UDP are not described",
                                strerror(-a->world.inet_error));
    if (a->holders.no_proc)
        notes[n++] = "/proc is not mounted: holders are not known";
    else if (a->holders.hidden)
        notes[n++] = "holders of other users are not visible";
    if (a->world.hidden_spaces)
        notes[n++] = "sockets of other network namespaces are not visible";
    notes[n] = NULL;
    return notes;
}

static int ask(struct answer *a, char **operands, int count)
{
    if (!count) {
        find_runs(a);
        return 0;
    }
    if (count == 2 && !strcmp(operands[0], "pid"))
        return find_process(a, operands[1]);
    if (count > 1)
        return usage_error("who", "'%s': one socket at a time", operands[1]);
    if (!**operands)
        return usage_error("who", "an empty name is no socket's");
    return find_anything(a, *operands);
}

static int who(int argc, char **argv)
{
    static const struct option options[] = {{"json", 0, NULL, 'j'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static struct answer answer;
    bool json = false;
    int option;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (option != 'j')
            return usage_error("who", "unknown option '%s'", argv[optind - 1]);
        json = true;
    }
    int status = ask(&answer, argv + optind, argc - optind);
    if (status)
        return status;
    if (json)
        print_json(&answer);
    else
        print_text(&answer);
    return 0;
}

const struct command who_command = {"who", "say whose a socket is, and what runs are going on", usage, who};

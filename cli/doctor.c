/* sunshim doctor: why does this socket path fail, and what can be done? */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"

enum { WORKS, NEEDS_REMEDY, NO_REMEDY }; /* exit statuses */

static const char usage[] =
    "Usage: sunshim doctor [--json] [--try] PATH\n"
    "       sunshim doctor [--json] -- COMMAND [ARG]...\n"
    "Says why a unix socket's path fails here, and what to do about it; or which names in a\n"
    "command's arguments and environment will not fit into a socket address.\n"
    "\n"
    "      --try             try each remedy in the path's directory, with sockets of its own\n"
    "                        that it removes; without it nothing is written\n"
    "      --json            as JSON\n"
    "  -h, --help            this text\n"
    "\n"
    "Exit status: 0 the path works as it is (somebody answers and may be connected to, or\n"
    "nothing is there and bind would work), 1 a remedy is needed, 2 none works, 125 on\n"
    "errors.\n"
    "\n"
    "  sunshim doctor --try $PWD/build/test/run/server.sock\n"
    "  sunshim doctor -- make check\n";

void doctor_note(struct doctor *d, const char *note)
{
    if (d->note_count < sizeof d->notes / sizeof *d->notes)
        d->notes[d->note_count++] = note;
}

int doctor_status(const struct doctor *d)
{
    const struct finding *worst = findings_worst(&d->findings);

    return !worst ? WORKS : worst->severity == REMEDY ? NEEDS_REMEDY : NO_REMEDY;
}

static int examine(const char *path, bool json, bool try)
{
    static struct doctor d;

    d.path = path;
    d.len = strlen(path);
    doctor_length(&d);
    doctor_place(&d);
    doctor_socket(&d);
    doctor_cut(&d);
    if (try)
        doctor_try(&d);
    if (json)
        doctor_print_json(&d);
    else
        doctor_print(&d);
    return doctor_status(&d);
}

/* "--" says that a command follows; no option here takes a value. */
static char **command_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--"))
            return argv + i + 1;
        else if (*argv[i] != '-')
            break;
    return NULL;
}

static int choose(int argc, char **argv, char **command, bool json, bool try)
{
    if (command && try)
        return usage_error("doctor", "--try is for a path");
    if (command && !*command)
        return usage_error("doctor", "no command after '--'");
    if (command)
        return doctor_for_command(command, json);
    if (optind == argc)
        return usage_error("doctor", "no path; a command follows after '--'");
    if (argc - optind > 1)
        return usage_error("doctor", "'%s': one path at a time; a command follows after '--'",
                           argv[optind + 1]);
    if (!*argv[optind])
        return usage_error("doctor", "an empty name is no path");
    return examine(argv[optind], json, try);
}

static int doctor(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", 0, NULL, 'j'}, {"try", 0, NULL, 't'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    char **command = command_of(argc, argv);
    bool json = false, try = false;
    int option;

    if (argc == 4 && !strcmp(argv[1], "--trial"))
        return doctor_trial(argv[2], argv[3]);
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (option == '?')
            return usage_error("doctor", "unknown option '%s'", argv[optind - 1]);
        *(option == 'j' ? &json : &try) = true;
    }
    return choose(argc, argv, command, json, try);
}

const struct command doctor_command = {"doctor", "say why a socket's path fails, and what to do", usage,
                                       doctor};

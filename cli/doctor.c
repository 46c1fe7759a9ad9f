/* sunshim doctor: why does this socket path fail, and what can be done? */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"
#include "options.h"

enum { WORKS, NEEDS_REMEDY, NO_REMEDY }; /* exit statuses */

static const char usage[] =
    "Usage: sunshim doctor [--json] [--try] PATH\n"
    "       sunshim doctor [--json] -p POLICY PATH\n"
    "       sunshim doctor [--json] -- COMMAND [ARG]...\n"
    "Says why a unix socket's path fails here, and what to do about it; or which names in a\n"
    "command's arguments and environment will not fit into a socket address.\n"
    "\n"
    "      --try             try each remedy in the path's directory, with sockets of its own\n"
    "                        that it removes; without it nothing is written\n"
    "  -p, --policy POLICY   look where the map rules of the policy lead; as in sunshim run\n"
    "      --rule RULE       the same of one rule\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
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

static void look(struct doctor *d, bool try)
{
    doctor_place(d);
    doctor_socket(d);
    doctor_cut(d);
    if (try)
        doctor_try(d);
}

static int examine(const char *path, const struct options *o, bool try)
{
    static struct doctor d = {.walk = {.dir = -1, .file = -1}};

    d.path = path;
    d.len = strlen(path);
    doctor_length(&d);
    if (o->source_count && doctor_map(&d, o))
        return EXIT_SUNSHIM;
    if (d.path)
        look(&d, try);
    d.path = path;
    d.len = strlen(path);
    if (o->json)
        doctor_print_json(&d);
    else
        doctor_print(&d);
    return doctor_status(&d);
}

/* "--" says that a command follows, unless words stand before it: values of options that are for paths. */
static char **command_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--"))
            return argv + i + 1;
        else if (*argv[i] != '-')
            break;
    return NULL;
}

static int choose(int argc, char **argv, char **command, const struct options *o, bool try)
{
    if (command && (try || o->source_count))
        return usage_error("doctor", "%s for a path", try ? "--try is" : "-p and --rule are");
    if (try && o->source_count)
        return usage_error("doctor", "--try is for a path alone, without -p and --rule");
    if (command && !*command)
        return usage_error("doctor", "no command after '--'");
    if (command)
        return doctor_for_command(command, o->json);
    if (optind == argc)
        return usage_error("doctor", "no path; a command follows after '--'");
    if (argc - optind > 1)
        return usage_error("doctor", "'%s': one path at a time; a command follows after '--'",
                           argv[optind + 1]);
    if (!*argv[optind])
        return usage_error("doctor", "an empty name is no path");
    return examine(argv[optind], o, try);
}

static int apply(struct options *o, int option, bool *try)
{
    if (option == 'p' || option == 'r')
        return options_add(o, option == 'p' ? SOURCE_POLICY : SOURCE_RULE, optarg);
    if (option == 'I' && o->dir_count == DIRS_MAX)
        return fail("more than %d directories to search (-I)", DIRS_MAX);
    if (option == 'I')
        o->dirs[o->dir_count++] = optarg;
    o->json |= option == 'j';
    *try |= option == 't';
    return 0;
}

static int doctor(int argc, char **argv)
{
    static const struct option options[] = {{"json", 0, NULL, 'j'},   {"try", 0, NULL, 't'},
                                            {"policy", 1, NULL, 'p'}, {"rule", 1, NULL, 'r'},
                                            {"include", 1, NULL, 'I'}, {"help", 0, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static struct options o;
    char **command = command_of(argc, argv);
    bool try = false;
    int option;

    if (argc == 4 && !strcmp(argv[1], "--trial"))
        return doctor_trial(argv[2], argv[3]);
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":hp:I:", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (option == '?')
            return usage_error("doctor", "unknown option '%s'", argv[optind - 1]);
        if (option == ':')
            return usage_error("doctor", "option '%s' needs a value", argv[optind - 1]);
        if (apply(&o, option, &try))
            return EXIT_SUNSHIM;
    }
    return choose(argc, argv, command, &o, try);
}

const struct command doctor_command = {"doctor", "say why a socket's path fails, and what to do", usage,
                                       doctor};

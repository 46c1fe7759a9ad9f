/* sunshim help, sunshim version. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static void overview(void)
{
    puts("Usage: sunshim SUBCOMMAND [OPTION]... [ARG]...\n"
         "Runs programs with their socket calls checked against a policy, and makes socket paths\n"
         "work that are too long.\n");
    for (const struct command *const *c = commands; *c; c++)
        printf("  %-9s %s\n", (*c)->name, (*c)->summary);
    puts("\n'sunshim help SUBCOMMAND' or 'sunshim SUBCOMMAND --help' tells more; so do sunshim(1),\n"
         "sunshim-policy(5) and libsunshim(7).");
}

static int asks_for_help(int argc, char **argv)
{
    return argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
}

static int help(int argc, char **argv)
{
    const char *names[16] = {0};
    const char *near;

    if (argc < 2 || asks_for_help(argc, argv)) {
        overview();
        return 0;
    }
    const struct command *c = command_find(argv[1]);
    if (c) {
        fputs(c->usage, stdout);
        return 0;
    }
    for (unsigned i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    if ((near = suggest(argv[1], names)))
        return usage_error(NULL, "no subcommand '%s'; did you mean '%s'?", argv[1], near);
    return usage_error(NULL, "no subcommand '%s'", argv[1]);
}

static int version(int argc, char **argv)
{
    if (asks_for_help(argc, argv)) {
        fputs(version_command.usage, stdout);
        return 0;
    }
    if (argc > 1)
        return usage_error("version", "'%s': version takes no arguments", argv[1]);
    puts("sunshim " SUNSHIM_VERSION);
    return 0;
}

const struct command help_command = {"help", "explain a subcommand", "Usage: sunshim help [SUBCOMMAND]\n", help};
const struct command version_command = {"version", "print the version", "Usage: sunshim version\n", version};

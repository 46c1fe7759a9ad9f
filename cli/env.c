/* sunshim env: the same by environment variables, where no command can be put in
 * front (unit files, CTest, containers). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "environment.h"
#include "library.h"
#include "load.h"
#include "pass.h"

static const char usage[] =
    "Usage: sunshim env [OPTION]...\n"
    "Prints the environment variables that put programs under policies, one NAME=VALUE\n"
    "a line, as EnvironmentFile= and docker --env-file read them.\n"
    "\n"
    "  -p, --policy POLICY   as in sunshim run\n"
    "  -I, --include DIR     look for policies here first\n"
    "      --profile NAME    use this profile, whatever the program's path\n"
    "      --complain        deny nothing, record what would have been denied\n"
    "      --log WHERE       a file (%p is the pid), stderr, fd:N or journal\n"
    "      --json            records as JSON\n"
    "      --repair          make addresses whole that a program has cut to fit\n"
    "      --long-paths      the same; short names for long directories need sunshim run\n"
    "      --pass NAME=FD    a map rule's fd:NAME is descriptor FD, opened O_PATH on a socket's file\n"
    "      --no-follow       leave programs alone that are started with another environment\n"
    "      --shell           as 'export NAME=VALUE' for eval in a shell\n"
    "  -h, --help            this text\n"
    "\n"
    "The library then compiles the policies at each start; errors end the program with\n"
    "status 125 before main().\n"
    "\n"
    "  sunshim env -p no-network > /etc/default/app\n"
    "  eval \"$(sunshim env --shell -p ./web.policy)\"\n";

static void print_quoted(const char *value)
{
    putchar('\'');
    for (; *value; value++)
        *value == '\'' ? fputs("'\\''", stdout) : putchar(*value);
    putchar('\'');
}

static void print_variable(const struct options *o, const char *name, const char *value)
{
    printf("%s%s=", o->shell ? "export " : "", name);
    o->shell ? print_quoted(value) : (void)fputs(value, stdout);
    putchar('\n');
}

/* What LD_PRELOAD and SUNSHIM_POLICY cannot hold, and nothing else may either: a
 * line is a variable. */
static int unfit(const char *what, const char *path, const char *bad)
{
    if (!strpbrk(path, bad))
        return 0;
    return fail("%s: %s cannot be put into a variable: its path has a blank or a colon%s; install it elsewhere "
                "or make a symbolic link",
                path, what, strchr(path, '\n') ? " or a newline" : "");
}

static int add_policy(char **list, const struct options *o, const struct source *s)
{
    const char *path;
    char *real;

    if (s->kind == SOURCE_RULE)
        return fail("--rule has no file that a variable could name; write the rule into a policy, after 'allow all,'");
    if (s->kind == SOURCE_APPARMOR)
        return fail("--apparmor cannot be said in a variable; put 'abi <abi/4.0>,' at the top of the file and use -p");
    if (!(path = load_find(o, s)))
        return EXIT_SUNSHIM;
    if (!(real = realpath(path, NULL)))
        return fail("%s: cannot tell its absolute path", path);
    if (unfit("the policy", real, ":\n"))
        return EXIT_SUNSHIM;
    *list = *list ? format_new("%s:%s", *list, real) : real;
    return 0;
}

/* Compiled as the library will: it does not know of -I. */
static int check_policies(const struct options *o)
{
    static struct loaded layers[LAYERS_MAX];
    struct options plain = *o;

    for (unsigned i = 0; i < o->source_count; i++)
        if (!(plain.sources[i].arg = load_find(o, &o->sources[i])))
            return EXIT_SUNSHIM;
    plain.dir_count = 0;
    if (load_all(&plain, 0, layers))
        return EXIT_SUNSHIM;
    return o->profile ? load_select(layers, o->source_count, NULL, o->profile) : 0;
}

static int print_all(const struct options *o, const char *library, const char *policies, const char *log,
                     const char *passed)
{
    print_variable(o, "LD_PRELOAD", library);
    if (policies)
        print_variable(o, "SUNSHIM_POLICY", policies);
    if (o->complain)
        print_variable(o, "SUNSHIM_MODE", "complain");
    if (log)
        print_variable(o, "SUNSHIM_LOG", log);
    if (o->json)
        print_variable(o, "SUNSHIM_LOG_FORMAT", "json");
    if (o->trace)
        print_variable(o, "SUNSHIM_TRACE", "1");
    if (o->profile)
        print_variable(o, "SUNSHIM_PROFILE", o->profile);
    if (o->repair)
        print_variable(o, "SUNSHIM_REPAIR", "1");
    if (o->no_follow)
        print_variable(o, "SUNSHIM_FOLLOW", "0");
    if (*passed)
        print_variable(o, "SUNSHIM_FDS", passed);
    return 0;
}

/* NULL after saying what is wrong. */
static const char *passed_text(const struct options *o)
{
    static struct passed_list passed;

    return pass_read(&passed, o) ? NULL : pass_text_elsewhere(&passed);
}

static bool wants_anon(const struct options *o)
{
    for (unsigned i = 0; i < o->given_count; i++)
        if (o->given[i].anon)
            return true;
    return false;
}

static int env(int argc, char **argv)
{
    static struct options o;
    const char *library, *passed, *log = NULL;
    char *policies = NULL;
    int status = options_read(&o, USE_ENV, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    if (argv[o.rest])
        return usage_error("env", "'%s': env takes no command", argv[o.rest]);
    if (o.shorten && !o.long_paths)
        return usage_error("env", "--shorten makes names in the directory of a run: it needs sunshim run");
    if (wants_anon(&o))
        return usage_error("env", "--anon makes a socket for one command: it needs sunshim run");
    if (!(passed = passed_text(&o)))
        return EXIT_SUNSHIM;
    if (o.long_paths)
        say("note: --long-paths is --repair only: short names for long directories need sunshim run");
    for (unsigned i = 0; i < o.source_count; i++)
        if (add_policy(&policies, &o, &o.sources[i]))
            return EXIT_SUNSHIM;
    if (check_policies(&o) || !(library = library_ready()) || unfit("the library", library, " \t\n:") ||
        (o.log && !(log = environment_log_elsewhere(o.log))))
        return EXIT_SUNSHIM;
    if ((log && strchr(log, '\n')) || (o.profile && strchr(o.profile, '\n')))
        return fail("a variable cannot hold a newline");
    return print_all(&o, library, policies, log, passed);
}

const struct command env_command = {"env", "print the variables that do the same", usage, env};

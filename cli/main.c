/* sunshim: finds the subcommand and hands over. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const struct command *const commands[] = {&run_command, &trace_command, &check_command,   &explain_command, &who_command, &doctor_command,
                                          &learn_command, &report_command, &env_command, &version_command, &help_command, NULL};

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}

/* "-h" and "--version" are words of their own: the main command has no other
 * options. */
static const char *canonical(const char *word)
{
    if (!strcmp(word, "-h") || !strcmp(word, "--help"))
        return "help";
    if (!strcmp(word, "-V") || !strcmp(word, "--version"))
        return "version";
    return word;
}

static int unknown(const char *word)
{
    const char *names[16] = {0};
    const char *near;

    if (*word == '-')
        return usage_error(NULL, "unknown option '%s'; options follow the subcommand, as in 'sunshim run %s ...'",
                           word, word);
    for (unsigned i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    if ((near = suggest(word, names)))
        return usage_error(NULL, "no subcommand '%s'; did you mean '%s'?", word, near);
    return usage_error(NULL, "no subcommand '%s'; to run a program: sunshim run -p POLICY %s", word, word);
}

/* A file opened later must not become somebody's standard output. Closed again
 * by exec: the command starts with what we were given. */
static void fill_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Output that could not be written is a failure, as in coreutils. */
static int finish(int status)
{
    if ((fflush(stdout) || ferror(stdout)) && errno != EBADF)
        return fail("cannot write the output: %s", strerror(errno));
    return status;
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    if (argc < 2)
        return usage_error(NULL, "no subcommand; to run a program: sunshim run -p POLICY COMMAND");
    const struct command *c = command_find(canonical(argv[1]));
    return finish(c ? c->main(argc - 1, argv + 1) : unknown(argv[1]));
}

/* What the files of the command share: its subcommands, its exit statuses and
 * how it speaks. Private to cli/. */
#ifndef SUNSHIM_CLI_H
#define SUNSHIM_CLI_H

#include <stddef.h>

/* As env(1) and timeout(1). Every failure of sunshim itself is 125. */
enum { EXIT_SUNSHIM = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

struct command {
    const char *name, *summary;
    const char *usage; /* everything `sunshim help NAME` shows */
    int (*main)(int argc, char **argv); /* argv[0] is the subcommand; gives the exit status */
};

extern const struct command run_command, trace_command, check_command, explain_command, who_command, doctor_command, env_command,
    learn_command, report_command, help_command, version_command;

/* NULL-terminated, in the order they are shown. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* One line on stderr, "sunshim: ..." and a newline. Control bytes in what is
 * printed become '?': a file name cannot write on the terminal. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say(), and the status of sunshim's own failure to return. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* fail() for a wrong command line: names the page that would have helped. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc() family that ends the program with 125: the command is short-lived and
 * frees nothing but what it takes in loops. */
void *allocate(size_t size); /* zeroed */
/* `old` (NULL: nothing) with room for `size` bytes: its first `used` bytes, then zeros. Frees `old`. */
void *enlarged(void *old, size_t used, size_t size);
char *format_new(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The word of `words` (NULL-terminated) that `typed` was probably meant to be;
 * NULL when none is near. */
const char *suggest(const char *typed, const char *const *words);

/* For a shell: quoted where needed, on one line, printable. In doctor_words.c. */
char *shell_word(const char *text);

#endif

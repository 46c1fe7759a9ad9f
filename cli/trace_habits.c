/* What strace users type: options that change nothing, because it is always so here, and what
 * to use in place of others. Names and letters are those of strace(1). */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "trace.h"

enum { NONE = no_argument, ONE = required_argument, MAYBE = optional_argument };

static const struct own_option accepted[] = {
    {"follow-forks", 0, NONE},
    {"absolute-timestamps", 't', MAYBE}, /* a letter never has a value that may be missing */
    {"timestamps", 0, MAYBE},
    {"syscall-times", 'T', MAYBE},
    {"decode-fds", 'y', MAYBE},
    {"decode-pids", 0, ONE},
    {NULL, 'Y', NONE},
    {"quiet", 'q', MAYBE},
    {"silent", 0, MAYBE},
    {"no-abbrev", 'v', NONE},
    {"string-limit", 's', ONE},
    {"columns", 'a', ONE},
    {"strings-in-hex", 'x', MAYBE},
    {"summary-wall-clock", 'w', NONE},
    {"seccomp-bpf", 0, NONE},
    {"always-show-pid", 0, NONE},
};

void trace_habits(struct own_options *own)
{
    own->ignored = accepted;
    own->ignored_count = sizeof accepted / sizeof *accepted;
    own->instead = trace_instead;
}

#define INJECT "faults are injected by rules: --rule 'inject unix (connect) errno=ECONNREFUSED,'"
#define CALLS_ALONE "the library sees that a call is made, not where from or how; strace and gdb do"
#define CONTENTS "what is sent and received is not shown; strace shows it"

static const struct {
    char name[28], letter[2]; /* without dashes */
    const char *instead;
} answers[] = {
    {"relative-timestamps", "r", "lines have the time of day, and time= of --json is to compute with"},
    {"output-separately", "", "there is one file, and each line has its process: 'grep -w PID FILE'"},
    {"summary-sort-by", "S", "rows are sorted by time, and --json is for programs that sort"},
    {"summary-columns", "U", "columns are always the same, and --json is for programs that choose"},
    {"summary-syscall-overhead", "O", "durations are those of the call alone"},
    {"env", "E", "as in 'sunshim trace -- env NAME=VALUE COMMAND'"},
    {"user", "u", "as in 'sunshim trace -- runuser -u USER -- COMMAND'"},
    {"daemonize", "D", "as in 'sunshim trace -o FILE -- COMMAND &'"},
    {"detach-on", "b", "programs are followed through exec; -e and --path choose what is shown"},
    {"inject", "", INJECT},
    {"fault", "", INJECT},
    {"read", "", CONTENTS},
    {"write", "", CONTENTS},
    {"raw", "", CALLS_ALONE},
    {"const-print-style", "X", CALLS_ALONE},
    {"instruction-pointer", "i", CALLS_ALONE},
    {"stack-trace", "k", CALLS_ALONE},
    {"stack-traces", "", CALLS_ALONE},
    {"syscall-number", "n", CALLS_ALONE},
    {"signal", "", "signals are not shown; strace shows them"},
    {"version", "V", "as in 'sunshim --version'"},
};

const char *trace_instead(const char *word)
{
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++)
        if (!strcmp(answers[i].name, word) || (*word && !strcmp(answers[i].letter, word)))
            return answers[i].instead;
    return NULL;
}

int trace_check_output(const char *output, bool append, unsigned forks)
{
    if (!output)
        return append ? usage_error("trace", "-A adds to the file of -o, and there is none") : 0;
    if (!*output)
        return usage_error("trace", "-o: the name of the file is empty");
    if (forks > 1)
        return usage_error("trace", "-ff: %s", trace_instead("output-separately"));
    if (*output == '|' || *output == '!')
        return usage_error("trace", "-o: '%c' starts no command; -o - is standard output, and './%s' a file", *output, output);
    return 0;
}

/* --- -e NAME=VALUE ------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(*words, word))
            return true;
    return false;
}

const char *trace_qualifier(const char *name, const char *value)
{
    static const char *const without_effect[] = {"abbrev", "a", "verbose", "v", "quiet", "q", "silent", "decode-fds", NULL};
    static const char *const signals[] = {"signal", "signals", "s", NULL};
    static const char *const contents[] = {"read", "reads", "r", "write", "writes", "w", NULL};
    const char *instead;

    if (is_one_of(name, without_effect) || (is_one_of(name, signals) && !strcmp(value, "none")))
        return NULL;
    if (is_one_of(name, signals))
        return trace_instead("signal");
    if (is_one_of(name, contents))
        return CONTENTS;
    instead = trace_instead(strcmp(name, "x") ? name : "raw");
    return instead ? instead : "there are trace= and status= only";
}

/* --- -e CALL ---------------------------------------------------------------------------------- */

bool trace_is_no_socket_call(const char *word)
{
    static const char *const others[] = {
        "read",   "readv",  "write",      "writev", "close",    "open",   "openat", "dup",    "dup2",  "dup3",   "fcntl", "ioctl",
        "poll",   "ppoll",  "epoll_wait", "select", "pselect6", "pipe",   "pipe2",  "execve", "fork",  "vfork",  "clone", "exit",
        "stat",   "fstat",  "unlink",     "chmod",  "chown",    "access", "kill",   "sendfile", "splice", "file", "process", "desc",
        "signal", "ipc",    "memory",     "creds",  "pure",     "clock",  "lstat",  NULL};

    return *word == '%' || is_one_of(word, others);
}

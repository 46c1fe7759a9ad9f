/* Running a command: what `run`, `trace` and `learn` share. Private to cli/. */
#ifndef SUNSHIM_CLI_RUN_H
#define SUNSHIM_CLI_RUN_H

#include "domain.h"
#include "options.h"

struct run_end {
    int status;                  /* of the command, as waitpid(2) gives it */
    const struct domain *domain; /* its directory is still there */
    const struct loaded *layers; /* the run's own policies, options->source_count of them (load.h) */
    const char *unseen;          /* why the command's own calls were not seen, unless they need not be; NULL: they were */
    bool others;                 /* processes of the run go on */
    bool happened;               /* what --error-exitcode is about was denied, leaked, cut, not seen or not injected */
};

/* Somebody who follows a run. With one, or with options->trace, the programs are traced. */
struct run_watch {
    void *ctx;
    /* Each record, in the order in which they were written, with its newline; text, or JSON
     * with options->json. From a thread of its own, never two at once. NULL: not wanted. */
    void (*line)(void *ctx, const char *line, size_t len);
    /* After the last line and before anything is removed or said. Gives 0, or the exit status
     * instead of the command's. NULL: nothing to do. */
    int (*end)(void *ctx, const struct run_end *end);
    /* After all lines that are there for now, from the same thread: what was made of them is to
     * be seen. NULL: nothing was held back. */
    void (*pause)(void *ctx);
    /* Again and again while no line comes, from the same thread. NULL: not wanted. */
    void (*idle)(void *ctx);
};

enum { WATCHES_MAX = 8 };

struct run_plan {
    struct options *options;
    char **argv;                 /* the command; NULL-terminated */
    const char *name;            /* of the subcommand, for errors */
    const struct run_watch *watches[WATCHES_MAX]; /* NULL-terminated unless full */
    bool quiet;                  /* records are not written to the log, only given to the watches */
    bool wait;                   /* until all processes of the run have ended, as strace -f does */
};

/* Everything from loading the policies to the end. Gives the exit status, or ends by the
 * command's signal. */
int run_plan(const struct run_plan *plan);

#endif

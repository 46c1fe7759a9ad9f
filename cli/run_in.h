/* What the parts of run_plan() share. Private to cli/run*.c. */
#ifndef SUNSHIM_CLI_RUN_IN_H
#define SUNSHIM_CLI_RUN_IN_H

#include "pass.h"
#include "program.h"
#include "run.h"
#include "shorten.h"
#include "tmpdir.h"

struct drain;

struct start {
    const struct run_plan *plan;
    struct options options;
    struct drain *drain; /* NULL: nobody reads records here */
    const char *log;
    struct domain domain;
    char **argv;
    struct program program;
    const struct loaded *layers; /* our own */
    const char *outer; /* directory of the run around this one */
    struct tmpdir tmp;
    struct passed_list passed;
    struct shortened given; /* to the command; NULL: what we have */
    bool unseen;       /* the program is not, and --allow-unseen does not name it */
};

/* Says why the program cannot be executed, and gives the exit status for it. `err`: as execvp() would fail. */
int run_exec_failure(const char *name, int err);

/* Removes what was made: the command was not started. */
void run_give_up(struct start *s);

/* Becomes the command (--exec). Returns only where that fails, with the exit status. */
int run_become(struct start *s);

/* Runs the command, sums up, lets the watches tell and removes what was made. Gives the exit
 * status, or ends by the command's signal. */
int run_child(struct start *s);

#endif

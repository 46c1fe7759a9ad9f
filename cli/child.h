/* Running the command as if the launcher were not there. Private to cli/. */
#ifndef SUNSHIM_CLI_CHILD_H
#define SUNSHIM_CLI_CHILD_H

#include <stdbool.h>

struct outcome {
    int exec_error; /* errno of a failed exec; 0: it was started */
    int status;     /* as from waitpid() */
    bool others;    /* descendants of the command are still there */
};

/* Forks, calls `release` here, then `prepare` in the child, executes argv and waits. The command gets
 * the signal mask and dispositions that we were given and stays in our process
 * group. Meanwhile signals sent to us alone go on to it, and when it is stopped
 * so are we. 0, or -errno where no child could be made. */
int child_run(char **argv, void (*prepare)(void *ctx), void (*release)(void *ctx), void *ctx, struct outcome *out);

/* After child_run(): gives descendants of the command a moment to end (helpers often end just
 * after what they help). Whether some are still there. */
bool child_others_stay(void);

/* After child_run(): waits until all descendants of the command have ended, or a signal asks us to
 * end (SIGINT, SIGTERM, SIGHUP, SIGQUIT). Whether some are still there. */
bool child_wait_others(void);

/* Ends as the command did: with its status, or by the same signal. */
int child_end_as(int status);

#endif

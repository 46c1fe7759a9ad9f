/* Staying with the children: programs clean the environment they pass on, and
 * the library would be gone with it. What it was started by is kept here, and put
 * back into each environment that is handed to exec or posix_spawn without it.
 *
 * What a program set itself stays as it set it; another run's library counts as
 * ours. SUNSHIM_FOLLOW=0 turns all of it off. */
#ifndef SUNSHIM_SHIM_FOLLOW_H
#define SUNSHIM_SHIM_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "environment.h"

enum { FOLLOW_MAX = 24, FOLLOW_BYTES = 1536 };

/* Part of the state: copies, because programs overwrite the area in which their
 * environment was handed to them. */
struct follow {
    bool off;            /* SUNSHIM_FOLLOW=0 */
    const char *library; /* ours, as LD_PRELOAD names it; NULL: not known */
    unsigned count;
    struct {
        const char *text; /* NAME=VALUE */
        unsigned name;    /* bytes of NAME= */
        bool mirror;      /* SUNSHIM_NAME=VALUE: not needed where NAME=VALUE is there */
    } kept[FOLLOW_MAX];
    unsigned used;
    char bytes[FOLLOW_BYTES]; /* longer ones are mapped */
};

/* Keeps LD_PRELOAD's part that is ours and every SUNSHIM_ variable, but for
 * SUNSHIM_REPORT, which is for one process; with SUNSHIM_POLICY also what its text
 * may depend on, HOME and its like, for children that have it otherwise (as
 * SUNSHIM_HOME, environment.h). Constructor only. */
void follow_prepare(struct follow *f, char *const *envp, const struct environment *env);

/* An environment for a child. */
struct follow_plan {
    char *const *envp; /* as given; NULL is an empty one */
    size_t count;
    uint32_t missing;  /* bits: which of `kept` */
    size_t preload;    /* the entry that needs our library in front; count: none */
    size_t room;       /* bytes that follow_fill() wants, 0: envp can stay */
    const char *lost;  /* why the library or its policy will not be in the child, or NULL */
};

/* Looks at `envp`. Async-signal-safe; reads, allocates nothing. */
void follow_look(struct follow_plan *plan, char *const *envp);

/* The environment with what is missing, in `room` (plan->room bytes, aligned as a
 * pointer), which has to last until the call is made. */
char *const *follow_fill(const struct follow_plan *plan, void *room);

/* A line for sh(1) that exports what is missing, and those entries of plan->envp that are others
 * than in `was` (NULL: none is), and then is `command`. Returns the bytes it takes with its end, `line`
 * NULL or not. */
size_t follow_exports(const struct follow_plan *plan, char *const *was, const char *command, char *line);

#endif

/* What can be known of a program before it starts. Private to cli/. */
#ifndef SUNSHIM_CLI_PROGRAM_H
#define SUNSHIM_CLI_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

struct program {
    char path[PATH_MAX]; /* as execvp() finds it */
    bool preloads;       /* the dynamic linker will load what LD_PRELOAD names */
    char interpreter[256]; /* what a script names in its first line; "" for others */
    char unseen[192];    /* why calls will not be seen; "" when they will */
    char blind[PATH_MAX]; /* then: what it is that cannot be seen, this or a script's interpreter */
    const char *why;      /* and why, without its name */
};

/* Finds `name` as execvp() would and looks at it and, where it is a script, at
 * its interpreter. 0, or the errno that execvp() would fail with. */
int program_look(const char *name, struct program *out);

#endif

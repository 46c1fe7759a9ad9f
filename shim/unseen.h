/* What will not be seen: a look at a program before it is executed. Programs that
 * load no library, or make raw system calls, go on record (UNSEEN) and into the
 * run's summary. What cannot be looked at is passed over in silence. */
#ifndef SUNSHIM_SHIM_UNSEEN_H
#define SUNSHIM_SHIM_UNSEEN_H

#include <stdbool.h>

struct unseen {
    int dir;          /* `path` is relative to it, or AT_FDCWD */
    const char *path; /* NULL: `dir` itself */
    int flags;        /* AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH */
    bool search;      /* in PATH, where `path` has no slash */
    bool shell;       /* a text without #! is given to the shell */
    const char *lost; /* a reason that holds for every program, or NULL */
};

/* Async-signal-safe; leaves errno alone; needs a free descriptor for a moment. */
void unseen_look(const struct unseen *u);

#endif

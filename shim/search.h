/* Where policies come from: names, search directories, and the ones that came
 * with the library. */
#ifndef SUNSHIM_SHIM_SEARCH_H
#define SUNSHIM_SHIM_SEARCH_H

#include "environment.h"
#include "files.h"
#include "policy/text.h"

enum { PATH_BYTES = 4096, SEARCH_MAX = 6 };

/* Where names without a slash and <...> includes are looked for. */
struct search {
    const char *dirs[SEARCH_MAX + 1];
    unsigned count;
    char room[2 * PATH_BYTES];
    struct text text;
};

void search_start(struct search *s, const struct environment *env);

/* Reads a policy by path, or by name: NAME.policy in the search directories,
 * never in the working directory. `path` (PATH_BYTES) becomes what was
 * opened. Negative errno. */
int search_read(struct workspace *w, const struct search *search, const char *name, char *path,
                struct policy_file *file);

#endif

/* Removing a directory with all that is in it. Private to cli/. */
#ifndef SUNSHIM_CLI_TREE_H
#define SUNSHIM_CLI_TREE_H

#include <stdbool.h>

/* Removes directory `name` of `base`, if it is this user's, whatever is in it: odd
 * names, any depth, directories without permissions, files that come meanwhile. Follows
 * no symbolic link, and leaves other file systems alone that are mounted in it.
 * False: something is left. */
bool tree_remove(int base, const char *name);

#endif

/* Where the other parts of sunshim are: beside the command as in a build tree,
 * or where `make install` puts them, whatever the prefix. Private to cli/. */
#ifndef SUNSHIM_CLI_INSTALL_H
#define SUNSHIM_CLI_INSTALL_H

#include <stdbool.h>

/* The ready-made policies, the build tree's before the installed ones;
 * NULL-terminated, perhaps empty. */
const char *const *install_policies(void);

/* The library's canonical path; NULL when there is none, and then the places
 * looked at are in `looked` (NULL-terminated). */
const char *install_library(const char *const **looked);

#endif

/* Programs whose calls are not seen. Private to cli/. */
#ifndef SUNSHIM_CLI_UNSEEN_H
#define SUNSHIM_CLI_UNSEEN_H

#include <stdbool.h>

#include "options.h"

/* After the last slash. */
const char *base_name(const char *path);

/* Whether --allow-unseen says that the program at `path` need not be seen: a
 * pattern without a slash is about its base name, another one about all of it. */
bool unseen_allowed(const struct options *o, const char *path);

#endif

/* Reading policy text without being hurt by what stands in its place.
 * Private to cli/. */
#ifndef SUNSHIM_CLI_FILES_H
#define SUNSHIM_CLI_FILES_H

#include "policy/policy.h"

/* Memory for the policy library, from calloc(). Freed at exit. */
extern const struct arena new_arena;

/* The parser's way to files: regular ones only, never more than POLICY_TEXT_MAX
 * bytes, never waiting (a FIFO is refused). */
extern const struct policy_files policy_files;

/* Why `path` could not be read, with sizes and limits, after policy_files.read
 * gave -err. The text is good until the next call. */
const char *read_failure(const char *path, int err);

#endif

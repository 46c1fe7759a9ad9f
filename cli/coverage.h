/* Which rules a run used, from its records. Private to cli/. */
#ifndef SUNSHIM_CLI_COVERAGE_H
#define SUNSHIM_CLI_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

struct coverage;

/* Of no records yet; never NULL, never freed. */
struct coverage *coverage_new(void);
/* Adds the records of a log; "-" is standard input. 0, or 125 after saying why not. */
int coverage_read(struct coverage *c, const char *path);
/* Whether calls were traced, so that allow rules can be judged, too. */
bool coverage_traced(const struct coverage *c);
/* How many calls the rule decided that stands in `file` at `line`. The names of the file
 * need not be the same: one may end in the other. */
uint64_t coverage_of(const struct coverage *c, const char *file, unsigned line);
/* The first line of `file` that the logs name and `is_rule` does not know; 0: there is none. */
unsigned coverage_astray(const struct coverage *c, const char *file,
                         bool (*is_rule)(const void *ctx, const char *file, unsigned line), const void *ctx);

#endif

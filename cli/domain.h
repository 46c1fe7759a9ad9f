/* The directory of a run: what its processes find by path. Private to cli/. */
#ifndef SUNSHIM_CLI_DOMAIN_H
#define SUNSHIM_CLI_DOMAIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct domain {
    char path[PATH_MAX]; /* absolute, without blanks and colons */
    int fd;              /* of the directory; close-on-exec */
};

/* Makes the directory with a link to `library` (or a copy where other users could
 * not reach it) and the layers in it. 125 after saying why it cannot. */
int domain_make(struct domain *d, const char *library, const void *layers, size_t len);

/* Whether the library reported from the command. */
bool domain_reported(const struct domain *d);

void domain_remove(struct domain *d);

/* Removes the directories of earlier runs of this user of which no process is
 * left. Says nothing: whatever is in doubt stays. */
void domain_sweep(void);

#endif

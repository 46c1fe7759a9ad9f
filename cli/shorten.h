/* --shorten for the first program of a run; for those that it starts the library does it. Private
 * to cli/. */
#ifndef SUNSHIM_CLI_SHORTEN_H
#define SUNSHIM_CLI_SHORTEN_H

#include "domain.h"

/* What the program gets: aliases in the place of long directories (domain/shorten.h). */
struct shortened {
    char **argv, **environment;
};

/* The same for argv and this process's environment, whose parts it shares. 0, or 125 after
 * saying which alias could not be made. */
int shorten_program(const struct domain *d, char **argv, struct shortened *out);

#endif

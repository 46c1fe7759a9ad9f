/* libsunshim.so before it is preloaded. Private to cli/. */
#ifndef SUNSHIM_CLI_LIBRARY_H
#define SUNSHIM_CLI_LIBRARY_H

#include <stdbool.h>

/* Finds the library and loads it in a child, as the dynamic linker of the
 * program will: ld.so only warns when it cannot preload, and goes on. Its path,
 * or NULL after saying what is wrong. */
const char *library_ready(void);

/* Whether every user can reach and read it (a service may change its uid). */
bool library_public(const char *path);

#endif

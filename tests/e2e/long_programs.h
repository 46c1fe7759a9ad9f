/* Stock programs whose sockets lie in a directory with a name of 250 bytes.
 *
 * In the scripts, besides what harness.h says:
 *   $L        that directory
 *   $RUN      runs what follows under `sunshim run --long-paths`
 *   in_long NAME...   fails unless each is a socket in $L
 *   appear NAME...    waits until they are there, where `ready` cannot: they were bound by other names
 *   stop PID          ends what was started in the background, and waits for it
 *   vanishes          a file that may be made, with a path that must be gone when the run is
 * and `ready` finds sockets in $L, whatever the kernel calls them. `. ./functions` gives the
 * same to a script of its own. */
#ifndef TESTS_E2E_LONG_PROGRAMS_H
#define TESTS_E2E_LONG_PROGRAMS_H

#include "tests/e2e/harness.h"

struct long_program {
    const char *setup;    /* once, without sunshim; or NULL */
    const char *natively; /* this fails, */
    const char *says;     /* and says this */
    const char *map;      /* a rule for what configuration files say, or NULL */
    const char *script;
    const char *wants; /* all that it prints */
    bool daemons;      /* some of it ends later than the run, whose directory is then the next run's to remove */
};

void check_long_program(const struct long_program *p);

#define LONG_PROGRAM(suite, name, ...) \
    StockTest(suite, name) \
    { \
        static const struct long_program program = {__VA_ARGS__}; \
        check_long_program(&program); \
    }

#endif

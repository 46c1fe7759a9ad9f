/* A program that checks libsunat (tests/progs/sunat_*), in all the ways that it can be run. */
#ifndef TESTS_E2E_SUNAT_WAYS_H
#define TESTS_E2E_SUNAT_WAYS_H

#include "tests/e2e/harness.h"

/* Runs "PROGRAM WORDS d", where d is a new directory each time: alone, with the library, in runs; without a policy,
 * with one that allows all, with one whose rules need the names. `before` stands in front (setpriv ..., or ""). Each has
 * to print `want` and a newline, and to leave d empty. */
void sunat_every_way(const char *before, const char *program, const char *words, const char *want);

#endif

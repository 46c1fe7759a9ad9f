/* Last words: messages of the constructor, before main() and to stderr alone. */
#ifndef SUNSHIM_SHIM_SAY_H
#define SUNSHIM_SHIM_SAY_H

#include "policy/policy.h"

/* "sunshim: SUBJECT: WHY" (WHY a negative errno by name, or `why`), then exit
 * status 125: a program whose policy cannot be had does not start. */
_Noreturn void say_fatal(const char *subject, const char *why);
_Noreturn void say_fatal_errno(const char *subject, int err);

/* "sunshim: SUBJECT: ERRNO: WHAT THAT MEANS"; the program goes on. */
void say_once(const char *subject, int err, const char *consequence);

/* A diagnostic as compilers print them; for policy_input.report. */
void say_diag(void *ctx, const struct policy_diag *d);

#endif

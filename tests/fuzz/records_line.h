/* A record as the library writes it. In a file of its own: what a record is, is another thing on
 * the reading side. */
#ifndef SUNSHIM_TESTS_FUZZ_RECORDS_LINE_H
#define SUNSHIM_TESTS_FUZZ_RECORDS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

enum { RECORDS_LINE_KEYS = 20 };

/* A TRACE record of RECORDS_LINE_KEYS keys: pid=4711, result=17, size=3. Its length, newline
 * included; 0: it does not fit. */
size_t records_line(bool json, const struct policy_query *q, const struct policy_addr *given, char *line, size_t room);

#endif

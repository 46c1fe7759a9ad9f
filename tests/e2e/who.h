/* Scripts about sunshim who, and what it says. */
#ifndef TESTS_E2E_WHO_H
#define TESTS_E2E_WHO_H

#include <string.h>

#include "tests/e2e/harness.h"

/* For every script. `sk` is what the sockets of most tests belong to:
 *   hold NAME STEP...    starts it, waits until it has done all steps, $hold is its pid
 *   listener PATH        the same, for a listener
 *   inode PATH           of a listener, as ss(8) says it */
#define WHO \
    "who() { $SUNSHIM who \"$@\"; }\n" \
    "hold() { name=$1; rm -f $T/$name.out; shift; $N/sk \"$@\" \"write .\" 'sleep 100000' >$T/$name.out 2>&1 & hold=$!\n" \
    "  until grep -q '^write' $T/$name.out 2>/dev/null; do sleep 0.02; done; }\n" \
    "listener() { hold listener 'socket unix stream' \"bind $1\" listen; }\n" \
    "inode() { ss -xlH | awk -v name=\"$1\" '$5 == name {print $6}'; }\n"

/* The rest of the line that begins with `word`, of the first such line. */
char *said(const struct run *r, const char *word);

#define check_said(r, word, what) \
    cr_assert(strstr(said(&(r), (word)), (what)), "of '%s' is said '%s', not '%s'\n%s", (word), said(&(r), (word)), \
              (what), run_report(&(r)))

/* That the output is one JSON document, and nothing else. */
void check_json(const struct run *r);

#endif

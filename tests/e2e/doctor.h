/* Scripts about sunshim doctor. */
#ifndef TESTS_E2E_DOCTOR_H
#define TESTS_E2E_DOCTOR_H

#include <string.h>

#include "tests/e2e/harness.h"

/*   name N            N letters
 *   deep DIR N        makes directories below DIR until the path has N bytes: $deep */
#define DOCTOR_NAMES \
    "name() { printf '%0*d' $1 0 | tr 0 n; }\n" \
    "deep() { deep=$1; while [ ${#deep} -lt $2 ]; do left=$(($2 - ${#deep} - 1)); [ $left -le 51 ] || left=50\n" \
    "  deep=$deep/$(name $left); done; mkdir -p $deep; }\n"

/* And:
 *   doctor ARG...     what it says, then "status N"
 *   hold NAME STEP... `sk` does these steps and goes on having its sockets
 *   nobody ARG...     doctor as another user */
#define DOCTOR \
    "said() { \"$@\" && echo 'status 0' || echo \"status $?\"; }\n" \
    "doctor() { said $SUNSHIM doctor \"$@\"; }\n" \
    "nobody() { said setpriv --reuid 65534 --clear-groups $SUNSHIM doctor \"$@\"; }\n" \
    "hold() { h=$1; shift; $N/sk \"$@\" 'write .' 'sleep 100000' >$T/$h.out 2>&1 &\n" \
    "  until grep -q '^write' $T/$h.out 2>/dev/null; do sleep 0.02; done; }\n" \
    DOCTOR_NAMES

#define check_verdict(r, start) \
    cr_assert(!strncmp((r).out, (start), strlen(start)), "the first line is no \"%s\"\n%s", (start), run_report(&(r)))
#define check_exit(r, n) check_has((r), out, "\nstatus " #n "\n")

#endif

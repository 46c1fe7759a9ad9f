/* Scripts about what `sunshim run` makes for long paths and removes again. */
#ifndef TESTS_E2E_CLI_LONG_H
#define TESTS_E2E_CLI_LONG_H

#include "tests/e2e/harness.h"

/* For every script: an ordinary user, of whom no other test has files; where its runs are;
 * what they have left; and a long directory. */
#define USER \
    "uid=$((60000 + $$ % 5000)); [ $(id -u) = 0 ] || uid=$(id -u)\n" \
    "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=$uid --regid=$uid --clear-groups \"$@\"; else \"$@\"; fi; }\n" \
    "export XDG_RUNTIME_DIR=$T/x; mkdir -m 700 $T/x; [ $(id -u) != 0 ] || chown $uid:$uid $T/x\n" \
    "left() { { find $T/x/sunshim -mindepth 1 -maxdepth 1; find /tmp -maxdepth 1 -name 'sun*' -user $uid; } 2>/dev/null | wc -l; }\n" \
    "swept() { for i in $(seq 100); do as $SUNSHIM run -- true; [ $(left) != 0 ] || break; sleep 0.1; done; left; }\n" \
    "L=$T/$(printf %0120d 0)/$(printf %0120d 1); mkdir -p $L; chmod 1777 $L; export L\n"

#endif

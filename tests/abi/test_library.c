/* The library as a file: what it exports, what it needs, how it is linked. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

StockTest(library, exports_the_interposed_calls_and_nothing_else)
{
    struct run r = run("nm -D --defined-only \"$LIB\" | awk '{print $3}' | sed 's/@.*//' | sort >have; "
                       "sort \"$TOP/tests/abi/exported\" | diff - have");
    check_status(r, 0);
}

StockTest(library, needs_no_allocator_stdio_or_lock)
{
    struct run r = run("grep -v '^#' \"$TOP/tests/abi/imported\" >may; "
                       "nm -D --undefined-only \"$LIB\" | awk '{print $NF}' | sed 's/@.*//' | sort -u >has; [ -s has ]; "
                       "! grep -vxEf may has");
    check_status(r, 0);
}

StockTest(library, needs_the_c_library_only)
{
    struct run r = run("readelf -d \"$LIB\" | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p' | grep -vE '^lib(c|dl)\\.so' || echo none");
    check_out(r, "none\n");
}

StockTest(library, is_hardened_and_starts_first)
{
    struct run r = run("readelf -Wdl \"$LIB\"");
    check_has(r, out, "GNU_RELRO");
    check_has(r, out, "INITFIRST");
    check_has(r, out, "NOW");
    check_lacks(r, out, "TEXTREL");
    check_lacks(r, out, " RWE ");
}

StockTest(library, has_no_thread_local_storage)
{
    struct run r = run("readelf -Wl \"$LIB\"");
    check_lacks(r, out, " TLS ");
}

StockTest(library, is_small)
{
    struct run r = run("strip -o small \"$LIB\"; stat -c %s small");
    cr_assert(atoi(r.out) > 0 && atoi(r.out) <= 250 * 1024, "%s bytes without symbols", r.out);
}

/* Programs are told to stay below it; see test_stack.c for what is used. */
/* The others are the constructor's, and exec.c: what execl() was given, and a
 * child's environment, stand on the stack as they do in the C library. */
StockTest(library, no_function_on_a_calls_way_has_a_large_or_variable_frame)
{
    struct run r = run("cd \"$B\"; ls shim/mediate.su shim/calls/connect.su >/dev/null; "
                       "find shim -name '*.su' ! -name 'start.su' ! -name 'load.su' ! -name 'say.su' ! -name 'search.su' ! -name 'exec.su' | xargs awk -F'\\t' "
                       "'$2 > 2048 || ($3 ~ /dynamic/ && $3 !~ /bounded/) { print $1, $2, $3 }'");
    check_status(r, 0);
    check_out(r, "");
}

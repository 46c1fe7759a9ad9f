/* What libsunat builds on: socket files that are reached by descriptors, and what the running kernel makes of them.
 * tests/progs/pins.c holds the table. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* The table as it was found, and in words where this kernel does otherwise. */
static void check_table(const char *as)
{
    struct run r = run(text("mkdir d; chmod 777 d; cp -L \"$N/pins\" pins; %s ./pins d; ls -A d", as));
    const char *kernel = run("uname -r").out;

    for (const char *line = strtok(text("%s", r.out), "\n"); line; line = strtok(NULL, "\n"))
        cr_expect(!strstr(line, "<- otherwise"), "this kernel (%.*s) does not do what libsunat builds on: %s",
                  (int)strcspn(kernel, "\n"), kernel, line);
    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "uid", text("Linux %.*s,", (int)strcspn(kernel, "\n"), kernel), NULL), 1, "%s", run_report(&r));
    cr_assert_str_eq(strstr(r.out, "all"), "all 17 as documented\n", "%s", run_report(&r));
}

Test(r5_kernel, as_who_runs_the_tests)
{
    check_table("");
}

Test(r5_kernel, without_privileges)
{
    check_table("setpriv --no-new-privs $([ $(id -u) != 0 ] || echo --reuid=65534 --regid=65534 --clear-groups)");
}

/* All privileges, but over name spaces of its own. */
Test(r5_kernel, with_privileges_in_a_container)
{
    check_table("unshare -Urn");
}

/* A kernel that refuses connecting by /proc, which a policy stands for here. */
StockTest(r5_kernel, a_kernel_that_does_otherwise_is_told_of)
{
    struct run r = run("mkdir d; $SUNSHIM run --rule 'quiet deny unix (connect) errno=ENOSYS,' -- $N/pins d");

    check_status(r, 1);
    check_has(r, out, "connect through an O_PATH descriptor of the file     works          ENOSYS  <- otherwise\n");
    check_has(r, out, "does otherwise in ");
    check_has(r, out, "linkat(fd, AT_EMPTY_PATH) after the last unlink      ENOENT         ENOENT\n");
}

/* The helper thread (shim/helper.h) by itself, in a program that has it linked in:
 * tests/progs/helper.c says what is looked at. */
#include <string.h>

#include "tests/e2e/harness.h"

static void check(const char *what)
{
    struct run r = run(text("exec \"$P/helper\" %s", what));
    check_status(r, 0);
    check_lacks(r, err, "not so");
}

Test(helper, gives_back_what_the_job_returned_and_leaves_errno_alone)
{
    check("results");
}

Test(helper, has_a_directory_and_a_umask_of_its_own)
{
    check("directory");
}

Test(helper, has_a_descriptor_table_of_its_own_where_all_numbers_are_taken)
{
    check("table");
}

Test(helper, binds_and_connects_as_this_process)
{
    check("peer");
}

Test(helper, in_a_hundred_threads_at_once)
{
    check("threads");
}

Test(helper, after_the_main_thread_has_ended)
{
    check("main-gone");
}

Test(helper, in_a_child_made_by_vfork)
{
    check("vfork");
}

Test(helper, in_a_signal_handler)
{
    check("handler");
}

Test(helper, holds_signals_back_meanwhile)
{
    check("signals");
}

Test(helper, says_so_when_no_process_more_is_allowed)
{
    check("limit");
}

Test(helper, says_so_when_there_is_no_memory)
{
    check("memory");
}

Test(helper, says_so_when_a_filter_refuses_it)
{
    check("filter");
}

Test(helper, survives_a_filter_that_traps_what_the_job_calls)
{
    check("trap");
}

Test(helper, has_a_stack_that_ends_at_a_guard)
{
    check("stack");
}

Test(helper, leaves_nothing_behind)
{
    check("often");
}

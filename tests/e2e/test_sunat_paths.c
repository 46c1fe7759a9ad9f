/* libsunat: what paths, descriptors and arguments its calls take, and what they say of others. The programs compare
 * and complain (tests/progs/sunat_*.c). */
#include "tests/e2e/sunat_ways.h"

#define NOBODY "$([ $(id -u) != 0 ] || echo setpriv --reuid=65534 --regid=65534 --clear-groups)"

Test(sunat_paths, of_every_length)
{
    sunat_every_way("", "sunat_paths", "lengths", "as it should be");
}

Test(sunat_paths, just_below_path_max)
{
    struct run r = run("mkdir d; $N/sunat_paths longest d; ls -A d\n"
                       "env $PRELOAD $P/sunat_paths longest d; ls -A d; echo 'allow all,' >all\n"
                       "env SUNSHIM_POLICY=$T/all $PRELOAD $P/sunat_paths longest d; ls -A d");
    check_status(r, 0);
    check_out(r, "as it should be\nas it should be\nas it should be\n");
}

Test(sunat_paths, last_components_of_every_length)
{
    sunat_every_way("", "sunat_paths", "last", "as it should be");
}

Test(sunat_paths, descriptors_of_all_kinds)
{
    sunat_every_way("", "sunat_paths", "dirfds", "as it should be");
}

Test(sunat_paths, symbolic_links)
{
    sunat_every_way("", "sunat_paths", "symlinks", "as it should be");
}

Test(sunat_paths, flags_and_null_pointers)
{
    sunat_every_way("", "sunat_args", "arguments", "as it should be");
}

Test(sunat_paths, sockets_that_are_no_use_leave_nothing_behind)
{
    sunat_every_way("", "sunat_args", "sockets", "as it should be");
}

Test(sunat_paths, permissions_are_those_of_bind)
{
    sunat_every_way("", "sunat_args", "modes", "as it should be");
    sunat_every_way(NOBODY, "sunat_args", "modes", "as it should be");
}

Test(sunat_paths, sendmsg)
{
    sunat_every_way("", "sunat_args", "sendmsg", "as it should be");
}

Test(sunat_paths, descriptors_instead_of_paths)
{
    sunat_every_way("", "sunat_args", "pins", "as it should be");
    sunat_every_way(NOBODY, "sunat_args", "pins", "as it should be");
}

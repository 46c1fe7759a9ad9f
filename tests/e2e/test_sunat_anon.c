/* libsunat: sockets without a name, and names given later (tests/progs/sunat_anon.c, sunat_strangers.c). */

#include "tests/e2e/sunat_ways.h"

#define NOBODY "$([ $(id -u) != 0 ] || echo setpriv --reuid=65534 --regid=65534 --clear-groups)"

Test(sunat_anon, are_reached_by_their_descriptor_only)
{
    sunat_every_way("", "sunat_anon", "anon", "as it should be");
    sunat_every_way(NOBODY, "sunat_anon", "anon", "as it should be");
}

Test(sunat_anon, get_a_name_later)
{
    sunat_every_way("", "sunat_anon", "link", "as it should be");
    sunat_every_way(NOBODY, "sunat_anon", "link", "as it should be");
}

Test(sunat_anon, names_that_cannot_be_given)
{
    sunat_every_way("", "sunat_anon", "no-link", "as it should be");
    sunat_every_way(NOBODY, "sunat_anon", "no-link", "as it should be");
}

Test(sunat_anon, other_users_need_the_descriptor)
{
    need_root();
    sunat_every_way("", "sunat_strangers", "", "as it should be");
}

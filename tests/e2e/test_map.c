/* `map` rules in socket calls, from the outside: which rules of which layer, and what is judged.
 * The file calls are in test_files.c, the language in tests/unit/test_map.c. */
#include <string.h>

#include "tests/e2e/harness.h"

#define LONG "a-directory-whose-name-is-long/another-directory-whose-name-is-long/and-one-more-whose-name-is-long"

static const char *far(void)
{
    static const char *path;

    if (!path)
        path = text("%s/" LONG, scratch());
    run(text("mkdir -p %s", path));
    return path;
}

static const char server_and_client[] =
    "\"$P/sk\" 'socket unix stream' 'bind /s/x.sock' listen getsockname 'socket unix stream' 'connect /s/x.sock' getpeername";

static void check_found(struct run r, const char *place)
{
    check_status(r, 0);
    check_has(r, out, "getsockname /s/x.sock -> 0");
    check_has(r, out, "getpeername /s/x.sock -> 0");
    r = run(text("test -S %s/x.sock", place));
    check_status(r, 0);
}

StockTest(map_calls, a_short_name_reaches_a_long_one_and_is_read_back)
{
    check_found(under(text("allow all,\nmap /s/ -> %s/,\n", far()), server_and_client), far());
}

StockTest(map_calls, a_rule_on_the_command_line_is_enough)
{
    const char *place = far();

    check_found(run(text("\"$SUNSHIM\" run --rule 'map /s/ -> %s/' -- %s", place, server_and_client)), place);
}

/* Inner layers are asked first, and what comes out of them goes on. */
StockTest(map_calls, layers_follow_each_other_from_the_innermost)
{
    const char *place = far();

    check_found(run(text("\"$SUNSHIM\" run --rule 'map /mid/ -> %s/' --rule 'map /s/ -> /mid/' -- %s", place,
                         server_and_client)),
                place);
    struct run r = run(text("\"$SUNSHIM\" run --rule 'map /s/ -> /mid/' --rule 'map /mid/ -> %s/' -- %s", place,
                            server_and_client));
    cr_assert_neq(r.status, 0, "the outer layer's result went through the inner one: %s", run_report(&r));
}

StockTest(map_calls, nested_runs_follow_each_other)
{
    const char *place = far();

    check_found(run(text("\"$SUNSHIM\" run --rule 'map /mid/ -> %s/' -- \"$SUNSHIM\" run --rule 'map /s/ -> /mid/' -- %s",
                         place, server_and_client)),
                place);
}

Test(map_calls, the_name_it_leads_to_is_judged)
{
    struct run r = preloaded(text("allow all,\nmap /s/ -> %s/,\ndeny unix (connect) peer=(addr=%s/no.sock) errno=EPERM,\n"
                                  "deny unix (bind) addr=/s/**,\n",
                                  far(), far()),
                             "\"$P/sk\" 'socket unix stream' 'bind /s/no.sock' listen 'socket unix stream' 'connect /s/no.sock'");

    check_status(r, 1);
    check_has(r, out, "bind /s/no.sock -> 0");
    check_has(r, out, "connect /s/no.sock -> -1 EPERM");
    check_has(r, err, text("peer_addr=\"%s/no.sock\"", far()));
}

StockTest(map_calls, only_in_the_profile_that_has_it)
{
    const char *policy = text("allow all,\nprofile one { map /s/ -> %s/, }\nprofile two { }\n", far());

    put("two.policy", policy);
    struct run r = run(text("\"$SUNSHIM\" run -p $T/two.policy --profile two -- %s", server_and_client));
    cr_assert_neq(r.status, 0, "%s", run_report(&r));
    check_found(run(text("\"$SUNSHIM\" run -p $T/two.policy --profile one -- %s", server_and_client)), far());
}

StockTest(map_calls, an_example_gives_this_directory_a_short_name)
{
    static const char odd[] = LONG "/a b[c]*{d,e} \\f@{g}";

    struct run r = run(text("mkdir -p '%s'; cd '%s'; \"$TOP/examples/here\" \"$P/sk\" 'socket unix stream' 'bind /here/x.sock' "
                            "listen 'socket unix stream' 'connect /here/x.sock' getpeername; test -S x.sock", odd, odd));
    check_status(r, 0);
    check_has(r, out, "getpeername /here/x.sock -> 0");
    r = run("\"$TOP/examples/here\" sh -c 'exit 7'");
    check_status(r, 7);
}

Test(map_calls, datagrams_know_their_sender_by_its_name)
{
    struct run r = preloaded(text("allow all,\nmap /s/ -> %s/,\n", far()),
                             "\"$P/sk\" 'socket unix dgram' 'bind /s/a' 'socket unix dgram' 'bind /s/b' 'sendto /s/a hello' "
                             "'use 3' recvfrom");

    check_status(r, 0);
    check_has(r, out, "/s/b");
    check_lacks(r, out, LONG);
}

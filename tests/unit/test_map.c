/* Rules `map FROM -> TO,`: what they lead to. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/map_support.h"

/* --- Where names lead ---------------------------------------------------------- */

static const char several[] = "allow all,\n"
                              "map /s/ -> /very/long/directory/,\n"
                              "map /s/in/ner/ -> /elsewhere/,\n"
                              "map /s/x -> /other/x,\n"
                              "map /run/a.sock -> /var/lib/a.sock,\n"
                              "map /top/ -> /,\n"
                              "map \"/b c\" -> /d\\x20e\\*,\n";

Test(map, leads_names_to_others)
{
    static const struct pair pairs[] = {
        {"/s/a", "/very/long/directory/a"},
        {"/s/a/b/c", "/very/long/directory/a/b/c"},
        {"/s/", "/very/long/directory/"},
        {"/s", "/very/long/directory"}, /* as a symbolic link would */
        {"/s/x", "/other/x"},
        {"/s/x/", "/very/long/directory/x/"},
        {"/s/xx", "/very/long/directory/xx"},
        {"/s/x/y", "/very/long/directory/x/y"},
        {"/s/in", "/very/long/directory/in"},
        {"/s/in/ner", "/elsewhere"},
        {"/s/in/ner/y", "/elsewhere/y"},
        {"/s/in/nerd", "/very/long/directory/in/nerd"},
        {"/s-", NULL},
        {"/s-/a", NULL},
        {"/sa", NULL},
        {"/t/s/a", NULL},
        {"/", NULL},
        {"", NULL},
        {"s/a", NULL},
        {"./s/a", NULL},
        {"/run/a.sock", "/var/lib/a.sock"},
        {"/run/a.sock2", NULL},
        {"/run/a.soc", NULL},
        {"/run/a.sock/", NULL},
        {"/top/x", "/x"},
        {"/top", "/"},
        {"/top/", "/"},
        {"/b c", "/d e*"},
        {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map, does_not_mind_slashes_and_dots_that_mean_nothing)
{
    static const struct pair pairs[] = {
        {"/s//a", "/very/long/directory/a"},
        {"//s/a", "/very/long/directory/a"},
        {"///s////x", "/other/x"},
        {"/./s/./x", "/other/x"},
        {"/s/.//./x", "/other/x"},
        {"/s/.x/a.", "/very/long/directory/.x/a."},
        {"/s/.", "/very/long/directory/."},
        {"/s/../x", "/very/long/directory/../x"}, /* behind a link, too, it leads there */
        {"//t//a", NULL},
        {"//", NULL},
        {"/.", NULL},
        {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map, leads_back_to_what_was_asked_for)
{
    static const struct pair pairs[] = {
        {"/very/long/directory/a", "/s/a"},
        {"/very/long/directory", "/s"},
        {"/very/long/directory/", "/s/"},
        {"/elsewhere/y", "/s/in/ner/y"},
        {"/other/x", "/s/x"},
        {"/other/x/", "/top/other/x/"},
        {"/d e*", "/b c"},
        {"/other", "/top/other"},
        {"/", "/top/"},
        {"relative", NULL},
        {NULL, NULL},
    };

    check_pairs(several, policy_unmap, pairs);
}

Test(map, several_ways_back_end_at_the_longest_to_and_the_first_rule)
{
    static const char text[] = "map /z/ -> /long/,\nmap /a/ -> /long/,\nmap /b/ -> /long/er/,\nmap /c -> /long/er/x,\n"
                               "map /d -> /long/er/x,\nmap /e/ -> /long/er/,\nallow all,\n";
    static const struct pair pairs[] = {
        {"/long/q", "/z/q"}, {"/long/er/q", "/b/q"}, {"/long/er/x", "/c"}, {"/long/er/x/y", "/b/x/y"},
        {"/long/er", "/b"},  {"/long/e", "/z/e"},    {"/lon", NULL},       {NULL, NULL},
    };

    check_pairs(text, policy_unmap, pairs);
}

Test(map, an_exact_name_and_what_is_below_it_are_two_things)
{
    static const char text[] = "allow all,\nmap /a -> /exact,\nmap /a/ -> /below/,\n";
    static const struct pair pairs[] = {{"/a", "/exact"}, {"/a/", "/below/"}, {"/a/x", "/below/x"}, {NULL, NULL}};

    check_pairs(text, policy_map, pairs);
}

Test(map, room_is_never_exceeded)
{
    static const char wanted[] = "/very/long/directory/a";
    struct compiled *c = compile(several);
    char to[64];

    for (size_t room = 0; room < sizeof to; room++) {
        memset(to, '#', sizeof to);
        long len = policy_map(&c->policy, "/s/a", 4, to, room);
        cr_expect_eq(len, room > sizeof wanted - 1 ? (long)sizeof wanted - 1 : -ENAMETOOLONG, "room %zu: %ld", room, len);
        for (size_t i = room; i < sizeof to; i++)
            cr_assert_eq(to[i], '#', "room %zu: byte %zu", room, i);
        memset(to, '#', sizeof to);
        policy_map(&c->policy, "//s//.//a", 9, to, room);
        policy_map(&c->policy, "/top", 4, to, room);
        for (size_t i = room; i < sizeof to; i++)
            cr_assert_eq(to[i], '#', "room %zu: byte %zu", room, i);
    }
    release(c);
}

Test(map, a_short_name_for_a_long_one_needs_little_room)
{
    struct compiled *c = compile(several);
    char to[8];

    cr_expect_eq(policy_unmap(&c->policy, "/very/long/directory/a", 22, to, sizeof to), 4);
    cr_expect_str_eq(to, "/s/a");
    release(c);
}

Test(map, the_rule_can_be_asked_for)
{
    struct compiled *c = compile(several);
    struct policy_rule_info info;
    char to[PATH_MAX];

    cr_expect(policy_rule(&c->policy, policy_map_rule(&c->policy, "/s/x", 4, to, sizeof to), &info));
    cr_expect_eq(info.line, 4);
    cr_expect_eq(policy_map_rule(&c->policy, "/q", 2, to, sizeof to), POLICY_RULE_NONE);
    cr_expect_not(policy_rule_active(&c->policy, 1), "it decides nothing");
    release(c);
}

static unsigned targets(const struct policy *p, const char *one)
{
    unsigned n = 0, seen = 0;

    for (const char *to; (to = policy_map_target(p, n)) != NULL; n++)
        seen += strcmp(to, one) == 0;
    cr_expect_eq(seen, one ? 1 : 0, "%s", one);
    return n;
}

Test(map, every_target_is_listed)
{
    struct compiled *c = compile(several);

    cr_expect_eq(targets(&c->policy, "/very/long/directory/"), 6);
    cr_expect_eq(targets(&c->policy, "/d e*"), 6);
    cr_expect_eq(policy_uses(&c->policy), POLICY_USES_MAP);
    release(c);
    c = compile("allow all,\n");
    cr_expect_null(policy_map_target(&c->policy, 0));
    cr_expect_eq(policy_uses(&c->policy), 0);
    expect(c, policy_map, "/s/a", NULL);
    expect(c, policy_unmap, "/s/a", NULL);
    release(c);
}

/* --- Variables and profiles ----------------------------------------------------- */

Test(map, each_value_of_a_variable_is_a_from)
{
    static const char text[] = "@{run} = /run /var/run\n@{d} = x* \"y z\"\n@{d2} = a b\nallow all,\n"
                               "map @{run}/@{d2}.sock -> /long/s,\nmap @{HOME}/short/ -> @{HOME}/long/name/,\n";
    static const struct pair pairs[] = {
        {"/run/a.sock", "/long/s"},     {"/run/b.sock", "/long/s"}, {"/var/run/a.sock", "/long/s"},
        {"/var/run/b.sock", "/long/s"}, {"/run/c.sock", NULL},      {"/home/u/short/x", "/home/u/long/name/x"},
        {NULL, NULL},
    };
    static const struct pair back[] = {{"/long/s", "/run/a.sock"}, {NULL, NULL}};

    check_pairs(text, policy_map, pairs);
    check_pairs(text, policy_unmap, back);
}

Test(map, bare_ones_hold_in_every_profile_and_others_in_theirs)
{
    struct compiled *c = compile("map /all/ -> /bare/,\nallow all,\n"
                                 "profile a { map /own/ -> /a/, profile child { map /c -> /d, } }\n"
                                 "profile b { map /own/ -> /b/, map /all/in -> /deep, }\nprofile none { }\n");

    in_profile(c, NULL, "/own/x", NULL);
    in_profile(c, NULL, "/all/x", "/bare/x");
    in_profile(c, "a", "/own/x", "/a/x");
    in_profile(c, "a", "/all/in", "/bare/in");
    in_profile(c, "a", "/c", NULL);
    in_profile(c, "a//child", "/c", "/d");
    in_profile(c, "a//child", "/own/x", NULL);
    in_profile(c, "a//child", "/all/x", "/bare/x");
    in_profile(c, "b", "/own/x", "/b/x");
    in_profile(c, "b", "/all/in", "/deep");
    in_profile(c, "none", "/all/x", "/bare/x");
    cr_expect_not_null(policy_map_target(&c->policy, 0));
    in_profile(c, "none", "/own/x", NULL);
    release(c);
}

Test(map, profiles_have_versions_of_their_own_of_what_names_them)
{
    struct compiled *c = compile("map /s/@{profile_name}/ -> /long/@{profile_name}/,\nmap /b -> /c,\nallow all,\n"
                                 "profile web { }\nprofile db { map /o -> /p, }\n");

    in_profile(c, "web", "/s/web/x", "/long/web/x");
    in_profile(c, "web", "/s/db/x", NULL);
    in_profile(c, "web", "/b", "/c");
    in_profile(c, "db", "/s/db/x", "/long/db/x");
    in_profile(c, "db", "/o", "/p");
    in_profile(c, "db", "/s/-/x", NULL);
    release(c);
}

Test(map, shared_ones_are_stored_once)
{
    static char text[400 * 40 + 200 * 40];
    size_t n = 0;
    struct compiled *c;

    for (int i = 0; i < 400; i++)
        n += (size_t)sprintf(text + n, "map /s/%d -> /long/%d,\n", i, i);
    strcpy(text + n, "allow all,\n");
    c = compile(text);
    size_t alone = c->len;
    release(c);
    for (int i = 0; i < 200; i++)
        n += (size_t)sprintf(text + n, "profile p%d { }\n", i);
    strcpy(text + n, "allow all,\n");
    c = compile(text);
    in_profile(c, "p77", "/s/399", "/long/399");
    cr_expect_lt(c->len, alone + 200 * 4096, "%zu", c->len);
    release(c);
}

Test(map, an_apparmor_file_may_have_them)
{
    static const struct pair pairs[] = {{"/s/a", "/t/a"}, {NULL, NULL}};

    check_pairs("abi <abi/4.0>,\nprofile x { }\nmap /s/ -> /t/,\nunix,\n", policy_map, pairs);
}

/* Rules `map FROM -> fd:NAME,`: to descriptors that are passed by name. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/map_support.h"

/* --- Where names lead ---------------------------------------------------------- */

static const char several[] = "@{v} = web\n@{all} = fd:all\n@{run} = /run /var/run\nallow all,\n"
                              "map /run/a.sock -> fd:db,\n"
                              "map \"/run/b c\" -> \"fd:a.B_c-9\",\n"
                              "map /run/v -> fd:@{v}-1,\n"
                              "map /run/w -> @{all},\n"
                              "map @{run}/two -> fd:2,\n"
                              "map /run/dir/ -> /long/dir/,\n"
                              "map /run/dir/x -> fd:x,\n"
                              "map /run/same -> fd:db,\n";

Test(map_passed, a_name_leads_to_a_descriptor)
{
    static const struct pair pairs[] = {
        {"/run/a.sock", "fd:db"},
        {"/run/b c", "fd:a.B_c-9"},
        {"/run/v", "fd:web-1"},
        {"/run/w", "fd:all"},
        {"/run/two", "fd:2"},
        {"/var/run/two", "fd:2"},
        {"/run/same", "fd:db"},
        {"//run/./a.sock", "fd:db"},
        {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map_passed, exactly_that_name_does)
{
    static const struct pair pairs[] = {
        {"/run/a.sock/", NULL},   {"/run/a.sock/x", NULL},  {"/run/a.soc", NULL},         {"/run/a.sock2", NULL},
        {"run/a.sock", NULL},     {"fd:db", NULL},          {"/fd:db", NULL},             {"/run", NULL},
        {"/run/dir/x", "fd:x"},   {"/run/dir/y", "/long/dir/y"}, {"/run/dir/x/y", "/long/dir/x/y"},
        {"/run/dir/x/", "/long/dir/x/"}, {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map_passed, nothing_is_read_back_as_a_descriptor)
{
    static const struct pair pairs[] = {
        {"fd:db", NULL},       {"/fd:db", NULL}, {"fd:", NULL},   {"fd:x/y", NULL},          {"/run/a.sock", NULL},
        {"fd:a.B_c-9", NULL},  {"/", NULL},      {"/zzz", NULL},  {"/long/dir/y", "/run/dir/y"}, {NULL, NULL},
    };

    check_pairs(several, policy_unmap, pairs);
    check_pairs("allow all,\nmap /a -> fd:x,\n", policy_unmap, pairs + 9);
}

Test(map_passed, room_is_never_exceeded)
{
    struct compiled *c = compile(several);
    char to[16];

    for (size_t room = 0; room < sizeof to; room++) {
        memset(to, '#', sizeof to);
        cr_expect_eq(policy_map(&c->policy, "/run/a.sock", 11, to, room), room > 5 ? 5 : -ENAMETOOLONG);
        for (size_t i = room; i < sizeof to; i++)
            cr_assert_eq(to[i], '#', "room %zu: byte %zu", room, i);
    }
    release(c);
}

Test(map_passed, a_policy_of_nothing_else_has_maps)
{
    struct compiled *c = compile("allow all,\nmap /a -> fd:x,\n");

    cr_expect_eq(policy_uses(&c->policy), POLICY_USES_MAP);
    cr_expect_str_eq(policy_map_target(&c->policy, 0), "fd:x");
    cr_expect_null(policy_map_target(&c->policy, 1));
    release(c);
}

/* --- Which descriptors a policy wants --------------------------------------------- */

/* "NAME:LINE " of each. */
static void check_wanted(const char *text, const char *wanted)
{
    struct compiled *c = compile(text);
    struct policy_rule_info info;
    char found[256] = "";
    const char *name;
    uint32_t rule;

    for (unsigned i = 0; (name = policy_map_passed(&c->policy, i, &rule)) != NULL; i++) {
        cr_assert(policy_rule(&c->policy, rule, &info));
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s:%u ", name, info.line);
    }
    cr_expect_str_eq(found, wanted, "%s\n wants %s, not %s", text, found, wanted);
    release(c);
}

Test(map_passed, what_is_wanted_is_named_once_with_its_first_rule)
{
    check_wanted(several, "2:9 a.B_c-9:6 all:8 db:5 web-1:7 x:11 ");
    check_wanted("allow all,\nmap /a -> fd:z,\nmap /a -> fd:z,\nmap /b -> fd:z,\n", "z:2 ");
    check_wanted("allow all,\nmap /a -> /z,\n", "");
    check_wanted("allow all,\n", "");
}

Test(map_passed, all_profiles_are_asked)
{
    check_wanted("allow all,\nmap /a -> fd:bare,\nprofile x { map /b -> fd:in,\n map /c -> /d,\n}\n"
                 "profile y { map /b -> fd:in, map /e -> fd:other,\nprofile z { map /f -> fd:child, } }\n",
                 "bare:2 in:3 other:6 child:7 ");
    check_wanted("allow all,\nmap /a -> fd:@{profile_name},\nprofile x { }\nprofile y { }\n", "-:2 x:2 y:2 ");
}

/* --- Names --------------------------------------------------------------------------- */

Test(map_passed, names_are_of_letters_digits_and_three_more)
{
    char name[POLICY_PASSED_MAX + 2];

    for (unsigned c = 0; c < 256; c++) {
        bool good = c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", (int)c);

        name[0] = 'a';
        name[1] = (char)c;
        cr_expect_eq(policy_passed_name(name, 2), good, "byte %u", c);
    }
    memset(name, 'n', sizeof name);
    cr_expect_not(policy_passed_name(name, 0));
    cr_expect(policy_passed_name(name, 1));
    cr_expect(policy_passed_name(name, POLICY_PASSED_MAX));
    cr_expect_not(policy_passed_name(name, POLICY_PASSED_MAX + 1));
}

/* --- What is said ---------------------------------------------------------------------- */

#define LIMITS "the name of a descriptor has 1 to 64 letters, digits, '.', '_' and '-'"
#define WRITE "write fd:NAME for what --pass NAME=FD passes"
#define LONG "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* 64 */

Test(map_passed, what_is_no_name_is_an_error)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> fd:,", "2:11+3 'fd:': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> fd:a/b,", "2:11+6 'fd:a/b': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> fd:a/,", "2:11+5 'fd:a/': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> \"fd:a b\",", "2:12+6 'fd:a b': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> fd:a:b,", "2:11+6 'fd:a:b': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> fd:a=3,", "2:11+6 'fd:a=3': " LIMITS "; " WRITE "\n"},
        {"allow all,\nmap /a -> fd:" LONG "x,", "2:11+68 'fd:" LONG "x': " LIMITS "; " WRITE "\n"},
        {"@{v} = \"\"\nallow all,\nmap /a -> fd:@{v},", "3:11+7 'fd:': " LIMITS "; " WRITE "\n"},
        {"@{v} = a b\nallow all,\nmap /a -> fd:@{v},",
         "3:11+7 'fd:@{v}' has several values; a map leads to one name; write a rule for each\n"},
        {"allow all,\nmap /a -> fd:*,",
         "2:14+1 '*' makes a pattern, and map takes names; put a backslash before it if the name has it\n"},
        {"allow all,\nmap /a -> FD:x,", "2:11+4 'FD:x' is not an absolute path\n"},
        {"allow all,\nmap /a -> db,", "2:11+2 'db' is not an absolute path\n"},
        {"allow all,\nmap fd:a -> /b,", "2:5+4 'fd:a' is not an absolute path\n"},
        {"allow all,\nmap fd:a -> fd:b,", "2:5+4 'fd:a' is not an absolute path\n"},
        {"allow all,\nmap @a -> fd:b,", "2:5+2 '@a' is an abstract name; map is about paths\n"},
    };

    check_says(rows, sizeof rows / sizeof *rows, 0, -EINVAL);
}

Test(map_passed, a_directory_leads_to_no_descriptor)
{
    static const struct row rows[] = {
        {"allow all,\nmap /run/ -> fd:a,", "2:5+5 '/run/' ends in '/', for all names below it, and a descriptor is one "
                                           "file; write a rule for each name, without the slash\n"},
        {"@{v} = /x /y/\nallow all,\nmap @{v} -> fd:a,",
         "3:5+4 '/y/' ends in '/', for all names below it, and a descriptor is one file; write a rule for each name, "
         "without the slash\n"},
    };

    check_says(rows, sizeof rows / sizeof *rows, 0, -EINVAL);
}

Test(map_passed, a_name_leads_to_one_thing)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> fd:x,\nmap /a -> fd:y,", "3:5+2 '/a' leads elsewhere already, by p:2:5\n"},
        {"allow all,\nmap /a -> fd:x,\nmap /a -> /y,", "3:5+2 '/a' leads elsewhere already, by p:2:5\n"},
        {"allow all,\nmap /a -> /y,\nmap /a -> fd:x,", "3:5+2 '/a' leads elsewhere already, by p:2:5\n"},
        {"allow all,\nmap /b -> /a,\nmap /a -> fd:x,",
         "2:11+2 '/a' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
    };

    check_says(rows, sizeof rows / sizeof *rows, 0, -EINVAL);
}

Test(map_passed, what_may_surprise_is_noted)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> fd:x,\nmap /a -> fd:x,", "3:5+2 note: '/a' leads to the same name already, by p:2:5\n"},
        {"allow all,\nmap /s/ -> /t/,\nmap /s/a -> fd:x,",
         "3:5+4 note: '/s/a' lies below the FROM of p:2:5, '/s/': the longer name wins\n"},
        {"allow all,\nmap /s/ -> /t/,\nmap /t/a -> fd:x,",
         "3:5+4 note: '/t/a' lies below the TO of p:2:12: what comes from there is left alone\n"},
        {"allow all,\nmap /a -> fd:3,",
         "2:11+4 note: 'fd:3' is a name, as --pass gives it, and not the number of a descriptor\n"},
        /* of these there is nothing to say */
        {"allow all,\nmap /a -> fd:x,\nmap /b -> fd:x,\nmap /c -> fd:x.y,", ""},
        {"allow all,\nmap /a -> fd:3x,\nmap /b -> fd:" LONG ",", ""},
    };

    check_says(rows, sizeof rows / sizeof *rows, POLICY_INPUT_NOTES, 0);
}

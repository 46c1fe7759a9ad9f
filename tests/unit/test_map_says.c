/* What is said about rules `map FROM -> TO,` and what they do together. Where mistakes in their text are
 * pointed at stands in test_parse_errors.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/map_support.h"
#include "tests/unit/parse_support.h"

Test(map, what_cannot_be_meant_is_an_error_with_both_places)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> /b,\n  map /a -> /c,", "3:7+2 '/a' leads elsewhere already, by p:2:5\n"},
        {"map /a/ -> /b/, map /a/ -> /c/, allow all,", "1:21+3 '/a/' leads elsewhere already, by p:1:5\n"},
        {"map\n/a\n->\n/b,\nmap\n\t/a -> /c, allow all,", "6:2+2 '/a' leads elsewhere already, by p:2:1\n"},
        {"allow all,\nmap /a -> /a,", "2:11+2 '/a' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /a/,",
         "2:12+3 '/a/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /a/b/,",
         "2:12+5 '/a/b/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap / -> /a/,", "2:10+3 '/a/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /b -> /c,",
         "2:11+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /b -> /c,\nmap /a -> /b,",
         "3:11+2 '/b' is mapped once more, by p:2:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /b -> /a,",
         "2:11+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"
         "3:11+2 '/a' is mapped once more, by p:2:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /s/b,\nmap /s/ -> /t/,",
         "2:11+4 '/s/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /s/,\nmap /s -> /t,",
         "2:12+3 '/s/' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nprofile x { map /a -> /b, }\nmap /b -> /c,",
         "2:23+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nprofile x { map /b -> /c, }\nprofile y { map /q -> /r, }",
         "2:11+2 '/b' is mapped once more, by p:3:17; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /a -> /c,\nprofile x { map /d -> /e, }\nprofile y { }",
         "3:5+2 '/a' leads elsewhere already, by p:2:5\n"}, /* and not once for each profile */
        {"@{v} = /x /y\nallow all,\nmap @{v}/a -> /y/a,",
         "3:15+4 '/y/a' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"
         "3:15+4 '/y/a' is mapped by this very rule; a TO lies outside of every FROM\n"},
    };

    check_says(rows, sizeof rows / sizeof *rows, 0, -EINVAL);
}

Test(map, the_same_names_in_two_profiles_are_no_contradiction)
{
    static const struct row rows[] = {
        {"allow all,\nprofile x { map /a -> /b, }\nprofile y { map /a -> /c, }\nprofile z { map /b -> /a, }", ""},
    };

    check_says(rows, 1, 0, 0);
}

Test(map, what_may_surprise_is_noted)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> /b,\nmap /a -> /b,", "3:5+2 note: '/a' leads to the same name already, by p:2:5\n"},
        {"allow all,\nmap /a/b -> /x,\nmap /a/ -> /y/,",
         "2:5+4 note: '/a/b' lies below the FROM of p:3:5, '/a/': the longer name wins\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /a -> /y,", "3:5+2 note: '/a' lies below the FROM of p:2:5, '/a/': the longer name wins\n"},
        {"allow all,\nmap /a -> /x,\nmap /b -> /x,", "3:11+2 note: '/x' is read back by p:2:11, which comes first, as '/a'\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /b/ -> /x/y/,",
         "3:12+5 note: '/x/y/' lies below the TO of p:2:12: what is there is read back by this rule\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /x/y -> /z,",
         "3:5+4 note: '/x/y' lies below the TO of p:2:12: what comes from there is left alone\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /b/ -> /y/,", ""},
    };

    check_says(rows, sizeof rows / sizeof *rows, POLICY_INPUT_NOTES, 0);
}

Test(map, other_files_are_named)
{
    static const struct memory_file files[] = {{"/d/i", "\n map /a -> /b,"}, {NULL, NULL}};
    static struct parsed p;
    static const char text[] = "allow all,\ninclude \"i\"\nmap /b -> /c,";

    p.files = files;
    parse_policy(&p, text, strlen(text));
    cr_expect_str_eq(p.says, "/d/i:2:12+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n", "%s",
                     p.says);
    parsed_free(&p);
}

static void check_length(const char *before, const char *after, int bytes, const char *says, int status)
{
    static struct parsed p;
    static char name[8192], text[9000];

    memset(name, 'x', sizeof name);
    for (int i = 0; i < bytes; i += 200)
        name[i] = '/';
    name[bytes - 1] = 'y'; /* not a slash */
    name[bytes] = '\0';
    snprintf(text, sizeof text, "allow all, map %s%s%s,", before, name, after);
    p.flags = POLICY_INPUT_NOTES;
    parse_policy(&p, text, strlen(text));
    cr_expect(p.status == status && strcmp(p.says, says) == 0, "%d bytes: %s", bytes, p.says);
    parsed_free(&p);
}

Test(map, lengths_have_limits)
{
    check_length("", " -> /a", 107, "", 0);
    check_length("", " -> /a", 108,
                 "1:16+108 warning: a FROM of 108 bytes is too long for a socket's address, which has room for 107\n", 0);
    check_length("/a -> ", "", 4095, "", 0);
    check_length("/a -> ", "", 4096, "1:22+4096 a path of 4096 bytes; the limit is 4095\n", -EINVAL);
    check_length("/a -> ", "", 4097, "1:22+4097 a name of 4097 bytes; the limit is 4096\n", -EINVAL);
}

Test(map, a_component_has_its_own_limit)
{
    static struct parsed p;
    static char name[300], text[400];

    for (int n = 255; n <= 256; n++) {
        memset(name, 'x', (size_t)n);
        name[n] = '\0';
        snprintf(text, sizeof text, "allow all, map /a -> /b/%s,", name);
        parse_policy(&p, text, strlen(text));
        cr_expect_str_eq(p.says, n == 255 ? "" : "1:22+259 a component of 256 bytes; the limit is 255\n");
        parsed_free(&p);
    }
}

/* Names that the launcher, libsunat and the library have to agree on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "domain/anon.h"
#include "domain/passed.h"

#define GOOD ".sunat-0123456789abcdef"

Test(domain_names, of_anonymous_sockets_are_known_again)
{
    char name[ANON_NAME_MAX], path[64];

    for (uint64_t bits = 1; bits; bits *= 3) {
        anon_name(bits, name);
        cr_assert_eq(strlen(name), ANON_NAME_MAX - 1);
        cr_assert(anon_is(name, strlen(name)), "%s", name);
        snprintf(path, sizeof path, "/proc/thread-self/fd/%u/%s", (unsigned)bits & 1023, name);
        cr_assert(anon_is(path, strlen(path)), "%s", path);
        if (bits > UINT64_MAX / 3)
            break;
    }
    anon_name(0x0123456789abcdef, name);
    cr_assert_str_eq(name, GOOD);
}

Test(domain_names, of_others_are_not_taken_for_anonymous)
{
    static const char *const others[] = {
        "", "/", ".sunat-", ".sunat-0123456789abcde", GOOD "0", ".sunat-0123456789abcdeF", ".sunat-0123456789abcdeg",
        ".Sunat-0123456789abcdef", "x" GOOD, "./" GOOD, "/" GOOD, "/tmp/" GOOD, "/proc/self/fd/3/" GOOD,
        "/proc/thread-self/fd/" GOOD, "/proc/thread-self/fd//" GOOD, "/proc/thread-self/fd/3" GOOD,
        "/proc/thread-self/fd/3//" GOOD, "/proc/thread-self/fd/3/x/" GOOD, "/proc/thread-self/fd/-3/" GOOD,
        "/proc/thread-self/fd/3/" GOOD "/", "/proc/thread-self/fd/3", "/proc/thread-self/fd/3/", GOOD "/x",
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(anon_is(others[i], strlen(others[i])), "%s", others[i]);
    cr_expect_not(anon_is(GOOD, strlen(GOOD) - 1));
}

/* "FD PID DEV INO" of the entry, or "none". */
static const char *found(const char *list, const char *name)
{
    static char text[128];
    struct passed p;

    if (!passed_find(list, name, strlen(name), &p))
        return "none";
    snprintf(text, sizeof text, "%d %d %llu %llu", p.fd, p.pid, (unsigned long long)p.dev, (unsigned long long)p.ino);
    return text;
}

Test(domain_names, are_found_in_the_list_of_passed_descriptors)
{
    static const char list[] = "app=5:db=7,123,45,678:a=9:big=2147483647,1,18446744073709551615,18446744073709551615";

    cr_expect_str_eq(found(list, "app"), "5 0 0 0");
    cr_expect_str_eq(found(list, "db"), "7 123 45 678");
    cr_expect_str_eq(found(list, "a"), "9 0 0 0");
    cr_expect_str_eq(found(list, "big"), "2147483647 1 18446744073709551615 18446744073709551615");
    cr_expect_str_eq(found(list, "ap"), "none");
    cr_expect_str_eq(found(list, "appl"), "none");
    cr_expect_str_eq(found(list, "b"), "none");
    cr_expect_str_eq(found("", "a"), "none");
}

Test(domain_names, with_entries_that_make_no_sense_lead_nowhere)
{
    static const char *const bad[] = {
        "a", "a=", "a=x", "a=-1", "a=2147483648", "a=5,", "a=5,1", "a=5,1,2", "a=5,1,2,", "a=5,1,2,3,4", "a=5,1,2,3x",
        "a=5 ", "a= 5", "a=+5", "a=5,1,2,18446744073709551616", "a=5,2147483648,2,3", "a=5;b=6",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_str_eq(found(bad[i], "a"), "none", "%s", bad[i]);
}

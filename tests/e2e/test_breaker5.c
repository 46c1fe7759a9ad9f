/* What a new user and a malicious one did to sockets that are passed. */
#include "tests/e2e/harness.h"

/* The name was forgotten. */
Test(breaker5, a_passed_name_does_not_look_like_an_option)
{
    static const char *const words[] = {"--anon --", "--anon -x", "--pass -=3"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct run r = run(text("\"$SUNSHIM\" run %s -- true", words[i]));

        check_status(r, 125);
        cr_assert_str_eq(r.err, text("sunshim: %s: a name does not begin with '-'\n", words[i]));
    }
}

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

/* Programs that make names canonical before they use them. */
Test(breaker5, a_passed_name_is_no_link)
{
    put("look.py", "import errno, os, stat\n"
                   "name = os.environ['T'] + '/app'\n"
                   "try: os.readlink(name)\n"
                   "except OSError as e: print(errno.errorcode[e.errno])\n"
                   "fd = os.open(name, os.O_PATH | os.O_NOFOLLOW)\n"
                   "print(stat.S_ISSOCK(os.fstat(fd).st_mode))\n");
    struct run r = run("\"$SUNSHIM\" run --anon app --rule \"map $T/app -> fd:app,\" -- sh -c "
                       "'realpath $T/app; readlink -f $T/app; readlink $T/app; python3 look.py' | sed s,^$T/,,");

    check_status(r, 0);
    check_out(r, "app\napp\nEINVAL\nTrue\n");
}

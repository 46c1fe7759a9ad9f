/* What the documents say is so: examples in them are policies, the options they
 * name exist, and what `make install` puts somewhere works from there. */
#include <string.h>

#include "tests/e2e/harness.h"

/* The policies among the literal displays of sunshim-policy(5): not the grammar,
 * not the error message. */
#define DISPLAYS \
    "awk -v T=\"$T\" '/^\\.Bd -literal/ { n++; file = T \"/display\" n \".policy\"; next }\n" \
    "     /^\\.Ed/ { file = \"\" }\n" \
    "     file { gsub(/\\\\e/, \"\\\\\"); print >file }' \"$TOP/man/sunshim-policy.5\"\n" \
    "cd $T; rm $(grep -l -e '^.audit' -e 'error:' display*.policy)\n"

Test(words, every_policy_in_the_manual_page_loads)
{
    struct run r = run(DISPLAYS "for p in display*.policy; do\n"
                                "    echo 'unix (create),' >>$p\n"
                                "    XDG_RUNTIME_DIR=/run/user/1 \"$SUNSHIM\" check ./$p\n"
                                "done");
    check_status(r, 0);
    cr_assert(lines_with(r.out, ".policy: ok", NULL) >= 5, "%s", run_report(&r));
}

Test(words, the_error_in_the_manual_page_is_the_real_one)
{
    struct run r = run("echo 'unix (creat, bind) type=stream,' >web.policy; \"$SUNSHIM\" check web.policy || :");
    char *page = get(text("%s/man/sunshim-policy.5", TEST_TOP)), *end = strchr(r.err, '\n');
    cr_assert(end, "%s", run_report(&r));
    *end = 0;
    cr_assert(strstr(page, r.err), "the page lacks: %s", r.err);
}

/* Long options and subcommands that README and manual pages name. */
Test(words, options_in_the_documents_exist)
{
    struct run r = run(
        "for s in run check explain who doctor env; do \"$SUNSHIM\" help $s; done >help; \"$SUNSHIM\" help >>help\n"
        "cat \"$TOP\"/README.md \"$TOP\"/docs/*.md \"$TOP\"/examples/* | grep -o 'sunshim [a-z]* [^#]*' |\n"
        "    sed 's/ -- .*//' | grep -o -e ' --[a-z][a-z-]*' | sort -u | while read -r option; do\n"
        "        grep -q -e \"$option\" help || echo \"$option is not there\"\n"
        "    done\n"
        "grep -oh -e '`sunshim [a-z]*' -e '^\\$ sunshim [a-z]*' \"$TOP\"/README.md \"$TOP\"/docs/*.md |\n"
        "    sed 's/.* //' | sort -u | while read -r word; do\n"
        "        grep -q \"^  $word \" help || echo \"$word is not there\"\n"
        "    done");
    check_status(r, 0);
    check_out(r, "");
}

/* --- make demo ---------------------------------------------------------------- */

#define DEMO "\"$TOP/demo/demo.sh\" \"$(dirname \"$SUNSHIM\")\""

StockTest(words, the_demo_shows_four_steps_and_leaves_nothing)
{
    struct run r = run("TMPDIR=/nonexistent; ls -d /tmp/demo-* >before 2>/dev/null || :\n" DEMO
                       "\nls -d /tmp/demo-* 2>/dev/null | diff before - || :");
    check_status(r, 0);
    for (int step = 1; step <= 4; step++)
        check_has(r, out, text("\n%d. ", step));
    check_lacks(r, out, "> /tmp/demo-");
}

/* With a library that denies nothing the demo fails at its first step. */
StockTest(words, the_demo_fails_when_a_step_does_not_behave)
{
    struct run r = run("mkdir b; ln -s $(dirname \"$SUNSHIM\")/demo b/demo; printf '#!/bin/sh\nshift 4; exec \"$@\"\n' >b/sunshim\n"
                       "chmod +x b/sunshim; \"$TOP/demo/demo.sh\" b");
    check_status(r, 1);
    check_has(r, err, "step 1 did not behave");
}

/* --- make install ------------------------------------------------------------ */

/* Without rebuilding: other tests are using the build. */
#define MAKE "env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$(dirname \"$SUNSHIM\")\" "

StockTest(words, an_installed_tree_works_wherever_it_is, .timeout = 60)
{
    struct run r = run(MAKE "install DESTDIR=$T/stage PREFIX=/opt/sunshim\n"
                       "mv $T/stage/opt/sunshim $T/elsewhere; cd /\n"
                       "$T/elsewhere/bin/sunshim run -p no-network -- \"$P/sk\" 'socket packet raw' || :");
    check_has(r, out, "socket packet raw -> -1 EACCES");
    check_has(r, err, "/elsewhere/share/sunshim/policies/no-network.policy");
}

StockTest(words, uninstall_leaves_no_file, .timeout = 60)
{
    struct run r = run(MAKE "install DESTDIR=$T/stage PREFIX=/usr; test -e $T/stage/usr/lib/libsunshim.so\n" MAKE
                            "uninstall DESTDIR=$T/stage PREFIX=/usr; find $T/stage ! -type d; find $T/stage -name sunshim");
    check_status(r, 0);
    check_lacks(r, out, "stage/usr/");
}

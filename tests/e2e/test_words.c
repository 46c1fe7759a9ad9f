/* What the documents say is so: examples in them are policies, the options they
 * name exist, and what `make install` puts somewhere works from there. */
#include <string.h>

#include "tests/e2e/harness.h"

/* The policies among the literal displays of sunshim-policy(5): not the grammar,
 * not the error message. */
#define DISPLAYS                                                                                             \
    "awk -v T=\"$T\" '/^\\.Bd -literal/ { n++; file = T \"/display\" n \".policy\"; next }\n"                \
    "     /^\\.Ed/ { file = \"\" }\n"                                                                        \
    "     file { gsub(/\\\\e/, \"\\\\\"); print >file }' \"$TOP/man/sunshim-policy.5\"\n"                    \
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
    struct run r =
        run("echo 'unix (creat, bind) type=stream,' >web.policy; \"$SUNSHIM\" check web.policy || :");
    char *page = get(text("%s/man/sunshim-policy.5", TEST_TOP)), *end = strchr(r.err, '\n');
    cr_assert(end, "%s", run_report(&r));
    *end = 0;
    cr_assert(strstr(page, r.err), "the page lacks: %s", r.err);
}

#define SUBCOMMANDS "$(\"$SUNSHIM\" help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p')"

/* Long options and subcommands that README and manual pages name. */
Test(words, options_in_the_documents_exist)
{
    struct run r = run(
        "for s in " SUBCOMMANDS "; do \"$SUNSHIM\" help $s; done >help; \"$SUNSHIM\" help "
        ">>help\n"
        "cat \"$TOP\"/README.md \"$TOP\"/docs/*.md $(find \"$TOP\"/examples -type f) | grep -o 'sunshim [a-z]* [^#]*' |\n"
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

/* Each option of a subcommand's help is in the manual page, and the other way round. */
Test(words, options_of_help_and_manual_page_are_the_same)
{
    struct run r =
        run("for s in " SUBCOMMANDS "; do \"$SUNSHIM\" help $s; done |\n"
            "    grep -o -e '--[a-z][a-z-]*' | sort -u >help\n"
            "grep -o 'Fl Fl [a-z][a-z-]*' \"$TOP/man/sunshim.1\" | sed 's/Fl Fl /--/' | sort -u >page\n"
            "test -s help; diff help page || :");
    check_out(r, "");
}

#define DOCUMENTS "$(cd \"$TOP\"; find . -maxdepth 1 -name '*.md'; find docs -name '*.md')"

/* Links, and what stands in backquotes and begins with a folder of the project. */
Test(words, files_in_the_documents_exist)
{
    struct run r = run("for d in " DOCUMENTS "; do\n"
                       "    cd \"$TOP/$(dirname $d)\"\n"
                       "    grep -o '](\\(\\.\\./\\)*[A-Za-z][^):#]*[)#]' \"$TOP/$d\" | sed 's/^](//; "
                       "s/.$//' | while read -r file; do\n"
                       "        test -e \"$file\" || echo \"$d: $file\"\n"
                       "    done; cd \"$TOP\"\n"
                       "    grep -o '`[a-z][a-z]*/[^` $()]*`' $d | tr -d '`' | while read -r file; do\n"
                       "        [ ! -d ${file%%/*} ] || [ ${file%%/*} = build ] || ls -d $file >/dev/null "
                       "2>&1 || echo \"$d: $file\"\n"
                       "    done\n"
                       "done");
    check_out(r, "");
}

Test(words, headings_that_the_documents_link_to_exist)
{
    struct run r = run("cd \"$TOP\"; for d in " DOCUMENTS "; do\n"
                       "    grep -o '](\\([a-z./-]*\\.md\\)*#[^)]*)' $d | tr -d ')(]' | while IFS='#' read "
                       "-r file heading; do\n"
                       "        [ -n \"$file\" ] && file=$(dirname $d)/$file || file=$d\n"
                       "        sed -n 's/^##* //p' $file | tr '[:upper:] ' '[:lower:]-' | tr -cd "
                       "'a-z0-9\\n-' | grep -qx -e \"$heading\" ||\n"
                       "            echo \"$d: $file#$heading\"\n"
                       "    done\n"
                       "done");
    check_out(r, "");
}

/* Of the environment, by the library's and the command's code. */
Test(words, variables_in_the_documents_exist)
{
    struct run r =
        run("cd \"$TOP\"; cat " DOCUMENTS
            " man/* $(find examples -type f) | grep -o 'SUNSHIM_[A-Z_]*[A-Z]' | sort -u | while read -r name; do\n"
            "    grep -qw $name shim/environment.c cli/*.c || echo \"$name is not there\"\n"
            "done\n"
            "sed -n '/^\\.Sh ENVIRONMENT/,/^\\.Sh THE/s/^\\.It Ev //p' man/libsunshim.7 | sort >$T/page\n"
            "grep -oh '\"SUNSHIM_[A-Z_]*[A-Z]=\\{0,1\\}\"' shim/environment.c | tr -d '\"=' | sort -u | grep "
            "-vx -e SUNSHIM_REPORT \\\n"
            "    -e 'SUNSHIM_HOME' -e 'SUNSHIM_TMPDIR' -e 'SUNSHIM_XDG_.*' | diff - $T/page || :");
    check_out(r, "");
}

/* Keys of the records that the documents show, by the code that writes records. */
Test(words, keys_of_records_in_the_documents_exist)
{
    struct run r =
        run("cd \"$TOP\"; cat " DOCUMENTS
            " | grep 'sunshim=\"[A-Z]' | sed 's/\"[^\"]*\"/V/g' | grep -o '[a-z_0-9]*=' | tr -d = |\n"
            "    sort -u >$T/keys; grep -qx addr $T/keys\n"
            "while read -r key; do grep -q \"[\\\" ]$key[=\\\"]\" shim/format*.c || echo \"$key is not "
            "there\"; done <$T/keys");
    check_status(r, 0);
    check_out(r, "");
}

/* Each is named somewhere, and tried by the tests. */
Test(words, examples_are_named_and_tried)
{
    struct run r = run("cd \"$TOP\"; for example in examples/*; do\n"
                       "    cat " DOCUMENTS " | grep -qF $example || echo \"$example is named nowhere\"\n"
                       "    cat tests/e2e/*.c | grep -qF $example || echo \"$example is not tried\"\n"
                       "done");
    check_out(r, "");
}

/* --- Manual pages of libsunat ----------------------------------------------- */

/* Without comments and directives, one declaration a line. */
#define PROTOTYPES                                                                                           \
    "sed '/^#/d' \"$TOP/include/sunat.h\" | sed ':a;N;$!ba; "                                                \
    "s|/\\*[^*]*\\*\\**\\([^/*][^*]*\\*\\**\\)*/||g' |\n"                                                    \
    "    tr -s ' \\n' '  ' | tr ';{}' '\\n\\n\\n' | sed -n 's/^ *\\([a-z_]* [a-z_]*(.*)\\) *$/\\1/p' |\n"    \
    "    sort >$T/prototypes; test $(wc -l <$T/prototypes) -gt 8\n"

Test(words, prototypes_in_manual_pages_are_those_of_the_header)
{
    struct run r = run(
        PROTOTYPES "cat \"$TOP\"/man/*.3 | awk '/^\\.Ft / { type = substr($0, 5) }\n"
                   "    /^\\.Fn [a-z_]* \"/ { line = $0; sub(/^\\.Fn [a-z_]* \"/, \"\", line)\n"
                   "        sub(/\"$/, \"\", line); gsub(/\" \"/, \", \", line); print type \" \" $2 \"(\" "
                   "line \")\" }' | sort -u |\n"
                   "    diff $T/prototypes - || :");
    check_status(r, 0);
    check_out(r, "");
}

/* `man NAME` finds it, and it is about NAME. */
Test(words, every_function_of_the_header_has_a_manual_page)
{
    struct run r =
        run(PROTOTYPES "cd \"$TOP/man\"; sed 's/(.*//; s/.* //' $T/prototypes | while read -r name; do\n"
                       "    grep -qx -e \"\\.Nm $name\" -e \"\\.Nm $name ,\" $name.3 || echo \"$name\"\n"
                       "    grep -q \"^\\.Xr $name 3\\|^\\.It Xr .*$name 3\" libsunat.7 || echo \"$name is "
                       "not in libsunat.7\"\n"
                       "done");
    check_status(r, 0);
    check_out(r, "");
}

/* --- Messages of programs that README quotes ---------------------------------- */

/* test_long_programs*.c make the programs say them; of other lengths. */
Test(words, messages_in_readme_are_those_of_the_programs)
{
    struct run r =
        run("cd \"$TOP\"; awk '/^```/ { n++ } n == 1 && !/^```/' README.md | sed 's/   *.*//; "
            "s/[0-9][0-9]*/N/g' >$T/messages\n"
            "test $(wc -l <$T/messages) -gt 9\n"
            "sed -n 's/.*\\.says = \"\\(.*\\)\",$/\\1/p' tests/e2e/test_long_programs*.c | sed "
            "'s/[0-9][0-9]*/N/g' >$T/said\n"
            "while read -r message; do\n"
            "    while read -r says; do case $message in *\"$says\"*) continue 2 ;; esac; done <$T/said\n"
            "    echo \"$message: nobody says so\"\n"
            "done <$T/messages");
    check_status(r, 0);
    check_out(r, "");
}

/* The session at the top, as it stands there. */
StockTest(words, the_first_session_of_readme_works)
{
    struct run r = run(
        "long=$T/$(printf '%0110d' 1); mkdir $long; cd $long; export PATH=\"$(dirname \"$SUNSHIM\"):$PATH\"\n"
        "sed -n '/^\\$ sunshim run --long-paths/,/^[A-Z]/p' \"$TOP/README.md\" | sed 's/^[$>] //' "
        ">$T/session\n"
        "sed -n '$p' $T/session >$T/answer; sed -i '$d' $T/session; test -s $T/session\n"
        "redis-server --port 0 --unixsocket $PWD/redis.sock | grep -q 'unix socket path too long'\n"
        "cd $long; sh -eu $T/session | diff - $T/answer");
    check_status(r, 0);
}

/* Each command of the session, and what it answers. */
Test(words, the_session_with_explain_is_as_it_stands_there)
{
    struct run r =
        run("sed -n '/^\\$ cat small.policy/,/^```/s/^unix .*/&/p' \"$TOP/README.md\" >small.policy\n"
            "echo 'unix (autobind) type=dgram,' >>small.policy\n"
            "sed -n '/^\\$ sunshim explain/,/^```/p' \"$TOP/docs/uses.md\" | sed '$d' >session\n"
            "export PATH=\"$(dirname \"$SUNSHIM\"):$PATH\"\n"
            "grep '^\\$ ' session | while read -r dollar command; do\n"
            "    printf '$ %s\\n' \"$command\"; sh -c \"$command\" || :\n"
            "done >again; test -s again; diff session again || :");
    check_status(r, 0);
    check_out(r, "");
}

/* A name that is cut, and made whole: the lines that are not the machine's. */
StockTest(words, the_session_with_a_cut_name_is_as_it_stands_there)
{
    struct run r = run(
        "long=$T/$(printf '%0140d' 1); mkdir $long; cd $long; export PATH=\"$(dirname \"$SUNSHIM\"):$PATH\"\n"
        "redis-server --port 0 --save '' --unixsocket redis.sock >log & ready redis.sock\n"
        "for option in -- '--repair --'; do\n"
        "    grep -qxF \"$ sunshim run $option redis-cli -s \\$PWD/redis.sock ping\" \"$TOP/docs/uses.md\"\n"
        "    sunshim run $option redis-cli -s $PWD/redis.sock ping || :\n"
        "done 2>&1 | grep -v -e sunshim=.HINT -e '^Could not' | while read -r line; do\n"
        "    grep -xF \"$line\" \"$TOP/docs/uses.md\"\n"
        "done");
    check_status(r, 0);
    check_out(r, "sunshim: 2 cut addresses (use --long-paths)\nPONG\nsunshim: 1 cut address repaired\n");
}

/* --- make demo ---------------------------------------------------------------- */

#define DEMO "\"$TOP/demo/demo.sh\" \"$(dirname \"$SUNSHIM\")\""

StockTest(words, the_demo_shows_its_steps_and_leaves_nothing)
{
    struct run r = run("TMPDIR=/nonexistent; ls -d /tmp/demo-* >before 2>/dev/null || :\n" DEMO
                       "\nls -d /tmp/demo-* 2>/dev/null | diff before - || :");
    check_status(r, 0);
    for (int step = 1; step <= 11; step++)
        check_has(r, out, text("\n%d. ", step));
    check_lacks(r, out, "> /tmp/demo-");
}

/* With a library that denies nothing the demo fails at its first step. */
StockTest(words, the_demo_fails_when_a_step_does_not_behave)
{
    struct run r = run("mkdir b; ln -s $(dirname \"$SUNSHIM\")/demo b/demo; printf '#!/bin/sh\nshift 4; exec "
                       "\"$@\"\n' >b/sunshim\n"
                       "chmod +x b/sunshim; \"$TOP/demo/demo.sh\" b");
    check_status(r, 1);
    check_has(r, err, "step 1 did not behave");
}

/* --- make install ------------------------------------------------------------ */

/* Without rebuilding: other tests are using the build. */
#define MAKE "env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$(dirname \"$SUNSHIM\")\" "

StockTest(words, an_installed_tree_works_wherever_it_is, .timeout = 60)
{
    struct run r =
        run(MAKE "install DESTDIR=$T/stage PREFIX=/opt/sunshim\n"
                 "mv $T/stage/opt/sunshim $T/elsewhere; cd /\n"
                 "$T/elsewhere/bin/sunshim run -p no-network -- \"$P/sk\" 'socket packet raw' || :");
    check_has(r, out, "socket packet raw -> -1 EACCES");
    check_has(r, err, "/elsewhere/share/sunshim/policies/no-network.policy");
}

/* Those that share a page, too, as files of their own. */
StockTest(words, every_page_and_document_is_installed, .timeout = 60)
{
    struct run r = run(MAKE "install DESTDIR=$T/stage PREFIX=/usr; cd \"$TOP\"\n"
                            "for page in man/*.[1-9]; do\n"
                            "    cmp $page $T/stage/usr/share/man/man${page##*.}/${page#man/} && test ! -L "
                            "$T/stage/usr/share/man/man${page##*.}/${page#man/} || echo $page\n"
                            "done; for file in *.md docs/*.md; do\n"
                            "    [ $file = CONTRIBUTING.md ] || cmp $file "
                            "$T/stage/usr/share/doc/sunshim/${file#docs/} || echo $file\n"
                            "done");
    check_status(r, 0);
    check_lacks(r, out, "man/");
    check_lacks(r, out, ".md");
}

StockTest(words, uninstall_leaves_no_file, .timeout = 60)
{
    struct run r = run(
        MAKE "install DESTDIR=$T/stage PREFIX=/usr; test -e $T/stage/usr/lib/libsunshim.so\n" MAKE
             "uninstall DESTDIR=$T/stage PREFIX=/usr; find $T/stage ! -type d; find $T/stage -name sunshim");
    check_status(r, 0);
    check_lacks(r, out, "stage/usr/");
}

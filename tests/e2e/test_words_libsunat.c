/* What the documents say of libsunat is so: sessions, build commands, and the C in them. */
#include "tests/e2e/harness.h"

/* Installed below $T/stage, where pkg-config finds it. Without rebuilding: other tests use the build. */
#define INSTALLED                                                                                            \
    "env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$B\" install DESTDIR=$T/stage "            \
    "PREFIX=/opt >log\n"                                                                                     \
    "export PKG_CONFIG_SYSROOT_DIR=$T/stage PKG_CONFIG_PATH=$T/stage/opt/lib/pkgconfig\n"                    \
    "export LD_LIBRARY_PATH=$T/stage/opt/lib\n"                                                              \
    "cp $T/stage/opt/share/doc/sunshim/examples/*.c .\n"

/* The blocks of one language in a document; "": sessions. */
#define BLOCKS(language, document)                                                                           \
    "awk '/^```/ { inside = !inside; keep = inside && $0 == \"```" language                                  \
    "\"; next } keep' \"$TOP/" document "\""

/* All but the line of ss, which is the machine's, and the name of the directory. */
StockTest(words, the_sessions_with_libsunat_are_as_they_stand_there, .timeout = 60)
{
    struct run r = run(INSTALLED BLOCKS(
        "",
        "docs/libsunat.md") " >session\n"
                            "sed -n 's/^\\$ //p' session >commands; test $(wc -l <commands) -ge 5\n"
                            "grep -v -e '^\\$ ' -e '^u_' -e '^[0-9]*$' session | sed 's|/home/.*||' "
                            ">answers\n"
                            "sh -eu commands >again; grep -q '^u_str.*/proc/thread-self/fd/[0-9]*/.sunat-' "
                            "again\n"
                            "grep -v -e '^u_' -e '^[0-9]*$' again | sed \"s|$T/.*||\" | diff answers -");
    check_status(r, 0);
    check_out(r, "");
}

/* Each makes a program that works; one of them with nothing of ours beside it. */
StockTest(words, the_build_commands_for_libsunat_work, .timeout = 60)
{
    struct run r = run(
        INSTALLED "gcc -o anon-server anon-server.c $(pkg-config --cflags --libs sunat)\n"
                  "mv anon-client.c prog.c; export CPATH=$T/stage/opt/include LIBRARY_PATH=$T/stage/opt/lib\n"
                  "sed -n 's/^    \\(cc .*\\)/\\1/p' \"$TOP/docs/libsunat.md\" | sed 's/ *#.*//' >commands\n"
                  "while read -r command; do\n"
                  "    rm -f a.out; eval \"$command\"; ./anon-server ./a.out hello\n"
                  "    ldd a.out 2>&1 | grep -c libsunat || :\n"
                  "done <commands");
    check_status(r, 0);
    check_out(r, "hello, and welcome\n1\nhello, and welcome\n0\nhello, and welcome\n0\n");
}

/* hello.py is not shown there. */
StockTest(words, the_session_with_anon_is_as_it_stands_there, .timeout = 60)
{
    struct run r = run(
        "export PATH=\"$(dirname \"$SUNSHIM\"):/usr/bin:$PATH\"\n"
        "printf 'def app(environ, start):\n    start(\"200 OK\", [])\n    return [b\"hello\\\\n\"]\n' "
        ">hello.py\n"
        "sed -n '/^\\$ sunshim run --anon app/,/^hello/p' \"$TOP/docs/uses.md\" | sed 's/^[$>] //' >session\n"
        "sed -n '$p' session >answer; sed -i '$d' session; test $(wc -l <session) -eq 2\n"
        "sh -eu session | diff - answer; test ! -e /run/app.sock");
    check_status(r, 0);
    check_out(r, "");
}

/* --- The C in documents and manual pages ------------------------------------- */

/* Each block a function, in which the names that they use are there. */
#define COMPILE                                                                                              \
    "sed 's/^ *\\.\\.\\.//' | {\n"                                                                           \
    "    printf '#include <%s.h>\\n' sunat err unistd stdio sys/un\n"                                        \
    "    echo 'int s, sock, sock2, client, dir, fd, back; const char *path, *state_dir; struct msghdr msg, " \
    "message, "                                                                                              \
    "answer;'\n"                                                                                             \
    "    awk '/^BEGIN/ { print \"void example\" NR \"(void) {\"; next } /^END/ { print \"}\"; next }\n"      \
    "         !/^#/'\n"                                                                                      \
    "} >all.c; test $(grep -c example all.c) -gt 2\n"                                                        \
    "gcc -std=gnu11 -D_GNU_SOURCE -Wall -Werror -Wno-unused -I \"$TOP/include\" -fsyntax-only all.c"

Test(words, the_c_in_documents_about_libsunat_compiles)
{
    struct run r = run("for file in README.md docs/libsunat.md; do\n"
                       "    awk '/^```c$/ { keep = 1; print \"BEGIN\"; next } /^```/ { if (keep) print "
                       "\"END\"; keep = 0 } keep' "
                       "\"$TOP/$file\"\n"
                       "done | " COMPILE);
    check_status(r, 0);
}

Test(words, the_c_in_manual_pages_of_libsunat_compiles)
{
    struct run r = run("cat \"$TOP\"/man/*.3 | sed 's/\\\\&//g' |\n"
                       "    awk '/^\\.Bd -literal/ { keep = 1; print \"BEGIN\"; next }\n"
                       "         /^\\.Ed/ { if (keep) print \"END\"; keep = 0 } keep' | " COMPILE);
    check_status(r, 0);
}

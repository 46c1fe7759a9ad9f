/* The examples for test suites: pytest, CTest, Meson and the shell, each run as its readers
 * would, and each with a test that has to fail. */
#include <string.h>

#include "tests/e2e/harness.h"

/* A copy to build and to spoil, with sunshim on PATH. */
static struct run in_copy(const char *example, const char *script)
{
    return run(text("rm -rf copy; cp -r \"$TOP/%s\" copy; mkdir -p bin; ln -sfn \"$SUNSHIM\" bin/sunshim; export PATH=$T/bin:$PATH\n"
                    "export PYTHONDONTWRITEBYTECODE=1; cd copy\n%s",
                    example, script));
}

/* --- pytest ------------------------------------------------------------------------ */

#define PYTEST "/usr/bin/pytest-3 -q -p no:cacheprovider "
/* Gets along with having no network, and says nothing. */
#define IGNORES "cat >test_ignores.py <<'END'\n" \
                "import socket\n" \
                "def test_ignores():\n" \
                "    try: socket.socket().connect(('192.0.2.1', 80))\n" \
                "    except OSError: pass\n" \
                "def test_fine(): pass\n" \
                "END\n"
#define NEEDLESS "cat >test_marked.py <<'END'\n" \
                 "import pytest, socket\n" \
                 "@pytest.mark.sunshim(expect='must unix (connect),')\n" \
                 "def test_connects(): pass\n" \
                 "@pytest.mark.sunshim(rules=['deny unix (create) type=dgram,'])\n" \
                 "def test_ignores(): \n" \
                 "    try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n" \
                 "    except OSError: pass\n" \
                 "@pytest.mark.sunshim(rules=['deny unix (create) type=dgram,'])\n" \
                 "@pytest.mark.parametrize('name', ['a b', 'c::d'])\n" \
                 "def test_streams(name): socket.socket(socket.AF_UNIX)\n" \
                 "END\n"

StockTest(example_suites, pytest_passes)
{
    struct run r = in_copy("examples/pytest", PYTEST);
    check_status(r, 0);
    check_has(r, out, "4 passed");
}

StockTest(example_suites, pytest_passes_with_the_whole_session_under_a_policy)
{
    struct run r = in_copy("examples/pytest", PYTEST "--sunshim no-network");
    check_status(r, 0);
    check_has(r, out, "4 passed");
}

StockTest(example_suites, pytest_fails_the_test_that_ignores_a_denial_and_no_other)
{
    static const char *const ways[] = {"", "-n 2 "};

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct run r = in_copy("examples/pytest", text("rm -f *.py; cp \"$TOP/examples/pytest/conftest.py\" .\n" IGNORES PYTEST
                                                       "%s--sunshim no-network", ways[i]));
        check_status(r, 1);
        check_has(r, out, "1 failed, 1 passed");
        check_has(r, out, "FAILED test_ignores.py::test_ignores");
        check_has(r, out, "denied: connect \"192.0.2.1\" by \"");
    }
}

/* ... nor is one of a program that a test's shell starts lost, when workers cannot tell whose it is. */
StockTest(example_suites, pytest_tells_of_denials_that_are_no_workers_own)
{
    struct run r = in_copy("examples/pytest", "rm -f *.py; cp \"$TOP/examples/pytest/conftest.py\" .\n"
                                              "cat >test_shell.py <<'END'\n"
                                              "import subprocess\n"
                                              "def test_shell(): subprocess.run(['sh', '-c', 'curl -s http://192.0.2.1/ & wait'], check=True)\n"
                                              "END\n" PYTEST "-n 2 --sunshim no-network");
    check_status(r, 1);
    check_has(r, out, "1 passed");
    check_has(r, out, "by no test that is known: denied: ");
    check_has(r, out, "by \"curl\" (pid ");
}

/* Records of a traced run come a moment later, perhaps not to the very test. */
StockTest(example_suites, pytest_passes_options_on)
{
    struct run r = in_copy("examples/pytest", "rm -f *.py; cp \"$TOP/examples/pytest/conftest.py\" .\n" IGNORES
                                              "rc=0; " PYTEST "--sunshim no-network --sunshim-option=--junit=junit.xml || rc=$?\n"
                                              "grep -o 'classname=\"sunshim.denied\" name=\"[^(]*' junit.xml; exit $rc");
    check_status(r, 1);
    check_has(r, out, "classname=\"sunshim.denied\" name=\"connect inet 192.0.2.1 port 80 by ");
}

StockTest(example_suites, pytest_without_options_changes_nothing)
{
    struct run r = in_copy("examples/pytest", IGNORES PYTEST "test_ignores.py");
    check_status(r, 0);
    check_has(r, out, "2 passed");
}

StockTest(example_suites, pytest_marks_are_for_one_test)
{
    struct run r = in_copy("examples/pytest", NEEDLESS PYTEST "test_marked.py");
    check_status(r, 1);
    check_has(r, out, "2 failed, 2 passed");
    check_has(r, out, "FAILED test_marked.py::test_connects");
    check_has(r, out, "must unix (connect): no such call");
    check_has(r, out, "FAILED test_marked.py::test_ignores");
}

/* --- CTest ------------------------------------------------------------------------ */

#define CTEST "{ cmake -B build . && cmake --build build; } >log 2>&1 || { cat log >&2; exit 99; }\n" \
              "ctest --test-dir build --output-on-failure"
/* A program that also asks the network, and does not mind. */
#define SPOIL "sed -i 's|    if (!fork())|    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = 9, .sin_addr = {0x010200c0}};\\n" \
              "    connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)\\&in, sizeof in);\\n&|; s|<assert.h>|&\\n#include <netinet/in.h>|' greeting.c\n"

StockTest(example_suites, ctest_passes_and_leaves_results)
{
    struct run r = in_copy("examples/c-suite", CTEST "; ls build/sunshim/*.xml | wc -l; grep -c '<testcase' build/sunshim/*.xml");
    check_status(r, 0);
    check_has(r, out, "100% tests passed, 0 tests failed out of 1");
    check_has(r, out, "\n1\n3\n");
}

StockTest(example_suites, ctest_fails_what_needs_the_network_and_ignores_the_error)
{
    struct run r = in_copy("examples/c-suite", SPOIL CTEST);
    check_status(r, 8);
    check_has(r, out, "0% tests passed, 1 tests failed out of 1");
    check_has(r, out, "suite.expect:4: must not network (connect, send): connect inet 192.0.2.1 port 2304 by greeting");
}

StockTest(example_suites, ctest_without_sunshim_is_ctest)
{
    struct run r = in_copy("examples/c-suite", "rm $T/bin/sunshim; " SPOIL CTEST);
    check_status(r, 0);
}

/* CMake launches its own programs only. */
StockTest(example_suites, ctest_runs_scripts_with_a_word_in_front)
{
#define SCRIPT "echo 'add_test(NAME script COMMAND ${sunshim_run} sh -c ./greeting)' >>CMakeLists.txt\n"
    struct run r = in_copy("examples/c-suite", SCRIPT CTEST "; ls build/sunshim/*.xml | wc -l\n" SPOIL
                                                "cmake --build build >log 2>&1; ctest --test-dir build --output-on-failure");
    check_status(r, 8);
    check_has(r, out, "100% tests passed, 0 tests failed out of 2");
    check_has(r, out, "\n2\n");
    check_has(r, out, "0% tests passed, 2 tests failed out of 2");
    r = in_copy("examples/c-suite", "rm $T/bin/sunshim; " SCRIPT SPOIL CTEST);
    check_status(r, 0);
}

/* Debian's cmake is older than CMAKE_TEST_LAUNCHER: what would be set is looked at. */
StockTest(example_suites, ctest_uses_the_test_launcher_where_there_is_one)
{
    struct run r = in_copy("examples/c-suite",
                           "for v in 3.25.1 3.28.9 3.29.0 4.1.0; do\n"
                           "    printf 'set(CMAKE_VERSION %s)\\ninclude(sunshim.cmake)\\n"
                           "list(SUBLIST CMAKE_TEST_LAUNCHER 1 1 new)\\nlist(SUBLIST CMAKE_CROSSCOMPILING_EMULATOR 1 1 old)\\n"
                           "message(\"${CMAKE_VERSION} ${new} ${old}\")\\n' $v >try.cmake; cmake -P try.cmake 2>&1\n"
                           "done");
    check_out(r, "3.25.1  run\n3.28.9  run\n3.29.0 run \n4.1.0 run \n");
}

/* --- Meson ------------------------------------------------------------------------- */

#define MESON "meson setup build >log 2>&1 || { cat log >&2; exit 99; }\nmeson test -C build --print-errorlogs "

StockTest(example_suites, meson_passes_with_a_wrapper)
{
    struct run r = in_copy("examples/c-suite", MESON "--wrapper 'sunshim run -p no-network --error-exitcode 1 --'");
    check_status(r, 0);
    check_has(r, out, "1/1 greeting OK");
}

StockTest(example_suites, meson_fails_with_a_wrapper)
{
    struct run r = in_copy("examples/c-suite", SPOIL MESON "--wrapper 'sunshim run -p no-network --error-exitcode 1 --'");
    check_status(r, 1);
    check_has(r, out, "1/1 greeting FAIL");
    check_has(r, out, "sunshim: 1 denied");
}

StockTest(example_suites, meson_has_a_setup)
{
    struct run r = in_copy("examples/c-suite", MESON "--setup sunshim; grep -c '<testcase' build/sunshim-*.xml\n" SPOIL
                                                     "meson test -C build --print-errorlogs --setup sunshim");
    check_status(r, 1);
    check_has(r, out, "1/1 greeting OK");
    check_has(r, out, "\n3\n");
    check_has(r, out, "must not network (connect, send): connect inet 192.0.2.1 port 2304 by greeting");
}

/* --- The shell ---------------------------------------------------------------------- */

StockTest(example_suites, shell_suite_passes)
{
    struct run r = in_copy("examples/shell-suite", "./run-tests; prove -e cat results/*.tap");
    check_status(r, 0);
    check_has(r, out, "ok echo\nok quiet\n");
    check_has(r, out, "Files=2, Tests=7,");
}

StockTest(example_suites, shell_suite_fails)
{
    struct run r = in_copy("examples/shell-suite",
                           "echo '$P/sk \"socket unix dgram\" \"bind $T/left\"' >leaves.test\n"
                           "echo '! $P/sk \"socket unix stream\" \"connect $T/bus\"' >ignores.test\n"
                           "echo 'exit 3' >fails.test; echo true >idle.test; echo 'must unix,' >idle.expect\n"
                           "$N/sk 'socket unix stream' \"bind $T/bus\" listen 'sleep 30000' >/dev/null 2>&1 & ready $T/bus\n"
                           "./run-tests");
    check_status(r, 1);
    check_has(r, out, "ok echo\nFAILED fails\n");
    check_has(r, out, "FAILED idle\n    sunshim: not as expected: idle.expect:1: must unix: no such call\n");
    check_has(r, out, "FAILED ignores\n");
    check_has(r, out, "FAILED leaves\n");
    check_has(r, out, text("left over: socket file \"%s/left\" was not removed", scratch()));
    check_has(r, out, "ok quiet\n4 failed\n");
}

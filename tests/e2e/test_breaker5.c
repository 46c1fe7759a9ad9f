/* What a new user and a malicious one did to sockets that are passed. */
#include "tests/e2e/harness.h"

/* The name was forgotten. */
StockTest(breaker5, a_passed_name_does_not_look_like_an_option)
{
    static const char *const words[] = {"--anon --", "--anon -x", "--pass -=3"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct run r = run(text("\"$SUNSHIM\" run %s -- true", words[i]));

        check_status(r, 125);
        cr_assert_str_eq(r.err, text("sunshim: %s: a name does not begin with '-'\n", words[i]));
    }
}

/* Programs that make names canonical before they use them. */
StockTest(breaker5, a_passed_name_is_no_link)
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

/* What the kernel has as the name would lead to something else in each process, here to
 * the descriptor by which the library looks at the others. */
StockTest(breaker5, an_inherited_socket_without_a_name_has_none)
{
    put("pass.py", "import os, socket, sys\n"
                   "os.mkdir('d')\n"
                   "s = socket.socket(socket.AF_UNIX)\n"
                   "dir = os.open('d', os.O_PATH)\n"
                   "s.bind(f'/proc/self/fd/{dir}/s')\n"
                   "os.dup2(s.fileno(), 9)\n"
                   "os.execvp(sys.argv[1], sys.argv[1:])\n");
    struct run r = run("go() { \"$SUNSHIM\" run --anon app --log log --rule \"$1\" -- sh -c '[ -S /dev/fd/3 ] && echo stays || :'; }\n"
                       "go 'deny unix (inherit) fd=3 addr=/**,'; go 'deny unix (inherit) fd=3 addr=none,'\n"
                       "grep -o ' addr=[^ ]*' log\n"
                       "python3 pass.py \"$SUNSHIM\" run --log log2 --rule 'audit unix (inherit) fd=9,' -- true\n"
                       "grep -o ' addr=[^ ]*' log2 | sed 's,/[0-9]*/,/N/,'");

    check_status(r, 0);
    check_out(r, "stays\n addr=none\n addr=\"/proc/self/fd/N/s\"\n");
}

/* The shell's own daemons do not hear of Ctrl-C. */
StockTest(breaker5, an_interrupted_suite_takes_its_daemon_along)
{
    struct run r = run("setsid -w \"$TOP/examples/daemon-without-path\" 'echo $$ >pid; exec sleep 1000' "
                       "sh -c 'until [ -s pid ]; do :; done; kill -INT 0' || echo $?\n"
                       "read -r pid <pid; kill -0 $pid 2>/dev/null || echo gone");

    check_out(r, "130\ngone\n");
}

/* Servers that are started for something else would take what they find there for their sockets, or
 * fail because nothing is. */
StockTest(breaker5, programs_without_the_socket_are_not_told_of_it)
{
    put("say.py", "import os, sys\nprint(sys.argv[1], os.environ['LISTEN_PID'] == str(os.getpid()))\n");
    put("start.py", "import subprocess as s, sys\n"
                    "s.run([sys.executable, 'say.py', 'with'], close_fds=False)\n"
                    "s.run([sys.executable, 'say.py', 'without'])\n"
                    "s.run('exec 3<say.py; python3 say.py other', shell=True)\n");
    struct run r = run("\"$SUNSHIM\" run --anon app -- python3 start.py\n"
                       "\"$SUNSHIM\" run --anon app -- sh -c 'exec 3</dev/null; \"$SUNSHIM\" run -- python3 say.py nested'");

    check_out(r, "with True\nwithout False\nother False\nnested False\n");
}

/* libsunat from other programs: C of several standards, C++ of two compilers, linked in each way from where it is
 * installed; python. */
#include "tests/e2e/harness.h"

/* All of the header's names; ends with 0 if they do what they should. */
static const char program[] =
    "#include <sunat.h>\n"
    "#include <stddef.h>\n"
    "#include <string.h>\n"
    "#include <sys/un.h>\n"
    "#include <unistd.h>\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    int dir = open(argc > 1 ? argv[1] : \".\", O_RDONLY), s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);\n"
    "    int d = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), e = socket(AF_UNIX, SOCK_DGRAM, 0), fd;\n"
    "    char byte = 'x';\n"
    "    struct iovec part;\n"
    "    struct msghdr m;\n"
    "    struct sockaddr_un un;\n"
    "    memset(&m, 0, sizeof m), memset(&un, 0, sizeof un);\n"
    "    part.iov_base = &byte, part.iov_len = 1, m.msg_iov = &part, m.msg_iovlen = 1;\n"
    "    un.sun_family = AF_UNIX, strcpy(un.sun_path, \"bsd\");\n"
    "    if (sunat_bind(dir, s, \"stream\", 0) || listen(s, 5) || sunat_connect(dir, c, \"stream\", 0)) return 1;\n"
    "    if ((fd = sunat_bind_anonat(dir, d, SUNAT_LINKABLE)) < 0 || sunat_link(fd, dir, \"gram\")) return 2;\n"
    "    if (sunat_sendmsg(dir, e, \"gram\", &m, 0, 0) != 1 || sunat_unlink(fd) != -1) return 3;\n"
    "    if (bindat(dir, b, (struct sockaddr *)&un, sizeof un) || connectat(dir, e, (struct sockaddr *)&un, sizeof un)) return 4;\n"
    "    close(s), s = socket(AF_UNIX, SOCK_STREAM, 0), close(c), c = socket(AF_UNIX, SOCK_STREAM, 0);\n"
    "    if ((fd = sunat_bind_anon(s, 0)) < 0 || listen(s, 5) || sunat_connect(fd, c, \"\", AT_EMPTY_PATH)) return 5;\n"
    "    return unlinkat(dir, \"stream\", 0) || unlinkat(dir, \"gram\", 0) || unlinkat(dir, \"bsd\", 0);\n"
    "}\n";

#define INSTALL \
    "env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$B\" PREFIX=/usr DESTDIR=\"$T/root\" install >/dev/null\n" \
    "export PKG_CONFIG_PATH=$T/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$T/root PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1\n" \
    "flags=$(pkg-config --cflags --libs sunat)\n" \
    "strict='-Wall -Wextra -Werror -pedantic -Wconversion -Wshadow'\n" \
    "works() { mkdir d; LD_LIBRARY_PATH=$T/root/usr/lib $1 d || echo \"$2: $?\"; rmdir d; echo $2; }\n"

StockTest(sunat_use, from_c)
{
    put("use.c", program);
    struct run r = run(INSTALL
        "for cc in gcc clang; do for std in c99 gnu99 c11 gnu11 gnu17; do define=; case $std in c*) define=-D_POSIX_C_SOURCE=200809L;; esac\n"
        "$cc -std=$std $strict $define -o use use.c $flags; works ./use $cc-$std; done; done\n"
        "echo '#include <sunat.h>' >only.c; echo 'int x = AT_EMPTY_PATH + AT_FDCWD + AT_SYMLINK_NOFOLLOW + SUNAT_LINKABLE;' >>only.c\n"
        "for cc in gcc clang; do $cc -std=c99 $strict -c only.c $(pkg-config --cflags sunat); done");
    check_out(r, "gcc-c99\ngcc-gnu99\ngcc-c11\ngcc-gnu11\ngcc-gnu17\nclang-c99\nclang-gnu99\nclang-c11\nclang-gnu11\nclang-gnu17\n");
    check_status(r, 0);
    cr_assert_str_empty(r.err, "%s", run_report(&r));
}

StockTest(sunat_use, from_cxx)
{
    put("use.cc", program);
    struct run r = run(INSTALL "for cc in g++ clang++; do for std in c++11 c++17 c++20; do $cc -std=$std $strict -o use use.cc $flags; works ./use $cc-$std; done; done");
    check_out(r, "g++-c++11\ng++-c++17\ng++-c++20\nclang++-c++11\nclang++-c++17\nclang++-c++20\n");
    check_status(r, 0);
}

StockTest(sunat_use, linked_statically)
{
    put("use.c", program);
    struct run r = run(INSTALL "gcc $strict -D_GNU_SOURCE -o archive use.c $(pkg-config --cflags sunat) root/usr/lib/libsunat.a; works ./archive archive\n"
                               "gcc $strict -D_GNU_SOURCE -static -o static use.c $(pkg-config --cflags sunat) root/usr/lib/libsunat.a; works ./static static\n"
                               "readelf -d archive | grep -c sunat || :; nm archive | grep -c ' T .*at$'");
    check_has(r, out, "archive\nstatic\n0\n");
    check_lacks(r, out, ": ");
    check_status(r, 0);
}

/* --- python, which needs no compiler for it --- */

static const char client[] =
    "import ctypes, os, socket, sys\n"
    "sunat = ctypes.CDLL(os.environ['B'] + '/libsunat.so', use_errno=True)\n"
    "def call(name, *args):\n"
    "    got = getattr(sunat, name)(*args)\n"
    "    if got < 0: print(name, os.strerror(ctypes.get_errno())); sys.exit(1)\n"
    "    return got\n"
    "AT_EMPTY_PATH = 0x1000\n"
    "d = os.open(sys.argv[1], os.O_PATH | os.O_DIRECTORY)\n"
    "name = (sys.argv[2] if len(sys.argv) > 2 else 'n' * 200).encode()\n"
    "s = socket.socket(socket.AF_UNIX); c = socket.socket(socket.AF_UNIX)\n"
    "call('sunat_bind', d, s.fileno(), name, 0); s.listen()\n"
    "call('sunat_connect', d, c.fileno(), name, 0); print(s.accept()[0].send(b'x'), c.recv(9))\n"
    "os.unlink(name, dir_fd=d)\n"
    "s = socket.socket(socket.AF_UNIX); c = socket.socket(socket.AF_UNIX)\n"
    "pin = call('sunat_bind_anon', s.fileno(), 0); s.listen()\n"
    "call('sunat_connect', pin, c.fileno(), b'', AT_EMPTY_PATH); print(s.accept()[0].send(b'y'), c.recv(9))\n";

StockTest(sunat_use, from_python)
{
    put("client.py", client);
    struct run r = run("mkdir d; python3 client.py d; ls -A d");
    check_out(r, "1 b'x'\n1 b'y'\n");
}

StockTest(sunat_use, from_python_under_a_policy)
{
    put("client.py", client);
    struct run r = run("mkdir good bad; echo \"unix, network, deny unix (bind) addr=$T/bad/**, deny unix (connect) peer=(addr=none),\" | tr , '\\n' | "
                       "sed 's/$/,/; s/,,/,/; /^,$/d' >p.policy\n"
                       "for d in good bad; do $SUNSHIM run -p ./p.policy -- python3 client.py $d || :; done; ls -A good bad");
    check_out(r, "1 b'x'\nsunat_connect Permission denied\nsunat_bind Permission denied\nbad:\n\ngood:\n");
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"connect\"", "peer_addr=none", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "DENIED", "operation=\"bind\"", text("addr=\"%s/bad/nnn", scratch()), NULL), 1, "%s", run_report(&r));
}

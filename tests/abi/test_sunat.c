/* libsunat as files: what they export, what they need, and that they can be used where they are installed. */
#include "tests/e2e/harness.h"

#define NAMES "printf '%s\\n' bindat connectat sunat_bind sunat_bind_anon sunat_bind_anonat sunat_connect sunat_link " \
              "sunat_sendmsg sunat_unlink >names; "

StockTest(libsunat, exports_the_public_calls_and_nothing_else)
{
    struct run r = run(NAMES "nm -D --defined-only \"$B/libsunat.so\" | awk '$2 != \"A\" {print $3}' | sed 's/@@SUNAT_0.1$//' | sort | diff names -");
    check_status(r, 0);
    check_out(r, "");
}

StockTest(libsunat, archive_shows_the_public_calls_and_nothing_else)
{
    struct run r = run(NAMES "nm -g --defined-only \"$B/libsunat.a\" | awk 'NF == 3 {print $3}' | sort | diff names -");
    check_status(r, 0);
    check_out(r, "");
}

/* What it may import is what its calls are made of: no allocator, stdio, lock or thread-local storage. */
StockTest(libsunat, needs_little_of_the_c_library_and_no_other)
{
    struct run r = run("printf '%s\\n' __cmsg_nxthdr __errno_location __stack_chk_fail _pthread_cleanup_pop "
                       "_pthread_cleanup_push bcmp bind connect linkat memchr memcmp memcpy memset renameat2 sendmsg strchr strlen "
                       "strnlen strncmp strrchr syscall __memcpy_chk __memset_chk >may; "
                       "nm -D --undefined-only \"$B/libsunat.so\" | awk '$1 != \"w\" {print $NF}' | sed 's/@.*//' | sort -u >has; "
                       "[ -s has ]; ! grep -vxFf may has");
    check_status(r, 0);
    r = run("readelf -d \"$B/libsunat.so\" | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p' | grep -v '^libc\\.so' || echo none");
    check_out(r, "none\n");
    r = run("readelf -Wl \"$B/libsunat.so\"");
    check_lacks(r, out, " TLS ");
}

StockTest(libsunat, is_hardened_and_versioned)
{
    struct run r = run("readelf -Wdl \"$B/libsunat.so\"");
    check_has(r, out, "GNU_RELRO");
    check_has(r, out, "NOW");
    check_has(r, out, "Library soname: [libsunat.so.0]");
    check_lacks(r, out, "TEXTREL");
    check_lacks(r, out, " RWE ");
}

/* Threads with 16 KiB use it. */
StockTest(libsunat, has_small_frames)
{
    struct run r = run("cd \"$B\"; ls sunat/bind.su sunat/target.su shim/patience.su >/dev/null; "
                       "cat sunat/*.su shim/helper.su shim/patience.su shim/spare.su shim/reserve.su | awk -F'\\t' "
                       "'$2 > 640 || ($3 ~ /dynamic/ && $3 !~ /bounded/) { print $1, $2, $3 }'");
    check_status(r, 0);
    check_out(r, "");
}

#define USE_IT \
    "#include <sunat.h>\n#include <unistd.h>\nint main() { int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);" \
    " int fd = sunat_bind_anon(s, 0); return fd < 0 || listen(s, 1) || sunat_connect(fd, c, \"\", AT_EMPTY_PATH); }\n"

/* Installed, in C and in C++, linked in each way. */
StockTest(libsunat, is_found_by_pkg_config_where_it_is_installed)
{
    struct run r = run("env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$B\" PREFIX=\"$T/usr\" install >/dev/null; export PKG_CONFIG_PATH=$T/usr/lib/pkgconfig; "
                       "printf '%s' '" USE_IT "' >use.c; cp use.c use.cc; flags=$(pkg-config --cflags --libs sunat); "
                       "cc -Wall -Wextra -Werror -o shared use.c $flags; c++ -Wall -Wextra -Werror -o plus use.cc $flags; "
                       "cc -I usr/include -o archive use.c usr/lib/libsunat.a; "
                       "LD_LIBRARY_PATH=usr/lib ./shared; LD_LIBRARY_PATH=usr/lib ./plus; ./archive; "
                       "readelf -d shared archive | grep -c libsunat.so.0; [ \"$(readlink usr/lib/libsunat.so)\" = libsunat.so.0 ]; "
                       "env -u MAKEFLAGS -u MAKELEVEL make -s -C \"$TOP\" -o all B=\"$B\" PREFIX=\"$T/usr\" uninstall; find usr -name '*sunat*'");
    check_status(r, 0);
    check_out(r, "1\n");
}

/* What a socket with a long name is called by the kernel, `ss -xl` and peers that
 * do not run under sunshim, as libsunshim(7) says. */
#include "tests/e2e/harness.h"

#define LONG_DIR "L=$T/$(printf '%%0200d' 0); mkdir $L\n"
#define PEER \
    "import socket, sys\n" \
    "s = socket.socket(socket.AF_UNIX)\n" \
    "s.connect(sys.argv[1])\n" \
    "print(s.getpeername())\n"

/* `server` makes a socket called `name` in the long directory; all who ask are told `pattern`. */
static void check_seen(const char *server, const char *name, const char *pattern)
{
    put("peer.py", PEER);
    put("pattern", text("^%s$", pattern));
    struct run r = run(text(LONG_DIR "%s >server.out & name=%s\n"
                            "ln -s $L/$name short; for i in $(seq 100); do python3 peer.py short >seen 2>/dev/null && break; sleep 0.1; done\n"
                            "cat seen; grep -q -f pattern seen\n"
                            "ss -xlH | awk '{ print $5 }' | grep -qxF \"$(cat seen)\"\n"
                            /* It leads to the socket, if to anything. */
                            "case $(cat seen) in /proc/*) ;; *) test $L/$name -ef $(cat seen);; esac",
                            server, name));
    check_status(r, 0);
}

#define ALIAS(kind) ".*/a/" kind "[a-z2-7]\\{5\\}/"

StockTest(long_seen, a_program_that_was_given_a_short_name)
{
    check_seen("$SUNSHIM run --shorten -- socat UNIX-LISTEN:$L/s,fork -", "s", ALIAS("s") "s");
}

StockTest(long_seen, a_program_that_passed_the_long_name)
{
    check_seen("$SUNSHIM run -- \"$N/sk\" 'socket unix stream' \"bind $L/s\" listen 'sleep 60000'", "s", ALIAS("d") "s");
}

StockTest(long_seen, a_program_that_passed_a_long_relative_name)
{
    check_seen("$SUNSHIM run -- \"$N/sk\" 'socket unix stream' \"bind rel:${L##*/}/s\" listen 'sleep 60000'", "s",
               ALIAS("r") "s");
}

StockTest(long_seen, a_name_that_a_rule_makes_long)
{
    check_seen("$SUNSHIM run --rule \"map /run/app.sock -> $L/s,\" -- socat UNIX-LISTEN:/run/app.sock,fork -", "s",
               ALIAS("d") "s");
}

StockTest(long_seen, a_long_last_component)
{
    check_seen("$SUNSHIM run --rule \"map /run/app.sock -> $L/$(printf '%0200d' 1),\" -- "
               "socat UNIX-LISTEN:/run/app.sock,fork -",
               "$(printf '%0200d' 1)", ".*/a/t[a-z2-7]\\{8\\}/\\.sunshim-[a-z2-7]\\{8\\}");
}

StockTest(long_seen, the_library_without_a_run)
{
    check_seen("env $PRELOAD \"$N/sk\" 'socket unix stream' \"bind $L/s\" listen 'sleep 60000'", "s",
               "/proc/thread-self/fd/[0-9]*/s");
}

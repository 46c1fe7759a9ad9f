/* SUNSHIM_LOG and SUNSHIM_LOG_FORMAT in a program that starts: what they may be. */
#include <string.h>

#include "tests/e2e/harness.h"

static const char *repeated(char c, size_t count)
{
    char *all = text("%*s", (int)count, "");

    return memset(all, c, count);
}

static struct run started(const char *name, const char *value)
{
    put("value", value);
    return preloaded("unix (create),\n", text("env $PRELOAD %s=\"$(cat $T/value)\" \"$P/sk\" 'socket unix stream' || echo $?", name));
}

static void check_refused(const char *name, const char *value, const char *why)
{
    struct run r = started(name, value);

    cr_assert(strstr(r.err, why), "%s=%s: no \"%s\"\n%s", name, value, why, run_report(&r));
    check_lacks(r, out, "socket");
}

Test(log_place, what_is_no_place_is_refused)
{
    static const char *const numbers[] = {"fd:", "fd:x", "fd:2x", "fd:-1", "fd:4294967298"}, *const three[] = {"fd:2@1", "fd:2@1:", "fd:2@:1", "fd:2@1:2x"},
                      *const others[] = {"stdout", "relative/log", "std", "fd"};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        check_refused("SUNSHIM_LOG", numbers[i], "SUNSHIM_LOG=fd:N wants a number");
    for (size_t i = 0; i < sizeof three / sizeof *three; i++)
        check_refused("SUNSHIM_LOG", three[i], "SUNSHIM_LOG=fd:N@DEV:INO wants three numbers");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_refused("SUNSHIM_LOG", others[i], "SUNSHIM_LOG wants stderr, fd:N, journal or an absolute path");
    check_refused("SUNSHIM_LOG_FORMAT", "xml", "SUNSHIM_LOG_FORMAT wants text, json or apparmor");
}

Test(log_place, a_path_has_1023_bytes_at_most)
{
    struct run r = started("SUNSHIM_LOG", text("/%s", repeated('x', 1022)));

    check_out(r, "socket unix stream -> 3\n");
    check_refused("SUNSHIM_LOG", text("/%s", repeated('x', 1023)), "sunshim: /xxx");
}

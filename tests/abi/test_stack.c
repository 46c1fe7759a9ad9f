/* How much stack the calls use, measured on a painted one: no call more than
 * 4 KiB above what it uses by itself, whatever a policy says to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

enum { MOST = 4096 };

/* "CALL BYTES errno" for one call. */
static int use_of(const char *out, const char *call, char *err)
{
    int bytes = -1;
    const char *line = strstr(out, text("\n%s ", call));
    if (line)
        sscanf(line, "%*s %d %31s", &bytes, err);
    return bytes;
}

static struct run measured(const char *policy, const char *size, const char *dir)
{
    const char *run_it = text("mkdir %s; LD_BIND_NOW=1 \"$N/stackuse\" %s $T/%s", dir, size, dir);
    struct run r = policy ? preloaded(policy, text("export SUNSHIM_LOG=$T/log; %s", run_it)) : run(run_it);
    check_status(r, 0);
    r.out = text("\n%s", r.out);
    return r;
}

/* The same in a run that tracks sockets and remembers names. */
static struct run tracked(const char *dir)
{
    struct run r = run(text("mkdir %s; LD_BIND_NOW=1 \"$SUNSHIM\" run --track -- \"$N/stackuse\" 262144 $T/%s", dir, dir));
    check_status(r, 0);
    r.out = text("\n%s", r.out);
    return r;
}

static void compare(const char *what, struct run native, struct run shim, bool denies)
{
    char *save = NULL, *copy = text("%s", native.out), err[32] = "";
    int denied = 0, seen = 0;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save), seen++) {
        char *call = text("%.*s", (int)strcspn(line, " "), line);
        int more = use_of(shim.out, call, err) - use_of(native.out, call, err);
        cr_expect(more < MOST, "%s, %s: %d bytes more than natively", what, call, more);
        use_of(shim.out, call, err);
        denied += !strcmp(err, "EACCES") || !strcmp(err, "EAGAIN");
    }
    cr_assert(seen >= 22, "only %d calls were measured", seen);
    cr_assert(!denies || denied >= 20, "%s: only %d calls were denied\n%s", what, denied, run_report(&shim));
}

static void compare_with_native(const char *what, const char *policy, bool denies)
{
    compare(what, measured(NULL, "262144", "native"), measured(policy, "262144", "shim"), denies);
}

StockTest(stack, with_traces)
{
    struct run r = run("mkdir shim; LD_BIND_NOW=1 \"$SUNSHIM\" run --trace --log $T/log -- \"$N/stackuse\" 262144 $T/shim");

    check_status(r, 0);
    r.out = text("\n%s", r.out);
    cr_assert(lines_with(get(text("%s/log", scratch())), "sunshim=\"TRACE\"", NULL) > 20, "nothing was traced");
    compare("traced", measured(NULL, "262144", "native"), r, false);
}

StockTest(stack, with_tracking)
{
    compare("tracked", measured(NULL, "262144", "native"), tracked("shim"), false);
}

StockTest(stack, without_a_verdict)
{
    compare_with_native("all is allowed", "allow all,\n", false);
}

StockTest(stack, with_paths_to_resolve)
{
    compare_with_native("paths", "unix,\nnetwork,\ndeny unix addr=/nowhere/**,\ndeny unix peer=(addr=/nowhere/**),\n", false);
}

StockTest(stack, with_a_scope_around_it)
{
    compare_with_native("scope", "allow all,\nscope pathname abstract,\n", false);
}

/* Everything is looked for in the memory of the run, confirmed, and then refused. */
StockTest(stack, with_denials_of_what_it_bound_itself)
{
    compare_with_native("inside is denied", "allow all,\ndeny unix peer=(scope=inside),\ndeny network peer=(scope=inside),\n",
                        false);
    char *log = get(text("%s/log", scratch()));
    cr_assert(lines_with(log, "sunshim=\"DENIED\"", NULL) >= 5, "%s", log);
}

StockTest(stack, with_names_that_rules_lead)
{
    compare_with_native("maps", text("allow all,\nmap /s/ -> %s/shim/,\n", scratch()), false);
    struct run r = run("! ls $T/shim/script*");
    check_status(r, 0);
}

/* The same directory by a name that does not fit, in a way of running it. */
static struct run measured_long(const char *how, const char *size, const char *dir)
{
    const char *file = put("paths.policy", "unix,\nnetwork,\ndeny unix addr=/nowhere/**,\ndeny unix peer=(addr=/nowhere/**),\n");
    struct run r = run(text("L=$T/$(seq -s d 50)/%s; mkdir -p $L; POLICY=%s; LD_BIND_NOW=1 %s \"$N/stackuse\" %s $L $L", dir, file, how, size));

    check_status(r, 0);
    r.out = text("\n%s", r.out);
    return r;
}

static const char *const ways[] = {"env LD_PRELOAD=$LIB", "\"$SUNSHIM\" run --", "\"$SUNSHIM\" run --track -p $POLICY --",
                                   "\"$SUNSHIM\" run --long-paths --"};

StockTest(stack, with_long_names)
{
    struct run native = measured_long("env", "262144", "native");

    for (int i = 0; i < 4; i++) {
        char err[32] = "";
        struct run r = measured_long(ways[i], "262144", text("ours%d", i));

        compare(ways[i], native, r, false);
        for (const char *const *call = (const char *const[]){"bind", "bind-long", "connect", "sendto", "sendmsg", "sendmmsg", NULL}; *call; call++)
            cr_expect(use_of(r.out, *call, err) >= 0 && !strcmp(err, "0"), "%s: %s %s", ways[i], *call, err);
    }
}

StockTest(stack, threads_of_16_kib_live_with_long_names)
{
    for (int i = 0; i < 4; i++)
        measured_long(ways[i], "16384", text("small%d", i));
}

StockTest(stack, with_denials_on_record)
{
    compare_with_native("denied", "deny all,\n", true);
    char *log = get(text("%s/log", scratch()));
    cr_assert(lines_with(log, "sunshim=\"DENIED\"", NULL) >= 20, "%s", log);
}

StockTest(stack, with_denials_by_path_on_record)
{
    compare_with_native("denied by path", text("unix,\ndeny unix addr=%s/**,\ndeny unix peer=(addr=%s/**),\n"
                                               "deny unix peer=(addr=none),\n", scratch(), scratch()), false);
    char *log = get(text("%s/log", scratch()));
    cr_assert(lines_with(log, "sunshim=\"DENIED\"", NULL) >= 10, "%s", log);
}

StockTest(stack, json_records_fit_too)
{
    with_env("SUNSHIM_LOG_FORMAT=json");
    compare_with_native("json", "deny all,\n", true);
}

StockTest(stack, apparmor_records_fit_too)
{
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    compare_with_native("apparmor", "deny all,\n", true);
}

/* PTHREAD_STACK_MIN; the C library keeps about a quarter of it. */
StockTest(stack, threads_of_16_kib_live)
{
    static const char *const policies[] = {"allow all,\n", "deny all,\n", "unix,\ndeny unix peer=(addr=/nowhere/**),\n",
                                           "allow all,\nmap /s/ -> /tmp/,\n"};
    for (int i = 0; i < 4; i++)
        measured(policies[i], "16384", text("small%d", i));
}

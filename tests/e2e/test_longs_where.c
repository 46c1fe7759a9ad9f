/* Overlong names where what taking them whole needs is not there: /proc, a free descriptor, a new
 * thread. What works, natively with short names in an ordinary place, works; the rest has an honest
 * errno and a record. */

#include "harness.h"

/* $D: a long name, $L: below this directory, $LR: below root. `native` is what a short name gives. */
#define PLACES \
    "D=$(seq -s d 50); L=$T/$D; LR=$T/root/$D; mkdir -p short $L $LR; " \
    "\"$N/longcalls\" $T/short shortlast >native\n"
#define RULES "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n"

/* What the calls gave otherwise than a short name would, and whether something strange was left. */
static struct run differences(const char *command)
{
    put("p.policy", RULES);
    return run(text(PLACES "%s >ours; grep -c . native; diff native ours | sed -n 's/^> //p'; ls -A $L $LR | grep '^\\.' || :", command));
}

static void check_same(const char *command)
{
    struct run r = differences(command);

    check_status(r, 0);
    check_out(r, "47\n");
    cr_assert_eq(lines_with(r.err, "sunshim=", NULL), lines_with(r.err, "directory is not there", NULL), "%s", run_report(&r));
}

Test(longs_where, bare)
{
    check_same("env $PRELOAD \"$P/longcalls\" $L");
}

StockTest(longs_where, in_a_run)
{
    check_same("\"$SUNSHIM\" run \"$P/longcalls\" $L");
}

StockTest(longs_where, under_path_rules)
{
    check_same("\"$SUNSHIM\" run -p ./p.policy \"$P/longcalls\" $L");
}

/* --- Without a free descriptor ------------------------------------------------------ */

Test(longs_where, no_descriptor)
{
    check_same("env $PRELOAD \"$P/longcalls\" $L full");
}

StockTest(longs_where, no_descriptor_in_a_run)
{
    check_same("\"$SUNSHIM\" run \"$P/longcalls\" $L full");
}

StockTest(longs_where, no_descriptor_and_no_thread_in_a_run)
{
    check_same("\"$SUNSHIM\" run \"$P/longcalls\" $L full noclone");
}

/* A connected socket's peer cannot be looked up: send says what it says for a short name, too. */
#define SEND_ALONE(name) \
    "{ " name "; } | sed 's/^send: EACCES$/send: 1/'"

StockTest(longs_where, no_descriptor_under_path_rules)
{
    struct run r = differences(SEND_ALONE("\"$SUNSHIM\" run -p ./p.policy \"$P/longcalls\" $L full"));

    check_out(r, "47\n");
}

StockTest(longs_where, no_descriptor_under_path_rules_and_short_names)
{
    struct run r = differences("rm short/*; " SEND_ALONE("\"$SUNSHIM\" run -p ./p.policy \"$P/longcalls\" $T/short full shortlast"));
    check_out(r, "47\n");
}

/* Nothing hangs, nothing succeeds by half, and each failure is on record. */
static void check_refused(const char *command, const char *hint)
{
    struct run r = differences(command);

    check_status(r, 0);
    check_has(r, out, "bind a stream: EMFILE\n");
    check_has(r, out, "bind a long last component: EMFILE\n");
    check_has(r, out, "\nconnect: EMFILE\n");
    check_has(r, out, "sendto: EMFILE\n");
    check_has(r, out, "sendmsg: EMFILE\n");
    check_has(r, out, "sendmmsg: EMFILE\n");
    check_lacks(r, out, "EAGAIN");
    check_lacks(r, out, "EPERM");
    for (const char *const *call = (const char *const[]){"bind", "connect", "sendto", "sendmsg", "sendmmsg", NULL}; *call; call++)
        cr_assert_gt(lines_with(r.err, "sunshim=\"HINT\"", text("operation=\"%s\"", *call), "errno=EMFILE", hint, NULL), 0, "%s: %s",
                     *call, run_report(&r));
}

Test(longs_where, no_descriptor_and_no_thread)
{
    check_refused("env $PRELOAD \"$P/longcalls\" $L full noclone", "/proc or a run");
}

StockTest(longs_where, no_descriptor_and_no_thread_under_path_rules)
{
    check_refused("\"$SUNSHIM\" run -p ./p.policy \"$P/longcalls\" $L full noclone", "no free descriptor");
}

StockTest(longs_where, no_descriptor_and_no_process_allowed)
{
    need_root();
    check_refused("mkdir -m 777 $L/x; cp -L \"$P/longcalls\" \"$LIB\" .; "
                  "env LD_PRELOAD=$T/libsunshim.so setpriv --reuid=63123 --regid=63123 --clear-groups $T/longcalls $L/x full nproc",
                  "/proc or a run");
}

/* --- Without /proc --------------------------------------------------------------------- */

/* All but reaching a last component that does not fit sun_path, which cannot be done there. */
static void check_without_proc(const char *command)
{
    need_root();
    struct run r = differences(command);

    check_status(r, 0);
    check_out(r, "47\nsendto a long last component: ENAMETOOLONG\nconnect to it: ENAMETOOLONG\n");
    cr_assert_eq(lines_with(r.err, "operation=\"sendto\"", "errno=ENAMETOOLONG", "needs /proc or a run", NULL), 1, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "operation=\"connect\"", "errno=ENAMETOOLONG", "needs /proc or a run", NULL), 1, "%s", run_report(&r));
}

Test(longs_where, no_proc)
{
    check_without_proc("env $PRELOAD \"$P/longcalls\" /$D chroot=$T/root");
}

StockTest(longs_where, no_proc_in_a_run_whose_directory_is_elsewhere)
{
    check_without_proc("\"$SUNSHIM\" run \"$P/longcalls\" /$D chroot=$T/root");
}

Test(longs_where, no_proc_and_no_descriptor)
{
    check_without_proc("env $PRELOAD \"$P/longcalls\" /$D chroot=$T/root full");
}

/* Nobody can be reached then, because nobody could bind. */
Test(longs_where, no_proc_and_no_thread)
{
    need_root();
    struct run r = differences("env $PRELOAD \"$P/longcalls\" /$D chroot=$T/root noclone");

    check_has(r, out, "bind a stream: EMFILE\n");
    check_has(r, out, "bind a long last component: EMFILE\n");
    check_has(r, out, "\nconnect: ENOENT\n");
    cr_assert_gt(lines_with(r.err, "operation=\"bind\"", "errno=EMFILE", "/proc or a run", NULL), 3, "%s", run_report(&r));
}

/* Path rules judge what is reached, which cannot be made sure there. */
static void check_judged_without_proc(const char *where)
{
    need_root();
    struct run r = differences(text("\"$SUNSHIM\" run -p ./p.policy \"$P/longcalls\" /$D chroot=$T/root %s", where));

    check_has(r, out, "\nconnect: EACCES\n");
    check_has(r, out, "\nsendto: EACCES\n");
    check_has(r, out, "\nsendmmsg: EACCES\n");
    check_lacks(r, out, "connect that waits: 0");
    cr_assert_gt(lines_with(r.err, "operation=\"connect\"", "errno=EACCES", "needs /proc", NULL), 3, "%s", run_report(&r));
    cr_assert_gt(lines_with(r.err, "operation=\"sendmsg\"", "errno=EACCES", "needs /proc", NULL), 1, "%s", run_report(&r));
}

StockTest(longs_where, no_proc_under_path_rules)
{
    check_judged_without_proc("");
}

StockTest(longs_where, no_proc_and_no_descriptor_under_path_rules)
{
    check_judged_without_proc("full");
}

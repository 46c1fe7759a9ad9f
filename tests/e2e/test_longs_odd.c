/* Overlong names in odd circumstances: directories, bytes, handlers, children, users, masks. */

#include "harness.h"

/* $L: a directory whose name alone does not fit sun_path. */
#define LONG "L=$T/$(seq -s d 50); mkdir -p $L; "

static void check(const char *command, const char *want)
{
    put("p.policy", "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    struct run r = run(text(LONG "%s", command));

    check_status(r, 0);
    check_out(r, want);
}

#define OK "as it should be\n"
#define BARE "env $PRELOAD \"$P/longodd\" "
#define IN_RUN "\"$SUNSHIM\" run \"$P/longodd\" "
#define RULES "\"$SUNSHIM\" run -p ./p.policy \"$P/longodd\" "

#define EVERYWHERE(name, args) \
    Test(longs_odd, name) { check(BARE args, OK); } \
    StockTest(longs_odd, name##_in_a_run) { check(IN_RUN args, OK); } \
    StockTest(longs_odd, name##_under_rules) { check(RULES args, OK); }

EVERYWHERE(threads_with_their_own_directory, "thread $L")
EVERYWHERE(deleted_directories, "deleted $L")
EVERYWHERE(addresses_of_odd_bytes_and_lengths, "bytes $L")
EVERYWHERE(handlers_that_do_the_same, "handler $L")
EVERYWHERE(children_of_vfork, "vfork $L")
EVERYWHERE(directories_that_are_renamed, "moved $L ${L}2")

Test(longs_odd, directories_too_deep_for_a_name)
{
    check(BARE "deep $L", OK);
}

StockTest(longs_odd, directories_too_deep_for_a_name_in_a_run)
{
    check(IN_RUN "deep $L", OK);
}

/* Rules judge by the absolute name, and there is none. */
StockTest(longs_odd, directories_too_deep_for_a_name_under_rules)
{
    struct run r = run(LONG "\"$SUNSHIM\" run --rule 'deny unix bind addr=/nowhere/**,' \"$P/longodd\" deep $L");

    check_status(r, 1);
    cr_assert_eq(lines_with(r.err, "sunshim=\"DENIED\"", "operation=\"bind\"", NULL), 1, "%s", run_report(&r));
}

Test(longs_odd, children_know_the_names)
{
    check(BARE "fork $L", OK);
}

StockTest(longs_odd, programs_of_a_run_know_the_names)
{
    check(IN_RUN "fork $L exec", OK OK);
    check("rm -r $L; mkdir $L; " RULES "fork $L exec", OK OK);
}

/* --- Masks ----------------------------------------------------------------------------------------- */

/* The modes of sockets bound under several masks, by a short name and a long last component. */
#define MASKS(run_it, dir) \
    "for u in 0777 0027 0000 0111; do " run_it " \"chdir " dir "\" \"umask $u\" 'socket unix dgram' \"bind rel:$S$u\" >/dev/null; " \
    "stat -c %a $D/$S$u; done"
#define MODES "0\n750\n777\n666\n"

/* As $S: a relative name that is too long by its directory, or by itself. */
static void check_masks(const char *run_it)
{
    struct run r = run(text("d=$(seq -s d 50); D=$T; mkdir $d; S=$d/s; %s; S=$(printf '%%0200d' 0); %s; ls -A | grep '^\\.sunshim' || :",
                            run_it, run_it));
    check_status(r, 0);
    check_out(r, MODES MODES);
}

Test(longs_odd, masks)
{
    check_masks(MASKS("env $PRELOAD \"$P/sk\"", "$T"));
}

StockTest(longs_odd, masks_in_a_run)
{
    check_masks(MASKS("\"$SUNSHIM\" run \"$P/sk\"", "$T"));
}

/* By a helper thread: no /proc. */
Test(longs_odd, masks_without_proc)
{
    need_root();
    struct run r = run("d=$(seq -s d 50); D=$T/root; mkdir -p root/$d; S=$d/s; " MASKS("env $PRELOAD \"$P/sk\" \"chroot $T/root\"", "/")
                       "; S=$(printf '%0200d' 0); " MASKS("env $PRELOAD \"$P/sk\" \"chroot $T/root\"", "/"));
    check_status(r, 0);
    check_out(r, MODES MODES);
}

/* --- Symbolic links ----------------------------------------------------------------------------------- */

StockTest(longs_odd, symbolic_links)
{
    check("ln -s $L way; W=$T/way/$(seq -s d 45); mkdir $L/$(seq -s d 45); ln -s $W/s $L/to; ln -s nowhere $L/dangling\n"
          "for how in \"env $PRELOAD\" \"$SUNSHIM run\"; do rm -f $L/*/s\n"
          "$how \"$N/sk\" 'socket unix stream' \"bind $W/s\" listen getsockname 'socket unix stream' \"connect $L/to\" | sed \"s#$T##g; s#$(seq -s d 50)##; s#$(seq -s d 45)##; s/socket unix stream -> .*/socket/\"\n"
          "$how \"$N/sk\" 'socket unix stream' \"bind $L/dangling\" | grep -o 'EADDR.*'; done",
#define LINES "socket\nbind /way//s -> 0\nlisten -> 0\ngetsockname /way//s -> 0\nsocket\nconnect //to -> 0\nEADDRINUSE\n"
          LINES LINES);
}

/* --- Users -------------------------------------------------------------------------------------------------- */

#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups"

/* All errors again, for a user who may not search, write or read in some places. */
static void as_somebody_else(const char *how)
{
    need_root();
    struct run r = run(text(LONG "chmod 711 $T; mkdir -m 755 short; \"$N/longs\" fixture short; \"$N/longs\" fixture $L; chmod 755 $L; chmod 777 $L/sub short/sub\n"
                            "cp -L \"$N/longs\" longs; cp \"$LIB\" lib.so; chmod 755 longs lib.so\n"
                            AS_NOBODY " $T/longs errors $T/short >native; %s $T/longs errors $L >ours\n"
                            "wc -l <native; grep -c EACCES native; diff native ours", how));
    check_status(r, 0);
    cr_assert(strtol(strchr(r.out, '\n'), NULL, 10) > 50, "%s", run_report(&r));
}

StockTest(longs_odd, another_user)
{
    as_somebody_else("env LD_PRELOAD=$T/lib.so " AS_NOBODY);
}

StockTest(longs_odd, another_user_in_a_run_of_roots)
{
    as_somebody_else("\"$SUNSHIM\" run -- " AS_NOBODY);
}

/* --- Calls that are left the hard way ---------------------------------------------------------------------------- */

/* Each of 11 calls in all of 20 rounds; no descriptor and no memory stays. */
static void check_left(const char *how, const char *what, int most)
{
    put("p.policy", "unix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    struct run r = run(text(LONG "%s \"$N/blocked\" %s $L", how, what));

    check_status(r, 0);
    cr_assert_eq(lines_with(r.out, "left 20 ", "after 0", NULL), 11, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "most 0", NULL) + (most ? lines_with(r.out, "most 1", NULL) : 0), 11, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "lost", NULL), 0, "%s", run_report(&r));
}

StockTest(longs_odd, cancelled_calls)
{
    check_left("env LD_PRELOAD=$LIB", "cancel", 0);
    check_left("rm -r $L; mkdir $L; \"$SUNSHIM\" run", "cancel", 0);
    check_left("rm -r $L; mkdir $L; \"$SUNSHIM\" run -p ./p.policy", "cancel", 0);
}

StockTest(longs_odd, calls_that_a_handler_jumps_out_of)
{
    check_left("env LD_PRELOAD=$LIB", "longjmp", 1);
    check_left("rm -r $L; mkdir $L; \"$SUNSHIM\" run", "longjmp", 1);
    check_left("rm -r $L; mkdir $L; \"$SUNSHIM\" run -p ./p.policy", "longjmp", 1);
}

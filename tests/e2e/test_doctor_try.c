/* sunshim doctor --try: remedies tried for real, and nothing left behind. */
#include <string.h>

#include "tests/e2e/doctor.h"

#define TRY \
    DOCTOR_NAMES \
    "try() { $SUNSHIM doctor --try \"$@\" && echo 'status 0' || echo \"status $?\"; }\n" \
    /* What stands in the directory, and what a trial left in TMPDIR. */ \
    "left() { ls -A $deep; ls -Ad $T/.sunshim-doctor-* 2>/dev/null | wc -l; }\n"

/* Each way that was tried, with these results of stream and dgram. */
static void check_way(const struct run *r, const char *way, const char *stream, const char *dgram)
{
    cr_assert_eq(lines_with(r->out, text("  tried     %-16s stream %-22s dgram %s", way, stream, dgram), NULL), 1, "%s: %s, %s?\n%s",
                 way, stream, dgram, run_report(r));
}

StockTest(doctor_try, tries_each_remedy_in_a_long_directory)
{
    struct run r = run(TRY "deep $T 250; try $deep/s; left");

    check_way(&r, "as it is", "bind: EINVAL", "bind: EINVAL");
    check_way(&r, "--long-paths", "works", "works");
    check_way(&r, "cd", "works", "works");
    check_way(&r, "short symlink", "works", "works");
    check_way(&r, "map", "works", "works");
    check_way(&r, "/proc/self/fd", "works", "works");
    check_way(&r, "abstract name", "works", "works");
    check_has(r, out, "\nstatus 1\n0\n");
}

StockTest(doctor_try, tries_a_short_name_as_it_is)
{
    struct run r = run(TRY "mkdir d; deep=$T/d; try $T/d/s; left");

    check_way(&r, "as it is", "works", "works");
    check_has(r, out, "\nstatus 0\n0\n");
}

/* The trial's own name is longer than "s": it would say nothing about that. */
StockTest(doctor_try, says_what_it_cannot_try)
{
    struct run r = run(TRY "deep $T 100; try $deep/s; left");

    check_way(&r, "as it is", "not tried", "not tried");
    check_has(r, out, "\nstatus 0\n0\n");
}

StockTest(doctor_try, tries_names_that_are_long_themselves)
{
    struct run r = run(TRY "mkdir d; deep=$T/d; try d/$(name 250); left");

    check_way(&r, "--long-paths", "works", "works");
    check_way(&r, "cd", "bind: EINVAL", "bind: EINVAL");
    check_way(&r, "short symlink", "bind: EINVAL", "bind: EINVAL");
    check_has(r, out, "\nstatus 1\n0\n");
}

/* Bytes that mean something to shells, policies and terminals. */
StockTest(doctor_try, tries_directories_with_any_name)
{
    struct run r = run(TRY "deep=\"$T/$(name 100)$(printf ' \\t\\\"*{a,b}[?]@{x}\\\\\\377,->')\"; mkdir \"$deep\"; try \"$deep/s\"; ls -A \"$deep\"");

    check_way(&r, "--long-paths", "works", "works");
    check_way(&r, "cd", "works", "works");
    check_way(&r, "map", "works", "works");
    cr_assert_str_eq(strstr(r.out, "\nstatus"), "\nstatus 1\n");
}

StockTest(doctor_try, tries_paths_of_4000_bytes)
{
    struct run r = run(TRY "deep $T 3990; try $deep/socket; left");

    check_way(&r, "--long-paths", "works", "works");
    check_way(&r, "cd", "works", "works");
    check_way(&r, "short symlink", "works", "works");
    check_has(r, out, "\nstatus 1\n0\n");
}

/* Without /proc there is no library for it here, and the name itself does not fit. */
StockTest(doctor_try, says_when_nothing_works)
{
    need_root();
    struct run r = run(TRY "mkdir d; deep=$T/d; unshare -m sh -c 'umount -l /proc; $SUNSHIM doctor --try '$deep/$(name 150)' || echo; echo status $?'; left");

    check_has(r, out, "use another directory: none of the remedies works in this one\n");
    cr_assert(!strncmp(r.out, "does not work: when tried, bind fails here: ", 44), "%s", run_report(&r));
    check_has(r, out, "\n0\n");
}

StockTest(doctor_try, tries_nothing_where_it_may_not_write)
{
    need_root();
    struct run r = run(TRY "mkdir d; setpriv --reuid 65534 --clear-groups $SUNSHIM doctor --try d/s || echo status $?");

    check_has(r, out, "nothing was tried: the directory cannot be written to\n");
    check_exit(r, 2);
}

StockTest(doctor_try, leaves_the_socket_alone_that_is_there)
{
    struct run r = run(TRY "mkdir d; deep=$T/d; $N/sk 'socket unix stream' \"bind $T/d/s\" listen 'write .' 'sleep 100000' >out & \n"
                           "until grep -q ^write out; do sleep 0.02; done; ino=$(stat -c %i d/s); try $T/d/s; [ $ino = $(stat -c %i d/s) ]; left\n"
                           "ss -xlH | awk -v n=$T/d/s '$5 == n {print \"waiting\", $3}'");

    check_status(r, 0);
    check_has(r, out, "\nstatus 0\ns\n0\nwaiting 0\n");
}

/* --- Tidy, however it ends ---------------------------------------------------------- */

/* strace holds listen() back: the signal comes while the socket's file is there. */
#define HELD \
    "deep $T 200; rm -f log; strace -f -qq -o log -e trace=listen -e inject=listen:delay_enter=3000000 env --default-signal=INT $SUNSHIM doctor --try $deep/s >said 2>&1 & tracer=$!\n" \
    "until ls -A $deep | grep -q sunshim-doctor; do kill -0 $tracer; sleep 0.02; done\n" \
    "doctor=$(ls -A $deep | sed -n 's/^.sunshim-doctor-0*\\([0-9]*\\)-.*/\\1/p')\n"

static void check_tidy_after(const char *signal)
{
    struct run r = run(text("%skill -%s $doctor; wait $tracer || echo ended $?; cat said; left", TRY HELD, signal));

    check_has(r, out, "ended ");
    check_lacks(r, out, "works");
    cr_assert(r.out_len >= 2 && !strcmp(r.out + r.out_len - 2, "0\n"), "%s", run_report(&r));
    check_lacks(r, out, "sunshim-doctor");
}

StockTest(doctor_try, removes_everything_when_interrupted)
{
    check_tidy_after("INT");
}

StockTest(doctor_try, removes_everything_when_terminated)
{
    check_tidy_after("TERM");
}

StockTest(doctor_try, removes_what_a_killed_one_has_left)
{
    struct run r = run(TRY HELD "kill -KILL $doctor; wait $tracer || echo ended $?; ls -A $deep; ls -Ad $T/.sunshim-doctor-*$doctor-*\n"
                           "try $deep/s; left");

    cr_assert_eq(lines_with(r.out, "  note      removed .sunshim-doctor-", ", which a killed 'sunshim doctor' had left", NULL), 2, "%s",
                 run_report(&r));
    check_has(r, out, "\nstatus 1\n0\n");
}

/* Others may have one under way: whose process lives is left alone. */
StockTest(doctor_try, leaves_trials_alone_that_are_under_way)
{
    struct run r = run(TRY HELD "$SUNSHIM doctor --try $deep/t >other || :; ls -A $deep | grep -c sunshim-doctor-0*$doctor; grep -c removed other || :\n"
                           "kill -TERM $doctor; wait $tracer || :");

    check_out(r, "1\n0\n");
}

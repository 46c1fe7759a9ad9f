/* The line that sunshim run ends with, and the status that goes with it. What
 * happened is written by a program that counts as the library does. */
#include <string.h>

#include "tests/e2e/harness.h"

/* --- The line ---------------------------------------------------------------- */

StockTest(cli_summary, nothing_to_say_is_nothing_said)
{
    struct run r = run("$SUNSHIM run --error-exitcode 7 -- sh -c 'exit 3'");

    check_status(r, 3);
    cr_assert_str_empty(r.err);
}

StockTest(cli_summary, says_what_happened_in_one_line)
{
    static const struct {
        const char *counts, *line;
    } table[] = {
        {"denied 3", "3 denied"},
        {"denied 3 leak 1 unseen /usr/bin/docker 'static Go' unseen /usr/bin/sudo setuid",
         "3 denied, 1 leaked, 2 not seen: docker (static Go), sudo (setuid)"},
        {"allowed 1", "1 allowed by complain"},
        {"truncated 2", "2 cut addresses (use --long-paths)"},
        {"truncated 1 repaired 1", "1 cut address (use --long-paths), 1 cut address repaired"},
        {"repaired 2", "2 cut addresses repaired"},
        {"aliases 3", ""},
        {"dropped 1", "1 record dropped (use --log FILE)"},
        {"dropped 12", "12 records dropped (use --log FILE)"},
        {"outside 1", "1 bind not remembered"},
        {"outside 70000", "70000 binds not remembered"},
        {"denied 1 allowed 2 leak 3 truncated 4 dropped 5 outside 6 unseen /a/b static",
         "1 denied, 2 allowed by complain, 3 leaked, 4 cut addresses (use --long-paths), 5 records dropped (use --log FILE), 6 binds not remembered, "
         "1 not seen: b (static)"},
        {"audit 3 hint 4", ""},
        /* one program, often; two of one name */
        {"unseen /a/b static unseen /a/b static unseen /a/b static", "3 not seen: b (static)"},
        {"unseen /a/b static unseen /c/b static unseen /d/b setuid", "3 not seen: b (static), b (setuid)"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM run -- $N/counts %s", table[i].counts));

        check_status(r, 0);
        cr_assert_str_eq(r.err, *table[i].line ? text("sunshim: %s\n", table[i].line) : "", "%s", run_report(&r));
    }
}

StockTest(cli_summary, many_names_are_shortened)
{
    struct run r = run("$SUNSHIM run -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do $N/counts unseen /p/prog$i static; done'\n"
                       "$SUNSHIM run -- sh -c 'for i in $(seq 70); do $N/counts unseen /p/prog$i static; done'");
    char *second = strchr(r.err, '\n');

    check_has(r, err, "sunshim: 9 not seen: prog1 (static), prog2 (static), prog3 (static), prog4 (static), "
                      "prog5 (static) and 4 more\n");
    cr_assert(second && !strcmp(second + 1, "sunshim: 70 not seen: prog1 (static), prog2 (static), prog3 (static), "
                                            "prog4 (static), prog5 (static) and others\n"), "%s", run_report(&r));
}

StockTest(cli_summary, a_name_cannot_write_on_the_terminal)
{
    struct run r = run("$SUNSHIM run -- $N/counts unseen \"$(printf '/a/\\033[2Jx\\nsunshim: all is well')\" static");

    cr_assert_str_eq(r.err, "sunshim: 1 not seen: ?[2Jx?sunshim: all is well (static)\n", "%s", run_report(&r));
}

StockTest(cli_summary, the_counts_may_be_damaged)
{
    struct run r = run("$SUNSHIM run -- sh -c 'head -c 16384 /dev/urandom >$SUNSHIM_DOMAIN/counts'\n"
                       "$SUNSHIM run -- sh -c ': >$SUNSHIM_DOMAIN/counts; exit 5' || echo $?\n"
                       "$SUNSHIM run -- sh -c 'rm $SUNSHIM_DOMAIN/counts; mkfifo $SUNSHIM_DOMAIN/counts; exit 6' || echo $?\n");

    check_status(r, 0);
    check_out(r, "5\n6\n");
    cr_assert_eq(lines_with(r.err, "sunshim: ", NULL), 3, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.err, "what was denied is not known: ", "/counts cannot be read", NULL), 2, "%s", run_report(&r));
}

StockTest(cli_summary, nobody_is_there_to_say_it_with_exec)
{
    struct run r = run("$SUNSHIM run --exec -- $N/counts denied 3");

    check_status(r, 0);
    cr_assert_str_empty(r.err);
}

/* --- Exit statuses ------------------------------------------------------------ */

StockTest(cli_summary, error_exitcode_is_given_when_something_happened)
{
    static const struct {
        const char *counts;
        int status;
    } table[] = {
        {"denied 1", 99}, {"leak 1", 99},    {"truncated 1", 99}, {"unseen /a/b static", 99},
        {"allowed 1", 0}, {"dropped 1", 0}, {"outside 1", 0},    {"audit 1", 0},
        {"repaired 1", 0}, {"aliases 1", 0}, {"repaired 1 truncated 1", 99},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM run --error-exitcode 99 -- $N/counts %s", table[i].counts));
        check_status(r, table[i].status);
    }
}

StockTest(cli_summary, error_exitcode_replaces_every_status_but_a_signal)
{
    struct run r = run("t() { s=0; $SUNSHIM run --error-exitcode \"$1\" -- sh -c '$N/counts denied 1; '\"$2\" || s=$?; echo $s; }\n"
                       "t 1 true; t 255 'exit 7'; t 3 'exit 3'; t 9 'kill -TERM $$'; t 0007 'exit 1'");

    check_out(r, "1\n255\n3\n143\n7\n");
}

StockTest(cli_summary, error_exitcode_is_a_number)
{
    static const char *const bad[] = {"0", "256", "-1", "x", "''", "1x", "99999999999999999999", "' 1'"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct run r = run(text("$SUNSHIM run --error-exitcode %s -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s", bad[i]));
        check_status(r, 125);
        check_has(r, err, "is no number from 1 to 255");
    }
    struct run r = run("$SUNSHIM run --error-exitcode 3 --exec -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s");
    check_status(r, 125);
    check_has(r, err, "not with --exec");
}

/* --- What is not seen ---------------------------------------------------------- */

#define STATIC \
    "printf 'int main(void) { return 0; }' >$T/quiet.c; gcc -static -o $T/quiet $T/quiet.c\n"

StockTest(cli_summary, the_first_program_counts_as_not_seen)
{
    struct run r = run(STATIC "s=0; $SUNSHIM run --error-exitcode 9 -- $T/quiet || s=$?; echo $s");

    check_out(r, "9\n");
    cr_assert_str_eq(r.err, "sunshim: not seen: quiet (static)\n", "%s", run_report(&r));
}

StockTest(cli_summary, the_first_program_is_named_again_beside_others)
{
    struct run r = run("cat >$T/more.c <<'END'\n"
                       "#include <unistd.h>\n#include <stdlib.h>\n"
                       "int main(void) { execl(getenv(\"COUNTS\"), \"counts\", \"denied\", \"2\", (char *)0); return 1; }\n"
                       "END\n"
                       "gcc -static -o $T/more $T/more.c; COUNTS=$N/counts $SUNSHIM run -- $T/more");

    check_status(r, 0);
    cr_assert_str_eq(r.err, "sunshim: not seen: more (static)\nsunshim: 2 denied, 1 not seen: more (static)\n", "%s",
                     run_report(&r));
}

StockTest(cli_summary, a_script_is_not_seen_by_its_interpreter)
{
    struct run r = run(STATIC "printf '#!%s\\n' $T/quiet >$T/script; chmod +x $T/script\n"
                       "s=0; $SUNSHIM run --error-exitcode 9 $T/script || s=$?; echo $s\n"
                       "s=0; $SUNSHIM run --error-exitcode 9 --allow-unseen quiet $T/script || s=$?; echo $s\n"
                       "s=0; $SUNSHIM run --error-exitcode 9 --allow-unseen script $T/script || s=$?; echo $s\n");

    check_out(r, "9\n0\n0\n");
    cr_assert_str_eq(r.err, text("sunshim: not seen: script (its interpreter %s/quiet: static)\n", scratch()), "%s",
                     run_report(&r));
}

StockTest(cli_summary, allow_unseen_says_which_need_not_be)
{
    static const struct {
        const char *globs;
        int status;
    } table[] = {
        {"--allow-unseen quiet", 0},
        {"--allow-unseen 'q*t'", 0},
        {"--allow-unseen other --allow-unseen '[pq]uiet'", 0},
        {"--allow-unseen $T/quiet", 0},
        {"--allow-unseen \"$T/*\"", 0},
        {"--allow-unseen '/*/quiet'", 0},
        {"--allow-unseen /quiet", 9},
        {"--allow-unseen quie", 9},
        {"--allow-unseen '*/loud'", 9},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text(STATIC "$SUNSHIM run --error-exitcode 9 %s -- $T/quiet", table[i].globs));
        check_status(r, table[i].status);
        cr_assert_eq(*r.err != '\0', table[i].status == 9, "%s", run_report(&r));
    }
    struct run r = run("$SUNSHIM run --allow-unseen '' true");
    check_status(r, 125);
    check_has(r, err, "the pattern is empty");
}

StockTest(cli_summary, allowed_ones_are_not_counted)
{
    struct run r = run("$SUNSHIM run --error-exitcode 9 --allow-unseen docker -- $N/counts unseen /usr/bin/docker static\n"
                       "s=0; $SUNSHIM run --error-exitcode 9 --allow-unseen docker -- $N/counts unseen /usr/bin/docker static "
                       "unseen /bin/x static || s=$?; echo $s");

    check_out(r, "9\n");
    cr_assert_str_eq(r.err, "sunshim: 1 not seen: x (static)\n", "%s", run_report(&r));
}

/* --- Runs in runs --------------------------------------------------------------- */

StockTest(cli_summary, of_a_nested_run_is_part_of_the_one_around_it)
{
    struct run r = run("s=0; $SUNSHIM run --error-exitcode 9 -- sh -c '$N/counts denied 1; "
                       "$SUNSHIM run --allow-unseen b -- $N/counts denied 2 leak 1 unseen /a/b static unseen /a/b static; echo $?' || s=$?; echo $s");

    check_out(r, "0\n9\n");
    cr_assert_str_eq(r.err, "sunshim: 2 denied, 1 leaked\n"
                            "sunshim: 3 denied, 1 leaked, 2 not seen: b (static)\n", "%s", run_report(&r));
}

/* --- Live: what the library counts ------------------------------------------------ */

#define TWO_SOCKETS "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) for 1, 2'"

/* The lines that are no records, in order. */
static const char *said(const struct run *r)
{
    char *all = text("%s", r->err), *out = text("%s", ""), *save = NULL;

    for (char *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (!strncmp(line, "sunshim: ", 9))
            out = text("%s%s\n", out, line);
    return out;
}

#define check_said(r, want) cr_assert_str_eq(said(&(r)), (want), "%s", run_report(&(r)))

StockTest(cli_summary, denials_are_counted_but_quiet_ones)
{
    struct run r = run("$SUNSHIM run --rule 'deny unix (create) type=stream,' -- " TWO_SOCKETS "\n"
                       "$SUNSHIM run --log $T/log --rule 'deny unix (create) type=stream,' -- " TWO_SOCKETS "\n"
                       "$SUNSHIM run --rule 'quiet deny unix (create) type=stream,' -- " TWO_SOCKETS "\n"
                       "$SUNSHIM run --complain --rule 'deny unix (create) type=stream,' -- " TWO_SOCKETS "\n");

    check_status(r, 0);
    check_said(r, "sunshim: 2 denied\nsunshim: 2 denied\nsunshim: 2 allowed by complain\n");
}

StockTest(cli_summary, of_a_closed_log_says_what_was_lost)
{
    struct run r = run("$SUNSHIM run --log fd:7 --rule 'deny unix (create) type=stream,' -- sh -c \"exec 7>&-; $(cat <<'END'\n" TWO_SOCKETS "\nEND\n)\" 7>$T/log");

    check_status(r, 0);
    check_said(r, "sunshim: 2 denied, 2 records dropped\n");
}

/* The program has left this standard error: the line says where its records could have been. */
StockTest(cli_summary, of_a_daemons_records_says_how_to_have_them)
{
    struct run r = run("daemon() { $SUNSHIM run \"$@\" --rule 'deny unix (create) type=stream,' -- sh -c \"exec 2>&-; $(cat <<'END'\n" TWO_SOCKETS "\nEND\n)\"; }\n"
                       "daemon --log stderr\nSUNSHIM_LOG=$T/log daemon\ngrep -c DENIED $T/log");

    check_status(r, 0);
    check_has(r, out, "2\n");
    check_said(r, "sunshim: 2 denied, 2 records dropped (use --log FILE)\nsunshim: 2 denied\n");
}

StockTest(cli_summary, the_outer_layer_denies_in_both_runs)
{
    struct run r = run("s=0; $SUNSHIM run --error-exitcode 9 --rule 'deny unix (create) type=stream,' -- $SUNSHIM run -- " TWO_SOCKETS " || s=$?; exit $s");

    check_status(r, 9);
    check_said(r, "sunshim: 2 denied\nsunshim: 2 denied\n");
}

StockTest(cli_summary, leaks_are_counted_when_tracking)
{
    struct run r = run("s=0; $SUNSHIM run --error-exitcode 9 --track -- perl -MSocket -e '$^F = 100; socket(S, AF_UNIX, SOCK_STREAM, 0); system(\"/bin/true\")' || s=$?; exit $s");

    check_status(r, 9);
    check_said(r, "sunshim: 1 leaked\n");
}

StockTest(cli_summary, programs_started_later_that_are_not_seen_are_named)
{
    struct run r = run(STATIC "s=0; $SUNSHIM run --error-exitcode 9 --track -- sh -c '$T/quiet; $T/quiet; env -i $T/quiet' || s=$?; echo $s\n"
                       "$SUNSHIM run --error-exitcode 9 --rule 'deny network inet,' --allow-unseen quiet -- sh -c '$T/quiet; $T/quiet'");

    check_status(r, 0);
    check_out(r, "9\n");
    check_said(r, "sunshim: 3 not seen: quiet (static)\n");
}

StockTest(cli_summary, what_a_nested_run_starts_unseen_is_counted_once_by_each)
{
    struct run r = run(STATIC "$SUNSHIM run --track -- $SUNSHIM run -- $T/quiet");

    check_status(r, 0);
    check_said(r, "sunshim: not seen: quiet (static)\nsunshim: 1 not seen: quiet (static)\n");
}

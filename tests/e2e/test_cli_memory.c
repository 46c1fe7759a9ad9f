/* The files of a run that its processes write: which ones there are, of what size and
 * mode, and that a run without room for them does not start. */
#include <stdio.h>

#include "domain/counts.h"
#include "domain/ring.h"
#include "domain/table.h"
#include "tests/e2e/harness.h"

#define USER \
    "as() { if [ $(id -u) = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; else \"$@\"; fi; }\n" \
    "export XDG_RUNTIME_DIR=$T/xdg; mkdir -m 700 $T/xdg; [ $(id -u) != 0 ] || chown 65534:65534 $T/xdg\n"

/* --- Which ones ---------------------------------------------------------------- */

#define LIST "sh -c 'cd $SUNSHIM_DOMAIN; ls | grep -xE \"table|ring|counts|leaks|outer\" | tr \"\\n\" \" \"; echo'"

StockTest(cli_memory, a_run_has_what_it_needs)
{
    static const struct {
        const char *options, *files;
    } table[] = {
        {"", "counts \n"},
        {"--rule 'deny unix (connect),'", "counts \n"},
        {"--track", "counts leaks ring table \n"},
        {"--rule 'scope abstract,'", "counts table \n"},
        {"--rule 'deny unix (connect) peer=(scope=outside),'", "counts table \n"},
        {"--rule 'deny unix (connect) peer=(label=unconfined),'", "counts table \n"},
        {"--rule 'deny unix (inherit) type=seqpacket,'", "counts ring \n"},
        {"--rule 'deny unix (inherit) type=seqpacket,' --rule 'scope pathname,'", "counts ring table \n"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = run(text("$SUNSHIM run %s -- " LIST, table[i].options));
        check_status(r, 0);
        check_out(r, table[i].files);
    }
}

StockTest(cli_memory, a_policy_in_the_environment_may_need_a_table)
{
    struct run r = run("echo 'allow all,' >$T/p; SUNSHIM_POLICY=$T/p $SUNSHIM run -- " LIST "; SUNSHIM_POLICY= $SUNSHIM run -- " LIST);

    check_out(r, "counts table \ncounts \n");
}

StockTest(cli_memory, a_nested_run_has_its_own_and_a_link)
{
    struct run r = run("$SUNSHIM run --track -- sh -c 'readlink -f $SUNSHIM_DOMAIN; exec $SUNSHIM run -- sh -c \""
                       "readlink \\$SUNSHIM_DOMAIN/outer; cd \\$SUNSHIM_DOMAIN; ls -d counts ring outer outer/ring outer/outer 2>&1\"' 2>&1");
    char outer[256], inner[256];

    cr_assert_eq(sscanf(r.out, "%255s %255s", outer, inner), 2);
    cr_assert_str_eq(outer, inner);
    check_has(r, out, "'ring': No such file");
    check_has(r, out, "'outer/outer': No such file");
    check_has(r, out, "\ncounts\nouter\nouter/ring\n");
}

StockTest(cli_memory, the_link_is_absolute_and_without_links)
{
    struct run r = run("$SUNSHIM run -- sh -c 'readlink -f $SUNSHIM_DOMAIN; ln -s $SUNSHIM_DOMAIN $T/here; cd $T; "
                       "SUNSHIM_DOMAIN=here $SUNSHIM run -- sh -c \"readlink \\$SUNSHIM_DOMAIN/outer\"'");
    char outer[256], inner[256];

    check_status(r, 0);
    cr_assert_eq(sscanf(r.out, "%255s %255s", outer, inner), 2);
    cr_assert_str_eq(outer, inner);
}

/* --- Of what size and mode ------------------------------------------------------- */

StockTest(cli_memory, files_are_allocated_whole)
{
    struct run r = run("$SUNSHIM run --track -- sh -c 'cd $SUNSHIM_DOMAIN; for f in counts ring table; do "
                       "stat -c \"%n %s\" $f; [ $(($(stat -c \"%b * %B\" $f))) -ge $(stat -c %s $f) ]; done; [ ! -e table.new ]'");

    check_status(r, 0);
    check_out(r, text("counts %d\nring %zu\ntable %zu\n", COUNTS_SIZE, ring_size(RING_ENTRIES), table_size(TABLE_ENTRIES)));
}

StockTest(cli_memory, modes_do_not_go_by_the_umask)
{
    struct run r = run(USER "for mask in 0 0777 077; do (umask $mask; as $SUNSHIM run --track -- sh -c 'cd $SUNSHIM_DOMAIN; "
                       "stat -c %a . policy counts ring table | tr \"\\n\" \" \"'); echo; done");

    check_status(r, 0);
    check_out(r, "700 400 600 600 600 \n700 400 600 600 600 \n700 400 600 600 600 \n");
}

StockTest(cli_memory, of_root_can_be_written_by_those_who_drop_privileges)
{
    need_root();
    struct run r = run("umask 0777; exec $SUNSHIM run --track -- setpriv --reuid=65534 --clear-groups sh -c 'cd $SUNSHIM_DOMAIN; "
                       ": >>table; : >>ring; : >>counts; (: >>policy) 2>/dev/null && exit 1; stat -c %a . policy counts ring table | xargs'");

    check_status(r, 0);
    check_out(r, "711 444 666 666 666\n");
}

/* What is in them is random where it has to be: two tables differ. */
StockTest(cli_memory, every_table_has_its_own_secret)
{
    struct run r = run("for i in 1 2; do $SUNSHIM run --track -- sh -c 'head -c 4096 $SUNSHIM_DOMAIN/table >$T/'$i; done; ! cmp -s $T/1 $T/2; "
                       "for i in 1 2; do $SUNSHIM run --track -- sh -c 'head -c 4096 $SUNSHIM_DOMAIN/ring >$T/'$i; done; cmp $T/1 $T/2");

    check_status(r, 0);
}

/* --- No room ----------------------------------------------------------------------- */

/* In a mount namespace of its own, as its root, with a file system of `options` where
 * the directories of runs are. */
static struct run on(const char *type, const char *options, const char *script)
{
    put("mounted.sh", text("mount -t tmpfs none /run; mkdir /run/sunshim; mount -t %s -o %s none /run/sunshim\n"
                           "cd /run/sunshim; %s", type, options, script));
    return run("[ $(id -u) = 0 ] || map=-r; exec unshare -m ${map-} sh -eu $T/mounted.sh");
}

#define REFUSED(options) "s=0; $SUNSHIM run " options " -- touch $T/ran || s=$?; [ ! -e $T/ran ]; ls -A; exit $s"

StockTest(cli_memory, without_room_nothing_starts)
{
    struct run r = on("tmpfs", "size=2m,mode=700", REFUSED("--track"));

    check_status(r, 125);
    check_out(r, "");
    cr_assert_eq(lines_with(r.err, "sunshim: cannot make /run/sunshim/", "/table: No space left on device (",
                            text("(%zu bytes needed, ", table_size(TABLE_ENTRIES)), " free)", NULL), 1, "%s", run_report(&r));
}

StockTest(cli_memory, without_room_for_the_least_nothing_starts)
{
    static const struct {
        const char *options, *file, *why;
    } table[] = {
        {"size=4k,mode=700", "/counts: ", " bytes needed, "}, /* the pid is a page */
        {"size=20k,mode=700", "/policy: ", " bytes needed, "},
        {"nr_inodes=4,size=1m,mode=700", "/counts: ", "no further file"}, /* one is the root's, one the directory's */
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run r = on("tmpfs", table[i].options, REFUSED("--rule 'deny unix (connect),'"));
        check_status(r, 125);
        check_out(r, "");
        cr_assert_eq(lines_with(r.err, "sunshim: cannot make /run/sunshim/", table[i].file, table[i].why, NULL), 1, "%s",
                     run_report(&r));
    }
}

StockTest(cli_memory, a_full_file_system_with_a_hole_is_no_way_out)
{
    struct run r = on("tmpfs", "size=64m,mode=700", "head -c 60m /dev/zero >fill; s=0; $SUNSHIM run --track -- touch $T/ran || s=$?; "
                      "[ ! -e $T/ran ]; ls -A; rm fill; $SUNSHIM run --track -- true; ls -A; exit $s");

    check_status(r, 125);
    check_out(r, "fill\n");
}

StockTest(cli_memory, a_limit_on_files_is_named)
{
    struct run r = run(USER "ulimit -f 1000; s=0; as $SUNSHIM run --track -- touch $T/xdg/ran || s=$?; ls -A $T/xdg $T/xdg/sunshim; exit $s");

    check_status(r, 125);
    check_out(r, text("%1$s/xdg:\nsunshim\n\n%1$s/xdg/sunshim:\n", scratch()));
    check_has(r, err, text("/table: File too large (%zu bytes needed, a file may have ", table_size(TABLE_ENTRIES)));
}

/* ramfs cannot allocate; what is needed is written. */
StockTest(cli_memory, where_allocation_is_not_supported_zeros_are_written)
{
    struct run r = on("ramfs", "mode=700", "$SUNSHIM run --track --rule 'scope abstract,' -- sh -c 'cd $SUNSHIM_DOMAIN; stat -f -c %T .; stat -c %s table'; ls -A");

    check_status(r, 0);
    check_out(r, text("ramfs\n%zu\n", table_size(TABLE_ENTRIES)));
}

/* --- Nesting -------------------------------------------------------------------------- */

StockTest(cli_memory, runs_nest_as_deep_as_sixteen)
{
    struct run r = run("n=; for i in $(seq 16); do n=\"$n $SUNSHIM run --\"; done; $n echo deep; s=0; $n $SUNSHIM run -- touch $T/ran || s=$?; [ ! -e $T/ran ]; exit $s");

    check_status(r, 125);
    check_out(r, "deep\n");
    check_has(r, err, "sunshim: more than 16 runs nested in each other\n");
}

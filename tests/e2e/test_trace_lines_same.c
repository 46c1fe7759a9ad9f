/* sunshim trace --normalize: what gets a number and what stays, and whose lines come first. */
#include <string.h>

#include "tests/e2e/harness.h"

static struct run same(const char *records)
{
    put("log", records);
    with_env("TMPDIR=/scratch");
    return run("\"$SUNSHIM\" trace --json --normalize --from $T/log");
}

static void check_same(const char *keys, const char *object)
{
    struct run r = same(text("sunshim=\"TRACE\" pid=127 tid=1000 %s\n", keys));

    cr_assert_str_eq(r.out, text("{\"sunshim\":\"TRACE\",\"pid\":1,\"tid\":2,%s}\n", object), "%s", run_report(&r));
}

Test(trace_lines_same, numbers_in_names)
{
    check_same("addr=\"/srv/1234/12345\"", "\"addr\":\"/srv/1234/NUM1\"");
    check_same("addr=\"/srv/127/1000\"", "\"addr\":\"/srv/PID1/PID2\"");
    check_same("addr=\"@0002a\" peer_addr=\"@0002a-x\"", "\"addr\":\"@AUTO1\",\"peer_addr\":\"@0002a-x\"");
}

Test(trace_lines_same, temporary_names_are_where_they_are_made)
{
    static const char *const rows[][2] = {
        {"/tmp/x.AbCd12", "/tmp/x.TEMP1"},         {"/var/tmp/x.AbCd12", "/var/tmp/x.TEMP1"}, {"/dev/shm/x.AbCd12", "/dev/shm/x.TEMP1"},
        {"/scratch/x.AbCd12", "/scratch/x.TEMP1"}, {"/run/user/7/x.AbCd12", "/run/user/7/x.TEMP1"}, {"d/x.AbCd12", "d/x.TEMP1"},
        {"@x.AbCd12", "@x.TEMP1"},                 {"/srv/x.AbCd12", "/srv/x.AbCd12"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_same(text("given=\"%s\"", rows[i][0]), text("\"given\":\"%s\"", rows[i][1]));
}

Test(trace_lines_same, addresses_ports_and_inodes)
{
    check_same("laddr=\"127.0.0.1\" lport=32767 faddr=\"::1000\" fport=32768", "\"laddr\":\"127.0.0.1\",\"lport\":32767,\"faddr\":\"::1000\",\"fport\":49153");
    check_same("inode=77 peer_inode=88 origin_inode=99 passed_inode=77", "\"inode\":1,\"peer_inode\":2,\"origin_inode\":3,\"passed_inode\":1");
    check_same("peer_pid=5 origin_pid=6 passed_pid=127 ppid=9", "\"peer_pid\":3,\"origin_pid\":4,\"passed_pid\":1,\"ppid\":5");
}

/* Numbers of descriptors are given again; those of standard input and output mean something. */
Test(trace_lines_same, descriptors)
{
    check_same("operation=\"listen\" fd=1", "\"operation\":\"listen\",\"fd\":1");
    check_same("operation=\"listen\" fd=77", "\"operation\":\"listen\",\"fd\":3");
}

/* --- Order ------------------------------------------------------------------------------------ */

#define DOES(pid, comm) "sunshim=\"TRACE\" pid=" pid " comm=\"" comm "\"\n"
#define IS(pid, comm) "{\"sunshim\":\"TRACE\",\"pid\":" pid ",\"comm\":\"" comm "\"}\n"

/* Each process begins with its first thread, whatever it is called. */
Test(trace_lines_same, threads_come_behind_the_first)
{
    struct run r = same(DOES("30 tid=31", "a") DOES("30", "b") DOES("40", "c") DOES("30 tid=31", "a"));

    check_out(r, IS("1", "b") IS("1,\"tid\":2", "a") IS("1,\"tid\":2", "a") IS("3", "c"));
}

/* Of threads alone the first in order stands for the process. */
Test(trace_lines_same, processes_come_in_the_order_of_their_first_threads)
{
    struct run r = same(DOES("30 tid=31", "c") DOES("40", "b") DOES("30 tid=32", "a"));

    check_out(r, IS("1,\"tid\":2", "a") IS("1,\"tid\":3", "c") IS("4", "b"));
}

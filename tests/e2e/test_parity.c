/* Programs must not notice the shim: 11,000 odd calls answer as they do
 * natively, with no policy, with one that allows all, and with one whose rules
 * make it look at every path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* The directory has the same name each time, since names come back. Some odd
 * abstract names cannot be made unique: one table at a time. */
#define TABLE(programs) "rm -rf w; mkdir w; flock \"$TOP\" \"$" programs "/oddcalls\" w odd-name"

static void show_difference(const char *how, char *native, char *other)
{
    static char report[6000];
    size_t used = 0, differing = 0;
    char *save_a = NULL, *save_b = NULL, *a = strtok_r(native, "\n", &save_a), *b = strtok_r(other, "\n", &save_b);
    for (; a && b; a = strtok_r(NULL, "\n", &save_a), b = strtok_r(NULL, "\n", &save_b))
        if (strcmp(a, b) && ++differing && used < 4000)
            used += (size_t)snprintf(report + used, sizeof report - used, "native: %.200s\n%6s: %.200s\n", a, how, b);
    cr_assert(!differing && !a && !b, "%zu lines differ%s\n%s", differing, a || b ? ", and one table is longer" : "",
              report);
}

static void check_same(const char *how, const char *policy)
{
    struct run native = run(TABLE("N"));
    check_status(native, 0);
    char *table = get(put("native.txt", native.out));
    struct run r = preloaded(policy, TABLE("P"));
    cr_assert(r.status == 0, "oddcalls %s: status %d\n%s", how, r.status, r.err);
    show_difference(how, table, r.out);
    cr_assert(!*r.err || policy == NULL || !strstr(r.err, "DENIED"), "%s", r.err);
}

Test(parity, without_a_policy, .timeout = 120)
{
    check_same("no policy", NULL);
}

Test(parity, under_a_policy_that_allows_all, .timeout = 120)
{
    check_same("allow all", "allow all,\n");
}

/* No rule about the path of a peer that calls or answers: the sockets of the
 * table have relative names, which tell nobody where they are. */
Test(parity, under_path_rules_that_allow_all, .timeout = 120)
{
    check_same("path rules", "network,\nunix,\ndeny unix (bind, listen, getattr, getopt, setopt) addr=@nobody/**,\n"
                             "deny unix (bind) addr=/nowhere/at/all,\ndeny unix (connect) peer=(addr=/nowhere/else),\n");
}

Test(parity, when_each_call_is_traced, .timeout = 120)
{
    with_env("SUNSHIM_TRACE=1");
    with_env("SUNSHIM_LOG=/dev/null");
    check_same("traced", NULL);
    check_same("traced, path rules", "network,\nunix,\ndeny unix (connect) peer=(addr=/nowhere/else),\n");
}

/* Every datagram and connection is looked at, since a deny rule needs its peer's name. */
Test(parity, under_rules_about_accept_and_receive, .timeout = 120)
{
    check_same("peer rules", "network,\nunix,\ndeny unix (accept, receive, send, connect) peer=(addr=@nobody/**),\n"
                             "deny network (accept, receive) inet peer=(ip=203.0.113.7),\n");
}

/* All of the table's sockets are its own, so a scope has nothing against them; what is
 * not there at all is the kernel's to report. */
Test(parity, under_a_scope, .timeout = 120)
{
    check_same("scope", "allow all,\nscope pathname abstract,\n");
}

Test(parity, where_only_its_own_sockets_may_be_reached, .timeout = 120)
{
    check_same("safe bind", "network,\nunix,\ndeny unix (connect, send) peer=(scope=outside),\n");
}

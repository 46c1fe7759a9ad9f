/* Records in format apparmor are read back by AppArmor's own log reader,
 * libapparmor's parse_record(). It drops whole lines for one word it does not
 * know, so every kind of record is put to it. */
#include <aalogparse/aalogparse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define BASIC "unix (create, getattr, getopt, setopt, shutdown),\n"

static struct run sk(const char *policy, const char *steps)
{
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    return preloaded(policy, text("\"$P/sk\" %s || :", steps));
}

/* The n-th line of what a run wrote to stderr; NULL if there are fewer. */
static char *line_of(const struct run *r, int n)
{
    char *line = r->err;
    while (n-- && line)
        line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
    return line && *line ? text("%.*s", (int)strcspn(line, "\n"), line) : NULL;
}

static aa_log_record *read_back(const struct run *r, int n)
{
    char *line = line_of(r, n);
    cr_assert(line, "there is no record %d\n%s", n, run_report(r));
    aa_log_record *a = parse_record(line);
    cr_assert(a && a->event != AA_RECORD_INVALID && a->version == AA_RECORD_SYNTAX_V2,
              "libapparmor does not read\n%s", line);
    return a;
}

/* Checks that all of stderr is records that can be read; how many there are. */
static int count_readable(const struct run *r)
{
    int n = 0;
    for (; line_of(r, n); n++)
        free_record(read_back(r, n));
    return n;
}

#define SAYS(record, field, want) \
    cr_expect((record)->field && !strcmp((record)->field, (want)), #field " is %s, not %s", \
              (record)->field ? (record)->field : "missing", (want))

Test(apparmor_log, a_denied_autobind)
{
    struct run r = sk(BASIC, "'socket unix dgram' 'bind auto'");
    aa_log_record *a = read_back(&r, 0);
    cr_expect(a->event == AA_RECORD_DENIED);
    SAYS(a, operation, "bind");
    SAYS(a, requested_mask, "bind");
    SAYS(a, denied_mask, "bind");
    SAYS(a, net_family, "unix");
    SAYS(a, net_sock_type, "dgram");
    SAYS(a, name, "auto");
    SAYS(a, profile, "-");
    SAYS(a, comm, "sk");
    cr_expect(a->error_code == 13 && a->pid > 1 && a->parent > 1, "error %d pid %lu parent %lu", a->error_code, a->pid,
              a->parent);
    cr_expect(a->epoch > 1700000000, "epoch %ld", a->epoch);
    cr_expect(a->info && strstr(a->info, "rule=none") && strstr(a->info, "unix (autobind) type=dgram,"), "%s", a->info);
    free_record(a);
    cr_expect(count_readable(&r) == 1);
}

Test(apparmor_log, a_denied_connect_names_the_peer_its_label_and_the_rule)
{
    struct run r = sk(BASIC "unix,\ndeny unix (connect) peer=(addr=/tmp/**),",
                      "'socket unix stream' \"bind $T/s\" listen 'socket unix stream' \"connect $T/s\"");
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, operation, "connect");
    SAYS(a, name, text("%s/s", scratch()));
    SAYS(a, name2, "none");
    SAYS(a, peer, "unconfined");
    cr_expect(a->info && strstr(a->info, "policy:3"), "%s", a->info);
    free_record(a);
    cr_expect(count_readable(&r) == 1);
}

Test(apparmor_log, a_denied_datagram_names_both_ends)
{
    struct run r = sk(BASIC "unix (bind),", "'socket unix dgram' 'bind @apparmor-log-b' 'socket unix dgram' "
                                            "'bind @apparmor-log-a' 'sendto @apparmor-log-b x'");
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, operation, "sendmsg");
    SAYS(a, requested_mask, "send");
    SAYS(a, name, "@apparmor-log-b");
    SAYS(a, name2, "@apparmor-log-a");
    free_record(a);
}

static void name_comes_back(const char *address, const char *want)
{
    struct run r = sk(BASIC, text("'socket unix stream' \"bind %s\"", address));
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, name, want);
    free_record(a);
    cr_expect(count_readable(&r) == 1, "%s", run_report(&r));
}

Test(apparmor_log, odd_names_come_back_whole)
{
    name_comes_back("@hex:612062", "@a b");
    name_comes_back("$T/\\\"q\\\"", text("%s/\"q\"", scratch()));
    name_comes_back("$T/b\\\\s", text("%s/b\\s", scratch()));
    name_comes_back("$T/caf\303\251", text("%s/caf\303\251", scratch()));
    name_comes_back("$T/\nline", text("%s/\nline", scratch()));
    name_comes_back("@hex:78222061707061726D6F723D22414C4C4F57454422", "@x\" apparmor=\"ALLOWED\"");
    name_comes_back("@x", "@x");
    name_comes_back("@hex:FF01", "@\377\001");
}

/* Strings of C end at a NUL: it is written as rules write it. */
Test(apparmor_log, a_nul_in_a_name_is_spelt_as_in_rules)
{
    name_comes_back("@hex:610062", "@a\\x00b");
    name_comes_back("@hex:00", "@\\x00");
}

Test(apparmor_log, a_program_with_an_odd_name)
{
    with_env("SUNSHIM_LOG_FORMAT=apparmor");
    struct run r = preloaded(BASIC, "cp -L \"$P/sk\" \"$T/my \\\"sk\"\n\"$T/my \\\"sk\" 'socket unix stream' 'bind @x' || :");
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, comm, "my \"sk");
    free_record(a);
}

Test(apparmor_log, internet_addresses_and_ports)
{
    struct run r = sk(BASIC "network (create),", "'socket inet stream' 'connect inet:127.0.0.1:9'");
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, operation, "connect");
    SAYS(a, net_family, "inet");
    SAYS(a, net_sock_type, "stream");
    SAYS(a, net_protocol, "tcp");
    SAYS(a, net_foreign_addr, "127.0.0.1");
    cr_expect(a->net_foreign_port == 9);
    free_record(a);
}

Test(apparmor_log, internet_addresses_of_version_6)
{
    struct run r = sk(BASIC "network (create),", "'socket inet6 dgram' 'bind inet6:::%8125' 'bind inet6:::1%8125'");
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, net_family, "inet6");
    SAYS(a, net_local_addr, "::0");
    cr_expect(a->net_local_port == 8125);
    free_record(a);
    a = read_back(&r, 1);
    SAYS(a, net_local_addr, "::1");
    free_record(a);
}

Test(apparmor_log, other_families)
{
    struct run r = sk("unix,", "'socket netlink raw' 'socket packet dgram' 'socket vsock stream' 'socket alg seqpacket' "
                               "'socket can raw' 'socket bluetooth raw' 'socket x25 seqpacket'");
    cr_expect(count_readable(&r) == 7, "%s", run_report(&r));
    aa_log_record *a = read_back(&r, 0);
    SAYS(a, operation, "create");
    SAYS(a, net_family, "netlink");
    SAYS(a, net_sock_type, "raw");
    free_record(a);
}

Test(apparmor_log, what_is_audited_or_only_complained_about)
{
    struct run r = sk(BASIC "audit unix (bind),", "'socket unix stream' 'bind @apparmor-log-c'");
    aa_log_record *a = read_back(&r, 0);
    cr_expect(a->event == AA_RECORD_AUDIT && !a->denied_mask && a->error_code == 0);
    free_record(a);
    r = sk("profile any /** flags=(complain) {\nunix (create),\n}\n", "'socket unix stream' 'bind @apparmor-log-d'");
    a = read_back(&r, 0);
    cr_expect(a->event == AA_RECORD_ALLOWED);
    SAYS(a, profile, "any");
    SAYS(a, requested_mask, "bind");
    free_record(a);
    check_has(r, out, "bind @apparmor-log-d -> 0\n");
}

/* Each call's record, denied in turn: profile after profile of one permission less. */
Test(apparmor_log, every_operation_has_a_name_that_apparmors_tools_know)
{
    static const struct {
        const char *permission, *steps, *operation;
    } cases[] = {
        {"create", "'socket unix stream'", "create"},
        {"create", "'pair stream'", "create"},
        {"bind", "'socket unix stream' 'bind @apparmor-log-e'", "bind"},
        {"listen", "'socket unix stream' 'bind @apparmor-log-e' listen", "listen"},
        {"connect", "'socket unix stream' 'bind @apparmor-log-e' listen 'socket unix stream' 'connect @apparmor-log-e'",
         "connect"},
        {"send", "'pair dgram' 'send x'", "sendmsg"},
        {"send", "'pair dgram' 'sendmsg none x'", "sendmsg"},
        {"receive", "'pair dgram' nonblock recv", "recvmsg"},
        {"receive", "'pair dgram' nonblock recvmsg", "recvmsg"},
        {"getattr", "'pair dgram' getsockname", "getsockname"},
        {"getattr", "'pair dgram' getpeername", "getpeername"},
        {"getopt", "'pair dgram' 'getsockopt type'", "getsockopt"},
        {"setopt", "'pair dgram' 'setsockopt sndbuf 4096'", "setsockopt"},
        {"shutdown", "'pair dgram' shutdown", "sock_shutdown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r = sk(text("unix,\ndeny unix (%s),", cases[i].permission), cases[i].steps);
        aa_log_record *a = read_back(&r, 0);
        SAYS(a, operation, cases[i].operation);
        SAYS(a, requested_mask, cases[i].permission);
        free_record(a);
        cr_expect(count_readable(&r) >= 1);
    }
}

Test(apparmor_log, the_longest_name_still_makes_one_readable_line)
{
    char hex[2 * 107 + 1] = "", want[108] = "@";
    for (int i = 0; i < 107; i++)
        snprintf(hex + 2 * i, 3, "%02X", '"');
    memset(want + 1, '"', 107 - 1);
    hex[2 * 106] = '\0';
    name_comes_back(text("@hex:%s", hex), want);
}

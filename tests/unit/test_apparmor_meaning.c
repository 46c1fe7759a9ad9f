/* What AppArmor's rules mean to it, they mean here. The table was worked out
 * with the real parser (tests/tables/apparmor/meaning); the rest is what its
 * manual says, apparmor.d(5), "Network Rules" and "Unix socket rules". */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/apparmor_support.h"

#define ABI "abi <abi/3.0>,\n"

/* --- The table ---------------------------------------------------------- */

static struct column {
    char *text; /* the line of queries.txt */
    struct question q;
} columns[256];
static size_t column_count;

static char *next_word(char **rest)
{
    char *word = strsep(rest, " ");
    cr_assert(word, "a query is PERMISSION FAMILY TYPE PROTOCOL LOCAL PEER LABEL");
    return word;
}

static void add_column(void *ctx, char *line)
{
    (void)ctx;
    cr_assert(column_count < sizeof columns / sizeof *columns);
    struct column *c = &columns[column_count++];
    c->text = strdup(line);
    char *rest = strdup(line);
    char *perm = next_word(&rest), *family = next_word(&rest), *type = next_word(&rest);
    c->q.protocol = atoi(next_word(&rest));
    c->q.perm = (uint32_t)policy_perm_word(perm, strlen(perm));
    c->q.family = policy_family_word(family, strlen(family));
    c->q.type = policy_type_word(type, strlen(type));
    c->q.local = next_word(&rest);
    c->q.peer = next_word(&rest);
    c->q.label = next_word(&rest);
    if (!strcmp(c->q.label, "?"))
        c->q.label = NULL;
    cr_assert(c->q.family >= 0 && c->q.type >= 0, "%s", line);
}

struct tally {
    const char *head, *before; /* of the file, and within the profile */
    int wrong;
    char report[16384];
};

static void note(struct tally *t, const char *rule, const char *query, const char *got)
{
    size_t used = strlen(t->report);
    t->wrong++;
    snprintf(t->report + used, sizeof t->report - used, "  %s  [%s] %s\n", rule, query, got);
}

static void open_policy(struct policy *p, const struct compiled *c, const char *exe, const char *profile)
{
    cr_assert(policy_open(p, c->blob, c->len) == 0);
    cr_assert(policy_select(p, exe, profile) == 0);
}

static void compare_row(void *ctx, char *line)
{
    struct tally *t = ctx;
    char text[2048], *rule = line, *answers = strsep(&rule, "\t");
    cr_assert(rule && strlen(answers) == column_count, "bad row: %s", line);
    struct compiled c;
    int len = snprintf(text, sizeof text, "%sprofile x /bin/x {\n%s%s\n}\n", t->head, t->before, rule);
    compile_policy(&c, "x.policy", text, (size_t)len, NULL, NULL, 0);
    struct policy p;
    if (c.status)
        note(t, rule, "all", c.messages);
    else
        open_policy(&p, &c, "/bin/x", NULL);
    for (size_t i = 0; !c.status && i < column_count; i++) {
        bool yes = allowed(&p, &columns[i].q);
        if (answers[i] != '?' && yes != (answers[i] == '+'))
            note(t, rule, columns[i].text, yes ? "is allowed" : "is denied");
    }
    compiled_free(&c);
}

static void table_means_the_same(const char *table, int at_least, const char *head, const char *before)
{
    static struct tally t;
    t = (struct tally){.head = head, .before = before};
    each_row("queries.txt", add_column, NULL);
    int rows = each_row(table, compare_row, &t);
    cr_assert(column_count > 80 && rows >= at_least, "%zu queries, %d rules", column_count, rows);
    cr_assert(t.wrong == 0, "%d answers differ:\n%s", t.wrong, t.report);
}

Test(apparmor_meaning, every_rule_answers_as_the_real_parser_compiles_it)
{
    table_means_the_same("meaning.rules", 900, ABI, "");
}

Test(apparmor_meaning, a_policy_of_ours_gives_the_same_answers_about_abstract_and_unnamed_sockets)
{
    table_means_the_same("meaning.rules", 900, "", "");
}

Test(apparmor_meaning, denials_take_away_what_the_real_parser_takes_away)
{
    table_means_the_same("denials.rules", 100, ABI, "unix,\nnetwork,\n");
}

/* A file rule with w grants the pathname sockets it matches: to bind, and to
 * connect to. The globs are the ones for files. */
static char *paths[64];
static size_t path_count;

static void add_path(void *ctx, char *line)
{
    (void)ctx;
    cr_assert(path_count < sizeof paths / sizeof *paths);
    paths[path_count++] = strdup(line);
}

static void compare_paths(void *ctx, char *line)
{
    static const char *const search[] = {APPARMOR_TABLES "/include", NULL};
    struct tally *t = ctx;
    char text[2048], *rule = line, *answers = strsep(&rule, "\t");
    cr_assert(rule && strlen(answers) == path_count, "bad row: %s", line);
    struct compiled c;
    /* something must be allowed, or the policy is refused for that */
    int len = snprintf(text, sizeof text, "%sinclude <tunables/global>\nprofile x /bin/x {\nnetwork inet,\n%s\n}\n",
                       t->head, rule);
    compile_policy(&c, "x.policy", text, (size_t)len, NULL, search, 0);
    struct policy p;
    if (c.status)
        note(t, rule, "all", c.messages);
    else
        open_policy(&p, &c, "/bin/x", NULL);
    for (size_t i = 0; !c.status && i < path_count; i++) {
        struct question bind = {POLICY_BIND, AF_UNIX, SOCK_STREAM, 0, paths[i], "?", NULL};
        struct question connect = {POLICY_CONNECT, AF_UNIX, SOCK_STREAM, 0, "none", paths[i], "unconfined"};
        if (allowed(&p, &bind) != (answers[i] == '+'))
            note(t, rule, paths[i], allowed(&p, &bind) ? "bind is allowed" : "bind is denied");
        if (allowed(&p, &connect) != (answers[i] == '+'))
            note(t, rule, paths[i], allowed(&p, &connect) ? "connect is allowed" : "connect is denied");
    }
    compiled_free(&c);
}

Test(apparmor_meaning, file_rules_grant_the_pathname_sockets_that_the_real_parser_matches)
{
    static struct tally t = {.head = ABI};
    each_row("paths.txt", add_path, NULL);
    int rows = each_row("pathnames.rules", compare_paths, &t);
    cr_assert(path_count > 30 && rows > 100, "%zu paths, %d rules", path_count, rows);
    cr_assert(t.wrong == 0, "%d answers differ:\n%s", t.wrong, t.report);
}

/* --- The manual --------------------------------------------------------- */

struct row {
    bool allow;
    uint32_t perm;
    int family, type;
    const char *local, *peer, *label;
};

/* The rules in a profile /foo, as the manual's examples have them. */
static void check(const char *head, const char *rules, const struct row *rows, size_t n)
{
    char text[4096];
    struct compiled c;
    int len = snprintf(text, sizeof text, "%sprofile /foo {\n%s\n}\n", head, rules);
    compile_policy(&c, "x.policy", text, (size_t)len, NULL, NULL, 0);
    cr_assert(c.status == 0, "%s\n%s", rules, c.messages);
    struct policy p;
    open_policy(&p, &c, "/foo", NULL);
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        struct question q = {r->perm, r->family, r->type, 0, r->local, r->peer, r->label};
        cr_expect(allowed(&p, &q) == r->allow, "%s%s\nrow %zu: %s %s %s local=%s peer=%s label=%s should be %s", head,
                  rules, i + 1, policy_perm_name(r->perm), policy_family_name(r->family), policy_type_name(r->type),
                  r->local ? r->local : "?", r->peer ? r->peer : "?", r->label ? r->label : "?",
                  r->allow ? "allowed" : "denied");
    }
    compiled_free(&c);
}

#define CHECK(head, rules, ...) \
    do { \
        static const struct row check_rows[] = {__VA_ARGS__}; \
        check(head, rules, check_rows, sizeof check_rows / sizeof *check_rows); \
    } while (0)
/* YES or NO (PERMISSION, FAMILY, TYPE, local, peer, label); the last two may be left out. */
#define NAMES(local, peer, label, ...) local, peer, label
#define YES(perm, family, type, ...) {true, POLICY_##perm, AF_##family, SOCK_##type, NAMES(__VA_ARGS__, NULL, NULL, )}
#define NO(perm, family, type, ...) {false, POLICY_##perm, AF_##family, SOCK_##type, NAMES(__VA_ARGS__, NULL, NULL, )}

Test(apparmor_manual, network_alone_is_all_networking)
{
    CHECK(ABI, "network,", YES(CREATE, INET, STREAM, "none"), YES(CREATE, INET6, DGRAM, "none"),
          YES(CREATE, NETLINK, RAW, "none"), YES(CREATE, PACKET, RAW, "none"), YES(CREATE, VSOCK, STREAM, "none"),
          YES(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"), YES(BIND, UNIX, DGRAM, "auto"));
}

Test(apparmor_manual, network_tcp_is_tcp_over_both_versions)
{
    CHECK(ABI, "network tcp,", YES(CREATE, INET, STREAM, "none"), YES(CREATE, INET6, STREAM, "none"),
          YES(CONNECT, INET, STREAM, "none"), NO(CREATE, INET, DGRAM, "none"), NO(CREATE, INET, RAW, "none"),
          NO(CREATE, UNIX, STREAM, "none"), NO(CREATE, VSOCK, STREAM, "none"));
}

Test(apparmor_manual, network_inet_tcp_is_for_inet4_addresses_only)
{
    CHECK(ABI, "network inet tcp,", YES(CREATE, INET, STREAM, "none"), NO(CREATE, INET6, STREAM, "none"),
          NO(CREATE, INET, DGRAM, "none"));
    CHECK(ABI, "network inet6 tcp,", YES(CREATE, INET6, STREAM, "none"), NO(CREATE, INET, STREAM, "none"));
}

Test(apparmor_manual, network_netlink_raw)
{
    CHECK(ABI, "network netlink raw,", YES(CREATE, NETLINK, RAW, "none"), NO(CREATE, NETLINK, DGRAM, "none"),
          NO(CREATE, INET, RAW, "none"), YES(BIND, NETLINK, RAW, "none"));
}

Test(apparmor_manual, network_rules_accumulate)
{
    CHECK(ABI, "network inet stream,\nnetwork inet6 dgram,", YES(CREATE, INET, STREAM, "none"),
          YES(CREATE, INET6, DGRAM, "none"), NO(CREATE, INET, DGRAM, "none"), NO(CREATE, INET6, STREAM, "none"));
}

Test(apparmor_manual, a_deny_rule_takes_away_from_what_others_allow)
{
    CHECK(ABI, "network,\ndeny network inet dgram,", YES(CREATE, INET, STREAM, "none"),
          NO(CREATE, INET, DGRAM, "none"), YES(CREATE, INET6, DGRAM, "none"));
    CHECK(ABI, "network,\ndeny unix,", NO(CREATE, UNIX, STREAM, "none"), NO(BIND, UNIX, STREAM, "@x"),
          YES(CREATE, INET, STREAM, "none"));
}

Test(apparmor_manual, addr_takes_patterns_and_a_star_stops_at_a_slash)
{
    CHECK(ABI, "unix addr=@*,", YES(BIND, UNIX, STREAM, "@x"), YES(BIND, UNIX, STREAM, "@"),
          NO(BIND, UNIX, STREAM, "@a/b"), NO(BIND, UNIX, DGRAM, "auto"), NO(GETATTR, UNIX, STREAM, "none"));
    CHECK(ABI, "unix addr=@**,", YES(BIND, UNIX, STREAM, "@a/b"), YES(BIND, UNIX, STREAM, "@x\\x00y"));
}

Test(apparmor_manual, a_nul_is_written_as_an_escape)
{
    CHECK(ABI, "unix (bind) addr=@a\\000b,", YES(BIND, UNIX, STREAM, "@a\\x00b"), NO(BIND, UNIX, STREAM, "@ab"));
    CHECK(ABI, "unix (bind) addr=@a\\x00b,", YES(BIND, UNIX, STREAM, "@a\\x00b"), NO(BIND, UNIX, STREAM, "@a"));
}

Test(apparmor_manual, auto_is_an_autobind_in_bind_and_five_hex_digits_elsewhere)
{
    CHECK(ABI, "unix addr=auto,", YES(BIND, UNIX, DGRAM, "auto"), NO(BIND, UNIX, DGRAM, "@00001"),
          YES(GETATTR, UNIX, DGRAM, "@0002a"), NO(GETATTR, UNIX, DGRAM, "@0002g"),
          NO(GETATTR, UNIX, DGRAM, "@0002a0"), YES(SEND, UNIX, DGRAM, "@0002a", "@x", "unconfined"));
    CHECK(ABI, "unix rw addr=auto,", YES(SEND, UNIX, DGRAM, "@0002a", "@x", "unconfined"),
          YES(RECEIVE, UNIX, DGRAM, "@0002a", "none", "unconfined"), NO(BIND, UNIX, DGRAM, "auto"),
          NO(SEND, UNIX, DGRAM, "@x", "@y", "unconfined"));
    CHECK(ABI, "unix (send) peer=(addr=auto),", YES(SEND, UNIX, DGRAM, "none", "@fffff", "unconfined"),
          NO(SEND, UNIX, DGRAM, "none", "@FFFFF", "unconfined"), NO(SEND, UNIX, DGRAM, "none", "none", "unconfined"));
}

Test(apparmor_manual, none_is_a_socket_without_a_name)
{
    CHECK(ABI, "unix addr=none,", YES(GETATTR, UNIX, STREAM, "none"), NO(GETATTR, UNIX, STREAM, "@x"),
          NO(BIND, UNIX, STREAM, "@x"));
    CHECK(ABI, "unix (getattr, shutdown) addr=none,", YES(GETATTR, UNIX, STREAM, "none"),
          YES(SHUTDOWN, UNIX, STREAM, "none"), NO(SHUTDOWN, UNIX, STREAM, "@x"), NO(SETATTR, UNIX, STREAM, "none"));
}

Test(apparmor_manual, unix_alone_is_every_permission_on_abstract_and_unnamed_sockets)
{
    CHECK(ABI, "unix,", YES(CREATE, UNIX, STREAM, "none"), YES(BIND, UNIX, DGRAM, "auto"),
          YES(BIND, UNIX, STREAM, "@x"), YES(LISTEN, UNIX, STREAM, "@x"), YES(ACCEPT, UNIX, STREAM, "@x", "none", "unconfined"),
          YES(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"), YES(SEND, UNIX, DGRAM, "none", "@x", "unconfined"),
          YES(RECEIVE, UNIX, DGRAM, "@x", "none", "unconfined"), YES(GETATTR, UNIX, STREAM, "none"),
          YES(SETATTR, UNIX, STREAM, "none"), YES(GETOPT, UNIX, STREAM, "none"), YES(SETOPT, UNIX, STREAM, "none"),
          YES(SHUTDOWN, UNIX, STREAM, "none"), NO(CREATE, INET, STREAM, "none"));
}

Test(apparmor_manual, a_list_of_permissions_is_those_alone)
{
    CHECK(ABI, "unix (create, listen, accept, connect, send, receive, getattr, setattr, setopt, getopt),",
          YES(CREATE, UNIX, STREAM, "none"), YES(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"),
          YES(SETOPT, UNIX, STREAM, "none"), NO(BIND, UNIX, STREAM, "@x"), NO(SHUTDOWN, UNIX, STREAM, "none"));
}

Test(apparmor_manual, with_peer_only_the_permissions_that_have_a_peer_are_meant)
{
    CHECK(ABI, "unix peer=(label=@{profile_name}),", YES(CONNECT, UNIX, STREAM, "none", "@x", "/foo"),
          YES(SEND, UNIX, DGRAM, "none", "none", "/foo"), YES(RECEIVE, UNIX, DGRAM, "@x", "none", "/foo"),
          YES(ACCEPT, UNIX, STREAM, "@x", "none", "/foo"), NO(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"),
          NO(CONNECT, UNIX, STREAM, "none", "@x", NULL), NO(CREATE, UNIX, STREAM, "none"),
          NO(BIND, UNIX, STREAM, "@x"), NO(GETATTR, UNIX, STREAM, "none"));
}

Test(apparmor_manual, receiving_from_unconfined)
{
    CHECK(ABI, "unix (receive) peer=(label=unconfined),", YES(RECEIVE, UNIX, DGRAM, "@x", "none", "unconfined"),
          NO(RECEIVE, UNIX, DGRAM, "@x", "none", "/foo"), NO(SEND, UNIX, DGRAM, "@x", "@y", "unconfined"));
}

Test(apparmor_manual, connecting_to_bar_of_profile_foo)
{
    CHECK(ABI, "unix (connect, receive, send) type=stream peer=(label=/foo,addr=\"@bar\"),",
          YES(CONNECT, UNIX, STREAM, "none", "@bar", "/foo"), YES(SEND, UNIX, STREAM, "@x", "@bar", "/foo"),
          NO(CONNECT, UNIX, DGRAM, "none", "@bar", "/foo"), NO(CONNECT, UNIX, STREAM, "none", "@baz", "/foo"),
          NO(CONNECT, UNIX, STREAM, "none", "@bar", "/bar"), NO(ACCEPT, UNIX, STREAM, "none", "@bar", "/foo"));
}

Test(apparmor_manual, accepting_from_profile_bar_on_foo)
{
    CHECK(ABI, "unix (accept, receive) addr=@foo peer=(label=/bar),",
          YES(ACCEPT, UNIX, STREAM, "@foo", "none", "/bar"), YES(RECEIVE, UNIX, STREAM, "@foo", "none", "/bar"),
          NO(ACCEPT, UNIX, STREAM, "@fo", "none", "/bar"), NO(ACCEPT, UNIX, STREAM, "@foo", "none", "/foo"),
          NO(SEND, UNIX, STREAM, "@foo", "none", "/bar"));
}

Test(apparmor_manual, a_coarse_rule_for_unix_is_the_fine_rule_with_the_type)
{
    CHECK(ABI, "network unix,", YES(BIND, UNIX, DGRAM, "@x"), YES(BIND, UNIX, STREAM, "auto"),
          NO(CREATE, INET, STREAM, "none"));
    CHECK(ABI, "network unix stream,", YES(BIND, UNIX, STREAM, "@x"), NO(BIND, UNIX, DGRAM, "@x"),
          YES(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"));
    CHECK(ABI, "unix bind addr=@example,", YES(BIND, UNIX, STREAM, "@example"), NO(BIND, UNIX, STREAM, "@other"));
}

/* --- Where AppArmor's own meaning is not ours: pathnames ------------------ */

Test(apparmor_manual, rules_without_addr_cover_pathnames_in_our_policies_only)
{
    CHECK("", "unix,", YES(BIND, UNIX, STREAM, "/run/x"), YES(CONNECT, UNIX, STREAM, "none", "/run/x", "unconfined"));
    CHECK(ABI, "unix,", NO(BIND, UNIX, STREAM, "/run/x"), NO(CONNECT, UNIX, STREAM, "none", "/run/x", "unconfined"),
          YES(CONNECT, UNIX, STREAM, "none", "@x", "unconfined"));
    CHECK(ABI, "unix (connect) peer=(label=unconfined),",
          NO(CONNECT, UNIX, STREAM, "none", "/run/x", "unconfined"));
}

Test(apparmor_manual, a_file_rule_with_w_grants_the_pathname_sockets_it_matches)
{
    CHECK(ABI, "unix (create),\n/run/app/*.sock rw,\n/run/ro.sock r,\n/run/new.sock w,\n/run/a.sock a,",
          YES(BIND, UNIX, STREAM, "/run/app/a.sock"),
          YES(CONNECT, UNIX, STREAM, "none", "/run/app/a.sock", "unconfined"),
          YES(SEND, UNIX, DGRAM, "none", "/run/new.sock", "unconfined"),
          NO(CONNECT, UNIX, STREAM, "none", "/run/ro.sock", "unconfined"),
          NO(CONNECT, UNIX, STREAM, "none", "/run/a.sock", "unconfined"),
          NO(CONNECT, UNIX, STREAM, "none", "/run/app/d/a.sock", "unconfined"),
          NO(BIND, UNIX, STREAM, "/run/other"));
    CHECK("", "unix (create),\n/run/app/*.sock rw,", NO(BIND, UNIX, STREAM, "/run/app/a.sock"));
}

Test(apparmor_manual, file_rules_come_in_many_spellings)
{
    CHECK(ABI, "file rw /run/a,\nrw /run/b,\nowner /run/c w,\naudit /run/d w,\n\"/run/e f\" w,\nfile /run/g w,\n/run/h* mrwkl,",
          YES(BIND, UNIX, STREAM, "/run/a"), YES(BIND, UNIX, STREAM, "/run/b"), YES(BIND, UNIX, STREAM, "/run/c"),
          YES(BIND, UNIX, STREAM, "/run/d"), YES(BIND, UNIX, STREAM, "/run/e f"), YES(BIND, UNIX, STREAM, "/run/g"),
          YES(BIND, UNIX, STREAM, "/run/hh"), NO(BIND, UNIX, STREAM, "/run/i"));
    CHECK(ABI, "file,", YES(BIND, UNIX, STREAM, "/run/x"),
          YES(CONNECT, UNIX, STREAM, "none", "/run/x", "unconfined"), NO(BIND, UNIX, STREAM, "@x"));
}

Test(apparmor_manual, a_denied_file_rule_takes_its_sockets_away)
{
    CHECK(ABI, "/run/** rw,\ndeny /run/secret w,", YES(BIND, UNIX, STREAM, "/run/x"),
          NO(CONNECT, UNIX, STREAM, "none", "/run/secret", "unconfined"), NO(BIND, UNIX, STREAM, "/run/secret"));
}

static enum policy_outcome outcome(const char *head, const char *rules)
{
    char text[1024];
    struct compiled c;
    int len = snprintf(text, sizeof text, "%sprofile /foo {\nnetwork,\n%s\n}\n", head, rules);
    compile_policy(&c, "x.policy", text, (size_t)len, NULL, NULL, 0);
    cr_assert(c.status == 0, "%s", c.messages);
    struct policy p;
    open_policy(&p, &c, "/foo", NULL);
    struct policy_query q = {.perm = POLICY_CREATE, .family = AF_INET, .type = SOCK_STREAM,
                             .local = {.kind = POLICY_ADDR_NONE}};
    struct policy_verdict v;
    policy_decide(&p, &q, &v);
    compiled_free(&c);
    return v.outcome;
}

Test(apparmor_manual, a_plain_deny_is_silent_in_apparmors_meaning_and_recorded_in_ours)
{
    cr_expect(outcome(ABI, "deny network inet,") == POLICY_QUIET);
    cr_expect(outcome(ABI, "audit deny network inet,") == POLICY_DENIED);
    cr_expect(outcome("", "deny network inet,") == POLICY_DENIED);
    cr_expect(outcome("", "quiet deny network inet,") == POLICY_QUIET);
    cr_expect(outcome(ABI, "audit network inet,") == POLICY_AUDITED);
}

Test(apparmor_manual, the_option_gives_a_file_without_an_abi_the_same_meaning)
{
    struct compiled c;
    static const char text[] = "profile /foo {\nunix,\n/run/x w,\ndeny network inet,\n}\n";
    compile_policy(&c, "x.policy", text, sizeof text - 1, NULL, NULL, POLICY_INPUT_APPARMOR);
    cr_assert(c.status == 0, "%s", c.messages);
    struct policy p;
    open_policy(&p, &c, "/foo", NULL);
    struct question bind = {POLICY_BIND, AF_UNIX, SOCK_STREAM, 0, "/run/x", "?", NULL};
    cr_expect(allowed(&p, &bind));
    bind.local = "/run/y";
    cr_expect(!allowed(&p, &bind));
    compiled_free(&c);
}

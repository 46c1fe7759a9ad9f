/* What rules mean to policy_decide, policy_needs and policy_select, one fact a
 * test. Rules are built by hand; the language is tested elsewhere. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static struct lab lab;

static void start(void)
{
    lab_start(&lab, 64, 1);
}

static void end(void)
{
    lab_end(&lab);
}

TestSuite(engine, .init = start, .fini = end);

static struct policy_addr named(const char *text)
{
    static char copies[8][64];
    static unsigned next;
    char *copy = copies[next++ % 8];

    strcpy(copy, text + (*text == '@'));
    return (struct policy_addr){.kind = *text == '@' ? POLICY_ADDR_ABSTRACT : POLICY_ADDR_PATHNAME,
                                .bytes = copy,
                                .len = (uint32_t)strlen(copy)};
}

static struct policy_addr of_kind(enum policy_addr_kind kind)
{
    return (struct policy_addr){.kind = kind};
}

static struct policy_query unix_query(uint32_t perm, struct policy_addr local, struct policy_addr peer)
{
    return (struct policy_query){.perm = perm,
                                 .family = AF_UNIX,
                                 .type = SOCK_STREAM,
                                 .protocol = 0,
                                 .local = local,
                                 .peer = peer,
                                 .label = "unconfined"};
}

static struct policy_query connect_to(const char *peer)
{
    return unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), named(peer));
}

static struct policy_query bind_to(struct policy_addr local)
{
    return unix_query(POLICY_BIND, local, of_kind(POLICY_ADDR_NONE));
}

static struct policy_verdict decide(struct policy_query q)
{
    struct policy_verdict v;

    policy_decide(&lab.policy, &q, &v);
    return v;
}

static bool allowed(struct policy_query q)
{
    struct policy_verdict v = decide(q);

    return v.outcome == POLICY_ALLOWED || v.outcome == POLICY_AUDITED;
}

static struct rule *deny(uint32_t perms)
{
    struct rule *r = lab_rule(&lab, perms);

    r->deny = true;
    return r;
}

static struct rule *with_peer(struct rule *r, const char *peer)
{
    r->peer = lab_cond(&lab, peer);
    return r;
}

static struct rule *with_local(struct rule *r, const char *local)
{
    r->local = lab_cond(&lab, local);
    return r;
}

Test(engine, nothing_matching_is_a_denial_with_eacces)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    lab_build(&lab);
    struct policy_verdict v = decide(connect_to("/b"));
    cr_expect_eq(v.outcome, POLICY_DENIED);
    cr_expect_eq(v.err, EACCES);
    cr_expect_eq(v.rule, POLICY_RULE_NONE);
    cr_expect_not(v.explicit_deny);
}

Test(engine, deny_beats_allow_whatever_the_order)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a/*");
    with_peer(deny(POLICY_CONNECT), "/a/b")->err = ENOENT;
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a/b");
    lab_build(&lab);
    struct policy_verdict v = decide(connect_to("/a/b"));
    cr_expect_eq(v.outcome, POLICY_DENIED);
    cr_expect_eq(v.err, ENOENT);
    cr_expect_eq(v.rule, 1);
    cr_expect(v.explicit_deny);
    cr_expect(allowed(connect_to("/a/c")));
}

Test(engine, of_several_denies_and_allows_the_first_in_the_file_decides)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/**");
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a*");
    lab_rule(&lab, POLICY_CONNECT);
    with_peer(deny(POLICY_CONNECT), "/ax*")->err = EPERM;
    with_peer(deny(POLICY_CONNECT), "/**x")->err = ENOENT;
    lab_build(&lab);
    cr_expect_eq(decide(connect_to("/a")).rule, 0);
    cr_expect_eq(decide(connect_to("@a")).rule, 2);
    cr_expect_eq(decide(connect_to("/axx")).err, EPERM);
    cr_expect_eq(decide(connect_to("/ayx")).err, ENOENT);
}

Test(engine, rules_count_in_order_of_their_source_though_bare_ones_come_last)
{
    struct rule *bare = deny(POLICY_CONNECT), *own = deny(POLICY_CONNECT), swap;

    bare->err = EPERM;
    own->err = ENOENT;
    swap = *bare; /* as the parser hands them over: the profile's own, then the bare ones */
    *bare = *own;
    *own = swap;
    lab_build(&lab);
    cr_expect_eq(decide(connect_to("/a")).err, EPERM);
}

Test(engine, an_audit_rule_is_named_even_behind_another_allow)
{
    lab_rule(&lab, POLICY_CONNECT);
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a")->audit = true;
    lab_build(&lab);
    cr_expect_eq(decide(connect_to("/a")).outcome, POLICY_AUDITED);
    cr_expect_eq(decide(connect_to("/a")).rule, 1);
    cr_expect_eq(decide(connect_to("/b")).outcome, POLICY_ALLOWED);
}

Test(engine, a_quiet_deny_is_quiet)
{
    with_peer(deny(POLICY_CONNECT), "/a")->quiet = true;
    deny(POLICY_CONNECT);
    lab_build(&lab);
    cr_expect_eq(decide(connect_to("/a")).outcome, POLICY_QUIET);
    cr_expect_eq(decide(connect_to("/b")).outcome, POLICY_DENIED);
}

Test(engine, complain_relaxes_what_no_rule_allows_but_no_explicit_deny)
{
    with_peer(deny(POLICY_CONNECT), "/a");
    lab.profile.complain = true;
    lab_build(&lab);
    cr_expect_eq(decide(connect_to("/a")).outcome, POLICY_DENIED);
    cr_expect_eq(decide(connect_to("/b")).outcome, POLICY_COMPLAIN);
    cr_expect_eq(decide(connect_to("/b")).err, EACCES);
}

Test(engine, default_allow_allows_what_no_rule_denies)
{
    with_peer(deny(POLICY_CONNECT), "/a");
    lab.profile.default_allow = true;
    lab_build(&lab);
    cr_expect_not(allowed(connect_to("/a")));
    cr_expect_eq(decide(connect_to("/b")).outcome, POLICY_ALLOWED);
    cr_expect_eq(decide(connect_to("/b")).rule, POLICY_RULE_NONE);
}

Test(engine, addr_none_takes_unnamed_sockets_and_autobind)
{
    with_local(lab_rule(&lab, POLICY_BIND | POLICY_LISTEN), "none");
    lab_build(&lab);
    cr_expect(allowed(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect(allowed(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect_not(allowed(bind_to(named("@a"))));
    cr_expect_not(allowed(bind_to(named("/a"))));
    cr_expect_not(allowed(
        unix_query(POLICY_LISTEN, of_kind(POLICY_ADDR_AUTO), of_kind(POLICY_ADDR_NONE))));
}

Test(engine, addr_auto_takes_autobind_alone_not_names_that_look_like_it)
{
    with_local(lab_rule(&lab, POLICY_BIND), "auto");
    lab_build(&lab);
    cr_expect(allowed(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect_not(allowed(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect_not(allowed(bind_to(named("@0002a"))));
}

Test(engine, no_name_allows_an_autobind)
{
    with_local(lab_rule(&lab, POLICY_BIND), "@*");
    with_local(lab_rule(&lab, POLICY_BIND), "@**");
    with_local(lab_rule(&lab, POLICY_BIND), "@\\x00");
    with_local(lab_rule(&lab, POLICY_BIND), "@[0-9][0-9][0-9][0-9][0-9]");
    lab_build(&lab);
    cr_expect_not(allowed(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect(allowed(bind_to(named("@00001"))));
}

Test(engine, not_pathname_takes_everything_else_of_unix)
{
    with_local(lab_rule(&lab, POLICY_BIND), "not-pathname");
    lab_build(&lab);
    cr_expect(allowed(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect(allowed(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect(allowed(bind_to(named("@a/b"))));
    cr_expect(allowed(bind_to(named("@"))));
    cr_expect_not(allowed(bind_to(named("/a"))));
    cr_expect_not(allowed(bind_to(of_kind(POLICY_ADDR_PATHNAME))));
}

Test(engine, what_is_unknown_satisfies_a_deny_and_no_allow)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    with_peer(lab_rule(&lab, POLICY_SEND), "any");
    with_peer(deny(POLICY_SEND), "/a");
    lab_build(&lab);
    cr_expect_not(allowed(
        unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_UNKNOWN))));
    cr_expect_eq(decide(unix_query(POLICY_SEND, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_UNKNOWN))).rule, 2);
    cr_expect(allowed(unix_query(POLICY_SEND, of_kind(POLICY_ADDR_NONE), named("/b"))));
}

Test(engine, an_unresolved_pathname_is_known_not_to_be_abstract)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT | POLICY_SEND), "any");
    with_peer(deny(POLICY_CONNECT), "@**");
    with_peer(deny(POLICY_SEND), "/a");
    lab_build(&lab);
    cr_expect(allowed(
        unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_PATHNAME))));
    cr_expect_not(allowed(
        unix_query(POLICY_SEND, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_PATHNAME))));
}

Test(engine, types_protocols_families_and_labels_are_conditions)
{
    struct rule *r = lab_rule(&lab, POLICY_CONNECT);
    struct policy_query q = connect_to("/a");
    struct glob label = lab_glob(&lab, GLOB_PLAIN, "web*");

    r->types = 1u << SOCK_DGRAM;
    r->protocol = 7;
    r->labels = &label;
    r->label_count = 1;
    lab_build(&lab);
    q.type = SOCK_DGRAM;
    q.protocol = 7;
    q.label = "web-1";
    cr_expect(allowed(q));
    q.type = SOCK_STREAM;
    cr_expect_not(allowed(q));
    q.type = SOCK_DGRAM;
    q.protocol = 6;
    cr_expect_not(allowed(q));
    q.protocol = 7;
    q.label = "unconfined";
    cr_expect_not(allowed(q));
    q.label = "web-1";
    q.family = AF_INET;
    cr_expect_not(allowed(q));
}

static struct policy_query inet_query(const uint8_t *ip, uint32_t len, unsigned port)
{
    struct policy_query q = connect_to("/a");

    q.family = len == 4 ? AF_INET : AF_INET6;
    q.peer = (struct policy_addr){.kind = len == 4 ? POLICY_ADDR_INET : POLICY_ADDR_INET6,
                                  .bytes = ip,
                                  .len = len,
                                  .port = (uint16_t)port};
    return q;
}

Test(engine, prefixes_and_ports_both_count)
{
    static const uint8_t loop[4] = {127, 0, 0, 1}, other[4] = {126, 255, 255, 255}, six[16] = {[15] = 1};
    struct rule *r = lab_rule(&lab, POLICY_CONNECT);

    r->families = 1ull << AF_INET | 1ull << AF_INET6;
    r->peer = lab_inet(loop, AF_INET, 8, 5432, 5440);
    lab_build(&lab);
    cr_expect(allowed(inet_query(loop, 4, 5432)));
    cr_expect(allowed(inet_query(loop, 4, 5440)));
    cr_expect_not(allowed(inet_query(loop, 4, 5431)));
    cr_expect_not(allowed(inet_query(loop, 4, 5441)));
    cr_expect_not(allowed(inet_query(other, 4, 5432)));
    cr_expect_not(allowed(inet_query(six, 16, 5432)));
}

Test(engine, a_port_alone_counts_for_both_families)
{
    static const uint8_t four[4] = {8, 8, 8, 8}, six[16] = {0x20, 1};
    struct rule *r = lab_rule(&lab, POLICY_CONNECT);

    r->families = 1ull << AF_INET | 1ull << AF_INET6;
    r->peer = lab_inet(four, 0, 0, 53, 53);
    lab_build(&lab);
    cr_expect(allowed(inet_query(four, 4, 53)));
    cr_expect(allowed(inet_query(six, 16, 53)));
    cr_expect_not(allowed(inet_query(six, 16, 54)));
    cr_expect_not(allowed(connect_to("/a")));
}

Test(engine, conditions_on_both_sides_must_both_hold)
{
    with_local(with_peer(lab_rule(&lab, POLICY_CONNECT), "/b/*"), "@a*");
    lab_build(&lab);
    cr_expect(allowed(unix_query(POLICY_CONNECT, named("@a1"), named("/b/1"))));
    cr_expect_not(allowed(unix_query(POLICY_CONNECT, named("@b1"), named("/b/1"))));
    cr_expect_not(allowed(unix_query(POLICY_CONNECT, named("@a1"), named("/c/1"))));
    cr_expect_not(allowed(unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_UNKNOWN), named("/b/1"))));
}

Test(engine, each_value_of_a_variable_is_tried)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/run/x /var/run/x @x");
    lab_build(&lab);
    cr_expect(allowed(connect_to("/run/x")));
    cr_expect(allowed(connect_to("/var/run/x")));
    cr_expect(allowed(connect_to("@x")));
    cr_expect_not(allowed(connect_to("/var/x")));
}

Test(engine, rules_tell_where_they_stand_and_what_they_miss)
{
    struct policy_rule_info info;
    struct policy_query q = connect_to("/b");

    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    deny(POLICY_BIND);
    lab_build(&lab);
    cr_expect_eq(policy_rule_count(&lab.policy), 2);
    cr_assert(policy_rule(&lab.policy, 1, &info));
    cr_expect(info.deny);
    cr_expect_eq(info.line, 2);
    cr_expect_str_eq(info.file, "lab");
    cr_expect_not(policy_rule(&lab.policy, 2, &info));
    cr_expect_eq(policy_rule_miss(&lab.policy, 0, &q), POLICY_MISS_PEER);
    cr_expect_eq(policy_rule_miss(&lab.policy, 1, &q), POLICY_MISS_PERM);
    q.family = AF_INET;
    cr_expect_eq(policy_rule_miss(&lab.policy, 0, &q), POLICY_MISS_FAMILY);
    cr_expect(policy_rule_active(&lab.policy, 1));
    cr_expect_not(policy_rule_active(&lab.policy, 2));
}

/* --- Scope, uid, exe ---------------------------------------------------- */

static struct policy_query with_scope(struct policy_query q, enum policy_scope bound, enum policy_scope made)
{
    q.bound = bound;
    q.made = made;
    return q;
}

Test(engine, a_scope_in_peer_is_about_who_bound_the_socket)
{
    lab_rule(&lab, POLICY_CONNECT)->bound = POLICY_SCOPE_INSIDE;
    lab_build(&lab);
    cr_expect(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect(allowed(with_scope(connect_to("@a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_UNKNOWN)));
    cr_expect_not(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
    cr_expect_not(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_INSIDE)));
}

static struct rule *scope_statement(const char *kind)
{
    struct rule *r = with_peer(deny(POLICY_CONNECT | POLICY_SEND), kind);

    r->made = POLICY_SCOPE_OUTSIDE;
    r->err = EPERM;
    return r;
}

Test(engine, a_scope_statement_denies_sockets_made_outside_or_nobody_knows_where)
{
    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("pathname");
    lab_build(&lab);
    cr_expect(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
    cr_expect_not(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect_not(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_UNKNOWN)));
    cr_expect_eq(decide(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)).err, EPERM);
    cr_expect(allowed(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
}

Test(engine, a_pathname_scope_holds_for_paths_that_were_not_resolved)
{
    struct policy_query q = unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_PATHNAME));

    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("pathname");
    lab_build(&lab);
    cr_expect_not(allowed(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
    cr_expect(allowed(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_INSIDE)));
    q.peer = of_kind(POLICY_ADDR_UNKNOWN);
    cr_expect_not(allowed(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
    q.peer = of_kind(POLICY_ADDR_NONE);
    cr_expect(allowed(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
}

Test(engine, an_abstract_scope_leaves_pathnames_alone)
{
    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("abstract");
    lab_build(&lab);
    cr_expect(allowed(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect_not(allowed(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect(allowed(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
}

Test(engine, the_peers_uid_is_a_condition)
{
    struct policy_query q = unix_query(POLICY_ACCEPT, named("/s"), of_kind(POLICY_ADDR_NONE));
    struct rule *r = lab_rule(&lab, POLICY_ACCEPT);

    r->uid_given = true;
    r->uid = 0;
    lab_build(&lab);
    cr_expect_not(allowed(q), "0 by accident");
    q.uid_known = true;
    cr_expect(allowed(q));
    q.uid = 1000;
    cr_expect_not(allowed(q));
}

Test(engine, the_peers_executable_is_a_condition)
{
    struct policy_query q = unix_query(POLICY_RECEIVE, named("/s"), of_kind(POLICY_ADDR_NONE));
    struct glob exes[] = {lab_glob(&lab, GLOB_PLAIN, "/usr/bin/*"), lab_glob(&lab, GLOB_PLAIN, "/opt/**")};
    struct rule *r = deny(POLICY_RECEIVE);

    r->exes = exes;
    r->exe_count = 2;
    lab_rule(&lab, POLICY_RECEIVE);
    lab_build(&lab);
    cr_expect_not(allowed(q), "unknown");
    q.exe = "/opt/x/y";
    cr_expect_not(allowed(q));
    q.exe = "/usr/bin/nc";
    cr_expect_not(allowed(q));
    q.exe = "/usr/bin/x/nc";
    cr_expect(allowed(q));
}

/* --- Inherit ------------------------------------------------------------- */

static struct policy_query inherited(int fd, bool exempt)
{
    struct policy_query q = unix_query(POLICY_INHERIT, named("/s"), of_kind(POLICY_ADDR_NONE));

    q.fd = fd;
    q.exempt = exempt;
    return q;
}

static struct rule *naming_inherit(struct rule *r)
{
    r->names_inherit = true;
    return r;
}

static struct rule *with_fd(struct rule *r, uint32_t low, uint32_t high)
{
    r->fd_given = true;
    r->fd_low = low;
    r->fd_high = high;
    return naming_inherit(r);
}

Test(engine, a_policy_that_does_not_name_inherit_allows_it)
{
    deny(POLICY_CONNECT | POLICY_INHERIT)->types = 1u << SOCK_STREAM;
    lab_build(&lab);
    cr_expect_not(policy_mediates_inherit(&lab.policy));
    cr_expect_eq(decide(inherited(3, false)).outcome, POLICY_ALLOWED);
    cr_expect_eq(decide(inherited(3, false)).rule, POLICY_RULE_NONE);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_INHERIT, AF_UNIX), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_INHERIT, -1), 0);
}

Test(engine, a_policy_that_names_inherit_denies_what_it_does_not_allow)
{
    naming_inherit(lab_rule(&lab, POLICY_INHERIT))->types = 1u << SOCK_DGRAM;
    lab_build(&lab);
    cr_expect(policy_mediates_inherit(&lab.policy));
    cr_expect_eq(decide(inherited(3, false)).outcome, POLICY_DENIED);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_INHERIT, AF_UNIX), POLICY_NEEDS_TYPE);
}

Test(engine, rules_for_everything_count_where_another_names_inherit)
{
    lab_rule(&lab, POLICY_CONNECT | POLICY_INHERIT);
    naming_inherit(deny(POLICY_INHERIT))->types = 1u << SOCK_DGRAM;
    lab_build(&lab);
    cr_expect_eq(decide(inherited(3, false)).rule, 0);
}

Test(engine, an_exempt_descriptor_answers_to_rules_with_its_number_alone)
{
    naming_inherit(deny(POLICY_INHERIT));
    with_fd(deny(POLICY_INHERIT), 1, 2);
    lab_build(&lab);
    cr_expect(allowed(inherited(0, true)));
    cr_expect_eq(decide(inherited(1, true)).rule, 1);
    cr_expect_eq(decide(inherited(2, true)).rule, 1);
    cr_expect(allowed(inherited(3, true)));
    cr_expect_eq(decide(inherited(3, false)).rule, 0);
}

Test(engine, what_nothing_says_of_an_exempt_descriptor_is_allowed)
{
    with_fd(lab_rule(&lab, POLICY_INHERIT), 0, 0);
    lab_build(&lab);
    cr_expect_eq(decide(inherited(1, true)).outcome, POLICY_ALLOWED);
    cr_expect_eq(decide(inherited(1, false)).outcome, POLICY_DENIED);
    cr_expect_eq(decide(inherited(0, false)).rule, 0);
}

Test(engine, facts_for_exempt_descriptors_are_needed_where_the_others_need_none)
{
    naming_inherit(deny(POLICY_INHERIT));
    with_fd(deny(POLICY_INHERIT), 0, 0)->types = 1u << SOCK_DGRAM;
    lab_build(&lab);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_INHERIT, AF_UNIX), POLICY_NEEDS_TYPE);
    cr_expect_not(allowed(inherited(0, false)));
    cr_expect(allowed(inherited(0, true)));
}

Test(engine, an_unknown_descriptor_number_satisfies_denials_alone)
{
    with_fd(deny(POLICY_INHERIT), 3, 4);
    with_fd(lab_rule(&lab, POLICY_INHERIT), 0, 900);
    lab_build(&lab);
    cr_expect_eq(decide(inherited(-1, false)).rule, 0);
    cr_expect(allowed(inherited(5, false)));
}

Test(engine, what_a_policy_uses_counts_all_of_its_profiles)
{
    struct rule bare[] = {{.families = 2, .perms = POLICY_CONNECT, .types = UINT32_MAX, .protocol = -1}};
    struct rule leaks[] = {bare[0], bare[0]}, scoped[] = {bare[0], bare[0]};
    struct profile profiles[] = {{.rules = bare, .rule_count = 1},
                                 {.name = "leaks", .rules = leaks, .rule_count = 2},
                                 {.name = "scoped", .rules = scoped, .rule_count = 2}};
    struct rule_source source = {.file = "lab", .line = 1};
    struct ruleset set = {.profiles = profiles, .profile_count = 1, .sources = &source, .source_count = 1};
    const uint32_t expected[] = {0, POLICY_USES_INHERIT, POLICY_USES_INHERIT | POLICY_USES_MEMORY};

    leaks[1].perms = POLICY_INHERIT;
    leaks[1].names_inherit = true;
    scoped[1].bound = POLICY_SCOPE_INSIDE;
    for (; set.profile_count <= 3; set.profile_count++) {
        struct policy p;
        const void *blob;
        size_t len;
        cr_assert_eq(policy_layout(&set, false, &lab.arena, &blob, &len), 0);
        cr_assert_eq(policy_open(&p, blob, len), 0);
        cr_expect_eq(policy_uses(&p), expected[set.profile_count - 1]);
        cr_expect_not(policy_mediates_inherit(&p));
        p.profile = 1;
        cr_expect(set.profile_count < 2 || policy_mediates_inherit(&p));
    }
}

Test(engine, labels_and_scope_statements_use_memory_and_uids_do_not)
{
    struct glob label = lab_glob(&lab, GLOB_PLAIN, "web");
    struct rule *r = lab_rule(&lab, POLICY_ACCEPT);

    r->uid_given = true;
    lab_build(&lab);
    cr_expect_eq(policy_uses(&lab.policy), 0);
    r->labels = &label;
    r->label_count = 1;
    lab_build(&lab);
    cr_expect_eq(policy_uses(&lab.policy), POLICY_USES_MEMORY);
    r->labels = NULL;
    r->made = POLICY_SCOPE_OUTSIDE;
    lab_build(&lab);
    cr_expect_eq(policy_uses(&lab.policy), POLICY_USES_MEMORY);
}

Test(engine, rules_tell_which_of_the_rarer_conditions_they_miss)
{
    struct policy_query q = inherited(7, false);
    struct glob glob = lab_glob(&lab, GLOB_PLAIN, "/x");

    with_fd(lab_rule(&lab, POLICY_INHERIT), 3, 5);
    naming_inherit(lab_rule(&lab, POLICY_INHERIT))->bound = POLICY_SCOPE_INSIDE;
    naming_inherit(lab_rule(&lab, POLICY_INHERIT))->uid_given = true;
    struct rule *exe = naming_inherit(lab_rule(&lab, POLICY_INHERIT));
    exe->exes = &glob;
    exe->exe_count = 1;
    naming_inherit(lab_rule(&lab, POLICY_INHERIT));
    lab_build(&lab);
    cr_expect_eq(policy_rule_miss(&lab.policy, 0, &q), POLICY_MISS_FD);
    cr_expect_eq(policy_rule_miss(&lab.policy, 1, &q), POLICY_MISS_SCOPE);
    cr_expect_eq(policy_rule_miss(&lab.policy, 2, &q), POLICY_MISS_UID);
    cr_expect_eq(policy_rule_miss(&lab.policy, 3, &q), POLICY_MISS_EXE);
    cr_expect_eq(policy_rule_miss(&lab.policy, 4, &q), POLICY_MATCHES);
    q.exempt = true;
    cr_expect_eq(policy_rule_miss(&lab.policy, 4, &q), POLICY_MISS_FD);
}

/* --- What has to be known ---------------------------------------------- */

static uint32_t needs(uint32_t perm)
{
    return policy_needs(&lab.policy, perm, AF_UNIX);
}

Test(engine, nothing_is_needed_where_the_verdict_is_constant)
{
    lab_rule(&lab, POLICY_CONNECT);
    deny(POLICY_BIND);
    with_local(lab_rule(&lab, POLICY_BIND), "/a");
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), 0);
    cr_expect_eq(needs(POLICY_BIND), 0);
    cr_expect_eq(needs(POLICY_LISTEN), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_CONNECT, AF_INET), 0);
}

Test(engine, an_unconditional_allow_leaves_only_audits_and_denies_to_look_at)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT | POLICY_SEND), "/a");
    with_local(lab_rule(&lab, POLICY_SEND), "@a")->audit = true;
    lab_rule(&lab, POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE);
    deny(POLICY_RECEIVE)->types = 1u << SOCK_RAW;
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), 0);
    cr_expect_eq(needs(POLICY_SEND), POLICY_NEEDS_LOCAL);
    cr_expect_eq(needs(POLICY_RECEIVE), POLICY_NEEDS_TYPE);
}

Test(engine, an_unconditional_deny_leaves_only_earlier_denies_to_look_at)
{
    with_peer(deny(POLICY_CONNECT), "@a")->err = ENOENT;
    deny(POLICY_CONNECT);
    with_peer(deny(POLICY_CONNECT), "/a");
    lab_rule(&lab, POLICY_CONNECT)->protocol = 3;
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), POLICY_NEEDS_PEER);
}

Test(engine, a_paths_text_is_needed_only_for_pathname_globs_of_that_side)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "@a");
    with_local(lab_rule(&lab, POLICY_BIND), "/a @b");
    with_local(with_peer(lab_rule(&lab, POLICY_SEND), "/a"), "not-pathname");
    with_local(lab_rule(&lab, POLICY_LISTEN), "none");
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), POLICY_NEEDS_PEER);
    cr_expect_eq(needs(POLICY_BIND), POLICY_NEEDS_LOCAL | POLICY_NEEDS_LOCAL_PATH);
    cr_expect_eq(needs(POLICY_SEND), POLICY_NEEDS_LOCAL | POLICY_NEEDS_PEER | POLICY_NEEDS_PEER_PATH);
    cr_expect_eq(needs(POLICY_LISTEN), POLICY_NEEDS_LOCAL);
}

Test(engine, a_scope_needs_the_kind_of_address_and_no_text)
{
    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("pathname");
    scope_statement("abstract");
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), POLICY_NEEDS_PEER | POLICY_NEEDS_MADE);
    cr_expect_eq(needs(POLICY_SEND), POLICY_NEEDS_PEER | POLICY_NEEDS_MADE);
    cr_expect_eq(needs(POLICY_ACCEPT), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_CONNECT, AF_INET), 0);
}

/* What is connected goes on, and costs nothing more than without the statement. */
Test(engine, a_scope_has_nothing_to_say_to_what_is_connected)
{
    lab_rule(&lab, POLICY_CONNECT | POLICY_SEND);
    scope_statement("pathname");
    scope_statement("abstract");
    lab_build(&lab);
    cr_expect_eq(policy_needs_connected(&lab.policy, POLICY_SEND, AF_UNIX), 0);
    lab_rule(&lab, POLICY_SEND)->types = 1u << SOCK_DGRAM;
    lab_rule(&lab, POLICY_SEND)->deny = true;
    lab.rules[lab.count - 1].peer = lab_cond(&lab, "@x");
    lab_build(&lab);
    cr_expect_eq(policy_needs_connected(&lab.policy, POLICY_SEND, AF_UNIX), POLICY_NEEDS_PEER);
}

Test(engine, each_rarer_condition_is_a_fact_of_its_own)
{
    struct glob exe = lab_glob(&lab, GLOB_PLAIN, "/x");

    lab_rule(&lab, POLICY_CONNECT)->bound = POLICY_SCOPE_INSIDE;
    lab_rule(&lab, POLICY_ACCEPT)->uid_given = true;
    lab_rule(&lab, POLICY_RECEIVE)->exes = &exe;
    lab.rules[2].exe_count = 1;
    with_fd(lab_rule(&lab, POLICY_INHERIT), 3, 3);
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), POLICY_NEEDS_BOUND);
    cr_expect_eq(needs(POLICY_ACCEPT), POLICY_NEEDS_UID);
    cr_expect_eq(needs(POLICY_RECEIVE), POLICY_NEEDS_EXE);
    cr_expect_eq(needs(POLICY_INHERIT), 0);
}

Test(engine, the_family_is_needed_only_where_families_differ)
{
    lab_rule(&lab, POLICY_CONNECT)->families = ~0ull;
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    lab_rule(&lab, POLICY_BIND);
    lab_rule(&lab, POLICY_LISTEN)->families = ~0ull;
    deny(POLICY_LISTEN)->types = 1u << SOCK_DGRAM;
    lab.rules[4].families = ~0ull;
    lab_build(&lab);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_CONNECT, -1), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_BIND, -1), POLICY_NEEDS_FAMILY);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_LISTEN, -1), POLICY_NEEDS_TYPE);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_GETOPT, -1), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_BIND, AF_INET), 0);
    cr_expect_eq(policy_needs(&lab.policy, POLICY_BIND, 4711), 0);
}

Test(engine, default_allow_needs_no_facts_of_allow_rules)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    lab.profile.default_allow = true;
    lab_build(&lab);
    cr_expect_eq(needs(POLICY_CONNECT), 0);
}

/* --- Profiles ---------------------------------------------------------- */

static const char *chosen(const struct profile *profiles, uint32_t n, const char *exe, const char *name)
{
    struct ruleset set = {.name = "p", .profiles = profiles, .profile_count = n};
    static struct policy p;
    const void *blob;
    size_t len;

    cr_assert_eq(policy_layout(&set, false, &lab.arena, &blob, &len), 0);
    cr_assert_eq(policy_open(&p, blob, len), 0);
    return policy_select(&p, exe, name) == -ENOENT ? "ENOENT" : policy_profile_name(&p);
}

Test(engine, the_most_specific_attachment_wins)
{
    struct glob globs[] = {
        lab_glob(&lab, GLOB_PLAIN, "/usr/bin/*"),     lab_glob(&lab, GLOB_PLAIN, "/usr/bin/perl"),
        lab_glob(&lab, GLOB_PLAIN, "/usr/bin/perl*"), lab_glob(&lab, GLOB_PLAIN, "/{opt,usr}/bin/python"),
        lab_glob(&lab, GLOB_PLAIN, "/**"),
    };
    struct profile profiles[] = {
        {.name = NULL},
        {.name = "any", .attachments = &globs[0], .attachment_count = 1},
        {.name = "perl", .attachments = &globs[1], .attachment_count = 1},
        {.name = "perls", .attachments = &globs[2], .attachment_count = 1},
        {.name = "python", .attachments = &globs[3], .attachment_count = 1},
        {.name = "named-only"},
    };

    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/perl", NULL), "perl");
    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/perl5", NULL), "perls");
    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/nc", NULL), "any");
    cr_expect_str_eq(chosen(profiles, 6, "/opt/bin/python", NULL), "python");
    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/python", NULL), "any");
    cr_expect_str_eq(chosen(profiles, 6, "/bin/sh", NULL), "-");
    cr_expect_str_eq(chosen(profiles, 6, NULL, NULL), "-");
    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/perl", "named-only"), "named-only");
    cr_expect_str_eq(chosen(profiles, 6, "/usr/bin/perl", "nothing"), "ENOENT");
}

/* What rules mean to policy_decide, one fact a test. Rules are built by hand; the
 * language is tested elsewhere. */
#include "engine_rules.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

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
    cr_expect(permitted(connect_to("/a/c")));
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
    cr_expect_not(permitted(connect_to("/a")));
    cr_expect_eq(decide(connect_to("/b")).outcome, POLICY_ALLOWED);
    cr_expect_eq(decide(connect_to("/b")).rule, POLICY_RULE_NONE);
}

Test(engine, addr_none_takes_unnamed_sockets_and_autobind)
{
    with_local(lab_rule(&lab, POLICY_BIND | POLICY_LISTEN), "none");
    lab_build(&lab);
    cr_expect(permitted(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect(permitted(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect_not(permitted(bind_to(named("@a"))));
    cr_expect_not(permitted(bind_to(named("/a"))));
    cr_expect_not(permitted(
        unix_query(POLICY_LISTEN, of_kind(POLICY_ADDR_AUTO), of_kind(POLICY_ADDR_NONE))));
}

Test(engine, addr_auto_takes_autobind_alone_not_names_that_look_like_it)
{
    with_local(lab_rule(&lab, POLICY_BIND), "auto");
    lab_build(&lab);
    cr_expect(permitted(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect_not(permitted(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect_not(permitted(bind_to(named("@0002a"))));
}

Test(engine, no_name_allows_an_autobind)
{
    with_local(lab_rule(&lab, POLICY_BIND), "@*");
    with_local(lab_rule(&lab, POLICY_BIND), "@**");
    with_local(lab_rule(&lab, POLICY_BIND), "@\\x00");
    with_local(lab_rule(&lab, POLICY_BIND), "@[0-9][0-9][0-9][0-9][0-9]");
    lab_build(&lab);
    cr_expect_not(permitted(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect(permitted(bind_to(named("@00001"))));
}

Test(engine, not_pathname_takes_everything_else_of_unix)
{
    with_local(lab_rule(&lab, POLICY_BIND), "not-pathname");
    lab_build(&lab);
    cr_expect(permitted(bind_to(of_kind(POLICY_ADDR_NONE))));
    cr_expect(permitted(bind_to(of_kind(POLICY_ADDR_AUTO))));
    cr_expect(permitted(bind_to(named("@a/b"))));
    cr_expect(permitted(bind_to(named("@"))));
    cr_expect_not(permitted(bind_to(named("/a"))));
    cr_expect_not(permitted(bind_to(of_kind(POLICY_ADDR_PATHNAME))));
}

Test(engine, what_is_unknown_satisfies_a_deny_and_no_allow)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/a");
    with_peer(lab_rule(&lab, POLICY_SEND), "any");
    with_peer(deny(POLICY_SEND), "/a");
    lab_build(&lab);
    cr_expect_not(permitted(
        unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_UNKNOWN))));
    cr_expect_eq(decide(unix_query(POLICY_SEND, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_UNKNOWN))).rule, 2);
    cr_expect(permitted(unix_query(POLICY_SEND, of_kind(POLICY_ADDR_NONE), named("/b"))));
}

Test(engine, an_unresolved_pathname_is_known_not_to_be_abstract)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT | POLICY_SEND), "any");
    with_peer(deny(POLICY_CONNECT), "@**");
    with_peer(deny(POLICY_SEND), "/a");
    lab_build(&lab);
    cr_expect(permitted(
        unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_PATHNAME))));
    cr_expect_not(permitted(
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
    cr_expect(permitted(q));
    q.type = SOCK_STREAM;
    cr_expect_not(permitted(q));
    q.type = SOCK_DGRAM;
    q.protocol = 6;
    cr_expect_not(permitted(q));
    q.protocol = 7;
    q.label = "unconfined";
    cr_expect_not(permitted(q));
    q.label = "web-1";
    q.family = AF_INET;
    cr_expect_not(permitted(q));
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
    cr_expect(permitted(inet_query(loop, 4, 5432)));
    cr_expect(permitted(inet_query(loop, 4, 5440)));
    cr_expect_not(permitted(inet_query(loop, 4, 5431)));
    cr_expect_not(permitted(inet_query(loop, 4, 5441)));
    cr_expect_not(permitted(inet_query(other, 4, 5432)));
    cr_expect_not(permitted(inet_query(six, 16, 5432)));
}

Test(engine, a_port_alone_counts_for_both_families)
{
    static const uint8_t four[4] = {8, 8, 8, 8}, six[16] = {0x20, 1};
    struct rule *r = lab_rule(&lab, POLICY_CONNECT);

    r->families = 1ull << AF_INET | 1ull << AF_INET6;
    r->peer = lab_inet(four, 0, 0, 53, 53);
    lab_build(&lab);
    cr_expect(permitted(inet_query(four, 4, 53)));
    cr_expect(permitted(inet_query(six, 16, 53)));
    cr_expect_not(permitted(inet_query(six, 16, 54)));
    cr_expect_not(permitted(connect_to("/a")));
}

Test(engine, conditions_on_both_sides_must_both_hold)
{
    with_local(with_peer(lab_rule(&lab, POLICY_CONNECT), "/b/*"), "@a*");
    lab_build(&lab);
    cr_expect(permitted(unix_query(POLICY_CONNECT, named("@a1"), named("/b/1"))));
    cr_expect_not(permitted(unix_query(POLICY_CONNECT, named("@b1"), named("/b/1"))));
    cr_expect_not(permitted(unix_query(POLICY_CONNECT, named("@a1"), named("/c/1"))));
    cr_expect_not(permitted(unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_UNKNOWN), named("/b/1"))));
}

Test(engine, each_value_of_a_variable_is_tried)
{
    with_peer(lab_rule(&lab, POLICY_CONNECT), "/run/x /var/run/x @x");
    lab_build(&lab);
    cr_expect(permitted(connect_to("/run/x")));
    cr_expect(permitted(connect_to("/var/run/x")));
    cr_expect(permitted(connect_to("@x")));
    cr_expect_not(permitted(connect_to("/var/x")));
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

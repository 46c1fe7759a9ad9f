/* What scope, uid, exe and inherit mean to policy_decide. */
#include "engine_rules.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

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
    cr_expect(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect(permitted(with_scope(connect_to("@a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_UNKNOWN)));
    cr_expect_not(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
    cr_expect_not(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_INSIDE)));
}

Test(engine, a_scope_statement_denies_sockets_made_outside_or_nobody_knows_where)
{
    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("pathname");
    lab_build(&lab);
    cr_expect(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
    cr_expect_not(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect_not(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_UNKNOWN)));
    cr_expect_eq(decide(with_scope(connect_to("/a"), POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE)).err, EPERM);
    cr_expect(permitted(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
}

Test(engine, a_pathname_scope_holds_for_paths_that_were_not_resolved)
{
    struct policy_query q = unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), of_kind(POLICY_ADDR_PATHNAME));

    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("pathname");
    lab_build(&lab);
    cr_expect_not(permitted(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
    cr_expect(permitted(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_INSIDE)));
    q.peer = of_kind(POLICY_ADDR_UNKNOWN);
    cr_expect_not(permitted(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
    q.peer = of_kind(POLICY_ADDR_NONE);
    cr_expect(permitted(with_scope(q, POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_OUTSIDE)));
}

Test(engine, an_abstract_scope_leaves_pathnames_alone)
{
    lab_rule(&lab, POLICY_CONNECT);
    scope_statement("abstract");
    lab_build(&lab);
    cr_expect(permitted(with_scope(connect_to("/a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect_not(permitted(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_OUTSIDE)));
    cr_expect(permitted(with_scope(connect_to("@a"), POLICY_SCOPE_OUTSIDE, POLICY_SCOPE_INSIDE)));
}

Test(engine, the_peers_uid_is_a_condition)
{
    struct policy_query q = unix_query(POLICY_ACCEPT, named("/s"), of_kind(POLICY_ADDR_NONE));
    struct rule *r = lab_rule(&lab, POLICY_ACCEPT);

    r->uid_given = true;
    r->uid = 0;
    lab_build(&lab);
    cr_expect_not(permitted(q), "0 by accident");
    q.uid_known = true;
    cr_expect(permitted(q));
    q.uid = 1000;
    cr_expect_not(permitted(q));
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
    cr_expect_not(permitted(q), "unknown");
    q.exe = "/opt/x/y";
    cr_expect_not(permitted(q));
    q.exe = "/usr/bin/nc";
    cr_expect_not(permitted(q));
    q.exe = "/usr/bin/x/nc";
    cr_expect(permitted(q));
}

/* --- Inherit ------------------------------------------------------------- */

static struct policy_query inherited(int fd, bool exempt)
{
    struct policy_query q = unix_query(POLICY_INHERIT, named("/s"), of_kind(POLICY_ADDR_NONE));

    q.fd = fd;
    q.exempt = exempt;
    return q;
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
    cr_expect(permitted(inherited(0, true)));
    cr_expect_eq(decide(inherited(1, true)).rule, 1);
    cr_expect_eq(decide(inherited(2, true)).rule, 1);
    cr_expect(permitted(inherited(3, true)));
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
    cr_expect_not(permitted(inherited(0, false)));
    cr_expect(permitted(inherited(0, true)));
}

Test(engine, an_unknown_descriptor_number_satisfies_denials_alone)
{
    with_fd(deny(POLICY_INHERIT), 3, 4);
    with_fd(lab_rule(&lab, POLICY_INHERIT), 0, 900);
    lab_build(&lab);
    cr_expect_eq(decide(inherited(-1, false)).rule, 0);
    cr_expect(permitted(inherited(5, false)));
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

/* Which facts policy_needs asks for, and which profile policy_select takes. */
#include "engine_rules.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

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

/* sunshim explain and check, where policies have rules `map`. */
#include "tests/e2e/harness.h"

static struct run explain(const char *policy, const char *question)
{
    put("p.policy", policy);
    return run(text("cd $T; $SUNSHIM explain p.policy %s", question));
}

Test(cli_map, names_are_mapped_before_they_are_judged)
{
    struct run r = explain("allow all,\ndeny unix (connect) peer=(addr=/very/long/no*),\nmap /s/ -> /very/long/,\n",
                           "connect peer_addr=/s//no.sock");

    check_status(r, 1);
    check_out(r, "deny\nrule: p.policy:2: deny unix (connect) peer=(addr=/very/long/no*),\nerrno: EACCES\n"
                 "mapped: /s//no.sock -> /very/long/no.sock by p.policy:3\n"
                 "hint: no allow rule can override a deny; remove or narrow that rule\n");
    r = run("cd $T; $SUNSHIM explain p.policy --rule 'map /q -> /s/yes' connect peer_addr=/q");
    check_status(r, 0);
    check_has(r, out, "mapped: /q -> /s/yes by --rule:1\n");
    check_lacks(r, out, "/very/long/yes"); /* the outer layer's turn is over */
    r = run("cd $T; $SUNSHIM explain --rule 'map /q -> /s/yes' p.policy bind addr=/q");
    check_has(r, out, "mapped: /q -> /s/yes by");
    r = run("cd $T; $SUNSHIM explain p.policy 'map /a -> /b,'");
    check_status(r, 125);
    check_has(r, err, "the rule is about no socket call");
}

#define PASSED "note: 'app' is what sunshim run --pass or --anon passes"

Test(cli_map, what_is_behind_a_passed_descriptor_is_not_known)
{
    static const char policy[] = "unix (connect) peer=(addr=none),\nunix (bind) addr=/run/*,\nmap /run/app.sock -> fd:app,\n";
    struct run r = explain(policy, "connect peer_addr=/run//app.sock");

    check_status(r, 1);
    check_out(r, "deny\nrule: none\nerrno: EACCES\nmapped: /run//app.sock -> fd:app by p.policy:3\n" PASSED
                 "; rules are about the own name of the socket behind it, which is not known here\n"
                 "note: where it has none, as with --anon, ask with peer_addr=none\n"
                 "nearest: p.policy:1: unix (connect) peer=(addr=none), (it has a condition on the peer's address, which is "
                 "not known here)\nhint: add: unix (connect),\n");
    r = explain(policy, "connect peer_addr=none");
    check_out(r, "allow\nrule: p.policy:1: unix (connect) peer=(addr=none),\n");
    r = explain(policy, "bind addr=/run/app.sock");
    check_status(r, 1);
    check_has(r, out, PASSED ": bind finds the name taken (EADDRINUSE)\n");
    check_has(r, out, "(it has a condition on the own address, which is not known here)");
    check_lacks(r, out, "peer_addr=");
    r = explain(policy, "connect addr=/run/app.sock");
    check_has(r, out, "note: the name that is connected or sent to is peer_addr=\n");
    r = explain("allow all,\nmap /run/app.sock -> fd:app,\n", "connect peer_addr=/run/app.sock");
    check_status(r, 0);
    check_has(r, out, "allow\nrule: p.policy:1: allow all,\nmapped: ");
}

Test(cli_map, an_outer_layer_is_not_asked_where_a_descriptor_leads)
{
    put("p.policy", "allow all,\nmap /q -> fd:app,\n");
    struct run r = run("cd $T; $SUNSHIM explain --rule 'map /q -> /very/long/q' p.policy connect peer_addr=/q");

    check_has(r, out, "mapped: /q -> fd:app by p.policy:2\nnote: 'app'");
    check_lacks(r, out, "/very/long");
    put("p.policy", "allow all,\nmap /q -> /very/long/q,\n");
    r = run("cd $T; $SUNSHIM explain --rule 'map /very/long/q -> fd:app' p.policy connect peer_addr=/q");
    check_has(r, out, "mapped: /q -> /very/long/q by p.policy:2\nmapped: /very/long/q -> fd:app by --rule:1\nnote: 'app'");
}

Test(cli_map, notes_where_maps_overlap)
{
    put("p.policy", "allow all,\nmap /s/ -> /very/long/,\nmap /s/x -> /other,\nmap /t/ -> /very/long/,\n");
    struct run r = run("cd $T; $SUNSHIM check ./p.policy");

    check_status(r, 0);
    check_has(r, out, "./p.policy: ok, 4 rules, 0 profiles");
    check_has(r, err, "./p.policy:3:5: note: '/s/x' lies below the FROM of ./p.policy:2:5, '/s/': the longer name wins");
    check_has(r, err, "./p.policy:4:12: note: '/very/long/' is read back by ./p.policy:2:12, which comes first, as '/s/'");
    put("p.policy", "allow all,\nmap /s/ -> /very/long/,\nmap /s/x -> fd:3,\nmap /a -> fd:3,\n");
    r = run("cd $T; $SUNSHIM check ./p.policy");
    check_status(r, 0);
    check_has(r, err, "./p.policy:3:13: note: 'fd:3' is a name, as --pass gives it, and not the number of a descriptor");
    check_has(r, err, "./p.policy:3:5: note: '/s/x' lies below the FROM of ./p.policy:2:5, '/s/': the longer name wins");
    check_lacks(r, err, "read back");
    put("p.policy", "map /s/ -> /very/long/,\n");
    r = run("cd $T; $SUNSHIM check ./p.policy");
    check_status(r, 1);
    check_has(r, err, "map allows nothing by itself: add 'allow all,'");
}

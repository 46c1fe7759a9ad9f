/* sunshim doctor -p POLICY PATH: where map rules lead. */
#include "tests/e2e/doctor.h"

Test(cli_doctor_map, looks_at_what_a_rule_leads_to)
{
    struct run r = run(DOCTOR "socat UNIX-LISTEN:$T/s - & ready $T/s; echo \"allow all, map /short/ -> $T/,\" >p.policy\n"
                              "doctor -p ./p.policy /short/s; doctor --rule \"map /q -> $T/none/s\" /q; doctor -p ./p.policy $T/x");

    check_has(r, out, "works: unix stream LISTEN, held by ");
    check_has(r, out, "  path      /short/s\n");
    check_has(r, out, text("  note      it leads to %s/s, by ./p.policy:1\n", scratch()));
    check_has(r, out, "needs a remedy: ");
    check_has(r, out, "/none does not exist; ");
    check_has(r, out, text("  note      it leads to %s/none/s, by --rule:1\n", scratch()));
    check_has(r, out, "works: nothing is there, and bind would make it\n");
    cr_assert_eq(lines_with(r.out, "it leads to", NULL), 2, "%s", run_report(&r));
}

Test(cli_doctor_map, follows_the_layers_from_the_inside_out)
{
    struct run r = run(DOCTOR "doctor --rule \"map /b -> $T/b\" --rule 'map /a -> /b' /a");

    check_has(r, out, "  note      it leads to /b, by --rule#2:1\n");
    check_has(r, out, text("  note      it leads to %s/b, by --rule:1\n", scratch()));
    check_has(r, out, "status 0\n");
}

Test(cli_doctor_map, a_name_without_a_descriptor_needs_one)
{
    struct run r = run(DOCTOR "printf 'allow all,\\nmap /run/app.sock -> fd:app,\\n' >p.policy\n"
                              "doctor -p ./p.policy /run/app.sock; doctor --json -p ./p.policy /run/app.sock");

    check_has(r, out, "needs a remedy: it leads to the socket that is passed as 'app', by ./p.policy:2; here none is\n");
    check_has(r, out, "  path      /run/app.sock\n");
    check_has(r, out, "    do      sunshim run --anon app -p POLICY -- COMMAND");
    check_has(r, out, "    or      sunshim run --pass app=FD -p POLICY -- COMMAND");
    check_has(r, out, "\"finding\":\"not-passed\",\"severity\":\"remedy\"");
    cr_assert_eq(lines_with(r.out, "status 1", NULL), 2, "%s", run_report(&r));
}

/* As SUNSHIM_FDS has it: our own descriptor, or that of the process which passed it. */
Test(cli_doctor_map, a_passed_descriptors_socket_is_looked_at)
{
    struct run r = run(DOCTOR "socat UNIX-LISTEN:$T/s - & ready $T/s; rule='map /run/app.sock -> fd:app'\n"
                              "cat >pin.py <<'END'\nimport os, sys, time\n"
                              "os.dup2(os.open('s', os.O_PATH), 9, False); os.unlink('s'); st = os.fstat(9)\n"
                              "note = '%d,%d,%d,%d' % (9, os.getpid(), st.st_dev, st.st_ino)\n"
                              "for fds, keep in ('app=9', True), ('app=' + note, True), ('app=' + note, False), ('app=9', False), "
                              "('other=9', True), ('app=' + note + '1', True):\n"
                              "    os.set_inheritable(9, True)\n"
                              "    os.environ['SUNSHIM_FDS'] = fds\n"
                              "    os.system(' '.join(sys.argv[1:]) + (' 9<&-' if not keep else ''))\nEND\n"
                              "python3 pin.py \"$SUNSHIM\" doctor --rule \"'$rule'\" /run/app.sock");

    cr_assert_eq(lines_with(r.out, "works: unix stream LISTEN, held by ", NULL), 3, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "it leads to /proc/self/fd/9, which is passed as 'app', by --rule:1", NULL), 2, "%s",
                 run_report(&r));
    cr_assert_eq(lines_with(r.out, "it leads to /proc/", "/fd/9, which is passed as 'app', by --rule:1", NULL), 3, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "needs a remedy: it leads to the socket that is passed as 'app'", NULL), 3, "%s",
                 run_report(&r));
}

Test(cli_doctor_map, says_what_was_asked_wrongly)
{
    struct run r = run(DOCTOR "doctor -p ./none.policy /a; doctor -p; doctor --rule 'map' /a; doctor -p x --try /a; doctor --rule=x -- ls");

    check_has(r, err, "./none.policy: error: No such file or directory\n");
    check_has(r, err, "option '-p' needs a value");
    check_has(r, err, "--rule:1:4: error: ");
    check_has(r, err, "--try is for a path alone, without -p and --rule");
    check_has(r, err, "-p and --rule are for a path");
    check_out(r, "status 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\n");
}

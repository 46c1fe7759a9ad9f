/* sunshim doctor -- COMMAND: names that will not fit, wherever they stand. */
#include <string.h>

#include "tests/e2e/doctor.h"

#define COMMAND \
    DOCTOR_NAMES \
    "doctor() { $SUNSHIM doctor -- \"$@\" && echo 'status 0' || echo \"status $?\"; }\n"

Test(doctor_command, says_that_names_fit)
{
    struct run r = run(COMMAND "doctor socat - UNIX:/tmp/s");

    check_verdict(r, "works: all names fit\n");
    check_has(r, out, "  program   /usr/bin/socat: the library can be in it\n");
    check_lacks(r, out, "  type ");
    check_exit(r, 0);
}

Test(doctor_command, says_what_to_type)
{
    struct run r = run(COMMAND "doctor tmux -S /tmp/$(name 120)/s new 'a b' \"it's\"");
    const char *line = strstr(r.out, "  type      ");

    check_verdict(r, "needs a remedy: argument 2: 127 bytes, 20 too many for a socket: /tmp/n");
    cr_assert(line, "%s", run_report(&r));
    cr_assert(!strncmp(line, "  type      sunshim run --long-paths -- tmux -S /tmp/nnn", 55), "%s", run_report(&r));
    check_has(r, out, "n/s new 'a b' 'it'\\''s'\n");
    check_exit(r, 1);
}

/* What it says to type is what does it. */
StockTest(doctor_command, says_what_works_when_typed)
{
    struct run r = run(COMMAND "mkdir $T/$(name 150); s=$T/$(name 150)/s; socat -u UNIX-LISTEN:$s - || echo native fails\n"
                               "$SUNSHIM doctor -- socat -u UNIX-LISTEN:$s,fork - >said || :; sed -n 's/^  type      sunshim/exec $SUNSHIM/p' said >cmd\n"
                               "sh -eu cmd & until [ -S $s ]; do sleep 0.05; done; echo there");

    check_out(r, "native fails\nthere\n");
}

Test(doctor_command, finds_names_inside_arguments)
{
    struct run r = run(COMMAND "d=/tmp/$(name 120); doctor socat unix-listen:$d/s,fork,mode=600 UNIX:$d/t; doctor x --socket=$d/s; doctor x --peers=/a:$d/s:/b");

    cr_assert_eq(lines_with(r.out, "  problem   argument 1: 127 bytes, 20 too many for a socket: /tmp/n", NULL), 3, "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "  problem   argument 2: 127 bytes, 20 too many for a socket: /tmp/n", NULL), 1, "%s", run_report(&r));
}

Test(doctor_command, reads_the_bus_address_as_the_bus_does)
{
    with_env("DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41,guid=1");
    struct run r = run(COMMAND "doctor true");
    check_exit(r, 0);

    with_env("DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/%41aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,guid=1");
    r = run(COMMAND "doctor true");
    check_has(r, out, "  problem   DBUS_SESSION_BUS_ADDRESS: 119 bytes, 12 too many for a socket: /tmp/Aaaa");
    check_exit(r, 1);
}

Test(doctor_command, knows_what_programs_append_to_directories)
{
    struct run r = run(COMMAND "export TMPDIR=/tmp/$(name 80) TMUX_TMPDIR=/tmp/$(name 84) PGHOST=/tmp/$(name 89) GNUPGHOME=/tmp/$(name 83); doctor make check");

    check_has(r, out, "  problem   TMPDIR: python (multiprocessing) makes up to 117 bytes of it: ");
    check_has(r, out, "  problem   TMUX_TMPDIR: tmux makes up to 108 bytes of it: ");
    check_has(r, out, "  problem   PGHOST: psql makes up to 108 bytes of it: ");
    check_has(r, out, "  problem   GNUPGHOME: gpg-agent makes up to 108 bytes of it: ");
    check_exit(r, 1);

    r = run(COMMAND "export TMUX_TMPDIR=/tmp/$(name 83); doctor make check");
    check_lacks(r, out, "tmux");
    check_exit(r, 0);
}

/* --shorten leaves relative names alone: what is to be typed has an absolute one. */
Test(doctor_command, makes_relative_names_absolute)
{
    struct run r = run(COMMAND "mkdir -p $(name 60)/$(name 60); doctor socat UNIX-LISTEN:$(name 60)/$(name 60)/s,fork -");

    check_has(r, out, "  type      sunshim run --long-paths -- socat UNIX-LISTEN:/tmp/");
    check_exit(r, 1);
}

Test(doctor_command, says_what_comes_near)
{
    struct run r = run(COMMAND "doctor nc -U /tmp/$(name 95)");

    check_verdict(r, "works: the names fit, but some leave little room\n");
    check_has(r, out, "  note      argument 2: 100 bytes, 7 to spare for what is appended: /tmp/n");
    check_has(r, out, "  type      sunshim run --long-paths -- nc -U ");
    check_exit(r, 0);
}

Test(doctor_command, leaves_files_and_search_lists_alone)
{
    struct run r = run(COMMAND "mkdir $T/$(name 120); : >$T/$(name 120)/f; export PATH=$PATH:/$(name 120) PYTHONPATH=/$(name 120)\n"
                               "cd $T/$(name 120); doctor make -C $T/$(name 120) O=$T/$(name 120)/f");

    check_exit(r, 0);
    check_lacks(r, out, "problem");
}

Test(doctor_command, says_that_a_directory_leaves_no_room)
{
    struct run r = run(COMMAND "mkdir $T/$(name 120); doctor initdb -D $T/$(name 120)");

    check_verdict(r, text("needs a remedy: argument 2: a directory of %zu bytes, no socket in it fits: /tmp/",
                           strlen(scratch()) + 121));
    check_exit(r, 1);
}

Test(doctor_command, counts_the_working_directory_only_for_information)
{
    struct run r = run(COMMAND "mkdir $T/$(name 120); cd $T/$(name 120); doctor nc -U ./s");

    check_has(r, out, "  note      argument 2: fits as it is; with the working directory it has ");
    check_exit(r, 0);
}

Test(doctor_command, knows_names_that_no_file_can_have)
{
    struct run r = run(COMMAND "doctor nc -U /tmp/$(name 256)/s");

    check_verdict(r, "does not work: argument 2: 263 bytes, no file can be called so: /tmp/n");
    check_exit(r, 2);
}

Test(doctor_command, looks_at_the_program)
{
    struct run r = run(COMMAND "cp /bin/true own; doctor ./own; doctor no-such-program; printf '#!/nowhere\\n' >script; chmod +x script; doctor ./script");

    check_has(r, out, "  program   ./own: the library can be in it\n");
    check_has(r, out, "  program   no-such-program: No such file or directory\n");
    cr_assert_eq(lines_with(r.out, "status 0", NULL), 3, "%s", run_report(&r));
}

Test(doctor_command, says_what_cannot_be_preloaded)
{
    need_root();
    struct run r = run(COMMAND "cp /bin/true own; chown 65534 own; chmod u+s own; doctor ./own /tmp/$(name 120)");

    check_has(r, out, "  program   ./own (setuid): the library cannot be in it; short names help\n");
    check_has(r, out, "  type      sunshim run --long-paths -- ./own /tmp/n");
    check_exit(r, 1);
}

Test(doctor_command, lets_no_argument_forge_a_line)
{
    struct run r = run(COMMAND "doctor nc \"/tmp/$(name 120)$(printf '/x\\nstatus 7\\033[2J')\"");

    check_lacks(r, out, "\nstatus 7");
    cr_assert(!strchr(r.out, '\033'), "%s", run_report(&r));
    check_exit(r, 1);
}

Test(doctor_command, gives_json)
{
    struct run r = run("$SUNSHIM doctor --json -- nc -U /tmp/$(printf '%0120d' 1) >out || echo $?\n"
                       "python3 -c \"import json; d = json.load(open('$T/out')); print(d['verdict'], d['command'][:38], [f['finding'] for f in d['findings']])\"");

    check_out(r, "1\nremedy sunshim run --long-paths -- nc -U /tmp ['too-long']\n");
}

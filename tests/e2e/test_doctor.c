/* sunshim doctor PATH: what works, how long a name may be, and what is said of it. */
#include "tests/e2e/doctor.h"

/* --- What works ------------------------------------------------------------------- */

Test(cli_doctor, says_who_listens)
{
    struct run r = run(DOCTOR "socat UNIX-LISTEN:$T/s - & ready $T/s; doctor $T/s");

    check_verdict(r, "works: unix stream LISTEN, held by ");
    check_has(r, out, " socat fd ");
    check_lacks(r, out, "problem");
    check_exit(r, 0);
}

Test(cli_doctor, says_that_a_bind_would_work)
{
    struct run r = run(DOCTOR "doctor $T/s; ls $T");

    check_verdict(r, "works: nothing is there, and bind would make it\n");
    check_exit(r, 0);
    cr_assert(strstr(r.out, "status 0\n")[9] == '\0', "something was made\n%s", run_report(&r));
}

Test(cli_doctor, takes_107_bytes_for_good_and_108_not)
{
    struct run r = run(DOCTOR "deep $T 100; doctor $deep/$(name 6)");
    check_verdict(r, "works: ");
    check_has(r, out, "  note      fits with 0 bytes to spare\n");
    check_exit(r, 0);

    r = run(DOCTOR "deep $T 100; doctor $deep/$(name 7)");
    check_verdict(r, "needs a remedy: 1 byte too long: 108 fit without a NUL only");
    check_exit(r, 1);
}

/* 108 bytes are what socat can do, and few others. */
Test(cli_doctor, agrees_with_the_kernel_about_what_works)
{
    struct run r = run(DOCTOR "deep $T 90; for n in 13 14 15 16 17 18; do s=$deep/$(name $n)\n"
                              "$SUNSHIM doctor $s >$T/out && said=works || said=fails\n"
                              "socat -u UNIX-RECV:$s - </dev/null & pid=$!; did=fails\n"
                              "for i in $(seq 100); do [ ! -S $s ] || { did=works; break; }; kill -0 $pid 2>/dev/null || break; sleep 0.02; done\n"
                              "kill $pid 2>/dev/null || :; echo ${#s} $said $did; done");

    check_out(r, "104 works works\n105 works works\n106 works works\n107 works works\n108 fails works\n109 fails fails\n");
}

/* --- Length ------------------------------------------------------------------------ */

Test(cli_doctor, shows_where_the_bytes_go)
{
    struct run r = run(DOCTOR "doctor /tmp/$(name 60)/$(name 40)/sock");
    const char *want = text("  bytes  total  component\n"
                            "      1      1  /\n"
                            "      4      5  tmp/\n"
                            "     61     66  %.20s...%.20s/\n"
                            "     41    107  %.40s/\n"
                            "      4    111  sock   <- 107\n",
                            "nnnnnnnnnnnnnnnnnnnnnnnn", "nnnnnnnnnnnnnnnnnnnnnnnn", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");

    check_has(r, out, want);
    check_exit(r, 1);
}

Test(cli_doctor, names_the_remedies_for_a_long_name)
{
    struct run r = run(DOCTOR "deep $T 150; doctor $deep/s");

    check_verdict(r, "needs a remedy: 45 bytes too long for an address: ");
    check_has(r, out, "\n    do      sunshim run --long-paths -- COMMAND\n");
    check_has(r, out, "and use the name s\n");
    check_has(r, out, " /tmp/short   and use /tmp/short/s\n");
    check_has(r, out, "map /short/ -> ");
    check_has(r, out, "an abstract name");
    check_exit(r, 1);
}

Test(cli_doctor, counts_the_bytes_that_are_typed)
{
    struct run r = run(DOCTOR "deep $T 150; cd $deep; doctor s");

    check_verdict(r, "works: ");
    check_has(r, out, "  length    1 byte;");
    check_has(r, out, "  relative  152 bytes with the working directory: ");
    check_exit(r, 0);
}

Test(cli_doctor, says_what_does_not_fit_behind_it)
{
    struct run r = run(DOCTOR "deep $T 90; doctor $deep/cm; mkdir -p $T/$(name 70); doctor $T/$(name 70)");

    check_has(r, out, "  note      fits with 14 bytes to spare\n"
                      "    do      too long for ssh (ControlPath), which adds up to 17 bytes\n");
    check_lacks(r, out, "haproxy");
    check_has(r, out, "  note      as TMPDIR of ssh-agent: up to 1");
}

Test(cli_doctor, knows_limits_that_nothing_gets_around)
{
    struct run r = run(DOCTOR "doctor $T/$(name 256)/s");
    check_verdict(r, "does not work: a component of 256 bytes: a file's name has 255 at most\n");
    check_exit(r, 2);
}

Test(cli_doctor, takes_paths_of_any_length)
{
    struct run r = run(DOCTOR "deep $T 3990; doctor $deep/$(name 9)");
    check_verdict(r, "needs a remedy: 3893 bytes too long for an address");
    check_has(r, out, " more)\n");
    check_exit(r, 1);

    r = run(DOCTOR "rm -r n*; python3 -c \"import os\nfor i in range(100): os.mkdir('n' * 50); os.chdir('n' * 50)\"\n"
                   "doctor $T$(for i in $(seq 100); do printf '/'; name 50; done)/s; rm -r n*");
    check_verdict(r, "needs a remedy: ");
    check_has(r, out, "no system call takes a path of more than 4095\n");
    check_lacks(r, out, "does not exist");
    check_lacks(r, out, "--long-paths");
    check_exit(r, 1);
}

/* --- Cut names ------------------------------------------------------------------------------------ */

Test(cli_doctor, finds_what_a_cut_name_made)
{
    /* perl is one of those that cut: to 108 bytes. */
    struct run r = run(DOCTOR "deep $T 100; long=$deep/server.socket; cut=$(printf %.107s $long)\n"
                              "hold h 'socket unix stream' \"bind $cut\" listen; doctor $long; rm $cut\n"
                              "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; listen(S, 1); sleep 100' $long &\n"
                              "ready $(printf %.108s $long); doctor $long");

    cr_assert_eq(lines_with(r.out, "  note      cut after 107 bytes by a program: a socket has that name, held by ", " sk fd 3", NULL), 1,
                 "%s", run_report(&r));
    cr_assert_eq(lines_with(r.out, "  note      cut after 108 bytes by a program: a socket has that name, held by ", " perl fd 3", NULL), 1,
                 "%s", run_report(&r));
}

Test(cli_doctor, takes_no_directory_on_the_way_for_a_cut_name)
{
    struct run r = run(DOCTOR "deep $T 107; doctor $deep/s");

    check_lacks(r, out, "cut after");
}

/* --- Names that would mislead ------------------------------------------------------------------------- */

Test(cli_doctor, lets_no_name_forge_a_line)
{
    struct run r = run(DOCTOR "doctor \"$T/$(printf 'x\\nworks: all is well\\033[2J\\377')\"; cd $T; ln -s \"$(printf 'y\\nstatus 7')\" l; doctor l");

    check_has(r, out, "x\\x0aworks:\\ all\\ is\\ well\\x1b[2J\\xff\n");
    check_has(r, out, "  note      a newline in the name\n");
    check_has(r, out, "  link      l -> y\\x0astatus\\ 7\n");
    cr_assert(!strstr(r.out, "\nworks: all"), "%s", run_report(&r));
    cr_assert(!strchr(r.out, '\033'), "%s", run_report(&r));
}

Test(cli_doctor, gives_commands_that_a_shell_takes)
{
    struct run r = run(DOCTOR "cd $T; n=\"$(printf \"a;\\nc'\")\"; $N/sk 'socket unix stream' \"bind rel:$n\" >/dev/null\n"
                              "$SUNSHIM doctor \"$n\" >said || :; cmd=$(sed -n 's/^    do      \\(rm .*\\)   and .*/\\1/p' said); printf '%s\\n' \"$cmd\"\n"
                              "bash -c \"$cmd\"; [ ! -e \"$n\" ]");

    check_out(r, "rm $'a;\\012c\\''\n");
    check_status(r, 0);
}

/* --- For tools ------------------------------------------------------------------------------------------- */

Test(cli_doctor, gives_json)
{
    struct run r = run("mkdir -p $T/x; $SUNSHIM doctor --json \"$T/x/$(printf 'a\\377\\nb')\" >one; $SUNSHIM doctor --json $T/x/$(printf '%0200d' 1) >two || echo status $?\n"
                       "python3 -c \"\n"
                       "import json\n"
                       "a, b = (json.load(open('$T/' + n)) for n in ('one', 'two'))\n"
                       "print(a['verdict'], a['length'] - len('$T'), a['path_hex'][-8:], a['limit'])\n"
                       "print(b['verdict'], [f['finding'] for f in b['findings']], b['findings'][0]['do'][0])\n"
                       "print(b['components'][-1]['bytes'], b['components'][-1]['total'] == b['length'])\"");

    check_out(r, "status 1\nworks 7 61ff0a62 107\nremedy ['too-long'] sunshim run --long-paths -- COMMAND   where the name is cut, not where it is refused\n200 True\n");
}

/* Tools go by them. */
Test(cli_doctor, has_its_words_in_the_manual_page)
{
    struct run r = run("grep -oh 'finding_add([^,]*, \"[a-z-]*\"' $TOP/cli/doctor*.c | sed 's/.*\"\\(.*\\)\"/\\1/' | sort -u >words; [ $(wc -l <words) -gt 25 ]\n"
                       "while read -r word; do grep -q -- \"^.*Cm.* $word\\b\" $TOP/man/sunshim.1 || echo $word; done <words");
    check_status(r, 0);
    check_out(r, "");
}

/* --- The command line -------------------------------------------------------------------------------------- */

Test(cli_doctor, says_what_is_wrong_with_its_arguments)
{
    struct run r = run(DOCTOR "doctor; doctor ''; doctor a b; doctor --nonsense a; doctor --; doctor --try -- true; doctor a -- b");

    check_out(r, "status 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\nstatus 125\n");
    check_has(r, err, "no path; a command follows after '--'\n");
    check_has(r, err, "unknown option '--nonsense'\n");
    check_has(r, err, "'b': one path at a time");
}

/* What the shell offers after `sunshim`. */
#include <string.h>

#include "tests/e2e/harness.h"

/* The completions of a command line whose last word is being typed, sorted. */
static struct run offers(const char *words)
{
    return run(text("cd $T; mkdir -p $T/.config/sunshim; : >$T/.config/sunshim/mine.policy; : >$T/file.policy\n"
                    "bash -c '. $TOP/completion/sunshim.bash; compopt() { :; }; COMP_WORDS=(sunshim %s); "
                    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sunshim; printf \"%%s\\n\" \"${COMPREPLY[@]}\" | sort'", words));
}

Test(cli_completion, offers_subcommands)
{
    struct run r = offers("e");
    check_out(r, "env\nexplain\n");
}

Test(cli_completion, offers_each_subcommands_own_options)
{
    struct run r = offers("run --co");
    check_out(r, "--complain\n");
    r = offers("env --s");
    check_out(r, "--shell\n");
    r = offers("check --j");
    check_out(r, "\n");
}

/* Whatever completion offers, the command takes; whatever help lists, it offers. */
Test(cli_completion, knows_the_options_that_help_lists)
{
    struct run r = run("for c in $($SUNSHIM help | grep -oE '^  [a-z]+'); do echo $c >>$T/all\n"
                       "$SUNSHIM help $c | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort >$T/help\n"
                       "bash -c '. $TOP/completion/sunshim.bash; COMP_WORDS=(sunshim '$c' --); COMP_CWORD=2; _sunshim; printf \"%s\\n\" \"${COMPREPLY[@]}\"' | sort >$T/offers\n"
                       "comm -23 $T/help $T/offers; done; grep -cxE 'run|trace|learn|check|explain|report|who|doctor|env' $T/all");
    check_status(r, 0);
    check_out(r, "9\n");
}

Test(cli_completion, offers_the_values_of_trace)
{
    struct run r = offers("trace -e conn");
    check_out(r, "connect\n");
    r = offers("trace -e bind,lis");
    check_out(r, "bind,listen\n");
    r = offers("trace --color al");
    check_out(r, "always\n");
    r = offers("trace -o x -e bind printen");
    check_has(r, out, "printenv\n");
}

/* bash-completion's function goes on from there with what the command's own completion offers. */
Test(cli_completion, knows_where_the_command_begins)
{
    static const char *const options[] = {"run --rule x", "run --complain", "run -p x --", "trace -o x -e bind", "trace --color always",
                                          "trace --waiting always", "trace -s 200 -fq", "trace --path /x --json", "learn -o x --merge y"};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct run r = run(text("bash -c '. $TOP/completion/sunshim.bash; _command_offset() { COMPREPLY=(\"${COMP_WORDS[@]:$1}\"); }\n"
                                "COMP_WORDS=(sunshim %s command arg); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sunshim; echo \"${COMPREPLY[@]}\"'", options[i]));

        cr_assert_str_eq(r.out, "command arg\n", "%s\n%s", options[i], run_report(&r));
    }
}

Test(cli_completion, offers_names_and_files_of_policies)
{
    struct run r = offers("run -p mi");
    check_out(r, "mine\n");
    r = offers("check fi");
    check_out(r, "file.policy\n");
}

Test(cli_completion, leaves_the_command_to_the_command)
{
    struct run r = offers("run -p x printen");
    check_has(r, out, "printenv\n");
    r = offers("run -p x -- printen");
    check_has(r, out, "printenv\n");
}

Test(cli_completion, offers_sockets_by_name)
{
    struct run r = run("socat ABSTRACT-LISTEN:completed-$$ - & ready @completed-$$; echo @completed-$$\n"
                       "bash -c '. $TOP/completion/sunshim.bash; compopt() { :; }; COMP_WORDS=(sunshim who '@completed-$$'); COMP_CWORD=2; "
                       "_sunshim; echo \"${COMPREPLY[@]}\"'");
    char *name = text("%.*s", (int)strcspn(r.out, "\n"), r.out);
    check_out(r, text("%s\n%s\n", name, name));
    r = offers("who tc");
    check_out(r, "tcp:\n");
    r = offers("who --js");
    check_out(r, "--json\n");
}

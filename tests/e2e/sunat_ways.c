#include "tests/e2e/sunat_ways.h"

/* What each way is called, and what stands in front of the program. */
static const struct {
    const char *name, *command;
    bool plain_build_only;
} ways[] = {
    {"alone", "$N/", false},
    {"preloaded", "env $PRELOAD $P/", false},
    {"preloaded, all allowed", "env SUNSHIM_POLICY=$T/all.policy $PRELOAD $P/", false},
    {"preloaded, with rules", "env SUNSHIM_POLICY=$T/rules.policy $PRELOAD $P/", false},
    {"in a run", "$SUNSHIM run -- $N/", true},
    {"in a run with rules", "$SUNSHIM run -p $T/rules.policy -- $N/", true},
};

void sunat_every_way(const char *before, const char *program, const char *words, const char *want)
{
    put("all.policy", "allow all,\n");
    put("rules.policy", "network,\nunix,\ndeny unix (connect, send) peer=(addr=/nowhere/**),\ndeny unix bind addr=/nowhere/**,\n");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].plain_build_only && TEST_SANITIZED)
            continue;
        struct run r = run(text("mkdir d; chmod 777 d\n%s %s%s %s $T/d || echo \"status $?\"\nls -A d\nrm -r d", before, ways[i].command,
                                program, words));
        cr_expect_str_eq(r.out, text("%s\n", want), "%s\n%s", ways[i].name, run_report(&r));
    }
}

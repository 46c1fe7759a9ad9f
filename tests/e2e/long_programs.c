#include "tests/e2e/long_programs.h"

#include <string.h>

enum { LONG = 250 };

/* Aliases of a run point into this test's directory: so they can be told from those of other
 * runs on this machine. */
static const char functions[] =
    "in_long() { for name; do (cd \"$L\" && test -S \"$name\") || { echo \"no socket $name in the long directory:\"; "
    "ls -la \"$L\"; exit 1; }; done; }\n"
    "appear() { for name; do for i in $(seq 100); do ! test -S \"$L/$name\" || break; sleep 0.1; done; done\n"
    "    in_long \"$@\"; }\n"
    "stop() { kill $1 && wait $1 || :; }\n"
    "left() {\n"
    "    find /run/sunshim /tmp/sunshim-* -maxdepth 3 -lname \"$T/*\" 2>/dev/null || :\n"
    "    ! test -e vanishes || ls -d \"$(cat vanishes)\" 2>/dev/null || :\n"
    "}\n"
    "swept() { for i in $(seq 100); do $SUNSHIM run true; test -n \"$(left)\" || break; sleep 0.1; done; left; }\n";

/* Where names are cut, after 107 or 108 bytes, none of its components ends. */
static const char *long_directory(void)
{
    char *name = text("%s/deep", scratch());

    while (strlen(name) < 80)
        name = text("%s/of-a-build", name);
    name = text("%s/%s/of-a-build/%s", name, "a-directory-with-a-name-for-each-of-the-things-it-was-made-for",
                "and-another-one-whose-name-takes-up-all-of-the-bytes-that-are-then-left-in-the-whole-name-but-not-one-more-"
                "than-that-and-in-no-case-more-than-a-component-may-have");
    name[LONG] = '\0';
    return name;
}

static struct run run_with(const struct long_program *p, const char *script)
{
    put("functions", text("%sL=%s\nRUN=\"timeout 30 $SUNSHIM run --long-paths %s --log $T/log --\"\n", functions,
                          long_directory(), p->map ? "-p $T/map.policy" : ""));
    return run(text(". ./functions\n%s", script));
}

static void prepare(const struct long_program *p)
{
    struct run r = run_with(p, text("mkdir -p -m 700 $L\n%s%s%s\n%s", p->map ? "cat >map.policy <<X\nallow all,\n" : "",
                                    p->map ? p->map : "", p->map ? "\nX\n" : "", p->setup ? p->setup : ""));
    check_status(r, 0);
}

static void check_fails_natively(const struct long_program *p)
{
    struct run r = run_with(p, p->natively);

    cr_assert(strstr(r.out, p->says) || strstr(r.err, p->says), "it does not say \"%s\"\n%s", p->says, run_report(&r));
}

void check_long_program(const struct long_program *p)
{
    prepare(p);
    check_fails_natively(p);
    struct run r = run_with(p, p->script);
    check_status(r, 0);
    check_out(r, p->wants);
    r = run_with(p, p->daemons ? "swept" : "left");
    check_out(r, "");
}

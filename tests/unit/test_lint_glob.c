/* Whether a glob takes in another: never said of one that does not. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lint.h"

static struct lab *lab;
static struct lint_room room;

static void start(void)
{
    lab = malloc(sizeof *lab);
    lab_start(lab, 1, 1);
    room = (struct lint_room){.arena = &lab->arena};
}

static void end(void)
{
    lab_end(lab);
    free(lab);
}

TestSuite(lint_glob, .init = start, .fini = end);

static bool covers(const char *big, const char *small)
{
    struct addr_cond b = lab_cond(lab, big), s = lab_cond(lab, small);

    return lint_globs_cover(&room, b.globs, b.glob_count, s.globs, s.glob_count);
}

static const struct {
    const char *big, *small;
    bool covered;
} rows[] = {
    {"/run/x", "/run/x", true},
    {"/run/x", "/run/y", false},
    {"/run/*", "/run/x", true},
    {"/run/*", "/run/x/y", false},
    {"/run/**", "/run/x/y", true},
    {"/run/**", "/run/*", true},
    {"/run/*", "/run/**", false},
    {"/**", "/run/**", true},
    {"/run/**", "/**", false},
    {"@**", "@x*", true},
    {"@**", "/x", false},
    {"/**", "@x", false},
    {"/run/?", "/run/[a-c]", true},
    {"/run/[a-c]", "/run/?", false},
    {"/run/[a-c]", "/run/{a,c}", true},
    {"/run/{a,b}", "/run/{a,b,c}", false},
    {"/run/{a,b}*", "/run/{ax,by}", true},
    {"/run/[^/]", "/run/?", true},
    {"/run/?", "/run/[^a]", false}, /* which takes a slash */
    {"@?", "@[^a]", false},
    {"@*", "@**", false},
    {"/run/*[0-9]", "/run/user[0-9]", true},
    {"/run/*[0-9]", "/run/user[0-9]*", false},
    {"/run/*.sock", "/run/*-*.sock", true},
    {"/run/*-*.sock", "/run/*.sock", false},
    {"/run/** /srv/**", "/run/a", true},
    {"/run/** /srv/**", "/run/a /srv/b", true},
    {"/run/** /srv/**", "/run/a /tmp/b", false},
    {"/r/a* /r/[^a]*", "/r/*x", true}, /* neither alone */
    {"/r/a* /r/[^ab]*", "/r/*x", false},
    {"/a/**/b", "/a/*/b", true},
    {"/a/*/b", "/a/**/b", false},
    {"/run/user/*[0-9]/**", "/run/user/[0-9]*[0-9]/bus", true},
    {"@\\x00*", "@\\x00", true},
    {"/run/*", "/run/{,x}", false}, /* a star that is a whole component takes a byte */
};

Test(lint_glob, takes_in_what_it_matches_all_of)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(covers(rows[i].big, rows[i].small), rows[i].covered, "%s over %s", rows[i].big, rows[i].small);
}

/* --- Against all short names ------------------------------------------------ */

static void random_glob(const char *kind, char *out)
{
    static const char *const parts[] = {"a", "b", "/", "a", "*", "**", "?", "[ab]", "[^a]", "{a,b}", "{,ab,/b}", "{*,b?}", "[^/]"};

    strcpy(out, kind);
    for (unsigned n = lab_random(lab, 5); n; n--)
        strcat(out, parts[lab_random(lab, 13)]);
}

enum { LONGEST = 6, LETTERS = 4 };

/* The n-th name of `len` bytes behind the first one; c stands for all other bytes. */
static void name_of(unsigned n, unsigned len, char out[LONGEST + 1])
{
    for (; len; len--, n /= LETTERS)
        *out++ = "ab/c"[n % LETTERS];
}

static bool counterexample(const struct glob *big, unsigned count, const struct glob *small)
{
    char name[LONGEST + 2];

    for (unsigned len = 0, names = 1; len <= LONGEST; len++, names *= LETTERS)
        for (unsigned n = 0; n < names; n++) {
            bool some = false;

            name[0] = small->code[0] == '/' ? '/' : '\0';
            name_of(n, len, name + 1);
            for (unsigned i = 0; i < count && !some; i++)
                some = glob_match(&big[i], name, len + 1);
            if (!some && glob_match(small, name, len + 1))
                return true;
        }
    return false;
}

Test(lint_glob, what_it_says_of_random_globs_is_true_of_all_short_names)
{
    unsigned covered = 0, missed = 0;

    for (unsigned i = 0; i < 4000; i++) {
        char texts[3][64];
        struct glob g[3];

        for (unsigned k = 0; k < 3; k++) {
            random_glob(i % 2 ? "/" : "@", texts[k]);
            g[k] = lab_glob(lab, GLOB_ADDR, texts[k]);
        }
        bool said = lint_globs_cover(&room, g, 2, &g[2], 1), refuted = counterexample(g, 2, &g[2]);

        cr_assert(!(said && refuted), "%s and %s do not take in %s", texts[0], texts[1], texts[2]);
        covered += said;
        missed += !said && !refuted;
    }
    cr_expect_gt(covered, 300, "only %u were covered", covered);
    /* The programs are small: nothing is left undecided but what longer names refute. */
    cr_expect_lt(missed, covered / 20 + 1, "%u of %u not found", missed, covered);
}

Test(lint_glob, gives_up_on_what_takes_too_long, .timeout = 20)
{
    char big[400] = "/", small[400] = "/";

    for (unsigned i = 0; i < 40; i++)
        strcat(big, "**{a,b}?");
    strcat(strcat(small, big + 1), "**[ab]*a");
    cr_expect_not(covers(big, small) && !covers(big, big));
    cr_expect(covers(big, big));
}

/* AppArmor's globs. Rows were checked against apparmor_parser 3.0.8 (its -D
 * rule-exprs dump), the pathname ones as file rules. */
#include "engine_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct lab lab;

static void start(void)
{
    lab_start(&lab, 1, 1);
}

static void end(void)
{
    lab_end(&lab);
}

TestSuite(glob, .init = start, .fini = end);

/* "@x" in a row's name stands for NUL, x; "\\0" inside for a NUL byte. */
static size_t bytes_of(const char *text, uint8_t *out)
{
    size_t n = 0;

    for (; *text; text++) {
        if (text[0] == '\\' && text[1] == '0') {
            out[n++] = 0;
            text++;
        } else {
            out[n] = n == 0 && *text == '@' ? 0 : (uint8_t)*text;
            n++;
        }
    }
    return n;
}

struct row {
    const char *glob, *name;
    bool matches;
};

static const struct row rows[] = {
    {"/run/x.sock", "/run/x.sock", true},
    {"/run/x.sock", "/run/x.soc", false},
    {"/run/x.sock", "/run/x.sock2", false},
    {"/run/x.sock", "@run/x.sock", false},
    {"@run", "/run", false},
    {"@run", "@run", true},
    {"@", "@", true},
    {"@", "@a", false},
    /* * stays in a component, ** does not */
    {"/a/*", "/a/b", true},
    {"/a/*", "/a/b/c", false},
    {"/a/**", "/a/b/c", true},
    {"/a*", "/a", true},
    {"/a*", "/a/", false},
    {"/a**", "/a", true},
    {"/a**", "/a/b", true},
    {"/a/***", "/a/b/c", true},
    {"/*.sock", "/.sock", true},
    {"/a*b*c", "/axbxbxc", true},
    {"/a*b*c", "/axbx/c", false},
    {"/**/c", "/a/b/c", true},
    {"/a/**/z*", "/a/b/z/y/zz", true},
    {"/a/**x*y", "/a/x/qx1y", true},
    {"/a/**x*y", "/a/x/qx1/y", false},
    /* a whole component needs a byte, in abstract names too */
    {"/a/*", "/a/", false},
    {"/a/**", "/a/", false},
    {"/a/*/b", "/a//b", false},
    {"/a/**/b", "/a//b", false},
    {"/a/**b", "/a/b", true},
    {"/a/*b", "/a/b", true},
    {"/a\\/*", "/a/", false},
    {"/a\\057*", "/a/", false},
    {"@a/*", "@a/", false},
    {"@a/*", "@a/b", true},
    {"@*", "@", true},
    {"/a/{*,b}", "/a/", true},
    {"/a/*{,b}", "/a/", true},
    /* ? */
    {"/a?c", "/abc", true},
    {"/a?c", "/a/c", false},
    {"/a?c", "/ac", false},
    /* classes */
    {"/[a-c]", "/b", true},
    {"/[a-c]", "/d", false},
    {"/[c-a]", "/b", true},
    {"/[^a-c]", "/d", true},
    {"/[^a-c]", "/b", false},
    {"/a[^b]c", "/a/c", true},
    {"/[-a]", "/-", true},
    {"/[a^]", "/^", true},
    {"/[!a]", "/!", true},
    {"/[a,b]", "/,", true},
    {"/[{}]", "/}", true},
    {"/[*]", "/*", true},
    {"/[*]", "/a", false},
    {"/[\\]]", "/]", true},
    {"/[\\x41-\\x43]", "/B", true},
    {"/[]", "/a", false},
    {"/[^]", "/a", true},
    {"@[\\x00]a", "@\\0a", true},
    /* braces */
    {"/{a,b}/c", "/b/c", true},
    {"/{a,b}/c", "/c/c", false},
    {"/{,usr/}bin", "/bin", true},
    {"/{,usr/}bin", "/usr/bin", true},
    {"/{a,{b,cd}x,}e", "/cdxe", true},
    {"/{a,{b,cd}x,}e", "/e", true},
    {"/{a,{b,cd}x,}e", "/cde", false},
    {"/{a*,*b}c", "/xbc", true},
    {"/{,}x", "/x", true},
    {"/a,b", "/a,b", true},
    {"/{a\\,b,c}", "/a,b", true},
    /* escapes */
    {"/\\x41\\102\\d67", "/ABC", true},
    {"/\\*\\?\\[\\]\\{\\}\\,\\\\\\\"", "/*?[]{},\\\"", true},
    {"/\\*", "/a", false},
    {"/\\x2a", "/*", true},
    {"/\\x2a", "/a", false},
    {"/\\a\\e\\f\\n\\r\\t", "/\a\033\f\n\r\t", true},
    {"/\\q", "/q", true},
    {"/\\777", "/?7", true},
    {"/\\0651", "/51", true},
    {"/\\x4", "/\004", true},
    {"/a^b", "/a^b", true},
    {"/a.b+c$(d)|", "/a.b+c$(d)|", true},
    {"/a.b", "/axb", false},
    /* bytes */
    {"/?", "/\303", true},
    {"/?", "/\303\251", false},
    {"/??", "/\303\251", true},
    {"/\303\251*", "/\303\251t\303\251", true},
    {"/\001\002\003", "/\001\002\003", true},
    {"@\\x00a", "@\\0a", true},
    {"@a\\x00x00", "@a\\0x00", true},
    {"@*", "@a\\0b", true},
    {"@a?b", "@a\\0b", true},
    {"@\\000", "@\\0", true},
    {"@*", "@a/b", false},
    {"@**", "@a/b", true},
    /* a pathname's slashes count once */
    {"/a//b", "/a/b", true},
    {"//a", "/a", true},
    {"@a//b", "@a//b", true},
    {"@a//b", "@a/b", false},
};

Test(glob, matches_what_apparmor_matches)
{
    unsigned bad = 0;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct glob g = lab_glob(&lab, GLOB_ADDR, rows[i].glob);
        uint8_t name[64];
        size_t len = bytes_of(rows[i].name, name);
        if (glob_match(&g, name, len) != rows[i].matches) {
            fprintf(stderr, "%s %s %s\n", rows[i].glob, rows[i].matches ? "should match" : "should not match",
                    rows[i].name);
            bad++;
        }
    }
    cr_assert_eq(bad, 0);
}

static int refused(const char *text, size_t *at)
{
    struct glob g;
    const char *why = NULL;
    int err = glob_parse(&lab.arena, GLOB_ADDR, text, strlen(text), &g, at, &why);

    cr_assert(!err || why, "%s: no reason", text);
    return err;
}

Test(glob, refuses_what_apparmor_refuses_and_says_where)
{
    static const struct {
        const char *glob;
        size_t at;
    } errors[] = {
        {"a", 0},      {"", 0},      {"{/a,/b}", 0}, {"/a]", 2},      {"/a}", 2},     {"/{a", 1},    {"/{a,{b,c}", 1},
        {"/{a}", 1},   {"/{}", 1},   {"/[a", 1},     {"/[", 1},       {"/[a-]", 3},   {"/[a-c-e]", 5}, {"/a\\", 2},
        {"/[a\\", 3},  {"/[]b]", 4}, {"/[a-", 3},
    };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        size_t at = 99;
        cr_expect_eq(refused(errors[i].glob, &at), -EINVAL, "%s", errors[i].glob);
        cr_expect_eq(at, errors[i].at, "%s: at %zu, not %zu", errors[i].glob, at, errors[i].at);
    }
}

Test(glob, takes_49_levels_of_braces_and_refuses_50)
{
    char text[1024] = "/";
    size_t at;

    for (int i = 0; i < 49; i++)
        strcat(text, "{a,");
    for (int i = 0; i < 49; i++)
        strcat(text, "}");
    cr_expect_eq(refused(text, &at), 0);
    text[0] = '@';
    memmove(text + 4, text + 1, strlen(text));
    memcpy(text + 1, "{a,", 3);
    strcat(text, "}");
    cr_expect_eq(refused(text, &at), -EINVAL);
}

Test(glob, takes_names_of_4096_bytes_and_refuses_much_longer_ones)
{
    static char text[6001];
    size_t at;

    memset(text, 'a', 6000);
    text[0] = '/';
    cr_expect_eq(refused(text, &at), -EINVAL);
    text[4096] = '\0';
    cr_expect_eq(refused(text, &at), 0);
}

Test(glob, a_label_is_taken_as_it_is)
{
    struct glob g = lab_glob(&lab, GLOB_PLAIN, "web//worker*");

    cr_expect(glob_match(&g, "web//worker-1", 13));
    cr_expect_not(glob_match(&g, "web/worker-1", 12));
}

/* --- Against the definition -------------------------------------------- */

/* Takes the program literally; exponential, for short names only. */
static bool by_definition(const struct glob *g, const uint8_t *c, const uint8_t *name, const uint8_t *end)
{
    switch (*c) {
    case GLOB_END:
        return name == end;
    case GLOB_JUMP:
        return by_definition(g, c + glob_distance(c), name, end);
    case GLOB_ALT:
        return by_definition(g, c + 3, name, end) ||
               (glob_distance(c) && by_definition(g, c + glob_distance(c), name, end));
    case GLOB_STAR:
    case GLOB_STARSTAR:
        return by_definition(g, c + 1, name, end) ||
               (name < end && (*c == GLOB_STARSTAR || *name != '/') && by_definition(g, c, name + 1, end));
    case GLOB_ANY:
        return name < end && *name != '/' && by_definition(g, c + 1, name + 1, end);
    case GLOB_CLASS:
        return name < end && glob_in_set(g->sets[c[1]], *name) && by_definition(g, c + 2, name + 1, end);
    case GLOB_QUOTE:
        return name < end && *name == c[1] && by_definition(g, c + 2, name + 1, end);
    default:
        return name < end && *name == *c && by_definition(g, c + 1, name + 1, end);
    }
}

static void random_text(char *out, const char *const *parts, unsigned count, unsigned most)
{
    out[0] = '\0';
    for (unsigned n = lab_random(&lab, most + 1); n; n--)
        strcat(out, parts[lab_random(&lab, count)]);
}

Test(glob, matching_agrees_with_the_definition_on_random_globs)
{
    static const char *const parts[] = {"a", "b", "/", "*", "**", "?", "[ab]", "[^a]", "{a,b*}", "{,*a,{b,**}/}", "ab"};
    static const char *const names[] = {"a", "b", "/", "ab", "ba"};
    unsigned matched = 0;

    for (int i = 0; i < 60000; i++) {
        char glob[128] = "/", name[64] = "/";
        random_text(glob + 1, parts, 11, 6);
        random_text(name + 1, names, 5, 7);
        struct glob g = lab_glob(&lab, GLOB_ADDR, glob);
        const uint8_t *bytes = (const uint8_t *)name, *stop = bytes + strlen(name);
        bool expected = by_definition(&g, g.code, bytes, stop);
        cr_assert_eq(glob_match(&g, name, strlen(name)), expected, "%s and %s", glob, name);
        g.hard = true;
        cr_assert_eq(glob_match(&g, name, strlen(name)), expected, "%s and %s, by guessing", glob, name);
        cr_assert_eq(glob_match_low(&g, name, strlen(name)), expected, "%s and %s, all at once", glob, name);
        matched += expected;
    }
    cr_assert_gt(matched, 1000);
}

Test(glob, a_glob_made_to_be_slow_is_not, .timeout = 10)
{
    struct glob g = lab_glob(&lab, GLOB_ADDR, "/{a,aa,aaa}{a,aa,aaa}{a,aa,aaa}{a,aa,aaa}**{a,aa}*a*{a,aa}**a*a**b");
    static char name[4096];

    memset(name, 'a', sizeof name);
    name[0] = '/';
    for (int i = 0; i < 20; i++)
        cr_assert_not(glob_match(&g, name, sizeof name));
    name[4095] = 'b';
    cr_assert(glob_match(&g, name, sizeof name));
}

/* Rules `map FROM -> TO,`: what they lead to, and what is said about them. Where mistakes in
 * their text are pointed at stands in test_parse_errors.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "policy/blob.h"
#include "tests/unit/parse_support.h"

/* --- A compiled policy ------------------------------------------------------- */

struct compiled {
    void *chunks[256];
    unsigned chunk_count;
    const void *blob;
    size_t len;
    struct policy policy;
};

static void *more(void *ctx, size_t *size)
{
    struct compiled *c = ctx;

    cr_assert_lt(c->chunk_count, 256);
    return c->chunks[c->chunk_count++] = calloc(1, *size);
}

static void complain(void *ctx, const struct policy_diag *d)
{
    (void)ctx;
    cr_log_error("%u:%u: %s", d->line, d->column, d->message);
}

static struct compiled *compile(const char *text)
{
    struct compiled *c = calloc(1, sizeof *c);
    struct arena arena = {.more = more, .ctx = c};
    struct policy_input in = {.name = "p", .text = text, .len = strlen(text), .home = "/home/u/",
                              .report = complain};

    cr_assert_eq(policy_compile(&in, &arena, &c->blob, &c->len), 0, "does not compile: %.200s", text);
    cr_assert_eq(policy_open(&c->policy, c->blob, c->len), 0);
    return c;
}

static void release(struct compiled *c)
{
    while (c->chunk_count)
        free(c->chunks[--c->chunk_count]);
    free(c);
}

typedef long follow(const struct policy *p, const char *path, size_t len, char *to, size_t room);

static void expect(struct compiled *c, follow *way, const char *path, const char *wanted)
{
    char to[PATH_MAX] = "?";
    long len = way(&c->policy, path, strlen(path), to, sizeof to);

    if (wanted)
        cr_expect(len == (long)strlen(wanted) && strcmp(to, wanted) == 0, "%s -> '%s' (%ld), not '%s'", path, to, len,
                  wanted);
    else
        cr_expect(len == 0, "%s -> '%s' (%ld), not left alone", path, to, len);
}

struct pair {
    const char *path, *to;
};

static void check_pairs(const char *text, follow *way, const struct pair *pairs)
{
    struct compiled *c = compile(text);

    for (; pairs->path; pairs++)
        expect(c, way, pairs->path, pairs->to);
    release(c);
}

/* --- Where names lead ---------------------------------------------------------- */

static const char several[] = "allow all,\n"
                              "map /s/ -> /very/long/directory/,\n"
                              "map /s/in/ner/ -> /elsewhere/,\n"
                              "map /s/x -> /other/x,\n"
                              "map /run/a.sock -> /var/lib/a.sock,\n"
                              "map /top/ -> /,\n"
                              "map \"/b c\" -> /d\\x20e\\*,\n";

Test(map, leads_names_to_others)
{
    static const struct pair pairs[] = {
        {"/s/a", "/very/long/directory/a"},
        {"/s/a/b/c", "/very/long/directory/a/b/c"},
        {"/s/", "/very/long/directory/"},
        {"/s", "/very/long/directory"}, /* as a symbolic link would */
        {"/s/x", "/other/x"},
        {"/s/x/", "/very/long/directory/x/"},
        {"/s/xx", "/very/long/directory/xx"},
        {"/s/x/y", "/very/long/directory/x/y"},
        {"/s/in", "/very/long/directory/in"},
        {"/s/in/ner", "/elsewhere"},
        {"/s/in/ner/y", "/elsewhere/y"},
        {"/s/in/nerd", "/very/long/directory/in/nerd"},
        {"/s-", NULL},
        {"/s-/a", NULL},
        {"/sa", NULL},
        {"/t/s/a", NULL},
        {"/", NULL},
        {"", NULL},
        {"s/a", NULL},
        {"./s/a", NULL},
        {"/run/a.sock", "/var/lib/a.sock"},
        {"/run/a.sock2", NULL},
        {"/run/a.soc", NULL},
        {"/run/a.sock/", NULL},
        {"/top/x", "/x"},
        {"/top", "/"},
        {"/top/", "/"},
        {"/b c", "/d e*"},
        {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map, does_not_mind_slashes_and_dots_that_mean_nothing)
{
    static const struct pair pairs[] = {
        {"/s//a", "/very/long/directory/a"},
        {"//s/a", "/very/long/directory/a"},
        {"///s////x", "/other/x"},
        {"/./s/./x", "/other/x"},
        {"/s/.//./x", "/other/x"},
        {"/s/.x/a.", "/very/long/directory/.x/a."},
        {"/s/.", "/very/long/directory/."},
        {"/s/../x", "/very/long/directory/../x"}, /* behind a link, too, it leads there */
        {"//t//a", NULL},
        {"//", NULL},
        {"/.", NULL},
        {NULL, NULL},
    };

    check_pairs(several, policy_map, pairs);
}

Test(map, leads_back_to_what_was_asked_for)
{
    static const struct pair pairs[] = {
        {"/very/long/directory/a", "/s/a"},
        {"/very/long/directory", "/s"},
        {"/very/long/directory/", "/s/"},
        {"/elsewhere/y", "/s/in/ner/y"},
        {"/other/x", "/s/x"},
        {"/other/x/", "/top/other/x/"},
        {"/d e*", "/b c"},
        {"/other", "/top/other"},
        {"/", "/top/"},
        {"relative", NULL},
        {NULL, NULL},
    };

    check_pairs(several, policy_unmap, pairs);
}

Test(map, several_ways_back_end_at_the_longest_to_and_the_first_rule)
{
    static const char text[] = "map /z/ -> /long/,\nmap /a/ -> /long/,\nmap /b/ -> /long/er/,\nmap /c -> /long/er/x,\n"
                               "map /d -> /long/er/x,\nmap /e/ -> /long/er/,\nallow all,\n";
    static const struct pair pairs[] = {
        {"/long/q", "/z/q"}, {"/long/er/q", "/b/q"}, {"/long/er/x", "/c"}, {"/long/er/x/y", "/b/x/y"},
        {"/long/er", "/b"},  {"/long/e", "/z/e"},    {"/lon", NULL},       {NULL, NULL},
    };

    check_pairs(text, policy_unmap, pairs);
}

Test(map, an_exact_name_and_what_is_below_it_are_two_things)
{
    static const char text[] = "allow all,\nmap /a -> /exact,\nmap /a/ -> /below/,\n";
    static const struct pair pairs[] = {{"/a", "/exact"}, {"/a/", "/below/"}, {"/a/x", "/below/x"}, {NULL, NULL}};

    check_pairs(text, policy_map, pairs);
}

Test(map, room_is_never_exceeded)
{
    static const char wanted[] = "/very/long/directory/a";
    struct compiled *c = compile(several);
    char to[64];

    for (size_t room = 0; room < sizeof to; room++) {
        memset(to, '#', sizeof to);
        long len = policy_map(&c->policy, "/s/a", 4, to, room);
        cr_expect_eq(len, room > sizeof wanted - 1 ? (long)sizeof wanted - 1 : -ENAMETOOLONG, "room %zu: %ld", room, len);
        for (size_t i = room; i < sizeof to; i++)
            cr_assert_eq(to[i], '#', "room %zu: byte %zu", room, i);
        memset(to, '#', sizeof to);
        policy_map(&c->policy, "//s//.//a", 9, to, room);
        policy_map(&c->policy, "/top", 4, to, room);
        for (size_t i = room; i < sizeof to; i++)
            cr_assert_eq(to[i], '#', "room %zu: byte %zu", room, i);
    }
    release(c);
}

Test(map, a_short_name_for_a_long_one_needs_little_room)
{
    struct compiled *c = compile(several);
    char to[8];

    cr_expect_eq(policy_unmap(&c->policy, "/very/long/directory/a", 22, to, sizeof to), 4);
    cr_expect_str_eq(to, "/s/a");
    release(c);
}

Test(map, the_rule_can_be_asked_for)
{
    struct compiled *c = compile(several);
    struct policy_rule_info info;
    char to[PATH_MAX];

    cr_expect(policy_rule(&c->policy, policy_map_rule(&c->policy, "/s/x", 4, to, sizeof to), &info));
    cr_expect_eq(info.line, 4);
    cr_expect_eq(policy_map_rule(&c->policy, "/q", 2, to, sizeof to), POLICY_RULE_NONE);
    cr_expect_not(policy_rule_active(&c->policy, 1), "it decides nothing");
    release(c);
}

static unsigned targets(const struct policy *p, const char *one)
{
    unsigned n = 0, seen = 0;

    for (const char *to; (to = policy_map_target(p, n)) != NULL; n++)
        seen += strcmp(to, one) == 0;
    cr_expect_eq(seen, one ? 1 : 0, "%s", one);
    return n;
}

Test(map, every_target_is_listed)
{
    struct compiled *c = compile(several);

    cr_expect_eq(targets(&c->policy, "/very/long/directory/"), 6);
    cr_expect_eq(targets(&c->policy, "/d e*"), 6);
    cr_expect_eq(policy_uses(&c->policy), POLICY_USES_MAP);
    release(c);
    c = compile("allow all,\n");
    cr_expect_null(policy_map_target(&c->policy, 0));
    cr_expect_eq(policy_uses(&c->policy), 0);
    expect(c, policy_map, "/s/a", NULL);
    expect(c, policy_unmap, "/s/a", NULL);
    release(c);
}

/* --- Variables and profiles ----------------------------------------------------- */

Test(map, each_value_of_a_variable_is_a_from)
{
    static const char text[] = "@{run} = /run /var/run\n@{d} = x* \"y z\"\n@{d2} = a b\nallow all,\n"
                               "map @{run}/@{d2}.sock -> /long/s,\nmap @{HOME}/short/ -> @{HOME}/long/name/,\n";
    static const struct pair pairs[] = {
        {"/run/a.sock", "/long/s"},     {"/run/b.sock", "/long/s"}, {"/var/run/a.sock", "/long/s"},
        {"/var/run/b.sock", "/long/s"}, {"/run/c.sock", NULL},      {"/home/u/short/x", "/home/u/long/name/x"},
        {NULL, NULL},
    };
    static const struct pair back[] = {{"/long/s", "/run/a.sock"}, {NULL, NULL}};

    check_pairs(text, policy_map, pairs);
    check_pairs(text, policy_unmap, back);
}

static void in_profile(struct compiled *c, const char *name, const char *path, const char *to)
{
    cr_assert_eq(policy_select(&c->policy, NULL, name), 0, "%s", name ? name : "-");
    expect(c, policy_map, path, to);
}

Test(map, bare_ones_hold_in_every_profile_and_others_in_theirs)
{
    struct compiled *c = compile("map /all/ -> /bare/,\nallow all,\n"
                                 "profile a { map /own/ -> /a/, profile child { map /c -> /d, } }\n"
                                 "profile b { map /own/ -> /b/, map /all/in -> /deep, }\nprofile none { }\n");

    in_profile(c, NULL, "/own/x", NULL);
    in_profile(c, NULL, "/all/x", "/bare/x");
    in_profile(c, "a", "/own/x", "/a/x");
    in_profile(c, "a", "/all/in", "/bare/in");
    in_profile(c, "a", "/c", NULL);
    in_profile(c, "a//child", "/c", "/d");
    in_profile(c, "a//child", "/own/x", NULL);
    in_profile(c, "a//child", "/all/x", "/bare/x");
    in_profile(c, "b", "/own/x", "/b/x");
    in_profile(c, "b", "/all/in", "/deep");
    in_profile(c, "none", "/all/x", "/bare/x");
    cr_expect_not_null(policy_map_target(&c->policy, 0));
    in_profile(c, "none", "/own/x", NULL);
    release(c);
}

Test(map, profiles_have_versions_of_their_own_of_what_names_them)
{
    struct compiled *c = compile("map /s/@{profile_name}/ -> /long/@{profile_name}/,\nmap /b -> /c,\nallow all,\n"
                                 "profile web { }\nprofile db { map /o -> /p, }\n");

    in_profile(c, "web", "/s/web/x", "/long/web/x");
    in_profile(c, "web", "/s/db/x", NULL);
    in_profile(c, "web", "/b", "/c");
    in_profile(c, "db", "/s/db/x", "/long/db/x");
    in_profile(c, "db", "/o", "/p");
    in_profile(c, "db", "/s/-/x", NULL);
    release(c);
}

Test(map, shared_ones_are_stored_once)
{
    static char text[400 * 40 + 200 * 40];
    size_t n = 0;
    struct compiled *c;

    for (int i = 0; i < 400; i++)
        n += (size_t)sprintf(text + n, "map /s/%d -> /long/%d,\n", i, i);
    strcpy(text + n, "allow all,\n");
    c = compile(text);
    size_t alone = c->len;
    release(c);
    for (int i = 0; i < 200; i++)
        n += (size_t)sprintf(text + n, "profile p%d { }\n", i);
    strcpy(text + n, "allow all,\n");
    c = compile(text);
    in_profile(c, "p77", "/s/399", "/long/399");
    cr_expect_lt(c->len, alone + 200 * 4096, "%zu", c->len);
    release(c);
}

Test(map, an_apparmor_file_may_have_them)
{
    static const struct pair pairs[] = {{"/s/a", "/t/a"}, {NULL, NULL}};

    check_pairs("abi <abi/4.0>,\nprofile x { }\nmap /s/ -> /t/,\nunix,\n", policy_map, pairs);
}

/* --- What is said ------------------------------------------------------------------ */

struct row {
    const char *text, *says;
};

static void check_says(const struct row *rows, size_t count, unsigned flags, int status)
{
    static struct parsed p;

    p.flags = flags;
    for (size_t i = 0; i < count; i++) {
        parse_policy(&p, rows[i].text, strlen(rows[i].text));
        cr_expect_eq(p.status, status, "%s", rows[i].text);
        cr_expect_str_eq(p.says, rows[i].says, "%s\n says %s\n should %s", rows[i].text, p.says, rows[i].says);
        parsed_free(&p);
    }
}

Test(map, what_cannot_be_meant_is_an_error_with_both_places)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> /b,\n  map /a -> /c,", "3:7+2 '/a' leads elsewhere already, by p:2:5\n"},
        {"map /a/ -> /b/, map /a/ -> /c/, allow all,", "1:21+3 '/a/' leads elsewhere already, by p:1:5\n"},
        {"map\n/a\n->\n/b,\nmap\n\t/a -> /c, allow all,", "6:2+2 '/a' leads elsewhere already, by p:2:1\n"},
        {"allow all,\nmap /a -> /a,", "2:11+2 '/a' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /a/,",
         "2:12+3 '/a/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /a/b/,",
         "2:12+5 '/a/b/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap / -> /a/,", "2:10+3 '/a/' is mapped by this very rule; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /b -> /c,",
         "2:11+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /b -> /c,\nmap /a -> /b,",
         "3:11+2 '/b' is mapped once more, by p:2:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /b -> /a,",
         "2:11+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"
         "3:11+2 '/a' is mapped once more, by p:2:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /s/b,\nmap /s/ -> /t/,",
         "2:11+4 '/s/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a/ -> /s/,\nmap /s -> /t,",
         "2:12+3 '/s/' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nprofile x { map /a -> /b, }\nmap /b -> /c,",
         "2:23+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nprofile x { map /b -> /c, }\nprofile y { map /q -> /r, }",
         "2:11+2 '/b' is mapped once more, by p:3:17; a TO lies outside of every FROM\n"},
        {"allow all,\nmap /a -> /b,\nmap /a -> /c,\nprofile x { map /d -> /e, }\nprofile y { }",
         "3:5+2 '/a' leads elsewhere already, by p:2:5\n"}, /* and not once for each profile */
        {"@{v} = /x /y\nallow all,\nmap @{v}/a -> /y/a,",
         "3:15+4 '/y/a' is mapped once more, by p:3:5; a TO lies outside of every FROM\n"
         "3:15+4 '/y/a' is mapped by this very rule; a TO lies outside of every FROM\n"},
    };

    check_says(rows, sizeof rows / sizeof *rows, 0, -EINVAL);
}

Test(map, the_same_names_in_two_profiles_are_no_contradiction)
{
    static const struct row rows[] = {
        {"allow all,\nprofile x { map /a -> /b, }\nprofile y { map /a -> /c, }\nprofile z { map /b -> /a, }", ""},
    };

    check_says(rows, 1, 0, 0);
}

Test(map, what_may_surprise_is_noted)
{
    static const struct row rows[] = {
        {"allow all,\nmap /a -> /b,\nmap /a -> /b,", "3:5+2 note: '/a' leads to the same name already, by p:2:5\n"},
        {"allow all,\nmap /a/b -> /x,\nmap /a/ -> /y/,",
         "2:5+4 note: '/a/b' lies below the FROM of p:3:5, '/a/': the longer name wins\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /a -> /y,", "3:5+2 note: '/a' lies below the FROM of p:2:5, '/a/': the longer name wins\n"},
        {"allow all,\nmap /a -> /x,\nmap /b -> /x,", "3:11+2 note: '/x' is read back by p:2:11, which comes first, as '/a'\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /b/ -> /x/y/,",
         "3:12+5 note: '/x/y/' lies below the TO of p:2:12: what is there is read back by this rule\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /x/y -> /z,",
         "3:5+4 note: '/x/y' lies below the TO of p:2:12: what comes from there is left alone\n"},
        {"allow all,\nmap /a/ -> /x/,\nmap /b/ -> /y/,", ""},
    };

    check_says(rows, sizeof rows / sizeof *rows, POLICY_INPUT_NOTES, 0);
}

Test(map, other_files_are_named)
{
    static const struct memory_file files[] = {{"/d/i", "\n map /a -> /b,"}, {NULL, NULL}};
    static struct parsed p;
    static const char text[] = "allow all,\ninclude \"i\"\nmap /b -> /c,";

    p.files = files;
    parse_policy(&p, text, strlen(text));
    cr_expect_str_eq(p.says, "/d/i:2:12+2 '/b' is mapped once more, by p:3:5; a TO lies outside of every FROM\n", "%s",
                     p.says);
    parsed_free(&p);
}

static void check_length(const char *before, const char *after, int bytes, const char *says, int status)
{
    static struct parsed p;
    static char name[8192], text[9000];

    memset(name, 'x', sizeof name);
    for (int i = 0; i < bytes; i += 200)
        name[i] = '/';
    name[bytes - 1] = 'y'; /* not a slash */
    name[bytes] = '\0';
    snprintf(text, sizeof text, "allow all, map %s%s%s,", before, name, after);
    p.flags = POLICY_INPUT_NOTES;
    parse_policy(&p, text, strlen(text));
    cr_expect(p.status == status && strcmp(p.says, says) == 0, "%d bytes: %s", bytes, p.says);
    parsed_free(&p);
}

Test(map, lengths_have_limits)
{
    check_length("", " -> /a", 107, "", 0);
    check_length("", " -> /a", 108,
                 "1:16+108 warning: a FROM of 108 bytes is too long for a socket's address, which has room for 107\n", 0);
    check_length("/a -> ", "", 4095, "", 0);
    check_length("/a -> ", "", 4096, "1:22+4096 a path of 4096 bytes; the limit is 4095\n", -EINVAL);
    check_length("/a -> ", "", 4097, "1:22+4097 a name of 4097 bytes; the limit is 4096\n", -EINVAL);
}

Test(map, a_component_has_its_own_limit)
{
    static struct parsed p;
    static char name[300], text[400];

    for (int n = 255; n <= 256; n++) {
        memset(name, 'x', (size_t)n);
        name[n] = '\0';
        snprintf(text, sizeof text, "allow all, map /a -> /b/%s,", name);
        parse_policy(&p, text, strlen(text));
        cr_expect_str_eq(p.says, n == 255 ? "" : "1:22+259 a component of 256 bytes; the limit is 255\n");
        parsed_free(&p);
    }
}

/* --- Many, and damaged ---------------------------------------------------------------- */

/* Every rule, one after another. */
struct slow {
    char from[64], to[64];
    bool below;
};

static long slow_map(const struct slow *rules, unsigned count, bool back, const char *path, char *out)
{
    size_t best = 0;
    long result = 0;

    for (unsigned i = 0; i < count; i++) {
        const char *name = back ? rules[i].to : rules[i].from, *to = back ? rules[i].from : rules[i].to;
        size_t len = strlen(name), rank = 2 * len + !rules[i].below;

        if (rules[i].below ? strncmp(path, name, len) || (path[len] && path[len] != '/') : strcmp(path, name) != 0)
            continue;
        if (rank + 1 <= best)
            continue;
        best = rank + 1;
        strcpy(stpcpy(out, to), path + len);
        result = (long)strlen(out);
    }
    return result;
}

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % below;
}

/* Few names, so that many are below others. */
static void random_name(char *to, char top)
{
    static const char *const parts[] = {"a", "b", "ab", "a-", "a.b", "c"};
    char *at = to + sprintf(to, "/%c", top);

    for (unsigned n = 1 + chance(4); n; n--)
        at += sprintf(at, "/%s", parts[chance(6)]);
}

static bool is_taken(const struct slow *rules, unsigned count, const struct slow *r)
{
    for (unsigned i = 0; i < count; i++)
        if (rules[i].below == r->below && strcmp(rules[i].from, r->from) == 0)
            return true;
    return false;
}

static unsigned random_rules(struct slow *rules, unsigned most, char *text)
{
    unsigned n = 0;

    text += sprintf(text, "allow all,\n");
    for (unsigned i = 0; i < most; i++) {
        struct slow *r = &rules[n];

        random_name(r->from, 'f');
        random_name(r->to, 't');
        r->below = chance(2);
        if (is_taken(rules, n, r))
            continue;
        text += sprintf(text, "map %s%s -> %s%s,\n", r->from, r->below ? "/" : "", r->to, r->below ? "/" : "");
        n++;
    }
    return n;
}

Test(map, all_rules_one_after_another_say_the_same, .timeout = 60)
{
    static struct slow rules[200];
    static char text[200 * 140];
    char path[80], to[256], wanted[256];

    for (unsigned round = 0; round < 150; round++) {
        unsigned n = random_rules(rules, 2 + chance(198), text), hits = 0;
        struct compiled *c = compile(text);

        for (unsigned i = 0; i < 400; i++) {
            bool back = i % 2;
            random_name(path, back ? 't' : 'f');
            if (chance(8) == 0)
                strcat(path, "/");
            long is = (back ? policy_unmap : policy_map)(&c->policy, path, strlen(path), to, sizeof to);
            long should = slow_map(rules, n, back, path, wanted);
            cr_assert(is == should && (!is || strcmp(to, wanted) == 0), "%s%s: %ld %s, not %ld %s, of\n%s", path,
                      back ? " back" : "", is, is ? to : "", should, should ? wanted : "", text);
            hits += is > 0;
        }
        cr_expect_gt(hits, 0);
        release(c);
    }
}

Test(map, ten_thousand_are_searched, .timeout = 60)
{
    enum { MANY = 10000 };
    char *text = malloc(MANY * 80 + 100), path[80], wanted[80];
    size_t n = (size_t)sprintf(text, "allow all,\n");

    for (int i = 0; i < MANY; i++) /* in no order */
        n += (size_t)sprintf(text + n, "map /s/%d%s -> /long/directory/%d%s,\n", i * 7919 % MANY, i % 2 ? "/" : "", i,
                             i % 2 ? "/" : "");
    struct compiled *c = compile(text);
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "/s/%d%s", i * 7919 % MANY, i % 2 ? "/x" : "");
        snprintf(wanted, sizeof wanted, "/long/directory/%d%s", i, i % 2 ? "/x" : "");
        expect(c, policy_map, path, wanted);
        expect(c, policy_unmap, wanted, path);
    }
    expect(c, policy_map, "/s/10000", NULL);
    expect(c, policy_map, "/s/", NULL);
    release(c);
    free(text);
}

/* Each starts the next: the way up is long, and comes to an end. */
Test(map, names_may_start_each_other, .timeout = 60)
{
    char *text = malloc(3000 * 3100), *at = text + sprintf(text, "allow all,\n"), name[3100];

    memset(name, 'a', sizeof name);
    name[0] = '/';
    for (int i = 2; i < 3000; i += 3)
        at += sprintf(at, "map \"%.*s/\" -> /t%d/,\n", i, name, i);
    struct compiled *c = compile(text);
    name[9] = '\0';
    expect(c, policy_map, name, NULL);
    strcpy(name + 8, "/x");
    expect(c, policy_map, name, "/t8/x");
    release(c);
    free(text);
}

static void use(const struct policy *from)
{
    struct policy p = *from;
    char to[PATH_MAX];
    static const char *const paths[] = {"/s/x", "/s/in/ner/a", "//s", "/very/long/directory/a", "/top", "/zzz", "/"};

    for (uint32_t i = 0; i < 3 && i < policy_profile_count(&p); i++) {
        p.profile = i;
        for (size_t n = 0; n < sizeof paths / sizeof *paths; n++) {
            policy_map(&p, paths[n], strlen(paths[n]), to, sizeof to);
            policy_unmap(&p, paths[n], strlen(paths[n]), to, sizeof to);
            policy_map_rule(&p, paths[n], strlen(paths[n]), to, sizeof to);
        }
        size_t seen = 0;
        for (unsigned n = 0; n < 100 && policy_map_target(&p, n); n++)
            seen += strlen(policy_map_target(&p, n));
        __asm__ volatile("" : : "r"(seen));
    }
}

/* What a damaged policy says may be nonsense, but reading it stays within it. */
Test(map, a_damaged_byte_never_leads_out_of_the_policy, .timeout = 120)
{
    static const uint8_t hurt[] = {0x01, 0x80, 0xff, 0x10};
    struct compiled *c = compile("map /s/ -> /very/long/directory/,\nmap /s/in/ner/ -> /elsewhere/,\nmap /s/x -> /other/x,\n"
                                 "map /top/ -> /,\nallow all,\nprofile a { map /a -> /b, }\nprofile b { }\n");
    size_t size = (c->len + 4095) & ~(size_t)4095;
    uint8_t *map = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *copy = map + size - c->len;
    unsigned opened = 0;
    struct policy p;

    cr_assert_neq(map, MAP_FAILED);
    mprotect(map + size, 4096, PROT_NONE);
    memcpy(copy, c->blob, c->len);
    for (size_t at = 0; at < c->len; at++)
        for (size_t i = 0; i < sizeof hurt; i++) {
            uint8_t was = copy[at];

            copy[at] ^= hurt[i];
            if (policy_open(&p, copy, c->len) == 0) {
                use(&p);
                opened++;
            }
            copy[at] = was;
        }
    cr_expect_gt(opened, 0);
    munmap(map, size + 4096);
    release(c);
}

Test(map, memory_may_run_out_anywhere, .timeout = 60)
{
    static struct parsed p;
    static const char text[] = "@{v} = /x /y\nmap @{v}/s/ -> /t/,\nmap /a -> /b,\nallow all,\nprofile q { map /c -> /d, }";
    unsigned failed = 0;

    for (size_t room = 16; room < 1u << 16; room += 64) {
        p.room = room;
        parse_policy(&p, text, strlen(text));
        cr_expect(p.status == 0 || (p.status == -ENOMEM && strstr(p.says, "out of memory")), "%d %s", p.status, p.says);
        failed += p.status != 0;
        parsed_free(&p);
    }
    cr_expect_gt(failed, 0);
}

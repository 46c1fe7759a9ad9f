/* Includes, variables across files, odd bytes and limits. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/parse_support.h"

static struct parsed p;

static void parse_with(const struct memory_file *files, const char *text)
{
    p.files = files;
    p.flags = 0;
    parse_policy(&p, text, strlen(text));
}

#define ACCEPTS(files, text, becomes)                                                                        \
    do {                                                                                                     \
        parse_with(files, text);                                                                             \
        cr_expect(p.status == 0, "%s", p.says);                                                              \
        cr_expect_str_eq(p.rules, becomes);                                                                  \
        parsed_free(&p);                                                                                     \
    } while (0)

#define REFUSES(files, text, message)                                                                        \
    do {                                                                                                     \
        parse_with(files, text);                                                                             \
        cr_expect(p.status == -EINVAL);                                                                      \
        cr_expect_str_eq(p.says, message);                                                                   \
        parsed_free(&p);                                                                                     \
    } while (0)

static const struct memory_file some[] = {
    {"/d/near", "unix (bind),\n"},
    {"/d/sub/a", "include \"b\"\n"},
    {"/d/sub/b", "unix (send),\n"},
    {"/abs", "unix (listen),"},
    {"/s1/both", "unix (accept),\n"},
    {"/s2/both", "unix (connect),\n"},
    {"/s2/abstractions/x", "unix (getopt),"},
    {"/d/vars", "@{x} = @a\n"},
    {"/d/abi", "abi <abi/3.0>,\nunix (bind),\n"},
    {"/d/bad", "unix,\nunix (sned),\n"},
    {"/d/secret", NULL},
    {NULL, NULL},
};

Test(parse_files, relative_names_start_at_the_including_file)
{
    ACCEPTS(some, "include near", "unix bind\n");
    ACCEPTS(some, "include \"near\"\n", "unix bind\n");
    ACCEPTS(some, "include sub/a", "unix send\n");
    ACCEPTS(some, "include /abs", "unix listen\n");
    ACCEPTS(some, "#include \"/abs\"\n", "unix listen\n");
}

Test(parse_files, angles_search_the_directories_in_order)
{
    ACCEPTS(some, "include <both>", "unix accept\n");
    ACCEPTS(some, "include <abstractions/x>", "unix getopt\n");
    ACCEPTS(some, "#include <abstractions/x>", "unix getopt\n");
    ACCEPTS(some, "include <\"abstractions/x\">", "unix getopt\n");
}

Test(parse_files, what_may_be_missing_is_passed_over)
{
    ACCEPTS(some, "include if exists <nope>\nunix (bind),", "unix bind\n");
    ACCEPTS(some, "include if exists \"nope\"\ninclude if exists near\n", "unix bind\n");
    ACCEPTS(some, "#include if exists <both>\n", "unix accept\n");
    REFUSES(some, "include \"nope\"", "1:10+4 there is no file 'nope'\n");
}

Test(parse_files, a_file_counts_once_in_each_block)
{
    ACCEPTS(some, "include near\ninclude \"near\"\n", "unix bind\n");
    ACCEPTS(some, "include near\nprofile a { include near\n}\n", "unix bind\nprofile a\nunix bind\nunix bind\n");
}

Test(parse_files, includes_go_where_they_stand)
{
    ACCEPTS(some, "unix (create), profile a { include near\nunix (send), }",
            "unix create\nprofile a\nunix create\nunix bind\nunix send\n");
}

Test(parse_files, a_block_speaks_for_what_is_included_in_it)
{
    ACCEPTS(some, "all, deny { include near\n unix (send), }", "all every\ndeny unix bind\ndeny unix send\n");
    ACCEPTS(some, "audit { { include sub/a\n} if true { include near\n} }", "audit unix send\naudit unix bind\n");
    ACCEPTS(some, "profile a { all, quiet deny { include sub/a\n} }", "profile a\nall every\nquiet deny unix send\n");
}

Test(parse_files, variables_go_across_files)
{
    ACCEPTS(some, "include vars\nunix (bind) addr=@{x}b,", "unix bind addr=\\0ab\n");
}

Test(parse_files, an_abi_speaks_for_its_file_only)
{
    ACCEPTS(some, "include abi\nunix (send),", "unix bind addr=notpath\nunix send\n");
    parse_with(some, "abi <abi/4.0>,\ninclude near\n");
    cr_expect_str_eq(p.rules, "unix bind addr=notpath\n");
    parsed_free(&p);
}

Test(parse_files, errors_name_the_included_file)
{
    REFUSES(some, "include bad\nunix (x),",
            "/d/bad:2:7+4 'sned' is not a permission; did you mean 'send'?\n2:7+1 'x' is not a permission\n");
}

Test(parse_files, unreadable_files_and_directories)
{
    REFUSES(NULL, "include /secret", "1:9+7 '/secret' may not be read (EACCES)\n");
    REFUSES(NULL, "include if exists /secret", "1:19+7 '/secret' may not be read (EACCES)\n");
}

static const struct memory_file directory[] = {
    {"/d/dir", NULL},
    {"/d/dir/20", "unix (send),\n"},
    {"/d/dir/10", "unix (bind),\n"},
    {"/d/dir/.hidden", "x"},
    {"/d/dir/10.dpkg-old", "x"},
    {"/d/dir/30~", "x"},
    {"/d/dir/README", "x"},
    {"/d/dir/sub", NULL},
    {NULL, NULL},
};

Test(parse_files, directories_are_read_in_order_of_names_without_leftovers)
{
    ACCEPTS(directory, "include \"dir\"", "unix bind\nunix send\n");
    ACCEPTS(directory, "include if exists dir\n", "unix bind\nunix send\n");
}

static const struct memory_file circles[] = {
    {"/d/self", "include \"self\"\n"},
    {"/d/a", "include b\n"},
    {"/d/b", "include c\n"},
    {"/d/c", "include a\n"},
    {NULL, NULL},
};

Test(parse_files, circles_are_refused)
{
    REFUSES(circles, "include self", "/d/self:1:10+4 '/d/self' includes itself\n");
    REFUSES(circles, "include a", "/d/c:1:9+1 '/d/a' includes itself\n");
}

Test(parse_files, nesting_is_limited)
{
    struct memory_file chain[80] = {{NULL, NULL}};
    char names[80][16], texts[80][32];
    for (int i = 0; i < 79; i++) {
        snprintf(names[i], sizeof names[i], "/d/%d", i);
        snprintf(texts[i], sizeof texts[i], i < 78 ? "include %d\n" : "unix,", i + 1);
        chain[i] = (struct memory_file){names[i], texts[i]};
    }
    REFUSES(chain, "include 0", "/d/63:1:9+2 includes are nested more than 64 deep\n");
    chain[63].text = "unix (bind),";
    ACCEPTS(chain, "include 0", "unix bind\n");
}

Test(parse_files, an_include_must_close_what_it_opens)
{
    static const struct memory_file files[] = {{"/d/a", "profile x {\n"}, {"/d/b", "}\n"}, {NULL, NULL}};
    REFUSES(files, "include a\n}", "/d/a:1:11+1 this '{' is never closed\n2:1+1 this '}' closes nothing\n");
    REFUSES(files, "profile x { unix, include b\n}", "/d/b:1:1+1 this '}' closes nothing\n");
}

/* --- Bytes ------------------------------------------------------------------- */

static void refuse_bytes(const char *text, size_t len, const char *message)
{
    p.files = NULL;
    parse_policy(&p, text, len);
    cr_expect(p.status == -EINVAL);
    cr_expect_str_eq(p.says, message);
    parsed_free(&p);
}

Test(parse_files, odd_bytes_are_named)
{
    refuse_bytes("unix,\nunix \0,", 13, "2:6+1 a NUL byte in the text; write it as \\x00 in a name\n");
    refuse_bytes("unix addr=@\xff,", 13, "1:12+1 not UTF-8; write the byte as \\xHH in a name\n");
    refuse_bytes("# \xc3\xa9\xc3\n", 6, "1:5+1 not UTF-8; write the byte as \\xHH in a name\n");
    refuse_bytes("# \xc0\xaf\n", 5, "1:3+1 not UTF-8; write the byte as \\xHH in a name\n");
    refuse_bytes("# \xed\xa0\x80\n", 6, "1:3+1 not UTF-8; write the byte as \\xHH in a name\n");
    refuse_bytes("# \xf4\x90\x80\x80\n", 7, "1:3+1 not UTF-8; write the byte as \\xHH in a name\n");
    refuse_bytes("unix,\r\n\x01unix,", 13, "2:1+1 '\\x01' stands where a rule should\n");
}

Test(parse_files, names_may_be_in_any_script)
{
    ACCEPTS(NULL, "# \xf0\x9f\x98\x80 \xe2\x82\xac\nunix (bind) addr=/\xc3\xa9,", "unix bind addr=/\xc3\xa9\n");
}

/* --- Nothing ------------------------------------------------------------------ */

#define NOTHING                                                                                              \
    "0:0+1 nothing is allowed by this policy; add 'allow all,' to a list of denials, or 'deny all,' if "    \
    "that is meant\n"

Test(parse_files, a_policy_that_allows_nothing_is_a_mistake)
{
    REFUSES(NULL, "", NOTHING);
    REFUSES(NULL, "\n# only a comment", NOTHING);
    REFUSES(NULL, "deny network,", NOTHING);
    REFUSES(NULL, "profile a { } profile b { deny unix, }", NOTHING);
    REFUSES(NULL, "profile a { /x rw, }", NOTHING);
    REFUSES(NULL, "if false { all, }", NOTHING);
}

Test(parse_files, unless_it_is_meant)
{
    ACCEPTS(NULL, "deny all,", "deny all every\n");
    ACCEPTS(NULL, "profile a { deny all, }", "profile a\ndeny all every\n");
    ACCEPTS(NULL, "profile a flags=(complain) { }", "profile a complain\n");
    ACCEPTS(NULL, "abi <abi/3.0>,\nprofile a { /x r, }", "profile a\n");
}

/* --- Limits ------------------------------------------------------------------- */

static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    size_t one = strlen(piece);
    char *text = malloc(strlen(before) + one * count + strlen(after) + 1), *at = stpcpy(text, before);
    for (size_t i = 0; i < count; i++, at += one)
        memcpy(at, piece, one);
    strcpy(at, after);
    return text;
}

static void refuse_repeated(const char *before, const char *piece, size_t count, const char *after,
                            const char *message)
{
    char *text = repeat(before, piece, count, after);
    p.files = NULL;
    parse_policy(&p, text, strlen(text));
    cr_expect(p.status == -EINVAL);
    cr_expect(strstr(p.says, message), "says %.300s", p.says);
    parsed_free(&p);
    free(text);
}

Test(parse_files, limits_are_named)
{
    refuse_repeated("unix addr=@", "a", 4096, ",", "1:11+4097 a name of 4097 bytes; the limit is 4096");
    refuse_repeated("", "{ ", 65, "", "1:129+1 blocks are nested more than 64 deep");
    refuse_repeated("if ", "(", 70, "true", "1:69+1 the condition is nested more than 64 deep");
    refuse_repeated("if ", "not ", 70, "true {}", "the condition is nested more than 64 deep");
    refuse_repeated("unix,", "unix,", 200000, "", "more than 200000 rules");
    refuse_repeated("unix,", "inject unix (bind) errno=EIO,\n", 257, "", "257:8+4 more than 256 inject rules");
    refuse_repeated("unix addr=@a", "{b,", 60, "c", "");
    refuse_repeated("", "@{x} += a\n", 1, "", "+= needs a variable");
    refuse_repeated("@{x} = a\nunix addr=@", "@{x}", 17, ",", "more than 16 variables in one name");
}

Test(parse_files, a_large_file_is_named)
{
    refuse_repeated("", "#\n", (16 << 19) + 1, "", "0:0+1 the policy has 16777218 bytes; the limit is 16777216\n");
}

Test(parse_files, expansion_is_limited)
{
    char text[1024] = "@{a} = 0 1 2 3 4 5 6 7 8 9\n@{b} = @{a}@{a}@{a}\n";
    strcat(text, "unix addr=@@{b}@{b}@{b}@{b},\n");
    parse_with(NULL, text);
    cr_expect(p.status == -EINVAL);
    cr_expect_str_eq(p.says, "3:11+17 variables expand to more than 16777216 bytes in all\n");
    parsed_free(&p);
}

Test(parse_files, variables_may_not_be_stacked_without_end)
{
    char text[4096] = "@{v0} = a\n";
    for (int i = 1; i < 40; i++)
        sprintf(text + strlen(text), "@{v%d} = @{v%d}\n", i, i - 1);
    strcat(text, "unix addr=@@{v39},");
    parse_with(NULL, text);
    cr_expect(strstr(p.says, "variables within variables more than 32 deep"), "%s", p.says);
    parsed_free(&p);
}

Test(parse_files, bare_rules_count_in_every_profile)
{
    char *text = repeat("", "unix,", 1000, "");
    size_t len = strlen(text);
    text = realloc(text, len + 300 * 24);
    for (int i = 0; i < 300; i++)
        len += (size_t)sprintf(text + len, "profile p%d { }\n", i);
    p.files = NULL;
    parse_policy(&p, text, len);
    cr_expect_str_eq(p.says, "0:0+1 301000 rules, those outside profiles counted in every profile; the limit is "
                             "200000\n");
    parsed_free(&p);
    free(text);
}

/* Wherever memory runs out, it is said once. */
Test(parse_files, memory_may_run_out_anywhere)
{
    char *many = repeat("", "unix (send) addr=@abcdefghijklmnopqrstuvwxyz peer=(addr=/*/*/x),\n", 5000, "");
    p.files = NULL;
    for (size_t room = 1; room < 1 << 20; room += 64 << 10) {
        p.room = room;
        parse_policy(&p, many, strlen(many));
        cr_expect(p.status == -ENOMEM, "%zu bytes: %d", room, p.status);
        cr_expect_str_eq(p.says, "0:0+1 out of memory\n");
        parsed_free(&p);
    }
    p.room = 0;
    free(many);
}

/* --- Notes --------------------------------------------------------------------- */

Test(parse_files, what_is_skipped_is_noted_when_asked)
{
    const char text[] = "unix, capability chown,\n/x rw,\nunix addr=/a/../b,\nnetwork ip=10.0.0.1/8,\n"
                        "profile a flags=(kill) { }\n";
    p.files = NULL;
    p.flags = POLICY_INPUT_NOTES;
    parse_policy(&p, text, sizeof text - 1);
    cr_expect(p.status == 0);
    cr_expect_str_eq(p.says,
                     "1:7+10 note: 'capability' rules are not about sockets; this one is skipped\n"
                     "2:1+1 note: file rules are not about sockets here; this one is skipped\n"
                     "3:11+7 warning: '/a/../b' never matches: names are compared without '.' and '..'\n"
                     "4:12+10 warning: bits after the prefix of '10.0.0.1/8' are ignored\n"
                     "5:18+4 note: a call that is denied fails; the process is not killed\n");
    parsed_free(&p);
    p.flags = 0;
    parse_policy(&p, text, sizeof text - 1);
    cr_expect_str_eq(p.says, "");
    parsed_free(&p);
}

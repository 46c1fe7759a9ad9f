/* Verdicts as JUnit's XML and as TAP: no name breaks out of either. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verdicts.h"

static char *printed(const struct verdicts *v, void (*print)(FILE *, const struct verdicts *))
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    print(out, v);
    fclose(out);
    cr_assert_eq(strlen(text), len, "a NUL byte was written");
    return text;
}

static char *one_case(const char *name, enum verdict_result result, void (*print)(FILE *, const struct verdicts *))
{
    static char name_of_it[] = "cmd", *argv[] = {name_of_it, NULL};
    struct verdicts v = {.argv = argv};

    verdict_add(&v, (struct verdict){.kind = VERDICT_DENIED, .result = result, .name = name, .message = name, .details = name});
    char *text = printed(&v, print);
    free(v.at);
    return text;
}

static const char *text_of(const char *before, const char *word, const char *behind)
{
    char *text;

    return asprintf(&text, "%s%s%s", before, word, behind) < 0 ? "" : text;
}

/* --- Characters ------------------------------------------------------------------ */

static size_t encode(char *at, uint32_t c)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (n == 1) {
        *at = (char)c;
        return n;
    }
    for (size_t i = n; i-- > 1; c >>= 6)
        at[i] = (char)(0x80 | (c & 0x3f));
    *at = (char)((0xf00 >> n) | c);
    return n;
}

/* XML 1.0, 2.2, without the newline: that is none of a name's. */
static bool xml_char(uint32_t c)
{
    return (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

Test(verdicts, no_character_is_shown_that_xml_cannot_hold)
{
    char bytes[4];
    unsigned shown = 0;

    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        size_t len = encode(bytes, c), n = verdict_shown(bytes, len);

        cr_assert(n == 0 || n == len, "U+%04X", c);
        cr_assert(n == 0 || xml_char(c), "U+%04X is shown", c);
        shown += n > 0;
    }
    cr_assert_gt(shown, 1000000u);
    cr_assert_eq(verdict_shown("\xc3\xa4", 2), 2u);
}

Test(verdicts, bytes_that_are_no_characters_are_not_shown)
{
    static const char *const wrong[] = {"\x80", "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(verdict_shown(wrong[i], strlen(wrong[i])), 0u, "%zu", i);
    cr_assert_eq(verdict_shown("", 0), 0u);
}

Test(verdicts, what_turns_text_around_or_hides_it_is_not_shown)
{
    static const uint32_t codes[] = {0x202e, 0x2066, 0x200b, 0xfeff, 0xad, 0x2028, 0x85, 0x7f, 0x1b, 0xe0001};
    char bytes[4];

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_assert_eq(verdict_shown(bytes, encode(bytes, codes[i])), 0u, "U+%04X", codes[i]);
}

/* From the first to the last of each kind, and their neighbours are. */
Test(verdicts, no_more_and_no_fewer_are_left_out)
{
    static const uint32_t hidden[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0x200b, 0x200f}, {0x2028, 0x202e},
                                         {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}};
    char bytes[4];

    for (uint32_t c = 0; c <= 0xeffff; c++) {
        bool shown = (c & 0xfffe) != 0xfffe && (c < 0xd800 || c > 0xdfff);

        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
            shown &= c < hidden[i][0] || c > hidden[i][1];
        cr_assert_eq(verdict_shown(bytes, encode(bytes, c)) > 0, shown, "U+%04X", c);
    }
}

/* --- JUnit --------------------------------------------------------------------- */

Test(verdicts, junit_escapes_what_would_end_a_value)
{
    char *text = one_case("a<b>&\"'\n\x01\xff]]>", VERDICT_FAILED, junit_print);

    cr_assert(strstr(text, " name=\"a&lt;b&gt;&amp;&quot;&apos;\\x0a\\x01\\xff]]&gt;\" "), "%s", text);
    cr_assert(strstr(text, " message=\"a&lt;b&gt;&amp;&quot;&apos;\\x0a\\x01\\xff]]&gt;\">"), "%s", text);
    cr_assert(strstr(text, ">a&lt;b&gt;&amp;&quot;&apos;\n\\x01\\xff]]&gt;</failure>"), "%s", text);
}

Test(verdicts, characters_of_several_bytes_stay_whole)
{
    static const char name[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7 b";

    cr_assert(strstr(one_case(name, VERDICT_FAILED, junit_print), text_of(" name=\"", name, "\" ")));
    cr_assert(strstr(one_case(name, VERDICT_FAILED, tap_print), text_of("denied: ", name, "\n")));
}

Test(verdicts, the_time_is_that_of_the_command)
{
    static char name_of_it[] = "cmd", *argv[] = {name_of_it, NULL};
    struct verdicts v = {.argv = argv, .took = {61, 2000000}};

    verdict_add(&v, (struct verdict){.kind = VERDICT_COMMAND, .name = "x"});
    verdict_add(&v, (struct verdict){.kind = VERDICT_LEFTOVER, .name = "y"});
    char *text = printed(&v, junit_print);
    cr_assert(strstr(text, " name=\"x\" time=\"61.002\""), "%s", text);
    cr_assert(strstr(text, " name=\"y\" time=\"0.000\""), "%s", text);
}

/* As JUnit's readers take it. */
Test(verdicts, junit_says_when_in_utc)
{
    setenv("TZ", "XYZ-5", 1);
    char *text = one_case("x", VERDICT_PASSED, junit_print);

    cr_assert(strstr(text, " timestamp=\"1970-01-01T00:00:00\""), "%s", text);
}

Test(verdicts, junit_has_a_skipped_case_for_what_is_only_told)
{
    char *text = one_case("x", VERDICT_TOLD, junit_print);

    cr_assert(strstr(text, "failures=\"0\" errors=\"0\" time=\"0.000\" skipped=\"1\""), "%s", text);
    cr_assert(strstr(text, "<skipped type=\"denied\" message=\"x\">x</skipped>"), "%s", text);
}

Test(verdicts, junit_counts)
{
    static char name_of_it[] = "cmd", *argv[] = {name_of_it, NULL};
    struct verdicts v = {.argv = argv, .took = {61, 2000000}};

    for (int i = 0; i < 200; i++)
        verdict_add(&v, (struct verdict){.kind = VERDICT_EXPECTATION, .name = "x",
                                         .result = i % 4 == 0 ? VERDICT_FAILED : i % 4 == 1 ? VERDICT_TOLD : VERDICT_PASSED});
    char *text = printed(&v, junit_print);
    cr_assert(strstr(text, "<testsuite name=\"sunshim\" tests=\"200\" failures=\"50\" errors=\"0\" time=\"61.002\" skipped=\"50\""),
              "%.600s", text);
}

/* --- TAP ------------------------------------------------------------------------- */

Test(verdicts, tap_escapes_what_would_be_a_directive_or_a_line)
{
    char *text = one_case("a # TODO b\\\nok 2 - c\x1b", VERDICT_FAILED, tap_print);

    cr_assert_str_eq(text, "TAP version 13\n"
                           "1..1\n"
                           "not ok 1 - denied: a \\# TODO b\\\\\\\\x0aok 2 - c\\\\x1b\n"
                           "  ---\n"
                           "  message: \"a # TODO b\\\\\\\\x0aok 2 - c\\\\x1b\"\n"
                           "  severity: fail\n"
                           "  details: |\n"
                           "    a # TODO b\\\n"
                           "    ok 2 - c\\x1b\n"
                           "  ...\n");
}

Test(verdicts, tap_says_todo_of_what_is_only_told)
{
    char *text = one_case("x", VERDICT_TOLD, tap_print);

    cr_assert(strstr(text, "not ok 1 - denied: x # TODO only told of\n"), "%s", text);
    cr_assert(strstr(text, "  severity: todo\n"), "%s", text);
}

Test(verdicts, tap_has_details_as_far_as_they_go)
{
    char *text = one_case("one\n\nthree\0more", VERDICT_FAILED, tap_print);

    cr_assert(strstr(text, "  details: |\n    one\n    \n    three\n  ...\n"), "%s", text);
    text = one_case("", VERDICT_FAILED, tap_print);
    cr_assert_null(strstr(text, "details"), "%s", text);
}

Test(verdicts, tap_has_one_line_for_what_passes)
{
    char *text = one_case("x", VERDICT_PASSED, tap_print);

    cr_assert_str_eq(text, "TAP version 13\n1..1\nok 1 - denied: x\n");
}

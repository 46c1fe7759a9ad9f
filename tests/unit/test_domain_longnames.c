#include "domain/longnames.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Names here are short: eight bytes and more count as long. */
enum { LEAST = 8 };

static char seen[1 << 16];

static void collect(void *ctx, const struct longname *name)
{
    size_t at = strlen(seen);

    (void)ctx;
    snprintf(seen + at, sizeof seen - at, "%s%.*s", name->again ? "|" : at ? " " : "", (int)name->len, name->at);
}

/* Different names by spaces, readings of one by bars. */
static const char *in(const char *text)
{
    seen[0] = '\0';
    longnames_in(text, LEAST, collect, NULL);
    return seen;
}

#define finds(text, want) cr_expect_str_eq(in(text), want, "%s: \"%s\", not \"%s\"", text, seen, want)

Test(domain_longnames, whole_texts)
{
    finds("/longdir/x", "/longdir/x");
    finds("longdir/x", "longdir/x");
    finds("./longdir/x", "./longdir/x");
    finds("only-a-name", "only-a-name");
    finds("/long/my dir/x", "/long/my dir/x");
    finds("/sh/ort", "");
    finds("/longer/", "/longer/");
    finds("", "");
    finds("--long-option", "");
}

Test(domain_longnames, values_of_options)
{
    finds("--socket=/longdir/x", "/longdir/x");
    finds("--socket=longdir/x", "longdir/x");
    finds("--socket=/long/my dir/x", "/long/my dir/x");
    finds("-s/longdir/x", "/longdir/x");
    finds("path=/longdir/x", "/longdir/x");
}

Test(domain_longnames, names_inside_values)
{
    finds("unix:/longdir/x", "/longdir/x");
    finds("unix:longdir/x", "longdir/x");
    finds("unix:path=/longdir/x,guid=0123", "/longdir/x|/longdir/x,guid=0123");
    finds("UNIX:/longdir/x,fork,mode=600", "/longdir/x|/longdir/x,fork|/longdir/x,fork,mode=600");
    finds("unix:path=/longdir/x;unix:path=/longdir/y", "/longdir/x|/longdir/x;unix|/longdir/x;unix:path=/longdir/y /longdir/y");
    finds("http://unix:/longdir/x:/path/of/it", "/longdir/x /path/of/it");
    finds("me@/longdir/x", "me@/longdir/x /longdir/x");
    finds("unix:///longdir/x", "///longdir/x /longdir/x");
    finds("{\"a\":\"/longdir/x\",\"b\":1}", "/longdir/x");
    finds("exec nc -U /longdir/x <&3", "/longdir/x");
    finds("nc -U '/longdir/x'", "/longdir/x");
    finds("echo a/longdir/x", "");
}

Test(domain_longnames, lists)
{
    finds("/longdir/x:/longdir/y", "/longdir/x /longdir/y");
    finds("/longdir/x,/longdir/y", "/longdir/x /longdir/y");
    finds("/longdir/x /longdir/y", "/longdir/x /longdir/y");
    finds("/usr/a:/usr/b:/usr/c", "");
}

/* What a reader would take for the name comes first. */
Test(domain_longnames, the_likeliest_reading_first)
{
    finds("/longdir/x,fork", "/longdir/x|/longdir/x,fork");
    finds("/longdir/x:rw", "/longdir/x:rw|/longdir/x");
    finds("unix:/longdir/x:rw", "/longdir/x|/longdir/x:rw");
    finds("/longdir/a,b,c,d,e,f,g,h,i,j,k", "/longdir/a|/longdir/a,b|/longdir/a,b,c|/longdir/a,b,c,d|/longdir/a,b,c,d,e|"
                                            "/longdir/a,b,c,d,e,f|/longdir/a,b,c,d,e,f,g|/longdir/a,b,c,d,e,f,g,h");
}

Test(domain_longnames, nothing_longer_than_a_path)
{
    static char text[9000];

    memset(text, 'a', sizeof text - 1);
    finds(text, "");
    text[0] = '/';
    finds(text, "");
    text[4096] = '\0';
    finds(text, "");
    text[4095] = '\0';
    cr_expect_eq(strlen(in(text)), 4095);
}

static void ignore(void *ctx, const struct longname *name)
{
    (void)ctx;
    (void)name;
}

/* A list as dircolors makes it, or somebody's joke, is read in a time that goes with its length. */
Test(domain_longnames, large_texts, .timeout = 20)
{
    static const char *const parts[] = {"a=", "=:", "/", "*.gz=01;31:", "/a ", "@/", "'\"", "%41"};
    static char text[128 << 10];

    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        for (size_t at = 0; at + 1 < sizeof text; at++)
            text[at] = parts[p][at % strlen(parts[p])];
        longnames_in(text, 107, ignore, NULL);
    }
}

Test(domain_longnames, variables)
{
    cr_assert_str_eq(longnames_value("SSH_AUTH_SOCK=/x=y"), "/x=y");
    cr_assert_str_eq(longnames_value("PATHS=/x"), "/x");
    cr_assert_str_eq(longnames_value("LD=/x"), "/x");
    cr_assert_str_eq(longnames_value("X="), "");
    cr_assert_null(longnames_value("PWD=/x"));
    cr_assert_null(longnames_value("OLDPWD=/x"));
    cr_assert_null(longnames_value("PATH=/x"));
    cr_assert_null(longnames_value("LD_PRELOAD=/x"));
    cr_assert_null(longnames_value("SUNSHIM_POLICY=unix,"));
    cr_assert_null(longnames_value("no assignment"));
}

static const char *decoded(const char *text)
{
    static char to[64];

    to[longnames_decode(to, text, strlen(text))] = '\0';
    return to;
}

Test(domain_longnames, escapes)
{
    cr_assert_str_eq(decoded("/a%20b%2Fc%2f"), "/a b/c/");
    cr_assert_str_eq(decoded("%"), "%");
    cr_assert_str_eq(decoded("%4"), "%4");
    cr_assert_str_eq(decoded("%4g%g4%%41"), "%4g%g4%A");
    cr_assert_str_eq(decoded("%00%0a"), "%00\n");
}

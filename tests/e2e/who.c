#include "tests/e2e/who.h"

#include <stdlib.h>

char *said(const struct run *r, const char *word)
{
    char *copy = text("%s", r->out), *save = NULL;

    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *at = line + strspn(line, " ");

        if (!strncmp(at, word, strlen(word)) && at[strlen(word)] == ' ')
            return at + strlen(word) + strspn(at + strlen(word), " ");
    }
    cr_assert_fail("nothing is said of '%s'\n%s", word, run_report(r));
    return NULL;
}

static bool json_value(const char **at);

static bool json_string(const char **at)
{
    if (*(*at)++ != '"')
        return false;
    for (; **at != '"'; ++*at) {
        if ((unsigned char)**at < ' ')
            return false;
        if (**at == '\\' && !strchr("\"\\/bfnrtu", *++*at))
            return false;
    }
    return ++*at;
}

static bool json_list(const char **at, char close, bool keys)
{
    if (*++*at == close)
        return ++*at;
    for (;; ++*at) {
        if (keys && (!json_string(at) || *(*at)++ != ':'))
            return false;
        if (!json_value(at))
            return false;
        if (**at != ',')
            return *(*at)++ == close;
    }
}

static bool json_value(const char **at)
{
    static const char *const words[] = {"true", "false", "null"};
    char *end;

    if (**at == '{' || **at == '[')
        return json_list(at, **at == '{' ? '}' : ']', **at == '{');
    if (**at == '"')
        return json_string(at);
    for (int i = 0; i < 3; i++)
        if (!strncmp(*at, words[i], strlen(words[i])))
            return *at += strlen(words[i]);
    bool number = (strtod(*at, &end), end != *at);
    *at = end;
    return number;
}

void check_json(const struct run *r)
{
    const char *at = r->out;

    cr_assert(json_value(&at) && !strcmp(at, "\n"), "no JSON from byte %td on\n%s", at - r->out, run_report(r));
}

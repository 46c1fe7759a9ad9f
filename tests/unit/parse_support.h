/* What the parser's tests share: a policy and the files it includes in memory,
 * its messages and its rules as text. */
#ifndef TESTS_UNIT_PARSE_SUPPORT_H
#define TESTS_UNIT_PARSE_SUPPORT_H

#include "policy/rule.h"

struct memory_file {
    const char *path, *text; /* text NULL: a directory */
};

struct parsed {
    int status;
    char says[32768];  /* "LINE:COLUMN+WIDTH message; suggestion", a line each; file:... unless "p";
                          "warning: " and "note: " before those */
    char rules[32768]; /* "profile NAME [flags]" and its rules, a line each */
    struct ruleset set;
    const struct memory_file *files; /* ended by one without a path; may be NULL */
    unsigned flags;
    size_t room;       /* bytes the arena may take; 0: enough */
    size_t taken;
    void *chunks;
};

/* Parses `text`, named "p", in directory "/d", with <...> searched in /s1 and /s2.
 * Set files, flags and room before; parsed_free() afterwards. */
void parse_policy(struct parsed *p, const char *text, size_t len);
void parsed_free(struct parsed *p);

#endif

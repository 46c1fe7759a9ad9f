/* Variables: @{name} holds a list of values, each of which is tried; $name is
 * true or false. A variable is worked out where it is used; changing it after
 * that is an error, since the rules above would not see the change. Private to
 * the parser. */
#ifndef SUNSHIM_POLICY_VARIABLE_H
#define SUNSHIM_POLICY_VARIABLE_H

#include "parse.h"

struct variable {
    struct variable *next;
    struct span name;
    bool boolean, truth;
    bool predefined;        /* may be set again */
    bool per_profile;       /* @{profile_name}, or made of it */
    bool used, busy;
    struct raw *first, *last;
    const struct name *values; /* worked out, for block number `serial` */
    unsigned serial, count;
};

/* A value as written. */
struct raw {
    struct raw *next;
    struct span text;
    bool literal; /* no variables in it */
};

/* vars.c */
struct variable *find_variable(const struct parser *p, struct span name, bool boolean);
/* At '@' or '$': the name of `@{name}` or `@name`. False: not a variable. */
bool read_reference(const char *at, const char *end, struct span *name, const char **after);
/* The text with everything escaped that means something in a glob; `at` is NULL
 * when memory is short. */
struct span literal_text(struct parser *p, const char *text, size_t len);

#endif

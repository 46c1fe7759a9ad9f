/* What the AppArmor tests share: compiling policy text, files on disk behind
 * struct policy_files, and lines of the tables in tests/tables/apparmor. */
#ifndef TESTS_UNIT_APPARMOR_SUPPORT_H
#define TESTS_UNIT_APPARMOR_SUPPORT_H

#include "policy/policy.h"

#define APPARMOR_TABLES TEST_TOP "/tests/tables/apparmor"

struct compiled {
    int status;        /* of policy_compile */
    const void *blob;  /* NULL unless status is 0 */
    size_t len;
    char messages[8192]; /* errors and warnings, a line each, as far as they fit */
    int errors;
    struct arena arena;
    void *chunks;      /* and everything else that compiled_free releases */
};

/* Compiles `text` as the file `name`; includes are read from disk: relative
 * ones from `dir` (NULL: none), <...> from `search` (NULL: none). */
void compile_policy(struct compiled *c, const char *name, const char *text, size_t len, const char *dir,
                    const char *const *search, unsigned flags);
void compiled_free(struct compiled *c);

/* The whole file, NUL-terminated; fails the test if it cannot be read. free(). */
char *slurp(const char *path, size_t *len);

/* Calls `row` for each line of a table that is neither empty nor a comment
 * ("# ..."). Returns how many there were. */
int each_row(const char *table, void (*row)(void *ctx, char *line), void *ctx);

/* Answers `perm` for an AF_UNIX socket under a compiled policy. Names are
 * written "none", "auto", "@x" with \xHH escapes, "/x", "?" (unknown). */
struct question {
    uint32_t perm;
    int family, type, protocol;
    const char *local, *peer, *label;
};
bool allowed(const struct policy *p, const struct question *q);

#endif

/* What `sunshim check` says about policies that are not wrong. Private to cli/.
 *
 * policy/lint*.c find what can be found in the rules alone; here are the names of the
 * warnings, what depends on this machine, and how they are shown. */
#ifndef SUNSHIM_CLI_LINT_H
#define SUNSHIM_CLI_LINT_H

#include "load.h"
#include "policy/lint.h"

/* Each can be switched off by its name: lint_names. */
enum warning {
    WARN_SHADOWED,
    WARN_DUPLICATE,
    WARN_REDUNDANT,
    WARN_NEVER,
    WARN_WIDE,
    WARN_KEY,
    WARN_UNUSED,
    WARN_INET,
    WARNINGS,
};
extern const char *const lint_names[WARNINGS + 1]; /* NULL-terminated */

struct coverage;

/* A file of the policy as it was read. */
struct lint_file {
    const char *name, *text;
    size_t len;
};

struct lint {
    struct loaded *loaded;
    struct policy_files reader; /* notes what is read in `files` */
    struct arena arena;
    struct lint_room room;
    struct ruleset set;
    struct lint_file *files;
    unsigned file_count;
    unsigned allowed;           /* bits of enum warning: --allow */
    const struct coverage *coverage; /* NULL: not asked for */
};

/* Shows all warnings about a policy that was loaded without errors, and counts them in
 * loaded->count. False: not looked at, for want of memory. */
bool lint_policy(struct lint *l, struct loaded *loaded, unsigned allowed, const struct coverage *coverage);

/* One warning about the whole file, unless it is allowed by --allow or by a line
 * "# sunshim: allow NAME" of the file. */
void lint_whole(struct lint *l, enum warning w, const char *message);

/* Prints how often each rule decided, on standard output. */
void lint_print_coverage(const struct lint *l);

/* lint_include.c: warns of files none of whose rules is needed. `is_needed`: by source. */
void lint_includes(struct lint *l, const bool *is_needed);

/* lint_text.c: where things stand. */

/* The file that `at` points into; NULL: none. */
const struct lint_file *lint_file_at(const struct lint *l, const char *at);
/* Fills in where the `len` bytes at `at`, of the rule `s`, stand, up to the end of their line. */
void lint_place(const struct lint *l, const struct rule_source *s, struct policy_diag *d, const char *at, size_t len);
/* The condition of a rule that is to blame; the whole rule where there is none. */
void lint_condition(const struct rule_source *s, enum lint_side side, const char **at, size_t *len);
/* The bits of enum warning that comments at a rule allow, or of the whole file. */
unsigned lint_allowed_at(const struct lint *l, const struct rule_source *s);
unsigned lint_allowed_in(const struct lint *l, const char *file);
/* Bit of enum warning; 0: no such name. */
unsigned lint_bit(const char *name, size_t len);

/* lint_keys.c: names behind which there is more than a socket. */
struct lint_key {
    uint32_t source;       /* the rule that lets a program use it */
    const char *name, *why;
};
/* All of them, each rule's in the order of the table: worst first; how many there are. */
unsigned lint_keys(const struct lint *l, const struct lint_key **keys);

/* lint_links.c: a rule whose names lead through a symbolic link on this machine, so that
 * nothing is ever called that. A sentence; *suggestion what to write. NULL: none. */
const char *lint_link(const struct rule *r, enum lint_side *side, const char **suggestion);
/* The same of a profile's attachments. */
const char *lint_link_profile(const struct profile *p, const char **suggestion);

#endif

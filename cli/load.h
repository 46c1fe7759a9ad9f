/* From -p, --rule and --apparmor to compiled layers. Private to cli/. */
#ifndef SUNSHIM_CLI_LOAD_H
#define SUNSHIM_CLI_LOAD_H

#include "diag.h"
#include "files.h"
#include "options.h"
#include "policy/policy.h"

struct loaded {
    const char *path; /* of the file; "--rule", or "--rule#2", for a rule from the command line */
    const void *blob;
    size_t len;
    struct policy policy; /* opened, no profile selected */
    struct policy_input input; /* what it was made of */
    struct diag_count count;
    bool unread; /* loading failed before there was a text to look at */
};

/* Where a policy's file is: a name with a slash is a path, another one is looked
 * up as NAME.policy, never in the current directory. For operands of check and
 * explain a file here comes first if the name has a dot. NULL after saying
 * where it was looked for. */
const char *load_find(const struct options *o, const struct source *s);

/* Loads one source; shows every error in it. 0, or 125. */
int load_one(const struct options *o, const struct source *s, unsigned flags, struct loaded *out);

/* Loads all of them into `out` (room for LAYERS_MAX), going on after an error so
 * that all are seen at once. 0, or 125 when one of them failed. */
int load_all(const struct options *o, unsigned flags, struct loaded *out);

/* Chooses the profile in every layer. A layer that has no profile `name` goes by
 * `exe`; 125 when none has it. `name` and `exe` may be NULL. */
int load_select(struct loaded *layers, unsigned count, const char *exe, const char *name);

/* Whether some layer has that profile. */
bool load_has(struct loaded *layers, unsigned count, const char *profile);

/* What policy_compile() is told about the surroundings; text and name are the
 * caller's to fill in. */
struct policy_input load_input(const struct options *o, unsigned flags);

/* A policy of that one rule on top of 'allow all,'; the rule's comma may be left
 * out. */
const char *load_rule_text(const char *rule);

#endif

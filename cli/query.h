/* Questions to a policy, put together from KEY=VALUE, a record or a rule.
 * Private to cli/. */
#ifndef SUNSHIM_CLI_QUERY_H
#define SUNSHIM_CLI_QUERY_H

#include <stdio.h>

#include "options.h"
#include "policy/policy.h"

struct asked {
    uint32_t perms; /* one question each; AUTOBIND is bind of addr=auto */
    int family, type, protocol; /* -1: not said */
    struct policy_addr local, peer;
    bool local_port, peer_port; /* a port was given */
    const char *label;          /* NULL: unconfined, unless bound inside */
    enum policy_scope bound, made;
    bool uid_known;
    uint32_t uid;               /* the peer's */
    const char *peer_exe;       /* NULL: not said */
    int fd, exempt;             /* -1: not said */
    const char *exe, *profile;  /* NULL: not said */
    bool recorded;              /* by a record, and perhaps under another policy */
};

/* A question in which nothing is said yet. */
struct asked asked_nothing(void);

/* Sets one key of `sunshim explain`. The value is taken as it is: escapes are
 * already undone. 0, or 125 after saying what is wrong with it. The bytes are
 * copied. */
int asked_set(struct asked *a, const char *key, const char *value, size_t len);

/* "bind", "r", "send": adds permissions; false when it is no such word. */
bool asked_operation(struct asked *a, const char *word, size_t len);

/* The question about one permission, with what can be concluded filled in. 125
 * after saying why the keys contradict each other. */
int asked_query(const struct asked *a, uint32_t perm, struct policy_query *q);

/* \xHH and \c undone in place; the new length, or -1 for \x without two digits. */
long unescape(char *text, size_t len);

/* record_in.c: one record from a stream, in any of the three formats, or one that was read
 * (records.h). 0 or 125. */
struct record;
int asked_from_record(struct asked *a, FILE *from);
int asked_from_fields(struct asked *a, const struct record *r);

/* rule_in.c: what a rule is about, as questions; at most `max`, their number, or
 * -1 after saying why there is none. */
int asked_from_rule(const struct options *o, const char *rule, struct asked *out, int max);

#endif

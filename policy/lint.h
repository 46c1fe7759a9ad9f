/* What can be said against rules that are not wrong. For `sunshim check`; nothing
 * of it is in the library. Pure as the rest of policy/, but it may take seconds and
 * megabytes: not for the inside of a program. Private to policy/ and cli/lint*. */
#ifndef SUNSHIM_POLICY_LINT_H
#define SUNSHIM_POLICY_LINT_H

#include "rule.h"

/* Room for comparisons of globs, used again and again; and how much work there was. */
struct lint_room {
    struct arena *arena;
    uint64_t *states; /* NULL before the first comparison */
    uint32_t *slots;
    uint64_t steps;   /* of all comparisons so far */
    bool gave_up;     /* something was not compared: too much work */
};

/* Whether each name that one of `small` matches is matched by one of `big`. True is
 * always right; false may also mean that it would have taken too long to find out. */
bool lint_globs_cover(struct lint_room *room, const struct glob *big, uint32_t big_count, const struct glob *small,
                      uint32_t count);

/* Whether `big` matches whatever `small` matches, permissions apart, and also where
 * facts are not known. As sure as above. */
bool lint_rule_covers(struct lint_room *room, const struct rule *big, const struct rule *small);

enum lint_use {
    LINT_USED,
    LINT_SHADOWED,  /* an allow rule all of which is denied; a denial that never decides; a fault behind others */
    LINT_DUPLICATE, /* the same once more */
    LINT_REDUNDANT, /* wider rules do it already */
};

enum { LINT_OTHERS = 3 };

/* Of one source rule. */
struct lint_verdict {
    enum lint_use use;
    uint32_t others[LINT_OTHERS]; /* sources because of which; at most so many are named */
    unsigned other_count;
    bool acted; /* some of these inject faults */
};

/* Writes a verdict on each of set->source_count rules into `out`. If all rules that are
 * not LINT_USED were taken away together, the policy would decide as before, errno and
 * all. `main_file`: of equal rules the ones elsewhere are kept. -ENOMEM. */
int lint_rules(const struct ruleset *set, const char *main_file, struct lint_room *room, struct lint_verdict *out);

enum lint_side { LINT_WHOLE, LINT_LOCAL, LINT_PEER, LINT_LABEL /* the peer's */ };

/* Why a rule can match nothing, whatever the machine; NULL when it can. One sentence
 * without its subject ("is longer than ..."); *side: the condition that is to blame. */
const char *lint_never(const struct ruleset *set, const struct profile *profile, const struct rule *r, enum lint_side *side);

/* The place that many share and that a rule's names take in whole: "/tmp" or the like; NULL
 * when they are narrower. For rules that allow to bind, connect or send. */
const char *lint_wide(struct lint_room *room, const struct rule *r, enum lint_side *side);

#endif

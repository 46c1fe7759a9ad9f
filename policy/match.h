/* One rule against one query, without the index. Private to policy/. */
#ifndef SUNSHIM_POLICY_MATCH_H
#define SUNSHIM_POLICY_MATCH_H

#include "blob.h"

enum match { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };

enum match match_family(uint64_t families, int family);
enum match match_addr(const void *blob, uint32_t cond, const struct policy_addr *addr, uint32_t perm);
/* Which of the rule's conditions in struct blob_more does not hold. */
enum policy_miss match_more(const void *blob, const struct blob_rule *r, const struct policy_query *q);

static inline enum match match_type(uint32_t types, int type)
{
    if (types == UINT32_MAX)
        return MATCH_YES;
    return type < 0 ? MATCH_UNKNOWN : type < 32 && types >> type & 1 ? MATCH_YES : MATCH_NO;
}

static inline enum match match_protocol(int32_t wanted, int protocol)
{
    if (wanted < 0)
        return MATCH_YES;
    return protocol < 0 ? MATCH_UNKNOWN : wanted == protocol ? MATCH_YES : MATCH_NO;
}

/* What cannot be known satisfies a deny rule and never an allow rule. */
static inline bool match_holds(enum match m, bool deny)
{
    return m == MATCH_YES || (m == MATCH_UNKNOWN && deny);
}

enum policy_miss match_rule(const void *blob, const struct blob_rule *r, const struct policy_query *q);

#endif

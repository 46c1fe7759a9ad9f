/* What the stages that lay a policy out share. Private to policy/.
 *
 * Each table of the blob grows separately and layout.c joins them at the end. */
#ifndef SUNSHIM_POLICY_BUILD_H
#define SUNSHIM_POLICY_BUILD_H

#include "blob.h"

struct table {
    unsigned char *data;
    uint32_t count, room; /* records */
};

struct build {
    struct arena *arena;
    const struct ruleset *set;
    bool keep_text;
    int err; /* the first failure; everything goes on harmlessly until it is looked at */
    struct table tables[BLOB_TABLES];
    unsigned char spare[256]; /* handed out in place of a record when there is no memory */

    /* conds.c */
    const struct addr_cond **cond_from; /* by index: what it was made of */
    uint32_t *cond_slots;               /* hash table of indexes, 0 free */
    uint32_t cond_mask;

    uint32_t uses; /* POLICY_USES_* */
    bool injects;  /* the inject rules of a profile are being laid out, which stand behind the others */
};

/* Bytes of a record. */
uint32_t table_record(enum blob_table t);
/* Appends `n` zeroed records and returns the first; never NULL for n == 1. The
 * pointer is good until the next call for the same table. */
void *table_add(struct build *b, enum blob_table t, uint32_t n);
/* Makes room for `n` more. */
void table_expect(struct build *b, enum blob_table t, uint32_t n);
/* Where `bytes` were put in BLOB_BYTES. */
uint32_t table_bytes(struct build *b, const void *bytes, uint32_t n);

static inline uint32_t table_count(const struct build *b, enum blob_table t)
{
    return b->tables[t].count;
}

#define TABLE(b, type, t) ((type *)(void *)(b)->tables[t].data)

/* A zeroed array that lives as long as the arena, or NULL and err set. */
void *build_alloc(struct build *b, size_t size);

/* Whether a rule is for every family (also for those not known yet). */
static inline bool rule_any_family(uint64_t families)
{
    return (~families & 0x3ffffffffffeull) == 0; /* 1 to 45, the newest there is */
}

static inline uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 29;
}

/* conds.c: the number of an address condition; equal ones share it. */
int conds_start(struct build *b);
uint32_t conds_add(struct build *b, const struct addr_cond *from);
uint32_t globs_add(struct build *b, const struct glob *globs, uint32_t count);

#endif

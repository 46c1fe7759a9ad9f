/* Where things stand in a table, in words of 64 bits; table.h. */
#ifndef SUNSHIM_DOMAIN_TABLE_LAYOUT_H
#define SUNSHIM_DOMAIN_TABLE_LAYOUT_H

#include "domain/head.h"
#include "domain/table.h"

/* In lines of their own: what each writer changes, and what each reader reads. */
#define TABLE_ORDER 8         /* how many entries were written */
#define TABLE_PENDING_HIGH 24 /* pending words from here on were never used */
#define TABLE_BEGUN 32        /* how many binds began */
#define TABLE_PENDING 64
#define TABLE_PENDINGS 512u
#define TABLE_HEADER_WORDS (TABLE_PENDING + TABLE_PENDINGS)

/* A bucket: the claims of its slots in one cache line, then a line for each. */
#define TABLE_SLOTS 8u
#define TABLE_BODY_WORDS 8u
#define TABLE_BUCKET_WORDS (TABLE_SLOTS + TABLE_SLOTS * TABLE_BODY_WORDS)
#define TABLE_BUCKETS_MIN 8u
#define TABLE_BUCKETS_MAX (1u << 22)

static inline uint64_t *table_word(const struct table *t, size_t i)
{
    return (uint64_t *)t->at + i;
}

#endif

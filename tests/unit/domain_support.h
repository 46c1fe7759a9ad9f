/* Shared memory for the tests of domain/, and who writes, is dead, or gone there. */
#ifndef SUNSHIM_TESTS_DOMAIN_SUPPORT_H
#define SUNSHIM_TESTS_DOMAIN_SUPPORT_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/ring.h"
#include "domain/table.h"

extern struct claim_owner writer; /* who writes now: pid 100 of space 1 at first */
extern uint32_t dead_pid;         /* who is dead */
extern uint64_t gone_cookie;      /* whose socket is gone; 0: nobody's, UINT64_MAX: all */
extern unsigned gone_asked;

/* Opened and empty; the memory is of exactly its size. */
struct table new_table(uint32_t entries);
struct ring new_ring(uint32_t entries);

/* Number `i` of many keys; its entry; whether that is what the table has. */
struct table_key nth_key(const struct table *t, uint64_t i);
struct table_entry nth_entry(uint64_t i);
int put_nth(const struct table *t, uint64_t i);
bool has_nth(const struct table *t, uint64_t i);
bool same_entry(const struct table_entry *a, const struct table_entry *b);
uint32_t entries_in(const struct table *t);
/* Puts keys from number `first` on until one is refused; that one's number. */
uint64_t fill_table(const struct table *t, uint64_t first);

uint64_t next_random(uint64_t *seed);

#endif

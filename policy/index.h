/* Builds the index of a profile's rules. Private to policy/.
 *
 * Per side, rules are grouped by their address condition. Every pattern's
 * literal start goes into a tree of byte runs; what comes after it hangs on the
 * node it leads to: an end, a star at the end, or a tail. Where many tails hang
 * on one node, a filter finds those worth trying by runs of bytes they need.
 * What hangs there leads to a list of rules. Rules without an address condition
 * are in lists by permission and family (slots). */
#ifndef SUNSHIM_POLICY_INDEX_H
#define SUNSHIM_POLICY_INDEX_H

#include "build.h"

/* Lays out the records whose number 0 means "none". */
void index_start(struct build *b);
/* Fills slots, groups and roots of `p`, whose rules are laid out. */
void index_profile(struct build *b, struct blob_profile *p);

/* --- Between the files of the index ------------------------------------ */

/* A rule in the making of a list. */
struct item {
    uint32_t rule;
    uint32_t perms; /* for which it counts here */
};

struct vec {
    void *data;
    uint32_t count, room;
};
/* Room for one more record; NULL and b->err when there is none. The record is not
 * zeroed. `room` of an empty vec may be set to how many are expected. */
bool vec_grow(struct build *b, struct vec *v, size_t record);
static inline __attribute__((always_inline)) void *vec_add(struct build *b, struct vec *v, size_t record)
{
    if ((v->count == v->room || !v->data) && !vec_grow(b, v, record))
        return NULL;
    return (char *)v->data + v->count++ * record;
}
#define VEC_ADD(b, v, type) ((type *)vec_add((b), (v), sizeof(type)))
#define VEC_AT(v, type, i) (&((type *)(v)->data)[i])

/* lists.c: lays out a list of rules, given in order; 0 when it is empty. */
uint32_t list_add(struct build *b, const struct item *items, uint32_t n);
/* What of a rule is left to look at once permission and addresses fit. */
uint16_t list_flags(const struct blob_rule *r);
/* Whether `e` holds wherever `r` does (addresses and permissions apart). */
bool list_covers(const struct blob_rule *e, const struct blob_rule *r);

/* slots.c */
/* POLICY_NEEDS_ of a rule's conditions. */
uint16_t slots_facts(const struct build *b, const struct blob_rule *r);
void slots_build(struct build *b, struct blob_profile *p);

/* tree.c */
struct tree_group { /* rules that share a condition on one side */
    uint32_t cond;
    uint32_t first, last; /* links */
    uint32_t list;        /* once laid out */
};
struct tree_link {
    uint32_t rule, next;
};
struct tree {
    struct build *b;
    struct vec groups, links, nodes, hangs;
    struct vec items; /* scratch */
    uint8_t *buffer;  /* GLOB_CODE_MAX bytes */
};
struct tree_node {
    uint32_t text;
    uint32_t child, sibling; /* in order of their first bytes */
    uint32_t hang, last_hang;
    uint32_t ports;
    uint16_t len;
    uint8_t first;
};
struct tree_hang {
    uint32_t group, next;
    uint32_t glob;   /* of a tail */
    uint16_t from;
    uint8_t kind;    /* enum accept_kind, ACCEPT_KINDS for a tail */
};

uint32_t tree_root(struct tree *t);
void tree_glob(struct tree *t, uint32_t root, uint32_t start, uint32_t glob, uint32_t group);
void tree_inet(struct tree *t, uint32_t root, const uint8_t *ip, unsigned bits, uint16_t low, uint16_t high,
               uint32_t group);
void tree_all(struct tree *t, uint32_t node, uint32_t group);
/* Lays the tree under `root` out and returns its node's number. */
uint32_t tree_lay(struct tree *t, uint32_t root);
uint32_t tree_list(struct tree *t, const uint32_t *groups, uint32_t n);

/* filter.c: lays tails out: those in `direct` one by one, the rest behind filters. */
void filter_lay(struct build *b, struct blob_accept *out, struct blob_tail *tails, uint32_t n);

#endif

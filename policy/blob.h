/* The compiled policy's format: tables of fixed-size records, found by a
 * directory of spans at the start. Private to policy/.
 *
 * Records name each other by index (bytes and strings by offset into their
 * span), so checking a policy is one pass of comparisons over each table
 * (open.c), and nothing in it has to be moved or patched when it is mapped.
 * Numbers are of the machine that compiled it; a policy never travels. */
#ifndef SUNSHIM_POLICY_BLOB_H
#define SUNSHIM_POLICY_BLOB_H

#include <string.h>

#include "glob.h"
#include "policy.h"
#include "rule.h"

#define BLOB_MAGIC 0x31594c4f50534e53ull /* "SNSPOLY1" */
#define BLOB_VERSION 5u
#define BLOB_NONE UINT32_MAX

struct blob_span {
    uint32_t at, count; /* byte offset, number of records */
};

enum blob_table {
    BLOB_STRINGS,  /* char; NUL-terminated, the last byte is NUL */
    BLOB_BYTES,    /* uint8_t: programs of globs, their sets, literal runs of the tree */
    BLOB_SOURCES,  /* struct blob_source */
    BLOB_PROFILES, /* struct blob_profile */
    BLOB_RULES,    /* struct blob_rule, profile by profile, in order of `source` */
    BLOB_CONDS,    /* struct blob_cond; 0 is "any address" */
    BLOB_MORES,    /* struct blob_more; 0 is "nothing more to ask" */
    BLOB_GLOBS,    /* struct blob_glob */
    BLOB_NODES,    /* struct blob_node; 0 is no node */
    BLOB_FIRSTS,   /* uint8_t: first byte of each node's text */
    BLOB_ACCEPTS,  /* struct blob_accept; 0 is none */
    BLOB_TAILS,    /* struct blob_tail */
    BLOB_FILTERS,  /* struct blob_filter; 0 is none */
    BLOB_BUCKETS,  /* uint32_t: first tail of each bucket of a filter, one more than buckets */
    BLOB_LISTS,    /* struct blob_list; 0 is empty */
    BLOB_ENTRIES,  /* struct blob_entry */
    BLOB_SLOTS,    /* struct blob_slot */
    BLOB_MAPS,     /* struct blob_map */
    BLOB_INJECTS,  /* struct policy_inject */
    BLOB_TABLES,
};

struct blob_header {
    uint64_t magic;
    uint32_t version, size; /* of the whole */
    uint32_t name;          /* string */
    uint32_t uses;          /* POLICY_USES_* */
    struct blob_span tables[BLOB_TABLES];
};

struct blob_source {
    uint32_t file; /* string */
    uint32_t line;
    uint32_t text; /* string */
    uint32_t text_len : 30, deny : 1, inject : 1;
};

enum { SIDE_LOCAL, SIDE_PEER, SIDES };

/* What a known address is looked up in; for one side of one profile. */
struct blob_roots {
    uint32_t path, abstract, inet, inet6; /* nodes */
    uint32_t none, automatic;             /* lists */
    uint32_t any_path;                    /* list: for a pathname whose text is not known */
};

struct blob_profile {
    uint32_t name;                    /* string, BLOB_NONE for the bare rules */
    uint32_t attachments, attachment_count; /* globs */
    uint32_t complain : 1, default_allow : 1, mediates_inherit : 1;
    uint32_t rules, rule_count;
    uint32_t slots;                   /* first of (groups x SLOT_PERMS) */
    uint32_t groups;                  /* families that no rule tells apart share a group */
    uint32_t maps, map_count;         /* in order of their FROM; as many follow in order of their TO */
    uint32_t injects, inject_count;   /* rules that do not decide, and that no index leads to */
    struct blob_roots roots[SIDES];
    uint8_t group[POLICY_FAMILIES + 2]; /* by family; then other families, then unknown */
    uint16_t reserved;
};
#define GROUP_OTHER POLICY_FAMILIES
#define GROUP_UNKNOWN (POLICY_FAMILIES + 1)

enum { RULE_DENY = 1, RULE_AUDIT = 2, RULE_QUIET = 4, RULE_INJECT = 8 };

/* In rules and slots, one permission more: inherit of a descriptor that only rules
 * with fd= are about. Those have both bits. */
#define PERM_EXEMPT (1u << POLICY_PERM_COUNT)
#define SLOT_PERMS (POLICY_PERM_COUNT + 1)

struct blob_rule {
    uint64_t families;
    uint32_t types;
    int32_t protocol;
    uint16_t perms;
    uint16_t flags;
    uint32_t conds[SIDES];
    uint32_t more;
    uint32_t source;
    int32_t err;     /* of RULE_INJECT: which of BLOB_INJECTS */
};

/* Conditions that few rules have. */
struct blob_more {
    uint32_t labels, label_count; /* globs */
    uint32_t exes, exe_count;     /* globs */
    uint32_t uid;
    uint32_t fd_low, fd_high;
    uint8_t bound, made;          /* enum policy_scope; 0: any */
    uint8_t uid_given, fd_given;
};

struct blob_cond {
    uint8_t match;      /* enum addr_match */
    uint8_t ip_family, ip_bits;
    uint8_t has_path;   /* some glob is for pathnames */
    uint8_t ip[16];
    uint16_t port_low, port_high;
    uint32_t globs, glob_count;
};

struct blob_glob {
    uint32_t code; /* bytes */
    uint32_t sets; /* bytes */
    uint16_t len;
    uint8_t set_count, hard;
};

/* --- The index: see index.c -------------------------------------------- */

struct blob_node {
    uint32_t text;     /* bytes; what a name must go on with to get here */
    uint16_t len;      /* at least 1 except for a root */
    uint16_t children;
    uint32_t child;    /* nodes, one after another */
    uint32_t accept;   /* or, as most lead to one list alone: ACCEPT_DIRECT, kind and list */
};

/* What may come after a node's text for a name to match, each with the list of
 * rules it leads to. */
enum accept_kind {
    ACCEPT_END,   /* nothing */
    ACCEPT_STAR,  /* *  */
    ACCEPT_ALL,   /* ** */
    ACCEPT_STAR1, /* ?* */
    ACCEPT_ALL1,  /* ?** */
    ACCEPT_KINDS,
};

#define ACCEPT_DIRECT 0x80000000u
#define ACCEPT_LIST 0x0fffffffu

static inline uint32_t accept_direct(enum accept_kind kind, uint32_t list)
{
    return ACCEPT_DIRECT | (uint32_t)kind << 28 | list;
}

static inline enum accept_kind accept_kind(uint32_t direct)
{
    return (enum accept_kind)(direct >> 28 & 7);
}

/* How a tail with many others beside it is found: by four bytes at a certain
 * distance from a name's end, or by 4, 3 or 2 bytes anywhere. */
enum filter_kind { FILTER_END, FILTER_4, FILTER_3, FILTER_2, FILTERS };

struct blob_accept {
    uint32_t lists[ACCEPT_KINDS];
    uint32_t tails, tail_count; /* tried one by one */
    uint32_t filters[FILTERS];  /* tails tried only where the bytes they need are */
    uint32_t pairs;             /* bytes: a bit for each pair that FILTER_4 to 2 start with; 0: none */
    uint32_t pair_bits;
    uint32_t ports;             /* node: go on there with the port (after an inet prefix) */
};

struct blob_tail {
    uint32_t glob;
    uint16_t from;    /* byte of its program */
    uint16_t min_len; /* bytes it takes at least */
    uint32_t list;
    uint32_t window;  /* behind a filter: the bytes it is found by */
    uint8_t distance; /* FILTER_END: of the window's start from the end */
    uint8_t suffix;   /* literal bytes its program ends in, before GLOB_END */
    uint16_t reserved;
};

struct blob_filter {
    uint64_t distances; /* FILTER_END: a bit for each that occurs */
    uint32_t buckets;   /* first of 2^bits + 1 */
    uint32_t bits;
};

static inline unsigned filter_width(enum filter_kind kind)
{
    return kind == FILTER_END ? 4 : 5 - (unsigned)kind;
}

static inline uint32_t filter_window(const uint8_t *at, enum filter_kind kind)
{
    uint32_t v;

    if (kind <= FILTER_4) {
        memcpy(&v, at, 4);
        return v;
    }
    v = at[0] | (uint32_t)at[1] << 8;
    return kind == FILTER_3 ? v | (uint32_t)at[2] << 16 : v;
}

/* Where a filter keeps the tails found by `window`. */
static inline uint32_t filter_bucket(uint32_t window, uint32_t distance, uint32_t bits)
{
    return (window * 0x9e3779b1u + distance * 0x85ebca6bu) >> (32 - bits);
}

static inline uint32_t filter_pair(const uint8_t *at, uint32_t bits)
{
    return ((at[0] | (uint32_t)at[1] << 8) * 0x9e3779b1u) >> (32 - bits);
}

/* Rules by what they do, each part in order. */
enum list_part {
    PART_DENY,       /* conditions on one side only (or on none: slots) */
    PART_ALLOW,
    PART_AUDIT,      /* those allows that audit, once more */
    PART_BOTH_DENY,  /* conditions on both sides */
    PART_BOTH_ALLOW,
    PART_BOTH_AUDIT,
    PARTS,
};

struct blob_list {
    uint32_t entries;
    uint32_t counts[PARTS];
};

enum {
    /* What is left to look at in the rule: */
    ENTRY_TYPE = 2,
    ENTRY_PROTOCOL = 4,
    ENTRY_MORE = 8,
    /* In slots, a deny rule that holds while an address is unknown: */
    ENTRY_LOCAL = 16, /* ... the local one, */
    ENTRY_LOCAL_PATH = 32, /* ... also when only a pathname's text is unknown, */
    ENTRY_PEER = 64,
    ENTRY_PEER_PATH = 128,
    /* The upper byte: 0 any family, this: see the rule, else the family + 1. */
    ENTRY_FAMILIES = 255,
};

struct blob_entry {
    uint32_t rule;
    uint16_t perms;
    uint16_t flags;
};

/* For one permission and one group of families. */
struct blob_slot {
    uint32_t list;
    uint16_t needs;
    uint16_t connected; /* the same where scope statements do not speak */
};

/* One way of a rule `map`: from `name` to `to`, either of which can be "fd:NAME". See map.c. */
struct blob_map {
    uint32_t name, name_len; /* string; the slash it may end in is not counted */
    uint32_t to, to_len;     /* likewise */
    uint32_t up;             /* how far before this the next shorter name stands that it starts with; 0: none */
    uint32_t source : 31, below : 1; /* below: what is below the name, too */
};

/* --- Reading a checked policy ------------------------------------------ */

static inline const void *blob_at(const void *blob, enum blob_table t)
{
    const struct blob_header *h = blob;

    return (const char *)blob + h->tables[t].at;
}

#define BLOB_TABLE(blob, type, t) ((const type *)blob_at((blob), (t)))

static inline struct glob blob_glob(const void *blob, uint32_t index)
{
    const struct blob_glob *g = BLOB_TABLE(blob, struct blob_glob, BLOB_GLOBS) + index;
    const uint8_t *bytes = blob_at(blob, BLOB_BYTES);

    return (struct glob){.code = bytes + g->code,
                         .len = g->len,
                         .set_count = g->set_count,
                         .hard = g->hard,
                         .sets = (const uint8_t(*)[32])(bytes + g->sets)};
}

static inline const struct blob_profile *blob_profile(const struct policy *p)
{
    return BLOB_TABLE(p->blob, struct blob_profile, BLOB_PROFILES) + p->profile;
}

#endif

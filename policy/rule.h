/* What the parser hands to the compiler: rules with variables expanded, words
 * turned into numbers and names turned into globs. Everything lives in the
 * arena. Private to policy/. */
#ifndef SUNSHIM_POLICY_RULE_H
#define SUNSHIM_POLICY_RULE_H

#include "glob.h"
#include "policy.h"

enum addr_match {
    ADDR_ANY,   /* no condition */
    ADDR_NONE,  /* addr=none: unnamed; with bind also autobind (R1) */
    ADDR_AUTO,  /* addr=auto: see rule.perms */
    ADDR_GLOB,  /* addr=@... or addr=/...; any of `globs` */
    ADDR_INET,  /* ip= and/or port= */
    ADDR_NOT_PATHNAME, /* AppArmor's own meaning of no addr=: abstract or unnamed */
    ADDR_PATHNAME, /* of scope statements: any pathname, resolved or not, */
    ADDR_ABSTRACT, /* any abstract name */
};

struct port_range {
    uint16_t low, high;
};

struct ip_prefix {
    uint8_t family;    /* AF_INET, AF_INET6; 0: any address */
    uint8_t bits;      /* prefix length */
    uint8_t bytes[16]; /* bits after the prefix are zero */
};

struct addr_cond { /* in this order: each rule has two, and compiling goes over all of them */
    const struct glob *globs; /* ADDR_GLOB; the values of variables, each tried */
    uint32_t glob_count;
    struct port_range port;   /* ADDR_INET; 0..65535 when not given */
    struct ip_prefix ip;      /* ADDR_INET */
    enum addr_match match : 8;
};

/* Among the permissions of inject rules, which tell socketpair(2) from socket(2): CREATE
 * is about the latter alone there. */
#define PERM_PAIR (1u << 15)

/* What the parser promises: perms, families and types are not empty; CREATE comes
 * without a local condition (a socket has no address yet); ADDR_AUTO is local and
 * comes with BIND alone; a condition on the peer comes with permissions of
 * POLICY_PEER_PERMS alone, uid and exes with ACCEPT and RECEIVE alone; bound with
 * unix, inet and inet6, uid and exes with unix alone; fd_given with INHERIT alone;
 * made with a peer that is ADDR_PATHNAME or ADDR_ABSTRACT, which nothing else has;
 * err, quiet only where deny, audit only where not; inject without any of these. */
struct rule {
    bool deny;
    bool audit;            /* audit allow: record it */
    bool quiet;            /* quiet deny (or plain deny in AppArmor's meaning): no record */
    bool own;              /* for the parser: profiles have versions of their own of it */
    uint32_t perms;        /* enum policy_perm; AUTOBIND never (it became BIND + ADDR_AUTO) */
    uint64_t families;     /* bit AF_x */
    uint32_t types;        /* bit SOCK_x; all ones: any */
    int protocol;          /* -1: any */
    struct addr_cond local, peer;
    const struct glob *labels; /* peer=(label=...); NULL: any */
    uint32_t label_count;
    const struct glob *exes; /* peer=(exe=...); NULL: any */
    uint32_t exe_count;
    enum policy_scope bound; /* peer=(scope=...); UNKNOWN: any */
    enum policy_scope made;  /* of a scope statement, which is a deny rule: OUTSIDE */
    bool uid_given, fd_given;
    uint32_t uid;            /* peer=(uid=...) */
    uint32_t fd_low, fd_high; /* fd=...; inherit only */
    bool names_inherit;      /* the rule's text has the word */
    int err;               /* 0: EACCES */
    const struct policy_inject *inject; /* NULL: the rule decides */
    uint32_t source;       /* number of the source rule; several rules may share it */
};

/* Where source rule N stands. */
struct rule_source {
    const char *file;
    unsigned line;
    const char *text;
    size_t text_len;
    bool deny, inject;
};

/* A profile's maps as map.h has them: `count` by FROM and `count` by TO. Their texts are
 * those of the ruleset. */
struct profile_maps {
    const struct blob_map *maps;
    uint32_t count;
};

struct profile {
    const char *name;         /* NULL: the bare rules */
    const struct glob *attachments; /* any of them */
    uint32_t attachment_count;
    bool complain, default_allow;
    const struct rule *rules; /* its own and the bare ones, in file order (by source) */
    uint32_t rule_count;
    struct profile_maps maps; /* the very entries of the bare rules where there are no others */
};

/* A parsed policy: profiles[0] is always the bare rules. */
struct ruleset {
    const char *name;
    const struct profile *profiles;
    uint32_t profile_count;
    const struct rule_source *sources;
    uint32_t source_count;
    const char *map_texts;    /* terminated names */
    uint32_t map_text_len;
};

/* parse.c: -EINVAL after reporting every error, -ENOMEM. */
int policy_parse(const struct policy_input *in, struct arena *arena, struct ruleset *out);

/* layout.c: lays the rules out with their index. -ENOMEM, -E2BIG. */
int policy_layout(const struct ruleset *rules, bool keep_text, struct arena *arena, const void **blob,
                  size_t *len);

#endif

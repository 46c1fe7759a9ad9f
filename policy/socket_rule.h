/* unix, network and all rules while they are read. Private to the parser. */
#ifndef SUNSHIM_POLICY_SOCKET_RULE_H
#define SUNSHIM_POLICY_SOCKET_RULE_H

#include "parse.h"

/* A rule as written, before it is split into what the compiler takes. */
struct draft {
    struct rule r;
    const struct prefix *pre;
    struct span keyword;
    bool unix_rule;
    bool perms_given;      /* otherwise: all that fit */
    bool family_given;
    bool local_given, peer_given; /* some condition on that side */
    struct span perms_at;
    struct span local_at, peer_at; /* the address condition, for messages */
    struct span ip_at, who_at; /* the value of ip=; uid= or exe= */
    struct span short_at;
    struct policy_inject inject;
    unsigned seen;         /* bits of enum condition, to refuse doubles */
};

enum condition {
    COND_TYPE,
    COND_PROTOCOL,
    COND_FD,
    COND_ERRNO, /* from here on also after peer=() */
    COND_WHEN, /* of inject rules */
    COND_CHANCE,
    COND_SEED,
    COND_DELAY,
    COND_SHORT,
    COND_EACH,
    COND_ADDR, /* from here on of one side */
    COND_IP,
    COND_PORT,
    COND_LABEL, /* from here on of the peer */
    COND_SCOPE,
    COND_UID,
    COND_EXE,
    COND_COUNT,
    COND_PEER = COND_COUNT - COND_ADDR, /* added for the peer's side */
};

/* socket_words.c: what stands before the conditions. */
bool parse_perms(struct parser *p, struct draft *d);
bool parse_network_words(struct parser *p, struct draft *d);
bool say_perm(struct parser *p, struct span word); /* it is not one */

/* socket_conds.c: to the comma that ends the rule. */
bool parse_conditions(struct parser *p, struct draft *d);
/* parse_inject.c: the conditions of inject rules, and what they have to be together. */
bool parse_inject_condition(struct parser *p, struct draft *d, enum condition c, struct span value);
bool check_inject(struct parser *p, struct draft *d);

/* socket_conds.c: errno=, of statements that have no other condition; it may be left out. */
bool parse_only_errno(struct parser *p, struct draft *d);

#endif

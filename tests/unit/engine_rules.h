/* Rules and queries for the tests of what rules mean; they use one lab. */
#ifndef SUNSHIM_TESTS_ENGINE_RULES_H
#define SUNSHIM_TESTS_ENGINE_RULES_H

#include "engine_support.h"

/* Started and ended around each test of the suite `engine`. */
extern struct lab lab;

/* "@..." is an abstract name, "/..." a pathname. Eight of them last. */
struct policy_addr named(const char *text);
struct policy_addr of_kind(enum policy_addr_kind kind);

/* Stream sockets, the peer unconfined. */
struct policy_query unix_query(uint32_t perm, struct policy_addr local, struct policy_addr peer);
struct policy_query connect_to(const char *peer);
struct policy_query bind_to(struct policy_addr local);

/* The answer of the policy that lab_build() made. */
struct policy_verdict decide(struct policy_query q);
bool permitted(struct policy_query q);

/* A rule that denies; a rule with one more condition, as lab_cond() reads it. */
struct rule *deny(uint32_t perms);
struct rule *with_peer(struct rule *r, const char *peer);
struct rule *with_local(struct rule *r, const char *local);
struct rule *naming_inherit(struct rule *r);
struct rule *with_fd(struct rule *r, uint32_t low, uint32_t high);
/* What `scope KIND,` says: "pathname" or "abstract". */
struct rule *scope_statement(const char *kind);

#endif

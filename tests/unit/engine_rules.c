#include "engine_rules.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct lab lab;

static void start(void)
{
    lab_start(&lab, 64, 1);
}

static void end(void)
{
    lab_end(&lab);
}

TestSuite(engine, .init = start, .fini = end);

struct policy_addr named(const char *text)
{
    static char copies[8][64];
    static unsigned next;
    char *copy = copies[next++ % 8];

    strcpy(copy, text + (*text == '@'));
    return (struct policy_addr){.kind = *text == '@' ? POLICY_ADDR_ABSTRACT : POLICY_ADDR_PATHNAME,
                                .bytes = copy,
                                .len = (uint32_t)strlen(copy)};
}

struct policy_addr of_kind(enum policy_addr_kind kind)
{
    return (struct policy_addr){.kind = kind};
}

struct policy_query unix_query(uint32_t perm, struct policy_addr local, struct policy_addr peer)
{
    return (struct policy_query){.perm = perm,
                                 .family = AF_UNIX,
                                 .type = SOCK_STREAM,
                                 .protocol = 0,
                                 .local = local,
                                 .peer = peer,
                                 .label = "unconfined"};
}

struct policy_query connect_to(const char *peer)
{
    return unix_query(POLICY_CONNECT, of_kind(POLICY_ADDR_NONE), named(peer));
}

struct policy_query bind_to(struct policy_addr local)
{
    return unix_query(POLICY_BIND, local, of_kind(POLICY_ADDR_NONE));
}

struct policy_verdict decide(struct policy_query q)
{
    struct policy_verdict v;

    policy_decide(&lab.policy, &q, &v);
    return v;
}

bool permitted(struct policy_query q)
{
    struct policy_verdict v = decide(q);

    return v.outcome == POLICY_ALLOWED || v.outcome == POLICY_AUDITED;
}

struct rule *deny(uint32_t perms)
{
    struct rule *r = lab_rule(&lab, perms);

    r->deny = true;
    return r;
}

struct rule *with_peer(struct rule *r, const char *peer)
{
    r->peer = lab_cond(&lab, peer);
    return r;
}

struct rule *with_local(struct rule *r, const char *local)
{
    r->local = lab_cond(&lab, local);
    return r;
}

struct rule *scope_statement(const char *kind)
{
    struct rule *r = with_peer(deny(POLICY_CONNECT | POLICY_SEND), kind);

    r->made = POLICY_SCOPE_OUTSIDE;
    r->err = EPERM;
    return r;
}

struct rule *naming_inherit(struct rule *r)
{
    r->names_inherit = true;
    return r;
}

struct rule *with_fd(struct rule *r, uint32_t low, uint32_t high)
{
    r->fd_given = true;
    r->fd_low = low;
    r->fd_high = high;
    return naming_inherit(r);
}

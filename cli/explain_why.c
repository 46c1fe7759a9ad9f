/* Why a call is denied, and what would allow it. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "explain.h"
#include "policy/hint.h"

enum { NEAREST_MAX = 3 };

static bool not_given(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_UNKNOWN && !a->bytes;
}

/* Of the sockets' addresses: why a condition on one does not hold. */
static const char *address_reason(const struct policy_addr *a, bool peer)
{
    if (a->kind != POLICY_ADDR_UNKNOWN)
        return peer ? "the peer's address does not match" : "the own address does not match";
    if (not_given(a))
        return peer ? "it has a condition on the peer's address, and none was given"
                    : "it has a condition on the own address, and none was given";
    return peer ? "it has a condition on the peer's address, which is not known here"
                : "it has a condition on the own address, which is not known here";
}

static const char *scope_reason(enum policy_scope bound)
{
    return bound == POLICY_SCOPE_INSIDE    ? "the peer's socket was bound inside this run"
           : bound == POLICY_SCOPE_OUTSIDE ? "the peer's socket was bound outside this run"
                                           : "it has a scope=, and who bound the peer's socket is not known";
}

static const char *fd_reason(const struct policy_query *q)
{
    return q->exempt   ? "only rules with its fd= are about this descriptor"
           : q->fd < 0 ? "it has an fd=, and none was given"
                       : "another fd=";
}

static const char *reason(enum policy_miss miss, const struct policy_query *q)
{
    switch (miss) {
    case POLICY_MISS_PERM:
        return "another permission";
    case POLICY_MISS_TYPE:
        return q->type < 0 ? "it has a type=, and none was given" : "another type=";
    case POLICY_MISS_PROTOCOL:
        return q->protocol < 0 ? "it has a protocol, and none was given" : "another protocol";
    case POLICY_MISS_LOCAL:
        return address_reason(&q->local, false);
    case POLICY_MISS_PEER:
        return address_reason(&q->peer, true);
    case POLICY_MISS_LABEL:
        return q->label ? "the peer's label does not match" : "it has a label=, and the peer's is not known";
    case POLICY_MISS_SCOPE:
        return scope_reason(q->bound);
    case POLICY_MISS_UID:
        return q->uid_known ? "the peer has another uid" : "it has a uid=, and the peer's is not known";
    case POLICY_MISS_EXE:
        return q->exe ? "the peer's executable does not match" : "it has an exe=, and the peer's is not known";
    case POLICY_MISS_FD:
        return fd_reason(q);
    default:
        return "another family";
    }
}

/* Near is a rule all of whose conditions before the one that fails hold. One about another family is not. */
void explain_nearest(const struct policy *p, const struct policy_query *q)
{
    enum policy_miss best = POLICY_MISS_FAMILY;
    struct policy_rule_info info;
    unsigned shown = 0;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < policy_rule_count(p) && shown < NEAREST_MAX; i++) {
            if (!policy_rule_active(p, i) || !policy_rule(p, i, &info) || info.deny)
                continue;
            enum policy_miss miss = policy_rule_miss(p, i, q);
            char tail[96];

            if (pass == 0 && miss > best)
                best = miss;
            if (pass == 0 || miss != best || best == POLICY_MISS_FAMILY)
                continue;
            snprintf(tail, sizeof tail, " (%s)", reason(miss, q));
            explain_rule("nearest", p, i, tail);
            shown++;
        }
    if (!shown)
        puts("nearest: none");
}

static bool is_ip(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

const char *explain_port_missing(const struct policy_query *q, const struct asked *a)
{
    if (q->perm & POLICY_PEER_PERMS)
        return is_ip(&q->peer) && !a->peer_port ? "peer_port" : NULL;
    return is_ip(&q->local) && !a->local_port ? "port" : NULL;
}

static void print_unknown_peer(uint32_t needs, const struct policy_query *q)
{
    if (needs & POLICY_NEEDS_BOUND && !q->bound)
        puts("note: rules ask who bound the peer's socket; peer_scope= was not given");
    if (needs & POLICY_NEEDS_MADE && !q->made)
        puts("note: rules ask who created the peer's socket; peer_made= was not given");
    if (needs & POLICY_NEEDS_LABEL && !q->label)
        puts("note: rules ask for the peer's label; peer_label= was not given");
    if (needs & POLICY_NEEDS_UID && !q->uid_known)
        puts("note: rules ask for the peer's uid; peer_uid= was not given");
    if (needs & POLICY_NEEDS_EXE && !q->exe)
        puts("note: rules ask for the peer's executable; peer_exe= was not given");
}

static void print_unknown(const struct policy *p, const struct policy_query *q)
{
    uint32_t needs = policy_needs(p, q->perm, q->family);

    if (needs & POLICY_NEEDS_TYPE && q->type < 0)
        puts("note: rules ask for the type; type= was not given");
    if (needs & POLICY_NEEDS_PROTOCOL && q->protocol < 0)
        puts("note: rules ask for the protocol; protocol= was not given");
    if (needs & POLICY_NEEDS_LOCAL && not_given(&q->local))
        printf("note: rules ask for the own address; %s= was not given\n", q->family == AF_UNIX ? "addr" : "ip");
    if (needs & POLICY_NEEDS_PEER && not_given(&q->peer))
        printf("note: rules ask for the peer's address; %s= was not given%s\n",
               q->family == AF_UNIX ? "peer_addr" : "peer_ip",
               not_given(&q->local) ? "" : " (what was given is the own address)");
    print_unknown_peer(needs, q);
    if (q->perm == POLICY_INHERIT && q->fd < 0)
        puts("note: fd= was not given");
}

static void print_hint(const struct policy_query *q, const struct asked *a, bool explicit_deny)
{
    char room[4 * POLICY_NAME_MAX + 256];
    struct text t = text_into(room, sizeof room);

    if (explicit_deny) {
        puts("hint: no allow rule can override a deny; remove or narrow that rule");
        return;
    }
    if (!policy_hint(&t, q) || t.full)
        return;
    char *hint = text_done(&t), *zero = strstr(hint, " port=0");
    if (zero && explain_port_missing(q, a)) /* nobody asked for port 0 */
        memmove(zero, zero + 7, strlen(zero + 7) + 1);
    printf("hint: add: %s\n", hint);
}

void explain_remedy(const struct policy *p, const struct policy_query *q, const struct asked *a, bool explicit_deny)
{
    print_unknown(p, q);
    print_hint(q, a, explicit_deny);
}

#include "free.h"

#include <string.h>
#include <sys/socket.h>

/* What of struct state's free_ fields is about: a permission, or FREE_CONNECTED. */
static uint32_t perm_of(unsigned i)
{
    return i == FREE_CONNECTED ? POLICY_SEND : 1u << i;
}

static uint32_t needs_of(const struct policy *p, unsigned i, int family)
{
    return i == FREE_CONNECTED ? policy_needs_connected(p, POLICY_SEND, family) : policy_needs(p, 1u << i, family);
}

static enum policy_outcome constant_outcome(const struct active_layer *layer, uint32_t perm, int family)
{
    struct policy_query q = {
        .perm = perm, .family = family, .type = -1, .protocol = -1, .made = POLICY_SCOPE_INSIDE};
    struct policy_verdict v;

    policy_decide(&layer->policy, &q, &v);
    return v.outcome;
}

static bool all_free(const struct state *s, unsigned which, int family)
{
    for (unsigned i = 0; i < s->layer_count; i++)
        if (needs_of(&s->layers[i].policy, which, family) != 0 ||
            (s->injects && policy_inject_needs(&s->layers[i].policy, perm_of(which), family)) ||
            constant_outcome(&s->layers[i], perm_of(which), family) != POLICY_ALLOWED)
            return false;
    return true;
}

/* True when some layer never lets the process make a socket of the family. */
static bool cannot_create(const struct state *s, int family)
{
    for (unsigned i = 0; i < s->layer_count; i++) {
        const struct active_layer *layer = &s->layers[i];

        if (s->complain || layer->complain || policy_needs(&layer->policy, POLICY_CREATE, family) != 0)
            continue;
        enum policy_outcome outcome = constant_outcome(layer, POLICY_CREATE, family);
        if (outcome == POLICY_DENIED || outcome == POLICY_QUIET)
            return true;
    }
    return false;
}

/* Families whose sockets can be there. IPv6 sockets have IPv4 peers as well. */
static uint64_t possible_families(const struct state *s)
{
    uint64_t possible = 0;

    for (int family = 0; family < POLICY_FAMILIES; family++)
        if (!cannot_create(s, family))
            possible |= 1ull << family;
    if (possible >> AF_INET6 & 1)
        possible |= 1ull << AF_INET;
    return possible;
}

static void find_perm(struct state *s, unsigned i, uint64_t possible)
{
    const uint64_t common = 1ull << AF_UNIX | 1ull << AF_INET | 1ull << AF_INET6 | 1ull << AF_NETLINK;

    s->free_always[i] = all_free(s, i, -1);
    if (s->free_always[i])
        s->free_families[i] = (1ull << POLICY_FAMILIES) - 1;
    for (uint64_t left = s->free_always[i] ? 0 : possible | common; left; left &= left - 1)
        if (all_free(s, i, __builtin_ctzll(left)))
            s->free_families[i] |= left & -left;
    s->free_created[i] = (possible & ~s->free_families[i]) == 0;
}

void free_find(struct state *s)
{
    uint64_t possible = possible_families(s);

    for (unsigned i = 0; i < POLICY_PERM_COUNT; i++)
        if (!(1u << i & (POLICY_AUTOBIND | POLICY_INHERIT)))
            find_perm(s, i, possible);
    find_perm(s, FREE_CONNECTED, possible);
    s->autobind_matters = s->remembers || !(s->free_families[perm_index(POLICY_BIND)] >> AF_UNIX & 1);
    if (s->traces) { /* which rule it was is to be told of every call */
        memset(s->free_families, 0, sizeof s->free_families);
        memset(s->free_always, 0, sizeof s->free_always);
        memset(s->free_created, 0, sizeof s->free_created);
    }
}

/* unix, network and all: the rules about sockets. What is written is checked as a
 * whole and split into rules that the compiler takes. */
#include "socket_rule.h"

#include <sys/socket.h>

/* The permissions that do not go with a condition, in words. */
static bool say_perms(struct parser *p, struct draft *d, uint32_t wrong, const char *why)
{
    char buffer[320];
    struct text t = text_into(buffer, sizeof buffer);
    bool first = true;

    for (uint32_t bit = 1; bit <= POLICY_INHERIT; bit <<= 1)
        if (wrong & bit) {
            text_str(&t, first ? "'" : ", '");
            text_str(&t, policy_perm_name(bit));
            text_byte(&t, '\'');
            first = false;
        }
    text_str(&t, " cannot be used with ");
    text_str(&t, why);
    return say_text(p, d->perms_at, NULL, &t);
}

#define INET (1ull << AF_INET | 1ull << AF_INET6)
#define SEEN(c) (1u << (c) | 1u << ((c) + COND_PEER))

/* Leaves the families that the conditions `seen` are about. */
static bool narrow(struct parser *p, struct draft *d, unsigned seen, uint64_t families, const char *message)
{
    if (!(d->seen & seen))
        return true;
    d->r.families &= families;
    return d->r.families ? true : say_error(p, d->local_at.at ? d->local_at : d->peer_at, NULL, "%s", message);
}

/* The families of a network rule that its conditions are about. A run remembers who
 * bound what of unix, inet and inet6 alone; who is at the other end only unix says. */
static bool check_families(struct parser *p, struct draft *d)
{
    const struct addr_cond *sides[2] = {&d->r.local, &d->r.peer};

    if (!narrow(p, d, SEEN(COND_IP) | SEEN(COND_PORT), INET, "ip= and port= go with inet and inet6 only") ||
        !narrow(p, d, SEEN(COND_UID) | SEEN(COND_EXE), 1ull << AF_UNIX,
                "uid= and exe= go with unix only: no other socket says who is there") ||
        !narrow(p, d, SEEN(COND_SCOPE) | SEEN(COND_LABEL), 1ull << AF_UNIX | INET,
                "scope= and label= go with unix, inet and inet6 only"))
        return false;
    for (int i = 0; i < 2; i++) {
        if (sides[i]->match != ADDR_INET || !sides[i]->ip.family)
            continue;
        d->r.families &= 1ull << sides[i]->ip.family;
        if (!d->r.families)
            return say_error(p, d->ip_at, NULL, "'%w' is not an address of this family", &d->ip_at);
    }
    return true;
}

/* The permissions that go with the conditions; all of those when none is named. */
static bool check_perms(struct parser *p, struct draft *d)
{
    const struct {
        bool given;
        uint32_t perms;
        const char *why;
    } needs[] = {
        {d->peer_given, POLICY_PEER_PERMS, "peer=(): only accept, connect, send and receive have a peer"},
        {d->who_at.at, POLICY_ACCEPT | POLICY_RECEIVE, "uid= and exe=: only accept and receive know who the peer is"},
        {d->r.fd_given, POLICY_INHERIT, "fd=: it goes with inherit only"},
        {d->pre->inject, INJECT_PERMS | (d->r.perms & POLICY_AUTOBIND), "inject"},
        {d->inject.size, POLICY_SEND | POLICY_RECEIVE, "short=: only sends and receives have a size"},
    };
    uint32_t fit = d->pre->inject ? INJECT_PERMS : ALL_PERMS;

    for (unsigned i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (!needs[i].given)
            continue;
        if (d->r.perms & ~needs[i].perms) /* so far those that are named */
            return say_perms(p, d, d->r.perms & ~needs[i].perms, needs[i].why);
        fit &= needs[i].perms;
    }
    if (!fit)
        return say_error(p, d->peer_at, NULL, "fd= cannot be used with peer=(): inherit has no peer");
    if (!d->perms_given)
        d->r.perms = fit;
    return true;
}

static bool check_draft(struct parser *p, struct draft *d)
{
    if (d->pre->owner)
        return say_error(p, d->pre->owner_word, NULL, "'%w' cannot stand before a %w rule",
                         &d->pre->owner_word, &d->keyword);
    if (d->pre->priority)
        return say_error(p, d->pre->priority_word, "deny rules win whatever the order",
                         "priorities of %w rules are not supported in this version", &d->keyword);
    if (!check_perms(p, d))
        return false;
    if ((d->r.perms & POLICY_AUTOBIND) && d->r.local.match == ADDR_GLOB)
        return say_error(p, d->local_at, "write (bind) for a name the program chooses",
                         "'autobind' goes with addr=auto only: the kernel chooses the name");
    return (d->unix_rule || check_families(p, d)) && (!d->pre->inject || check_inject(p, d));
}

/* What Linux gives to a socket that binds without a name. */
static bool auto_pattern(struct parser *p, struct addr_cond *cond)
{
    static const char pattern[] = "@[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]";

    if (cond->match != ADDR_AUTO)
        return true;
    cond->match = ADDR_GLOB;
    return parse_names(p, NAME_ADDRESS, span_of(pattern, sizeof pattern - 1), &cond->globs, &cond->glob_count);
}

/* AppArmor has no inject rules; they mean what they mean elsewhere. */
static bool by_apparmor(const struct parser *p, const struct rule *r)
{
    return p->src->apparmor && !r->inject;
}

/* In AppArmor's meaning a side without an address is anything but a pathname:
 * those belong to the file rules. */
static void add_apparmor(struct parser *p, struct rule *r)
{
    struct rule peers = *r;

    if (r->local.match == ADDR_ANY)
        peers.local.match = r->local.match = ADDR_NOT_PATHNAME;
    if (r->peer.match == ADDR_ANY)
        peers.peer.match = ADDR_NOT_PATHNAME;
    r->perms &= ~(uint32_t)POLICY_PEER_PERMS;
    peers.perms &= POLICY_PEER_PERMS;
    if (r->perms)
        add_rule(p, r);
    if (peers.perms)
        add_rule(p, &peers);
}

/* A socket has no address yet when it is created: create goes by family, type and
 * protocol alone, as in AppArmor. A denial that is meant for one address, and does
 * not say create, is not about creation, AppArmor's meaning apart. */
static void add_create(struct parser *p, struct draft *d, struct rule *r)
{
    bool for_one_address = (r->deny || r->inject) && !d->perms_given && !by_apparmor(p, r);
    struct rule part;

    if (!d->local_given && !(by_apparmor(p, r) && (r->families & 1ull << AF_UNIX)))
        return;
    part = *r;
    part.perms &= INJECT_CREATE;
    part.local = (struct addr_cond){.match = ADDR_ANY};
    r->perms &= ~(uint32_t)INJECT_CREATE;
    if (part.perms && !for_one_address)
        add_rule(p, &part);
}

/* bind without a name. */
static void add_autobind(struct parser *p, struct rule *r, bool bind_too)
{
    struct rule part = *r;

    part.perms = POLICY_BIND;
    part.local = (struct addr_cond){.match = ADDR_AUTO};
    add_rule(p, &part);
    r->perms &= ~(uint32_t)(POLICY_AUTOBIND | (bind_too ? POLICY_BIND : 0));
}

static void add_unix(struct parser *p, struct draft *d, struct rule *r)
{
    bool is_auto = r->local.match == ADDR_AUTO;

    add_create(p, d, r);
    if ((r->perms & POLICY_AUTOBIND) || (is_auto && (r->perms & POLICY_BIND)))
        add_autobind(p, r, is_auto);
    if (!r->perms || !auto_pattern(p, &r->local) || !auto_pattern(p, &r->peer))
        return;
    if (by_apparmor(p, r))
        add_apparmor(p, r);
    else
        add_rule(p, r);
}

static void add_network(struct parser *p, struct draft *d, struct rule *r)
{
    if (by_apparmor(p, r) && (r->families & 1ull << AF_UNIX)) {
        struct rule unix_part = *r;

        unix_part.families = 1ull << AF_UNIX;
        add_unix(p, d, &unix_part);
        r->families &= ~(1ull << AF_UNIX);
        if (!r->families)
            return;
    }
    add_create(p, d, r);
    if (r->perms)
        add_rule(p, r);
}

static void add_split(struct parser *p, struct draft *d, struct rule *r)
{
    if (!r->perms)
        return;
    if (d->unix_rule)
        add_unix(p, d, r);
    else
        add_network(p, d, r);
}

/* A datagram goes whole or not at all: short= is about what streams send. */
static void add_short_sends(struct parser *p, struct draft *d)
{
    struct rule sends = d->r;

    sends.perms &= POLICY_SEND;
    sends.types &= 1u << SOCK_STREAM;
    d->r.perms &= ~(uint32_t)POLICY_SEND;
    if (sends.types)
        add_split(p, d, &sends);
}

bool parse_socket_rule(struct parser *p, const struct prefix *pre, struct span keyword)
{
    struct draft d = {.pre = pre, .keyword = keyword, .unix_rule = span_is(keyword, "unix")};

    d.r.deny = pre->deny;
    d.r.audit = pre->audit && !pre->deny;
    d.r.quiet = pre->quiet || (pre->deny && p->src->apparmor && !pre->audit);
    d.r.types = UINT32_MAX;
    d.r.protocol = -1;
    d.r.families = d.unix_rule ? 1ull << AF_UNIX : ALL_FAMILIES;
    d.r.local.port.high = d.r.peer.port.high = UINT16_MAX;
    d.inject = (struct policy_inject){.first = 1, .last = UINT64_MAX, .step = 1, .chance = 1000000000};
    if (!parse_perms(p, &d) || (!d.unix_rule && !parse_network_words(p, &d)) || !parse_conditions(p, &d) ||
        !end_rule(p) || !check_draft(p, &d))
        return false;
    if (d.inject.size)
        add_short_sends(p, &d);
    add_split(p, &d, &d.r);
    return !p->failed;
}

/* [allow|deny] all, : every family, every permission, every address. */
bool parse_all_rule(struct parser *p, const struct prefix *pre)
{
    struct draft d = {.pre = pre, .keyword = span_of("all", 3)};

    d.r = (struct rule){
        .deny = pre->deny,
        .audit = pre->audit && !pre->deny,
        .quiet = pre->quiet || (pre->deny && p->src->apparmor && !pre->audit),
        .families = ALL_FAMILIES,
        .perms = ALL_PERMS,
        .types = UINT32_MAX,
        .protocol = -1,
    };
    if (pre->owner || pre->priority)
        return check_draft(p, &d);
    if (!parse_only_errno(p, &d) || !end_rule(p))
        return false;
    p->deny_all |= pre->deny && !p->dead;
    add_rule(p, &d.r);
    return !p->failed;
}

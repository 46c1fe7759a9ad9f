/* unix, network and all: the rules about sockets. */
#include "parse.h"

#include <string.h>
#include <sys/socket.h>

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
    struct span ip_at;
    unsigned seen;         /* bits of enum condition, to refuse doubles */
};

enum condition {
    COND_TYPE,
    COND_PROTOCOL,
    COND_ERRNO,
    COND_ADDR,
    COND_IP,
    COND_PORT,
    COND_LABEL,
    COND_COUNT,
    COND_PEER = COND_COUNT, /* added for the peer's side */
};

static const char perm_words[] = "create\0bind\0listen\0accept\0connect\0send\0receive\0getattr\0setattr\0"
                                 "getopt\0setopt\0shutdown\0autobind\0read\0write\0";

/* --- Permissions ----------------------------------------------------------- */

static bool say_perm(struct parser *p, struct span word)
{
    struct guess g = guess_for(word);
    char hint[SUGGESTION_MAX];

    guess_list(&g, perm_words);
    return say_error(p, word, guess_text(&g, hint), "'%w' is not a permission", &word);
}

static bool add_perm(struct parser *p, struct draft *d, struct span word)
{
    int32_t perm = policy_perm_word(word.at, word.len);

    if (perm < 0)
        return say_perm(p, word);
    if (perm == POLICY_INHERIT)
        return say_error(p, word, NULL, "'inherit' is not supported in this version");
    if (perm == POLICY_AUTOBIND && !d->unix_rule)
        return say_error(p, word, NULL, "'autobind' goes with unix rules only");
    d->r.perms |= (uint32_t)perm;
    d->perms_given = true;
    return true;
}

static bool parse_perm_list(struct parser *p, struct draft *d)
{
    const char *open = p->src->at++;
    bool ok = true;

    for (;;) {
        struct span word;

        skip_blank(p);
        if (take(p, ','))
            continue;
        if (take(p, ')'))
            break;
        if (list_breaks(p))
            return say_error(p, span_of(open, 1), NULL, "this '(' is not closed");
        if (!take_value(p, true, &word))
            return false;
        ok &= add_perm(p, d, word); /* every wrong word is worth a message */
    }
    d->perms_at = span_of(open, (size_t)(p->src->at - open));
    return ok;
}

/* Letters outside parentheses: AppArmor's scanner knows these alone. */
static bool is_permission(struct span word)
{
    if (memchr("rwRW", *word.at, 4) && word.len <= 3)
        return span_is(word, "r") || span_is(word, "w") || span_is(word, "rw") || span_is(word, "wr");
    return policy_perm_word(word.at, word.len) >= 0;
}

/* Without parentheses there is one permission. */
static bool parse_perms(struct parser *p, struct draft *d)
{
    struct span word;

    skip_blank(p);
    if (peek(p) == '(')
        return parse_perm_list(p, d);
    word = peek_word(p);
    if (!word.len || at_condition(p) || !is_permission(word))
        return true;
    take_word(p);
    d->perms_at = word;
    return add_perm(p, d, word);
}

/* --- Family, type and protocol of network rules ------------------------------ */

/* tcp and udp stand for a type; icmp is a protocol over raw sockets of inet. */
static uint64_t protocol_families(struct span word)
{
    if (span_is(word, "tcp") || span_is(word, "udp"))
        return 1ull << AF_INET | 1ull << AF_INET6;
    return span_is(word, "icmp") ? 1ull << AF_INET : 0;
}

static bool set_type(struct draft *d, struct span word)
{
    int type = policy_type_word(word.at, word.len);

    if (type <= 0 || span_is(word, "dccp"))
        return false;
    d->r.types = 1u << type;
    return true;
}

static bool set_protocol(struct draft *d, struct span word)
{
    uint64_t families = protocol_families(word);

    if (!(families & d->r.families))
        return false;
    d->r.families &= families;
    d->r.types = 1u << (span_is(word, "tcp") ? SOCK_STREAM : span_is(word, "udp") ? SOCK_DGRAM : SOCK_RAW);
    if (span_is(word, "icmp"))
        d->r.protocol = 1;
    return true;
}

static bool say_network_word(struct parser *p, struct draft *d, struct span word)
{
    struct guess g = guess_for(word);
    char hint[SUGGESTION_MAX];

    if (d->family_given && protocol_families(word))
        return say_error(p, word, NULL, "'%w' is not a protocol of this family", &word);
    if (!d->family_given) {
        for (int i = 1; i < POLICY_FAMILIES; i++)
            if (policy_family_name(i))
                guess_try(&g, policy_family_name(i));
        guess_list(&g, perm_words);
    }
    guess_list(&g, "stream\0dgram\0seqpacket\0rdm\0raw\0packet\0tcp\0udp\0icmp\0");
    if (d->family_given)
        return say_error(p, word, guess_text(&g, hint), "'%w' is not a socket type or protocol", &word);
    return say_error(p, word, guess_text(&g, hint), "'%w' is not a family, socket type or protocol", &word);
}

/* AppArmor's scanner takes "inet,unix" for one word. */
static bool blank_after_comma(struct parser *p)
{
    char next = peek_at(p, 1);

    if (peek(p) != ',' || !next || is_blank(next) || next == '}')
        return true;
    return say_error(p, span_of(p->src->at, 1), NULL, "a blank is missing after the comma");
}

static bool read_network_words(struct parser *p, struct draft *d)
{
    struct span word;
    int family;

    skip_blank(p);
    word = peek_word(p);
    if (!word.len || at_condition(p))
        return true;
    take_word(p);
    family = policy_family_word(word.at, word.len);
    if (family < 0) /* a type or protocol of every family that has it */
        return set_type(d, word) || set_protocol(d, word) || say_network_word(p, d, word);
    d->r.families = 1ull << family;
    d->family_given = true;
    skip_blank(p);
    word = peek_word(p);
    if (!word.len || at_condition(p))
        return true;
    take_word(p);
    return set_type(d, word) || set_protocol(d, word) || say_network_word(p, d, word);
}

static bool parse_network_words(struct parser *p, struct draft *d)
{
    return read_network_words(p, d) && blank_after_comma(p);
}

/* --- Conditions -------------------------------------------------------------- */

static const char condition_names[COND_COUNT][12] = {"type", "protocol", "errno", "addr", "ip", "port", "label"};

static bool say_condition(struct parser *p, struct draft *d, struct span name, bool peer)
{
    struct guess g = guess_for(name);
    char hint[SUGGESTION_MAX];

    if (span_is(name, "scope") || span_is(name, "uid") || span_is(name, "exe"))
        return say_error(p, name, NULL, "'%w=' is not supported in this version", &name);
    if (span_is(name, "interface"))
        return say_error(p, name, NULL, "'interface=' is not supported: sockets do not say");
    if (!peer)
        guess_list(&g, "type\0protocol\0errno\0peer\0");
    guess_list(&g, d->unix_rule ? "addr\0" : "ip\0port\0");
    if (peer)
        guess_list(&g, "label\0");
    return say_error(p, name, guess_text(&g, hint), "'%w' is not a condition of %s%w rules", &name,
                     peer ? "the peer in " : "", &d->keyword);
}

/* Which condition it is, if it can stand here; COND_COUNT after an error. */
static enum condition condition_of(struct parser *p, struct draft *d, struct span name, bool peer)
{
    enum condition c = 0;
    unsigned bit;

    while (c < COND_COUNT && !span_is(name, condition_names[c]))
        c++;
    if (c == COND_COUNT || (d->unix_rule ? c == COND_IP || c == COND_PORT : c == COND_ADDR)) {
        say_condition(p, d, name, peer);
        return COND_COUNT;
    }
    if (peer && c <= COND_ERRNO) {
        say_error(p, name, NULL, "'%w=' cannot stand in peer=()", &name);
        return COND_COUNT;
    }
    if (!peer && c == COND_LABEL) {
        say_error(p, name, "write peer=(label=...)", "'label=' is about the peer");
        return COND_COUNT;
    }
    bit = 1u << (c + (peer ? COND_PEER : 0));
    if (d->seen & bit) {
        say_error(p, name, NULL, "'%w=' stands here twice", &name);
        return COND_COUNT;
    }
    d->seen |= bit;
    return c;
}

static bool set_errno(struct parser *p, struct draft *d, struct span name, struct span value)
{
    int err = policy_errno_word(value.at, value.len);
    struct guess g = guess_for(value);
    char hint[SUGGESTION_MAX];

    if (!d->pre->deny)
        return say_error(p, name, NULL, "errno= goes with deny only");
    d->r.err = err;
    if (err > 0)
        return true;
    for (int i = 1; i < 140; i++)
        if (policy_errno_name(i))
            guess_try(&g, policy_errno_name(i));
    return say_error(p, value, guess_text(&g, hint), "'%w' is not an error name, or a number from 1 to 4095",
                     &value);
}

static bool set_type_condition(struct parser *p, struct draft *d, struct span value)
{
    int type = policy_type_word(value.at, value.len);
    struct guess g = guess_for(value);
    char hint[SUGGESTION_MAX];

    if (!d->unix_rule)
        return say_error(p, value, "as in network inet stream,", "a network rule names the type without type=");
    if (type >= 0) {
        d->r.types = 1u << type;
        return true;
    }
    guess_list(&g, "stream\0dgram\0seqpacket\0rdm\0raw\0packet\0");
    return say_error(p, value, guess_text(&g, hint), "'%w' is not a socket type", &value);
}

static bool set_protocol_condition(struct parser *p, struct draft *d, struct span value)
{
    d->r.protocol = policy_protocol_word(value.at, value.len);
    if (d->r.protocol < 0)
        return say_error(p, value, NULL, "'%w' is not a protocol", &value);
    return true;
}

static bool set_addr(struct parser *p, struct addr_cond *cond, struct span value)
{
    if (span_is(value, "none")) {
        cond->match = ADDR_NONE;
        return true;
    }
    if (span_is(value, "auto")) {
        cond->match = ADDR_AUTO;
        return true;
    }
    cond->match = ADDR_GLOB;
    return parse_names(p, NAME_ADDRESS, value, &cond->globs, &cond->glob_count);
}

static bool set_condition(struct parser *p, struct draft *d, struct span name, enum condition c, bool peer,
                          struct span value)
{
    struct addr_cond *side = peer ? &d->r.peer : &d->r.local;

    if (c >= COND_ADDR) {
        *(peer ? &d->peer_given : &d->local_given) = true;
        *(peer ? &d->peer_at : &d->local_at) = name;
    }
    switch (c) {
    case COND_TYPE:
        return set_type_condition(p, d, value);
    case COND_PROTOCOL:
        return set_protocol_condition(p, d, value);
    case COND_ERRNO:
        return set_errno(p, d, name, value);
    case COND_ADDR:
        return set_addr(p, side, value);
    case COND_IP:
        d->ip_at = value;
        return parse_ip(p, value, side);
    case COND_PORT:
        return parse_port(p, value, side);
    case COND_LABEL:
        return parse_names(p, NAME_LABEL, value, &d->r.labels, &d->r.label_count);
    default:
        return false;
    }
}

/* `value`, or `(value)`: one, whatever the parentheses suggest. */
static bool take_condition_value(struct parser *p, struct span name, bool in_list, struct span *value)
{
    struct span open = span_of(p->src->at, 1), next;
    unsigned count = 0;

    if (!take(p, '('))
        return take_value(p, in_list, value);
    for (;;) {
        skip_blank(p);
        if (take(p, ','))
            continue;
        if (take(p, ')'))
            break;
        if (list_breaks(p))
            return say_error(p, open, NULL, "this '(' is not closed");
        if (!take_value(p, true, &next))
            return false;
        if (count++)
            return say_error(p, next, NULL, "'%w=' takes one value", &name);
        *value = next;
    }
    return count ? true : say_error(p, name, NULL, "no value is given to '%w='", &name);
}

static bool parse_condition(struct parser *p, struct draft *d, bool peer)
{
    struct span name = take_word(p), value;
    enum condition c;

    skip_blank(p);
    if (!name.len && (peek(p) == '@' || peek(p) == '/' || peek(p) == '"'))
        return say_error(p, span_of(p->src->at, 1), "write addr=", "a name without a condition");
    if (!name.len)
        return say_unexpected(p, peer ? "a condition" : "a condition or the comma that ends the rule");
    if (!take(p, '='))
        return say_condition(p, d, name, peer);
    c = condition_of(p, d, name, peer);
    skip_blank(p);
    if (c == COND_COUNT || !take_condition_value(p, name, peer, &value))
        return false;
    return set_condition(p, d, name, c, peer, value);
}

static bool parse_peer(struct parser *p, struct draft *d)
{
    struct span name = take_word(p);
    const char *open;

    skip_blank(p);
    take(p, '=');
    skip_blank(p);
    open = p->src->at;
    if (!take(p, '('))
        return say_error(p, name, NULL, "the peer's conditions stand in parentheses: peer=(...)");
    for (;;) {
        skip_blank(p);
        if (take(p, ','))
            continue;
        if (take(p, ')'))
            return true;
        if (list_breaks(p))
            return say_error(p, span_of(open, 1), NULL, "this '(' is not closed");
        if (!parse_condition(p, d, true))
            return false;
    }
}

/* A word where a condition or the end should be: most likely a permission or a
 * type that is written the wrong way. */
static bool say_stray(struct parser *p, struct draft *d, struct span word)
{
    if (!d->unix_rule || list_breaks(p))
        return end_rule(p);
    if (policy_type_word(word.at, word.len) > 0)
        return say_error(p, word, "write type=", "'%w' stands where a condition should", &word);
    if (d->perms_given && policy_perm_word(word.at, word.len) >= 0)
        return say_error(p, word, "write (send, receive)", "several permissions need parentheses");
    return d->perms_given || d->seen ? end_rule(p) : say_perm(p, word);
}

static bool say_after_peer(struct parser *p, struct draft *d, struct span word)
{
    for (unsigned i = 0; i < COND_COUNT; i++)
        if (span_is(word, condition_names[i]))
            return say_error(p, word, "put it before peer=", "'%w=' stands after peer=()", &word);
    return say_condition(p, d, word, false);
}

/* Conditions, peer=(...) last; errno=, which AppArmor does not have, may follow. */
static bool parse_conditions(struct parser *p, struct draft *d)
{
    bool peer = false;

    for (;;) {
        struct span word;

        skip_blank(p);
        word = peek_word(p);
        if (peek(p) == ',' || at_end(p) || peek(p) == '}')
            return true;
        if (span_is(word, "peer") && at_condition(p)) {
            if (peer)
                return say_error(p, word, NULL, "'peer=' stands here twice");
            if (!parse_peer(p, d))
                return false;
            peer = true;
            continue;
        }
        if (word.len && !at_condition(p))
            return say_stray(p, d, word);
        if (peer && word.len && !span_is(word, "errno"))
            return say_after_peer(p, d, word);
        if (!parse_condition(p, d, false))
            return false;
    }
}

/* --- What is wrong with the whole ---------------------------------------------- */

/* The permissions that do not go with a peer, in words. */
static bool say_peer_perms(struct parser *p, struct draft *d, uint32_t wrong)
{
    char buffer[256];
    struct text t = text_into(buffer, sizeof buffer);
    bool first = true;

    for (uint32_t bit = 1; bit <= POLICY_AUTOBIND; bit <<= 1)
        if (wrong & bit) {
            text_str(&t, first ? "'" : ", '");
            text_str(&t, policy_perm_name(bit));
            text_byte(&t, '\'');
            first = false;
        }
    text_str(&t, " cannot be used with peer=(): only accept, connect, send and receive have a peer");
    return say_text(p, d->perms_at, NULL, &t);
}

static bool check_families(struct parser *p, struct draft *d)
{
    const uint64_t inet = 1ull << AF_INET | 1ull << AF_INET6;
    const struct addr_cond *sides[2] = {&d->r.local, &d->r.peer};
    bool address = (d->seen & (1u << COND_IP | 1u << COND_PORT)) || d->seen >> COND_PEER;

    if (!address)
        return true;
    if (!(d->r.families & inet))
        return say_error(p, d->local_at.at ? d->local_at : d->peer_at, NULL,
                         "ip= and port= go with inet and inet6 only");
    d->r.families &= inet;
    for (int i = 0; i < 2; i++) {
        if (sides[i]->match != ADDR_INET || !sides[i]->ip.family)
            continue;
        d->r.families &= 1ull << sides[i]->ip.family;
        if (!d->r.families)
            return say_error(p, d->ip_at, NULL, "'%w' is not an address of this family", &d->ip_at);
    }
    return true;
}

static bool check_draft(struct parser *p, struct draft *d)
{
    uint32_t wrong = d->r.perms & ~(uint32_t)POLICY_PEER_PERMS;

    if (d->pre->owner)
        return say_error(p, d->pre->owner_word, NULL, "'%w' cannot stand before a %w rule",
                         &d->pre->owner_word, &d->keyword);
    if (d->pre->priority)
        return say_error(p, d->pre->priority_word, "deny rules win whatever the order",
                         "priorities of %w rules are not supported in this version", &d->keyword);
    if (d->perms_given && d->peer_given && wrong)
        return say_peer_perms(p, d, wrong);
    if ((d->r.perms & POLICY_AUTOBIND) && d->r.local.match == ADDR_GLOB)
        return say_error(p, d->local_at, "write (bind) for a name the program chooses",
                         "'autobind' goes with addr=auto only: the kernel chooses the name");
    return d->unix_rule || check_families(p, d);
}

/* --- Splitting ------------------------------------------------------------------- */

/* What Linux gives to a socket that binds without a name. */
static bool auto_pattern(struct parser *p, struct addr_cond *cond)
{
    static const char pattern[] = "@[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]";

    if (cond->match != ADDR_AUTO)
        return true;
    cond->match = ADDR_GLOB;
    return parse_names(p, NAME_ADDRESS, span_of(pattern, sizeof pattern - 1), &cond->globs, &cond->glob_count);
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
    bool for_one_address = r->deny && !d->perms_given && !p->src->apparmor;
    struct rule part = *r;

    if (!d->local_given && !(p->src->apparmor && (r->families & 1ull << AF_UNIX)))
        return;
    part.perms &= POLICY_CREATE;
    part.local = (struct addr_cond){.match = ADDR_ANY};
    r->perms &= ~(uint32_t)POLICY_CREATE;
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

static void add_unix(struct parser *p, struct draft *d, struct rule r)
{
    bool is_auto = r.local.match == ADDR_AUTO;

    add_create(p, d, &r);
    if ((r.perms & POLICY_AUTOBIND) || (is_auto && (r.perms & POLICY_BIND)))
        add_autobind(p, &r, is_auto);
    if (!r.perms || !auto_pattern(p, &r.local) || !auto_pattern(p, &r.peer))
        return;
    if (p->src->apparmor)
        add_apparmor(p, &r);
    else
        add_rule(p, &r);
}

static void add_network(struct parser *p, struct draft *d, struct rule r)
{
    if (p->src->apparmor && (r.families & 1ull << AF_UNIX)) {
        struct rule unix_part = r;

        unix_part.families = 1ull << AF_UNIX;
        add_unix(p, d, unix_part);
        r.families &= ~(1ull << AF_UNIX);
        if (!r.families)
            return;
    }
    add_create(p, d, &r);
    if (r.perms)
        add_rule(p, &r);
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
    if (!parse_perms(p, &d) || (!d.unix_rule && !parse_network_words(p, &d)) || !parse_conditions(p, &d) ||
        !end_rule(p) || !check_draft(p, &d))
        return false;
    if (!d.perms_given)
        d.r.perms = d.peer_given ? POLICY_PEER_PERMS : ALL_PERMS;
    if (d.unix_rule)
        add_unix(p, &d, d.r);
    else
        add_network(p, &d, d.r);
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
    skip_blank(p);
    if (at_condition(p)) {
        struct span name = take_word(p), value;

        skip_blank(p);
        take(p, '=');
        skip_blank(p);
        if (!span_is(name, "errno"))
            return say_condition(p, &d, name, false);
        if (!take_value(p, false, &value) || !set_errno(p, &d, name, value))
            return false;
    }
    if (!end_rule(p))
        return false;
    p->deny_all |= pre->deny && !p->dead;
    add_rule(p, &d.r);
    return !p->failed;
}

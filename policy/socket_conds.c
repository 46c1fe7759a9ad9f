/* Conditions of socket rules: name=value, and peer=(...). */
#include "socket_rule.h"

static const char condition_names[COND_COUNT][12] = {"type",  "protocol", "fd",   "errno", "when", "chance",
                                                     "seed",  "delay",    "short", "each", "addr", "ip",
                                                     "port",  "label",    "scope", "uid",  "exe"};

/* It is not one. */
static bool say_condition(struct parser *p, struct draft *d, struct span name, bool peer)
{
    struct guess g = guess_for(name);
    char hint[SUGGESTION_MAX];

    if (span_is(name, "interface"))
        return say_error(p, name, NULL, "'interface=' is not supported: sockets do not say");
    if (!peer)
        guess_list(&g, "type\0protocol\0errno\0fd\0peer\0");
    if (!peer && d->pre->inject)
        guess_list(&g, "when\0chance\0seed\0delay\0short\0each\0");
    guess_list(&g, d->unix_rule ? "addr\0" : "ip\0port\0");
    if (peer)
        guess_list(&g, "label\0scope\0uid\0exe\0");
    return say_error(p, name, guess_text(&g, hint), "'%w' is not a condition of %s%w rules", &name,
                     peer ? "the peer in " : "", &d->keyword);
}

static enum condition find_condition(struct span name)
{
    enum condition c = 0;

    if (span_is(name, "error"))
        return COND_ERRNO;
    while (c < COND_COUNT && (name.at[0] != condition_names[c][0] || !span_is(name, condition_names[c])))
        c++;
    return c;
}

/* What only a peer has stands outside of peer=(). */
static bool say_peers(struct parser *p, struct span name)
{
    char hint[SUGGESTION_MAX];
    struct text t = text_into(hint, sizeof hint);

    text_str(&t, "write peer=(");
    text_bytes(&t, name.at, name.len);
    text_str(&t, "=...)");
    return say_error(p, name, text_done(&t), "'%w=' is about the peer", &name);
}

static bool of_inject(enum condition c)
{
    return c > COND_ERRNO && c < COND_ADDR;
}

/* Which condition it is, if it can stand here; COND_COUNT after an error. */
static enum condition condition_of(struct parser *p, struct draft *d, struct span name, bool peer)
{
    enum condition c = find_condition(name);
    unsigned bit;

    if (c == COND_COUNT || (!d->pre->inject && (of_inject(c) || span_is(name, "error"))) ||
        (d->unix_rule ? c == COND_IP || c == COND_PORT : c == COND_ADDR)) {
        say_condition(p, d, name, peer);
        return COND_COUNT;
    }
    if (peer && c < COND_ADDR) {
        say_error(p, name, NULL, "'%w=' cannot stand in peer=()", &name);
        return COND_COUNT;
    }
    if (!peer && c >= COND_LABEL) {
        say_peers(p, name);
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

    if (!d->pre->deny && !d->pre->inject)
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

static bool set_scope(struct parser *p, struct draft *d, struct span value)
{
    struct guess g = guess_for(value);
    char hint[SUGGESTION_MAX];

    d->r.bound = span_is(value, "inside")    ? POLICY_SCOPE_INSIDE
                 : span_is(value, "outside") ? POLICY_SCOPE_OUTSIDE
                                             : POLICY_SCOPE_UNKNOWN;
    if (d->r.bound != POLICY_SCOPE_UNKNOWN)
        return true;
    guess_list(&g, "inside\0outside\0");
    return say_error(p, value, g.best ? guess_text(&g, hint) : "write scope=inside or scope=outside",
                     "'%w' is not a scope", &value);
}

/* A variable may bring nothing that is a path: without one the rule would be about
 * every peer. */
static bool set_exe(struct parser *p, struct draft *d, struct span value)
{
    if (!parse_names(p, NAME_PATH, value, &d->r.exes, &d->r.exe_count))
        return false;
    return d->r.exe_count ? true : say_error(p, value, NULL, "'%w' is not an absolute path", &value);
}

static bool set_condition(struct parser *p, struct draft *d, struct span name, enum condition c, bool peer,
                          struct span value)
{
    struct addr_cond *side = peer ? &d->r.peer : &d->r.local;

    if (c >= COND_ADDR) {
        *(peer ? &d->peer_given : &d->local_given) = true;
        *(peer ? &d->peer_at : &d->local_at) = name;
    }
    if (c >= COND_UID)
        d->who_at = name;
    switch (c) {
    case COND_TYPE:
        return set_type_condition(p, d, value);
    case COND_PROTOCOL:
        return set_protocol_condition(p, d, value);
    case COND_ERRNO:
        return set_errno(p, d, name, value);
    case COND_FD:
        return parse_fd(p, value, &d->r);
    case COND_ADDR:
        return set_addr(p, side, value);
    case COND_IP:
        d->ip_at = value;
        return parse_ip(p, value, side);
    case COND_PORT:
        return parse_port(p, value, side);
    case COND_LABEL:
        return parse_names(p, NAME_LABEL, value, &d->r.labels, &d->r.label_count);
    case COND_SCOPE:
        return set_scope(p, d, value);
    case COND_UID:
        return parse_uid(p, value, &d->r);
    case COND_EXE:
        return set_exe(p, d, value);
    default:
        return parse_inject_condition(p, d, c, value);
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
    enum condition c = find_condition(word);

    if (c == COND_COUNT)
        return say_condition(p, d, word, false);
    return say_error(p, word, c < COND_LABEL ? "put it before peer=" : "put it between the parentheses",
                     "'%w=' stands after peer=()", &word);
}

/* Conditions, peer=(...) last; errno= and those of inject, which AppArmor does not have, may follow. */
bool parse_conditions(struct parser *p, struct draft *d)
{
    bool peer = false;

    for (;;) {
        struct span word;
        bool named;

        skip_blank(p);
        if (peek(p) == ',' || at_end(p) || peek(p) == '}')
            return true;
        word = peek_word(p);
        named = names_condition(p, word);
        if (named && span_is(word, "peer")) {
            if (peer)
                return say_error(p, word, NULL, "'peer=' stands here twice");
            if (!parse_peer(p, d))
                return false;
            peer = true;
            continue;
        }
        if (word.len && !named)
            return say_stray(p, d, word);
        if (peer && word.len && find_condition(word) != COND_ERRNO && !of_inject(find_condition(word)))
            return say_after_peer(p, d, word);
        if (!parse_condition(p, d, false))
            return false;
    }
}

bool parse_only_errno(struct parser *p, struct draft *d)
{
    struct span name, value;
    char hint[SUGGESTION_MAX];

    skip_blank(p);
    if (!at_condition(p))
        return true;
    name = take_word(p);
    skip_blank(p);
    take(p, '=');
    skip_blank(p);
    if (!span_is(name, "errno")) {
        struct guess g = guess_for(name);

        guess_try(&g, "errno");
        return say_error(p, name, guess_text(&g, hint), "'%w' is not a condition of %w rules", &name, &d->keyword);
    }
    return take_value(p, false, &value) && set_errno(p, d, name, value);
}

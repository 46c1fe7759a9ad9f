/* Permissions, families, types and protocols of socket rules. */
#include "socket_rule.h"

#include <sys/socket.h>

static const char perm_words[] = "create\0bind\0listen\0accept\0connect\0send\0receive\0getattr\0setattr\0"
                                 "getopt\0setopt\0shutdown\0autobind\0inherit\0read\0write\0";

/* socket and socketpair are two permissions where a call is to be broken, and one where it is
 * allowed. -1: not a word for any. */
static int32_t perm_of(const struct draft *d, struct span word)
{
    int32_t perm = policy_perm_word(word.at, word.len);

    if (!d->pre->inject)
        return perm;
    if (span_is(word, "socket"))
        return POLICY_CREATE;
    if (span_is(word, "socketpair"))
        return PERM_PAIR;
    if (perm > 0 && perm & (perm - 1)) /* read, write: what there is of them */
        return (int32_t)(perm & INJECT_PERMS);
    return perm == POLICY_CREATE ? (int32_t)INJECT_CREATE : perm;
}

bool say_perm(struct parser *p, struct span word)
{
    struct guess g = guess_for(word);
    char hint[SUGGESTION_MAX];

    guess_list(&g, perm_words);
    return say_error(p, word, guess_text(&g, hint), "'%w' is not a permission", &word);
}

static bool add_perm(struct parser *p, struct draft *d, struct span word)
{
    int32_t perm = perm_of(d, word);

    if (perm < 0)
        return say_perm(p, word);
    if (perm == POLICY_AUTOBIND && !d->unix_rule)
        return say_error(p, word, NULL, "'autobind' goes with unix rules only");
    d->r.names_inherit |= perm == POLICY_INHERIT;
    d->r.perms |= (uint32_t)perm;
    d->perms_given = true;
    return true;
}

/* A value in a list: nearly always a mere word. */
static bool take_perm(struct parser *p, struct span *word)
{
    char next;

    *word = peek_word(p);
    next = peek_at(p, word->len);
    if (!word->len || (next != ',' && next != ')' && next != ' '))
        return take_value(p, true, word);
    p->src->at += word->len;
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
        if (!take_perm(p, &word))
            return false;
        ok &= add_perm(p, d, word); /* every wrong word is worth a message */
    }
    d->perms_at = span_of(open, (size_t)(p->src->at - open));
    return ok;
}

/* Letters outside parentheses: AppArmor's scanner knows these alone. */
static bool is_permission(const struct draft *d, struct span word)
{
    if (memchr("rwRW", *word.at, 4) && word.len <= 3)
        return span_is(word, "r") || span_is(word, "w") || span_is(word, "rw") || span_is(word, "wr");
    return perm_of(d, word) >= 0;
}

/* Without parentheses there is one permission. */
bool parse_perms(struct parser *p, struct draft *d)
{
    struct span word;

    skip_blank(p);
    if (peek(p) == '(')
        return parse_perm_list(p, d);
    word = peek_word(p);
    if (!word.len || names_condition(p, word) || !is_permission(d, word))
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

bool parse_network_words(struct parser *p, struct draft *d)
{
    return read_network_words(p, d) && blank_after_comma(p);
}

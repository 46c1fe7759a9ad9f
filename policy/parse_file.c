/* File rules. AppArmor mediates pathname sockets by them: whoever may write a
 * file may use the socket that it is. Elsewhere they are none of our business. */
#include "parse.h"

#include <string.h>
#include <sys/socket.h>

/* [file] [safe|unsafe] PATH PERMS [-> NAME], or PERMS [subset] PATH [-> NAME], or `file,`. */
struct file_rule {
    struct span keyword; /* what to point at */
    struct span path, perms;
    bool all;            /* `file,` */
};

static bool is_path(char c)
{
    return c == '/' || c == '"' || c == '@';
}

static bool check_perms(struct parser *p, struct span perms)
{
    for (size_t i = 0; i < perms.len; i++)
        if (!strchr("rwalkmxRWALKMXpPcCiIuU", perms.at[i]))
            return say_error(p, perms, NULL, "'%w' are not file permissions", &perms);
    return perms.len ? true : say_unexpected(p, "file permissions");
}

static bool parse_path_and_perms(struct parser *p, struct file_rule *f)
{
    skip_blank(p);
    if (is_path(peek(p))) {
        if (!take_value(p, false, &f->path))
            return false;
        skip_blank(p);
        f->perms = take_word(p);
        return check_perms(p, f->perms);
    }
    f->perms = take_word(p);
    if (!check_perms(p, f->perms))
        return false;
    skip_blank(p);
    if (span_is(peek_word(p), "subset"))
        take_word(p);
    skip_blank(p);
    if (!is_path(peek(p)))
        return say_unexpected(p, "a path");
    return take_value(p, false, &f->path);
}

static bool parse_target(struct parser *p)
{
    struct span target;

    skip_blank(p);
    if (peek(p) != '-' || peek_at(p, 1) != '>')
        return true;
    p->src->at += 2;
    skip_blank(p);
    return take_value(p, false, &target);
}

static bool parse_parts(struct parser *p, struct file_rule *f)
{
    struct span word = peek_word(p);

    f->keyword = word.len ? word : span_of(p->src->at, 1);
    if (span_is(word, "file")) {
        take_word(p);
        skip_blank(p);
        if (peek(p) == ',') {
            f->all = true;
            return end_rule(p);
        }
        word = peek_word(p);
    }
    if (span_is(word, "safe") || span_is(word, "unsafe"))
        take_word(p);
    return parse_path_and_perms(p, f) && parse_target(p) && end_rule(p);
}

static bool writes(const struct file_rule *f)
{
    return f->all || memchr(f->perms.at, 'w', f->perms.len) || memchr(f->perms.at, 'W', f->perms.len);
}

/* What the file rule means for sockets: everything a server does with a socket of
 * that name, and everything a client does with a peer of that name. A connection
 * goes both ways whoever is at the other end; a datagram needs the right to its
 * receiver. */
static void add_file_rules(struct parser *p, struct rule *r, const struct glob *globs, uint32_t count)
{
    const struct addr_cond any = {.match = ADDR_ANY};
    const struct addr_cond name = {.match = ADDR_GLOB, .globs = globs, .glob_count = count};

    r->local = name;
    r->peer = any;
    r->perms = ALL_PERMS & ~(uint32_t)(POLICY_CREATE | POLICY_CONNECT | POLICY_SEND);
    add_rule(p, r);
    r->perms = POLICY_SEND;
    r->types = 1u << SOCK_STREAM | 1u << SOCK_SEQPACKET;
    add_rule(p, r);
    r->types = UINT32_MAX;
    r->local = any;
    r->peer = name;
    r->perms = POLICY_PEER_PERMS;
    add_rule(p, r);
}

bool parse_file_rule(struct parser *p, const struct prefix *pre)
{
    struct file_rule f = {0};
    struct rule r = {
        .deny = pre->deny,
        .audit = pre->audit && !pre->deny,
        .quiet = pre->deny && !pre->audit,
        .families = 1ull << AF_UNIX,
        .types = UINT32_MAX,
        .protocol = -1,
    };
    const struct glob *globs;
    uint32_t count;

    if (!parse_parts(p, &f))
        return false;
    if (!p->src->apparmor)
        return !say_note(p, f.keyword, "file rules are not about sockets here; this one is skipped");
    if (p->dead || !writes(&f) || (!f.all && f.path.len && f.path.at[f.path.len - 1] == '/'))
        return true;
    if (pre->owner && !pre->deny)
        say_note(p, pre->owner_word, "the owner of a socket is not looked at");
    if (f.all)
        f.path = span_of("/**", 3);
    if (!parse_names(p, f.all ? NAME_ADDRESS : NAME_PATH, f.path, &globs, &count))
        return false;
    if (!count)
        return !say_note(p, f.keyword, "this file rule is about no absolute path; it is skipped");
    add_file_rules(p, &r, globs, count);
    return !p->failed;
}

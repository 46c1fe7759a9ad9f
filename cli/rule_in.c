/* A rule read as a question: what would happen to the calls it is about? */
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "load.h"
#include "policy/rule.h"
#include "query.h"

/* The one name that a glob matches; -1 where it is a pattern. */
static long literal(const struct glob *g, uint8_t *name)
{
    long len = 0;

    for (uint32_t i = 0; i < g->len && g->code[i] != GLOB_END; i++) {
        if (g->code[i] == GLOB_QUOTE)
            i++;
        else if (g->code[i] < GLOB_OPS)
            return -1;
        name[len++] = g->code[i];
    }
    return len;
}

static int name_of(const struct addr_cond *c, struct policy_addr *out)
{
    uint8_t *name = allocate(POLICY_NAME_MAX);
    long len = c->glob_count == 1 ? literal(c->globs, name) : -1;

    if (len < 1)
        return fail("the rule names a pattern; ask about one address");
    *out = (struct policy_addr){.kind = POLICY_ADDR_PATHNAME, .bytes = name, .len = (uint32_t)len};
    if (*name == 0)
        *out = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = name + 1, .len = (uint32_t)len - 1};
    return 0;
}

static int text_of(const char *what, const struct glob *globs, uint32_t count, const char **out)
{
    char *text = allocate(POLICY_NAME_MAX + 1);
    long len;

    if (!count)
        return 0;
    len = count == 1 ? literal(globs, (uint8_t *)text) : -1;
    if (len < 0)
        return fail("the rule's %s= is a pattern; ask about one %s", what, what);
    text[len] = '\0';
    *out = text;
    return 0;
}

/* Of a range the first address and the first port stand for all. */
static int inet_of(const struct addr_cond *c, struct policy_addr *out)
{
    bool v6 = c->ip.family == AF_INET6;
    uint8_t *bytes = allocate(sizeof c->ip.bytes);

    memcpy(bytes, c->ip.bytes, sizeof c->ip.bytes);
    *out = (struct policy_addr){.kind = v6 ? POLICY_ADDR_INET6 : POLICY_ADDR_INET,
                                .len = v6 ? 16 : 4,
                                .bytes = bytes,
                                .port = c->port.low};
    return 0;
}

static int address_of(const struct addr_cond *c, uint32_t perm, struct policy_addr *out)
{
    *out = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    switch (c->match) {
    case ADDR_NONE:
        out->kind = POLICY_ADDR_NONE;
        return 0;
    case ADDR_AUTO:
        if (perm != POLICY_BIND)
            return fail("addr=auto is a pattern with permissions other than bind; ask about one address");
        out->kind = POLICY_ADDR_AUTO;
        return 0;
    case ADDR_GLOB:
        return name_of(c, out);
    case ADDR_INET:
        return inet_of(c, out);
    case ADDR_PATHNAME: /* some name */
        out->kind = POLICY_ADDR_PATHNAME;
        return 0;
    case ADDR_ABSTRACT:
        *out = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = "", .len = 0};
        return 0;
    default:
        return 0;
    }
}

static int lowest(uint64_t bits)
{
    return bits ? __builtin_ctzll(bits) : -1;
}

static int question(const struct rule *r, uint32_t perm, struct asked *out)
{
    bool every_family = r->families & 1ull << AF_UNIX;
    int ip = r->local.match == ADDR_INET ? r->local.ip.family : r->peer.match == ADDR_INET ? r->peer.ip.family : 0;

    *out = asked_nothing();
    out->perms = perm;
    out->family = ip ? ip : every_family ? AF_UNIX : lowest(r->families);
    out->type = r->types == UINT32_MAX ? -1 : lowest(r->types);
    out->protocol = r->protocol;
    out->bound = r->bound;
    out->made = r->made;
    out->uid_known = r->uid_given;
    out->uid = r->uid;
    out->fd = r->fd_given ? (int)r->fd_low : -1;
    out->local_port = r->local.match == ADDR_INET; /* the rule's, or any */
    out->peer_port = r->peer.match == ADDR_INET;
    if (text_of("label", r->labels, r->label_count, &out->label) || text_of("exe", r->exes, r->exe_count, &out->peer_exe))
        return -1;
    return address_of(&r->local, perm, &out->local) || address_of(&r->peer, perm, &out->peer) ? -1 : 0;
}

/* load_rule_text() puts 'allow all,' on a line of its own after what was given. */
static unsigned lines_of(const char *text)
{
    unsigned n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static bool was_given(const struct ruleset *rules, const struct rule *r, unsigned last_line)
{
    return rules->sources[r->source].line < last_line;
}

int asked_from_rule(const struct options *o, const char *rule, struct asked *out, int max)
{
    struct policy_input in = load_input(o, 0);
    struct arena arena = new_arena;
    struct ruleset rules;
    int n = 0;

    in.name = "rule";
    in.text = load_rule_text(rule);
    in.len = strlen(in.text);
    if (policy_parse(&in, &arena, &rules))
        return -1;
    for (uint32_t i = 0; i < rules.profiles[0].rule_count; i++) {
        const struct rule *r = &rules.profiles[0].rules[i];
        uint32_t perms = r->perms & PERM_PAIR ? r->perms | POLICY_CREATE : r->perms;

        if (!was_given(&rules, r, lines_of(in.text)))
            continue;
        for (uint32_t perm = 1; perm < 1u << POLICY_PERM_COUNT && n < max; perm <<= 1)
            if (perms & perm && (perm != POLICY_INHERIT || r->names_inherit) && question(r, perm, &out[n++]))
                return -1;
    }
    if (!n)
        fail("the rule is about no socket call");
    return n ? n : -1;
}

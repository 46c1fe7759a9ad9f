/* Rules that can match nothing, whatever the machine. */
#include "blob.h"
#include "lint.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { PATH_BYTES = 4095, COMPONENT_BYTES = 255, ABSTRACT_BYTES = 107 };

#define BIT(type) (1u << (type))
#define ONLY(set, of) (((set) & ~(uint32_t)(of)) == 0)

/* --- Types and protocols ------------------------------------------------- */

static const struct {
    int family;
    uint32_t types;
} made_types[] = {
    /* A raw unix socket becomes a datagram one. */
    {AF_UNIX, BIT(SOCK_STREAM) | BIT(SOCK_DGRAM) | BIT(SOCK_SEQPACKET) | BIT(SOCK_RAW)},
    {AF_INET, BIT(SOCK_STREAM) | BIT(SOCK_DGRAM) | BIT(SOCK_SEQPACKET) | BIT(SOCK_RAW) | BIT(SOCK_PACKET)},
    {AF_INET6, BIT(SOCK_STREAM) | BIT(SOCK_DGRAM) | BIT(SOCK_SEQPACKET) | BIT(SOCK_RAW)},
    {AF_NETLINK, BIT(SOCK_RAW) | BIT(SOCK_DGRAM)},
};

/* Types that sockets of the rule's families can have; all ones where that is not known. */
static uint32_t types_of(uint64_t families)
{
    uint32_t types = 0;

    for (unsigned i = 0; i < sizeof made_types / sizeof *made_types; i++) {
        uint64_t family = 1ull << made_types[i].family;

        if (families & family)
            types |= made_types[i].types;
        families &= ~family;
    }
    return families ? UINT32_MAX : types;
}

static const struct {
    int protocol;
    uint32_t types;
} protocol_types[] = {
    {IPPROTO_TCP, BIT(SOCK_STREAM) | BIT(SOCK_RAW)},   {IPPROTO_UDP, BIT(SOCK_DGRAM) | BIT(SOCK_RAW)},
    {IPPROTO_ICMP, BIT(SOCK_DGRAM) | BIT(SOCK_RAW)},   {IPPROTO_ICMPV6, BIT(SOCK_DGRAM) | BIT(SOCK_RAW)},
    {IPPROTO_UDPLITE, BIT(SOCK_DGRAM) | BIT(SOCK_RAW)},
};

static const char *never_kind(const struct rule *r)
{
    const uint64_t inet = 1ull << AF_INET | 1ull << AF_INET6;

    if (r->types != UINT32_MAX && !(r->types & types_of(r->families)))
        return "there are no sockets of this family and type";
    if (r->families == 1ull << AF_UNIX && r->protocol > 1)
        return "unix sockets have protocol 0";
    for (unsigned i = 0; i < sizeof protocol_types / sizeof *protocol_types; i++)
        if (!(r->families & ~inet) && r->protocol == protocol_types[i].protocol && !(r->types & protocol_types[i].types))
            return "there are no sockets of this type and protocol";
    if (ONLY(r->perms, POLICY_LISTEN | POLICY_ACCEPT) &&
        ONLY(r->types, BIT(SOCK_DGRAM) | BIT(SOCK_RAW) | BIT(SOCK_RDM) | BIT(SOCK_PACKET)))
        return "only stream and seqpacket sockets listen and accept";
    return NULL;
}

/* --- Names --------------------------------------------------------------- */

/* What each name has that a program matches, as far as it is easy to say: groups in
 * braces count for nothing. */
struct shape {
    uint32_t shortest;  /* bytes at least */
    uint32_t component; /* longest run of known bytes without '/' */
    bool nul, slash_at_end;
};

static struct shape shape_of(const struct glob *g)
{
    struct shape s = {0};
    uint32_t run = 0;

    for (const uint8_t *c = g->code; *c != GLOB_END;) {
        uint8_t byte = *c == GLOB_QUOTE ? c[1] : *c;
        bool literal = *c == GLOB_QUOTE || *c >= GLOB_OPS, takes = literal || *c == GLOB_ANY || *c == GLOB_CLASS;

        s.shortest += takes;
        s.nul |= literal && !byte;
        s.slash_at_end = literal && byte == '/';
        run = literal && byte != '/' ? run + 1 : 0;
        s.component = run > s.component ? run : s.component;
        c = *c == GLOB_ALT ? glob_after_braces(c) : c + glob_step(c);
    }
    return s;
}

static const char *never_path(const struct glob *g)
{
    struct shape s = shape_of(g);

    if (s.nul)
        return "a pathname has no NUL bytes";
    if (s.slash_at_end)
        return "the name of a socket does not end in '/'";
    if (s.component > COMPONENT_BYTES)
        return "a component of a path has at most 255 bytes";
    return s.shortest > PATH_BYTES ? "a path has at most 4095 bytes" : NULL;
}

/* Its first byte is the NUL that '@' stands for. */
static const char *never_abstract(const struct glob *g)
{
    return shape_of(g).shortest > ABSTRACT_BYTES + 1 ? "an abstract name has at most 107 bytes" : NULL;
}

/* All of the values of a variable must be so. */
static const char *never_names(const struct addr_cond *c)
{
    const char *why = NULL;

    if (c->match != ADDR_GLOB)
        return NULL;
    for (uint32_t i = 0; i < c->glob_count; i++) {
        why = c->globs[i].code[0] == '/' ? never_path(&c->globs[i]) : never_abstract(&c->globs[i]);
        if (!why)
            return NULL;
    }
    return why;
}

/* --- Labels -------------------------------------------------------------- */

static bool label_is(const struct rule *r, const char *name)
{
    for (uint32_t i = 0; i < r->label_count; i++)
        if (glob_match(&r->labels[i], name, strlen(name)))
            return true;
    return false;
}

static const char *never_label(const struct ruleset *set, const struct rule *r)
{
    bool profile = label_is(r, "-"), unconfined = label_is(r, "unconfined");

    if (!r->label_count)
        return NULL;
    for (uint32_t i = 1; i < set->profile_count && !profile; i++)
        profile = set->profiles[i].name && label_is(r, set->profiles[i].name);
    if (!profile && !unconfined)
        return "a label is the name of a profile in this policy, '-' or unconfined";
    if (r->bound == POLICY_SCOPE_INSIDE && !profile)
        return "what was bound inside this run is not unconfined";
    return r->bound == POLICY_SCOPE_OUTSIDE && !unconfined ? "what was bound outside this run is unconfined" : NULL;
}

/* --- Maps ---------------------------------------------------------------- */

/* Whether all names of a program are `from`, or lie below it. */
static bool lies_below(const struct glob *g, const char *from, uint32_t len, bool below)
{
    uint32_t at = 0;
    const uint8_t *c = g->code;

    for (; at < len && (*c >= GLOB_OPS || *c == GLOB_QUOTE); c += glob_step(c), at++)
        if ((*c == GLOB_QUOTE ? c[1] : *c) != (uint8_t)from[at])
            return false;
    return at == len && (*c == GLOB_END || (below && *c == '/'));
}

static bool is_mapped(const struct ruleset *set, const struct profile *p, const struct glob *g)
{
    for (uint32_t i = 0; i < p->maps.count; i++) {
        const struct blob_map *m = &p->maps.maps[i];

        if (lies_below(g, set->map_texts + m->name, m->name_len, m->below))
            return true;
    }
    return false;
}

static const char *never_mapped(const struct ruleset *set, const struct profile *p, const struct addr_cond *c)
{
    if (c->match != ADDR_GLOB || !p->maps.count)
        return NULL;
    for (uint32_t i = 0; i < c->glob_count; i++)
        if (!is_mapped(set, p, &c->globs[i]))
            return NULL;
    return c->glob_count ? "a map rule replaces this name, and rules are asked about the name on its right" : NULL;
}

/* --- All of it ----------------------------------------------------------- */

static const char *blame(enum lint_side *side, enum lint_side which, const char *why)
{
    if (why)
        *side = which;
    return why;
}

const char *lint_never(const struct ruleset *set, const struct profile *profile, const struct rule *r, enum lint_side *side)
{
    const char *why;

    if ((why = blame(side, LINT_WHOLE, never_kind(r))) || (why = blame(side, LINT_LOCAL, never_names(&r->local))) ||
        (why = blame(side, LINT_PEER, never_names(&r->peer))) ||
        (why = blame(side, LINT_LABEL, never_label(set, r))) ||
        (why = blame(side, LINT_LOCAL, never_mapped(set, profile, &r->local))))
        return why;
    return blame(side, LINT_PEER, never_mapped(set, profile, &r->peer));
}

/* --- Too wide ------------------------------------------------------------ */

/* Places where anybody puts sockets: all there are, those that everybody may write to,
 * and those of all services and of all users. */
static const struct {
    const char *glob, *place;
} places[] = {
    {"@*", "@"},          {"/tmp/*", "/tmp"},    {"/var/tmp/*", "/var/tmp"},     {"/dev/shm/*", "/dev/shm"},
    {"/run/*/*", "/run"}, {"/home/*/*", "/home"}, {"/run/user/*/*", "/run/user"},
};

/* Stars stand where it begins. */
static bool anywhere(const struct glob *g)
{
    const uint8_t *c = g->code[0] == GLOB_QUOTE ? g->code + 2 : g->code + 1;

    while (*c == GLOB_ANY)
        c++;
    return *c == GLOB_STARSTAR;
}

static const char *wide_name(struct lint_room *room, const struct glob *g)
{
    if (anywhere(g))
        return g->code[0] == '/' ? "/" : "@";
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        struct glob place;
        const char *why;
        size_t at;

        if (!glob_parse(room->arena, GLOB_ADDR, places[i].glob, strlen(places[i].glob), &place, &at, &why) &&
            lint_globs_cover(room, g, 1, &place, 1))
            return places[i].place;
    }
    return NULL;
}

static const char *wide_side(struct lint_room *room, const struct addr_cond *c)
{
    const char *place = NULL;

    for (uint32_t i = 0; c->match == ADDR_GLOB && i < c->glob_count && !place; i++)
        place = wide_name(room, &c->globs[i]);
    return place;
}

/* What a run itself has bound, and processes of its own profiles, are few. */
const char *lint_wide(struct lint_room *room, const struct rule *r, enum lint_side *side)
{
    const char *place;

    if (r->deny || r->inject || r->bound == POLICY_SCOPE_INSIDE || r->label_count)
        return NULL;
    if (r->perms & (POLICY_CONNECT | POLICY_SEND) && (place = wide_side(room, &r->peer))) {
        *side = LINT_PEER;
        return place;
    }
    *side = LINT_LOCAL;
    return r->perms & POLICY_BIND ? wide_side(room, &r->local) : NULL;
}

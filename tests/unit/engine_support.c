#include "engine_support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void *more(void *ctx, size_t *size)
{
    struct lab *l = ctx;

    if (l->chunk_count == sizeof l->chunks / sizeof *l->chunks)
        abort();
    return l->chunks[l->chunk_count++] = calloc(1, *size);
}

uint32_t lab_random(struct lab *l, uint32_t below)
{
    l->seed = l->seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((l->seed >> 33) % below);
}

void lab_start(struct lab *l, uint32_t room, uint64_t seed)
{
    memset(l, 0, sizeof *l);
    l->arena = (struct arena){.more = more, .ctx = l};
    l->seed = seed * 2654435761u + 1;
    l->room = room;
    l->rules = calloc(room, sizeof *l->rules);
    l->sources = calloc(room, sizeof *l->sources);
}

void lab_end(struct lab *l)
{
    for (unsigned i = 0; i < l->chunk_count; i++)
        free(l->chunks[i]);
    free(l->rules);
    free(l->sources);
}

struct rule *lab_rule(struct lab *l, uint32_t perms)
{
    struct rule *r = &l->rules[l->count];

    if (l->count == l->room)
        abort();
    *r = (struct rule){.families = 1ull << AF_UNIX, .perms = perms, .types = UINT32_MAX, .protocol = -1,
                       .source = l->count};
    l->sources[l->count] = (struct rule_source){.file = "lab", .line = l->count + 1};
    l->count++;
    return r;
}

struct glob lab_glob(struct lab *l, enum glob_flavour flavour, const char *text)
{
    struct glob g;
    size_t at;
    const char *why;

    if (glob_parse(&l->arena, flavour, text, strlen(text), &g, &at, &why)) {
        fprintf(stderr, "lab_glob: %s: %s\n", text, why);
        abort();
    }
    return g;
}

struct addr_cond lab_cond(struct lab *l, const char *text)
{
    static const char *const words[] = {"any", "none", "auto", NULL, NULL, "not-pathname", "pathname", "abstract"};
    struct glob *globs;
    uint32_t n = 0;
    char copy[512], *save, *word;

    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && !strcmp(words[i], text))
            return (struct addr_cond){.match = (enum addr_match)i};
    globs = arena_alloc(&l->arena, 16 * sizeof *globs, 16);
    snprintf(copy, sizeof copy, "%s", text);
    for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        globs[n++] = lab_glob(l, GLOB_ADDR, word);
    return (struct addr_cond){.match = ADDR_GLOB, .globs = globs, .glob_count = n};
}

struct addr_cond lab_inet(const uint8_t *ip, int family, unsigned bits, unsigned low, unsigned high)
{
    struct addr_cond c = {.match = ADDR_INET, .port = {(uint16_t)low, (uint16_t)high}};

    c.ip.family = (uint8_t)family;
    c.ip.bits = (uint8_t)bits;
    for (unsigned i = 0; i < bits; i++)
        c.ip.bytes[i / 8] |= (uint8_t)(ip[i / 8] & 0x80 >> i % 8);
    return c;
}

void lab_build(struct lab *l)
{
    l->profile.rules = l->rules;
    l->profile.rule_count = l->count;
    for (uint32_t i = 0; i < l->count; i++)
        l->sources[l->rules[i].source].deny = l->rules[i].deny;
    struct ruleset set = {
        .name = "lab", .profiles = &l->profile, .profile_count = 1, .sources = l->sources, .source_count = l->count};
    if (policy_layout(&set, false, &l->arena, &l->blob, &l->len) || policy_open(&l->policy, l->blob, l->len) ||
        policy_select(&l->policy, "/bin/true", NULL))
        abort();
}

/* --- Random rules ------------------------------------------------------ */

static const char *pick(struct lab *l, const char *const *from, unsigned n)
{
    return from[lab_random(l, n)];
}
#define PICK(l, list) pick((l), (list), sizeof(list) / sizeof *(list))

/* Few different bytes, so that random names and patterns meet. */
static void random_glob(struct lab *l, char *out)
{
    static const char *const parts[] = {"a",  "b",   "ab", "/",     "/",      "abba", "*",     "**",        "?",
                                        "[ab]", "[^a]", "{a,b}", "{,ab,/b}", "a/b", "-",  "-1-", "*-2-*", "{a,{b,*}}x", "[^/]",
                                        "\\x00", "é",   "\\001", "//"};
    unsigned n = 1 + lab_random(l, 6);

    strcpy(out, lab_random(l, 2) ? "@" : "/");
    for (unsigned i = 0; i < n; i++)
        strcat(out, lab_random(l, 3) ? parts[lab_random(l, 6)] : PICK(l, parts));
}

static struct addr_cond random_inet(struct lab *l)
{
    static const unsigned bits[] = {0, 1, 7, 8, 9, 12, 15, 16, 22, 29, 31, 32, 127, 128, 64};
    uint8_t ip[16];
    unsigned low = lab_random(l, 3) ? lab_random(l, 20) : 0, which = lab_random(l, 3), n;

    for (unsigned i = 0; i < 16; i++)
        ip[i] = (uint8_t)(lab_random(l, 2) * 0x81);
    n = bits[lab_random(l, which == 1 ? 15 : 12)];
    return lab_inet(ip, which == 0 ? AF_INET : which == 1 ? AF_INET6 : 0, which == 2 ? 0 : n, low,
                    lab_random(l, 3) ? low + lab_random(l, 20) : 65535);
}

static struct addr_cond random_cond(struct lab *l)
{
    static const char *const words[] = {"none", "auto", "not-pathname", "pathname", "abstract"};
    char text[512], *at = text;

    switch (lab_random(l, 6)) {
    case 0:
        return lab_cond(l, "any");
    case 1:
        return lab_cond(l, PICK(l, words));
    case 2:
        return random_inet(l);
    default:
        for (unsigned n = 1 + (lab_random(l, 4) == 0); n; n--) {
            random_glob(l, at);
            at += strlen(at);
            if (n > 1)
                *at++ = ' ';
        }
        return lab_cond(l, text);
    }
}

static const struct glob *random_label(struct lab *l, const char *text)
{
    struct glob *g = arena_alloc(&l->arena, sizeof *g, 16);

    *g = lab_glob(l, GLOB_PLAIN, text);
    return g;
}

/* Conditions that few rules have; a few of them here. */
static void random_more(struct lab *l, struct rule *r)
{
    static const char *const labels[] = {"unconfined", "a*", "{web,db}"}, *const exes[] = {"/bin/*", "/{a,b}**", "/bin/sh"};

    switch (lab_random(l, 12)) {
    case 0:
        r->labels = random_label(l, PICK(l, labels));
        r->label_count = 1;
        break;
    case 1:
        r->bound = (enum policy_scope)(1 + lab_random(l, 2));
        break;
    case 2:
        r->made = (enum policy_scope)(1 + lab_random(l, 2));
        r->bound = (enum policy_scope)lab_random(l, 3);
        break;
    case 3:
        r->uid_given = true;
        r->uid = lab_random(l, 3);
        break;
    case 4:
        r->exes = random_label(l, PICK(l, exes));
        r->exe_count = 1;
        break;
    case 5:
        r->fd_given = true;
        r->fd_low = lab_random(l, 5);
        r->fd_high = r->fd_low + lab_random(l, 3);
        break;
    default:
        break;
    }
}

void lab_random_rules(struct lab *l, uint32_t n)
{
    static const uint64_t families[] = {1ull << AF_UNIX, 1ull << AF_UNIX, 1ull << AF_INET | 1ull << AF_INET6,
                                        1ull << AF_INET, ~0ull, 1ull << AF_NETLINK | 1ull << AF_UNIX};
    unsigned same = 0, denies = 1 + lab_random(l, 4), plain = lab_random(l, 3);
    bool inherits = lab_random(l, 4);

    for (uint32_t i = 0; i < n; i++) {
        struct rule *r = lab_rule(l, 1 + lab_random(l, 1u << 12));
        r->families = families[lab_random(l, 6)];
        r->deny = lab_random(l, denies * 2) == 0;
        r->audit = lab_random(l, 6) == 0;
        r->quiet = lab_random(l, 4) == 0;
        r->err = lab_random(l, 2) ? ECONNREFUSED : 0;
        if (lab_random(l, 4) == 0)
            r->types = 1u << (1 + lab_random(l, 5)) | (lab_random(l, 2) ? 1u << SOCK_DGRAM : 0);
        if (lab_random(l, 8) == 0)
            r->protocol = (int)lab_random(l, 3);
        if (plain || lab_random(l, 3))
            r->local = random_cond(l);
        if (lab_random(l, 2))
            r->peer = random_cond(l);
        random_more(l, r);
        if (lab_random(l, 3) == 0 || r->fd_given) {
            r->perms |= POLICY_INHERIT;
            r->names_inherit = inherits && (r->fd_given || lab_random(l, 2));
        }
        same = lab_random(l, 5) == 0 && i ? same : i;
        r->source = same;
        if (same != i) {
            r->deny = l->rules[same].deny;
            r->quiet = l->rules[same].quiet;
            r->err = l->rules[same].err;
            r->audit = l->rules[same].audit;
        }
    }
    l->profile.complain = lab_random(l, 4) == 0;
    l->profile.default_allow = lab_random(l, 4) == 0;
}

/* --- Random queries ---------------------------------------------------- */

static uint32_t random_name(struct lab *l, uint8_t *out, bool path)
{
    static const char *const parts[] = {"a", "b", "ab", "/", "abba", "x", "-", "1", "-1-", "-2-", "/b", "\0", "\001", "é"};
    uint32_t len = 0;

    if (path)
        out[len++] = '/';
    for (unsigned n = lab_random(l, 8); n; n--) {
        const char *part = parts[lab_random(l, lab_random(l, 2) ? 5 : 14)];
        uint32_t size = *part ? (uint32_t)strlen(part) : 1;
        memcpy(out + len, part, size);
        len += size;
    }
    return len;
}

static struct policy_addr random_addr(struct lab *l)
{
    struct policy_addr a = {.kind = (enum policy_addr_kind)lab_random(l, POLICY_ADDR_OTHER + 1)};
    uint8_t *bytes = arena_alloc(&l->arena, 128, 16);

    if (lab_random(l, 3) == 0)
        a.kind = lab_random(l, 2) ? POLICY_ADDR_PATHNAME : POLICY_ADDR_ABSTRACT;
    switch (a.kind) {
    case POLICY_ADDR_ABSTRACT:
    case POLICY_ADDR_PATHNAME:
        a.len = random_name(l, bytes, a.kind == POLICY_ADDR_PATHNAME);
        a.bytes = a.kind == POLICY_ADDR_PATHNAME && lab_random(l, 6) == 0 ? NULL : bytes;
        break;
    case POLICY_ADDR_INET:
    case POLICY_ADDR_INET6:
        a.len = a.kind == POLICY_ADDR_INET ? 4 : 16;
        for (unsigned i = 0; i < 16; i++)
            bytes[i] = (uint8_t)(lab_random(l, 2) * 0x81);
        a.bytes = bytes;
        a.port = (uint16_t)(lab_random(l, 2) ? lab_random(l, 40) : lab_random(l, 65536));
        break;
    default:
        break;
    }
    return a;
}

struct policy_query lab_random_query(struct lab *l)
{
    static const int families[] = {AF_UNIX, AF_UNIX, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, -1, 0, 47, 60};
    static const char *const labels[] = {NULL, "unconfined", "abc", "db", ""};
    static const char *const exes[] = {NULL, "/bin/sh", "/bin/a", "/a/b", "/usr"};
    uint32_t perm = lab_random(l, 6) ? 1u << lab_random(l, 12) : POLICY_INHERIT;

    return (struct policy_query){.perm = perm,
                                 .family = families[lab_random(l, 10)],
                                 .type = (int)lab_random(l, 7) - 1,
                                 .protocol = (int)lab_random(l, 4) - 1,
                                 .local = random_addr(l),
                                 .peer = random_addr(l),
                                 .label = labels[lab_random(l, 5)],
                                 .bound = (enum policy_scope)lab_random(l, 3),
                                 .made = (enum policy_scope)lab_random(l, 3),
                                 .uid_known = lab_random(l, 3),
                                 .uid = lab_random(l, 3),
                                 .exe = exes[lab_random(l, 5)],
                                 .fd = (int)lab_random(l, 9) - 1,
                                 .exempt = lab_random(l, 3) == 0};
}

/* --- The slow way ------------------------------------------------------ */

/* What a rule says of the facts that few rules ask for, from what was written. */
static bool text_holds(const struct glob *globs, const char *text, bool deny)
{
    return !globs || (text ? glob_match(globs, text, strlen(text)) : deny);
}

static bool scope_holds(enum policy_scope wanted, enum policy_scope is, bool deny)
{
    return !wanted || (is ? wanted == is : deny);
}

static bool more_holds(const struct rule *r, const struct policy_query *q)
{
    bool inherit = q->perm == POLICY_INHERIT, fits = q->fd >= (int)r->fd_low && q->fd <= (int)r->fd_high;

    return text_holds(r->labels, q->label, r->deny) && text_holds(r->exes, q->exe, r->deny) &&
           scope_holds(r->bound, q->bound, r->deny) && scope_holds(r->made, q->made, r->deny) &&
           (!r->uid_given || (q->uid_known ? q->uid == r->uid : r->deny)) &&
           (!r->fd_given || (q->fd < 0 ? r->deny : fits)) && (!inherit || !q->exempt || r->fd_given);
}

static bool mediates_inherit(const struct lab *l)
{
    bool names = false;

    for (uint32_t i = 0; i < l->count; i++)
        names |= l->rules[i].names_inherit;
    return names;
}

/* Several rules may share a source; the other conditions are policy_rule_miss()'s. */
static bool matches(const struct lab *l, uint32_t source, const struct policy_query *q)
{
    enum policy_miss miss = policy_rule_miss(&l->policy, source, q);
    unsigned sharing = 0, holding = 0;

    for (uint32_t i = source; i < l->count; i++)
        if (l->rules[i].source == source) {
            sharing++;
            holding += more_holds(&l->rules[i], q);
        }
    if (miss == POLICY_MATCHES ? !holding : sharing == 1 && miss >= POLICY_MISS_LABEL && holding)
        abort();
    if (miss == POLICY_MATCHES && q->perm == POLICY_INHERIT && !mediates_inherit(l))
        abort();
    return miss == POLICY_MATCHES;
}

void lab_slow(const struct lab *l, const struct policy_query *q, struct policy_verdict *v)
{
    const struct rule *deny = NULL, *allow = NULL, *audit = NULL;

    for (uint32_t i = 0; i < l->count; i++) {
        const struct rule *r = &l->rules[i];
        if (r->inject || r->source != i || !matches(l, i, q))
            continue;
        if (r->deny)
            deny = deny ? deny : r;
        else
            allow = allow ? allow : r;
        if (!r->deny && r->audit)
            audit = audit ? audit : r;
    }
    *v = (struct policy_verdict){.outcome = POLICY_ALLOWED, .rule = POLICY_RULE_NONE};
    if (deny)
        *v = (struct policy_verdict){deny->quiet ? POLICY_QUIET : POLICY_DENIED, deny->err ? deny->err : EACCES,
                                     deny->source, true};
    else if (audit)
        *v = (struct policy_verdict){.outcome = POLICY_AUDITED, .rule = audit->source};
    else if (allow)
        v->rule = allow->source;
    else if (!l->profile.default_allow && (q->perm != POLICY_INHERIT || (mediates_inherit(l) && !q->exempt)))
        *v = (struct policy_verdict){.outcome = l->profile.complain ? POLICY_COMPLAIN : POLICY_DENIED,
                                     .err = EACCES,
                                     .rule = POLICY_RULE_NONE};
}

const char *lab_compare(const struct policy_verdict *a, const struct policy_verdict *b)
{
    return a->outcome != b->outcome               ? "outcome"
           : a->err != b->err                     ? "errno"
           : a->rule != b->rule                   ? "rule"
           : a->explicit_deny != b->explicit_deny ? "explicit_deny"
                                                  : NULL;
}

struct policy_query lab_forget(const struct policy_query *q, uint32_t needs)
{
    struct policy_query f = *q;

    if (!(needs & POLICY_NEEDS_TYPE))
        f.type = -1;
    if (!(needs & POLICY_NEEDS_PROTOCOL))
        f.protocol = -1;
    if (!(needs & POLICY_NEEDS_LOCAL))
        f.local = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    else if (!(needs & POLICY_NEEDS_LOCAL_PATH) && f.local.kind == POLICY_ADDR_PATHNAME)
        f.local = (struct policy_addr){.kind = POLICY_ADDR_PATHNAME};
    if (!(needs & POLICY_NEEDS_PEER))
        f.peer = (struct policy_addr){.kind = POLICY_ADDR_UNKNOWN};
    else if (!(needs & POLICY_NEEDS_PEER_PATH) && f.peer.kind == POLICY_ADDR_PATHNAME)
        f.peer = (struct policy_addr){.kind = POLICY_ADDR_PATHNAME};
    if (!(needs & POLICY_NEEDS_LABEL))
        f.label = NULL;
    if (!(needs & POLICY_NEEDS_BOUND))
        f.bound = POLICY_SCOPE_UNKNOWN;
    if (!(needs & POLICY_NEEDS_MADE))
        f.made = POLICY_SCOPE_UNKNOWN;
    if (!(needs & POLICY_NEEDS_UID))
        f.uid_known = false;
    if (!(needs & POLICY_NEEDS_EXE))
        f.exe = NULL;
    return f;
}

/* The decision, through the index. Everything it reads was checked by
 * policy_open, so nothing is checked here again. */
#include "match.h"

#include <errno.h>
#include <string.h>

enum knowledge { KNOWN, UNKNOWN, TEXT_UNKNOWN };

#define HITS 4

/* Lists of rules that the address of one side leads to and that have a
 * condition on the other side as well. */
struct hits {
    uint32_t lists[HITS];
    uint32_t count; /* may be more than there is room for */
    uint32_t rules; /* in all of them */
};

struct look {
    const void *blob;
    const struct policy_query *q;
    uint32_t perm; /* of q, or PERM_EXEMPT */
    const struct blob_profile *profile;
    const struct blob_rule *rules;
    const struct blob_list *lists;
    const struct blob_entry *entries;
    uint32_t best[3]; /* lowest rule that denies, allows, audits */
    enum knowledge known[SIDES];
    struct hits hits[SIDES];
    int side;      /* being looked up */
    bool both;     /* second pass: rules with conditions on both sides */
    uint16_t port;
};

/* --- Lists ------------------------------------------------------------- */

static bool family_holds(const struct look *k, const struct blob_entry *e, bool deny)
{
    unsigned family = e->flags >> 8;

    if (!family)
        return true;
    if (k->q->family < 0)
        return deny;
    if (family == ENTRY_FAMILIES)
        return match_family(k->rules[e->rule].families, k->q->family) == MATCH_YES;
    return k->q->family == (int)family - 1;
}

static bool unknown_enough(const struct look *k, unsigned flags)
{
    enum knowledge local = k->known[SIDE_LOCAL], peer = k->known[SIDE_PEER];

    if (flags & ENTRY_LOCAL && local != UNKNOWN && !(local == TEXT_UNKNOWN && flags & ENTRY_LOCAL_PATH))
        return false;
    return !(flags & ENTRY_PEER) || peer == UNKNOWN || (peer == TEXT_UNKNOWN && flags & ENTRY_PEER_PATH);
}

static bool rest_holds(const struct look *k, const struct blob_entry *e, bool deny)
{
    const struct blob_rule *r = &k->rules[e->rule];

    if (e->flags & (ENTRY_LOCAL | ENTRY_PEER) && !unknown_enough(k, e->flags))
        return false;
    return match_holds(match_type(r->types, k->q->type), deny) &&
           match_holds(match_protocol(r->protocol, k->q->protocol), deny) &&
           (!(e->flags & ENTRY_MORE) || match_more(k->blob, r, k->q) == POLICY_MATCHES);
}

static bool other_holds(const struct look *k, const struct blob_entry *e, bool deny)
{
    int other = !k->side;
    const struct policy_addr *addr = other == SIDE_LOCAL ? &k->q->local : &k->q->peer;

    return match_holds(match_addr(k->blob, k->rules[e->rule].conds[other], addr, k->q->perm), deny);
}

/* Entries stand in file order: the first that holds is the part's answer, and
 * nothing after the best so far can matter. */
static void scan(struct look *k, const struct blob_entry *e, uint32_t n, int part, bool both)
{
    bool deny = part == PART_DENY;

    for (; n && e->rule < k->best[part]; e++, n--)
        if (e->perms & k->perm && family_holds(k, e, deny) &&
            (!(e->flags & 0xff) || rest_holds(k, e, deny)) && (!both || other_holds(k, e, deny))) {
            k->best[part] = e->rule;
            return;
        }
}

static void scan_parts(struct look *k, const struct blob_list *list, int from)
{
    const struct blob_entry *e = k->entries + list->entries;

    for (int part = 0; part < from; part++)
        e += list->counts[part];
    for (int part = 0; part < 3; e += list->counts[from + part], part++)
        if (list->counts[from + part])
            scan(k, e, list->counts[from + part], part, from > 0);
}

static void use(struct look *k, uint32_t index)
{
    const struct blob_list *list = &k->lists[index];
    uint32_t both = list->counts[PART_BOTH_DENY] + list->counts[PART_BOTH_ALLOW];

    if (k->both) {
        scan_parts(k, list, PART_BOTH_DENY);
        return;
    }
    scan_parts(k, list, PART_DENY);
    if (both) {
        struct hits *h = &k->hits[k->side];
        if (h->count < HITS)
            h->lists[h->count] = index;
        h->count++;
        h->rules += both;
    }
}

/* --- The tree ---------------------------------------------------------- */

struct key {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t after_slash; /* after the last '/' */
};

/* The child whose text starts with `byte`, BLOB_NONE without one. */
static uint32_t find_child(const uint8_t *firsts, const struct blob_node *n, uint8_t byte)
{
    uint32_t low = n->child, high = n->child + n->children;

    while (high - low > 8) {
        uint32_t mid = low + (high - low) / 2;
        if (firsts[mid] <= byte)
            low = mid;
        else
            high = mid;
    }
    for (; low < high; low++)
        if (firsts[low] == byte)
            return low;
    return BLOB_NONE;
}

/* Under a prefix: the port by half bytes. Only prefixes of it hang there. A
 * frame of its own keeps the stack low. */
static __attribute__((noinline)) void walk_ports(struct look *k, uint32_t root)
{
    const struct blob_node *nodes = blob_at(k->blob, BLOB_NODES), *n = &nodes[root];
    const uint8_t *firsts = blob_at(k->blob, BLOB_FIRSTS), *texts = blob_at(k->blob, BLOB_BYTES);
    uint32_t next;

    for (int left = 4;; left -= n->len) {
        if (n->accept & ACCEPT_DIRECT)
            use(k, n->accept & ACCEPT_LIST);
        if (!left || (next = find_child(firsts, n, k->port >> (4 * left - 4) & 15)) == BLOB_NONE)
            return;
        n = &nodes[next];
        if (n->len > left)
            return;
        for (int i = 0; i < n->len; i++)
            if (texts[n->text + (uint32_t)i] != (k->port >> (4 * (left - i) - 4) & 15))
                return;
    }
}

static __attribute__((noinline)) bool tail_fits(const struct look *k, const struct key *key, uint32_t at,
                                                const struct blob_tail *tail)
{
    const struct glob g = blob_glob(k->blob, tail->glob);
    const uint8_t *end = g.code + g.len - 1, *name = key->bytes + at, *name_end = key->bytes + key->len;
    uint32_t left = key->len - at;

    if (left < tail->min_len || left < tail->suffix ||
        memcmp(end - tail->suffix, name_end - tail->suffix, tail->suffix) != 0)
        return false;
    /* A star and literal bytes: what is between must not have a '/'. */
    if (g.code[tail->from] == GLOB_STAR && g.code + tail->from + 1 + tail->suffix == end)
        return !memchr(name, '/', left - tail->suffix);
    return glob_match_from(&g, tail->from, name, left);
}

static void try_bucket(struct look *k, const struct key *key, uint32_t at, const struct blob_filter *f,
                       uint32_t window, uint32_t distance)
{
    const uint32_t *bucket = BLOB_TABLE(k->blob, uint32_t, BLOB_BUCKETS) + f->buckets +
                             filter_bucket(window, distance, f->bits);
    const struct blob_tail *tails = blob_at(k->blob, BLOB_TAILS);

    for (uint32_t t = bucket[0]; t < bucket[1]; t++)
        if (tails[t].window == window && tails[t].distance == distance && tail_fits(k, key, at, &tails[t]))
            use(k, tails[t].list);
}

static void try_ends(struct look *k, const struct key *key, uint32_t at, const struct blob_filter *f)
{
    for (uint64_t left = f->distances; left; left &= left - 1) {
        uint32_t distance = (uint32_t)__builtin_ctzll(left);
        if (distance > key->len - at || distance < 4)
            continue;
        try_bucket(k, key, at, f, filter_window(key->bytes + key->len - distance, FILTER_END), distance);
    }
}

static void try_anywhere(struct look *k, const struct key *key, uint32_t at, uint32_t i,
                         const struct blob_accept *a)
{
    const struct blob_filter *filters = blob_at(k->blob, BLOB_FILTERS);

    for (enum filter_kind kind = FILTER_4; kind < FILTERS; kind++)
        if (a->filters[kind] && i + filter_width(kind) <= key->len)
            try_bucket(k, key, at, &filters[a->filters[kind]], filter_window(key->bytes + i, kind), 0);
}

static void try_pairs(struct look *k, const struct key *key, uint32_t at, const struct blob_accept *a)
{
    const uint8_t *pairs = BLOB_TABLE(k->blob, uint8_t, BLOB_BYTES) + a->pairs;

    for (uint32_t i = at; i + 1 < key->len; i++) {
        uint32_t bit = filter_pair(key->bytes + i, a->pair_bits);
        if (pairs[bit / 8] >> bit % 8 & 1)
            try_anywhere(k, key, at, i, a);
    }
}

/* Whether what is left of the name is of that kind. */
static inline bool rest_is(const struct key *key, uint32_t at, enum accept_kind kind)
{
    switch (kind) {
    case ACCEPT_END:
        return at == key->len;
    case ACCEPT_STAR:
        return at >= key->after_slash;
    case ACCEPT_STAR1:
        return at >= key->after_slash && at < key->len;
    case ACCEPT_ALL1:
        return at < key->len && key->bytes[at] != '/';
    default:
        return true;
    }
}

static void accept(struct look *k, const struct key *key, uint32_t at, const struct blob_accept *a)
{
    const struct blob_tail *tails = BLOB_TABLE(k->blob, struct blob_tail, BLOB_TAILS) + a->tails;
    const struct blob_filter *filters = blob_at(k->blob, BLOB_FILTERS);

    for (enum accept_kind kind = ACCEPT_END; kind < ACCEPT_KINDS; kind++)
        if (a->lists[kind] && rest_is(key, at, kind))
            use(k, a->lists[kind]);
    for (uint32_t i = 0; i < a->tail_count; i++)
        if (tail_fits(k, key, at, &tails[i]))
            use(k, tails[i].list);
    if (a->filters[FILTER_END])
        try_ends(k, key, at, &filters[a->filters[FILTER_END]]);
    if (a->pair_bits)
        try_pairs(k, key, at, a);
    if (a->ports)
        walk_ports(k, a->ports);
}

static void walk(struct look *k, uint32_t root, const uint8_t *bytes, uint32_t len)
{
    const struct blob_node *nodes = blob_at(k->blob, BLOB_NODES), *n = &nodes[root];
    const struct blob_accept *accepts = blob_at(k->blob, BLOB_ACCEPTS);
    const uint8_t *firsts = blob_at(k->blob, BLOB_FIRSTS), *texts = blob_at(k->blob, BLOB_BYTES);
    struct key key = {.bytes = bytes, .len = len, .after_slash = len};
    uint32_t at = 0, next;

    while (key.after_slash && bytes[key.after_slash - 1] != '/')
        key.after_slash--;
    for (;;) {
        if (n->accept & ACCEPT_DIRECT) {
            if (rest_is(&key, at, accept_kind(n->accept)))
                use(k, n->accept & ACCEPT_LIST);
        } else if (n->accept) {
            accept(k, &key, at, &accepts[n->accept]);
        }
        if (at == len || (next = find_child(firsts, n, bytes[at])) == BLOB_NONE)
            return;
        n = &nodes[next];
        if (n->len > len - at || memcmp(texts + n->text, bytes + at, n->len) != 0)
            return;
        at += n->len;
    }
}

static void walk_inet(struct look *k, uint32_t root, const struct policy_addr *addr)
{
    uint32_t size = addr->kind == POLICY_ADDR_INET ? 4 : 16;
    const uint8_t *bytes = addr->bytes;
    uint8_t halves[32];

    if (addr->len < size)
        return;
    for (uint32_t i = 0; i < size; i++) {
        halves[2 * i] = bytes[i] >> 4;
        halves[2 * i + 1] = bytes[i] & 15;
    }
    k->port = addr->port;
    walk(k, root, halves, 2 * size);
}

static const struct policy_addr *addr_of(const struct look *k, int side)
{
    return side == SIDE_LOCAL ? &k->q->local : &k->q->peer;
}

static void look_up(struct look *k, int side)
{
    const struct blob_roots *roots = &k->profile->roots[side];
    const struct policy_addr *addr = addr_of(k, side);

    k->side = side;
    switch (addr->kind) {
    case POLICY_ADDR_NONE:
        if (roots->none)
            use(k, roots->none);
        break;
    case POLICY_ADDR_AUTO:
        if (roots->automatic)
            use(k, roots->automatic);
        break;
    case POLICY_ADDR_ABSTRACT:
        if (roots->abstract)
            walk(k, roots->abstract, addr->bytes, addr->len);
        break;
    case POLICY_ADDR_PATHNAME:
        if (roots->path && addr->bytes)
            walk(k, roots->path, addr->bytes, addr->len);
        else if (roots->any_path && !addr->bytes)
            use(k, roots->any_path);
        break;
    case POLICY_ADDR_INET:
        if (roots->inet)
            walk_inet(k, roots->inet, addr);
        break;
    case POLICY_ADDR_INET6:
        if (roots->inet6)
            walk_inet(k, roots->inet6, addr);
        break;
    default:
        break;
    }
}

/* --- Rules with conditions on both sides ------------------------------- */

/* Each such rule hangs in both trees; the side that leads to fewer of them is
 * gone through and the other side's condition tried on each. A side of which not
 * all is known leads to some of them at most. */
static int shorter_side(const struct look *k)
{
    const struct hits *local = &k->hits[SIDE_LOCAL], *peer = &k->hits[SIDE_PEER];

    if (k->known[SIDE_LOCAL] != KNOWN)
        return SIDE_PEER;
    if (k->known[SIDE_PEER] != KNOWN)
        return SIDE_LOCAL;
    return local->rules <= peer->rules ? SIDE_LOCAL : SIDE_PEER;
}

static void look_from(struct look *k, int side)
{
    const struct hits *h = &k->hits[side];

    k->side = side;
    if (h->count > HITS) {
        look_up(k, side);
        return;
    }
    for (uint32_t i = 0; i < h->count; i++)
        use(k, h->lists[i]);
}

static void look_at_both(struct look *k)
{
    k->both = true;
    look_from(k, shorter_side(k));
    if (k->known[SIDE_LOCAL] != KNOWN && k->known[SIDE_PEER] != KNOWN)
        look_from(k, SIDE_LOCAL);
}

/* --- The verdict ------------------------------------------------------- */

static const struct blob_slot *slot_of(const struct policy *p, uint32_t perm, int family)
{
    const struct blob_profile *profile = blob_profile(p);
    unsigned which = family < 0                  ? GROUP_UNKNOWN
                     : family >= POLICY_FAMILIES ? GROUP_OTHER
                                                 : (unsigned)family;
    uint32_t bit = (uint32_t)__builtin_ctz(perm | 1u << (SLOT_PERMS - 1));

    return BLOB_TABLE(p->blob, struct blob_slot, BLOB_SLOTS) + profile->slots +
           profile->group[which] * SLOT_PERMS + bit;
}

uint32_t policy_needs(const struct policy *p, uint32_t perm, int family)
{
    return slot_of(p, perm, family)->needs;
}

uint32_t policy_needs_connected(const struct policy *p, uint32_t perm, int family)
{
    return slot_of(p, perm, family)->connected;
}

static enum knowledge knowledge(const struct policy_addr *addr)
{
    if (addr->kind == POLICY_ADDR_UNKNOWN)
        return UNKNOWN;
    return addr->kind == POLICY_ADDR_PATHNAME && !addr->bytes ? TEXT_UNKNOWN : KNOWN;
}

static void deny(const struct look *k, struct policy_verdict *v)
{
    const struct blob_rule *r = &k->rules[k->best[PART_DENY]];

    *v = (struct policy_verdict){.outcome = r->flags & RULE_QUIET ? POLICY_QUIET : POLICY_DENIED,
                                 .err = r->err,
                                 .rule = r->source,
                                 .explicit_deny = true};
}

/* An inherited socket that no rule is about. */
static bool free_inherit(const struct look *k)
{
    return k->perm == PERM_EXEMPT || (k->perm == POLICY_INHERIT && !k->profile->mediates_inherit);
}

static void conclude(const struct look *k, struct policy_verdict *v)
{
    *v = (struct policy_verdict){.outcome = POLICY_ALLOWED, .rule = POLICY_RULE_NONE};
    if (k->best[PART_DENY] != BLOB_NONE) {
        deny(k, v);
    } else if (k->best[PART_AUDIT] != BLOB_NONE) {
        v->outcome = POLICY_AUDITED;
        v->rule = k->rules[k->best[PART_AUDIT]].source;
    } else if (k->best[PART_ALLOW] != BLOB_NONE) {
        v->rule = k->rules[k->best[PART_ALLOW]].source;
    } else if (!k->profile->default_allow && !free_inherit(k)) {
        v->outcome = k->profile->complain ? POLICY_COMPLAIN : POLICY_DENIED;
        v->err = EACCES;
    }
}

void policy_decide(const struct policy *p, const struct policy_query *q, struct policy_verdict *v)
{
    struct look k;
    uint32_t perm = q->perm == POLICY_INHERIT && q->exempt ? PERM_EXEMPT : q->perm;
    uint32_t always = slot_of(p, perm, q->family)->list;

    k.blob = p->blob;
    k.q = q;
    k.perm = perm;
    k.profile = blob_profile(p);
    k.rules = blob_at(p->blob, BLOB_RULES);
    k.lists = blob_at(p->blob, BLOB_LISTS);
    k.entries = blob_at(p->blob, BLOB_ENTRIES);
    k.best[0] = k.best[1] = k.best[2] = BLOB_NONE;
    k.known[SIDE_LOCAL] = knowledge(&q->local);
    k.known[SIDE_PEER] = knowledge(&q->peer);
    k.both = false;
    for (int side = 0; side < SIDES; side++)
        k.hits[side].count = k.hits[side].rules = 0;
    if (always)
        scan_parts(&k, &k.lists[always], PART_DENY);
    look_up(&k, SIDE_LOCAL);
    look_up(&k, SIDE_PEER);
    if (k.hits[SIDE_LOCAL].count + k.hits[SIDE_PEER].count)
        look_at_both(&k);
    conclude(&k, v);
}

#include "index.h"

#include <string.h>
#include <sys/socket.h>

void index_start(struct build *b)
{
    table_add(b, BLOB_MORES, 1);
    table_add(b, BLOB_LISTS, 1);
    table_add(b, BLOB_NODES, 1);
    table_add(b, BLOB_FIRSTS, 1);
    table_add(b, BLOB_ACCEPTS, 1);
    table_add(b, BLOB_FILTERS, 1);
}

/* Temporary roots of one side; 0: nothing there. */
struct roots {
    uint32_t path, abstract, inet, inet6;
    bool nameless; /* some condition may take an address without a name, */
    bool any_path; /* any pathname */
};

static uint32_t ensure(struct tree *t, uint32_t *root)
{
    if (!*root)
        *root = tree_root(t);
    return *root;
}

static void plant_globs(struct tree *t, struct roots *r, const struct blob_cond *c, uint32_t group)
{
    for (uint32_t i = c->globs; i < c->globs + c->glob_count && !t->b->err; i++) {
        const struct blob_glob *g = TABLE(t->b, struct blob_glob, BLOB_GLOBS) + i;
        if (TABLE(t->b, uint8_t, BLOB_BYTES)[g->code] == GLOB_QUOTE)
            tree_glob(t, ensure(t, &r->abstract), 2, i, group);
        else
            tree_glob(t, ensure(t, &r->path), 0, i, group);
    }
}

static void plant(struct tree *t, struct roots *r, uint32_t group)
{
    uint32_t cond = VEC_AT(&t->groups, struct tree_group, group)->cond;
    const struct blob_cond *c = TABLE(t->b, struct blob_cond, BLOB_CONDS) + cond;

    r->nameless |= c->match == ADDR_NONE || c->match == ADDR_AUTO || c->match == ADDR_NOT_PATHNAME;
    r->any_path |= c->match == ADDR_PATHNAME;
    if (c->match == ADDR_GLOB)
        plant_globs(t, r, c, group);
    else if (c->match == ADDR_NOT_PATHNAME || c->match == ADDR_ABSTRACT)
        tree_all(t, ensure(t, &r->abstract), group);
    else if (c->match == ADDR_PATHNAME)
        tree_all(t, ensure(t, &r->path), group);
    if (c->match != ADDR_INET)
        return;
    if (c->ip_family != AF_INET6)
        tree_inet(t, ensure(t, &r->inet), c->ip, c->ip_family ? c->ip_bits : 0, c->port_low, c->port_high,
                  group);
    if (c->ip_family != AF_INET)
        tree_inet(t, ensure(t, &r->inet6), c->ip, c->ip_family ? c->ip_bits : 0, c->port_low, c->port_high,
                  group);
}

/* The group of rules with this condition. `where` says at which place of
 * t->groups it might be; what stands there is checked. */
static uint32_t group_of(struct tree *t, uint32_t *where, uint32_t cond)
{
    uint32_t i = where[cond];

    if (i < t->groups.count && VEC_AT(&t->groups, struct tree_group, i)->cond == cond)
        return i;
    i = t->groups.count;
    struct tree_group *g = VEC_ADD(t->b, &t->groups, struct tree_group);
    if (!g)
        return 0;
    *g = (struct tree_group){.cond = cond};
    where[cond] = i;
    return i;
}

static void gather(struct tree *t, uint32_t *where, const struct blob_profile *p, int side)
{
    for (uint32_t i = p->rules; i < p->rules + p->rule_count && !t->b->err; i++) {
        uint32_t cond = TABLE(t->b, struct blob_rule, BLOB_RULES)[i].conds[side], at = t->links.count;
        if (!cond)
            continue;
        uint32_t group = group_of(t, where, cond);
        struct tree_link *link = VEC_ADD(t->b, &t->links, struct tree_link);
        if (!link)
            return;
        *link = (struct tree_link){.rule = i};
        struct tree_group *g = VEC_AT(&t->groups, struct tree_group, group);
        if (g->first)
            VEC_AT(&t->links, struct tree_link, g->last)->next = at;
        else
            g->first = at;
        g->last = at;
    }
}

/* For which of a rule's permissions its condition takes an address without a
 * text: unnamed, to be chosen by the kernel, or a pathname that was not resolved. */
static uint32_t textless_perms(const struct blob_cond *c, enum policy_addr_kind kind, uint32_t perms)
{
    bool automatic = kind == POLICY_ADDR_AUTO, path = kind == POLICY_ADDR_PATHNAME;

    switch (c->match) {
    case ADDR_NONE:
        return path ? 0 : automatic ? perms & POLICY_BIND : perms;
    case ADDR_AUTO:
        return automatic ? perms : 0;
    case ADDR_NOT_PATHNAME:
        return path ? 0 : perms;
    case ADDR_PATHNAME:
        return path ? perms : 0;
    default:
        return 0;
    }
}

static uint32_t textless(struct tree *t, const struct blob_profile *p, int side, enum policy_addr_kind kind)
{
    const struct blob_cond *conds = TABLE(t->b, struct blob_cond, BLOB_CONDS);
    const struct blob_rule *rules = TABLE(t->b, struct blob_rule, BLOB_RULES);

    t->items.count = 0;
    for (uint32_t i = p->rules; i < p->rules + p->rule_count && !t->b->err; i++) {
        uint32_t perms = textless_perms(&conds[rules[i].conds[side]], kind, rules[i].perms);
        struct item *item = perms ? VEC_ADD(t->b, &t->items, struct item) : NULL;
        if (item)
            *item = (struct item){i, perms};
    }
    return t->b->err ? 0 : list_add(t->b, t->items.data, t->items.count);
}

/* The other side's are done with. Number 0 of the last three means "none". */
static void start(struct tree *t)
{
    t->groups.count = t->links.count = t->nodes.count = t->hangs.count = 0;
    VEC_ADD(t->b, &t->links, struct tree_link);
    VEC_ADD(t->b, &t->nodes, struct tree_node);
    VEC_ADD(t->b, &t->hangs, struct tree_hang);
}

/* Nodes of which one list does not say all. */
static uint32_t accepts(const struct tree *t)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < t->nodes.count; i++) {
        const struct tree_node *n = VEC_AT(&t->nodes, struct tree_node, i);
        count += n->ports || n->hang != n->last_hang ||
                 (n->hang && VEC_AT(&t->hangs, struct tree_hang, n->hang)->kind == ACCEPT_KINDS);
    }
    return count;
}

static void expect(struct tree *t)
{
    uint32_t n = accepts(t);

    table_expect(t->b, BLOB_ACCEPTS, n);
    table_expect(t->b, BLOB_TAILS, n);
    table_expect(t->b, BLOB_NODES, t->nodes.count);
    table_expect(t->b, BLOB_FIRSTS, t->nodes.count);
    table_expect(t->b, BLOB_LISTS, t->groups.count);
    table_expect(t->b, BLOB_ENTRIES, t->links.count);
}

static void side(struct tree *t, struct blob_profile *p, int which, uint32_t *where)
{
    struct roots r = {0};
    struct blob_roots *out = &p->roots[which];

    start(t);
    if (!t->b->err)
        gather(t, where, p, which);
    if (!t->groups.count)
        return;
    for (uint32_t g = 0; g < t->groups.count && !t->b->err; g++)
        plant(t, &r, g);
    if (t->b->err)
        return;
    expect(t);
    out->path = r.path ? tree_lay(t, r.path) : 0;
    out->abstract = r.abstract ? tree_lay(t, r.abstract) : 0;
    out->inet = r.inet ? tree_lay(t, r.inet) : 0;
    out->inet6 = r.inet6 ? tree_lay(t, r.inet6) : 0;
    out->any_path = r.any_path ? textless(t, p, which, POLICY_ADDR_PATHNAME) : 0;
    if (!r.nameless)
        return;
    out->none = textless(t, p, which, POLICY_ADDR_NONE);
    out->automatic = textless(t, p, which, POLICY_ADDR_AUTO);
}

void index_profile(struct build *b, struct blob_profile *p)
{
    uint32_t *where = build_alloc(b, (table_count(b, BLOB_CONDS) + 1) * sizeof *where);
    uint8_t buffer[GLOB_CODE_MAX];
    struct tree t = {.b = b, .buffer = buffer};
    uint32_t n = p->rule_count + 2;

    t.groups.room = t.links.room = t.hangs.room = n;
    t.nodes.room = n + n / 4;
    if (!b->err)
        slots_build(b, p);
    for (int s = 0; s < SIDES && !b->err; s++)
        side(&t, p, s, where);
}

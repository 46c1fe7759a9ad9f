/* The tree of literal starts, as linked nodes while it grows and as rows of
 * siblings once laid out. A node's text always lies in BLOB_BYTES: mostly in
 * the program of the glob it came from. */
#include "index.h"

#include <string.h>

bool vec_grow(struct build *b, struct vec *v, size_t record)
{
    uint32_t room = v->data ? v->room * 2 : v->room ? v->room : 16;
    void *data = build_alloc(b, room * record);

    if (!data)
        return false;
    if (v->count)
        memcpy(data, v->data, v->count * record);
    v->data = data;
    v->room = room;
    return true;
}

static struct tree_node *node_at(struct tree *t, uint32_t i)
{
    return VEC_AT(&t->nodes, struct tree_node, i);
}

static const uint8_t *bytes_at(const struct tree *t, uint32_t at)
{
    return t->b->tables[BLOB_BYTES].data + at;
}

static uint32_t new_node(struct tree *t, uint32_t text, uint32_t len)
{
    uint32_t i = t->nodes.count;
    struct tree_node *n = VEC_ADD(t->b, &t->nodes, struct tree_node);

    if (!n)
        return 0;
    *n = (struct tree_node){.text = text, .len = (uint16_t)len, .first = len ? *bytes_at(t, text) : 0};
    return i;
}

uint32_t tree_root(struct tree *t)
{
    return new_node(t, 0, 0);
}

/* The child that starts with `first`, or 0; *before: where it would be linked. */
static uint32_t child(struct tree *t, uint32_t parent, uint8_t first, uint32_t *before)
{
    uint32_t i = node_at(t, parent)->child;

    for (*before = 0; i && node_at(t, i)->first < first; i = node_at(t, i)->sibling)
        *before = i;
    return i && node_at(t, i)->first == first ? i : 0;
}

static uint32_t add_leaf(struct tree *t, uint32_t parent, uint32_t before, uint32_t text, uint32_t len)
{
    uint32_t leaf = new_node(t, text, len);
    uint32_t *link = before ? &node_at(t, before)->sibling : &node_at(t, parent)->child;

    if (leaf) {
        node_at(t, leaf)->sibling = *link;
        *link = leaf;
    }
    return leaf;
}

/* Makes `i` stop after `len` bytes; what it was goes on below it. */
static void split(struct tree *t, uint32_t i, uint32_t len)
{
    struct tree_node was = *node_at(t, i);
    uint32_t rest = new_node(t, was.text + len, was.len - len);

    if (!rest)
        return;
    struct tree_node *low = node_at(t, rest), *n = node_at(t, i);
    low->child = was.child;
    low->hang = was.hang;
    low->last_hang = was.last_hang;
    low->ports = was.ports;
    *n = (struct tree_node){
        .text = was.text, .len = (uint16_t)len, .first = was.first, .child = rest, .sibling = was.sibling};
}

static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    uint32_t n = 0;

    for (; len - n >= 8; n += 8) {
        uint64_t x, y;
        memcpy(&x, a + n, 8);
        memcpy(&y, b + n, 8);
        if (x != y)
            break;
    }
    while (n < len && a[n] == b[n])
        n++;
    return n;
}

/* The node that `len` bytes of text lead to from `node`, made where missing. */
static uint32_t insert(struct tree *t, uint32_t node, uint32_t text, uint32_t len)
{
    uint32_t before;

    while (len && !t->b->err) {
        uint32_t next = child(t, node, *bytes_at(t, text), &before);
        if (!next)
            return add_leaf(t, node, before, text, len);
        const struct tree_node *n = node_at(t, next);
        uint32_t same = common(bytes_at(t, text), bytes_at(t, n->text), len < n->len ? len : n->len);
        if (same < n->len)
            split(t, next, same);
        node = next;
        text += same;
        len -= same;
    }
    return node;
}

static void hang(struct tree *t, uint32_t node, struct tree_hang what)
{
    uint32_t i = t->hangs.count;
    struct tree_hang *h = VEC_ADD(t->b, &t->hangs, struct tree_hang);
    struct tree_node *n = node_at(t, node);

    if (!h)
        return;
    *h = what;
    if (n->hang)
        VEC_AT(&t->hangs, struct tree_hang, n->last_hang)->next = i;
    else
        n->hang = i;
    n->last_hang = i;
}

void tree_all(struct tree *t, uint32_t node, uint32_t group)
{
    hang(t, node, (struct tree_hang){.group = group, .kind = ACCEPT_ALL});
}

/* --- Globs ------------------------------------------------------------- */

struct spread {
    struct tree *t;
    uint32_t root, glob, group;
    uint32_t code;  /* where the program is in BLOB_BYTES, */
    uint32_t len;   /* its bytes */
    uint32_t start; /* first element of interest in it */
    bool plain;     /* the buffer is what stands in the program from `start` on */
};

static const uint8_t *past_jumps(const uint8_t *c)
{
    while (*c == GLOB_JUMP)
        c += glob_distance(c);
    return c;
}

static enum accept_kind kind_of(const uint8_t *c)
{
    bool some = *c == GLOB_ANY;

    if (*c == GLOB_END)
        return ACCEPT_END;
    if (some)
        c = past_jumps(c + 1);
    if ((*c != GLOB_STAR && *c != GLOB_STARSTAR) || *past_jumps(c + 1) != GLOB_END)
        return ACCEPT_KINDS;
    if (*c == GLOB_STAR)
        return some ? ACCEPT_STAR1 : ACCEPT_STAR;
    return some ? ACCEPT_ALL1 : ACCEPT_ALL;
}

static uint32_t alternatives(const uint8_t *c)
{
    uint32_t n = 1;

    for (; glob_distance(c); c += glob_distance(c))
        n++;
    return n;
}

/* A tail with braces also becomes several without: those are quicker to match
 * and have more literal bytes in a row to be found by. */
enum { FLAT_MAX = 8, FLAT_LEN = 512 };

struct flat {
    struct tree *t;
    uint32_t node, group;
    struct blob_glob from; /* what it was made of */
    uint8_t code[FLAT_LEN];
};

static bool braces_ahead(const uint8_t *c)
{
    while (*c != GLOB_END && *c != GLOB_ALT)
        c = *c == GLOB_JUMP ? c + glob_distance(c) : c + glob_step(c);
    return *c == GLOB_ALT;
}

static void hang_flat(struct flat *f, uint32_t len)
{
    struct build *b = f->t->b;
    struct tree_hang what = {
        .group = f->group, .glob = table_count(b, BLOB_GLOBS), .kind = (uint8_t)kind_of(f->code)};
    struct blob_glob flat = f->from;

    flat.hard = glob_hard(f->code, (const uint8_t(*)[32])bytes_at(f->t, f->from.sets));
    flat.len = (uint16_t)len;
    flat.code = table_bytes(b, f->code, len);
    memcpy(table_add(b, BLOB_GLOBS, 1), &flat, sizeof flat);
    if (!b->err)
        hang(f->t, f->node, what);
}

/* Copies the program from `at` on behind `len` bytes, for each alternative.
 * False: too many or too long; nothing is hung then. With `dry` nothing is. */
static bool flatten(struct flat *f, uint32_t at, uint32_t len, uint32_t room, bool dry)
{
    for (;;) {
        const uint8_t *c = bytes_at(f->t, f->from.code + at);
        if (*c == GLOB_JUMP) {
            at += glob_distance(c);
        } else if (*c == GLOB_ALT) {
            break;
        } else {
            if (len + 2 > FLAT_LEN)
                return false;
            memcpy(f->code + len, c, glob_step(c));
            len += glob_step(c);
            at += glob_step(c);
            if (*c == GLOB_END) {
                if (!dry)
                    hang_flat(f, len);
                return true;
            }
        }
    }
    uint32_t ways = alternatives(bytes_at(f->t, f->from.code + at));
    if (ways > room)
        return false;
    for (uint32_t distance = 1; distance; at += distance) {
        distance = glob_distance(bytes_at(f->t, f->from.code + at));
        if (!flatten(f, at + 3, len, room / ways, dry))
            return false;
    }
    return true;
}

static bool hang_without_braces(struct spread *s, uint32_t node, uint32_t from)
{
    struct flat f;

    if (!braces_ahead(bytes_at(s->t, s->code + from)))
        return false;
    f.t = s->t;
    f.node = node;
    f.group = s->group;
    f.from = TABLE(s->t->b, struct blob_glob, BLOB_GLOBS)[s->glob];
    return flatten(&f, from, 0, FLAT_MAX, true) && flatten(&f, from, 0, FLAT_MAX, false);
}

static void attach(struct spread *s, uint32_t from, uint32_t len)
{
    const uint8_t *c = past_jumps(bytes_at(s->t, s->code + from));
    struct tree_hang what = {.group = s->group,
                             .glob = s->glob,
                             .from = (uint16_t)(c - bytes_at(s->t, s->code)),
                             .kind = (uint8_t)kind_of(c)};
    uint32_t text = s->plain ? s->code + s->start : table_bytes(s->t->b, s->t->buffer, len);
    uint32_t node = s->t->b->err ? 0 : insert(s->t, s->root, text, len);

    if (s->t->b->err || (what.kind == ACCEPT_KINDS && hang_without_braces(s, node, what.from)))
        return;
    hang(s->t, node, what);
}

/* Follows the program from `at`, `len` bytes of literal text behind it. Braces
 * multiply the places; at most `room` of them, then the rest is a tail. The
 * recursion is at most log2(room) deep. */
static void spread_glob(struct spread *s, uint32_t at, uint32_t len, uint32_t room)
{
    for (;;) {
        const uint8_t *c = bytes_at(s->t, s->code + at);
        if (*c >= GLOB_OPS) {
            uint32_t end = glob_skip_literals(c, 0, s->len - at);
            memcpy(s->t->buffer + len, c, end);
            len += end;
            at += end;
        } else if (*c == GLOB_QUOTE) {
            s->t->buffer[len++] = c[1];
            s->plain = false;
            at += 2;
        } else if (*c == GLOB_JUMP) {
            s->plain = false;
            at += glob_distance(c);
        } else if (*c == GLOB_ALT && alternatives(c) <= room) {
            room /= alternatives(c);
            s->plain = false;
            break;
        } else {
            attach(s, at, len);
            return;
        }
    }
    for (uint32_t distance = 1; distance && !s->t->b->err; at += distance) {
        distance = glob_distance(bytes_at(s->t, s->code + at));
        spread_glob(s, at + 3, len, room);
    }
}

void tree_glob(struct tree *t, uint32_t root, uint32_t start, uint32_t glob, uint32_t group)
{
    const struct blob_glob *g = TABLE(t->b, struct blob_glob, BLOB_GLOBS) + glob;
    struct spread s = {.t = t,
                       .root = root,
                       .glob = glob,
                       .group = group,
                       .code = g->code,
                       .len = g->len,
                       .start = start,
                       .plain = true};

    spread_glob(&s, start, 0, 64);
}

/* --- Inet -------------------------------------------------------------- */

/* Addresses and ports are walked by half bytes. A prefix that ends within one
 * stands for up to eight of them. */
static void tree_prefix(struct tree *t, uint32_t root, const uint8_t *ip, unsigned bits,
                        void (*at)(struct tree *, uint32_t node, const void *arg), const void *arg)
{
    unsigned whole = bits / 4, free_bits = (4 - bits % 4) % 4, n = whole + (free_bits > 0);
    uint8_t halves[32];

    for (unsigned i = 0; i < n; i++)
        halves[i] = i % 2 ? ip[i / 2] & 15 : ip[i / 2] >> 4;
    unsigned last = free_bits ? halves[whole] & ~((1u << free_bits) - 1) & 15 : 0;
    for (unsigned i = 0; i < (free_bits ? 1u << free_bits : 1u) && !t->b->err; i++) {
        if (free_bits)
            halves[whole] = (uint8_t)(last + i);
        uint32_t node = insert(t, root, table_bytes(t->b, halves, n), n);
        if (!t->b->err)
            at(t, node, arg);
    }
}

static void all_ports(struct tree *t, uint32_t node, const void *group)
{
    tree_all(t, node, *(const uint32_t *)group);
}

struct ports {
    uint32_t group;
    uint32_t low, high;
};

/* A range of ports as the fewest prefixes. */
static void some_ports(struct tree *t, uint32_t node, const void *arg)
{
    const struct ports *p = arg;

    if (!node_at(t, node)->ports) {
        uint32_t root = tree_root(t);
        node_at(t, node)->ports = root;
    }
    for (uint32_t low = p->low; low <= p->high && !t->b->err;) {
        unsigned free_bits = low ? (unsigned)__builtin_ctz(low) : 16;
        free_bits = free_bits > 16 ? 16 : free_bits;
        while (low + (1u << free_bits) - 1 > p->high)
            free_bits--;
        const uint8_t bytes[2] = {(uint8_t)(low >> 8), (uint8_t)low};
        tree_prefix(t, node_at(t, node)->ports, bytes, 16 - free_bits, all_ports, &p->group);
        low += 1u << free_bits;
    }
}

void tree_inet(struct tree *t, uint32_t root, const uint8_t *ip, unsigned bits, uint16_t low, uint16_t high,
               uint32_t group)
{
    struct ports ports = {group, low, high};

    if (low == 0 && high == UINT16_MAX)
        tree_prefix(t, root, ip, bits, all_ports, &group);
    else if (low <= high)
        tree_prefix(t, root, ip, bits, some_ports, &ports);
}

/* --- Laying out -------------------------------------------------------- */

static void sort_items(struct item *items, uint32_t n)
{
    for (uint32_t gap = n / 2; gap; gap /= 2)
        for (uint32_t i = gap; i < n; i++) {
            struct item moved = items[i];
            uint32_t j = i;
            for (; j >= gap && items[j - gap].rule > moved.rule; j -= gap)
                items[j] = items[j - gap];
            items[j] = moved;
        }
}

static void group_items(struct tree *t, const struct tree_group *g)
{
    for (uint32_t i = g->first; i; i = VEC_AT(&t->links, struct tree_link, i)->next) {
        uint32_t rule = VEC_AT(&t->links, struct tree_link, i)->rule;
        struct item *item = VEC_ADD(t->b, &t->items, struct item);
        if (item)
            *item = (struct item){rule, TABLE(t->b, struct blob_rule, BLOB_RULES)[rule].perms};
    }
}

uint32_t tree_list(struct tree *t, const uint32_t *groups, uint32_t n)
{
    struct tree_group *only = VEC_AT(&t->groups, struct tree_group, groups[0]);

    if (n == 1 && only->list)
        return only->list;
    t->items.count = 0;
    for (uint32_t i = 0; i < n; i++)
        group_items(t, VEC_AT(&t->groups, struct tree_group, groups[i]));
    if (t->b->err)
        return 0;
    if (n > 1)
        sort_items(t->items.data, t->items.count);
    uint32_t list = list_add(t->b, t->items.data, t->items.count);
    if (n == 1)
        only->list = list;
    return list;
}

/* The list of what hangs on a node in the way `kind`. */
static uint32_t kind_list(struct tree *t, const struct tree_node *n, unsigned kind)
{
    struct vec groups = {0};
    uint32_t few[8], count = 0;

    for (uint32_t i = n->hang; i; i = VEC_AT(&t->hangs, struct tree_hang, i)->next) {
        const struct tree_hang *h = VEC_AT(&t->hangs, struct tree_hang, i);
        if (h->kind != kind)
            continue;
        if (count < 8) {
            few[count] = h->group;
        } else {
            if (count == 8)
                for (unsigned k = 0; k < 8; k++) {
                    uint32_t *to = VEC_ADD(t->b, &groups, uint32_t);
                    if (to)
                        *to = few[k];
                }
            uint32_t *to = VEC_ADD(t->b, &groups, uint32_t);
            if (to)
                *to = h->group;
        }
        count++;
    }
    if (!count || t->b->err)
        return 0;
    return tree_list(t, count > 8 ? groups.data : few, count);
}

/* Bytes a tail takes at least, and how many literal ones it ends in. With
 * braces: the first is not known, the second counts from the last brace. So it does where
 * the tail began within braces and jumps out of them: what the program ends in is
 * another alternative. */
static void measure(const uint8_t *code, struct blob_tail *tail)
{
    const uint8_t *c = past_jumps(code + tail->from);
    unsigned run = 0, least = 0;
    bool braces = false;

    while (*c != GLOB_END) {
        const uint8_t *next = *c == GLOB_ALT ? glob_after_braces(c) : c + glob_step(c);

        run = *c < GLOB_OPS || *next == GLOB_JUMP ? 0 : run + (run < UINT8_MAX);
        least += *c != GLOB_STAR && *c != GLOB_STARSTAR && *c != GLOB_ALT;
        braces |= *c == GLOB_ALT;
        c = past_jumps(next);
    }
    tail->suffix = (uint8_t)run;
    tail->min_len = (uint16_t)(braces && least < run ? run : least);
}

static void lay_tails(struct tree *t, const struct tree_node *n, struct blob_accept *out, uint32_t count)
{
    struct blob_tail few[4], *tails = count <= 4 ? few : build_alloc(t->b, count * sizeof *tails);
    uint32_t k = 0;

    for (uint32_t i = n->hang; i && !t->b->err; i = VEC_AT(&t->hangs, struct tree_hang, i)->next) {
        const struct tree_hang *h = VEC_AT(&t->hangs, struct tree_hang, i);
        if (h->kind != ACCEPT_KINDS)
            continue;
        tails[k] = (struct blob_tail){.glob = h->glob, .from = h->from, .list = tree_list(t, &h->group, 1)};
        measure(bytes_at(t, TABLE(t->b, struct blob_glob, BLOB_GLOBS)[h->glob].code), &tails[k]);
        k++;
    }
    if (!t->b->err)
        filter_lay(t->b, out, tails, count);
}

static uint32_t lay_accept(struct tree *t, uint32_t node)
{
    const struct tree_node *n = node_at(t, node);
    struct blob_accept out = {0};
    uint32_t kinds = 0, tails = 0, index;

    for (uint32_t i = n->hang; i; i = VEC_AT(&t->hangs, struct tree_hang, i)->next) {
        const struct tree_hang *h = VEC_AT(&t->hangs, struct tree_hang, i);
        kinds |= 1u << h->kind;
        tails += h->kind == ACCEPT_KINDS;
    }
    if (!kinds && !n->ports)
        return 0;
    for (unsigned kind = 0; kind < ACCEPT_KINDS; kind++)
        if (kinds >> kind & 1)
            out.lists[kind] = kind_list(t, n, kind);
    if (!tails && !n->ports && !(kinds & (kinds - 1)) && table_count(t->b, BLOB_LISTS) < ACCEPT_LIST) {
        enum accept_kind only = (enum accept_kind)__builtin_ctz(kinds);
        return accept_direct(only, out.lists[only]);
    }
    if (tails)
        lay_tails(t, n, &out, tails);
    if (n->ports)
        out.ports = tree_lay(t, n->ports);
    index = table_count(t->b, BLOB_ACCEPTS);
    memcpy(table_add(t->b, BLOB_ACCEPTS, 1), &out, sizeof out);
    return index;
}

static uint32_t lay_node(struct tree *t, uint32_t node)
{
    uint32_t index = table_count(t->b, BLOB_NODES);
    const struct tree_node *n = node_at(t, node);
    struct blob_node *out = table_add(t->b, BLOB_NODES, 1);
    uint8_t *first = table_add(t->b, BLOB_FIRSTS, 1);

    *out = (struct blob_node){.text = n->text, .len = n->len};
    *first = n->first;
    return index;
}

/* Row by row, so that siblings are neighbours and children come after parents.
 * What else hangs on the nodes is laid out afterwards: ports are trees too. */
uint32_t tree_lay(struct tree *t, uint32_t root)
{
    uint32_t first = lay_node(t, root), done = 0;
    struct vec order = {0};
    uint32_t *slot = VEC_ADD(t->b, &order, uint32_t);

    if (!slot)
        return 0;
    *slot = root;
    for (; done < order.count && !t->b->err; done++) {
        uint32_t node = *VEC_AT(&order, uint32_t, done);
        uint32_t row = table_count(t->b, BLOB_NODES);
        for (uint32_t i = node_at(t, node)->child; i; i = node_at(t, i)->sibling) {
            lay_node(t, i);
            if ((slot = VEC_ADD(t->b, &order, uint32_t)))
                *slot = i;
        }
        struct blob_node *out = TABLE(t->b, struct blob_node, BLOB_NODES) + first + done;
        out->child = row;
        out->children = (uint16_t)(table_count(t->b, BLOB_NODES) - row);
    }
    for (uint32_t i = 0; i < done && !t->b->err; i++) {
        uint32_t accept = lay_accept(t, *VEC_AT(&order, uint32_t, i));
        TABLE(t->b, struct blob_node, BLOB_NODES)[first + i].accept = accept;
    }
    return first;
}

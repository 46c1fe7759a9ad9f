/* Address conditions, each laid out once however many rules share it: rules are
 * grouped by it in the index, so equality here is what keeps lists together. */
#include "build.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static uint64_t load(const uint8_t *at, size_t n)
{
    uint64_t v = 0;

    memcpy(&v, at, n < 8 ? n : 8);
    return v;
}

static uint64_t hash_bytes(uint64_t h, const uint8_t *at, size_t n)
{
    for (; n >= 8; at += 8, n -= 8)
        h = mix(h, load(at, 8));
    return n ? mix(h, load(at, n)) : h;
}

static uint64_t hash_cond(const struct addr_cond *c)
{
    uint64_t h = mix(c->match, c->glob_count);

    for (uint32_t i = 0; i < c->glob_count; i++) {
        h = hash_bytes(mix(h, c->globs[i].len), c->globs[i].code, c->globs[i].len);
        if (c->globs[i].set_count)
            h = hash_bytes(h, c->globs[i].sets[0], 32u * c->globs[i].set_count);
    }
    if (c->match == ADDR_INET) {
        h = mix(h, (uint64_t)c->ip.family << 40 | (uint64_t)c->ip.bits << 32 |
                       (uint64_t)c->port.low << 16 | c->port.high);
        h = hash_bytes(h, c->ip.bytes, 16);
    }
    return h;
}

static bool same_globs(const struct addr_cond *a, const struct addr_cond *b)
{
    if (a->glob_count != b->glob_count)
        return false;
    for (uint32_t i = 0; a->globs != b->globs && i < a->glob_count; i++) {
        const struct glob *x = &a->globs[i], *y = &b->globs[i];
        if (x->len != y->len || x->set_count != y->set_count || memcmp(x->code, y->code, x->len) != 0 ||
            (x->set_count && memcmp(x->sets, y->sets, 32u * x->set_count) != 0))
            return false;
    }
    return true;
}

static bool same_cond(const struct addr_cond *a, const struct addr_cond *b)
{
    if (a->match != b->match)
        return false;
    if (a->match == ADDR_INET)
        return a->ip.family == b->ip.family && a->ip.bits == b->ip.bits && a->port.low == b->port.low &&
               a->port.high == b->port.high && !memcmp(a->ip.bytes, b->ip.bytes, 16);
    return a->match != ADDR_GLOB || same_globs(a, b);
}

/* Several globs are laid out one after another, so that a range names them. */
uint32_t globs_add(struct build *b, const struct glob *globs, uint32_t count)
{
    uint32_t first = table_count(b, BLOB_GLOBS);

    for (uint32_t i = 0; i < count; i++) {
        const struct glob *g = &globs[i];
        struct blob_glob *out = table_add(b, BLOB_GLOBS, 1);

        out->len = (uint16_t)g->len;
        out->set_count = g->set_count;
        out->hard = g->hard;
        out->code = table_bytes(b, g->code, g->len);
        out->sets = g->set_count ? table_bytes(b, g->sets, 32u * g->set_count) : 0;
    }
    return first;
}

static void fill(struct build *b, struct blob_cond *out, const struct addr_cond *from)
{
    *out = (struct blob_cond){.match = (uint8_t)from->match};
    if (from->match == ADDR_INET) {
        out->ip_family = from->ip.family;
        out->ip_bits = from->ip.bits;
        memcpy(out->ip, from->ip.bytes, 16);
        out->port_low = from->port.low;
        out->port_high = from->port.high;
    } else if (from->match == ADDR_GLOB) {
        for (uint32_t i = 0; i < from->glob_count; i++)
            out->has_path |= from->globs[i].code[0] == '/';
        out->glob_count = from->glob_count;
        out->globs = globs_add(b, from->globs, from->glob_count);
    }
}

struct expected {
    uint32_t conds, globs, bytes;
};

static void expect(struct expected *e, const struct addr_cond *c)
{
    e->conds += c->match != ADDR_ANY;
    if (c->match != ADDR_GLOB)
        return;
    e->globs += c->glob_count;
    for (uint32_t i = 0; i < c->glob_count; i++)
        e->bytes += c->globs[i].len + 32u * c->globs[i].set_count;
}

/* Room for the conditions of the first profile that has rules: most policies have
 * one. Where rules share conditions it is more than needed. */
static void make_room(struct build *b)
{
    const struct profile *p = b->set->profiles, *end = p + b->set->profile_count;
    struct expected e = {1, 0, 0};

    while (p < end && !p->rule_count)
        p++;
    for (uint32_t i = 0; p < end && i < p->rule_count; i++) {
        expect(&e, &p->rules[i].local);
        expect(&e, &p->rules[i].peer);
    }
    table_expect(b, BLOB_CONDS, e.conds);
    table_expect(b, BLOB_GLOBS, e.globs);
    table_expect(b, BLOB_BYTES, e.bytes);
}

int conds_start(struct build *b)
{
    static const struct addr_cond any = {.match = ADDR_ANY};
    uint32_t rules = 0, size = 64;

    for (uint32_t i = 0; i < b->set->profile_count; i++)
        rules += b->set->profiles[i].rule_count;
    while (size < rules * 4)
        size *= 2;
    b->cond_mask = size - 1;
    b->cond_slots = build_alloc(b, size * sizeof *b->cond_slots);
    b->cond_from = build_alloc(b, (rules * 2 + 1) * sizeof *b->cond_from);
    if (b->err)
        return b->err;
    b->cond_from[0] = &any;
    make_room(b);
    fill(b, table_add(b, BLOB_CONDS, 1), &any);
    return b->err;
}

uint32_t conds_add(struct build *b, const struct addr_cond *from)
{
    if (from->match == ADDR_ANY)
        return 0;
    uint32_t at = (uint32_t)(hash_cond(from) >> 20) & b->cond_mask, index;

    while ((index = b->cond_slots[at]) != 0) {
        if (same_cond(b->cond_from[index], from))
            return index;
        at = (at + 1) & b->cond_mask;
    }
    index = table_count(b, BLOB_CONDS);
    struct blob_cond *out = table_add(b, BLOB_CONDS, 1);
    if (b->err)
        return 0;
    b->cond_slots[at] = index;
    b->cond_from[index] = from;
    fill(b, out, from);
    return index;
}

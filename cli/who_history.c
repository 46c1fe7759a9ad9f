/* What the memories of runs say about a socket. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "policy/policy.h"
#include "who.h"

/* --- The table, by cookie ------------------------------------------------------------ */

static int by_cookie(const void *a, const void *b)
{
    const struct table_entry *x = a, *y = b;

    return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

/* Its keys are made for other questions: sorted once, it answers this one, too. */
static void sort_table(struct run *r)
{
    uint32_t slots = r->table.at ? table_slots(&r->table) : 0;
    struct table_entry e;
    size_t room = 0;

    r->sorted = true;
    for (uint32_t i = 0; i < slots; i++) {
        if (!table_at(&r->table, i, &e) || !e.cookie || e.kind == TABLE_PROCESS)
            continue;
        if (r->bound_count == room &&
            !(r->bound = realloc(r->bound, (room = room ? 2 * room : 64) * sizeof *r->bound)))
            exit(fail("out of memory"));
        r->bound[r->bound_count++] = e;
    }
    if (r->bound_count)
        qsort(r->bound, r->bound_count, sizeof *r->bound, by_cookie);
}

static bool ask_table(struct run *r, struct history *h, uint64_t cookie)
{
    size_t low = 0, high, middle;
    bool any = false;

    if (!r->sorted)
        sort_table(r);
    for (high = r->bound_count; low < high;) {
        middle = (low + high) / 2;
        if (r->bound[middle].cookie < cookie)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < r->bound_count && r->bound[low].cookie == cookie; low++, any = true) {
        const struct table_entry *e = &r->bound[low];

        if (e->made == POLICY_SCOPE_INSIDE || e->made == POLICY_SCOPE_OUTSIDE)
            h->made = e->made == POLICY_SCOPE_INSIDE ? MADE_INSIDE : MADE_OUTSIDE;
        if (e->kind != TABLE_SOCKET) {
            h->bound = *e;
            h->has_bound = true;
        }
    }
    return any;
}

/* --- Histories --------------------------------------------------------------------------- */

static bool ask_ring(const struct run *r, struct history *h, uint64_t cookie)
{
    if (!r->ring.at || !ring_get(&r->ring, cookie, &h->ring))
        return false;
    h->has_ring = true;
    h->has_from = h->ring.from_cookie && ring_get(&r->ring, h->ring.from_cookie, &h->from);
    return true;
}

unsigned history_of(struct runs *r, uint64_t cookie, struct history *out, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; cookie && i < r->count && n < max; i++) {
        struct history h = {.run = &r->at[i]};
        bool ring = ask_ring(&r->at[i], &h, cookie), table = ask_table(&r->at[i], &h, cookie);

        if (ring || table)
            out[n++] = h;
    }
    return n;
}

static bool is_about(const struct ring_entry *e, uint32_t ino, const struct name *n)
{
    struct name own = ring_name(e);

    return n ? name_equal(&own, n) : e->ino == ino;
}

static unsigned history_by(struct runs *r, uint32_t ino, const struct name *name, struct history *out, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->count && n < max; i++) {
        const struct ring *ring = &r->at[i].ring;
        struct history h = {.run = &r->at[i]};
        struct ring_entry e, latest = {0};

        for (uint32_t k = 0; ring->at && k < ring_slots(ring); k++)
            if (ring_at(ring, k, &e) && is_about(&e, ino, name) && e.time >= latest.time)
                latest = e;
        if (latest.cookie && ask_ring(&r->at[i], &h, latest.cookie)) {
            ask_table(&r->at[i], &h, latest.cookie);
            out[n++] = h;
        }
    }
    return n;
}

unsigned history_by_ino(struct runs *r, uint32_t ino, struct history *out, unsigned max)
{
    return ino ? history_by(r, ino, NULL, out, max) : 0;
}

unsigned history_by_name(struct runs *r, const struct name *n, struct history *out, unsigned max)
{
    return n->kind == NAME_NONE ? 0 : history_by(r, 0, n, out, max);
}

struct name ring_name(const struct ring_entry *e)
{
    struct name n = {NAME_NONE, NULL, 0};

    if (e->name_kind == RING_PATHNAME || e->name_kind == RING_ABSTRACT) {
        n.kind = e->name_kind == RING_PATHNAME ? NAME_PATHNAME : NAME_ABSTRACT;
        n.bytes = e->name;
        n.len = e->name_len <= RING_NAME ? e->name_len : RING_NAME;
    }
    return n;
}

const char *ring_call(const struct ring_entry *e)
{
    static const char *const words[] = {"unknown", "socket", "socketpair", "accept", "received"};

    return words[e->origin < sizeof words / sizeof *words ? e->origin : 0];
}

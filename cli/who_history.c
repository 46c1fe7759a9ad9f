/* What the memories of runs say about a socket. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "domain/names.h"
#include "policy/policy.h"
#include "who.h"

/* --- Reading them -------------------------------------------------------------------- */

/* Both are hash tables made for other questions. Who asks after sockets by the
 * thousand, of runs by the dozen, keeps what is in them and no more. They are copied
 * first: a mapping of a file that somebody cuts short would kill us. */
static char *copy_of(const struct run *r, const char *name, size_t *len)
{
    char *path = format_new("%s/%s", r->dir, name), *bytes = read_whole(AT_FDCWD, path, len);

    free(path);
    return bytes;
}

/* Room for one more of `count` things, which grows by doubling. */
static void *grown(void *list, size_t count, size_t size)
{
    if (count & (count - 1))
        return list;
    return enlarged(list, count * size, (count ? 2 * count : 1) * size);
}

static int by_cookie(const void *a, const void *b)
{
    uint64_t x = ((const struct ring_entry *)a)->cookie, y = ((const struct ring_entry *)b)->cookie;

    return (x > y) - (x < y);
}

static void read_ring(struct run *r)
{
    size_t len;
    char *bytes = copy_of(r, DOMAIN_RING, &len);
    struct ring ring = {.read_only = true};
    struct ring_entry e;

    for (uint32_t i = 0, n = bytes && !ring_open(&ring, bytes, len) ? ring_slots(&ring) : 0; i < n; i++)
        if (ring_at(&ring, i, &e)) {
            r->made = grown(r->made, r->made_count, sizeof e);
            r->made[r->made_count++] = e;
        }
    free(bytes);
    if (r->made_count)
        qsort(r->made, r->made_count, sizeof e, by_cookie);
}

static void read_table(struct run *r)
{
    size_t len;
    char *bytes = copy_of(r, DOMAIN_TABLE, &len);
    struct table table = {.read_only = true};
    struct table_entry e;

    for (uint32_t i = 0, n = bytes && !table_open(&table, bytes, len) ? table_slots(&table) : 0; i < n; i++)
        if (table_at(&table, i, &e) && e.cookie && e.kind != TABLE_PROCESS) {
            r->bound = grown(r->bound, r->bound_count, sizeof e);
            r->bound[r->bound_count++] = e;
        }
    free(bytes);
    if (r->bound_count)
        qsort(r->bound, r->bound_count, sizeof e, by_cookie);
}

/* Each entry begins with its cookie. */
_Static_assert(!offsetof(struct ring_entry, cookie) && !offsetof(struct table_entry, cookie), "sorted alike");

static void remember(struct run *r)
{
    if (r->remembered)
        return;
    r->remembered = true;
    if (r->has_ring)
        read_ring(r);
    if (r->has_table)
        read_table(r);
}

/* The first with that cookie, or where it would stand. */
static size_t place(const void *list, size_t count, size_t size, uint64_t cookie)
{
    size_t low = 0, middle;

    while (low < count) {
        uint64_t found;

        middle = (low + count) / 2;
        memcpy(&found, (const char *)list + middle * size, sizeof found);
        if (found < cookie)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

static bool ask_table(const struct run *r, struct history *h, uint64_t cookie)
{
    size_t first = place(r->bound, r->bound_count, sizeof *r->bound, cookie), i = first;

    for (; i < r->bound_count && r->bound[i].cookie == cookie; i++) {
        const struct table_entry *e = &r->bound[i];

        if (e->made == POLICY_SCOPE_INSIDE || e->made == POLICY_SCOPE_OUTSIDE)
            h->made = e->made == POLICY_SCOPE_INSIDE ? MADE_INSIDE : MADE_OUTSIDE;
        if (e->kind != TABLE_SOCKET) {
            h->bound = *e;
            h->has_bound = true;
        }
    }
    return i > first;
}

static bool get_made(const struct run *r, uint64_t cookie, struct ring_entry *out)
{
    size_t i = place(r->made, r->made_count, sizeof *r->made, cookie);

    if (!cookie || i == r->made_count || r->made[i].cookie != cookie)
        return false;
    *out = r->made[i];
    return true;
}

/* --- Histories --------------------------------------------------------------------------- */

static bool ask(struct run *r, struct history *h, uint64_t cookie)
{
    *h = (struct history){.run = r};
    remember(r);
    h->has_ring = get_made(r, cookie, &h->ring);
    h->has_from = h->has_ring && get_made(r, h->ring.from_cookie, &h->from);
    return ask_table(r, h, cookie) || h->has_ring;
}

unsigned history_of(struct runs *r, uint64_t cookie, struct history *out, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; cookie && i < r->count && n < max; i++)
        n += ask(&r->at[i], &out[n], cookie);
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
        const struct ring_entry *latest = NULL;

        remember(&r->at[i]);
        for (size_t k = 0; k < r->at[i].made_count; k++) {
            const struct ring_entry *e = &r->at[i].made[k];

            if (is_about(e, ino, name) && (!latest || e->time >= latest->time))
                latest = e;
        }
        n += latest && ask(&r->at[i], &out[n], latest->cookie);
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

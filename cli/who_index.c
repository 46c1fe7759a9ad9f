/* Sockets by what connects them. Each list is sorted when it is first asked, so that
 * questions about thousands of sockets cost no more than a few each. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "who.h"

struct list {
    const struct sock **at;
    size_t count;
};

static int order(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

static struct list choose(const struct world *w, bool (*wanted)(const struct sock *),
                          int (*compare)(const void *, const void *))
{
    struct list l = {allocate(w->count * sizeof *l.at), 0};

    for (size_t i = 0; i < w->count; i++)
        if (wanted(w->all[i]))
            l.at[l.count++] = w->all[i];
    qsort(l.at, l.count, sizeof *l.at, compare);
    return l;
}

static const struct sock *search(const struct list *l, const struct sock *key,
                                 int (*compare)(const void *, const void *))
{
    const struct sock **found = bsearch(&key, l->at, l->count, sizeof *l->at, compare);

    return found ? *found : NULL;
}

/* --- The other end of a TCP connection on this machine --------------------------------- */

static bool is_inet(const struct sock *s)
{
    return s->family == AF_INET || s->family == AF_INET6;
}

static bool has_remote(const struct sock *s)
{
    return is_inet(s) && s->remote.port;
}

/* IPv4 as IPv6 shows it: one end may see the other so. */
static struct end mapped(int family, const struct end *e)
{
    struct end m = {.address = {[10] = 0xff, [11] = 0xff}, .port = e->port};

    if (family == AF_INET6)
        return *e;
    memcpy(m.address + 12, e->address, 4);
    return m;
}

static int compare_ends(const struct sock *x, const struct end *of_x, const struct sock *y, const struct end *of_y)
{
    struct end a = mapped(x->family, of_x), b = mapped(y->family, of_y);
    int diff = memcmp(a.address, b.address, sizeof a.address);

    return diff ? diff : order(a.port, b.port);
}

static int by_ends(const void *a, const void *b)
{
    const struct sock *x = *(const struct sock *const *)a, *y = *(const struct sock *const *)b;
    int diff;

    if ((diff = order((uint64_t)x->protocol, (uint64_t)y->protocol)) || (diff = order(x->space, y->space)) ||
        (diff = compare_ends(x, &x->local, y, &y->local)))
        return diff;
    return compare_ends(x, &x->remote, y, &y->remote);
}

const struct sock *inet_peer(const struct answer *a, const struct sock *s)
{
    static struct list ends;
    struct sock mirrored = *s;

    if (!has_remote(s))
        return NULL;
    if (!ends.at)
        ends = choose(&a->world, has_remote, by_ends);
    mirrored.local = s->remote;
    mirrored.remote = s->local;
    return search(&ends, &mirrored, by_ends);
}

/* --- Listeners by name: what they accept carries it ----------------------------------- */

static bool listens(const struct sock *s)
{
    return s->family == AF_UNIX && s->state == STATE_LISTEN && s->name.kind;
}

static int by_name(const void *a, const void *b)
{
    const struct sock *x = *(const struct sock *const *)a, *y = *(const struct sock *const *)b;
    int diff;

    if ((diff = order(x->space, y->space)) || (diff = order(x->name.kind, y->name.kind)) ||
        (diff = order(x->file_ino, y->file_ino)) || (diff = order(x->dev, y->dev)) ||
        (diff = order(x->name.len, y->name.len)))
        return diff;
    return x->name.len ? memcmp(x->name.bytes, y->name.bytes, x->name.len) : 0;
}

const struct sock *accepted_from(const struct answer *a, const struct sock *s)
{
    static struct list listeners;

    if (s->family != AF_UNIX || !s->name.kind || !sock_is_connection(s))
        return NULL;
    if (!listeners.at)
        listeners = choose(&a->world, listens, by_name);
    return search(&listeners, s, by_name);
}

bool is_pair(const struct answer *a, const struct sock *s)
{
    struct sock *peer = s->family == AF_UNIX && s->has_peer && s->peer && !s->name.kind
                            ? world_find((struct world *)&a->world, s->peer)
                            : NULL;

    return peer && !peer->name.kind && peer->has_peer && peer->peer == s->ino;
}

/* --- Clients that wait to be accepted --------------------------------------------------- */

struct waiting {
    uint32_t client;
    const struct sock *listener;
};

static int by_client(const void *a, const void *b)
{
    return order(((const struct waiting *)a)->client, ((const struct waiting *)b)->client);
}

static struct waiting *all_waiting(const struct world *w, size_t *count)
{
    size_t room = 1;

    for (size_t i = 0; i < w->count; i++)
        room += w->all[i]->pendings;
    struct waiting *list = allocate(room * sizeof *list);
    *count = 0;
    for (size_t i = 0; i < w->count; i++)
        for (unsigned k = 0; k < w->all[i]->pendings; k++)
            list[(*count)++] = (struct waiting){w->all[i]->pending[k], w->all[i]};
    qsort(list, *count, sizeof *list, by_client);
    return list;
}

const struct sock *waits_at(const struct answer *a, const struct sock *s)
{
    static struct waiting *list;
    static size_t count;
    struct waiting key = {.client = s->ino};

    if (!list)
        list = all_waiting(&a->world, &count);
    const struct waiting *found = bsearch(&key, list, count, sizeof *list, by_client);
    return found ? found->listener : NULL;
}

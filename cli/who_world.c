/* All sockets together, whichever network namespace they are in. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "policy/policy.h"
#include "who.h"

struct sock *world_add(struct world *w, uint32_t ino)
{
    struct sock *s = allocate(sizeof *s);

    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 256;
        w->all = enlarged(w->all, w->count * sizeof *w->all, w->room * sizeof *w->all);
    }
    s->ino = ino;
    s->family = s->type = s->protocol = -1;
    return w->all[w->count++] = s;
}

/* The one that says more first. */
static int by_ino(const void *a, const void *b)
{
    const struct sock *x = *(struct sock *const *)a, *y = *(struct sock *const *)b;

    return x->ino != y->ino ? (x->ino > y->ino) - (x->ino < y->ino) : y->described - x->described;
}

/* A dump may name a socket twice while others come and go. */
void world_sort(struct world *w)
{
    size_t kept = 0;

    qsort(w->all, w->count, sizeof *w->all, by_ino);
    for (size_t i = 0; i < w->count; i++)
        if (!kept || w->all[kept - 1]->ino != w->all[i]->ino)
            w->all[kept++] = w->all[i];
    w->count = kept;
}

static unsigned add_space(struct world *w, ino_t ino, int netlink, int pid)
{
    w->spaces = enlarged(w->spaces, w->space_count * sizeof *w->spaces, (w->space_count + 1) * sizeof *w->spaces);
    w->spaces[w->space_count].ino = ino;
    w->spaces[w->space_count].netlink = netlink;
    w->spaces[w->space_count].pid = pid;
    return w->space_count++;
}

void world_load(struct world *w)
{
    struct stat st;
    int netlink = diag_open();

    add_space(w, stat("/proc/self/ns/net", &st) ? 0 : st.st_ino, netlink, getpid());
    w->unix_error = diag_unix(w, 0, 0);
    if (w->unix_error)
        procnet_unix(w);
    world_sort(w);
}

void world_free(struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free((void *)(uintptr_t)w->all[i]->name.bytes);
        free(w->all[i]->pending);
        free(w->all[i]);
    }
    for (unsigned i = 0; i < w->space_count; i++)
        if (w->spaces[i].netlink >= 0)
            close(w->spaces[i].netlink);
    free(w->all);
    free(w->spaces);
    *w = (struct world){0};
}

static struct sock *search(const struct world *w, uint32_t ino)
{
    struct sock wanted = {.ino = ino};
    size_t low = 0, high = w->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (w->all[middle]->ino == wanted.ino)
            return w->all[middle];
        if (w->all[middle]->ino < wanted.ino)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct sock *world_find(struct world *w, uint32_t ino)
{
    struct sock *s = search(w, ino);
    size_t before = w->count;

    if (s || !ino || w->unix_error)
        return s;
    for (unsigned i = 0; i < w->space_count && w->count == before; i++)
        diag_unix(w, i, ino);
    if (w->count == before)
        return NULL;
    world_sort(w);
    return search(w, ino);
}

/* --- Other network namespaces ------------------------------------------------- */

/* A netlink socket stays in the namespace that it was made in. */
static int diag_open_in(int space)
{
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), netlink;

    if (own < 0)
        return -errno;
    if (setns(space, CLONE_NEWNET)) {
        netlink = -errno;
    } else {
        netlink = diag_open();
        if (setns(own, CLONE_NEWNET))
            exit(fail("cannot return to the own network namespace: %s", strerror(errno)));
    }
    close(own);
    return netlink;
}

static void look_at_space(void *ctx, int pid)
{
    struct world *w = ctx;
    char path[40];
    struct stat st;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    if (stat(path, &st))
        return;
    for (unsigned i = 0; i < w->space_count; i++)
        if (w->spaces[i].ino == st.st_ino)
            return;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return;
    int netlink = diag_open_in(fd);
    close(fd);
    w->hidden_spaces |= netlink < 0;
    add_space(w, st.st_ino, netlink, pid);
}

void world_widen(struct world *w)
{
    unsigned known = w->space_count;

    if (w->wide)
        return;
    w->wide = true;
    processes_each(look_at_space, w);
    for (unsigned i = known; i < w->space_count; i++)
        diag_unix(w, i, 0);
    world_sort(w);
}

void world_load_inet(struct world *w)
{
    static const int families[] = {AF_INET, AF_INET6}, protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

    for (unsigned i = w->inet_spaces; i < w->space_count; i++)
        for (unsigned k = 0; k < 4; k++) {
            int err = diag_inet(w, i, families[k / 2], protocols[k % 2]);

            if (err && !i && !w->inet_error && families[k / 2] == AF_INET)
                w->inet_error = err;
        }
    w->inet_spaces = w->space_count;
    world_sort(w);
}

/* --- Words ------------------------------------------------------------------------ */

static bool is_inet(const struct sock *s)
{
    return s->family == AF_INET || s->family == AF_INET6;
}

const char *sock_family(const struct sock *s)
{
    if (is_inet(s) && s->protocol >= 0)
        return s->protocol == IPPROTO_TCP ? "tcp" : "udp";
    if (s->family >= 0 && policy_family_name(s->family))
        return policy_family_name(s->family);
    return *s->protocol_name ? s->protocol_name : "unknown";
}

const char *sock_type(const struct sock *s)
{
    return is_inet(s) || s->type < 0 ? NULL : policy_type_name(s->type);
}

const char *sock_state(const struct sock *s)
{
    /* The kernel's numbers, ss(8)'s words. */
    static const char *const words[] = {"?",         "ESTAB",  "SYN-SENT",   "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
                                        "TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN",     "CLOSING"};

    return s->state > 0 && s->state < (int)(sizeof words / sizeof *words) ? words[s->state] : "?";
}

bool sock_is_connection(const struct sock *s)
{
    return s->state == STATE_ESTAB && s->type != SOCK_DGRAM;
}

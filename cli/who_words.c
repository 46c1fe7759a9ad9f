/* The words and lines that all kinds of answers are made of. */
#include "who_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"

void field(const char *name, const char *format, ...)
{
    va_list list;

    printf("  %-9s ", name);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
}

/* --- Pieces --------------------------------------------------------------------------- */

static char *shown_ring_comm(const struct ring_entry *e)
{
    return shown(e->comm, strnlen(e->comm, sizeof e->comm));
}

char *heading(const struct sock *s)
{
    const char *type = sock_type(s), *state = s->state ? sock_state(s) : NULL;

    return format_new("%s%s%s%s%s", sock_family(s), type ? " " : "", type ? type : "", state ? " " : "",
                      state ? state : "");
}

char *addresses(const struct sock *s)
{
    if (s->family == AF_UNIX)
        return shown_name(&s->name);
    if (s->family != AF_INET && s->family != AF_INET6)
        return format_new("%s", "");
    if (!s->remote.port)
        return sock_end(s, &s->local);
    return format_new("%s -> %s", sock_end(s, &s->local), sock_end(s, &s->remote));
}

char *holder_word(const struct holder *h)
{
    return format_new("%d %s fd %d", h->pid, shown_text(process_comm(h->pid)), h->fd);
}

char *holders_line(const struct answer *a, uint32_t ino)
{
    size_t count;
    const struct holder *h = holders_find(&a->holders, ino, &count);
    char *line = format_new("%s", count ? "held by " : a->holders.hidden ? "holder not visible" : "held by nobody");

    for (size_t i = 0; i < count && i < LISTED_MAX; i++)
        line = format_new("%s%s%s", line, i ? ", " : "", holder_word(&h[i]));
    return count > LISTED_MAX ? format_new("%s, and %zu more", line, count - LISTED_MAX) : line;
}

struct sock *socket_of(const struct answer *a, uint32_t ino)
{
    return world_find((struct world *)&a->world, ino);
}

char *peer_line(const struct answer *a, uint32_t ino)
{
    struct sock *peer = socket_of(a, ino);

    return format_new("socket:[%u] %s%s%s", ino, peer && peer->name.kind ? shown_name(&peer->name) : "",
                      peer && peer->name.kind ? " " : "", holders_line(a, ino));
}

/* --- Lists ---------------------------------------------------------------------------------- */

char *origin_of(const struct ring_entry *e)
{
    char *who = e->pid ? format_new("%d %s", e->pid, shown_ring_comm(e)) : format_new("a process that is not known");

    if (e->origin == RING_RECEIVED)
        return format_new("received from %s", who);
    return format_new("%s%s by %s", ring_call(e), e->origin == RING_UNKNOWN ? "" : "()", who);
}

void print_short(const struct answer *a, const struct sock *s)
{
    struct history h;

    printf("socket:[%u]  %s%s%s", s->ino, heading(s), s->family >= 0 ? "  " : "", addresses(s));
    if (s->has_peer && s->peer)
        printf("  peer %s", peer_line(a, s->peer));
    if (history_of((struct runs *)&a->runs, s->cookie, &h, 1) && h.has_ring)
        printf("  origin %s", origin_of(&h.ring));
    putchar('\n');
}

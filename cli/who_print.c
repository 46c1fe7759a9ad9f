/* What is known of sockets, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "who_print.h"

/* --- One socket -------------------------------------------------------------------------- */

static void print_file(const struct answer *a, const struct sock *s)
{
    if (s->name.kind != NAME_PATHNAME)
        return;
    struct file_state f = file_state(a, s);
    printf("  %-9s %s", "file", f.word);
    if (*f.why)
        printf(": %s", f.why);
    if (s->has_file)
        printf("; device %u:%u inode %u", s->dev >> 20, s->dev & 0xfffff, s->file_ino);
    printf("%s%s\n", f.handle ? " handle " : "", f.handle ? f.handle : "");
}

static void print_queue(const struct answer *a, const struct sock *s)
{
    if (!s->has_queue)
        return;
    if (s->state != STATE_LISTEN) {
        field("queue", "recv %u, send %u bytes", s->recv, s->send);
        return;
    }
    field("queue", "%u to be accepted, room for %u", s->recv, s->send);
    for (unsigned i = 0; i < s->pendings && i < LISTED_MAX; i++)
        field("waiting", "%s", peer_line(a, s->pending[i]));
    if (s->pendings > LISTED_MAX)
        field("waiting", "and %u more", s->pendings - LISTED_MAX);
}

static void print_holders(const struct answer *a, const struct sock *s)
{
    size_t count;
    const struct holder *h = holders_find(&a->holders, s->ino, &count);

    for (size_t i = 0; i < count; i++)
        field("holder", "%s, %s  %s", holder_word(&h[i]), h[i].cloexec ? "close-on-exec" : "stays open on exec",
              shown_text(process_exe(h[i].pid)));
    if (!count)
        field("holder", "%s", a->holders.no_proc  ? "not known without /proc"
                              : a->holders.hidden ? "not visible"
                                                  : "none: on its way in a message, or the kernel's own");
}

static void print_peer(const struct answer *a, const struct sock *s)
{
    const struct sock *other = inet_peer(a, s);

    if (other)
        field("peer", "socket:[%u] %s", other->ino, holders_line(a, other->ino));
    if (!s->has_peer)
        return;
    if (s->peer)
        field("peer", "%s", peer_line(a, s->peer));
    else if ((other = waits_at(a, s)))
        field("peer", "none yet: waits to be accepted at socket:[%u] %s", other->ino, shown_name(&other->name));
    else
        field("peer", "closed");
}

/* --- History --------------------------------------------------------------------------------- */

static char *how(const struct ring_entry *e)
{
    return format_new("%s, %s, %s close-on-exec", origin_of(e), shown_time((time_t)(e->time / 1000000000)),
                      e->cloexec ? "with" : "without");
}

static void print_from(const struct history *h)
{
    const char *what = h->ring.origin == RING_ACCEPT ? "listener" : "carrier";
    struct name name = ring_name(&h->from);

    if (!h->ring.from_ino && !h->ring.from_cookie)
        return;
    if (!h->has_from) {
        field(what, "socket:[%u]", h->ring.from_ino);
        return;
    }
    field(what, "socket:[%u] %s: %s", h->from.ino ? h->from.ino : h->ring.from_ino, shown_name(&name), how(&h->from));
}

static void print_bound(const struct history *h)
{
    struct name name = ring_name(&h->ring); /* also if it was unlinked since */
    char *to = name.kind ? format_new("to %s ", shown_name(&name)) : format_new("%s", "");

    if (h->has_bound)
        field("bound", "%sby %d as fd %d", to, h->bound.pid, h->bound.fd);
    else if (name.kind)
        field("bound", "%s", to);
}

static void print_passed(const struct ring_entry *e)
{
    char *by = e->passed_pid ? format_new("by %d ", e->passed_pid) : format_new("%s", "");

    if (e->passed_ino)
        field("passed", "%sover socket:[%u]", by, e->passed_ino);
    else if (e->passed_pid)
        field("passed", "%s", by);
}

static void print_history(const struct history *h)
{
    char *owner = h->run->owner == geteuid() ? format_new("%s", "") : format_new(" of uid %u", h->run->owner);

    if (h->has_ring) {
        field("origin", "%s", how(&h->ring));
        print_from(h);
    }
    print_bound(h);
    if (h->ring.origin != RING_RECEIVED)
        print_passed(&h->ring);
    if (h->made)
        field("created", "%s the run", h->made == MADE_INSIDE ? "inside" : "outside");
    field("run", "%s%s", shown_text(h->run->dir), owner);
}

static void print_origin(const struct answer *a, const struct sock *s)
{
    struct history known[HISTORIES_MAX];
    unsigned n = history_of((struct runs *)&a->runs, s->cookie, known, HISTORIES_MAX);
    bool origin = false;

    for (unsigned i = 0; i < n; i++) {
        print_history(&known[i]);
        origin |= known[i].has_ring;
    }
    if (origin)
        return;
    field("origin", "unknown: not tracked (sunshim run --track)");
    const struct sock *listener = accepted_from(a, s);
    if (listener)
        field("seems", "accepted at socket:[%u], whose name it carries", listener->ino);
    else if (is_pair(a, s))
        field("seems", "one of a socketpair: neither end has a name");
}

static void print_socket(const struct answer *a, const struct sock *s)
{
    printf("socket:[%u]  %s%s%s\n", s->ino, heading(s), s->family >= 0 ? "  " : "", addresses(s));
    print_file(a, s);
    print_peer(a, s);
    print_holders(a, s);
    print_queue(a, s);
    if (s->has_uid)
        field("uid", "%u", s->uid);
    if (s->cookie)
        field("cookie", "%ju", (uintmax_t)s->cookie);
    if (s->space)
        field("netns", "that of process %d", a->world.spaces[s->space].pid);
    print_origin(a, s);
}

static void print_connection(const struct answer *a, const struct sock *s)
{
    const struct sock *other = inet_peer(a, s);

    printf("socket:[%u]  %s  %s%s%s", s->ino, heading(s), s->family == AF_UNIX ? "" : addresses(s),
           s->family == AF_UNIX ? "" : "  ", holders_line(a, s->ino));
    if (other || (s->has_peer && s->peer))
        printf("  peer %s\n", peer_line(a, other ? other->ino : s->peer));
    else
        puts(s->has_peer ? "  peer closed" : "");
}

/* What a listener has accepted carries its name and is listed below it. */
static void print_found(const struct answer *a)
{
    bool listener = a->found_count && a->found[0]->state == STATE_LISTEN;

    for (size_t i = 0; i < a->found_count; i++) {
        bool brief = listener && sock_is_connection(a->found[i]);

        if (i && (!brief || !sock_is_connection(a->found[i - 1])))
            putchar('\n');
        if (brief)
            print_connection(a, a->found[i]);
        else
            print_socket(a, a->found[i]);
    }
}

static void print_past(const struct answer *a)
{
    for (unsigned i = 0; i < a->past_count; i++) {
        const struct ring_entry *e = &a->past[i].ring;
        struct sock was = {.family = e->family, .type = e->type, .protocol = -1};
        const char *type = sock_type(&was);
        char *ino = e->ino ? format_new("socket:[%u]", e->ino) : format_new("a socket");

        printf("%s%s  %s%s%s  exists no more\n", i ? "\n" : "", ino, sock_family(&was), type ? " " : "",
               type ? type : "");
        print_history(&a->past[i]);
    }
}

void print_text(const struct answer *a)
{
    if (a->all_runs) {
        print_runs(a);
    } else if (a->run) {
        print_run(a->run);
        print_run_sockets(a);
    } else if (a->process) {
        print_process(a);
    } else {
        print_found(a);
        print_past(a);
    }
    for (const char *const *note = notes_of(a); *note; note++)
        printf("note: %s\n", *note);
}

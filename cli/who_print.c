/* What is known of sockets, for people. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "cli.h"
#include "who.h"

enum { LISTED_MAX = 8, COMMAND_MAX = 120 };

static void __attribute__((format(printf, 2, 3))) field(const char *name, const char *format, ...)
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

static char *heading(const struct sock *s)
{
    const char *type = sock_type(s), *state = s->state ? sock_state(s) : NULL;

    return format_new("%s%s%s%s%s", sock_family(s), type ? " " : "", type ? type : "", state ? " " : "",
                      state ? state : "");
}

static char *addresses(const struct sock *s)
{
    if (s->family == AF_UNIX)
        return shown_name(&s->name);
    if (s->family != AF_INET && s->family != AF_INET6)
        return format_new("%s", "");
    if (!s->remote.port)
        return sock_end(s, &s->local);
    return format_new("%s -> %s", sock_end(s, &s->local), sock_end(s, &s->remote));
}

static char *holder_word(const struct holder *h)
{
    return format_new("%d %s fd %d", h->pid, shown_text(process_comm(h->pid)), h->fd);
}

/* The first holders, in one line. */
static char *holders_line(const struct answer *a, uint32_t ino)
{
    size_t count;
    const struct holder *h = holders_find(&a->holders, ino, &count);
    char *line = format_new("%s", count ? "held by " : a->holders.hidden ? "holder not visible" : "held by nobody");

    for (size_t i = 0; i < count && i < LISTED_MAX; i++)
        line = format_new("%s%s%s", line, i ? ", " : "", holder_word(&h[i]));
    return count > LISTED_MAX ? format_new("%s, and %zu more", line, count - LISTED_MAX) : line;
}

static struct sock *find(const struct answer *a, uint32_t ino)
{
    return world_find((struct world *)&a->world, ino);
}

static char *peer_line(const struct answer *a, uint32_t ino)
{
    struct sock *peer = find(a, ino);

    return format_new("socket:[%u] %s%s%s", ino, peer && peer->name.kind ? shown_name(&peer->name) : "",
                      peer && peer->name.kind ? " " : "", holders_line(a, ino));
}

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
    char *who = e->pid ? format_new("%d %s", e->pid, shown_ring_comm(e)) : format_new("an unknown process");

    return format_new("%s by %s, %s, %s close-on-exec", ring_call(e), who,
                      shown_time((time_t)(e->time / 1000000000)), e->cloexec ? "with" : "without");
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

static void print_ring(const struct history *h)
{
    struct name name = ring_name(&h->ring);

    field("origin", "%s", how(&h->ring));
    print_from(h);
    if (name.kind)
        field("bound", "to %s", shown_name(&name));
    if (h->ring.passed_pid && h->ring.passed_ino)
        field("passed", "by %d over socket:[%u]", h->ring.passed_pid, h->ring.passed_ino);
    else if (h->ring.passed_pid)
        field("passed", "by %d", h->ring.passed_pid);
}

static void print_history(const struct history *h)
{
    char *owner = h->run->owner == geteuid() ? format_new("%s", "") : format_new(" of uid %u", h->run->owner);

    if (h->has_ring)
        print_ring(h);
    if (h->has_bound)
        field("bound", "by %d as fd %d", h->bound.pid, h->bound.fd);
    if (h->made)
        field("created", "%s the run", h->made == MADE_INSIDE ? "inside" : "outside");
    field("known to", "%s%s", shown_text(h->run->dir), owner);
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

/* One line, for lists. */
static void print_short(const struct answer *a, const struct sock *s)
{
    printf("socket:[%u]  %s%s%s", s->ino, heading(s), s->family >= 0 ? "  " : "", addresses(s));
    if (s->has_peer && s->peer)
        printf("  peer %s", peer_line(a, s->peer));
    putchar('\n');
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

        printf("%ssocket:[%u]  %s%s%s  exists no more\n", i ? "\n" : "", e->ino, sock_family(&was), type ? " " : "",
               type ? type : "");
        print_history(&a->past[i]);
    }
}

/* --- One process --------------------------------------------------------------------------------- */

static void print_process(const struct answer *a)
{
    const struct run *run = runs_of_process((struct runs *)&a->runs, a->process);

    printf("process %d  %s  %s\n", a->process, shown_text(process_comm(a->process)),
           shown_text(process_exe(a->process)));
    if (run)
        field("run", "%s", shown_text(run->dir));
    for (size_t i = 0; i < a->own.count; i++) {
        char *fd = format_new("fd %d%s", a->own.at[i].fd, a->own.at[i].cloexec ? "" : " *");
        struct sock *s = find(a, a->own.at[i].ino);

        printf("  %-9s ", fd);
        if (s)
            print_short(a, s);
        else
            printf("socket:[%u]\n", a->own.at[i].ino);
    }
    puts("  * stays open on exec");
}

/* --- Runs ------------------------------------------------------------------------------------------- */

static char *command_of(const struct run *r)
{
    size_t len;
    char *args = run_command_line(r, &len), *line = format_new("%s", "");

    for (char *at = args; args && at < args + len; at += strlen(at) + 1)
        line = format_new("%s %s", line, *at ? shown_text(at) : "''");
    size_t end = COMMAND_MAX;
    if (strlen(line) <= end)
        return line;
    while (((unsigned char)line[end] & 0xc0) == 0x80) /* a character stays whole */
        end--;
    return format_new("%.*s...", (int)end, line);
}

static void print_launcher(const struct run *r)
{
    if (!r->launched)
        field("launcher", "not known");
    else
        field("launcher", "%d%s", r->launcher,
              r->there     ? command_of(r)
              : r->foreign ? " in another process id name space"
                           : " (has ended)");
    if (r->since)
        field("since", "%s", shown_time(r->since));
}

static void print_pids(const struct run *r)
{
    printf("  %-9s %u", "processes", r->pid_count);
    for (unsigned i = 0; i < r->pid_count && i < LISTED_MAX; i++)
        printf("%s%d %s", i ? ", " : ": ", r->pids[i], shown_text(process_comm(r->pids[i])));
    puts(r->pid_count > LISTED_MAX ? ", ..." : "");
}

static void print_layers(const struct run *r)
{
    printf("  %-9s ", "policies");
    for (unsigned i = 0; i < r->layer_count; i++)
        printf("%s%s%s%s", i ? ", " : "", shown_text(r->layers[i].name), r->layers[i].complain ? " (complain)" : "",
               r->layers[i].up ? " (outer)" : "");
    puts(r->layer_count ? "" : "none");
}

static void print_counts(const struct run *r)
{
    static const struct {
        enum count which;
        const char *word;
    } words[] = {{COUNT_DENIED, "denied"},   {COUNT_ALLOWED, "would be denied"}, {COUNT_AUDIT, "audited"},
                 {COUNT_HINT, "hints"},      {COUNT_LEAK, "leaked"},             {COUNT_UNSEEN, "not seen"},
                 {COUNT_TRUNCATED, "cut"},   {COUNT_DROPPED, "records lost"},
                 {COUNT_OUTSIDE, "binds not remembered"}};
    struct counts_unseen u;
    bool any = false;

    if (!r->counts)
        return;
    printf("  %-9s ", "counts");
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (counts_get(r->counts, words[i].which)) {
            printf("%s%ju %s", any ? ", " : "", (uintmax_t)counts_get(r->counts, words[i].which), words[i].word);
            any = true;
        }
    puts(any ? "" : "nothing happened");
    for (unsigned i = 0; counts_unseen_get(r->counts, i, &u); i++)
        field("not seen", "%s (%s)", shown_text(u.path), shown_text(u.why));
}

static void print_run(const struct run *r)
{
    puts(shown_text(r->dir));
    print_launcher(r);
    if (r->owner != geteuid())
        field("uid", "%u", r->owner);
    print_pids(r);
    print_layers(r);
    field("memory", "%s%s%s", r->table.at ? "table" : "", r->table.at && r->ring.at ? ", " : "",
          r->ring.at    ? "ring"
          : r->table.at ? ""
                        : "none");
    if (r->outer)
        field("inside", "%s", shown_text(r->outer));
    print_counts(r);
}

/* The sockets that a run knows and that still exist. */
static void print_run_sockets(const struct answer *a)
{
    for (size_t i = 0; i < a->found_count; i++) {
        if (!i)
            putchar('\n');
        print_short(a, a->found[i]);
    }
}

static void print_runs(const struct answer *a)
{
    bool any = false;

    for (unsigned i = 0; i < a->runs.count; i++) {
        if (!run_lives(&a->runs.at[i]))
            continue;
        if (any)
            putchar('\n');
        any = true;
        print_run(&a->runs.at[i]);
    }
    if (!any)
        puts("no runs");
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

/* Whether anybody answers at the socket's file, and who. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"
#include "who_find.h"
#include "who_print.h"

/* --- Which sockets -------------------------------------------------------------------- */

/* The name as its binder may have written it. */
static bool has_name(const struct doctor *d, const char *canonical, const struct sock *s)
{
    const char *names[] = {d->path, d->absolute, canonical};

    for (unsigned i = *d->path == '/' ? 0 : 1; i < 3; i++)
        if (names[i] && s->name.kind == NAME_PATHNAME && s->name.len == strlen(names[i]) &&
            !memcmp(s->name.bytes, names[i], s->name.len))
            return true;
    return false;
}

/* What a connect would find first. */
static int rank(const struct sock *s)
{
    return s->state == STATE_LISTEN ? 0 : s->type == SOCK_DGRAM ? 1 : 2;
}

static void choose(struct doctor *d, struct sock *s)
{
    if (!d->bound || rank(s) < rank(d->bound))
        d->bound = s;
}

static char *canonical_name(const struct walk *w)
{
    char *dir = canonical_of(w->dir);

    return dir ? format_new("%s/%s", strcmp(dir, "/") ? dir : "", w->name) : NULL;
}

/* Some file systems (btrfs) name other devices to stat(2). */
static bool is_at(const struct file_id *id, const struct sock *s, bool named)
{
    return file_is_of(id, s) || (named && s->has_file && id->is_socket && s->file_ino == id->ino);
}

static unsigned find_sockets(struct doctor *d, struct sock **elsewhere, unsigned max)
{
    const struct walk *w = &d->walk;
    bool there = !w->error && w->file >= 0 && S_ISSOCK(w->st.st_mode);
    struct file_id id = there ? file_id_of(&w->st, &w->dir_st) : (struct file_id){.is_socket = false};
    const char *canonical = canonical_name(w);
    unsigned n = 0;

    world_load(&d->answer.world);
    world_widen(&d->answer.world);
    for (size_t i = 0; i < d->answer.world.count; i++) {
        struct sock *s = d->answer.world.all[i];
        bool named = has_name(d, canonical, s), blind = !s->has_file && d->answer.world.unix_error;

        if (there && (is_at(&id, s, named) || (named && blind)))
            found_add(&d->answer, s), choose(d, s);
        else if (named && rank(s) < 2 && n < max)
            found_add(&d->answer, s), elsewhere[n++] = s;
    }
    return n;
}

/* --- Whether it answers ------------------------------------------------------------------ */

/* A datagram socket that connects changes nothing and leaves no trace, but is told
 * whether anybody is bound to the file: EPROTOTYPE by sockets of other types. Also
 * those of namespaces that nobody can look into. 0 or errno; -1: cannot be asked. */
static int probe(const struct walk *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = -1;

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", w->file);
    if (fd >= 0 && !access(address.sun_path, F_OK))
        err = connect(fd, (struct sockaddr *)&address, sizeof address) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return err;
}

static enum listening is_listening(struct doctor *d)
{
    if (d->bound && rank(d->bound) < 2)
        return LISTENING_YES;
    switch (probe(&d->walk)) {
    case ECONNREFUSED:
        return LISTENING_NOBODY;
    case EPROTOTYPE: /* it has another type */
        if (d->bound)
            return LISTENING_SILENT;
        doctor_note(d, "a socket is bound to the file; whether it listens could not be seen");
        return LISTENING_UNKNOWN;
    case 0:
    case EPERM:
        return LISTENING_YES;
    default:
        return d->answer.world.unix_error ? LISTENING_UNKNOWN
               : d->bound                 ? LISTENING_SILENT
                                          : LISTENING_NOBODY;
    }
}

/* --- What there is to say -------------------------------------------------------------------- */

static void stale(struct doctor *d)
{
    bool ours = may_remove(&d->walk);
    struct finding *f = finding_add(&d->findings, "stale", ours ? REMEDY : HOPELESS,
                                    "stale: nobody is bound to it; it refuses connect and blocks bind");

    if (ours)
        remedy_add(f, "rm %s   and start its server again", shell_word(d->path));
    else
        remedy_add(f, "its owner (%u) has to remove it and start its server again", d->walk.st.st_uid);
}

static void silent(struct doctor *d)
{
    const struct sock *s = d->bound;
    struct finding *f = finding_add(&d->findings, "not-listening", REMEDY,
                                    "socket:[%u] is bound, but does not listen: connect is refused", s->ino);

    remedy_add(f, "wait until its server calls listen, or see why it does not");
}

static void check_type(struct doctor *d)
{
    const struct sock *s = d->bound;

    if (!sock_type(s) || s->type == SOCK_STREAM)
        return;
    struct finding *f =
        finding_add(&d->findings, "type", NOTE,
                    "a %s socket: to a client that uses another type it is EPROTOTYPE", sock_type(s));
    remedy_add(f, "%s",
               s->type == SOCK_DGRAM ? "with socat: UNIX-SENDTO:, with nc: nc -uU"
                                     : "with socat: UNIX-CONNECT:...,type=5");
}

static void check_queue(struct doctor *d)
{
    const struct sock *s = d->bound;

    if (s->state != STATE_LISTEN || !s->has_queue || s->recv <= s->send)
        return;
    struct finding *f =
        finding_add(&d->findings, "backlog-full", REMEDY,
                    "the backlog is full (%u wait, limit %u): connect blocks, or EAGAIN", s->recv, s->send);
    remedy_add(f, "see why its server does not accept");
}

/* A relative name, of which the end is all that can be compared. */
static bool ends_with(const char *canonical, const struct name *n)
{
    size_t len = canonical ? strlen(canonical) : 0;

    return *n->bytes != '/' && len > n->len && canonical[len - n->len - 1] == '/' &&
           !memcmp(canonical + len - n->len, n->bytes, n->len);
}

/* Through links on the way, as the aliases of a run are. */
static bool leads_to(const char *canonical, const struct name *n)
{
    char *real = *n->bytes == '/' ? realpath(format_new("%.*s", (int)n->len, n->bytes), NULL) : NULL;

    return real && canonical && !strcmp(real, canonical);
}

static void check_names(struct doctor *d)
{
    const struct sock *s = d->bound;
    const char *canonical = canonical_name(&d->walk);

    if (s->name.kind != NAME_PATHNAME || has_name(d, canonical, s) || ends_with(canonical, &s->name) ||
        leads_to(canonical, &s->name))
        return;
    struct finding *f = finding_add(&d->findings, "other-name", NOTE, "it was bound by another name: %s",
                                    shown_name(&s->name));
    remedy_add(f, "nothing: links, mounts and relative names lead to the same socket");
}

/* --- The same name, but another file ------------------------------------------------------------ */

static bool same_link(int pid, const char *what)
{
    struct stat theirs, own;

    return stat(format_new("/proc/%d/%s", pid, what), &theirs) ||
           stat(format_new("/proc/self/%s", what), &own) ||
           (theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev);
}

static void is_elsewhere(struct doctor *d, const struct sock *s)
{
    size_t count;
    const struct holder *h = holders_find(&d->answer.holders, s->ino, &count);
    bool mount = count && !same_link(h->pid, "ns/mnt"), root = count && !same_link(h->pid, "root");
    struct finding *f = finding_add(&d->findings, "elsewhere", NOTE, "socket:[%u], %s, has this name too: %s",
                                    s->ino, holders_line(&d->answer, s->ino),
                                    mount  ? "in another mount namespace"
                                    : root ? "below another root directory"
                                           : "its file is gone or replaced");

    if (mount || root)
        remedy_add(f, "from here it is /proc/%d/root%s", h->pid, shown_name(&s->name));
    else
        remedy_add(f, "start it again: without its file nobody can connect to it");
}

static void note_what_was_not_seen(struct doctor *d)
{
    for (const char *const *note = notes_of(&d->answer); *note; note++)
        doctor_note(d, *note);
}

void doctor_socket(struct doctor *d)
{
    struct sock *elsewhere[4];
    bool there = !d->walk.error && d->walk.file >= 0 && S_ISSOCK(d->walk.st.st_mode);

    if (d->walk.dir < 0 || (d->walk.error && d->walk.error != ENOENT) || (!there && !d->walk.error))
        return;
    unsigned n = find_sockets(d, elsewhere, 4);
    found_complete(&d->answer);
    note_what_was_not_seen(d);
    if (there)
        d->listening = is_listening(d);
    if (there && d->listening == LISTENING_NOBODY)
        stale(d);
    if (there && d->listening == LISTENING_SILENT)
        silent(d);
    if (d->bound && d->listening == LISTENING_YES)
        check_type(d), check_queue(d), check_names(d);
    for (unsigned i = 0; i < n; i++)
        is_elsewhere(d, elsewhere[i]);
}

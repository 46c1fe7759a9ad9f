/* What is known of sockets, for programs: the same as print_text() says. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "policy/policy.h"
#include "who.h"

/* --- Pieces --------------------------------------------------------------------------- */

static void put_name(const char *key, const struct name *n)
{
    static const char *const kinds[] = {"unnamed", "pathname", "abstract"};

    json_string("address", kinds[n->kind]);
    if (n->kind)
        json_bytes(key, n->bytes, n->len);
}

static void put_cookie(const char *key, uint64_t cookie)
{
    if (cookie)
        json_unsigned(key, cookie);
}

static void put_holders(const struct answer *a, uint32_t ino)
{
    size_t count;
    const struct holder *h = holders_find(&a->holders, ino, &count);

    json_array("holders");
    for (size_t i = 0; i < count; i++) {
        json_object(NULL);
        json_number("pid", h[i].pid);
        json_string("comm", process_comm(h[i].pid));
        json_string("exe", process_exe(h[i].pid));
        json_number("fd", h[i].fd);
        json_bool("cloexec", h[i].cloexec);
        json_end();
    }
    json_end();
}

static struct sock *find(const struct answer *a, uint32_t ino)
{
    return world_find((struct world *)&a->world, ino);
}

static void put_other(const struct answer *a, const char *key, uint32_t ino)
{
    struct sock *s = find(a, ino);

    json_object(key);
    json_unsigned("inode", ino);
    if (s && s->family == AF_UNIX)
        put_name("name", &s->name);
    put_holders(a, ino);
    json_end();
}

static void put_end(const struct sock *s, const char *key, const struct end *e)
{
    if (e->port || key[0] == 'l')
        json_string(key, sock_end(s, e));
}

/* --- One socket -------------------------------------------------------------------------- */

static void put_file(const struct answer *a, const struct sock *s)
{
    if (s->name.kind != NAME_PATHNAME)
        return;
    struct file_state f = file_state(a, s);
    json_object("file");
    json_string("state", f.word);
    if (*f.why)
        json_string("why", f.why);
    if (s->has_file) {
        json_unsigned("dev_major", s->dev >> 20);
        json_unsigned("dev_minor", s->dev & 0xfffff);
        json_unsigned("inode", s->file_ino);
    }
    if (f.handle)
        json_string("handle", f.handle);
    json_end();
}

static void put_peer(const struct answer *a, const struct sock *s)
{
    const struct sock *other = inet_peer(a, s);

    if (s->has_peer && s->peer)
        put_other(a, "peer", s->peer);
    else if (other)
        put_other(a, "peer", other->ino);
    else if (s->has_peer && (other = waits_at(a, s)))
        put_other(a, "waits_at", other->ino);
    if (s->has_peer)
        json_bool("peer_closed", !s->peer && !other);
}

static void put_queue(const struct answer *a, const struct sock *s)
{
    bool listens = s->state == STATE_LISTEN;

    if (!s->has_queue)
        return;
    json_unsigned(listens ? "waiting" : "recv_queue", s->recv);
    json_unsigned(listens ? "backlog" : "send_queue", s->send);
    if (!s->pendings)
        return;
    json_array("clients");
    for (unsigned i = 0; i < s->pendings; i++)
        put_other(a, NULL, s->pending[i]);
    json_end();
}

/* --- History --------------------------------------------------------------------------------- */

static void put_entry(const struct ring_entry *e)
{
    struct name n = ring_name(e);

    json_string("origin", ring_call(e));
    if (e->ino)
        json_unsigned("inode", e->ino);
    put_cookie("cookie", e->cookie);
    json_string("time", shown_time((time_t)(e->time / 1000000000)));
    if (e->pid)
        json_number("pid", e->pid);
    json_bytes("comm", e->comm, strnlen(e->comm, sizeof e->comm));
    json_bool("cloexec", e->cloexec);
    put_name("name", &n);
    if (e->passed_pid)
        json_number("passed_pid", e->passed_pid);
    if (e->passed_ino)
        json_unsigned("passed_inode", e->passed_ino);
}

static void put_from(const struct history *h)
{
    if (!h->ring.from_ino && !h->ring.from_cookie)
        return;
    json_object(h->ring.origin == RING_ACCEPT ? "listener" : "carrier");
    if (h->has_from)
        put_entry(&h->from);
    if (!h->from.ino)
        json_unsigned("inode", h->ring.from_ino);
    json_end();
}

static void put_history(const struct history *h)
{
    json_object(NULL);
    json_string("run", h->run->dir);
    json_unsigned("run_uid", h->run->owner);
    if (h->has_ring) {
        put_entry(&h->ring);
        put_from(h);
    }
    if (h->has_bound) {
        json_object("bound");
        json_number("pid", h->bound.pid);
        json_number("fd", h->bound.fd);
        json_end();
    }
    if (h->made)
        json_string("created", h->made == MADE_INSIDE ? "inside" : "outside");
    json_end();
}

static void put_histories(const struct answer *a, const struct sock *s)
{
    struct history known[HISTORIES_MAX];
    unsigned n = history_of((struct runs *)&a->runs, s->cookie, known, HISTORIES_MAX);
    const struct sock *listener = accepted_from(a, s);

    if (listener)
        json_unsigned("accepted_from", listener->ino);
    json_bool("socketpair", is_pair(a, s));
    json_array("history");
    for (unsigned i = 0; i < n; i++)
        put_history(&known[i]);
    json_end();
}

static void put_facts(const struct answer *a, const struct sock *s)
{
    json_unsigned("inode", s->ino);
    json_string("family", sock_family(s));
    if (s->type >= 0 && policy_type_name(s->type))
        json_string("type", policy_type_name(s->type));
    if (s->state)
        json_string("state", sock_state(s));
    put_cookie("cookie", s->cookie);
    if (s->has_uid)
        json_unsigned("uid", s->uid);
    if (s->family == AF_UNIX)
        put_name("name", &s->name);
    if (s->family == AF_INET || s->family == AF_INET6) {
        put_end(s, "local", &s->local);
        put_end(s, "remote", &s->remote);
    }
    if (s->space)
        json_number("netns_of", a->world.spaces[s->space].pid);
}

static void put_socket(const struct answer *a, const struct sock *s)
{
    json_object(NULL);
    put_facts(a, s);
    put_file(a, s);
    put_queue(a, s);
    put_peer(a, s);
    put_holders(a, s->ino);
    put_histories(a, s);
    json_end();
}

static void put_found(const struct answer *a)
{
    json_array("sockets");
    for (size_t i = 0; i < a->found_count; i++)
        put_socket(a, a->found[i]);
    json_end();
    if (!a->past_count)
        return;
    json_array("past");
    for (unsigned i = 0; i < a->past_count; i++)
        put_history(&a->past[i]);
    json_end();
}

/* --- Processes and runs ------------------------------------------------------------------------ */

static void put_process(const struct answer *a)
{
    const struct run *run = runs_of_process((struct runs *)&a->runs, a->process);

    json_object("process");
    json_number("pid", a->process);
    json_string("comm", process_comm(a->process));
    json_string("exe", process_exe(a->process));
    if (run)
        json_string("run", run->dir);
    json_end();
    json_array("descriptors");
    for (size_t i = 0; i < a->own.count; i++) {
        struct sock *s = find(a, a->own.at[i].ino);

        json_object(NULL);
        json_number("fd", a->own.at[i].fd);
        json_bool("cloexec", a->own.at[i].cloexec);
        if (s)
            put_facts(a, s);
        else
            json_unsigned("inode", a->own.at[i].ino);
        if (s && s->has_peer && s->peer)
            put_other(a, "peer", s->peer);
        json_end();
    }
    json_end();
}

static void put_layers(const struct run *r)
{
    json_array("policies");
    for (unsigned i = 0; i < r->layer_count; i++) {
        json_object(NULL);
        json_string("name", r->layers[i].name);
        json_bool("complain", r->layers[i].complain);
        json_unsigned("up", r->layers[i].up);
        json_end();
    }
    json_end();
}

static void put_counts(const struct run *r)
{
    static const char *const words[COUNTS] = {
        [COUNT_DENIED] = "denied",       [COUNT_ALLOWED] = "allowed", [COUNT_AUDIT] = "audit",
        [COUNT_HINT] = "hint",           [COUNT_LEAK] = "leak",       [COUNT_UNSEEN] = "unseen",
        [COUNT_TRUNCATED] = "truncated", [COUNT_DROPPED] = "dropped", [COUNT_OUTSIDE] = "not_remembered",
        [COUNT_REPAIRED] = "repaired"};
    struct counts_unseen u;

    if (!r->counts)
        return;
    json_object("counts");
    for (unsigned i = 0; i < COUNTS; i++)
        if (words[i])
            json_unsigned(words[i], counts_get(r->counts, (enum count)i));
    json_end();
    json_array("not_seen");
    for (unsigned i = 0; counts_unseen_get(r->counts, i, &u); i++) {
        json_object(NULL);
        json_string("path", u.path);
        json_string("why", u.why);
        json_unsigned("times", u.times);
        json_end();
    }
    json_end();
}

static void put_launcher(const struct run *r)
{
    size_t len;
    char *args = run_command_line(r, &len);

    if (r->launched)
        json_number("launcher", r->launcher);
    json_bool("launcher_lives", r->there);
    if (args) {
        json_array("command");
        for (char *at = args; at < args + len; at += strlen(at) + 1)
            json_string(NULL, at);
        json_end();
    }
    if (r->since.tv_sec)
        json_string("since", shown_time(r->since.tv_sec));
}

static void put_run(const struct run *r)
{
    json_object(NULL);
    json_string("dir", r->dir);
    json_unsigned("uid", r->owner);
    put_launcher(r);
    json_array("processes");
    for (unsigned i = 0; i < r->pid_count; i++) {
        json_object(NULL);
        json_number("pid", r->pids[i]);
        json_string("comm", process_comm(r->pids[i]));
        json_end();
    }
    json_end();
    put_layers(r);
    json_bool("table", r->has_table);
    json_bool("ring", r->has_ring);
    if (r->outer)
        json_string("outer", r->outer);
    put_counts(r);
    json_end();
}

static void put_runs(const struct answer *a)
{
    json_array("runs");
    for (unsigned i = 0; i < a->runs.count; i++)
        if (a->run ? a->run == &a->runs.at[i] : run_lives(&a->runs.at[i]))
            put_run(&a->runs.at[i]);
    json_end();
}

void print_json(const struct answer *a)
{
    json_object(NULL);
    if (a->process)
        put_process(a);
    if (a->all_runs || a->run)
        put_runs(a);
    if (!a->all_runs && !a->process)
        put_found(a);
    json_array("notes");
    for (const char *const *note = notes_of(a); *note; note++)
        json_string(NULL, *note);
    json_end();
    json_end();
    json_done();
}

/* Records until the end of a run, and then one thread after the other, and what came in by accept()
 * after that: which of two processes was faster says nothing about what they did. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "numbers.h"
#include "trace.h"

enum { SIGNATURE_MAX = 65536 }; /* bytes of a thread's lines by which it is put in order */

struct held {
    char *line;
    size_t len;
    uint32_t fd, result, fd1, fd2; /* which sockets these descriptors were then; 0: as they stand there */
    struct held *next;
};

/* What one thread does of its own accord, or with one connection that it accepted. */
struct thread {
    int64_t pid, tid; /* tid 0: the first thread */
    uint32_t accepted; /* that connection's socket; 0 */
    struct held *first, *last;
    struct ink signature;
    struct process *process;
    size_t number;
};

struct process {
    const struct thread *first; /* has its place */
    size_t met;                 /* when somebody else first met it; SIZE_MAX: never */
    struct numbers sockets;
};

struct trace_hold {
    struct numbers keys, pids;
    struct thread *threads;     /* by number of the key */
    size_t room;
    struct process *processes;  /* by number of the pid */
    struct numbers descriptors; /* "PID/FD" */
    uint32_t *sockets;          /* what is open there now, by number of the descriptor */
    size_t sockets_room;
    uint32_t last_socket;
    struct trace_same *same;
};

struct trace_hold *trace_hold_new(void)
{
    struct trace_hold *h = allocate(sizeof *h);

    h->same = trace_same_new();
    return h;
}

static size_t pid_number(struct trace_hold *h, int64_t pid)
{
    char text[24];

    return numbers_of(&h->pids, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)pid));
}

static struct thread *thread_of(struct trace_hold *h, const struct record *r, uint32_t accepted)
{
    int64_t pid = record_number(r, "pid", 0), tid = record_number(r, "tid", 0);
    char key[64];
    size_t number = numbers_of(&h->keys, key, (size_t)snprintf(key, sizeof key, "%lld/%lld/%u", (long long)pid, (long long)tid, accepted));

    if (number >= h->room) {
        size_t room = 2 * number + 16;

        h->threads = enlarged(h->threads, h->room * sizeof *h->threads, room * sizeof *h->threads);
        h->room = room;
    }
    struct thread *t = &h->threads[number];
    t->pid = pid;
    t->tid = tid;
    t->accepted = accepted;
    t->number = number;
    return t;
}

/* --- Descriptors ------------------------------------------------------------------------------ */

/* A number is given again to another socket after a close, which nobody sees, sooner or later as
 * threads and clients go: sockets are told apart by the calls that make them. */
static uint32_t *socket_at(struct trace_hold *h, int64_t pid, int64_t fd)
{
    char key[48];
    size_t number = numbers_of(&h->descriptors, key, (size_t)snprintf(key, sizeof key, "%lld/%lld", (long long)pid, (long long)fd));

    if (number >= h->sockets_room) {
        size_t room = 2 * number + 64;

        h->sockets = enlarged(h->sockets, h->sockets_room * sizeof *h->sockets, room * sizeof *h->sockets);
        h->sockets_room = room;
    }
    return &h->sockets[number];
}

static uint32_t new_socket(struct trace_hold *h, const struct record *r, const char *key)
{
    return *socket_at(h, record_number(r, "pid", 0), record_number(r, key, -1)) = ++h->last_socket << 1;
}

/* Behind the number of a socket that was accepted. */
enum { ACCEPTED = 1 };

static void find_sockets(struct trace_hold *h, struct held *held, const struct record *r)
{
    int64_t pid = record_number(r, "pid", 0), fd = record_number(r, "fd", -1);

    if (fd > 2) {
        uint32_t *at = socket_at(h, pid, fd);

        if (!*at) /* inherited, or received */
            *at = ++h->last_socket << 1;
        held->fd = *at;
    }
    const char *operation = record_text(r, "operation");
    bool accepts = !strncmp(operation, "accept", 6);
    int64_t result = record_number(r, "result", -1);
    if (record_field(r, "fd1")) {
        held->fd1 = new_socket(h, r, "fd1");
        held->fd2 = new_socket(h, r, "fd2");
    }
    if (record_is(r, "TRACE") && result >= 0 && (accepts || !strcmp(operation, "socket")))
        held->result = *socket_at(h, pid, result) = ++h->last_socket << 1 | (accepts ? ACCEPTED : 0);
}

/* The order in which a process's sockets appear, from 3 on. */
static void set_socket(struct record *r, const char *key, struct numbers *sockets, uint32_t number, char room[16])
{
    struct field *f = (struct field *)record_field(r, key);
    char text[16];

    if (!number || !f)
        return;
    size_t len = (size_t)snprintf(text, sizeof text, "%u", number);
    f->len = (size_t)snprintf(room, 16, "%zu", sockets ? numbers_of(sockets, text, len) + 3 : 0);
    f->value = room;
}

static void set_sockets(struct record *r, const struct held *held, struct numbers *sockets)
{
    static char rooms[4][16];

    set_socket(r, "fd", sockets, held->fd, rooms[0]);
    set_socket(r, "result", sockets, held->result, rooms[1]);
    set_socket(r, "fd1", sockets, held->fd1, rooms[2]);
    set_socket(r, "fd2", sockets, held->fd2, rooms[3]);
}

/* "Nothing there yet" depends on the other side being a little faster or slower. */
static bool says_nothing(const struct record *r)
{
    const char *err = record_text(r, "errno");

    return record_is(r, "TRACE") && (!strcmp(err, "EAGAIN") || !strcmp(err, "EINTR"));
}

void trace_hold_add(struct trace_hold *h, const struct record *r, const char *line, size_t len)
{
    static const char *const keys[] = {"pid", "ppid", "tid", "peer_pid", NULL};

    if (says_nothing(r))
        return;
    struct held *held = allocate(sizeof *held);
    held->line = memcpy(allocate(len + 1), line, len);
    held->len = len;
    find_sockets(h, held, r);
    struct thread *t = thread_of(h, r, held->fd & ACCEPTED ? held->fd : 0);
    *(t->last ? &t->last->next : &t->first) = held;
    t->last = held;
    for (const char *const *k = keys; *k; k++)
        trace_same_process(h->same, record_number(r, *k, 0));
}

/* --- Order --------------------------------------------------------------------------------- */

static void each_of(const struct thread *t, void (*each)(void *ctx, const struct record *r, const struct held *held), void *ctx)
{
    struct record r = {0};

    for (const struct held *i = t->first; i; i = i->next)
        if (record_read(&r, i->line, i->len))
            each(ctx, &r, i);
    record_free(&r);
}

struct signing {
    struct trace_same *same;
    struct ink *to;
};

static void sign_record(void *ctx, const struct record *r, const struct held *held)
{
    struct signing *s = ctx;
    struct record masked = {0};

    if (s->to->len > SIGNATURE_MAX)
        return;
    trace_same(s->same, true, r, &masked);
    set_sockets(&masked, held, NULL);
    /* The command first: lines of one program stand together. */
    ink_raw(s->to, record_text(r, "comm"), strlen(record_text(r, "comm")) + 1);
    trace_json(s->to, &masked);
}

static int compare_signatures(const struct thread *a, const struct thread *b)
{
    size_t len = a->signature.len < b->signature.len ? a->signature.len : b->signature.len;
    int order = memcmp(a->signature.at, b->signature.at, len);

    return order ? order : a->signature.len < b->signature.len ? -1 : a->signature.len > b->signature.len;
}

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int place(const struct thread *t)
{
    return (t->accepted ? 2 : 0) + (t->tid ? 1 : 0);
}

/* Processes; in each the first thread, then the others, then connections. */
static int compare(const void *left, const void *right)
{
    const struct thread *a = *(struct thread *const *)left, *b = *(struct thread *const *)right;
    int order;

    if (a->process != b->process) {
        if ((order = compare_signatures(a->process->first, b->process->first)))
            return order;
        if ((order = compare_numbers(a->process->met, b->process->met)))
            return order;
        return compare_numbers(a->process->first->number, b->process->first->number);
    }
    if (place(a) != place(b))
        return place(a) - place(b);
    if ((order = compare_signatures(a, b)))
        return order;
    return a->accepted != b->accepted ? compare_numbers(a->accepted, b->accepted) : compare_numbers(a->number, b->number);
}

/* Its first thread, or of those that are there the first in order. */
static void find_processes(struct trace_hold *h)
{
    h->processes = allocate(h->keys.count * sizeof *h->processes);
    for (size_t i = 0; i < h->keys.count; i++) {
        struct thread *t = &h->threads[i];
        struct process *p = t->process = &h->processes[pid_number(h, t->pid)];

        p->met = SIZE_MAX;
        if (!p->first || place(t) < place(p->first) || (place(t) == place(p->first) && compare_signatures(t, p->first) < 0))
            p->first = t;
    }
}

/* Clients that all do the same are told apart by the order in which they were met. */
struct meeting {
    struct trace_hold *hold;
    size_t met;
};

static void meet(void *ctx, const struct record *r, const struct held *held)
{
    const struct field *peer = record_field(r, "peer_pid");
    struct meeting *m = ctx;

    (void)held;
    if (!peer || !numbers_has(&m->hold->pids, peer->value, peer->len))
        return;
    struct process *p = &m->hold->processes[numbers_of(&m->hold->pids, peer->value, peer->len)];
    if (p->met == SIZE_MAX)
        p->met = m->met++;
}

static struct thread **in_order(struct trace_hold *h)
{
    struct thread **order = allocate(h->keys.count * sizeof *order);
    struct meeting meeting = {h, 0};

    for (size_t i = 0; i < h->keys.count; i++) {
        struct signing s = {h->same, &h->threads[i].signature};

        order[i] = &h->threads[i];
        each_of(order[i], sign_record, &s);
    }
    find_processes(h);
    qsort(order, h->keys.count, sizeof *order, compare);
    for (size_t i = 0; i < h->keys.count; i++)
        each_of(order[i], meet, &meeting);
    qsort(order, h->keys.count, sizeof *order, compare);
    return order;
}

struct giving {
    struct trace_same *same;
    struct numbers *sockets;
    void (*each)(void *ctx, const struct record *r);
    void *ctx;
};

static void give(void *ctx, const struct record *r, const struct held *held)
{
    struct giving *g = ctx;
    struct record same = {0};

    trace_same(g->same, false, r, &same);
    set_sockets(&same, held, g->sockets);
    g->each(g->ctx, &same);
}

void trace_hold_each(struct trace_hold *h, void (*each)(void *ctx, const struct record *r), void *ctx)
{
    struct giving giving = {h->same, NULL, each, ctx};

    if (!h->keys.count)
        return;
    struct thread **order = in_order(h);
    for (size_t i = 0; i < h->keys.count; i++) {
        trace_same_pid(h->same, order[i]->pid);
        if (order[i]->tid)
            trace_same_pid(h->same, order[i]->tid);
    }
    for (size_t i = 0; i < h->keys.count; i++) {
        giving.sockets = &order[i]->process->sockets;
        each_of(order[i], give, &giving);
    }
}

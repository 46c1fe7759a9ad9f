/* Who did what to which socket. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

const char *const verb_words[VERBS] = {"",         "bound", "listens", "accepted", "connected", "sent",
                                       "received", "leaked", "made",   "holds"};

static const struct {
    const char *operation;
    enum verb verb;
    bool of_peer; /* about the other end, if that has a name */
} calls[] = {
    {"bind", VERB_BIND, false},       {"listen", VERB_LISTEN, false},    {"accept", VERB_ACCEPT, false},
    {"accept4", VERB_ACCEPT, false},  {"connect", VERB_CONNECT, true},   {"send", VERB_SEND, true},
    {"sendto", VERB_SEND, true},      {"sendmsg", VERB_SEND, true},      {"sendmmsg", VERB_SEND, true},
    {"recv", VERB_RECEIVE, true},     {"recvfrom", VERB_RECEIVE, true},  {"recvmsg", VERB_RECEIVE, true},
    {"recvmmsg", VERB_RECEIVE, true}, {"inherit", VERB_NONE, false},
};

static enum verb verb_of(const struct record *rec, bool *of_peer)
{
    *of_peer = false;
    if (record_is(rec, "LEAK"))
        return VERB_LEAK;
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(record_text(rec, "operation"), calls[i].operation)) {
            *of_peer = calls[i].of_peer;
            return calls[i].verb;
        }
    return VERB_NONE;
}

/* --- Places --------------------------------------------------------------------------------- */

static uint32_t add_text(struct report *r, const char *text)
{
    return strings_add(&r->strings, text, strlen(text));
}

static uint32_t new_place(struct report *r, const struct record *rec, uint32_t name)
{
    struct place p = {.name = name};

    p.family = add_text(r, record_text(rec, "family"));
    p.type = add_text(r, record_text(rec, "sock_type"));
    return many_add(&r->places, &p, sizeof p, PLACE_KEY);
}

static uint32_t named(struct report *r, const struct record *rec, const char *key)
{
    const struct field *f = record_field(rec, key);

    return f && !f->word && f->len ? new_place(r, rec, strings_add(&r->strings, f->value, f->len)) : NOBODY;
}

static uint32_t numbered(struct report *r, const struct record *rec, const char *ip, const char *port)
{
    const char *address = record_text(rec, ip);
    uint32_t place;
    char *name;

    if (!*address || record_number(rec, port, 0) <= 0)
        return NOBODY;
    name = format_new(strchr(address, ':') ? "[%s]:%lld" : "%s:%lld", address, (long long)record_number(rec, port, 0));
    place = new_place(r, rec, add_text(r, name));
    free(name);
    return place;
}

static uint32_t own_place(struct report *r, const struct record *rec)
{
    uint32_t place = named(r, rec, "bound");

    if (place == NOBODY)
        place = named(r, rec, "addr");
    return place == NOBODY ? numbered(r, rec, "laddr", "lport") : place;
}

static uint32_t peer_place(struct report *r, const struct record *rec)
{
    uint32_t place = named(r, rec, "peer_addr");

    return place == NOBODY ? numbered(r, rec, "faddr", "fport") : place;
}

/* A socket without a name that was left open. */
static uint32_t inode_place(struct report *r, const struct record *rec)
{
    int64_t inode = record_number(rec, "inode", 0);
    uint32_t place;
    char *name;

    if (inode <= 0)
        return NOBODY;
    name = format_new("socket:[%lld]", (long long)inode);
    place = new_place(r, rec, add_text(r, name));
    free(name);
    return place;
}

/* --- IP ports that are servers' ------------------------------------------------------------- */

static bool is_served(const struct report *r, const struct record *rec, const char *port)
{
    int64_t n = record_number(rec, port, 0);

    return n > 0 && n < 65536 && r->served[n / 8] >> n % 8 & 1;
}

static void note_served(struct report *r, const struct record *rec, enum verb verb)
{
    int64_t n = record_number(rec, "lport", 0);

    if ((verb == VERB_LISTEN || verb == VERB_ACCEPT) && n > 0 && n < 65536)
        r->served[n / 8] |= (uint8_t)(1 << n % 8);
}

/* A server's calls on what it accepted are about its own port: each client's is another. */
static bool answers_on_port(const struct report *r, const struct record *rec)
{
    return is_served(r, rec, "lport") && !is_served(r, rec, "fport");
}

/* Of two ends the one with a name that others know. */
static uint32_t place_of(struct report *r, const struct record *rec, bool of_peer)
{
    uint32_t place = of_peer ? peer_place(r, rec) : own_place(r, rec);

    if (place == NOBODY)
        place = of_peer ? own_place(r, rec) : peer_place(r, rec);
    return place == NOBODY ? inode_place(r, rec) : place;
}

/* --- Links ---------------------------------------------------------------------------------- */

static struct link *link_of(struct report *r, uint32_t process, uint32_t place, enum verb verb)
{
    const struct link l = {.process = process, .place = place, .verb = verb};
    const uint32_t n = many_add(&r->links, &l, sizeof l, LINK_KEY);

    return link_at(r, n);
}

/* Calls that would have had to wait did not go wrong. */
static bool failed(const struct record *rec, int64_t result)
{
    const char *err = record_text(rec, "errno");

    return result < 0 && strcmp(err, "EAGAIN") != 0 && strcmp(err, "EINPROGRESS") != 0;
}

static void count(struct link *l, const struct record *rec, enum kind kind)
{
    int64_t result = record_number(rec, "result", 0), duration = record_number(rec, "duration_ns", 0);

    l->calls += kind == KIND_TRACE;
    l->failed += kind == KIND_TRACE && failed(rec, result);
    l->denied += kind == KIND_DENIED;
    l->injected += kind == KIND_INJECTED;
    l->leaked += kind == KIND_LEAK;
    l->other += kind == KIND_ALLOWED || kind == KIND_AUDIT;
    l->duration += duration > 0 ? (uint64_t)duration : 0;
    if (kind == KIND_TRACE && result > 0 && (l->verb == VERB_SEND || l->verb == VERB_RECEIVE) &&
        !record_field(rec, "messages"))
        l->bytes += (uint64_t)result;
}

void report_link(struct report *r, const struct record *rec, struct row *row)
{
    bool of_peer, about_socket = row->kind != KIND_HINT && row->kind != KIND_UNSEEN && row->kind != KIND_OTHER;

    row->verb = (uint8_t)verb_of(rec, &of_peer);
    note_served(r, rec, row->verb);
    of_peer = of_peer && !(row->verb != VERB_CONNECT && answers_on_port(r, rec));
    row->place = about_socket ? place_of(r, rec, of_peer) : NOBODY;
    if (row->place != NOBODY && row->process != NOBODY && row->verb != VERB_NONE)
        count(link_of(r, row->process, row->place, row->verb), rec, row->kind);
}

/* --- Those that wrote nothing ----------------------------------------------------------------- */

/* The last program of each process, and the greatest pid that there is. */
static uint32_t *last_with_pid(const struct report *r, int64_t *most)
{
    uint32_t *last;

    *most = 0;
    for (uint32_t i = 0; i < r->processes.count; i++)
        if (process_at(r, i)->pid > *most && process_at(r, i)->pid < 1 << 22) /* PID_MAX_LIMIT of the kernel */
            *most = process_at(r, i)->pid;
    last = allocate(((size_t)*most + 1) * sizeof *last);
    for (uint32_t i = 0; i < r->processes.count; i++)
        if (process_at(r, i)->pid <= *most)
            last[process_at(r, i)->pid] = i + 1;
    return last;
}

static uint32_t stranger(struct report *r, int64_t pid, uint32_t comm)
{
    struct process p = {.pid = pid, .ppid = -1, .comm = comm};

    return many_add(&r->processes, &p, sizeof p, PROCESS_KEY);
}

/* Whoever made a socket may have become another program since. */
static uint32_t maker(struct report *r, int64_t pid, uint32_t row, uint32_t otherwise)
{
    size_t len = 0;
    const char *text = report_text(r, row, "origin_comm", &len);
    uint32_t comm = text ? strings_add(&r->strings, text, len) : 0;

    for (uint32_t i = 0; comm && i < r->processes.count; i++)
        if (process_at(r, i)->pid == pid && process_at(r, i)->comm == comm)
            return i;
    return otherwise != NOBODY && !comm ? otherwise : stranger(r, pid, comm);
}

/* What the other end of a call does, when it does not say so itself. */
static enum verb answer_of(enum verb verb)
{
    return verb == VERB_ACCEPT ? VERB_CONNECT : verb == VERB_RECEIVE ? VERB_SEND : VERB_HELD;
}

static void join(struct report *r, const uint32_t *last, int64_t most, uint32_t row, int64_t pid, bool origin)
{
    const struct row *w = &r->rows[row];
    uint32_t other;

    if (pid <= 0)
        return;
    other = pid <= most && last[pid] ? last[pid] - 1 : NOBODY;
    if (origin)
        other = maker(r, pid, row, other);
    else if (other == NOBODY)
        other = stranger(r, pid, 0);
    report_note(r, origin ? "origin_process" : "peer_process", row, other);
    if (w->place == NOBODY)
        return;
    if (origin)
        link_of(r, other, w->place, VERB_MADE)->leaked++;
    else if (!process_at(r, other)->seen && w->verb != VERB_NONE && w->verb != VERB_LEAK)
        link_of(r, other, w->place, answer_of(w->verb))->other++;
}

static void join_all(struct report *r, const uint32_t *last, int64_t most, const char *key, bool origin)
{
    for (uint32_t i = 0; i < r->column_count; i++)
        if (r->columns[i].number && !strcmp(strings_get(&r->strings, r->columns[i].key), key)) {
            const uint32_t c = i, n = r->columns[i].count;

            for (uint32_t at = 0; at < n; at++)
                join(r, last, most, r->columns[c].row[at], r->columns[c].value[at], origin);
            return;
        }
}

void report_strangers(struct report *r)
{
    int64_t most;
    uint32_t *last = last_with_pid(r, &most);

    join_all(r, last, most, "origin_pid", true);
    join_all(r, last, most, "peer_pid", false);
    free(last);
}

/* What records tell: which questions the calls of a run put to a policy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn.h"

static const void *kept(const void *bytes, size_t len)
{
    return bytes ? memcpy(allocate(len + 1), bytes, len) : NULL;
}

static const char *kept_text(const char *text)
{
    return text ? kept(text, strlen(text)) : NULL;
}

static bool same_addr(const struct policy_addr *a, const struct policy_addr *b)
{
    if (a->kind != b->kind || a->port != b->port || a->len != b->len || !a->bytes != !b->bytes)
        return false;
    return !a->bytes || !memcmp(a->bytes, b->bytes, a->len);
}

static bool same_text(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

static bool same_fact(const struct fact *a, const struct fact *b)
{
    const struct policy_query *p = &a->q, *q = &b->q;

    return p->perm == q->perm && p->family == q->family && p->type == q->type && p->protocol == q->protocol &&
           a->run == b->run && a->lost == b->lost && a->idle == b->idle && same_addr(&p->local, &q->local) &&
           same_addr(&p->peer, &q->peer) && same_text(a->comm, b->comm) && same_text(a->exe, b->exe);
}

static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; bytes && i < len; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 16777619;
    return hash;
}

static uint32_t hash_of(const struct fact *f)
{
    uint32_t hash = mix(2166136261, f->q.peer.bytes, f->q.peer.len);

    hash = mix(hash, f->q.local.bytes, f->q.local.len);
    hash = mix(hash, &f->q.perm, sizeof f->q.perm);
    hash = mix(hash, &f->q.peer.port, sizeof f->q.peer.port);
    return mix(hash, f->comm, f->comm ? strlen(f->comm) : 0);
}

static struct fact *fact_new(struct learned *l, const struct fact *like, struct fact **bucket)
{
    struct fact *f = allocate(sizeof *f);

    *f = *like;
    f->q.local.bytes = kept(f->q.local.bytes, f->q.local.len);
    f->q.peer.bytes = kept(f->q.peer.bytes, f->q.peer.len);
    f->q.label = kept_text(f->q.label);
    f->q.exe = kept_text(f->q.exe);
    f->comm = kept_text(f->comm);
    f->exe = kept_text(f->exe);
    f->next = *bucket;
    *bucket = f;
    if (l->fact_count == l->fact_room) {
        l->fact_room = l->fact_room ? 2 * l->fact_room : 256;
        l->facts = enlarged(l->facts, l->fact_count * sizeof *l->facts, l->fact_room * sizeof *l->facts);
    }
    return l->facts[l->fact_count++] = f;
}

static void add_fact(struct learned *l, const struct fact *like, bool traced)
{
    struct fact **bucket = &l->buckets[hash_of(like) % (sizeof l->buckets / sizeof *l->buckets)], *f = *bucket;

    while (f && !same_fact(f, like))
        f = f->next;
    if (!f)
        f = fact_new(l, like, bucket);
    f->traced += traced;
    f->told += !traced;
}

/* --- Processes ----------------------------------------------------------- */

enum { PIDS = 4194304 }; /* there are no more (proc(5), pid_max) */

static void add_pid(struct learned *l, int64_t pid)
{
    if (pid <= 0 || pid >= PIDS)
        return;
    if (!l->pids)
        l->pids = allocate(PIDS / 8);
    l->pids[pid / 8] |= (uint8_t)(1 << pid % 8);
}

bool learn_is_pid(const struct learned *l, uint32_t pid)
{
    return l->pids && pid < PIDS && (l->pids[pid / 8] >> pid % 8 & 1);
}

static void note_pids(struct learned *l, const struct record *r)
{
    static const char *const keys[] = {"ppid", "peer_pid", "pid"};

    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
        add_pid(l, record_number(r, keys[i], 0));
}

/* --- Which records ------------------------------------------------------- */

/* Only what happened can be needed. Of what was denied, what a rule did not deny on purpose
 * can be wanted. */
static bool is_wanted(struct learned *l, const struct record *r)
{
    bool denied = record_is(r, "DENIED") || !strcmp(record_text(r, "verdict"), "DENIED");

    if (!denied)
        return record_is(r, "TRACE") || record_is(r, "ALLOWED") || record_is(r, "AUDIT");
    if (record_is(r, "TRACE"))
        return false; /* its DENIED record says more */
    l->denied++;
    /* AppArmor's own records name no rule, and its deny rules write none. */
    return l->with_denied && !strcmp(record_field(r, "rule") ? record_text(r, "rule") : "none", "none");
}

static bool failed_with(const char *err, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(err, *names))
            return true;
    return false;
}

/* The kernel refuses these whatever a policy says. */
static bool never_asked(const char *err)
{
    static const char *const names[] = {"EBADF", "ENOTSOCK", "EFAULT", NULL};

    return failed_with(err, names);
}

/* A name is resolved before any rule is asked. */
static bool is_lost(const struct fact *f, const char *err)
{
    static const char *const names[] = {"ENOENT", "ENOTDIR", "ELOOP", "EACCES", "ENAMETOOLONG", NULL};
    const struct policy_addr *a = f->q.perm == POLICY_BIND ? &f->q.local : &f->q.peer;

    return f->q.family == AF_UNIX && (f->q.perm & (POLICY_BIND | POLICY_CONNECT | POLICY_SEND)) &&
           a->kind == POLICY_ADDR_PATHNAME && failed_with(err, names);
}

/* Nobody was there yet to be judged. */
static bool is_idle(const struct fact *f, const struct record *r)
{
    return (f->q.perm & (POLICY_ACCEPT | POLICY_RECEIVE)) && record_is(r, "TRACE") && record_number(r, "result", 0) < 0;
}

/* --- Autobinds ----------------------------------------------------------- */

enum { AUTOS = 1 << 20 };

static unsigned auto_number(const void *digits)
{
    char text[6] = "";

    memcpy(text, digits, 5);
    return (unsigned)strtoul(text, NULL, 16) % AUTOS;
}

/* A name that a bind made, without one or, to be sure, by the very digits. */
static void note_auto(struct learned *l, const struct fact *f, const struct record *r)
{
    const struct field *bound = record_field(r, "bound");
    struct policy_addr a = f->q.local;

    if (f->q.perm != POLICY_BIND)
        return;
    if (a.kind == POLICY_ADDR_AUTO && bound && bound->len == 6)
        a = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = bound->value + 1, .len = 5};
    if (!name_is_auto(&a))
        return;
    if (!l->autos)
        l->autos = allocate(AUTOS / 8);
    l->autos[auto_number(a.bytes) / 8] |= (uint8_t)(1 << auto_number(a.bytes) % 8);
}

/* SO_PASSCRED and SO_PASSPIDFD have other calls bind the socket: unix(7). A name that no bind
 * made came about that way. */
void learn_autobinds(struct learned *l)
{
    for (size_t i = 0, count = l->fact_count; i < count; i++) {
        const struct fact *f = l->facts[i];

        if (f->q.family != AF_UNIX || !name_is_auto(&f->q.local))
            continue;
        unsigned number = auto_number(f->q.local.bytes);
        if (l->autos && l->autos[number / 8] >> number % 8 & 1)
            continue;
        struct fact bind = *f;
        bind.q = (struct policy_query){.perm = POLICY_BIND, .family = AF_UNIX, .type = f->q.type, .protocol = f->q.protocol,
                                       .local.kind = POLICY_ADDR_AUTO, .label = f->q.label, .fd = -1};
        bind.lost = bind.idle = false;
        bind.traced = bind.told = 0;
        add_fact(l, &bind, true);
    }
}

/* --- Names that were not there ------------------------------------------- */

/* They could not be resolved, but the directory above may be: rules see canonical names. */
static void resolve_lost(struct policy_addr *a)
{
    char *name = memcpy(allocate(a->len + 1), a->bytes, a->len), *slash = name + a->len, *above;

    while ((slash = memrchr(name, '/', (size_t)(slash - name))) && slash > name) {
        *slash = '\0';
        above = realpath(name, NULL);
        *slash = '/';
        if (!above)
            continue;
        a->bytes = format_new("%s%s", strcmp(above, "/") ? above : "", slash);
        a->len = (uint32_t)strlen(a->bytes);
        return;
    }
}

void learn_resolve(struct learned *l)
{
    for (size_t i = 0; i < l->fact_count; i++)
        if (l->facts[i]->lost)
            resolve_lost(l->facts[i]->q.perm == POLICY_BIND ? &l->facts[i]->q.local : &l->facts[i]->q.peer);
}

/* --- One record ---------------------------------------------------------- */

/* An IPv4-mapped address is judged as the IPv4 one, whatever the socket. */
static void see_mapped(struct policy_query *q)
{
    const struct policy_addr *a = q->perm & (POLICY_BIND | POLICY_LISTEN) ? &q->local : &q->peer;

    if (q->family == AF_INET6 && a->kind == POLICY_ADDR_INET && (q->perm & (POLICY_BIND | POLICY_LISTEN | POLICY_PEER_PERMS)))
        q->family = AF_INET;
}

/* Where no program ever had a name: the record was not ours. */
static bool is_nonsense(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_PATHNAME && a->bytes && memchr(a->bytes, '\0', a->len);
}

static void take_question(struct learned *l, const struct record *r, const struct policy_query *q)
{
    struct fact f = {.q = *q, .comm = record_text(r, "comm"), .exe = record_text(r, "exe"), .run = l->runs};
    const char *err = record_text(r, "errno");

    if (f.q.perm == POLICY_INHERIT) /* a policy that does not speak of it allows it */
        return;
    if (f.q.perm == POLICY_AUTOBIND) {
        f.q.perm = POLICY_BIND;
        f.q.local.kind = POLICY_ADDR_AUTO;
    }
    f.lost = is_lost(&f, record_is(r, "DENIED") ? "" : err);
    f.idle = is_idle(&f, r);
    see_mapped(&f.q);
    ports_note(l, &f.q, !*err);
    note_auto(l, &f, r);
    add_fact(l, &f, record_is(r, "TRACE"));
}

void learn_record(struct learned *l, const struct record *r)
{
    struct policy_query q[LEARN_QUESTIONS];
    unsigned count;

    note_pids(l, r);
    if (!learn_is_call(r) || !is_wanted(l, r) || never_asked(record_text(r, "errno")))
        return;
    l->calls++;
    count = learn_ask(r, q);
    if (!count || is_nonsense(&q[0].local) || is_nonsense(&q[0].peer))
        l->unclear++;
    else
        for (unsigned i = 0; i < count; i++)
            take_question(l, r, &q[i]);
}

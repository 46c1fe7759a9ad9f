#include "remember.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "descriptors.h"
#include "identity.h"
#include "process.h"
#include "settled.h"
#include "sys.h"

/* --- Around a bind -------------------------------------------------------- */

void remember_begin(struct binding *b)
{
    for (unsigned up = 0; up < domain_runs(); up++)
        b->tickets[up] = domain_table(up) ? (int16_t)table_begin(domain_table(up)) : -1;
}

void remember_end(const struct binding *b)
{
    for (unsigned up = 0; up < domain_runs(); up++)
        if (b->tickets[up] >= 0)
            table_end(domain_table(up), b->tickets[up]);
}

/* --- Where a socket was made ----------------------------------------------- */

static bool mark_of(const struct table *t, const struct identity *socket, struct table_entry *out)
{
    struct table_key key = identity_key(t, socket);

    return table_get(t, &key, out);
}

static enum policy_scope made(const struct table *t, const struct identity *socket)
{
    struct table_entry mark;

    return mark_of(t, socket, &mark) ? (enum policy_scope)mark.made : POLICY_SCOPE_INSIDE;
}

static void fill(struct table_entry *e, int fd)
{
    struct stat st = {0};

    sys_fstat(fd, &st);
    *e = (struct table_entry){
        .cookie = settled_cookie(fd), .ino = (uint32_t)st.st_ino, .pid = (int32_t)domain_self().pid, .fd = fd};
}

static int put(unsigned up, const struct identity *id, struct table_entry *e)
{
    const struct table *t = domain_table(up);
    struct table_key key = identity_key(t, id);

    e->kind = (uint8_t)id->kind;
    e->policies = state->runs[up].policies;
    memcpy(e->profiles, state->runs[up].profiles, sizeof e->profiles);
    return table_put(t, &key, e);
}

/* Only a socket that has neither name nor peer can still be bound and reached. A
 * datagram socket can be taken from its peer. */
static bool can_be_bound(int fd)
{
    struct address own, peer;
    int domain, type;

    if (sys_getsockopt_int(fd, SO_DOMAIN, &domain) < 0 || domain != AF_UNIX || address_own(&own, fd) < 0 ||
        own.name.kind != POLICY_ADDR_NONE)
        return false;
    if (sys_getsockopt_int(fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM)
        return true;
    return address_peer(&peer, fd) == 0 && peer.name.kind == POLICY_ADDR_NONE && !peer.len;
}

static void mark(int fd, enum policy_scope where, unsigned runs)
{
    struct identity socket;
    struct table_entry e, before;

    if (!can_be_bound(fd) || identity_of_socket(&socket, fd) < 0)
        return;
    fill(&e, fd);
    e.fd = -1; /* not bound (yet) */
    e.made = (uint8_t)where;
    for (unsigned up = 0; up < runs; up++)
        if (domain_table(up) && !mark_of(domain_table(up), &socket, &before))
            put(up, &socket, &e);
}

void remember_came(int fd)
{
    mark(fd, POLICY_SCOPE_OUTSIDE, domain_runs());
}

void remember_sent(int fd)
{
    mark(fd, POLICY_SCOPE_INSIDE, domain_runs());
}

static void mark_inherited(void *ctx, int fd)
{
    (void)ctx;
    mark(fd, POLICY_SCOPE_OUTSIDE, 1);
}

void remember_inherited(void)
{
    descriptors_each(mark_inherited, NULL);
}

/* --- Who bound what --------------------------------------------------------- */

/* A wildcard of IPv6 answers for IPv4 as well, unless it was told not to. */
static bool answers_both(int fd, const struct address *own)
{
    int only;
    socklen_t len = sizeof only;

    return own->name.kind == POLICY_ADDR_INET6 && IN6_IS_ADDR_UNSPECIFIED(&own->raw.in6.sin6_addr) &&
           SYS5(SYS_getsockopt, fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) >= 0 && !only;
}

/* A socket that was just bound. */
struct bound {
    int fd;
    struct table_entry entry;
};

/* Only a unix socket's place of birth is asked for. */
static enum policy_scope made_at(unsigned up, const struct bound *b, bool unix_socket)
{
    struct identity socket = {.kind = TABLE_SOCKET, .len = sizeof b->entry.cookie};

    if (!unix_socket)
        return POLICY_SCOPE_INSIDE;
    memcpy(socket.bytes, &b->entry.cookie, sizeof b->entry.cookie);
    return b->entry.cookie ? made(domain_table(up), &socket) : POLICY_SCOPE_OUTSIDE;
}

static int put_everywhere(const struct identity *id, struct bound *b)
{
    bool unix_socket = id->kind != TABLE_INET;
    int err = 0;

    for (unsigned up = 0; up < domain_runs(); up++) {
        if (!domain_table(up))
            continue;
        b->entry.made = (uint8_t)made_at(up, b, unix_socket);
        if (put(up, id, &b->entry) == -ENOSPC)
            err = -ENOSPC;
    }
    return err;
}

static int remember_inet(struct bound *b, const struct address *own)
{
    static const unsigned char zeros[4];
    struct policy_addr ipv4 = {.kind = POLICY_ADDR_INET, .port = own->name.port, .len = 4, .bytes = zeros};
    struct identity id;
    int err = 0;

    if (identity_of_inet(&id, b->fd, &own->name, false) == 0)
        err = put_everywhere(&id, b);
    if (!err && answers_both(b->fd, own) && identity_of_inet(&id, b->fd, &ipv4, false) == 0)
        err = put_everywhere(&id, b);
    if (!err && identity_of_socket(&id, b->fd) == 0) /* for groups that share a port */
        err = put_everywhere(&id, b);
    return err;
}

/* By name; and by itself, for datagram sockets that are connected to it when its file
 * has gone or was never theirs to see. An abstract name stays with its socket. */
static int remember_unix(struct bound *b, const struct identity *name)
{
    struct identity socket;
    int type;
    int err = put_everywhere(name, b);

    if (!err && name->kind == TABLE_PATHNAME && sys_getsockopt_int(b->fd, SO_TYPE, &type) == 0 && type == SOCK_DGRAM &&
        identity_of_socket(&socket, b->fd) == 0)
        err = put_everywhere(&socket, b);
    return err;
}

int remember_bound(int fd, const struct address *asked)
{
    struct bound b = {.fd = fd};
    struct address own;
    struct identity id;

    fill(&b.entry, fd);
    if (asked && asked->name.kind == POLICY_ADDR_PATHNAME)
        return identity_of_path(&id, asked->name.bytes) == 0 ? remember_unix(&b, &id) : 0;
    if (asked && asked->name.kind == POLICY_ADDR_ABSTRACT)
        return identity_of_abstract(&id, fd, &asked->name) == 0 ? remember_unix(&b, &id) : 0;
    if (address_own(&own, fd) < 0) /* the kernel chose */
        return 0;
    if (own.name.kind == POLICY_ADDR_INET || own.name.kind == POLICY_ADDR_INET6)
        return remember_inet(&b, &own);
    if (own.name.kind == POLICY_ADDR_ABSTRACT && identity_of_abstract(&id, fd, &own.name) == 0)
        return remember_unix(&b, &id);
    return 0;
}

void remember_unbound(int fd)
{
    struct sockaddr_in6 any = {0};
    struct address own;
    struct binding b;

    if (address_own(&own, fd) < 0 || (own.family != AF_INET && own.family != AF_INET6) || own.name.port)
        return;
    any.sin6_family = own.raw.any.sa_family;
    remember_begin(&b);
    if (SYS3(SYS_bind, fd, &any, own.len) == 0)
        remember_bound(fd, NULL);
    remember_end(&b);
}

/* The launcher made, bound and listens: its process is what those who connect see. */
static void remember_passed(const struct passed *p)
{
    struct table_entry e = {.pid = p->pid, .fd = p->fd, .made = POLICY_SCOPE_INSIDE};
    struct identity id;

    for (unsigned up = 0; up < domain_runs(); up++)
        if (domain_table(up) && identity_of_pin(&id, p->fd) == 0) {
            put(up, &id, &e);
            if (process_of(&id, p->pid) == 0)
                put(up, &id, &e);
        }
}

void remember_launched(const char *names)
{
    struct passed p;

    while (names) {
        const char *colon = strchr(names, ':');

        /* Those of a run around this one stand there, too. */
        if (passed_find(state->passed, names, colon ? (size_t)(colon - names) : strlen(names), &p) &&
            (p.pid == sys_getppid() || p.pid == sys_getpid()))
            remember_passed(&p);
        names = colon ? colon + 1 : NULL;
    }
}

/* --- Processes --------------------------------------------------------------- */

void remember_process(void)
{
    struct identity id;
    struct table_entry e = {.pid = (int32_t)domain_self().pid, .fd = -1, .made = POLICY_SCOPE_INSIDE};

    int err = process_self(&id);

    /* Those may pass; and the note of a vfork() child would be its parent's. */
    if (err != -EMFILE && err != -ENFILE && err != -ENOMEM && sys_getpid() == e.pid)
        domain_note();
    if (err < 0)
        return;
    for (unsigned up = 0; up < domain_runs(); up++)
        if (domain_table(up))
            put(up, &id, &e);
}

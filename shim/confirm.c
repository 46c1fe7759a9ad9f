#include "confirm.h"

#include <errno.h>
#include <string.h>

#include "diag.h"
#include "held.h"
#include "inet_diag.h"
#include "sys.h"

/* An abstract name is free for others once its socket is gone. Where its binder has
 * it no more somebody else may; unix_diag knows, but goes through all sockets to find
 * it, and sees our network name space alone. */
static APART bool confirm_abstract(const struct search *s, const struct table_entry *e)
{
    struct diag_unix now;

    if (held(e) > 0)
        return true;
    return diag_unix(e->ino, &now) == 0 && now.cookie == e->cookie && now.name_len == s->name->len + 1 &&
           now.name[0] == '\0' && memcmp(now.name + 1, s->name->bytes, s->name->len) == 0;
}

/* The socket of an entry, or one of a group that shares a port with it. */
static bool is_of_run(const struct search *s, const struct table_entry *e, uint64_t cookie)
{
    struct identity id = {.kind = TABLE_SOCKET, .len = sizeof cookie};
    struct table_entry other;

    if (cookie == e->cookie)
        return true;
    memcpy(id.bytes, &cookie, sizeof cookie);
    struct table_key key = identity_key(s->table, &id);
    return table_get(s->table, &key, &other) && other.made == POLICY_SCOPE_INSIDE;
}

static bool is_any(const struct policy_addr *name)
{
    static const unsigned char zeros[16];

    return memcmp(name->bytes, zeros, name->len) == 0;
}

/* The socket at the other end, by both addresses. Of a wildcard nobody knows which
 * address a message came to; most likely the one that it came from. */
static int socket_at_other_end(const struct search *s, int fd, uint64_t *cookie)
{
    struct address own;
    int err = address_own(&own, fd);

    if (err < 0 || !own.name.len)
        return err < 0 ? err : -ENOTSUP;
    if (is_any(&own.name)) {
        own.name.kind = s->name->kind;
        own.name.len = s->name->len;
        own.name.bytes = s->name->bytes;
    }
    return inet_diag_answers(s->name, &own.name, fd, cookie);
}

/* What this side bound or connected is remembered, what it accepted is not. */
static bool connected_here(const struct search *s, int fd)
{
    struct table_entry own;
    struct identity id;
    int type;

    if (s->request->other >= 0 || sys_getsockopt_int(fd, SO_TYPE, &type) < 0 || type != SOCK_STREAM ||
        identity_of_socket(&id, fd) < 0)
        return false;
    struct table_key key = identity_key(s->table, &id);
    return table_get(s->table, &key, &own);
}

/* The socket that is there must be of the run; to a client, the listener that it came
 * from, unless that is gone: it was there when the connection was made. */
static APART bool confirm_connected(const struct search *s, const struct table_entry *e, int fd)
{
    uint64_t cookie;
    int err = socket_at_other_end(s, fd, &cookie);

    if (err == 0 && is_of_run(s, e, cookie))
        return true;
    if (connected_here(s, fd))
        return inet_diag_answers(s->name, NULL, fd, &cookie) < 0 || is_of_run(s, e, cookie);
    return err == 0 ? false : held(e) > 0;
}

/* Ports are used again by others at once. The kernel is asked who would answer, and
 * that must be a socket of the run. */
static bool confirm_inet(const struct search *s, const struct table_entry *e)
{
    const struct request *r = s->request;
    uint64_t cookie;

    if (!r->target)
        return confirm_connected(s, e, r->other >= 0 ? r->other : r->fd);
    int err = inet_diag_answers(s->name, NULL, r->fd, &cookie);
    return err < 0 ? held(e) > 0 : is_of_run(s, e, cookie);
}

/* The sender of a datagram is known by the text that it bound, and what that leads to
 * is up to whoever owns the directories: the socket must have that very name. Many send
 * one datagram and end; then their file, where it still is, speaks for them. */
static APART bool confirm_sender(const struct search *s, const struct table_entry *e)
{
    struct diag_unix now;
    int err = diag_unix(e->ino, &now);

    if (err == -ENOENT || (err == 0 && now.cookie != e->cookie))
        return true;
    return err == 0 && now.name_len >= s->name->len && now.name[0] &&
           strnlen(now.name, now.name_len) == s->name->len && memcmp(now.name, s->name->bytes, s->name->len) == 0;
}

bool confirm(const struct search *s, const struct table_entry *e)
{
    if (s->id.kind == TABLE_ABSTRACT)
        return confirm_abstract(s, e);
    if (s->id.kind == TABLE_PATHNAME && !s->request->target)
        return confirm_sender(s, e);
    return s->id.kind != TABLE_INET || confirm_inet(s, e);
}

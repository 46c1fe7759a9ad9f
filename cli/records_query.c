/* What a record asked of a policy. The same as record_in.c makes of it, for one permission
 * and without a word: most records of a long log are asked about. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "records_in.h"

static uint8_t *address_room(const struct record *r, bool peer)
{
    return (uint8_t *)r->room + r->room_size - (peer ? RECORD_ADDRESSES / 2 : RECORD_ADDRESSES);
}

/* -1: not said, or not known; -2: no such word. */
static int word_of(const struct record *r, const char *key, int (*number)(const char *, size_t))
{
    const struct field *f = record_field(r, key);
    int n;

    if (!f || !strcmp(f->value, "unknown"))
        return -1;
    n = number(f->value, f->len);
    return n < 0 ? -2 : n;
}

static bool take_name(const struct record *r, const char *key, struct policy_addr *a)
{
    const struct field *f = record_field(r, key);

    if (!f)
        return true;
    if (!strcmp(f->value, "unknown") && f->word)
        return true;
    if (f->word && !strcmp(f->value, "none"))
        *a = (struct policy_addr){.kind = POLICY_ADDR_NONE};
    else if (f->word && !strcmp(f->value, "auto"))
        *a = (struct policy_addr){.kind = POLICY_ADDR_AUTO};
    else if (f->len > 1 && *f->value == '@')
        *a = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = f->value + 1, .len = (uint32_t)f->len - 1};
    else if (*f->value == '/')
        *a = (struct policy_addr){.kind = POLICY_ADDR_PATHNAME, .bytes = f->value, .len = (uint32_t)f->len};
    else
        return false;
    return true;
}

static bool take_ip(const struct record *r, bool peer, struct policy_query *q, struct policy_addr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const char *text = record_text(r, peer ? "faddr" : "laddr");
    uint8_t *bytes = address_room(r, peer);
    int64_t port = record_number(r, peer ? "fport" : "lport", 0);

    if (!*text || !strcmp(text, "unknown"))
        return true;
    if (port < 0 || port > 65535)
        return false;
    if (!strcmp(text, "none")) {
        *a = (struct policy_addr){.kind = POLICY_ADDR_NONE};
        return true;
    }
    if (inet_pton(AF_INET, text, bytes) == 1) {
        *a = (struct policy_addr){.kind = POLICY_ADDR_INET, .bytes = bytes, .len = 4};
    } else if (inet_pton(AF_INET6, text, bytes) == 1) {
        bool v4 = !memcmp(bytes, mapped, sizeof mapped); /* the policy sees IPv4 */

        *a = v4 ? (struct policy_addr){.kind = POLICY_ADDR_INET, .bytes = bytes + 12, .len = 4}
                : (struct policy_addr){.kind = POLICY_ADDR_INET6, .bytes = bytes, .len = 16};
        q->family = v4 ? AF_INET : q->family;
    } else {
        return false;
    }
    a->port = (uint16_t)port;
    return true;
}

static bool is_ip(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

static bool is_name(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_AUTO || a->kind == POLICY_ADDR_ABSTRACT || a->kind == POLICY_ADDR_PATHNAME;
}

static enum policy_scope scope(const struct record *r, const char *key)
{
    const char *word = record_text(r, key);

    return !strcmp(word, "inside")    ? POLICY_SCOPE_INSIDE
           : !strcmp(word, "outside") ? POLICY_SCOPE_OUTSIDE
                                      : POLICY_SCOPE_UNKNOWN;
}

/* As the kernel numbers them; 0 is also what stands in records for "not known". */
static int protocol(const struct policy_query *q, int said)
{
    if (q->family == AF_UNIX)
        return 0;
    if (said > 0)
        return said;
    if (q->perm == POLICY_CREATE)
        return 0;
    if (q->family != AF_INET && q->family != AF_INET6)
        return -1;
    return q->type == SOCK_STREAM ? IPPROTO_TCP : q->type == SOCK_DGRAM ? IPPROTO_UDP : -1;
}

static uint32_t permission(const struct record *r)
{
    const struct field *f = record_field(r, "requested");
    int32_t perm = f ? policy_perm_word(f->value, f->len) : -1;

    return perm <= 0 || (perm & (perm - 1)) ? 0 : (uint32_t)perm;
}

static bool take_addresses(const struct record *r, struct policy_query *q)
{
    if (!take_name(r, "addr", &q->local) || !take_name(r, "peer_addr", &q->peer) || !take_ip(r, false, q, &q->local) ||
        !take_ip(r, true, q, &q->peer))
        return false;
    if (q->perm == POLICY_AUTOBIND) {
        if (q->local.kind != POLICY_ADDR_UNKNOWN && q->local.kind != POLICY_ADDR_AUTO)
            return false;
        q->perm = POLICY_BIND;
        q->local = (struct policy_addr){.kind = POLICY_ADDR_AUTO};
    }
    if (q->family == -1)
        q->family = !is_ip(&q->peer) && !is_ip(&q->local) ? AF_UNIX
                    : (is_ip(&q->peer) ? &q->peer : &q->local)->kind == POLICY_ADDR_INET ? AF_INET : AF_INET6;
    return q->family == AF_UNIX ? !is_ip(&q->local) && !is_ip(&q->peer) : !is_name(&q->local) && !is_name(&q->peer);
}

bool record_query(const struct record *r, struct policy_query *q)
{
    return record_query_perm(r, permission(r), q);
}

bool record_query_perm(const struct record *r, uint32_t perm, struct policy_query *q)
{
    int64_t uid = record_number(r, "peer_uid", -1);
    int said = word_of(r, "protocol", policy_protocol_word);

    *q = (struct policy_query){.perm = perm,
                               .family = word_of(r, "family", policy_family_word),
                               .type = word_of(r, "sock_type", policy_type_word),
                               .fd = -1,
                               .bound = scope(r, "peer_scope"),
                               .made = scope(r, "peer_made")};
    if (q->family == -2 || q->type == -2 || said == -2 || !perm || !take_addresses(r, q))
        return false;
    q->protocol = protocol(q, said);
    q->uid_known = uid >= 0 && uid < UINT32_MAX;
    q->uid = q->uid_known ? (uint32_t)uid : 0;
    q->exe = record_field(r, "peer_exe") ? record_text(r, "peer_exe") : NULL;
    q->label = record_field(r, "peer_label")        ? record_text(r, "peer_label")
               : q->bound == POLICY_SCOPE_INSIDE ? NULL
                                                 : "unconfined";
    if (q->perm == POLICY_INHERIT) {
        q->fd = (int)record_number(r, "fd", -1);
        q->exempt = q->fd >= 0 && q->fd <= 2;
    }
    return true;
}

#include "hint.h"

#include <string.h>
#include <sys/socket.h>

#include "ip.h"

/* Bytes that mean themselves wherever a name can stand in a rule. ASCII only:
 * what a terminal does with the rest is not ours to guess. */
static bool plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("/._-+:@%~", c));
}

static void text_name(struct text *t, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (plain(bytes[i])) {
            text_byte(t, (char)bytes[i]);
            continue;
        }
        text_str(t, "\\x");
        text_hex(t, bytes[i], 2);
    }
}

static bool has_name(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_NONE || a->kind == POLICY_ADDR_AUTO ||
           ((a->kind == POLICY_ADDR_ABSTRACT || a->kind == POLICY_ADDR_PATHNAME) && a->bytes && a->len);
}

bool policy_hint_name(struct text *t, const struct policy_addr *a)
{
    if (!has_name(a))
        return false;
    if (a->kind == POLICY_ADDR_NONE)
        text_str(t, "none");
    else if (a->kind == POLICY_ADDR_AUTO)
        text_str(t, "auto");
    else {
        if (a->kind == POLICY_ADDR_ABSTRACT)
            text_byte(t, '@');
        text_name(t, a->bytes, a->len);
    }
    return true;
}

static void text_perm(struct text *t, const char *word)
{
    text_str(t, " (");
    text_str(t, word);
    text_byte(t, ')');
}

/* An address that the kernel chose is another one the next time. Whoever binds or
 * connects says a name of his own; with the others it may be the kernel's. */
static bool passing(const struct policy_query *q)
{
    return q->perm & (POLICY_LISTEN | POLICY_ACCEPT | POLICY_SEND | POLICY_RECEIVE);
}

/* As an autobind's: five lower-case hexadecimal digits. */
static bool kernel_name(const struct policy_addr *a)
{
    bool hex = a->kind == POLICY_ADDR_ABSTRACT && a->len == 5;

    for (uint32_t i = 0; hex && i < a->len; i++) {
        char c = ((const char *)a->bytes)[i];

        hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }
    return hex;
}

/* Linux's usual range, net.ipv4.ip_local_port_range. */
static bool kernel_port(uint16_t port)
{
    return port >= 32768 && port <= 60999;
}

/* "addr=/x" or "ip=127.0.0.1 port=80". */
static void text_condition(struct text *t, const struct policy_query *q, const struct policy_addr *a)
{
    if (a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6) {
        text_str(t, "ip=");
        text_ip(t, a->bytes, a->kind == POLICY_ADDR_INET6);
        /* Whoever connects has a port that says nothing. */
        if (q->perm != POLICY_ACCEPT && !(passing(q) && kernel_port(a->port))) {
            text_str(t, " port=");
            text_unsigned(t, a->port);
        }
        return;
    }
    text_str(t, "addr=");
    if (passing(q) && kernel_name(a))
        text_str(t, "auto");
    else
        policy_hint_name(t, a);
}

/* The address that tells this call from others of its kind; NULL: none does. */
static const struct policy_addr *telling(const struct policy_query *q)
{
    const struct policy_addr *a = NULL;

    if (q->perm & POLICY_PEER_PERMS)
        a = &q->peer;
    else if (q->perm & (POLICY_BIND | POLICY_LISTEN))
        a = &q->local;
    if (!a)
        return NULL;
    if (q->family == AF_UNIX)
        return has_name(a) ? a : NULL;
    /* An IPv6 socket may have an IPv4 address, which no rule about inet6 can name. */
    return a->kind == (q->family == AF_INET ? POLICY_ADDR_INET : POLICY_ADDR_INET6) && a->bytes ? a : NULL;
}

static void text_where(struct text *t, const struct policy_query *q, const struct policy_addr *a)
{
    if (q->perm & POLICY_PEER_PERMS) {
        text_str(t, " peer=(");
        text_condition(t, q, a);
        text_byte(t, ')');
    } else {
        text_byte(t, ' ');
        text_condition(t, q, a);
    }
}

/* The peer's uid was looked up because some rule asks for it, or for its executable:
 * that is what tells it from others. */
static bool by_person(const struct policy_query *q)
{
    return q->perm & (POLICY_ACCEPT | POLICY_RECEIVE) && q->uid_known;
}

static void text_person(struct text *t, const struct policy_query *q)
{
    const struct policy_addr exe = {
        .kind = POLICY_ADDR_PATHNAME, .bytes = q->exe, .len = q->exe ? (uint32_t)strlen(q->exe) : 0};

    text_str(t, q->exe ? " peer=(exe=" : " peer=(uid=");
    if (q->exe)
        policy_hint_name(t, &exe);
    else
        text_unsigned(t, q->uid);
    text_byte(t, ')');
}

static void unix_rule(struct text *t, const struct policy_query *q)
{
    const struct policy_addr *a = telling(q);
    const char *type = policy_type_name(q->type);
    bool autobind = q->perm == POLICY_BIND && q->local.kind == POLICY_ADDR_AUTO;

    text_str(t, "unix");
    text_perm(t, autobind ? "autobind" : policy_perm_name(q->perm));
    if (by_person(q)) {
        text_person(t, q);
        return;
    }
    if (type && (!a || autobind)) {
        text_str(t, " type=");
        text_str(t, type);
    }
    if (a && !autobind)
        text_where(t, q, a);
}

static void network_rule(struct text *t, const struct policy_query *q)
{
    const struct policy_addr *a = telling(q);
    const char *type = policy_type_name(q->type);

    text_str(t, "network");
    text_perm(t, policy_perm_name(q->perm));
    text_byte(t, ' ');
    text_str(t, policy_family_name(q->family));
    if (type) {
        text_byte(t, ' ');
        text_str(t, type);
    }
    if (a)
        text_where(t, q, a);
}

bool policy_hint(struct text *t, const struct policy_query *q)
{
    if (!policy_perm_name(q->perm) || !policy_family_name(q->family))
        return false;
    if (q->family == AF_UNIX)
        unix_rule(t, q);
    else
        network_rule(t, q);
    text_byte(t, ',');
    return true;
}

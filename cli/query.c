#include "query.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"

static const char *const keys[] = {
    "family", "type",  "protocol",   "addr",     "peer_addr", "ip",       "port",      "peer_ip", "peer_port",
    "laddr",  "lport", "faddr",      "fport",    "label",     "exe",      "profile",   "fd",      "exempt",
    "peer_label", "peer_scope", "peer_made", "peer_uid", "peer_exe", NULL};

struct asked asked_nothing(void)
{
    return (struct asked){.family = -1, .type = -1, .protocol = -1, .fd = -1, .exempt = -1};
}

static char *copy(const char *bytes, size_t len)
{
    char *to = allocate(len + 1);

    memcpy(to, bytes, len);
    return to;
}

long unescape(char *text, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\\' || i + 1 == len) {
            text[out++] = text[i];
        } else if (text[i + 1] != 'x') {
            text[out++] = text[++i];
        } else {
            char hex[3] = "";

            if (len - i < 4 || !isxdigit((unsigned char)text[i + 2]) || !isxdigit((unsigned char)text[i + 3]))
                return -1;
            memcpy(hex, text + i + 2, 2);
            text[out++] = (char)strtoul(hex, NULL, 16);
            i += 3;
        }
    }
    return (long)out;
}

static int set_name(struct policy_addr *a, const char *key, const char *value, size_t len)
{
    char *bytes = copy(value, len);

    if (len == 4 && !memcmp(value, "none", 4))
        *a = (struct policy_addr){.kind = POLICY_ADDR_NONE};
    else if (len == 4 && !memcmp(value, "auto", 4))
        *a = (struct policy_addr){.kind = POLICY_ADDR_AUTO};
    else if (len > 1 && *value == '@')
        *a = (struct policy_addr){.kind = POLICY_ADDR_ABSTRACT, .bytes = bytes + 1, .len = (uint32_t)len - 1};
    else if (len && *value == '/')
        *a = (struct policy_addr){.kind = POLICY_ADDR_PATHNAME, .bytes = bytes, .len = (uint32_t)len};
    else if (len && *value == '@')
        return fail("%s=@: an abstract name has at least one byte after the '@'", key);
    else
        return fail("%s=%s: an address is none, auto, @NAME or an absolute path", key, bytes);
    return 0;
}

static int set_ip(struct asked *a, struct policy_addr *addr, const char *key, const char *text)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t bytes[16];
    bool v6 = inet_pton(AF_INET, text, bytes) != 1;

    if (!strcmp(text, "none")) {
        *addr = (struct policy_addr){.kind = POLICY_ADDR_NONE};
        return 0;
    }
    if (v6 && inet_pton(AF_INET6, text, bytes) != 1)
        return fail("%s=%s: not an IPv4 or IPv6 address", key, text);
    addr->bytes = copy((const char *)bytes, sizeof bytes);
    if (v6 && !memcmp(bytes, mapped, sizeof mapped)) { /* the policy sees IPv4 */
        addr->bytes = (const char *)addr->bytes + sizeof mapped;
        a->family = AF_INET;
        v6 = false;
    }
    addr->kind = v6 ? POLICY_ADDR_INET6 : POLICY_ADDR_INET;
    addr->len = v6 ? 16 : 4;
    return 0;
}

static int set_number(int *to, const char *key, const char *text, int most)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end || n < 0 || n > most)
        return fail("%s=%s: a number from 0 to %d is needed", key, text, most);
    *to = (int)n;
    return 0;
}

static int set_port(struct policy_addr *addr, bool *given, const char *key, const char *text)
{
    int port = 0;

    if (set_number(&port, key, text, 65535))
        return EXIT_SUNSHIM;
    addr->port = (uint16_t)port;
    *given = true;
    return 0;
}

static int set_uid(struct asked *a, const char *key, const char *text)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end || n >= UINT32_MAX)
        return fail("%s=%s: a number from 0 to %u is needed", key, text, UINT32_MAX - 1);
    a->uid_known = true;
    a->uid = (uint32_t)n;
    return 0;
}

/* One of two words; the first is number `first`. */
static int set_choice(int *to, const char *key, const char *text, const char *const words[2], int first)
{
    for (int i = 0; i < 2; i++)
        if (!strcmp(text, words[i])) {
            *to = first + i;
            return 0;
        }
    return fail("%s=%s: this is %s or %s", key, text, words[0], words[1]);
}

static int set_scope(enum policy_scope *to, const char *key, const char *text)
{
    static const char *const words[] = {"inside", "outside"};
    int scope = POLICY_SCOPE_UNKNOWN, status = set_choice(&scope, key, text, words, POLICY_SCOPE_INSIDE);

    *to = (enum policy_scope)scope;
    return status;
}

static int set_exempt(struct asked *a, const char *key, const char *text)
{
    static const char *const words[] = {"no", "yes"};

    return set_choice(&a->exempt, key, text, words, 0);
}

/* The words are the numbers' names; some have others in everyday use. */
static const char *near_word(const char *text, const char *(*name)(int))
{
    static const char *const everyday[][2] = {{"ip", "inet"},   {"ipv4", "inet"},  {"ipv6", "inet6"},
                                              {"tcp", "stream"}, {"udp", "dgram"}, {"local", "unix"}};
    const char *words[POLICY_FAMILIES + 1];
    unsigned count = 0;

    for (size_t i = 0; i < sizeof everyday / sizeof *everyday; i++)
        if (!strcasecmp(text, everyday[i][0]))
            return everyday[i][1];
    for (int i = 1; i < POLICY_FAMILIES; i++)
        if (name(i))
            words[count++] = name(i);
    words[count] = NULL;
    return suggest(text, words);
}

static int set_word(int *to, const char *key, const char *text, int (*word)(const char *, size_t),
                    const char *(*name)(int))
{
    int n = word(text, strlen(text));
    const char *near = n < 0 && name ? near_word(text, name) : NULL;

    if (n < 0)
        return fail("%s=%s: no such %s%s%s%s", key, text, key, near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
    *to = n;
    return 0;
}

static int unknown_key(const char *key)
{
    const char *near = suggest(key, keys);

    return near ? fail("unknown key '%s='; did you mean '%s='?", key, near) : fail("unknown key '%s='", key);
}

static bool is(const char *key, const char *one, const char *other)
{
    return !strcmp(key, one) || !strcmp(key, other);
}

/* Where a key that takes any text is kept; NULL: there is no such key. */
static const char **string_of(struct asked *a, const char *key)
{
    return is(key, "label", "peer_label") ? &a->label
           : !strcmp(key, "peer_exe")     ? &a->peer_exe
           : !strcmp(key, "exe")          ? &a->exe
           : !strcmp(key, "profile")      ? &a->profile
                                          : NULL;
}

int asked_set(struct asked *a, const char *key, const char *value, size_t len)
{
    const char *text = copy(value, len);

    if (is(key, "addr", "addr"))
        return set_name(&a->local, key, value, len);
    if (is(key, "peer_addr", "peer_addr"))
        return set_name(&a->peer, key, value, len);
    if (strlen(text) != len)
        return fail("%s=: a NUL byte can stand in addr= and peer_addr= only", key);
    if (!strcmp(key, "family"))
        return set_word(&a->family, key, text, policy_family_word, policy_family_name);
    if (is(key, "type", "sock_type"))
        return set_word(&a->type, key, text, policy_type_word, policy_type_name);
    if (!strcmp(key, "protocol"))
        return set_word(&a->protocol, key, text, policy_protocol_word, NULL);
    if (is(key, "ip", "laddr"))
        return set_ip(a, &a->local, key, text);
    if (is(key, "peer_ip", "faddr"))
        return set_ip(a, &a->peer, key, text);
    if (is(key, "port", "lport"))
        return set_port(&a->local, &a->local_port, key, text);
    if (is(key, "peer_port", "fport"))
        return set_port(&a->peer, &a->peer_port, key, text);
    if (!strcmp(key, "peer_scope"))
        return set_scope(&a->bound, key, text);
    if (!strcmp(key, "peer_made"))
        return set_scope(&a->made, key, text);
    if (!strcmp(key, "peer_uid"))
        return set_uid(a, key, text);
    if (!strcmp(key, "fd"))
        return set_number(&a->fd, key, text, INT_MAX);
    if (!strcmp(key, "exempt"))
        return set_exempt(a, key, text);
    const char **string = string_of(a, key);

    if (!string)
        return unknown_key(key);
    *string = text;
    return 0;
}

bool asked_operation(struct asked *a, const char *word, size_t len)
{
    int32_t perms = policy_perm_word(word, len);

    if (perms > 0)
        a->perms |= (uint32_t)perms;
    return perms > 0;
}

static bool is_ip(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}

/* "none" is no address of any family: the library writes it for all. */
static bool is_name(const struct policy_addr *a)
{
    return a->kind != POLICY_ADDR_UNKNOWN && a->kind != POLICY_ADDR_NONE && !is_ip(a);
}

static int family_of(const struct asked *a)
{
    const struct policy_addr *ip = is_ip(&a->peer) ? &a->peer : &a->local;

    if (a->family >= 0)
        return a->family;
    return is_ip(ip) ? ip->kind == POLICY_ADDR_INET ? AF_INET : AF_INET6 : AF_UNIX;
}

/* As the kernel numbers them; socket() itself is usually given 0. */
static int protocol_of(const struct policy_query *q)
{
    if (q->family == AF_UNIX || q->perm == POLICY_CREATE)
        return 0;
    if (q->family != AF_INET && q->family != AF_INET6)
        return -1;
    return q->type == SOCK_STREAM ? IPPROTO_TCP : q->type == SOCK_DGRAM ? IPPROTO_UDP : -1;
}

static int contradiction(const struct asked *a, const struct policy_query *q)
{
    int family = q->family;

    if (q->perm != POLICY_INHERIT && (a->fd >= 0 || a->exempt >= 0))
        return fail("fd= and exempt= go with inherit only");
    if ((a->local_port && !is_ip(&a->local)) || (a->peer_port && !is_ip(&a->peer)))
        return fail("a port needs an address: give %s too", a->local_port && !is_ip(&a->local) ? "ip=" : "peer_ip=");
    if (family == AF_UNIX && (is_ip(&a->local) || is_ip(&a->peer)))
        return fail("family unix has no IP addresses");
    if (family != AF_UNIX && (is_name(&a->local) || is_name(&a->peer)))
        return fail("addr= and peer_addr= are for family unix; for %s there are ip= and peer_ip=",
                    policy_family_name(family));
    return 0;
}

int asked_query(const struct asked *a, uint32_t perm, struct policy_query *q)
{
    *q = (struct policy_query){
        .perm = perm == POLICY_AUTOBIND ? POLICY_BIND : perm,
        .family = family_of(a),
        .type = a->type,
        .protocol = a->protocol,
        .local = a->local,
        .peer = a->peer,
        .label = a->label || a->bound == POLICY_SCOPE_INSIDE ? a->label : "unconfined",
        .bound = a->bound,
        .made = a->made,
        .uid_known = a->uid_known,
        .uid = a->uid,
        .exe = a->peer_exe,
        .fd = a->fd,
        /* Standard input, output and error are; for those of LISTEN_FDS it must be said. */
        .exempt = perm == POLICY_INHERIT && (a->exempt >= 0 ? a->exempt : a->fd >= 0 && a->fd <= 2),
    };
    if (perm == POLICY_AUTOBIND && a->local.kind != POLICY_ADDR_UNKNOWN && a->local.kind != POLICY_ADDR_AUTO)
        return fail("autobind leaves the address to the kernel; to ask about one, the operation is bind");
    if (perm == POLICY_AUTOBIND)
        q->local = (struct policy_addr){.kind = POLICY_ADDR_AUTO};
    if (q->protocol < 0)
        q->protocol = protocol_of(q);
    return contradiction(a, q);
}

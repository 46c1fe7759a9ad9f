/* A record as the library wrote it, or as the kernel's audit writes AppArmor's,
 * read back as a question. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "query.h"

struct value {
    char *bytes; /* terminated, escapes undone */
    size_t len;
    bool quoted;
};

/* What one record said, before it is known what belongs together. */
struct record {
    bool apparmor; /* written by or for AppArmor's tools */
    struct value requested, operation, name, name2, addr_hex, peer_addr_hex, fd;
    struct asked asked;
    int status;
};

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* The audit system writes odd names as hexadecimal, without quotes. */
static struct value from_hex(struct value v)
{
    if (v.len % 2 || !v.len || strspn(v.bytes, "0123456789abcdefABCDEF") != v.len)
        return v;
    for (size_t i = 0; i < v.len; i += 2)
        v.bytes[i / 2] = (char)(hex_digit(v.bytes[i]) << 4 | hex_digit(v.bytes[i + 1]));
    v.len /= 2;
    v.bytes[v.len] = '\0';
    return v;
}

static void set(struct record *r, const char *key, struct value v)
{
    if (!r->status)
        r->status = asked_set(&r->asked, key, v.bytes, v.len);
}

/* In hexadecimal a name is as it is, but for NUL bytes, written \x00. */
static struct value with_nuls(struct value v)
{
    size_t out = 0;

    for (size_t i = 0; i < v.len; i++) {
        bool nul = v.len - i >= 4 && !memcmp(v.bytes + i, "\\x00", 4);

        v.bytes[out++] = nul ? '\0' : v.bytes[i];
        i += nul ? 3 : 0;
    }
    v.len = out;
    return v;
}

/* Names are escaped a second time in AppArmor's format, where a backslash within
 * quotes only protects the next byte. */
static struct value plain_name(const struct record *r, struct value v)
{
    if (!r->apparmor)
        return v;
    if (!v.quoted)
        return with_nuls(from_hex(v));
    long len = unescape(v.bytes, v.len);
    if (len >= 0)
        v.len = (size_t)len;
    return v;
}

static bool is_word(struct value v, const char *word)
{
    return v.len == strlen(word) && !memcmp(v.bytes, word, v.len);
}

/* AppArmor's format has no key for a descriptor; it stands among the words of info. */
static void take_info(struct record *r, struct value v)
{
    char *at = v.bytes;

    while ((at = strstr(at, "fd=")) && at > v.bytes && at[-1] != ' ')
        at += 3;
    if (at)
        r->fd = (struct value){.bytes = at + 3, .len = strspn(at + 3, "0123456789")};
}

static void take_pair(struct record *r, const char *key, struct value v)
{
    static const char *const same[] = {"family", "sock_type",  "protocol",  "laddr",    "lport",    "faddr",
                                       "fport",  "peer_scope", "peer_made", "peer_uid", "peer_exe", NULL};

    for (const char *const *s = same; *s; s++)
        if (!strcmp(key, *s) && !is_word(v, "unknown"))
            set(r, key, v);
    if (!strcmp(key, "apparmor"))
        r->apparmor = true;
    else if (!strcmp(key, "requested") || !strcmp(key, "requested_mask"))
        r->requested = v;
    else if (!strcmp(key, "operation"))
        r->operation = v;
    else if (!strcmp(key, "fd"))
        r->fd = v;
    else if (r->apparmor && !strcmp(key, "info"))
        take_info(r, v);
    else if (!strcmp(key, "name"))
        r->name = v;
    else if (!strcmp(key, "name2"))
        r->name2 = v;
    else if (!strcmp(key, "addr") || !strcmp(key, "peer_addr"))
        set(r, key, plain_name(r, v));
    else if (!strcmp(key, "addr_hex"))
        r->addr_hex = from_hex(v);
    else if (!strcmp(key, "peer_addr_hex"))
        r->peer_addr_hex = from_hex(v);
    else if (!strcmp(key, "exe"))
        set(r, key, r->apparmor && !v.quoted ? from_hex(v) : v);
    else if (!strcmp(key, "profile") && !is_word(v, "-"))
        set(r, key, v);
    else if (!strcmp(key, "peer") || !strcmp(key, "peer_label"))
        set(r, "label", v);
}

/* Within AppArmor's quotes a backslash protects the next byte, and that is all. */
static long unprotect(char *text, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len; i++)
        text[out++] = text[i] == '\\' && i + 1 < len ? text[++i] : text[i];
    return (long)out;
}

/* A value from the first byte after the '='; gives where it ended. */
static char *text_value(const struct record *r, char *at, struct value *v)
{
    char *start = at;

    *v = (struct value){.quoted = *at == '"'};
    if (v->quoted)
        for (start = ++at; *at && *at != '"';)
            at += *at == '\\' && at[1] ? 2 : 1;
    else
        at += strcspn(at, " \t\n");
    v->len = (size_t)(at - start);
    v->bytes = memcpy(allocate(v->len + 1), start, v->len);
    if (v->quoted) {
        long len = r->apparmor ? unprotect(v->bytes, v->len) : unescape(v->bytes, v->len);

        v->len = len < 0 ? v->len : (size_t)len;
    }
    v->bytes[v->len] = '\0';
    return *at ? at + 1 : at;
}

/* key=value or key="value"; words without '=' (what syslog and audit put in
 * front) are passed over. */
static void read_text(struct record *r, char *at)
{
    while (*(at += strspn(at, " \t\n"))) {
        size_t len = strcspn(at, "= \t\n");
        char *key = format_new("%.*s", (int)len, at);
        struct value v;

        at += len;
        if (*at != '=')
            continue;
        at = text_value(r, at + 1, &v);
        take_pair(r, key, v);
    }
}

static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* A JSON string from after its first quote; in place, it never grows. Where it
 * ended (at the closing quote), or NULL. */
static char *json_string(char *at, struct value *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char *end = at;

    *out = (struct value){.bytes = at, .quoted = true};
    for (; *at && *at != '"'; at++) {
        const char *short_form;
        unsigned c;

        if (*at != '\\') {
            *end++ = *at;
        } else if (*++at == 'u') {
            if (sscanf(at + 1, "%4x", &c) != 1 || strspn(at + 1, "0123456789abcdefABCDEF") < 4)
                return NULL;
            end = put_utf8(end, c);
            at += 4;
        } else if ((short_form = strchr(from, *at)) && *at) {
            *end++ = to[short_form - from];
        } else if (*at) {
            *end++ = *at;
        } else {
            return NULL;
        }
    }
    out->len = (size_t)(end - out->bytes);
    return *at == '"' ? at : NULL;
}

static bool read_json(struct record *r, char *at)
{
    while (*(at += strspn(at, "{, \t\n")) == '"') {
        struct value key, v;
        char *end = json_string(at + 1, &key);

        if (!end || *(end += 1 + strspn(end + 1, " \t")) != ':')
            return false;
        key.bytes[key.len] = '\0';
        at = end + 1 + strspn(end + 1, " \t");
        if (*at == '"') {
            if (!(end = json_string(at + 1, &v)))
                return false;
            at = end + 1;
        } else {
            v = (struct value){.bytes = at, .len = strcspn(at, ",} \t\n")};
            at += v.len;
        }
        v.bytes = memcpy(allocate(v.len + 1), v.bytes, v.len);
        take_pair(r, key.bytes, v);
    }
    return *at == '}';
}

static void take_hex(struct policy_addr *a, struct value hex)
{
    if (!hex.bytes)
        return;
    a->bytes = hex.bytes;
    a->len = (uint32_t)hex.len;
}

static int take_operations(struct record *r)
{
    struct value v = r->requested.bytes ? r->requested : r->operation;
    size_t len;

    for (char *at = v.bytes; at && *(at += strspn(at, " ,")); at += len) {
        len = strcspn(at, " ,");
        if (!asked_operation(&r->asked, at, len))
            return fail("the record asks for '%.*s', which is no permission for sockets", (int)len, at);
    }
    return r->asked.perms ? 0 : fail("the record names no operation: no requested= or operation= in it");
}

/* AppArmor's records put the peer's name first when the call is about it. */
static void take_names(struct record *r)
{
    bool about_peer = r->asked.perms & POLICY_PEER_PERMS;

    if (r->name.bytes)
        set(r, about_peer ? "peer_addr" : "addr", plain_name(r, r->name));
    if (r->name2.bytes && about_peer)
        set(r, "addr", plain_name(r, r->name2));
}

int asked_from_record(struct asked *a, FILE *from)
{
    struct record r = {.asked = asked_nothing()};
    r.asked.recorded = true;
    char *line = NULL;
    size_t room = 0;

    do
        if (getline(&line, &room, from) < 0)
            return fail("no record on standard input");
    while (line[strspn(line, " \t\n")] == '\0');
    if (*line == '{') {
        if (!read_json(&r, line))
            return fail("the record is not a flat JSON object");
    } else {
        read_text(&r, line);
    }
    if (r.status || (r.status = take_operations(&r)))
        return r.status;
    if (r.fd.len && r.asked.perms == POLICY_INHERIT)
        set(&r, "fd", r.fd);
    take_names(&r);
    take_hex(&r.asked.local, r.addr_hex);
    take_hex(&r.asked.peer, r.peer_addr_hex);
    if (r.asked.family == 1 /* AF_UNIX */ || r.asked.protocol == 0)
        r.asked.protocol = -1; /* 0 is also what stands there for "not known" */
    *a = r.asked;
    return r.status;
}

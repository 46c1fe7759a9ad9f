/* The text and JSON forms: the same keys in the same order. */
#include "format.h"

#include <string.h>
#include <sys/socket.h>

#include "policy/ip.h"
#include "quote.h"

const char *addr_word(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_NONE ? "none" : a->kind == POLICY_ADDR_AUTO ? "auto" : NULL;
}

/* JSON has no words without quotes: a path "auto" would be an address that the kernel chose. */
static bool looks_like_a_word(const char *name, size_t len)
{
    return (len == 4 && (!memcmp(name, "none", 4) || !memcmp(name, "auto", 4))) || (len == 7 && !memcmp(name, "unknown", 7));
}

const char *addr_prefix(const struct policy_addr *a)
{
    const char *name = a->bytes;

    if (a->kind == POLICY_ADDR_ABSTRACT)
        return "@";
    return a->len && (*name == '@' || looks_like_a_word(name, a->len)) ? "./" : "";
}

const char *origin_word(const struct ring_entry *e)
{
    static const char words[][12] = {[RING_UNKNOWN] = "unknown", [RING_SOCKET] = "socket", [RING_SOCKETPAIR] = "socketpair",
                                     [RING_ACCEPT] = "accept", [RING_RECEIVED] = "received"};

    return words[e->origin < sizeof words / sizeof *words ? e->origin : RING_UNKNOWN];
}

size_t origin_comm_len(const struct ring_entry *e)
{
    return strnlen(e->comm, sizeof e->comm);
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar: years are
 * counted from March, so that the leap day is the last of its year. */
static void put_date(struct text *t, int64_t days)
{
    int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;

    text_padded(t, (uint64_t)(yoe + era * 400 + (month <= 2)), 4);
    text_byte(t, '-');
    text_padded(t, (uint64_t)month, 2);
    text_byte(t, '-');
    text_padded(t, (uint64_t)(doy - (153 * mp + 2) / 5 + 1), 2);
}

void format_time(struct text *t, const struct timespec *ts)
{
    int64_t second = ts->tv_sec % 86400;

    put_date(t, ts->tv_sec / 86400);
    text_byte(t, 'T');
    text_padded(t, (uint64_t)(second / 3600), 2);
    text_byte(t, ':');
    text_padded(t, (uint64_t)(second / 60 % 60), 2);
    text_byte(t, ':');
    text_padded(t, (uint64_t)(second % 60), 2);
    text_byte(t, '.');
    text_padded(t, (uint64_t)(ts->tv_nsec / 1000), 6);
    text_byte(t, 'Z');
}

/* A line under construction. */
struct line {
    struct text *t;
    bool json, first;
    size_t longest;
};

static void key(struct line *l, const char *name)
{
    if (!l->first)
        text_byte(l->t, l->json ? ',' : ' ');
    l->first = false;
    if (l->json)
        text_byte(l->t, '"');
    text_str(l->t, name);
    text_str(l->t, l->json ? "\":" : "=");
}

static void put_bytes(struct line *l, const char *name, const char *prefix, const void *bytes, size_t len)
{
    key(l, name);
    quote(l->t, l->json ? QUOTE_JSON : QUOTE_TEXT, prefix, bytes, len, l->longest);
}

static void put_string(struct line *l, const char *name, const char *value)
{
    put_bytes(l, name, "", value, __builtin_strlen(value));
}

/* A word of ours: plain in text, a string in JSON. */
static void put_word(struct line *l, const char *name, const char *value)
{
    if (l->json)
        put_string(l, name, value);
    else {
        key(l, name);
        text_str(l->t, value);
    }
}

static void put_number(struct line *l, const char *name, int64_t value)
{
    key(l, name);
    text_signed(l->t, value);
}

static void put_if(struct line *l, const char *name, int64_t n)
{
    if (n)
        put_number(l, name, n);
}

static void put_hex(struct line *l, const char *name, const char *prefix, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    if (!l->json || is_utf8(p, len) || len > 2 * l->longest / 5)
        return;
    key(l, name);
    text_str(l->t, *prefix == '.' ? "\"2e2f" : "\""); /* an abstract name goes without its '@' */
    for (size_t i = 0; i < len; i++)
        text_hex(l->t, p[i], 2);
    text_byte(l->t, '"');
}

static void put_unix(struct line *l, const char *name, const char *hex_name, const struct policy_addr *a)
{
    if (addr_word(a))
        put_word(l, name, addr_word(a));
    else if (addr_is_name(a)) {
        put_bytes(l, name, addr_prefix(a), a->bytes, a->len);
        put_hex(l, hex_name, addr_prefix(a), a->bytes, a->len);
    }
}

static void put_inet(struct line *l, const char *addr_key, const char *port_key, const struct policy_addr *a)
{
    char buffer[48];
    struct text ip = text_into(buffer, sizeof buffer);

    if (!addr_is_inet(a))
        return;
    text_ip(&ip, a->bytes, a->kind == POLICY_ADDR_INET6);
    put_string(l, addr_key, text_done(&ip));
    put_number(l, port_key, a->port);
}

/* Only where a rule asked. */
static void put_scope(struct line *l, const struct policy_query *q)
{
    static const char words[][8] = {[POLICY_SCOPE_INSIDE] = "inside", [POLICY_SCOPE_OUTSIDE] = "outside"};

    if (q->bound == POLICY_SCOPE_UNKNOWN)
        return;
    put_word(l, "peer_scope", words[q->bound]);
    put_word(l, "peer_made", words[q->made]);
}

static void put_person(struct line *l, const struct policy_query *q)
{
    if (q->uid_known)
        put_number(l, "peer_uid", q->uid);
    if (q->exe)
        put_string(l, "peer_exe", q->exe);
}

static void put_query(struct line *l, const struct record *r)
{
    const struct policy_query *q = r->query;
    const char *family = policy_family_name(q->family), *type = policy_type_name(q->type);
    const char *perm = policy_perm_name(q->perm);

    put_string(l, "family", family ? family : "unknown");
    put_string(l, "sock_type", type ? type : "unknown");
    put_number(l, "protocol", q->protocol < 0 ? 0 : q->protocol);
    put_string(l, "requested", perm ? perm : "unknown");
    if (r->err && !r->inject)
        put_string(l, "denied", perm ? perm : "unknown");
    if (q->family == AF_UNIX) {
        put_unix(l, "addr", "addr_hex", &q->local);
        put_unix(l, "peer_addr", "peer_addr_hex", &q->peer);
    }
    put_inet(l, "laddr", "lport", &q->local);
    put_inet(l, "faddr", "fport", &q->peer);
    put_scope(l, q);
    put_person(l, q);
}

static void put_socket(struct line *l, const struct record_socket *s)
{
    const struct ring_entry *e = s->origin;

    put_number(l, "fd", s->fd);
    put_number(l, "inode", s->inode);
    put_word(l, "origin", origin_word(e));
    put_if(l, "origin_pid", e->pid);
    if (origin_comm_len(e))
        put_bytes(l, "origin_comm", "", e->comm, origin_comm_len(e));
    put_if(l, "origin_inode", e->from_ino);
    put_if(l, "peer_inode", s->peer_inode);
    put_if(l, "peer_pid", s->peer_pid);
    if (e->origin != RING_RECEIVED) {
        put_if(l, "passed_pid", e->passed_pid);
        put_if(l, "passed_inode", e->passed_ino);
    }
}

static void put_path(struct line *l, const char *name, const char *hex_name, const char *path)
{
    put_string(l, name, path);
    put_hex(l, hex_name, "", path, __builtin_strlen(path));
}

static void put_cut(struct line *l, const struct record_cut *cut)
{
    put_string(l, "family", "unix");
    put_bytes(l, "addr", "", cut->addr, cut->len);
    put_hex(l, "addr_hex", "", cut->addr, cut->len);
    put_number(l, "addr_len", (int64_t)cut->len);
    put_number(l, "limit", (int64_t)cut->limit);
    if (!cut->intended)
        return;
    put_path(l, "intended", "intended_hex", cut->intended);
    put_number(l, "intended_len", (int64_t)__builtin_strlen(cut->intended));
    if (cut->or_this)
        put_path(l, "intended2", "intended2_hex", cut->or_this);
}

static void put_rule(struct line *l, const struct record *r)
{
    struct text where = text_into(r->room, FORMAT_ROOM);

    if (!r->ruled) {
        put_word(l, "rule", "none");
        return;
    }
    text_str(&where, r->rule_file);
    text_byte(&where, ':');
    text_unsigned(&where, r->rule_line);
    put_string(l, "rule", text_done(&where));
}

static void put_errno(struct line *l, int err)
{
    const char *name = policy_errno_name(err);

    if (err)
        name ? put_word(l, "errno", name) : put_number(l, "errno", err);
}

/* The rule of each layer: a list in one string, or an array. */
static void put_rules(struct line *l, const struct record *r)
{
    const struct record_call *c = r->call;
    struct text all = text_into(r->room, FORMAT_ROOM);

    if (!c->rule_count)
        return;
    key(l, "rules");
    if (l->json)
        text_byte(l->t, '[');
    for (unsigned i = 0; i < c->rule_count && c->rules[i].file; i++) {
        if (i)
            text_byte(l->json ? l->t : &all, ',');
        text_str(&all, c->rules[i].file);
        text_byte(&all, ':');
        text_unsigned(&all, c->rules[i].line);
        if (!l->json)
            continue;
        quote(l->t, QUOTE_JSON, "", r->room, text_len(&all), l->longest);
        all = text_into(r->room, FORMAT_ROOM);
    }
    if (l->json)
        text_byte(l->t, ']');
    else
        quote(l->t, QUOTE_TEXT, "", r->room, text_len(&all), l->longest);
}

static void put_call(struct line *l, const struct record *r)
{
    const struct record_call *c = r->call;

    if (c->fd >= 0)
        put_number(l, "fd", c->fd);
    if (c->given)
        put_unix(l, "given", "given_hex", c->given);
    if (c->bound)
        put_unix(l, "bound", "bound_hex", c->bound);
    put_if(l, "peer_pid", c->peer_pid);
    for (int i = 0; i < 2; i++)
        if (c->keys[i])
            put_number(l, c->keys[i], c->values[i]);
    put_number(l, "result", c->result);
    put_errno(l, c->err);
    put_number(l, "duration_ns", (int64_t)c->duration);
    if (c->verdict)
        put_string(l, "verdict", c->verdict);
    put_rules(l, r);
}

static void put_inject(struct line *l, const struct record *r)
{
    put_number(l, "count", (int64_t)r->hit);
    put_if(l, "delay_ns", (int64_t)r->inject->delay);
    put_if(l, "short", r->inject->size);
}

static void put_record(struct line *l, const struct record *r)
{
    char time[40];
    struct text stamp = text_into(time, sizeof time);

    format_time(&stamp, &r->time);
    put_word(l, "time", text_done(&stamp));
    put_string(l, "sunshim", r->what);
    put_string(l, "operation", r->operation);
    put_string(l, "class", r->info ? "exec" : "net");
    put_string(l, "profile", r->profile);
    put_number(l, "pid", r->pid);
    put_number(l, "ppid", r->ppid);
    if (r->tid != r->pid)
        put_if(l, "tid", r->tid);
    put_path(l, "comm", "comm_hex", r->comm);
    put_path(l, "exe", "exe_hex", r->exe);
    if (r->query)
        put_query(l, r);
    if (r->socket)
        put_socket(l, r->socket);
    if (r->cut)
        put_cut(l, r->cut);
    if (r->call)
        put_call(l, r);
    if (r->name)
        put_path(l, "name", "name_hex", r->name);
    if (r->info)
        put_string(l, "info", r->info);
    put_errno(l, r->err);
    if (r->policy)
        put_string(l, "policy", r->policy);
    if (r->verdict)
        put_rule(l, r);
    if (r->inject)
        put_inject(l, r);
    if (r->hint)
        put_string(l, "hint", r->hint);
}

void format_text(struct text *t, const struct record *r)
{
    struct line l = {.t = t, .first = true, .longest = r->longest};

    put_record(&l, r);
    text_byte(t, '\n');
}

void format_json(struct text *t, const struct record *r)
{
    struct line l = {.t = t, .first = true, .json = true, .longest = r->longest};

    text_byte(t, '{');
    put_record(&l, r);
    text_str(t, "}\n");
}

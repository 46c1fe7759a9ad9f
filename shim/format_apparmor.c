/* Lines as the kernel's audit writes AppArmor's, for tools made to read those.
 *
 * libapparmor's parse_record() drops a line with a key it does not know, so
 * ours go into info="...". Keys and forms were found by trying its 3.0.8. */
#include <string.h>
#include <sys/socket.h>

#include "format.h"
#include "policy/ip.h"
#include "quote.h"

static void put_string(struct text *t, const char *key, const char *value, size_t longest)
{
    text_str(t, key);
    quote(t, QUOTE_APPARMOR, "", value, strlen(value), longest);
}

static void put_number(struct text *t, const char *key, int64_t value)
{
    text_str(t, key);
    text_signed(t, value);
}

/* The names that AppArmor's tools know. */
static const char *audit_operation(const char *call)
{
    static const char names[][2][14] = {
        {"socket", "create"},    {"socketpair", "create"},     {"accept4", "accept"},
        {"send", "sendmsg"},     {"sendto", "sendmsg"},        {"sendmmsg", "sendmsg"},
        {"recv", "recvmsg"},     {"recvfrom", "recvmsg"},      {"recvmmsg", "recvmsg"},
        {"shutdown", "sock_shutdown"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], call) == 0)
            return names[i][1];
    return call;
}

/* A kind of record that the reader does not know is an audited access to it. */
static const char *audit_kind(const char *what)
{
    return strcmp(what, "LEAK") == 0 || strcmp(what, "INJECTED") == 0 ? "AUDIT" : strcmp(what, "UNSEEN") == 0 ? "HINT" : what;
}

static void put_fact(struct text *t, const char *key, int64_t n)
{
    if (n)
        put_number(t, key, n);
}

/* The command comes last and quoted: it may hold anything. */
static void put_socket(struct text *t, const struct record_socket *s)
{
    const struct ring_entry *e = s->origin;

    put_number(t, "fd=", s->fd);
    put_number(t, " inode=", s->inode);
    text_str(t, " origin=");
    text_str(t, origin_word(e));
    put_fact(t, " origin_pid=", e->pid);
    put_fact(t, " origin_inode=", e->from_ino);
    put_fact(t, " peer_inode=", s->peer_inode);
    put_fact(t, " peer_pid=", s->peer_pid);
    if (e->origin != RING_RECEIVED) {
        put_fact(t, " passed_pid=", e->passed_pid);
        put_fact(t, " passed_inode=", e->passed_ino);
    }
    if (origin_comm_len(e)) {
        text_str(t, " origin_comm=");
        quote_audit(t, "", e->comm, origin_comm_len(e), QUOTE_TIGHT);
    }
}

static void put_path(struct text *t, const char *key, const char *path)
{
    text_str(t, key);
    quote_audit(t, "", path, strlen(path), QUOTE_TIGHT);
}

static void put_cut(struct text *t, const struct record_cut *cut)
{
    put_number(t, "addr_len=", (int64_t)cut->len);
    put_number(t, " limit=", (int64_t)cut->limit);
    if (cut->intended) {
        put_path(t, " intended=", cut->intended);
        put_number(t, " intended_len=", (int64_t)strlen(cut->intended));
    }
    if (cut->or_this)
        put_path(t, " intended2=", cut->or_this);
    text_str(t, "; ");
}

static void put_info(struct text *t, const struct record *r)
{
    struct text info = text_into(r->room, FORMAT_ROOM);

    if (strcmp(r->what, audit_kind(r->what)) != 0) {
        text_str(&info, r->what);
        text_str(&info, ": ");
    }
    if (r->info)
        text_str(&info, r->info);
    if (r->socket) {
        put_socket(&info, r->socket);
        text_str(&info, r->verdict || r->hint ? "; " : "");
    }
    if (r->cut)
        put_cut(&info, r->cut);
    if (r->verdict) {
        text_str(&info, "rule=");
        text_str(&info, r->ruled ? r->rule_file : "none");
        if (r->ruled) {
            text_byte(&info, ':');
            text_unsigned(&info, r->rule_line);
        }
    }
    if (r->hint) {
        text_str(&info, r->verdict ? "; " : "");
        text_str(&info, r->hint);
    }
    put_string(t, " info=", text_done(&info), r->longest);
}

static void put_name(struct text *t, const char *key, const struct policy_addr *a, size_t longest)
{
    const char *word = addr_word(a);

    if (!word && !addr_is_name(a))
        return;
    text_str(t, key);
    if (word)
        quote_audit(t, "", word, strlen(word), longest);
    else
        quote_audit(t, addr_prefix(a), a->bytes, a->len, longest);
}

static void put_names(struct text *t, const struct policy_query *q, size_t longest)
{
    bool about_peer = q->perm & POLICY_PEER_PERMS;

    if (q->family != AF_UNIX)
        return;
    put_name(t, " name=", about_peer ? &q->peer : &q->local, longest);
    if (about_peer)
        put_name(t, " name2=", &q->local, longest);
}

static void put_inet(struct text *t, const char *addr_key, const char *port_key, const struct policy_addr *a)
{
    static const unsigned char unspecified[16];

    if (!addr_is_inet(a))
        return;
    text_str(t, addr_key);
    if (a->kind == POLICY_ADDR_INET6 && memcmp(a->bytes, unspecified, 16) == 0)
        text_str(t, "::0"); /* the reader does not take "::" */
    else
        text_ip(t, a->bytes, a->kind == POLICY_ADDR_INET6);
    put_number(t, port_key, a->port);
}

static void put_addr(struct text *t, const struct policy_addr *a, size_t longest)
{
    if (addr_word(a))
        put_string(t, " addr=", addr_word(a), longest);
    else if (addr_is_name(a)) {
        text_str(t, " addr=");
        quote(t, QUOTE_APPARMOR, addr_prefix(a), a->bytes, a->len, longest);
    }
}

static void put_query(struct text *t, const struct record *r)
{
    const struct policy_query *q = r->query;
    const char *family = policy_family_name(q->family), *type = policy_type_name(q->type);

    put_inet(t, " laddr=", " lport=", &q->local);
    put_inet(t, " faddr=", " fport=", &q->peer);
    put_string(t, " family=", family ? family : "unknown", r->longest);
    put_string(t, " sock_type=", type ? type : "unknown", r->longest);
    put_number(t, " protocol=", q->protocol < 0 ? 0 : q->protocol);
    put_string(t, " requested_mask=", policy_perm_name(q->perm), r->longest);
    if (r->err && !r->inject)
        put_string(t, " denied_mask=", policy_perm_name(q->perm), r->longest);
    put_addr(t, &q->local, r->longest);
    if (q->label && (q->perm & POLICY_PEER_PERMS))
        put_string(t, " peer=", q->label, r->longest);
}

void format_apparmor(struct text *t, const struct record *r)
{
    text_str(t, "type=AVC msg=audit(");
    text_unsigned(t, (uint64_t)r->time.tv_sec);
    text_byte(t, '.');
    text_padded(t, (uint64_t)(r->time.tv_nsec / 1000000), 3);
    text_byte(t, ':');
    text_unsigned(t, (uint64_t)(r->time.tv_nsec / 1000 % 1000));
    put_string(t, "): apparmor=", audit_kind(r->what), r->longest);
    put_string(t, " operation=", audit_operation(r->operation), r->longest);
    put_info(t, r);
    if (r->err)
        put_number(t, " error=", -(int64_t)r->err);
    put_string(t, " profile=", r->profile, r->longest);
    if (r->query)
        put_names(t, r->query, r->longest);
    if (r->name || r->cut) {
        text_str(t, " name=");
        quote_audit(t, "", r->name ? r->name : r->cut->addr, r->name ? strlen(r->name) : r->cut->len, r->longest);
    }
    put_number(t, " pid=", r->pid);
    put_number(t, " parent=", r->ppid);
    text_str(t, " exe=");
    quote_audit(t, "", r->exe, strlen(r->exe), r->longest);
    text_str(t, " comm=");
    quote_audit(t, "", r->comm, strlen(r->comm), r->longest);
    if (r->query)
        put_query(t, r);
    if (r->cut)
        text_str(t, " family=\"unix\"");
    text_byte(t, '\n');
}

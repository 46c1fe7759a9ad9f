/* What is on record beside calls, in strace's form for what is no call:
 *   12:34:56.789012    4711 app          --- LEAK fd 5 unix stream socket:[4026] made by socket (4700 sh) at "/run/x" --- */
#include <string.h>

#include "trace.h"

static void put_word(struct ink *t, const struct record *r, const char *before, const char *key, const char *after)
{
    const struct field *f = record_field(r, key);

    if (!f || !f->len)
        return;
    ink_put(t, "%s", before);
    ink_word(t, f->value, f->len);
    ink_put(t, "%s", after);
}

static void put_name(struct ink *t, const struct record *r, const char *before, const char *key, const char *ip, const char *port)
{
    size_t start = t->len;

    ink_put(t, "%s", before);
    if (!trace_name(t, r, key, ip, port))
        t->len = start;
}

static void put_socket(struct ink *t, const struct record *r)
{
    put_word(t, r, " fd ", "fd", "");
    put_word(t, r, " ", "family", "");
    put_word(t, r, " ", "sock_type", "");
    put_word(t, r, " socket:[", "inode", "]");
    if (record_field(r, "origin")) {
        put_word(t, r, " made by ", "origin", "");
        put_word(t, r, " (", "origin_pid", "");
        put_word(t, r, " ", "origin_comm", "");
        ink_put(t, record_field(r, "origin_pid") ? ")" : "");
    }
    put_name(t, r, " at ", "addr", "laddr", "lport");
    put_name(t, r, " peer ", "peer_addr", "faddr", "fport");
}

static void put_rest(struct ink *t, const struct record *r)
{
    const struct field *hint = record_field(r, "hint"), *info = record_field(r, "info");

    put_name(t, r, " meant ", "intended", NULL, NULL);
    put_name(t, r, " or ", "intended2", NULL, NULL);
    put_name(t, r, " ", "name", NULL, NULL);
    if (info && info->len) {
        ink_put(t, " (");
        ink_plain(t, info->value, info->len);
        ink_put(t, ")");
    }
    put_word(t, r, " ", "errno", "");
    if (!hint)
        return;
    ink_put(t, "; ");
    ink_plain(t, hint->value, hint->len);
}

static bool is_verdict(const char *what)
{
    return !strcmp(what, "DENIED") || !strcmp(what, "ALLOWED") || !strcmp(what, "AUDIT") || !strcmp(what, "INJECTED");
}

void trace_note(struct ink *t, const struct record *r)
{
    const char *what = record_text(r, "sunshim");

    trace_who(t, r);
    ink_put(t, "--- ");
    if (is_verdict(what)) {
        trace_verdict(t, r, what);
    } else {
        ink_colour(t, NOTED);
        ink_word(t, what, strlen(what));
        ink_colour(t, PLAIN);
    }
    put_word(t, r, " ", "operation", "");
    put_socket(t, r);
    put_rest(t, r);
    ink_put(t, " ---\n");
}

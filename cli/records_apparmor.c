/* Lines for AppArmor's readers, the kernel's or ours: what has no key there stands in info. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "records_in.h"

/* What is added to the line's own bytes. */
struct spare {
    char *at, *end;
};

static const char *keep(struct spare *s, const char *bytes, size_t len)
{
    char *start = s->at;

    if ((size_t)(s->end - s->at) <= len)
        return "";
    memcpy(start, bytes, len);
    start[len] = '\0';
    s->at += len + 1;
    return start;
}

static struct field *field(struct record *r, const char *key)
{
    for (unsigned i = 0; i < r->count; i++)
        if (!strcmp(r->fields[i].key, key))
            return &r->fields[i];
    return NULL;
}

static void add_text(struct record *r, const char *key, const char *value, bool word)
{
    if (*value)
        record_add(r, key, value, strlen(value), word);
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* The audit system writes odd names as hexadecimal, without quotes. */
static bool from_hex(struct field *f)
{
    char *to = (char *)(uintptr_t)f->value; /* in the record's room */

    if (!f->word || !f->len || f->len % 2 || strspn(f->value, "0123456789abcdefABCDEF") != f->len)
        return false;
    f->word = false;
    f->len /= 2;
    for (size_t i = 0; i < f->len; i++)
        to[i] = (char)(hex_digit(to[2 * i]) << 4 | hex_digit(to[2 * i + 1]));
    to[f->len] = '\0';
    return true;
}

/* In hexadecimal a name is as it is, but for NUL bytes, written \x00. */
static void with_nuls(struct field *f)
{
    char *to = (char *)(uintptr_t)f->value;
    size_t out = 0;

    for (size_t i = 0; i < f->len; i++) {
        bool nul = f->len - i >= 4 && !memcmp(to + i, "\\x00", 4);

        to[out++] = nul ? '\0' : to[i];
        i += nul ? 3 : 0;
    }
    f->len = out;
    to[out] = '\0';
}

/* Names are escaped a second time in this format. Two words stand for no name. */
static void plain_name(struct record *r, const char *key)
{
    struct field *f = field(r, key);
    long len;

    if (!f)
        return;
    if (from_hex(f)) {
        with_nuls(f);
    } else if ((len = unescape((char *)(uintptr_t)f->value, f->len)) >= 0) {
        f->len = (size_t)len;
        ((char *)(uintptr_t)f->value)[len] = '\0';
    }
    if (!strcmp(f->value, "none") || !strcmp(f->value, "auto"))
        f->word = true;
}

static void rename_field(struct record *r, const char *from, const char *to)
{
    struct field *f = field(r, from);

    if (f && !field(r, to))
        record_rename(r, f, to);
}

/* Records put the peer's name first when the call is about it. */
static void name_sockets(struct record *r)
{
    const char *asked = record_text(r, "requested");
    bool about_peer = strstr(asked, "connect") || strstr(asked, "send") || strstr(asked, "receive") || strstr(asked, "accept");

    plain_name(r, "addr");
    plain_name(r, "peer_addr");
    if (!*asked)
        return;
    plain_name(r, "name");
    plain_name(r, "name2");
    rename_field(r, "name", about_peer ? "peer_addr" : "addr");
    if (about_peer)
        rename_field(r, "name2", "addr");
}

/* "N" of "error=-N", as a name where it has one. */
static void name_error(struct record *r)
{
    const char *name = policy_errno_name((int)-record_number(r, "error", 0));

    if (name)
        add_text(r, "errno", name, true);
}

/* "LEAK: ..." and "UNSEEN: ...": kinds that AppArmor has not. */
static const char *take_kind(struct record *r, const char *info)
{
    static const char *const kinds[] = {"LEAK", "UNSEEN", "TRACE", "INJECTED"};

    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]);

        if (!strncmp(info, kinds[i], len) && info[len] == ':') {
            struct field *f = field(r, "sunshim");

            if (f)
                *f = (struct field){.key = "sunshim", .value = kinds[i], .len = len};
            return info + len + 1 + (info[len + 1] == ' ');
        }
    }
    return info;
}

/* key=value among the words of info, up to the first that is none. */
static const char *take_pairs(struct record *r, const char *at, struct spare *s)
{
    static const char *const keys[] = {"fd",       "inode",    "origin",     "origin_pid",   "origin_inode", "peer_inode",
                                       "peer_pid", "passed_pid", "passed_inode", "addr_len", "limit",        "intended_len"};

    for (size_t len; (len = strcspn(at, "= ;")) && at[len] == '=';) {
        const char *value = at + len + 1;
        size_t value_len = strcspn(value, " ;");

        for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strlen(keys[i]) == len && !strncmp(keys[i], at, len))
                add_text(r, keys[i], keep(s, value, value_len), true);
        if (!strncmp(at, "rule=", 5))
            return at;
        at = value + value_len + strspn(value + value_len, " ");
    }
    return at;
}

static void take_info(struct record *r, struct spare *s)
{
    const struct field *info = record_field(r, "info");
    const char *at, *rule, *end;

    if (!info)
        return;
    at = take_pairs(r, take_kind(r, info->value), s);
    at += strspn(at, "; ");
    if (!strncmp(at, "rule=", 5)) {
        rule = at + 5;
        end = strstr(rule, "; ");
        at = end ? end + 2 : "";
        rule = keep(s, rule, end ? (size_t)(end - rule) : strlen(rule));
        add_text(r, "rule", rule, !strcmp(rule, "none"));
    }
    add_text(r, "hint", at, false);
}

/* SECONDS.MILLISECONDS:SERIAL, of which ours is the microseconds behind that; the kernel's
 * is a number that says nothing. */
static void take_time(struct record *r, const char *when, struct spare *s)
{
    char *end, text[48], iso[40];
    time_t seconds = (time_t)strtoll(when, &end, 10);
    long thousandths = *end == '.' ? strtol(end + 1, &end, 10) : 0, serial = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
    struct tm tm;

    if (thousandths < 0 || thousandths > 999 || seconds < 0 || !gmtime_r(&seconds, &tm))
        return;
    strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof text, "%s.%03ld%03ldZ", iso, thousandths, serial > 0 && serial < 1000 ? serial : 0);
    add_text(r, "time", keep(s, text, strlen(text)), true);
}

void record_from_apparmor(struct record *r, const char *when, char *spare, size_t spare_size)
{
    struct spare s = {spare, spare + spare_size};
    static const char *const others[][2] = {{"apparmor", "sunshim"}, {"requested_mask", "requested"}, {"denied_mask", "denied"},
                                            {"parent", "ppid"},      {"peer", "peer_label"}};

    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        rename_field(r, others[i][0], others[i][1]);
    for (unsigned i = 0; i < 2; i++) {
        struct field *f = field(r, i ? "comm" : "exe");

        if (f)
            from_hex(f);
    }
    name_sockets(r);
    name_error(r);
    take_info(r, &s);
    if (when)
        take_time(r, when, &s);
}

/* -e, --family and --path: which records are shown. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "policy/arena.h"
#include "policy/glob.h"
#include "policy/policy.h"
#include "trace.h"

enum { GLOB_ROOM = 32768 };

struct trace_glob {
    struct glob glob;
};

/* --- Calls ----------------------------------------------------------------------- */

static uint32_t bits_where(bool socket)
{
    const struct trace_call *c;
    uint32_t bits = 0;

    for (unsigned i = 0; (c = trace_call_at(i)); i++)
        bits |= c->socket == socket ? 1u << i : 0;
    return bits;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && !strncmp(text, word, len);
}

static uint32_t bits_of_class(const char *word, size_t len)
{
    static const char *const network[] = {"%network", "%net", "network", "net", NULL};

    for (const char *const *n = network; *n; n++)
        if (is_word(word, len, *n))
            return bits_where(true);
    return is_word(word, len, "all") ? bits_where(true) | bits_where(false) : 0;
}

static const char *near_call(const char *word)
{
    const char *names[TRACE_CALLS_MAX + 1] = {0};
    const struct trace_call *c;

    for (unsigned i = 0; (c = trace_call_at(i)); i++)
        names[i] = c->name;
    return suggest(word, names);
}

/* "?": as far as it is known. */
static int unknown_call(const char *name)
{
    const char *near = near_call(name);

    if (*name == '?')
        return 0;
    if (*name == '/')
        return usage_error("trace", "-e %s: calls are written out, as in -e connect,bind, or all by %%network", name);
    if (trace_is_no_socket_call(name))
        return usage_error("trace", "-e %s: only the calls of sockets are traced (%%network); 'strace -f -e trace=%s' has others", name, name);
    if (near)
        return usage_error("trace", "-e: no socket call '%s'; did you mean '%s'?", name, near);
    return usage_error("trace", "-e: no socket call '%s'; sunshim sees no others", name);
}

/* send(2) and recv(2) are the kernel's sendto and recvfrom, and strace shows them so. */
static uint32_t bits_of_call(const struct trace_call *c)
{
    const char *also = !strcmp(c->name, "sendto") ? "send" : !strcmp(c->name, "recvfrom") ? "recv" : c->name;

    return 1u << trace_call_number(c) | 1u << trace_call_number(trace_call(also));
}

static int add_call(uint32_t *bits, const char *word, size_t len)
{
    char *name = format_new("%.*s", (int)len, word);
    const struct trace_call *c = trace_call(name + (*name == '?'));
    uint32_t class = bits_of_class(word, len);

    if (c)
        *bits |= bits_of_call(c);
    else if (class)
        *bits |= class;
    else if (!is_word(word, len, "none"))
        return unknown_call(name);
    return 0;
}

static int choose_by_status(struct trace_choice *c, const char *text)
{
    c->failed = c->succeeded = false;
    for (size_t len; *text; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        bool all = is_word(text, len, "all"), failed = is_word(text, len, "failed"), succeeded = is_word(text, len, "successful");

        if (!all && !failed && !succeeded)
            return usage_error("trace", "-e status=: '%.*s' is neither 'failed' nor 'successful'", (int)len, text);
        c->failed |= all || failed;
        c->succeeded |= all || succeeded;
    }
    return c->failed || c->succeeded ? 0 : usage_error("trace", "-e status=: none is named");
}

/* NAME=VALUE of strace that is not about calls. */
static int choose_otherwise(const char *text)
{
    const char *value = strchr(text, '=') + 1;
    char *name = format_new("%.*s", (int)(value - 1 - text), text);
    const char *instead = trace_qualifier(name, value);

    return instead ? usage_error("trace", "-e %s=: %s", name, instead) : 0;
}

int trace_choose_calls(struct trace_choice *c, const char *text)
{
    uint32_t bits = 0;
    bool all_but;
    int status = 0;

    if (!strncmp(text, "status=", 7))
        return choose_by_status(c, text + 7);
    if (!strncmp(text, "trace=", 6) || !strncmp(text, "t=", 2))
        text = strchr(text, '=') + 1;
    else if (strchr(text, '='))
        return choose_otherwise(text);
    all_but = *text == '!';
    text += all_but;
    if (!*text)
        return usage_error("trace", "-e: no call is named");
    for (size_t len; !status && *text; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        status = add_call(&bits, text, len);
    }
    /* One -e after the other adds; the first one that leaves out begins with all. */
    if (all_but)
        c->calls = (c->by_call ? c->calls : bits_where(true) | bits_where(false)) & ~bits;
    else
        c->calls = (c->by_call ? c->calls : 0) | bits;
    c->by_call = true;
    return status;
}

/* --- Families, names ----------------------------------------------------------------- */

/* Also as in the C library: AF_INET6. */
static int family_of(const char *text, size_t len)
{
    char *name = format_new("%.*s", (int)len, text);
    bool capitals = !strncmp(name, "AF_", 3) || !strncmp(name, "PF_", 3);

    for (char *at = name; capitals && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    int family = policy_family_word(name + (capitals ? 3 : 0), len - (capitals ? 3 : 0));
    if (!strcmp(name, "local") || !strcmp(name, "af_local"))
        family = AF_UNIX;
    free(name);
    return family;
}

int trace_choose_families(struct trace_choice *c, const char *text)
{
    for (size_t len; *text; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        int family = family_of(text, len);
        if (family < 0 || family >= POLICY_FAMILIES)
            return usage_error("trace", "--family: no family '%.*s'; as in unix,inet,inet6,netlink", (int)len, text);
        c->families |= (uint64_t)1 << family;
    }
    return c->families ? 0 : usage_error("trace", "--family: none is named");
}

/* "[::1]:80" as lines show it: the brackets are none of a glob, and the address is matched without. */
static const char *without_brackets(const char *text)
{
    size_t len = strcspn(text, "]"), digits = *text == '[' ? strspn(text + 1, "0123456789abcdefABCDEF:.*") + 1 : 0;

    if (!text[len] || digits != len || !memchr(text, ':', len) || (text[len + 1] && text[len + 1] != ':'))
        return text;
    return format_new("%.*s%s", (int)len - 1, text + 1, text + len + 1);
}

int trace_choose_path(struct trace_choice *c, const char *text)
{
    struct arena arena = {.base = allocate(GLOB_ROOM), .size = GLOB_ROOM};
    const char *why;
    size_t at;

    if (c->glob_count == TRACE_GLOBS_MAX)
        return fail("more than %d patterns for names (--path)", TRACE_GLOBS_MAX);
    if (!*text)
        return usage_error("trace", "--path: the pattern is empty, and no name is");
    text = without_brackets(text);
    struct trace_glob *g = allocate(sizeof *g);
    int err = glob_parse(&arena, GLOB_PLAIN, text, strlen(text), &g->glob, &at, &why);
    if (err)
        return fail("--path %s: %s", text, err == -EINVAL ? why : strerror(-err));
    c->globs[c->glob_count++] = g;
    return 0;
}

static bool matches(const struct trace_choice *c, const char *name, size_t len)
{
    for (unsigned i = 0; i < c->glob_count; i++)
        if (glob_match(&c->globs[i]->glob, name, len))
            return true;
    return false;
}

/* A name by any of the ways in which it stands in a record; an address as IP:PORT. */
static bool names_match(const struct trace_choice *c, const struct record *r)
{
    static const char *const keys[] = {"addr", "peer_addr", "given", "bound", "name", "intended", NULL};
    static const char *const ends[][2] = {{"laddr", "lport"}, {"faddr", "fport"}};
    char end[64];

    for (const char *const *k = keys; *k; k++) {
        const struct field *f = record_field(r, *k);

        if (f && !f->word && matches(c, f->value, f->len))
            return true;
    }
    for (int i = 0; i < 2; i++) {
        const struct field *ip = record_field(r, ends[i][0]);

        if (!ip)
            continue;
        snprintf(end, sizeof end, "%s:%s", ip->value, record_text(r, ends[i][1]));
        if (matches(c, end, strlen(end)) || matches(c, ip->value, ip->len))
            return true;
    }
    return false;
}

/* --- One record ----------------------------------------------------------------------------- */

static bool call_chosen(const struct trace_choice *c, const struct record *r)
{
    const struct trace_call *call = trace_call(record_text(r, "operation"));

    return !c->by_call || (call && c->calls >> trace_call_number(call) & 1);
}

static bool family_chosen(const struct trace_choice *c, const struct record *r)
{
    const char *name = record_text(r, "family");
    int family = c->families ? policy_family_word(name, strlen(name)) : -1;

    return !c->families || (family >= 0 && family < POLICY_FAMILIES && c->families >> family & 1);
}

static bool status_chosen(const struct trace_choice *c, const struct record *r)
{
    bool failed = record_field(r, "errno");

    return (!c->failed && !c->succeeded) || (c->failed && failed) || (c->succeeded && !failed);
}

bool trace_chosen(const struct trace_choice *c, const struct record *r)
{
    return call_chosen(c, r) && family_chosen(c, r) && status_chosen(c, r) && (!c->glob_count || names_match(c, r));
}

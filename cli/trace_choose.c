/* -e, --family and --path: which records are shown. */
#include <errno.h>
#include <string.h>

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

static int add_call(uint32_t *bits, const char *word, size_t len)
{
    char *name = format_new("%.*s", (int)len, word);
    const struct trace_call *c = trace_call(name);
    uint32_t class = bits_of_class(word, len);
    const char *near;

    if (c)
        *bits |= 1u << trace_call_number(c);
    else if (class)
        *bits |= class;
    else if (is_word(word, len, "none"))
        return 0;
    else if ((near = near_call(name)))
        return usage_error("trace", "-e: no socket call '%s'; did you mean '%s'?", name, near);
    else
        return usage_error("trace", "-e: no socket call '%s'; sunshim sees no others", name);
    return 0;
}

static int choose_by_status(struct trace_choice *c, const char *word)
{
    c->failed = !strcmp(word, "failed");
    c->succeeded = !strcmp(word, "successful");
    return c->failed || c->succeeded ? 0 : usage_error("trace", "-e status=: '%s' is neither 'failed' nor 'successful'", word);
}

/* What strace has behind -e, and is not there. */
static int not_here(const char *text)
{
    size_t len = strcspn(text, "=");

    if (is_word(text, len, "inject") || is_word(text, len, "fault"))
        return usage_error("trace", "-e %.*s=: faults are injected by rules: --rule 'inject unix (connect) errno=ECONNREFUSED,'",
                           (int)len, text);
    return usage_error("trace", "-e %.*s=: there are trace= and status= only", (int)len, text);
}

int trace_choose_calls(struct trace_choice *c, const char *text)
{
    uint32_t bits = 0;
    bool all_but;
    int status = 0;

    if (!strncmp(text, "status=", 7))
        return choose_by_status(c, text + 7);
    if (!strncmp(text, "trace=", 6))
        text += 6;
    else if (strchr(text, '='))
        return not_here(text);
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

int trace_choose_families(struct trace_choice *c, const char *text)
{
    for (size_t len; *text; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        int family = policy_family_word(text, len);
        if (family < 0 || family >= POLICY_FAMILIES)
            return usage_error("trace", "--family: no family '%.*s'; as in unix,inet,inet6,netlink", (int)len, text);
        c->families |= (uint64_t)1 << family;
    }
    return c->families ? 0 : usage_error("trace", "--family: none is named");
}

int trace_choose_path(struct trace_choice *c, const char *text)
{
    struct arena arena = {.base = allocate(GLOB_ROOM), .size = GLOB_ROOM};
    const char *why;
    size_t at;

    if (c->glob_count == TRACE_GLOBS_MAX)
        return fail("more than %d patterns for names (--path)", TRACE_GLOBS_MAX);
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
        if (!record_field(r, ends[i][0]))
            continue;
        snprintf(end, sizeof end, "%s:%s", record_text(r, ends[i][0]), record_text(r, ends[i][1]));
        if (matches(c, end, strlen(end)) || matches(c, end, strcspn(end, ":")))
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

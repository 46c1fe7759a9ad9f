/* -c: calls, errors and time, by call and by name, as strace -c shows them. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "numbers.h"
#include "trace.h"

enum { NAMES_MAX = 100000 };

struct count {
    const char *name;
    size_t len;
    uint64_t calls, errors, denied, nanoseconds;
};

struct trace_sum {
    struct count calls[TRACE_CALLS_MAX], total;
    struct numbers names;
    struct count *counts; /* of the names, by number */
    size_t room;
    struct count others;  /* of names beyond NAMES_MAX */
};

struct trace_sum *trace_sum_new(void)
{
    return allocate(sizeof(struct trace_sum));
}

static void add(struct count *c, const struct record *r)
{
    int64_t took = record_number(r, "duration_ns", 0);

    c->calls++;
    c->errors += record_field(r, "errno") != NULL;
    c->denied += !strcmp(record_text(r, "verdict"), "DENIED");
    c->nanoseconds += took > 0 ? (uint64_t)took : 0;
}

/* --- Names ---------------------------------------------------------------------------- */

static struct count *count_of(struct trace_sum *s, const char *name, size_t len)
{
    if (s->names.count == NAMES_MAX && !numbers_has(&s->names, name, len))
        return &s->others;
    size_t number = numbers_of(&s->names, name, len);
    if (number >= s->room) {
        size_t room = 2 * number + 64;

        s->counts = enlarged(s->counts, s->room * sizeof *s->counts, room * sizeof *s->counts);
        s->room = room;
    }
    s->counts[number].name = s->names.list[number].bytes;
    s->counts[number].len = len;
    return &s->counts[number];
}

static bool is_name(const struct field *f)
{
    return f && f->len && (*f->value == '/' || *f->value == '@');
}

/* "IP:PORT" of the end whose port is the lower one: those that the kernel gives out are high. */
static struct field inet_name(const struct record *r, char *room, size_t size)
{
    int64_t own = record_number(r, "lport", 0), peer = record_number(r, "fport", 0);
    bool mine = own && (!peer || own < peer);
    const char *ip = record_text(r, mine ? "laddr" : "faddr");

    if (!own && !peer)
        return (struct field){0};
    snprintf(room, size, strchr(ip, ':') ? "[%s]:%lld" : "%s:%lld", ip, (long long)(mine ? own : peer));
    return (struct field){.value = room, .len = strlen(room)};
}

/* What the call was about: its own name, or that of the other end. */
static struct field name_of(const struct record *r, char *room, size_t size)
{
    const struct field *own = record_field(r, "addr"), *peer = record_field(r, "peer_addr");
    const char *operation = record_text(r, "operation");
    bool is_own = !strcmp(operation, "bind") || !strcmp(operation, "listen") || !strncmp(operation, "accept", 6);

    if (!is_own && is_name(peer))
        return *peer;
    if (is_name(own))
        return *own;
    return inet_name(r, room, size);
}

void trace_sum_add(struct trace_sum *s, const struct record *r)
{
    const struct trace_call *call = trace_call(record_text(r, "operation"));
    char room[96];

    if (!record_is(r, "TRACE") || !call)
        return;
    add(&s->calls[trace_call_number(call)], r);
    add(&s->total, r);
    struct field name = name_of(r, room, sizeof room);
    if (name.len)
        add(count_of(s, name.value, name.len), r);
}

/* --- Shown ------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct count *x = a, *y = b;

    if (x->nanoseconds != y->nanoseconds)
        return x->nanoseconds < y->nanoseconds ? 1 : -1;
    if (x->calls != y->calls)
        return x->calls < y->calls ? 1 : -1;
    int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
    return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* Calls that were made, in the order in which they are shown. */
static size_t sorted_calls(struct trace_sum *s, struct count *out)
{
    size_t n = 0;

    for (unsigned i = 0; i < TRACE_CALLS_MAX; i++)
        if (s->calls[i].calls) {
            out[n] = s->calls[i];
            out[n].name = trace_call_at(i)->name;
            out[n].len = strlen(out[n].name);
            n++;
        }
    qsort(out, n, sizeof *out, by_time);
    return n;
}

static void put_row(struct ink *t, const struct count *c, uint64_t all, bool same)
{
    double share = all ? 100.0 * (double)c->nanoseconds / (double)all : 0;

    if (!same)
        ink_put(t, "%6.2f %11.6f %11llu ", share, (double)c->nanoseconds / 1e9,
                (unsigned long long)(c->calls ? c->nanoseconds / 1000 / c->calls : 0));
    ink_put(t, "%9llu ", (unsigned long long)c->calls);
    if (c->errors)
        ink_put(t, "%9llu ", (unsigned long long)c->errors);
    else
        ink_put(t, "%9s ", "");
    if (c->denied)
        ink_put(t, "%9llu ", (unsigned long long)c->denied);
    else
        ink_put(t, "%9s ", "");
    if (is_name(&(struct field){.value = c->name, .len = c->len}))
        ink_quoted(t, c->name, c->len);
    else
        ink_word(t, c->name, c->len);
    ink_put(t, "\n");
}

static void put_ruler(struct ink *t, bool same)
{
    ink_put(t, "%s--------- --------- --------- ----------------\n", same ? "" : "------ ----------- ----------- ");
}

static void put_head(struct ink *t, const char *what, bool same)
{
    ink_colour(t, BOLD);
    ink_put(t, "%s%9s %9s %9s %s", same ? "" : "% time     seconds  usecs/call ", "calls", "errors", "denied", what);
    ink_colour(t, PLAIN);
    ink_put(t, "\n");
    put_ruler(t, same);
}

void trace_sum_text(struct ink *t, struct trace_sum *s, bool same)
{
    struct count calls[TRACE_CALLS_MAX] = {0};
    size_t count = sorted_calls(s, calls);

    put_head(t, "call", same);
    for (size_t i = 0; i < count; i++)
        put_row(t, &calls[i], s->total.nanoseconds, same);
    put_ruler(t, same);
    s->total.name = "total";
    s->total.len = 5;
    put_row(t, &s->total, s->total.nanoseconds, same);
    if (!s->names.count)
        return;
    ink_put(t, "\n");
    put_head(t, "name", same);
    qsort(s->counts, s->names.count, sizeof *s->counts, by_time);
    for (size_t i = 0; i < s->names.count; i++)
        put_row(t, &s->counts[i], s->total.nanoseconds, same);
    s->others.name = "others";
    s->others.len = 6;
    if (s->others.calls)
        put_row(t, &s->others, s->total.nanoseconds, same);
}

static void put_object(struct ink *t, const struct count *c, bool same)
{
    bool whole;

    ink_put(t, "{\"name\":");
    whole = ink_json(t, c->name, c->len);
    if (!whole) {
        ink_put(t, ",\"name_hex\":\"");
        for (size_t i = 0; i < c->len; i++)
            ink_put(t, "%02x", (unsigned char)c->name[i]);
        ink_put(t, "\"");
    }
    ink_put(t, ",\"calls\":%llu,\"errors\":%llu,\"denied\":%llu", (unsigned long long)c->calls, (unsigned long long)c->errors,
            (unsigned long long)c->denied);
    if (!same)
        ink_put(t, ",\"nanoseconds\":%llu", (unsigned long long)c->nanoseconds);
    ink_put(t, "}");
}

static void put_array(struct ink *t, const char *key, const struct count *c, size_t count, bool same)
{
    ink_put(t, "\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        ink_put(t, i ? "," : "");
        put_object(t, &c[i], same);
    }
    ink_put(t, "]");
}

void trace_sum_json(struct ink *t, struct trace_sum *s, bool same)
{
    struct count calls[TRACE_CALLS_MAX] = {0};
    size_t count = sorted_calls(s, calls);

    ink_put(t, "{");
    put_array(t, "calls", calls, count, same);
    ink_put(t, ",");
    if (s->names.count)
        qsort(s->counts, s->names.count, sizeof *s->counts, by_time);
    put_array(t, "names", s->counts, s->names.count, same);
    ink_put(t, "}\n");
}

/* --normalize: what differs from run to run though the programs do the same gets a number in
 * the order of its first use. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "learn.h"
#include "numbers.h"
#include "trace.h"

enum { FIRST_PORT = 32768 };  /* ports that the kernel gives out, as ip(7) has them */
enum { SAME_PORT = 49152 };   /* what they become: numbers from here on */
enum { LONG_NUMBER = 5 };     /* digits in a name that are a time or a counter, not a version */

struct trace_same {
    struct numbers pids, inodes, ports, autobound, temporary, counters;
    struct numbers processes; /* of the run: a name with such a number speaks of one */
    struct ink room;
    char *mask;
    size_t mask_size;
};

struct trace_same *trace_same_new(void)
{
    return allocate(sizeof(struct trace_same));
}

static size_t decimal(char *to, int64_t n)
{
    return (size_t)sprintf(to, "%lld", (long long)n);
}

void trace_same_process(struct trace_same *s, int64_t pid)
{
    char text[24];

    if (pid > 0)
        numbers_of(&s->processes, text, decimal(text, pid));
}

int64_t trace_same_pid(struct trace_same *s, int64_t pid)
{
    char text[24];

    return (int64_t)numbers_of(&s->pids, text, decimal(text, pid)) + 1;
}

/* --- Names ------------------------------------------------------------------------------- */

static bool begins(const char *name, size_t len, const char *with)
{
    return with && *with && len >= strlen(with) && !memcmp(name, with, strlen(with));
}

static bool is_temporary(const char *name, size_t len)
{
    static const char *const places[] = {"@", "/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/", NULL};

    for (const char *const *p = places; *p; p++)
        if (begins(name, len, *p))
            return true;
    return (len && *name != '/') || begins(name, len, getenv("TMPDIR"));
}

/* What the kernel gives an unbound socket: unix(7), "Autobind feature". */
static bool is_autobound(const char *name, size_t len)
{
    return len == 6 && *name == '@' && strspn(name + 1, "0123456789abcdef") == 5;
}

static void put_numbered(struct ink *t, const char *word, struct numbers *of, const char *bytes, size_t len, bool masked)
{
    ink_put(t, "%s%zu", word, masked ? 0 : numbers_of(of, bytes, len) + 1);
}

/* Digits at `at`: a process of the run, a counter, or just what they are. */
static void put_digits(struct trace_same *s, const char *at, size_t len, bool masked)
{
    if (len > 1 && numbers_has(&s->processes, at, len))
        put_numbered(&s->room, "PID", &s->pids, at, len, masked);
    else if (len >= LONG_NUMBER)
        put_numbered(&s->room, "NUM", &s->counters, at, len, masked);
    else
        ink_raw(&s->room, at, len);
}

static void put_unmarked(struct trace_same *s, const char *at, size_t len, bool masked)
{
    for (size_t i = 0, n; i < len; i += n) {
        bool digits = isdigit((unsigned char)at[i]);

        for (n = 1; i + n < len && !isdigit((unsigned char)at[i + n]) == !digits; n++)
            ;
        if (digits)
            put_digits(s, at + i, n, masked);
        else
            ink_raw(&s->room, at + i, n);
    }
}

/* One of forty names that mkstemp(3) makes looks like a word ("Qwerty"), and would differ in every
 * fortieth comparison: what ends a component as its templates do, with a capital in it, is one. */
static void mark_ends(const char *name, size_t len, char *mask)
{
    enum { DRAWN = 6 };

    for (size_t end = DRAWN + 1; end <= len; end++) {
        const char *at = name + end - DRAWN;
        bool capital = false, word = (end == len || name[end] == '/') && at[-1] && strchr(".-_", at[-1]);

        for (size_t i = 0; word && i < DRAWN; i++) {
            word = isalnum((unsigned char)at[i]);
            capital |= isupper((unsigned char)at[i]) != 0;
        }
        if (word && capital)
            memset(mask + end - DRAWN, MARK_RANDOM, DRAWN);
    }
}

static void mark(struct trace_same *s, const char *name, size_t len)
{
    if (s->mask_size < len) {
        free(s->mask);
        s->mask = allocate(s->mask_size = 2 * len);
    }
    memset(s->mask, MARK_NONE, len);
    mark_random(name, len, is_temporary(name, len), s->mask);
    if (is_temporary(name, len))
        mark_ends(name, len, s->mask);
}

static void put_name(struct trace_same *s, const char *name, size_t len, bool masked)
{
    if (is_autobound(name, len)) {
        put_numbered(&s->room, "@AUTO", &s->autobound, name, len, masked);
        return;
    }
    mark(s, name, len);
    for (size_t i = 0, n; i < len; i += n) {
        for (n = 1; i + n < len && s->mask[i + n] == s->mask[i]; n++)
            ;
        if (s->mask[i])
            put_numbered(&s->room, "TEMP", &s->temporary, name + i, n, masked);
        else
            put_unmarked(s, name + i, n, masked);
    }
}

/* --- One field ------------------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (!strcmp(*keys, key))
            return true;
    return false;
}

static void put_field(struct trace_same *s, const struct field *f, bool masked)
{
    static const char *const pids[] = {"pid", "ppid", "tid", "peer_pid", "origin_pid", "passed_pid", NULL};
    static const char *const inodes[] = {"inode", "peer_inode", "origin_inode", "passed_inode", NULL};
    static const char *const ports[] = {"lport", "fport", NULL};
    struct ink *t = &s->room;

    if (!strcmp(f->key, "time"))
        ink_put(t, "1970-01-01T00:00:00.000000Z");
    else if (!strcmp(f->key, "duration_ns"))
        ink_put(t, "0");
    else if (is_one_of(f->key, pids))
        put_numbered(t, "", &s->pids, f->value, f->len, masked);
    else if (is_one_of(f->key, inodes))
        put_numbered(t, "", &s->inodes, f->value, f->len, masked);
    else if (is_one_of(f->key, ports) && atoi(f->value) >= FIRST_PORT)
        ink_put(t, "%zu", SAME_PORT + (masked ? 0 : numbers_of(&s->ports, f->value, f->len) + 1));
    else if (f->word || !strcmp(f->key, "laddr") || !strcmp(f->key, "faddr"))
        ink_raw(t, f->value, f->len);
    else
        put_name(s, f->value, f->len, masked);
}

void trace_same(struct trace_same *s, bool masked, const struct record *from, struct record *to)
{
    size_t at[FIELDS_MAX];

    s->room.len = 0;
    to->count = from->count;
    memcpy(to->where, from->where, sizeof to->where);
    for (unsigned n = 0; n < 2 * from->count; n++) {
        unsigned i = n % from->count;

        if (!strcmp(from->fields[i].key, "ppid") != (n >= from->count)) /* last: lines do not show it */
            continue;
        to->fields[i] = from->fields[i];
        at[i] = s->room.len;
        put_field(s, &from->fields[i], masked);
        to->fields[i].len = s->room.len - at[i];
        ink_raw(&s->room, "", 1);
    }
    for (unsigned i = 0; i < from->count; i++) /* now that it moves no more */
        to->fields[i].value = s->room.at + at[i];
}

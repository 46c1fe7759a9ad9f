/* Names of unix sockets, and what in them changes from run to run: numbers of processes,
 * counters, what was drawn by lot, the user's own directories. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "learn.h"

bool name_is_auto(const struct policy_addr *a)
{
    bool hex = a->kind == POLICY_ADDR_ABSTRACT && a->bytes && a->len == 5;

    for (uint32_t i = 0; hex && i < a->len; i++) {
        char c = ((const char *)a->bytes)[i];

        hex = isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
    }
    return hex;
}

static bool is_name(const struct policy_addr *a)
{
    return (a->kind == POLICY_ADDR_PATHNAME || a->kind == POLICY_ADDR_ABSTRACT) && a->bytes && a->len && !name_is_auto(a);
}

/* --- All names ----------------------------------------------------------- */

int name_order(const void *x, const void *y)
{
    const struct name *a = x, *b = y;
    int order = (a->kind > b->kind) - (a->kind < b->kind);

    if (order || (order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len)))
        return order;
    return (a->len > b->len) - (a->len < b->len);
}

static void add(struct learned *l, const struct fact *f, const struct policy_addr *a)
{
    if (f->q.family != AF_UNIX || !is_name(a))
        return;
    l->names[l->name_count++] = (struct name){
        .kind = a->kind, .bytes = a->bytes, .len = a->len, .runs = 1ull << (f->run < 63 ? f->run : 63),
        .listens = a == &f->q.local && (f->q.perm & (POLICY_LISTEN | POLICY_ACCEPT))};
}

static void collect(struct learned *l)
{
    size_t kept = 0;

    l->names = allocate((2 * l->fact_count + 1) * sizeof *l->names);
    for (size_t i = 0; i < l->fact_count; i++) {
        add(l, l->facts[i], &l->facts[i]->q.local);
        add(l, l->facts[i], &l->facts[i]->q.peer);
    }
    qsort(l->names, l->name_count, sizeof *l->names, name_order);
    for (size_t i = 0; i < l->name_count; i++) {
        struct name *n = &l->names[i];

        if (!kept || name_order(&l->names[kept - 1], n))
            l->names[kept++] = *n;
        l->names[kept - 1].runs |= n->runs;
        l->names[kept - 1].listens |= n->listens;
    }
    l->name_count = kept;
}

static struct name *find(const struct learned *l, const struct policy_addr *a)
{
    const struct name wanted = {.kind = a->kind, .bytes = a->bytes, .len = a->len};

    return is_name(a) ? bsearch(&wanted, l->names, l->name_count, sizeof *l->names, name_order) : NULL;
}

const struct name *name_of(const struct learned *l, const struct policy_addr *a)
{
    return find(l, a);
}

/* --- One name by itself -------------------------------------------------- */

/* Without slashes at its end. */
static size_t dir_len(const char *dir)
{
    size_t len = strlen(dir);

    while (len > 1 && dir[len - 1] == '/')
        len--;
    return len;
}

static bool below(const struct name *n, const char *dir)
{
    size_t len = dir ? dir_len(dir) : 0;

    return len > 1 && n->len > len && !memcmp(n->bytes, dir, len) && n->bytes[len] == '/';
}

/* The longest of the user's own directories. A value with odd bytes would mean something else
 * in a rule. */
static void find_home(struct name *n, const struct policy_input *around)
{
    const char *const own[][2] = {{"@{HOME}", around->home},
                                  {"@{XDG_RUNTIME_DIR}", around->runtime_dir},
                                  {"@{TMPDIR}", getenv("TMPDIR") ? around->tmpdir : NULL}};

    for (unsigned i = 0; i < 3 && n->kind == POLICY_ADDR_PATHNAME; i++) {
        size_t len = own[i][1] ? dir_len(own[i][1]) : 0;

        if (!below(n, own[i][1]) || len <= n->home || own[i][1][strspn(own[i][1], "/")] == '\0' ||
            strpbrk(own[i][1], "*?[]{}\\\"^, \t@"))
            continue;
        n->home = len;
        n->variable = own[i][0];
    }
}

static bool is_temporary(const struct name *n, const struct policy_input *around)
{
    return n->kind == POLICY_ADDR_ABSTRACT || below(n, "/tmp") || below(n, "/var/tmp") || below(n, "/dev/shm") ||
           below(n, "/run") || below(n, "/var/run") || below(n, around->tmpdir) || below(n, around->runtime_dir);
}

size_t name_digits(const struct name *n, size_t at)
{
    size_t len = 0;

    if (at > n->home && isdigit((unsigned char)n->bytes[at - 1]) && !n->mask[at - 1])
        return 0; /* in the middle of one */
    while (at + len < n->len && isdigit((unsigned char)n->bytes[at + len]) && !n->mask[at + len])
        len++;
    return len <= LEARN_DIGITS_MAX ? len : 0;
}

static bool is_pid(const struct learned *l, const char *digits, size_t len)
{
    char text[8] = "";

    if (len < 2 || len >= sizeof text || *digits == '0')
        return false;
    memcpy(text, digits, len);
    return learn_is_pid(l, (uint32_t)strtoul(text, NULL, 10));
}

/* A short number is one of a process only where it stands alone, or behind a word: X11 is no
 * pid. */
static bool stands_alone(const struct name *n, size_t at, size_t len)
{
    size_t letters = 0;

    while (letters < at && isalpha((unsigned char)n->bytes[at - letters - 1]))
        letters++;
    if (at + len < n->len && isalnum((unsigned char)n->bytes[at + len]))
        return false;
    return letters >= 3 || (!letters && (!at || !isalnum((unsigned char)n->bytes[at - 1])));
}

/* As in /tmp/tmux-1000/ and /run/user/1000/. Small ones are numbers of many things. */
static bool is_uid(const struct name *n, size_t at, size_t len, const char *uid)
{
    bool same = strlen(uid) == len && !memcmp(n->bytes + at, uid, len);

    if (!same || n->kind != POLICY_ADDR_PATHNAME)
        return false;
    if (at + len < n->len && n->bytes[at + len] == '/' && (below(n, "/tmp") || below(n, "/run")) &&
        (n->bytes[at - 1] == '-' || (at == 10 && below(n, "/run/user"))))
        return true;
    return len >= 4 && stands_alone(n, at, len);
}

static void mark_numbers(const struct learned *l, struct name *n, const char *uid)
{
    for (size_t i = n->home, len; i < n->len; i += len ? len : 1) {
        if (!(len = name_digits(n, i)))
            continue;
        if (is_uid(n, i, len, uid))
            memset(n->mask + i, MARK_UID, len);
        else if (is_pid(l, n->bytes + i, len) && (len >= 4 || stands_alone(n, i, len)))
            memset(n->mask + i, MARK_PID, len);
    }
}

/* --- All together -------------------------------------------------------- */

static size_t place_len(const struct name *n, size_t at)
{
    size_t len = 1;

    while (at + len < n->len && n->mask[at + len] == n->mask[at] && n->bytes[at + len] != '/')
        len++;
    return len;
}

static bool is_too_wide(const struct name *n)
{
    size_t places = 0, literal = 0;

    for (size_t i = 0, len; i < n->len; i += len) {
        len = n->mask[i] ? place_len(n, i) : 1;
        if (n->mask[i] && n->mask[i] != MARK_UID)
            places++;
        else
            literal += n->bytes[i] != '/';
    }
    return places > LEARN_PLACES_MAX || (places && literal < LEARN_LITERAL_MIN);
}

static void limit(struct name *n)
{
    n->refused = is_too_wide(n);
    if (n->refused)
        memset(n->mask, MARK_NONE, n->len);
    for (size_t i = 0; i < n->len; i++)
        n->pattern |= n->mask[i] && n->mask[i] != MARK_UID;
}

static void put_name(FILE *to, const struct learned *l, const struct name *n)
{
    if (n->kind == POLICY_ADDR_ABSTRACT)
        fputc('@', to);
    fputs(n->home ? n->variable : "", to);
    for (size_t i = n->home, len; i < n->len; i += len) {
        len = place_len(n, i);
        if (n->mask[i]) {
            fputs(place_name(l, n->mask[i], len), to);
            continue;
        }
        const struct policy_addr part = {.kind = POLICY_ADDR_PATHNAME, .bytes = n->bytes + i, .len = (uint32_t)len};
        fputs(plain_name(&part), to);
    }
}

static void write_name(const struct learned *l, struct name *n)
{
    size_t size;
    FILE *to = open_memstream(&n->text, &size);

    if (!to)
        exit(fail("out of memory"));
    put_name(to, l, n);
    fclose(to);
}

bool name_as_it_was(const struct learned *l, const struct policy_addr *a)
{
    struct name *n = find(l, a);

    if (!n || !n->pattern || n->before)
        return false;
    n->before = n->mask;
    n->mask = allocate(n->len + 1);
    n->pattern = false;
    write_name(l, n);
    return true;
}

bool name_as_pattern(const struct learned *l, const struct policy_addr *a)
{
    struct name *n = find(l, a);

    if (!n || !n->before || n->pattern)
        return false;
    n->mask = n->before;
    n->pattern = true;
    write_name(l, n);
    return true;
}

void names_settle(struct learned *l, const struct policy_input *around)
{
    collect(l);
    for (size_t i = 0; i < l->name_count; i++) {
        struct name *n = &l->names[i];

        n->mask = allocate(n->len + 1);
        find_home(n, around);
        mark_random(n->bytes + n->home, n->len - n->home, is_temporary(n, around), n->mask + n->home);
        mark_numbers(l, n, around->uid);
    }
    names_compare(l);
    for (size_t i = 0; i < l->name_count; i++) {
        limit(&l->names[i]);
        write_name(l, &l->names[i]);
    }
}

#include "who_find.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli.h"
#include "query.h"

#ifndef SOCKFS_MAGIC
#define SOCKFS_MAGIC 0x534F434B
#endif

enum { NOT_FOUND = 1 };

/* --- What is found ---------------------------------------------------------------------- */

static void add(struct answer *a, struct sock *s)
{
    if (a->found_count == a->found_room) {
        a->found_room = a->found_room ? 2 * a->found_room : 16;
        if (!(a->found = realloc(a->found, a->found_room * sizeof *a->found)))
            exit(fail("out of memory"));
    }
    a->found[a->found_count++] = s;
}

/* Listeners, then what is bound, then connections. */
static int rank(const struct sock *s)
{
    return s->state == STATE_LISTEN ? 0 : sock_is_connection(s) ? 2 : 1;
}

static int by_rank(const void *a, const void *b)
{
    const struct sock *x = *(struct sock *const *)a, *y = *(struct sock *const *)b;

    return rank(x) != rank(y) ? rank(x) - rank(y) : (x->ino > y->ino) - (x->ino < y->ino);
}

static int compare_inode(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Who holds what was found, and its peers: in one pass over all processes. */
static void find_holders(struct answer *a)
{
    size_t n = 0, room = a->own.count;

    for (size_t i = 0; i < a->found_count; i++)
        room += 3 + a->found[i]->pendings;
    uint32_t *inos = allocate(room * sizeof *inos);
    for (size_t i = 0; i < a->found_count; i++) {
        const struct sock *s = a->found[i], *other = inet_peer(a, s);

        inos[n++] = s->ino;
        if (s->has_peer && s->peer)
            inos[n++] = s->peer;
        if (other || (s->has_peer && !s->peer && (other = waits_at(a, s))))
            inos[n++] = other->ino;
        for (unsigned k = 0; k < s->pendings; k++)
            inos[n++] = s->pending[k];
    }
    qsort(inos, n, sizeof *inos, compare_inode);
    holders_scan(&a->holders, inos, n);
}

static int complete(struct answer *a)
{
    if (a->found_count)
        qsort(a->found, a->found_count, sizeof *a->found, by_rank);
    runs_load(&a->runs);
    find_holders(a);
    return 0;
}

/* --- By inode ------------------------------------------------------------------------------ */

/* Families that sock_diag does not describe are known by who holds them. */
static struct sock *other_family(struct answer *a, uint32_t ino)
{
    struct holders h = {0};

    holders_scan(&h, &ino, 1);
    if (!h.count)
        return NULL;
    struct sock *s = world_add(&a->world, ino);
    process_protocol(h.at[0].pid, h.at[0].fd, s->protocol_name, sizeof s->protocol_name);
    world_sort(&a->world);
    return s;
}

static struct sock *look_for(struct answer *a, uint32_t ino)
{
    struct sock *s = world_find(&a->world, ino);

    if (s)
        return s;
    world_load_inet(&a->world);
    if ((s = world_find(&a->world, ino)))
        return s;
    a->world.has_inet = false; /* those of the others, now */
    world_widen(&a->world);
    world_load_inet(&a->world);
    s = world_find(&a->world, ino);
    return s ? s : other_family(a, ino);
}

/* What is gone may be remembered. */
static int find_past(struct answer *a, const char *operand, uint32_t ino, const struct name *name, const char *why)
{
    runs_load(&a->runs);
    a->past_count = name ? history_by_name(&a->runs, name, a->past, HISTORIES_MAX)
                         : history_by_ino(&a->runs, ino, a->past, HISTORIES_MAX);
    if (a->past_count)
        return 0;
    say("%s: %s", operand, why);
    for (const char *const *note = notes_of(a); *note; note++)
        say("%s", *note);
    return NOT_FOUND;
}

static int find_inode(struct answer *a, const char *operand, uint32_t ino)
{
    struct sock *s = ino ? look_for(a, ino) : NULL;

    if (!s)
        return find_past(a, operand, ino, NULL, "no such socket");
    add(a, s);
    return complete(a);
}

/* --- By process ------------------------------------------------------------------------------ */

static int compare_sock(const void *a, const void *b)
{
    const struct sock *x = *(struct sock *const *)a, *y = *(struct sock *const *)b;

    return (x > y) - (x < y);
}

/* Two descriptors may be of one socket. */
static void drop_twins(struct answer *a)
{
    size_t kept = 0;

    if (a->found_count)
        qsort(a->found, a->found_count, sizeof *a->found, compare_sock);
    for (size_t i = 0; i < a->found_count; i++)
        if (!kept || a->found[kept - 1] != a->found[i])
            a->found[kept++] = a->found[i];
    a->found_count = kept;
}

static void describe_rest(struct answer *a, int pid)
{
    size_t known = a->world.count;

    for (size_t i = 0; i < a->own.count; i++) {
        struct sock *s = world_find(&a->world, a->own.at[i].ino);

        if (s)
            continue;
        s = world_add(&a->world, a->own.at[i].ino);
        process_protocol(pid, a->own.at[i].fd, s->protocol_name, sizeof s->protocol_name);
    }
    if (a->world.count != known)
        world_sort(&a->world);
}

static bool all_known(struct answer *a)
{
    for (size_t i = 0; i < a->own.count; i++)
        if (!world_find(&a->world, a->own.at[i].ino))
            return false;
    return true;
}

static int list_process(struct answer *a, int pid)
{
    int err = holders_of(&a->own, pid);

    if (err) {
        say("process %d: %s", pid, err == -ENOENT ? "no such process" : "its descriptors are not visible");
        return err == -ENOENT ? NOT_FOUND : EXIT_SUNSHIM;
    }
    if (!a->own.count) {
        say("process %d has no sockets", pid);
        return NOT_FOUND;
    }
    if (!all_known(a))
        world_load_inet(&a->world);
    if (!all_known(a)) {
        a->world.has_inet = false;
        world_widen(&a->world);
        world_load_inet(&a->world);
    }
    describe_rest(a, pid);
    a->process = pid;
    for (size_t i = 0; i < a->own.count; i++)
        if (world_find(&a->world, a->own.at[i].ino))
            add(a, world_find(&a->world, a->own.at[i].ino));
    drop_twins(a);
    return complete(a);
}

static bool number(const char *text, uint32_t *out)
{
    char *end;
    unsigned long n;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    n = strtoul(text, &end, 10);
    *out = (uint32_t)n;
    return !*end && !errno && n <= UINT32_MAX;
}

int find_process(struct answer *a, const char *text)
{
    uint32_t pid;

    if (!number(text, &pid) || !pid || pid > INT_MAX)
        return usage_error("who", "'%s' is no process id", text);
    world_load(&a->world);
    return list_process(a, (int)pid);
}

/* --- By name ------------------------------------------------------------------------------------ */

/* ss(8) and /proc/net/unix show NUL bytes as '@', and programs pad names with them. */
static bool nearly_equal(const struct name *typed, const struct name *own)
{
    size_t i = 0;

    if (own->kind != NAME_ABSTRACT || own->len < typed->len)
        return false;
    for (; i < typed->len; i++)
        if (typed->bytes[i] != own->bytes[i] && !(typed->bytes[i] == '@' && !own->bytes[i]))
            return false;
    while (i < own->len && !own->bytes[i])
        i++;
    return i == own->len;
}

static int find_abstract(struct answer *a, const char *operand)
{
    char *bytes = format_new("%s", operand + 1);
    long len = unescape(bytes, strlen(bytes));
    struct name name = {NAME_ABSTRACT, bytes, (size_t)len};

    if (len < 0)
        return fail("%s: \\x needs two hexadecimal digits", operand);
    world_widen(&a->world);
    for (size_t i = 0; i < a->world.count; i++)
        if (name_equal(&name, &a->world.all[i]->name))
            add(a, a->world.all[i]);
    for (size_t i = 0; i < a->world.count && (!a->found_count || nearly_equal(&name, &a->found[0]->name)); i++)
        if (!name_equal(&name, &a->world.all[i]->name) && nearly_equal(&name, &a->world.all[i]->name))
            add(a, a->world.all[i]);
    return a->found_count ? complete(a) : find_past(a, operand, 0, &name, "no socket has that name");
}

/* The ways to write a path that a socket may have been bound by. */
struct spellings {
    struct name names[3];
    unsigned count;
    bool is_file; /* st is of a socket's file */
    struct stat st;
};

static void add_spelling(struct spellings *s, char *path)
{
    if (path)
        s->names[s->count++] = (struct name){NAME_PATHNAME, path, strlen(path)};
}

static bool is_file_of(const struct sock *s, const struct stat *st)
{
    return s->has_file && s->file_ino == (uint32_t)st->st_ino && s->dev >> 20 == major(st->st_dev) &&
           (s->dev & 0xfffff) == minor(st->st_dev);
}

static bool has_spelling(const struct spellings *p, const struct sock *s)
{
    if (s->name.kind != NAME_PATHNAME)
        return false;
    if (p->is_file && is_file_of(s, &p->st))
        return true;
    for (unsigned i = 0; i < p->count; i++)
        if (*p->names[i].bytes == '/' && name_equal(&p->names[i], &s->name))
            return true;
    return false;
}

static struct spellings spell(const char *path)
{
    struct spellings s = {.count = 0};
    char here[PATH_MAX], *real = realpath(path, NULL);

    s.is_file = !stat(path, &s.st) && S_ISSOCK(s.st.st_mode);
    if (*path == '/')
        add_spelling(&s, format_new("%s", path));
    else if (getcwd(here, sizeof here))
        add_spelling(&s, format_new("%s/%s", strcmp(here, "/") ? here : "", path));
    if (real && strcmp(real, s.count ? s.names[0].bytes : ""))
        add_spelling(&s, real);
    return s;
}

static const char *why_nobody(const struct spellings *s, const char *path)
{
    struct stat st;

    if (s->is_file)
        return "a socket's file, but no socket is bound to it (any more): connecting is refused";
    if (stat(path, &st))
        return errno == ENOENT ? "no such file, and no socket has that name" : strerror(errno);
    return S_ISDIR(st.st_mode) ? "a directory, and not one of a run" : "not a socket";
}

static int find_path(struct answer *a, const char *path)
{
    struct spellings s = spell(path);
    struct name last;

    world_widen(&a->world);
    for (size_t i = 0; i < a->world.count; i++)
        if (has_spelling(&s, a->world.all[i]))
            add(a, a->world.all[i]);
    if (a->found_count)
        return complete(a);
    last = s.count ? s.names[0] : (struct name){NAME_NONE, NULL, 0};
    return find_past(a, path, 0, &last, why_nobody(&s, path));
}

/* --- By port -------------------------------------------------------------------------------------- */

static int find_port(struct answer *a, const char *operand, int protocol)
{
    uint32_t port;

    if (!number(operand + 4, &port) || !port || port > 65535)
        return usage_error("who", "'%s': a port is a number from 1 to 65535", operand);
    world_widen(&a->world);
    world_load_inet(&a->world);
    for (size_t i = 0; i < a->world.count; i++) {
        struct sock *s = a->world.all[i];

        if (s->protocol == protocol && (s->local.port == port || s->remote.port == port))
            add(a, s);
    }
    if (a->found_count)
        return complete(a);
    say("%s: no socket uses that port", operand);
    return NOT_FOUND;
}

/* --- Whatever it is -------------------------------------------------------------------------------- */

/* A descriptor of some process, by its path in /proc. */
static bool is_descriptor(const char *path, uint32_t *ino)
{
    struct statfs fs;
    struct stat st;

    if (stat(path, &st) || !S_ISSOCK(st.st_mode) || statfs(path, &fs) || fs.f_type != SOCKFS_MAGIC)
        return false;
    *ino = (uint32_t)st.st_ino;
    return true;
}

static int find_descriptor(struct answer *a, const char *operand, const char *path)
{
    struct stat st;
    uint32_t ino;

    if (is_descriptor(path, &ino))
        return find_inode(a, operand, ino);
    if (stat(path, &st) && errno != ENOENT)
        return fail("%s: %s", operand, strerror(errno));
    say("%s: %s", operand, errno == ENOENT ? "no such process or descriptor" : "not a socket");
    return NOT_FOUND;
}

static int find_number(struct answer *a, const char *operand, uint32_t n)
{
    char path[40];
    struct sock *s = look_for(a, n);

    snprintf(path, sizeof path, "/proc/%u", n);
    if (s || access(path, F_OK))
        return find_inode(a, operand, n);
    return list_process(a, (int)n);
}

static bool is_run_dir(struct answer *a, const char *path)
{
    char *real = realpath(path, NULL);

    runs_load(&a->runs);
    a->run = real ? runs_by_dir(&a->runs, real) : NULL;
    if (!a->run)
        a->run = runs_by_dir(&a->runs, path);
    if (!a->run)
        a->runs.count = 0;
    return a->run;
}

/* What a run knows of is known by cookie; so is what exists. */
static int find_run(struct answer *a)
{
    struct history h;

    world_widen(&a->world);
    world_load_inet(&a->world);
    runs_find_processes(&a->runs);
    struct runs only = {a->run, 1, 1};
    for (size_t i = 0; i < a->world.count; i++)
        if (history_of(&only, a->world.all[i]->cookie, &h, 1))
            add(a, a->world.all[i]);
    find_holders(a);
    return 0;
}

int find_anything(struct answer *a, const char *operand)
{
    uint32_t n, pid;
    int end = 0;
    struct stat st;

    world_load(&a->world);
    if (sscanf(operand, "socket:[%" SCNu32 "]%n", &n, &end) == 1 && end && !operand[end])
        return find_inode(a, operand, n);
    if (number(operand, &n))
        return find_number(a, operand, n);
    if (sscanf(operand, "%" SCNu32 "/%" SCNu32 "%n", &pid, &n, &end) == 2 && end && !operand[end])
        return find_descriptor(a, operand, format_new("/proc/%s/fd/%u", format_new("%u", pid), n));
    if (*operand == '@')
        return find_abstract(a, operand);
    if (!strncmp(operand, "tcp:", 4) || !strncmp(operand, "udp:", 4))
        return find_port(a, operand, *operand == 't' ? IPPROTO_TCP : IPPROTO_UDP);
    if (sscanf(operand, "/proc/%" SCNu32 "%n", &pid, &end) == 1 && end && !operand[end + (operand[end] == '/')])
        return list_process(a, (int)pid);
    if (is_descriptor(operand, &n))
        return find_inode(a, operand, n);
    if (!stat(operand, &st) && S_ISDIR(st.st_mode) && is_run_dir(a, operand))
        return find_run(a);
    return find_path(a, operand);
}

void find_runs(struct answer *a)
{
    runs_load(&a->runs);
    runs_find_processes(&a->runs);
    a->all_runs = true;
}

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
#include <sys/vfs.h>
#include <unistd.h>

#include "cli.h"

#ifndef SOCKFS_MAGIC
#define SOCKFS_MAGIC 0x534F434B
#endif

/* --- What is found ---------------------------------------------------------------------- */

void found_add(struct answer *a, struct sock *s)
{
    if (a->found_count == a->found_room) {
        a->found_room = a->found_room ? 2 * a->found_room : 16;
        a->found = enlarged(a->found, a->found_count * sizeof *a->found, a->found_room * sizeof *a->found);
    }
    a->found[a->found_count++] = s;
}

/* Listeners, then what is bound, then connections; first those that can be reached. */
static int rank(const struct sock *s)
{
    return (s->state == STATE_LISTEN ? 0 : sock_is_connection(s) ? 4 : 2) + !s->asked_file;
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

int found_complete(struct answer *a)
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
    world_widen(&a->world);
    world_load_inet(&a->world);
    s = world_find(&a->world, ino);
    return s ? s : other_family(a, ino);
}

/* What is gone may be remembered. */
int find_past(struct answer *a, const char *operand, uint32_t ino, const struct name *name, const char *why)
{
    runs_load(&a->runs);
    a->past_count = name ? history_by_name(&a->runs, name, a->past, HISTORIES_MAX)
                         : history_by_ino(&a->runs, ino, a->past, HISTORIES_MAX);
    if (a->past_count)
        return 0;
    say("%s: %s", shown_text(operand), why);
    for (const char *const *note = notes_of(a); *note; note++)
        say("%s", *note);
    return NOT_FOUND;
}

static int find_inode(struct answer *a, const char *operand, uint32_t ino)
{
    struct sock *s = ino ? look_for(a, ino) : NULL;

    if (!s)
        return find_past(a, operand, ino, NULL, "no such socket");
    found_add(a, s);
    return found_complete(a);
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
        world_widen(&a->world);
        world_load_inet(&a->world);
    }
    describe_rest(a, pid);
    a->process = pid;
    for (size_t i = 0; i < a->own.count; i++)
        if (world_find(&a->world, a->own.at[i].ino))
            found_add(a, world_find(&a->world, a->own.at[i].ino));
    drop_twins(a);
    return found_complete(a);
}

bool read_number(const char *text, uint32_t *out)
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

    if (!read_number(text, &pid) || !pid || pid > INT_MAX)
        return usage_error("who", "'%s' is no process id", text);
    world_load(&a->world);
    return list_process(a, (int)pid);
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

static int find_read_number(struct answer *a, const char *operand, uint32_t n)
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
            found_add(a, a->world.all[i]);
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
    if (read_number(operand, &n))
        return find_read_number(a, operand, n);
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

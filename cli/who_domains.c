/* The runs of this user: what their directories say, and who lives in them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "domain/names.h"
#include "bases.h"
#include "policy/layers.h"
#include "policy/policy.h"
#include "who.h"

static struct run *add(struct runs *r)
{
    if (r->count == r->room) {
        r->room = r->room ? 2 * r->room : 8;
        r->at = enlarged(r->at, r->count * sizeof *r->at, r->room * sizeof *r->at);
    }
    return memset(&r->at[r->count++], 0, sizeof *r->at);
}

/* --- One directory ---------------------------------------------------------------- */

/* What others wrote is believed only by those who can write it anyway. */
static bool trusted(const struct stat *st)
{
    return !geteuid() || st->st_uid == geteuid() || !st->st_uid;
}

static void read_pid(struct run *run, int dir)
{
    unsigned long long start, space;
    struct stat st;
    size_t len;
    char *text = read_whole(dir, DOMAIN_PID, &len);

    run->launched = text && sscanf(text, "%d %llu %llu", &run->launcher, &start, &space) == 3 && run->launcher > 0;
    free(text);
    if (!run->launched || fstatat(dir, DOMAIN_PID, &st, AT_SYMLINK_NOFOLLOW))
        return;
    run->since = st.st_mtim;
    run->foreign = space != process_namespace();
    run->there = !run->foreign && process_start(run->launcher) == start;
}

static void read_layers(struct run *run, int dir)
{
    size_t len;
    char *file = read_whole(dir, DOMAIN_POLICY, &len);
    int count = file ? layers_check(file, len) : 0;
    struct layer layer;

    if (count <= 0)
        return;
    run->layers = allocate((size_t)count * sizeof *run->layers);
    for (uint32_t i = 0; i < (uint32_t)count && !layers_get(file, len, i, &layer); i++) {
        struct run_layer *l = &run->layers[run->layer_count++];
        struct policy p;

        l->name = policy_open(&p, layer.blob, layer.len) ? "?" : policy_name(&p);
        l->complain = layer.flags & LAYER_COMPLAIN;
        l->up = layer.up;
    }
}

/* What table and ring hold is read when somebody asks (who_history.c). */
static void read_rest(struct run *run, int dir)
{
    size_t len;
    char *counts = read_whole(dir, DOMAIN_COUNTS, &len);

    run->counts = counts && len == COUNTS_SIZE ? counts : NULL;
    run->has_ring = !faccessat(dir, DOMAIN_RING, F_OK, AT_SYMLINK_NOFOLLOW);
    run->has_table = !faccessat(dir, DOMAIN_TABLE, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void read_outer(struct run *run, int dir)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, DOMAIN_OUTER, target, sizeof target - 1);

    if (n > 0)
        run->outer = format_new("%.*s", (int)n, target);
}

static bool is_run(int dir)
{
    return !faccessat(dir, DOMAIN_POLICY, F_OK, AT_SYMLINK_NOFOLLOW) ||
           !faccessat(dir, DOMAIN_PID, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void read_run(struct runs *r, const char *path)
{
    struct stat st;

    if (runs_by_dir(r, path))
        return;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Root's can be entered by all, but not listed. */
    if (dir < 0 && errno == EACCES)
        dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return;
    if (!fstat(dir, &st) && trusted(&st) && is_run(dir)) {
        struct run *run = add(r);

        run->dir = format_new("%s", path);
        run->owner = st.st_uid;
        read_pid(run, dir);
        read_layers(run, dir);
        read_rest(run, dir);
        read_outer(run, dir);
    }
    close(dir);
}

/* --- All of them ---------------------------------------------------------------------- */

static void read_base(struct runs *r, const char *base, const char *prefix)
{
    DIR *dir = opendir(base);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (*entry->d_name != '.' && !strncmp(entry->d_name, prefix, strlen(prefix))) {
            char *path = format_new("%s/%s", base, entry->d_name);

            read_run(r, path);
            free(path);
        }
    if (dir)
        closedir(dir);
}

/* Root sees what other users have, too. */
static void read_users(struct runs *r)
{
    DIR *dir = geteuid() ? NULL : opendir("/run/user");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (*entry->d_name != '.')
            read_base(r, format_new("/run/user/%s/sunshim", entry->d_name), "");
    if (dir)
        closedir(dir);
}

/* The run that we are in ourselves, and those around it: they may be elsewhere. */
static void read_own(struct runs *r)
{
    const char *dir = getenv("SUNSHIM_DOMAIN");

    for (unsigned i = 0; dir && *dir == '/' && i < RUNS_MAX; i++) {
        read_run(r, dir);
        struct run *run = runs_by_dir(r, dir);
        dir = run ? run->outer : NULL;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->since.tv_sec != y->since.tv_sec)
        return x->since.tv_sec < y->since.tv_sec ? -1 : 1;
    if (x->since.tv_nsec != y->since.tv_nsec)
        return x->since.tv_nsec < y->since.tv_nsec ? -1 : 1;
    return strcmp(x->dir, y->dir);
}

void runs_load(struct runs *r)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    for (const struct domain_base *b = domain_bases(); b->dir; b++)
        read_base(r, b->dir, b->prefix);
    if (runtime && *runtime == '/') /* root's own runs are elsewhere, but it may have been somebody else */
        read_base(r, format_new("%s/sunshim", runtime), "");
    read_users(r);
    read_own(r);
    if (r->count)
        qsort(r->at, r->count, sizeof *r->at, by_time);
}

struct run *runs_by_dir(struct runs *r, const char *dir)
{
    for (unsigned i = 0; i < r->count; i++)
        if (!strcmp(r->at[i].dir, dir))
            return &r->at[i];
    return NULL;
}

bool run_lives(const struct run *r)
{
    return r->there || r->pid_count || r->foreign;
}

/* --- Who lives there ------------------------------------------------------------------- */

static struct run *by_environment(struct runs *r, int pid)
{
    static const char name[] = "SUNSHIM_DOMAIN=";
    char path[40];
    size_t len;
    struct run *run = NULL;

    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    char *text = read_whole(AT_FDCWD, path, &len);
    for (char *at = text; text && at < text + len && !run; at += strlen(at) + 1)
        if (!strncmp(at, name, sizeof name - 1))
            run = runs_by_dir(r, at + sizeof name - 1);
    free(text);
    return run;
}

static unsigned depth(struct runs *r, const struct run *run)
{
    unsigned n = 0;

    for (; run && run->outer && n < RUNS_MAX; n++)
        run = runs_by_dir(r, run->outer);
    return n;
}

/* Programs may wipe their environment; the policy stays mapped, and of nested runs
 * perhaps the memory of those around them. */
static struct run *by_mappings(struct runs *r, int pid)
{
    char path[40];
    size_t len;
    struct run *found = NULL;

    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    char *text = read_whole(AT_FDCWD, path, &len);
    for (unsigned i = 0; text && i < r->count; i++) {
        char *inside = format_new(" %s/", r->at[i].dir);

        if (strstr(text, inside) && (!found || depth(r, &r->at[i]) > depth(r, found)))
            found = &r->at[i];
        free(inside);
    }
    free(text);
    return found;
}

struct run *runs_of_process(struct runs *r, int pid)
{
    struct run *run = r->count ? by_environment(r, pid) : NULL;

    return run || !r->count ? run : by_mappings(r, pid);
}

static void count_process(void *ctx, int pid)
{
    struct run *run = by_environment(ctx, pid);

    /* The launcher has the memory mapped, too, but lives outside (but for --exec,
     * which makes it the command). */
    if (!run && (run = by_mappings(ctx, pid)) && pid == run->launcher)
        run = NULL;
    if (!run)
        return;
    if (run->pid_count == run->pid_room) {
        run->pid_room = run->pid_room ? 2 * run->pid_room : 8;
        run->pids = enlarged(run->pids, run->pid_count * sizeof *run->pids, run->pid_room * sizeof *run->pids);
    }
    run->pids[run->pid_count++] = pid;
}

void runs_find_processes(struct runs *r)
{
    if (r->count)
        processes_each(count_process, r);
}

char *run_command_line(const struct run *r, size_t *len)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/%d/cmdline", r->launcher);
    return r->there ? read_whole(AT_FDCWD, path, len) : NULL;
}

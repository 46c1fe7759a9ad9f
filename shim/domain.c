#include "domain.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "diag.h"
#include "domain/counts.h"
#include "domain/names.h"
#include "held.h"
#include "policy/policy.h"
#include "policy/text.h"
#include "say.h"
#include "sys.h"

enum { PAGE = 4096, PATH_BYTES = 4096 };

/* --- Who we are --------------------------------------------------------- */

/* Emptied by the kernel in a forked child (madvise(2), MADV_WIPEONFORK), which
 * then finds out anew. */
static union {
    struct {
        _Atomic uint32_t pid;
        _Atomic uint16_t space; /* 0: not known yet; threads that find out at once write the same */
        char comm[16];
        atomic_bool noted;
    };
    char page[PAGE];
} self __attribute__((aligned(PAGE)));
static bool self_kept; /* without MADV_WIPEONFORK nothing is */

/* Tells name spaces of process ids apart well enough; 0 without /proc. Put off until
 * somebody writes: /proc is slow for a process as young as most are that come here. */
static __attribute__((noinline)) uint8_t find_space(void)
{
    struct stat st;
    uint8_t space = 0;

    if (SYS4(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &st, 0) >= 0)
        space = (uint8_t)(st.st_ino * 0x9e3779b97f4a7c15u >> 56);
    if (self_kept)
        atomic_store_explicit(&self.space, 0x100 | space, memory_order_relaxed);
    return space;
}

static uint32_t find_self(void)
{
    uint32_t pid = (uint32_t)sys_getpid();

    SYS2(SYS_prctl, PR_GET_NAME, self.comm);
    if (self_kept)
        atomic_store_explicit(&self.pid, pid, memory_order_release);
    return pid;
}

struct claim_owner domain_self(void)
{
    uint32_t pid = atomic_load_explicit(&self.pid, memory_order_acquire);

    if (__builtin_expect(!pid, 0))
        pid = find_self();
    uint16_t space = atomic_load_explicit(&self.space, memory_order_relaxed);
    return (struct claim_owner){.pid = pid, .space = space ? (uint8_t)space : find_space()};
}

const char *domain_comm(void)
{
    if (!atomic_load_explicit(&self.pid, memory_order_acquire))
        find_self();
    return self.comm;
}

bool domain_noted(void)
{
    return atomic_load_explicit(&self.noted, memory_order_relaxed);
}

void domain_note(void)
{
    if (self_kept)
        atomic_store_explicit(&self.noted, true, memory_order_relaxed);
}

static bool process_dead(uint32_t pid)
{
    return SYS2(SYS_kill, pid, 0) == -ESRCH;
}

/* Asked only when a table is full. A mark that a socket came from outside is never
 * given up. Of an inet socket the kernel tells nothing by inode: it counts as closed
 * when its binder lives and has it no more; a binder that ended may have left it to
 * a child. */
static bool socket_gone(const struct table_entry *e)
{
    struct diag_unix now;

    if (e->kind == TABLE_PROCESS)
        return process_dead((uint32_t)e->pid);
    if (e->kind == TABLE_SOCKET && e->fd < 0)
        return false;
    int there = held(e);
    if (there > 0)
        return false;
    if (e->kind == TABLE_INET || e->kind == TABLE_SOCKET)
        return there == 0 && !process_dead((uint32_t)e->pid);
    int err = diag_unix(e->ino, &now);
    return err == -ENOENT || (err == 0 && now.cookie != e->cookie);
}

/* --- Mapping ------------------------------------------------------------ */

/* NULL: not there, or not to be had (*err). */
static void *map_file(const char *path, size_t *size, int *err)
{
    struct stat st;
    void *at = NULL;
    int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);

    *err = fd < 0 ? fd : sys_fstat(fd, &st);
    if (*err >= 0) {
        *size = (size_t)st.st_size;
        at = S_ISREG(st.st_mode) && st.st_size > 0 ? sys_map(*size, PROT_READ | PROT_WRITE, MAP_SHARED, fd) : NULL;
        *err = at ? 0 : -EINVAL;
    }
    if (fd >= 0)
        sys_close(fd);
    return at;
}

static void map_table(struct table *t, const char *path)
{
    size_t size;
    int err;
    void *at = map_file(path, &size, &err);

    if (at && table_open(t, at, size) < 0)
        say_fatal(path, "not the memory of a run of this version, or damaged");
    if (!at && err != -ENOENT)
        say_once(path, err, "sockets of this run count as outside");
}

static void map_ring(struct ring *r, const char *path)
{
    size_t size;
    int err;
    void *at = map_file(path, &size, &err);

    if (at && ring_open(r, at, size) < 0)
        say_fatal(path, "not the tracking ring of a run of this version, or damaged");
    if (!at && err != -ENOENT)
        say_once(path, err, "sockets of this process are not tracked");
}

/* Its directory's name, of `len` bytes, and then `name`. */
static const char *in_run(char *path, size_t len, const char *name)
{
    memcpy(path + len, name, strlen(name) + 1); /* there is room: map_runs() */
    return path;
}

/* Of the innermost run that has a reader. */
static void map_lines(struct state *s, const char *path)
{
    struct lines l;
    size_t size;
    int err;
    void *at = s->lines.at ? NULL : map_file(path, &size, &err);

    if (!at)
        return;
    if (lines_open(&l, at, size) < 0 || !lines_reader_get(&l).pid) {
        sys_unmap(at, size);
        return;
    }
    s->lines = l;
    s->lines_own = s->run_count == 0;
    s->traces = true;
}

/* "D", "D/outer", "D/outer/outer", ...: false where there is no further one. */
static bool map_run(struct state *s, char *path, size_t dir_len)
{
    struct run_memory *run = &s->runs[s->run_count];
    char byte;

    map_table(&run->table, in_run(path, dir_len, "/" DOMAIN_TABLE));
    map_ring(&run->ring, in_run(path, dir_len, "/" DOMAIN_RING));
    map_lines(s, in_run(path, dir_len, "/" DOMAIN_LINES));
    s->run_count++;
    return sys_readlink(in_run(path, dir_len, "/" DOMAIN_OUTER), &byte, 1) > 0;
}

/* Now, because later the name may not lead there any more: chroot(2), another mount
 * namespace. Nobody misses counts that are not to be had. */
static void *map_counts(char *path, size_t dir_len)
{
    size_t size = 0;
    int err;

    void *at = map_file(in_run(path, dir_len, "/" DOMAIN_COUNTS), &size, &err);
    if (!at || size == COUNTS_SIZE)
        return at;
    sys_unmap(at, size);
    return NULL;
}

static void map_runs(struct state *s, const char *domain)
{
    static char path[PATH_BYTES]; /* not for a small stack; the constructor runs once */
    size_t len = strlen(domain);
    bool more = len < PATH_BYTES - 64;

    memcpy(path, domain, more ? len : 0);
    if (more)
        s->counts = map_counts(path, len);
    while (more && !s->no_memory && s->run_count < RUNS_MAX && len < PATH_BYTES - 64) {
        more = map_run(s, path, len);
        len += sizeof DOMAIN_OUTER; /* "/" for the terminator */
    }
}

void *domain_counts(const struct state *s, const char *domain, unsigned up)
{
    static char path[PATH_BYTES];
    struct text t = text_into(path, PATH_BYTES - 64);

    if (!up || !domain)
        return s->counts;
    text_str(&t, domain);
    while (up--)
        text_str(&t, "/" DOMAIN_OUTER);
    return t.full ? NULL : map_counts(path, text_len(&t));
}

/* --- Without a file ------------------------------------------------------ */

/* Shared with the children that are forked, lost at exec. */
static void *anonymous_table(size_t size)
{
    void *at = sys_map(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    uint64_t secret[2];
    const void *random = (const void *)getauxval(AT_RANDOM);

    if (!at || !random)
        say_fatal("scope", "no memory to remember sockets in");
    memcpy(secret, random, sizeof secret);
    if (table_format(at, size, secret) < 0)
        say_fatal("scope", "no memory to remember sockets in");
    return at;
}

static bool own_layers_remember(const struct state *s)
{
    for (unsigned i = 0; i < s->layer_count; i++)
        if (s->layers[i].up == 0 && policy_uses(&s->layers[i].policy) & POLICY_USES_MEMORY)
            return true;
    return false;
}

/* Some profile of some layer asks who is at the other end of a connection, and that
 * may be this process, whatever its own profile asks. */
static bool asks_peer(const struct active_layer *layer, int family)
{
    const uint32_t asked = POLICY_NEEDS_BOUND | POLICY_NEEDS_LABEL;
    struct policy p = layer->policy;

    if (!(policy_uses(&p) & POLICY_USES_MEMORY))
        return false;
    for (p.profile = 0; p.profile < policy_profile_count(&p); p.profile++)
        if ((policy_needs(&p, POLICY_ACCEPT, family) | policy_needs(&p, POLICY_SEND, family) |
             policy_needs(&p, POLICY_RECEIVE, family)) & asked)
            return true;
    return false;
}

/* Numbers of profiles mean something only to those who have the same policies. Those
 * of a run are one file; texts are read by each process, and may have been edited. */
static uint32_t fingerprint(uint32_t before, const struct policy *p)
{
    const unsigned char *bytes = p->blob;
    uint64_t h = before ^ 0xcbf29ce484222325u;

    for (size_t i = 0; i < p->len; i++)
        h = (h ^ bytes[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ h >> 32);
}

static void note_layer(struct state *s, const struct active_layer *layer)
{
    struct run_memory *run = &s->runs[layer->up];

    if (layer->up >= s->run_count)
        return;
    if (layer->nth < TABLE_PROFILES)
        run->profiles[layer->nth] = (uint16_t)layer->policy.profile;
    if (layer->text && run->table.at)
        run->policies = fingerprint(run->policies, &layer->policy);
    if (!run->table.at)
        return;
    s->asks_process |= asks_peer(layer, AF_UNIX);
    s->asks_inet |= asks_peer(layer, AF_INET) || asks_peer(layer, AF_INET6);
}

static void finish(struct state *s, struct run_memory *run)
{
    run->table.self = run->ring.self = domain_self;
    run->table.dead = run->ring.dead = process_dead;
    run->table.gone = socket_gone;
    s->remembers |= run->table.at != NULL;
    table_forget(&run->table);
    s->tracks |= run->ring.at != NULL;
}

void domain_map(struct state *s, const char *path)
{
    struct text t = text_into(s->domain, sizeof s->domain);

    if (path) {
        text_str(&t, path);
        text_done(&t);
        if (t.full)
            s->domain[0] = '\0';
        map_runs(s, path);
    }
    if (!s->run_count)
        s->run_count = 1;
    if (!s->runs[0].table.at && own_layers_remember(s)) {
        size_t size = table_size(TABLE_ENTRIES);

        table_open(&s->runs[0].table, anonymous_table(size), size);
    }
    for (unsigned up = 0; up < s->run_count; up++)
        finish(s, &s->runs[up]);
    for (unsigned i = 0; i < s->layer_count; i++)
        note_layer(s, &s->layers[i]);
    if (s->remembers || s->tracks || s->traces)
        self_kept = SYS3(SYS_madvise, &self, sizeof self, MADV_WIPEONFORK) == 0;
    if (self_kept) /* before a vfork() child does, and takes its parent for itself */
        find_self();
}

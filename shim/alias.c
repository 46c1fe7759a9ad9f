#include "alias.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "domain/counts.h"
#include "domain/names.h"
#include "policy/text.h"
#include "scratch.h"
#include "state.h"
#include "sys.h"

enum { PATH_BYTES = 4096 };

const char *alias_prefix(void)
{
    return state->aliases[0] ? state->aliases : NULL;
}

/* "D/a/NAME" */
static void whole(char path[ALIAS_PATH_MAX], const char *name)
{
    struct text t = text_into(path, ALIAS_PATH_MAX);

    text_str(&t, state->aliases);
    text_str(&t, name);
    text_done(&t);
}

static int make_link(void *ctx, const char *target, const char *name)
{
    char path[ALIAS_PATH_MAX];

    (void)ctx;
    whole(path, name);
    return (int)SYS3(SYS_symlinkat, target, AT_FDCWD, path);
}

/* Another user's could be exchanged (root's runs let everybody make some). */
static bool is_trusted(const char *path)
{
    struct stat st;

    return SYS4(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (st.st_uid == 0 || st.st_uid == (uid_t)SYS0(SYS_geteuid));
}

static long read_link(void *ctx, const char *name, char *to, size_t room)
{
    char path[ALIAS_PATH_MAX];

    (void)ctx;
    whole(path, name);
    if (!is_trusted(path))
        return -EPERM;
    return sys_readlink(path, to, room);
}

long alias_of(enum alias_kind kind, const char *target, char path[ALIAS_PATH_MAX])
{
    const struct alias_links links = {make_link, read_link, NULL};
    char name[ALIAS_NAME_MAX];
    char *room = alias_prefix() ? scratch_take() : NULL;
    int err = -ENOENT;

    if (room)
        err = alias_make(&links, kind, target, room, PATH_BYTES, name);
    scratch_give(room);
    if (err)
        return err;
    whole(path, name);
    return (long)strlen(path);
}

/* In a directory of our own nobody else makes links. */
static bool is_private(void)
{
    size_t len = strlen(state->domain);

    return strncmp(state->aliases, state->domain, len) == 0 && state->aliases[len] == '/';
}

/* Reads the link "D/a/" + the first `len` bytes of `name`. */
static long read_part(const char *name, size_t len, char *to, size_t room)
{
    char path[ALIAS_PATH_MAX + ALIAS_TEMPORARY_MAX];
    struct text t = text_into(path, sizeof path);

    text_str(&t, state->aliases);
    text_bytes(&t, name, len);
    text_done(&t);
    if (t.full || !(is_private() || is_trusted(path)))
        return -EPERM;
    return sys_readlink(path, to, room);
}

size_t alias_resolve(const char *name, size_t len, bool absolute, char *to, size_t room)
{
    size_t prefix = strlen(state->aliases), link;
    const char *asked;

    if (!prefix || len <= prefix || memcmp(name, state->aliases, prefix) != 0)
        return 0;
    name += prefix;
    len -= prefix;
    enum alias_kind kind = alias_parse(name, len, &link);
    if (!kind)
        return 0;
    long n = read_part(name, link, to, room - 1);
    if (n <= 0 || (n = alias_asked(kind, to, (size_t)n, room, name + link, len - link, absolute, &asked)) <= 0)
        return 0;
    memmove(to, asked, (size_t)n + 1);
    return (size_t)n;
}

bool alias_in_use(void)
{
    return state->aliases[0] && (!state->counts || counts_get(state->counts, COUNT_ALIASES));
}

/* The counts of the run `up` levels out. */
static void tell(char *path, size_t len)
{
    struct text t = text_into(path + len, ALIAS_PATH_MAX * 4 - len);
    struct stat st;

    text_str(&t, "/" DOMAIN_COUNTS);
    text_done(&t);
    int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return;
    void *at = sys_fstat(fd, &st) == 0 && st.st_size == COUNTS_SIZE
                   ? sys_map(COUNTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd)
                   : NULL;
    sys_close(fd);
    if (!at)
        return;
    counts_add(at, COUNT_ALIASES);
    sys_unmap(at, COUNTS_SIZE);
}

/* Processes of the runs around this one meet the name too; those inside look anyway. */
static void tell_outer_runs(void)
{
    char path[ALIAS_PATH_MAX * 4];
    size_t len = strlen(state->domain);
    char byte;

    memcpy(path, state->domain, len + 1);
    for (unsigned i = 0; i < RUNS_MAX && len + 2 * sizeof DOMAIN_OUTER + 8 < sizeof path; i++) {
        memcpy(path + len, "/" DOMAIN_OUTER, sizeof DOMAIN_OUTER + 1);
        len += sizeof DOMAIN_OUTER;
        if (sys_readlink(path, &byte, 1) <= 0)
            return;
        tell(path, len);
    }
}

void alias_used(void)
{
    static atomic_uint told;

    if (!state->counts || atomic_exchange(&told, true))
        return;
    counts_add(state->counts, COUNT_ALIASES);
    tell_outer_runs();
}

void alias_find(struct state *s)
{
    struct text t = text_into(s->aliases, sizeof s->aliases);
    char path[ALIAS_PATH_MAX * 4];
    struct text link = text_into(path, sizeof path);

    if (!s->domain[0])
        return;
    text_str(&link, s->domain);
    text_str(&link, "/" DOMAIN_ALIASES);
    text_done(&link);
    text_str(&t, path);
    if (link.full)
        t.full = true;
    long n = sys_readlink(path, path, sizeof path - 1);
    if (n > 0) { /* the outermost run's */
        path[n] = '\0';
        t = text_into(s->aliases, sizeof s->aliases);
        text_str(&t, path);
    }
    text_byte(&t, '/');
    text_done(&t);
    if (t.full || (n < 0 && n != -EINVAL) || s->aliases[0] != '/')
        s->aliases[0] = '\0';
}

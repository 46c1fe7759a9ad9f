#include "inherit.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "address.h"
#include "descriptors.h"
#include "diag.h"
#include "domain/anon.h"
#include "domain/names.h"
#include "path.h"
#include "pin.h"
#include "policy/text.h"
#include "record.h"
#include "settled.h"
#include "sys.h"
#include "tally.h"
#include "track.h"

enum {
    LISTEN_FDS_START = 3,     /* sd_listen_fds(3) */
    NULL_DEVICE = 1 << 8 | 3, /* null(4); makedev(3) may be a function */
};

struct look {
    const struct state *state;
    int announced;    /* descriptors from LISTEN_FDS_START on that were passed on purpose */
    int reports_leaks; /* -1: nobody has looked yet */
};

/* One socket and what is known of it. */
struct inherited {
    struct policy_query query, shown; /* what is judged; what a record says */
    struct record_socket socket;
    struct ring_entry origin;
    struct address own, peer;
    struct name name;
    bool completed;
};

/* --- Facts ---------------------------------------------------------------- */

static void peer_from_kernel(struct inherited *i, uint64_t cookie)
{
    struct diag_unix now;

    if (i->query.family == AF_UNIX && diag_unix(i->socket.inode, &now) == 0 && now.cookie == cookie)
        i->socket.peer_inode = now.peer_ino;
}

/* Who connected, or who listens. With both ends of a pair, and with a listener, it is
 * whoever made them, which origin_pid says better. */
static void peer_process(struct inherited *i, int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;

    if (i->origin.origin != RING_ACCEPT && (i->origin.origin != RING_SOCKET || !i->socket.peer_inode))
        return;
    if (SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 0)
        i->socket.peer_pid = peer.pid;
}

/* A name that is relative, or begins at a descriptor, or whose directory is gone, is known only if it
 * was tracked: it meant something to whoever bound it. */
static void canonical_name(struct inherited *i)
{
    struct policy_addr *local = &i->query.local;
    const struct ring_entry *o = &i->origin;

    if (local->kind != POLICY_ADDR_PATHNAME)
        return;
    const char *path = local->bytes;
    if (anon_is(path, local->len)) {
        local->kind = POLICY_ADDR_NONE;
        return;
    }
    if (path[0] != '/' || path_is_own(path) || pin_new_name(&i->name, path) < 0)
        i->name.at = NULL;
    local->bytes = i->name.at;
    local->len = i->name.at ? i->name.len : 0;
    if (!local->bytes && o->name_kind == RING_PATHNAME && o->name_len && o->name[0] == '/' && o->name_len < RING_NAME - 1) {
        local->bytes = o->name;
        local->len = o->name_len;
    }
}

static void gather(struct inherited *i, int fd)
{
    struct policy_query *q = &i->query;
    uint64_t cookie = settled_cookie(fd);
    struct stat st;

    sys_getsockopt_int(fd, SO_TYPE, &q->type);
    sys_getsockopt_int(fd, SO_PROTOCOL, &q->protocol);
    if (address_own(&i->own, fd) == 0)
        q->local = i->own.name;
    i->socket.inode = sys_fstat(fd, &st) < 0 ? 0 : (uint32_t)st.st_ino;
    if (!track_find(cookie, &i->origin))
        memset(&i->origin, 0, sizeof i->origin);
    canonical_name(i);
}

/* What only a record wants: a name that leads nowhere known is shown as it is. */
static const struct policy_query *complete(struct inherited *i)
{
    int fd = i->socket.fd;

    if (i->completed)
        return &i->shown;
    i->completed = true;
    i->shown = i->query;
    if (i->origin.cookie)
        track_write(&i->origin);
    peer_from_kernel(i, settled_cookie(fd));
    peer_process(i, fd);
    if (address_peer(&i->peer, fd) == 0 && i->peer.name.kind != POLICY_ADDR_NONE)
        i->shown.peer = i->peer.name;
    if (i->shown.local.kind == POLICY_ADDR_PATHNAME && !i->shown.local.bytes)
        i->shown.local = i->own.name;
    return &i->shown;
}

/* --- Verdict -------------------------------------------------------------- */

/* Replaces a socket by what reads as empty and swallows what is written. */
static int open_null(int flags)
{
    struct stat st;
    int fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY | flags, 0);

    if (fd < 0 || (sys_fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == NULL_DEVICE))
        return fd;
    sys_close(fd);
    return -ENODEV;
}

static void cut(int fd)
{
    int null = open_null(O_CLOEXEC);

    if (null == -EMFILE || null == -ENFILE) { /* its own number may be the only free one */
        sys_close(fd);
        null = open_null(0);
    }
    if (null == fd)
        return;
    if (null < 0 || SYS3(SYS_dup3, null, fd, 0) < 0)
        sys_close(fd);
    if (null >= 0)
        sys_close(null);
}

enum { UNSAID, SAID, CUT };

static int decide_layer(const struct active_layer *layer, struct inherited *i)
{
    struct policy_verdict v;

    if (!policy_mediates_inherit(&layer->policy))
        return UNSAID;
    policy_decide(&layer->policy, &i->query, &v);
    v.outcome = relaxed(layer, v.outcome);
    if (v.outcome == POLICY_ALLOWED)
        return UNSAID;
    if (v.outcome != POLICY_QUIET)
        record_inherited(complete(i), &v, &layer->policy, &i->socket);
    return is_denial(v.outcome) ? CUT : SAID;
}

static int decide(const struct state *s, struct inherited *i)
{
    int result = UNSAID;

    for (unsigned n = 0; n < s->layer_count && result != CUT; n++) {
        int one = decide_layer(&s->layers[n], i);

        result = one > result ? one : result;
    }
    return result;
}

/* --- Which descriptors ------------------------------------------------------ */

static bool is_there(const struct state *s, unsigned up)
{
    char path[320];
    struct text t = text_into(path, sizeof path);

    text_str(&t, s->domain);
    while (up--)
        text_str(&t, "/" DOMAIN_OUTER);
    text_str(&t, "/" DOMAIN_LEAKS);
    text_done(&t);
    return !t.full && SYS3(SYS_faccessat, AT_FDCWD, path, 0) == 0;
}

/* Some run around us was started with --track. */
static bool reports_leaks(struct look *look)
{
    const struct state *s = look->state;

    if (look->reports_leaks < 0) {
        look->reports_leaks = 0;
        for (unsigned up = 0; s->domain[0] && up < s->run_count && !look->reports_leaks; up++)
            look->reports_leaks = s->runs[up].ring.at && is_there(s, up);
    }
    return look->reports_leaks;
}

static bool is_exempt(const struct look *look, int fd)
{
    return fd < LISTEN_FDS_START || fd - LISTEN_FDS_START < look->announced;
}

static void judge(void *ctx, int fd)
{
    struct look *look = ctx;
    const struct state *s = look->state;
    struct inherited i = {.query = {.perm = POLICY_INHERIT, .fd = fd, .exempt = is_exempt(look, fd)},
                          .socket = {.fd = fd, .origin = &i.origin}};

    if (sys_getsockopt_int(fd, SO_DOMAIN, &i.query.family) < 0)
        return; /* no socket */
    if (SYS3(SYS_fcntl, fd, F_GETFD, 0) & FD_CLOEXEC)
        return; /* made since then, by whoever was initialised before */
    gather(&i, fd);
    if (s->log.where == LOG_FD && s->log.fd == fd && s->log.ino == i.socket.inode) {
        name_release(&i.name);
        return; /* ours */
    }
    int result = decide(s, &i);
    if (result == UNSAID && !i.query.exempt && reports_leaks(look)) {
        record_leak(complete(&i), s->layer_count ? &s->layers[0].policy : NULL, &i.socket);
        tally(COUNT_LEAK);
    }
    name_release(&i.name);
    if (result == CUT)
        cut(fd);
}

/* Without /proc, or with every descriptor in use. */
static void judge_numbers(struct look *look)
{
    enum { LEAST = 1024, MOST = 65536 };
    struct rlimit64 limit = {.rlim_cur = 0};
    int end = LEAST;

    SYS4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    if (limit.rlim_cur > LEAST)
        end = limit.rlim_cur < MOST ? (int)limit.rlim_cur : MOST;
    for (int fd = 0; fd < end; fd++)
        judge(look, fd);
}

/* How many descriptors somebody announced to this process (sd_listen_fds(3)). */
static int announced(const struct environment *env)
{
    uint64_t pid = 0, count = 0;

    if (!env->listen_pid || !env->listen_fds)
        return 0;
    for (const char *p = env->listen_pid; *p >= '0' && *p <= '9' && pid < INT32_MAX; p++)
        pid = pid * 10 + (uint64_t)(*p - '0');
    for (const char *p = env->listen_fds; *p >= '0' && *p <= '9' && count < INT32_MAX / 16; p++)
        count = count * 10 + (uint64_t)(*p - '0');
    return pid == (uint64_t)sys_getpid() ? (int)count : 0;
}

static bool mediated(const struct state *s)
{
    for (unsigned i = 0; i < s->layer_count; i++)
        if (policy_mediates_inherit(&s->layers[i].policy))
            return true;
    return false;
}

void inherit_judge(const struct state *s, const struct environment *env)
{
    struct look look = {.state = s, .announced = announced(env), .reports_leaks = -1};

    if (!s->tracks && !mediated(s))
        return;
    if (descriptors_each(judge, &look) < 0)
        judge_numbers(&look);
}

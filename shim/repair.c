#include "repair.h"

#include <stdatomic.h>
#include <string.h>

#include "policy/text.h"
#include "record.h"
#include "scratch.h"
#include "sys.h"
#include "tally.h"

/* --- What it may have meant --------------------------------------------------- */

enum file { FILE_ABSENT, FILE_SOCKET, FILE_DIRECTORY, FILE_OTHER };

static enum file look(const char *path, int flags, struct stat *st)
{
    long err = SYS4(SYS_newfstatat, AT_FDCWD, path, st, flags);

    if (err < 0)
        return FILE_ABSENT; /* or hidden; then the call itself will tell */
    return S_ISSOCK(st->st_mode) ? FILE_SOCKET : S_ISDIR(st->st_mode) ? FILE_DIRECTORY : FILE_OTHER;
}

struct search {
    const char *path;
    size_t len;
    const char *meant;   /* the first candidate */
    const char *or_this; /* another one */
    bool unlikely;       /* the first looks like no socket's name */
    bool there;          /* ... is a socket: */
    uint64_t dev, ino;
    bool spelt_out;      /* somebody told the program just the name it uses */
    bool in_directory;   /* it is the start of a directory's name */
};

static size_t directory_of(const char *name)
{
    return (size_t)(strrchr(name, '/') ? strrchr(name, '/') - name : 0);
}

/* 0: it is not there. */
static size_t depth(const char *name, char *room)
{
    struct stat st;
    size_t len = directory_of(name);

    memcpy(room, name, len);
    room[len] = '\0';
    return len && look(room, 0, &st) == FILE_DIRECTORY ? len : 0;
}

/* Of two readings of a name none of which is a socket yet: is the later, less likely one to be
 * preferred? Where it leads into a directory that exists. */
static bool is_deeper(const char *later, const char *first)
{
    char *room = directory_of(later) > directory_of(first) ? scratch_take() : NULL;
    bool yes = room && depth(later, room) > depth(first, room);

    if (room)
        scratch_give(room);
    return yes;
}

/* A name that was cut, or several: the readings of one. */
struct choice {
    const char *name;
    enum file file;
    struct stat st;
};

static void read_as(struct search *s, struct choice *c, const char *name)
{
    struct stat st;

    if (strncmp(name, s->path, s->len) != 0 || c->file == FILE_SOCKET)
        return;
    enum file file = look(name, 0, &st);
    if (file == FILE_DIRECTORY && name[s->len])
        s->in_directory = true;
    if (file != FILE_SOCKET && (file != FILE_ABSENT || (c->name && !is_deeper(name, c->name))))
        return;
    c->name = name;
    c->file = file;
    c->st = st;
}

/* Programs are often told of other files next to their socket. */
static bool looks_like_a_file(const char *name)
{
    static const char endings[] = ".pid.log.lock.conf.cfg.ini.json.yaml.yml.toml.xml.txt.out.err.db.";
    const char *dot = strrchr(name, '.');
    size_t len = dot ? strlen(dot) : 0;

    for (const char *at = endings; len > 1 && (at = strstr(at, dot)); at++)
        if (at[len] == '.')
            return true;
    return false;
}

static void add(struct search *s, const struct choice *c)
{
    if (!c->name)
        return;
    if (!c->name[s->len]) {
        s->spelt_out = true;
        return;
    }
    bool there = c->file == FILE_SOCKET, unlikely = !there && looks_like_a_file(c->name);
    bool same = there && s->there && s->dev == c->st.st_dev && s->ino == c->st.st_ino;
    if (s->meant && (same || strcmp(s->meant, c->name) == 0))
        return;
    if (s->meant && s->unlikely <= unlikely) {
        if (s->unlikely == unlikely)
            s->or_this = c->name;
        return;
    }
    s->meant = c->name;
    s->or_this = NULL;
    s->unlikely = unlikely;
    s->there = there;
    s->dev = there ? c->st.st_dev : 0;
    s->ino = there ? c->st.st_ino : 0;
}

static void search_suspects(struct search *s)
{
    for (unsigned i = 0; i < state->suspect_count;) {
        struct choice c = {.file = FILE_ABSENT};

        do
            read_as(s, &c, state->suspects[i]);
        while (++i < state->suspect_count && state->suspects[i][-1] == SUSPECT_AGAIN);
        add(s, &c);
    }
}

static void search_targets(struct search *s)
{
    const char *target;

    for (unsigned l = 0; state->maps && l < state->layer_count; l++)
        for (unsigned i = 0; (target = policy_map_target(&state->layers[l].policy, i)); i++) {
            struct choice c = {.file = FILE_ABSENT};

            read_as(s, &c, target);
            add(s, &c);
        }
}

/* --- What to say --------------------------------------------------------------- */

enum why { WHY_OFF, WHY_SEVERAL, WHY_THERE, WHY_UNKNOWN };

/* A program that tries again and again is told once. */
static bool said(const char *operation, const char *name, enum why why)
{
    static _Atomic uint64_t bits[4];
    uint32_t hash = 2166136261u ^ (uint32_t)why;

    for (const char *at = operation; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    for (const char *at = name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    hash ^= hash >> 16;
    uint64_t bit = 1ull << (hash & 63);
    return atomic_fetch_or_explicit(&bits[hash >> 6 & 3], bit, memory_order_relaxed) & bit;
}

static void explain(struct text *t, const struct search *s, enum why why)
{
    text_str(t, why == WHY_THERE ? "the address may have been cut to " : "the address was cut to ");
    text_unsigned(t, s->len);
    text_str(t, " bytes: ");
    if (why == WHY_OFF) {
        text_str(t, "intended has ");
        text_unsigned(t, strlen(s->meant));
    }
    text_str(t, why == WHY_OFF       ? "; use sunshim run --repair (or --long-paths)"
                : why == WHY_SEVERAL ? "ambiguous, so nothing is changed; use sunshim run --shorten"
                : why == WHY_UNKNOWN ? "what it was is not known; use sunshim run --shorten"
                                     : "a file of just that name is there, so nothing is changed");
}

static void say(const char *operation, const struct search *s, enum why why)
{
    char hint[160];
    struct text t = text_into(hint, sizeof hint);
    struct record_cut cut = {
        .addr = s->path, .len = s->len, .limit = REPAIR_CUT, .intended = s->meant, .or_this = s->or_this};

    tally(why == WHY_THERE ? COUNT_HINT : COUNT_TRUNCATED);
    if (said(operation, s->meant ? s->meant : s->path, why))
        return;
    explain(&t, s, why);
    record_cut(operation, &cut, text_done(&t));
}

/* The name that is used leads to something already. A directory is nothing that a
 * socket could be bound to. */
static bool is_genuine(const struct search *s, bool binds)
{
    struct stat st;
    enum file file = look(s->path, binds ? AT_SYMLINK_NOFOLLOW : 0, &st);

    return binds ? file == FILE_SOCKET || file == FILE_OTHER : file == FILE_SOCKET;
}

enum repair repair_path(const char *operation, const char *path, size_t len, bool binds, const char **whole)
{
    struct search s = {.path = path, .len = len};

    search_suspects(&s);
    search_targets(&s);
    if (!s.meant && (s.spelt_out || !s.in_directory))
        return REPAIR_NONE;
    bool genuine = is_genuine(&s, binds);
    if (genuine || s.spelt_out) {
        if (s.meant && (s.there || (genuine && binds)))
            say(operation, &s, genuine ? WHY_THERE : WHY_SEVERAL);
        return REPAIR_NONE;
    }
    if (s.meant && !s.or_this && state->repairs) {
        tally(COUNT_REPAIRED);
        *whole = s.meant;
        return REPAIR_MADE;
    }
    say(operation, &s, s.or_this ? WHY_SEVERAL : s.meant ? WHY_OFF : WHY_UNKNOWN);
    return REPAIR_NONE;
}

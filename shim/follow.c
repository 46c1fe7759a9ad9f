#include "follow.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "policy/text.h"
#include "real.h"
#include "say.h"
#include "state.h"
#include "sys.h"

#define PRELOAD "LD_PRELOAD="
#define OWN "SUNSHIM_"
#define REPORT "SUNSHIM_REPORT="
#define LIBRARY "libsunshim.so"

static bool starts(const char *entry, const char *with)
{
    while (*with && *entry == *with)
        entry++, with++;
    return !*with;
}

/* --- What is kept --------------------------------------------------------- */

static char *take(struct follow *f, size_t size)
{
    char *at = f->bytes + f->used;

    if (size > sizeof f->bytes - f->used) {
        at = sys_map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        if (!at)
            say_fatal("environment", "no memory");
        return at;
    }
    f->used += (unsigned)size;
    return at;
}

/* The last of several of one name counts, as for the loader and for us. */
static unsigned place(const struct follow *f, const char *name, size_t len)
{
    unsigned i = 0;

    while (i < f->count && (f->kept[i].name != len || memcmp(f->kept[i].text, name, len) != 0))
        i++;
    return i;
}

/* Returns the text; NULL when there is no room for more. */
static const char *keep(struct follow *f, const char *name, size_t name_len, const char *value, size_t len)
{
    unsigned i = place(f, name, name_len);

    if (i == FOLLOW_MAX)
        return NULL;
    char *text = take(f, name_len + len + 1);
    memcpy(text, name, name_len);
    memcpy(text + name_len, value, len);
    text[name_len + len] = '\0';
    f->kept[i].text = text;
    f->kept[i].name = (unsigned)name_len;
    f->count += i == f->count;
    if (text < f->bytes || text >= f->bytes + sizeof f->bytes)
        sys_protect(text, name_len + len + 1, PROT_READ);
    return text;
}

static void keep_first(struct follow *f, const char *name, const char *value)
{
    size_t len = strlen(name);

    /* With its own name the first has handed it on to us. */
    if (value && place(f, name, len) == f->count && keep(f, name, len, value, strlen(value)))
        f->kept[f->count - 1].mirror = true;
}

static bool separates(char c)
{
    return c == ':' || c == ' ';
}

/* LD_PRELOAD's parts are separated by colons and blanks (ld.so(8)). Returns the
 * next one's length and sets *part to it; 0 at the end. */
static size_t next_part(const char **part)
{
    size_t len = 0;

    while (separates(**part))
        ++*part;
    while ((*part)[len] && !separates((*part)[len]))
        len++;
    return len;
}

static bool named_library(const char *part, size_t len)
{
    size_t n = sizeof LIBRARY - 1;

    return len >= n && memcmp(part + len - n, LIBRARY, n) == 0 && (len == n || part[len - n - 1] == '/');
}

static bool is_same(const char *part, size_t len, const char *name)
{
    return name && strlen(name) == len && memcmp(part, name, len) == 0;
}

/* By its usual name, or by the one that the loader knows it by. */
static void keep_library(struct follow *f, char *const *envp)
{
    const char *self = real_self(), *found = NULL, *list = "";
    size_t found_len = 0, len;

    for (; *envp; envp++)
        if (starts(*envp, PRELOAD))
            list = *envp + sizeof PRELOAD - 1;
    for (const char *part = list; !found && (len = next_part(&part)); part += len)
        if (named_library(part, len) || is_same(part, len, self))
            found = part, found_len = len;
    if (!found && self[0] == '/' && (len = next_part(&self)) == strlen(self))
        found = self, found_len = len; /* the loader was told by another way */
    if (!found)
        return;
    const char *text = keep(f, PRELOAD, sizeof PRELOAD - 1, found, found_len);
    f->library = text ? text + sizeof PRELOAD - 1 : NULL;
}

void follow_prepare(struct follow *f, char *const *envp, const struct environment *env)
{
    keep_library(f, envp);
    for (; *envp; envp++)
        if (starts(*envp, OWN) && !starts(*envp, REPORT) && strchr(*envp, '=')) {
            size_t name = (size_t)(strchr(*envp, '=') - *envp) + 1;

            keep(f, *envp, name, *envp + name, strlen(*envp + name));
        }
    if (env->domain) /* not in the environment, perhaps: environment.h */
        keep(f, "SUNSHIM_DOMAIN=", sizeof "SUNSHIM_DOMAIN=" - 1, env->domain, strlen(env->domain));
    if (env->policy) {
        keep_first(f, "SUNSHIM_HOME=", env->home);
        keep_first(f, "SUNSHIM_XDG_RUNTIME_DIR=", env->runtime_dir);
        keep_first(f, "SUNSHIM_XDG_CONFIG_HOME=", env->config_home);
        keep_first(f, "SUNSHIM_TMPDIR=", env->tmpdir);
    }
    f->off = env->follow && strcmp(env->follow, "0") == 0;
}

/* --- What a child gets ------------------------------------------------------ */

struct sight {
    struct follow_plan *plan;
    const char *list;     /* LD_PRELOAD's last value, or NULL */
    const char *library;  /* in there, one of ours ... */
    size_t len;           /* ... of so many bytes */
};

static void look_at_list(struct sight *s)
{
    size_t len;

    for (const char *part = s->list; part && !s->library && (len = next_part(&part)); part += len)
        if (named_library(part, len) || is_same(part, len, state->follow.library)) {
            s->library = part;
            s->len = len;
        }
}

static void look_at_entry(struct sight *s, size_t at)
{
    const struct follow *f = &state->follow;
    const char *entry = s->plan->envp[at];

    if (starts(entry, PRELOAD)) {
        s->list = entry + sizeof PRELOAD - 1;
        s->plan->preload = at;
    }
    if (entry[0] != 'L' && entry[0] != 'H' && entry[0] != 'X' && entry[0] != 'T' && !starts(entry, OWN))
        return;
    for (unsigned i = 0; i < f->count; i++)
        if (strncmp(entry, f->kept[i].text, f->kept[i].name) == 0 ||
            (f->kept[i].mirror && strcmp(entry, f->kept[i].text + sizeof OWN - 1) == 0))
            s->plan->missing &= ~(1u << i);
}

static bool misses(const struct follow_plan *p, const char *name)
{
    unsigned i = place(&state->follow, name, strlen(name));

    return i < state->follow.count && p->missing >> i & 1;
}

/* The library itself leads to its run (environment.h). */
static bool leads_to_domain(const struct sight *s)
{
    unsigned i = place(&state->follow, "SUNSHIM_DOMAIN=", sizeof "SUNSHIM_DOMAIN=" - 1);
    const char *domain = state->follow.kept[i].text + sizeof "SUNSHIM_DOMAIN=" - 1;
    size_t len = strlen(domain);

    return s->len == len + sizeof LIBRARY && memcmp(s->library, domain, len) == 0;
}

/* Behind chroot(2), in another mount namespace, as another user, or after the
 * end of the run the loader may not find the library; it says so and goes on. */
static bool out_of_reach(const struct sight *s)
{
    const char *library = state->follow.library;

    if (!library || !strchr(library, '/') || strchr(library, '$') ||
        (s->library && !is_same(s->library, s->len, library)))
        return false;
    long err = SYS4(SYS_faccessat2, AT_FDCWD, library, R_OK, AT_EACCESS);
    return err < 0 && err != -ENOSYS && err != -EPERM; /* an old kernel, an old filter */
}

static const char *lost(const struct sight *s)
{
    if (out_of_reach(s))
        return "library not reachable";
    if (!state->follow.off)
        return NULL;
    if (state->follow.library && !s->library)
        return "without LD_PRELOAD";
    if (misses(s->plan, "SUNSHIM_POLICY="))
        return "without SUNSHIM_POLICY";
    return misses(s->plan, "SUNSHIM_DOMAIN=") && !leads_to_domain(s) ? "without SUNSHIM_DOMAIN" : NULL;
}

static size_t room_for(const struct follow_plan *p, const struct sight *s)
{
    size_t entries = p->count + 1 + (size_t)__builtin_popcount(p->missing);
    size_t list = p->preload < p->count ? strlen(state->follow.library) + 1 + strlen(s->list) + sizeof PRELOAD : 0;

    return p->missing || list ? entries * sizeof(char *) + list : 0;
}

void follow_look(struct follow_plan *p, char *const *envp)
{
    const struct follow *f = &state->follow;
    struct sight s = {.plan = p};
    char *first;

    *p = (struct follow_plan){.envp = envp};
    if (envp && copy_in(&first, envp, sizeof first) < 0)
        return; /* the kernel will say EFAULT */
    p->missing = (uint32_t)((1ull << f->count) - 1);
    for (; envp && envp[p->count]; p->count++)
        look_at_entry(&s, p->count);
    look_at_list(&s);
    if (!s.list || s.library || !f->library)
        p->preload = p->count;
    p->lost = lost(&s);
    if (!p->lost && !f->off)
        p->room = room_for(p, &s);
}

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len);
    return at + len;
}

char *const *follow_fill(const struct follow_plan *p, void *room)
{
    const struct follow *f = &state->follow;
    char **out = room;
    size_t n = p->count;

    if (n)
        memcpy(out, p->envp, n * sizeof *out);
    for (unsigned i = 0; i < f->count; i++)
        if (p->missing >> i & 1)
            out[n++] = (char *)(uintptr_t)f->kept[i].text;
    out[n] = NULL;
    if (p->preload < p->count) {
        char *at = (char *)(out + n + 1);

        out[p->preload] = at;
        at = put(put(put(at, PRELOAD), f->library), ":");
        at[0] = '\0';
        *put(at, p->envp[p->preload] + sizeof PRELOAD - 1) = '\0';
    }
    return out;
}

/* --- For a shell ------------------------------------------------------------- */

/* What would be written, counted whether or not there is room for it. */
struct out {
    char *at;
    size_t len;
};

static void emit(struct out *o, const char *bytes, size_t len)
{
    if (o->at)
        memcpy(o->at + o->len, bytes, len);
    o->len += len;
}

/* Within single quotes everything is what it is, but for themselves. */
static void emit_quoted(struct out *o, const char *value)
{
    for (const char *p = value; *p; p++)
        *p == '\'' ? emit(o, "'\\''", 4) : emit(o, p, 1);
}

static void emit_export(struct out *o, const char *name, size_t len, const char *value, const char *between,
                        const char *more)
{
    emit(o, "export ", 7);
    emit(o, name, len);
    emit(o, "'", 1);
    emit_quoted(o, value);
    emit_quoted(o, between);
    emit_quoted(o, more);
    emit(o, "'; ", 3);
}

/* The bytes of NAME= where a shell takes NAME for a variable's, else 0. */
static size_t shell_name(const char *entry)
{
    size_t n = 0;

    while (entry[n] == '_' || (unsigned)((entry[n] | 0x20) - 'a') < 26 || (n && (unsigned)(entry[n] - '0') < 10))
        n++;
    return n && entry[n] == '=' ? n + 1 : 0;
}

static void emit_changed(struct out *o, char *const *envp, char *const *was)
{
    for (; *envp; envp++, was++) {
        size_t name = *envp == *was ? 0 : shell_name(*envp);

        if (name)
            emit_export(o, *envp, name, *envp + name, "", "");
    }
}

size_t follow_exports(const struct follow_plan *p, char *const *was, const char *command, char *line)
{
    const struct follow *f = &state->follow;
    struct out o = {line, 0};

    if (was)
        emit_changed(&o, p->envp, was);
    for (unsigned i = 0; i < f->count && p->room; i++)
        if (p->missing >> i & 1)
            emit_export(&o, f->kept[i].text, f->kept[i].name, f->kept[i].text + f->kept[i].name, "", "");
    if (p->room && p->preload < p->count) {
        const char *list = p->envp[p->preload] + sizeof PRELOAD - 1;

        emit_export(&o, PRELOAD, sizeof PRELOAD - 1, f->library, ":", list);
    }
    emit(&o, command, strlen(command) + 1);
    return o.len;
}

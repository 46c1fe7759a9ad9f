#include "load.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "policy/text.h"
#include "say.h"
#include "search.h"
#include "sys.h"

static struct active_layer *new_layer(struct state *s, const char *name)
{
    if (s->layer_count == LAYERS_MAX)
        say_fatal(name, "too many policies: the limit is 64 layers");
    return &s->layers[s->layer_count++];
}

/* --- Layers that `sunshim run` compiled --------------------------------- */

static const void *map_file(const char *path, size_t *len)
{
    struct stat st;
    int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0)
        say_fatal_errno(path, fd);
    int err = sys_fstat(fd, &st);
    const void *at = err < 0 || st.st_size <= 0 ? NULL : sys_map((size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd);
    sys_close(fd);
    if (!at)
        say_fatal(path, "cannot be mapped");
    *len = (size_t)st.st_size;
    return at;
}

static void load_domain(struct state *s, const char *domain)
{
    static char path[PATH_BYTES]; /* not for a small stack; the constructor runs once */
    struct text t = text_into(path, sizeof path);
    struct layer layer;
    size_t len;

    text_str(&t, domain);
    text_str(&t, "/policy");
    text_done(&t);
    if (t.full)
        say_fatal("SUNSHIM_DOMAIN", "longer than a path can be");
    const void *file = map_file(path, &len);
    int count = layers_check(file, len);
    s->no_memory = layers_flags(file, len) & LAYERS_NO_MEMORY;
    if (count < 0)
        say_fatal(path, "not the policies of a run of this version, or damaged");
    for (int i = 0; i < count; i++) {
        if (layers_get(file, len, (uint32_t)i, &layer) < 0)
            say_fatal(path, "damaged");
        struct active_layer *active = new_layer(s, path);
        /* Checked whole by the launcher; only its owner can have changed it since. */
        if (policy_adopt(&active->policy, layer.blob, layer.len) < 0)
            say_fatal(path, "a policy compiled by another version of sunshim");
        active->complain = layer.flags & LAYER_COMPLAIN;
        active->up = layer.up;
    }
}

/* --- Policies as text --------------------------------------------------- */

static const char *why_unread(int err)
{
    switch (err) {
    case -ENOENT:
        return "no such policy (a name without a slash is looked for as NAME.policy in $XDG_CONFIG_HOME/sunshim, "
               "/etc/sunshim and next to the library)";
    case -EISDIR:
        return "is a directory, not a policy";
    case -EINVAL:
        return "is not a regular file";
    case -EFBIG:
        return "is larger than the limit of 16 MiB";
    default:
        return policy_errno_name(-err) ? policy_errno_name(-err) : "cannot be read";
    }
}

/* The directory part of `path`, for includes relative to the file. */
static const char *directory_of(struct workspace *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    char *dir = workspace_take(w, len + 1);

    memcpy(dir, path, len);
    return dir;
}

/* "/run/user/UID", which is what XDG_RUNTIME_DIR is where nobody set it. */
static const char *runtime_dir(struct workspace *w, const char *uid)
{
    struct text t = text_into(workspace_take(w, 48), 48);

    text_str(&t, "/run/user/");
    text_str(&t, uid);
    return text_done(&t);
}

static const char *own_uid(struct workspace *w)
{
    struct text t = text_into(workspace_take(w, 24), 24);

    text_unsigned(&t, (unsigned)SYS0(SYS_getuid));
    return text_done(&t);
}

static void compile(struct state *s, struct workspace *w, struct policy_input *in)
{
    const void *blob;
    size_t len;

    if (policy_compile(in, &w->arena, &blob, &len) < 0)
        say_fatal(in->name, "the policy has errors; the program was not started");
    struct active_layer *active = new_layer(s, in->name);
    active->text = true;
    if (policy_adopt(&active->policy, workspace_keep(w, blob, len), len) < 0)
        say_fatal(in->name, "cannot be compiled");
}

static void load_text(struct state *s, const struct environment *env, struct workspace *w, struct search *search,
                      const char *name)
{
    char *path = workspace_take(w, PATH_BYTES);
    struct policy_file file;

    if (!search->count && !strchr(name, '/'))
        search_start(search, env);
    int err = search_read(w, search, name, path, &file);
    if (err)
        say_fatal(name, why_unread(err));
    if (!search->count && memmem(file.text, file.len, "include", 7))
        search_start(search, env);
    struct policy_input in = {
        .name = path,
        .text = file.text,
        .len = file.len,
        .dir = directory_of(w, path),
        .files = &w->files,
        .search = search->dirs,
        .home = env->home,
        .uid = own_uid(w),
        .tmpdir = env->tmpdir ? env->tmpdir : "/tmp",
        .report = say_diag,
    };
    in.runtime_dir = env->runtime_dir ? env->runtime_dir : runtime_dir(w, in.uid);
    compile(s, w, &in);
}

/* SUNSHIM_POLICY: several are separated by ':'. Empty parts are passed over. */
static void load_texts(struct state *s, const struct environment *env)
{
    static struct search search; /* filled when a name or an include asks for it */
    struct workspace w;

    workspace_start(&w);
    for (const char *p = env->policy, *end; *p; p = *end ? end + 1 : end) {
        for (end = p; *end && *end != ':'; end++)
            ;
        if (end == p)
            continue;
        char *name = workspace_take(&w, (size_t)(end - p) + 1);
        memcpy(name, p, (size_t)(end - p));
        load_text(s, env, &w, &search, name);
    }
    workspace_end(&w);
    if (!s->layer_count)
        say_fatal("SUNSHIM_POLICY", "names no policy");
}

/* --- Profiles ----------------------------------------------------------- */

static bool any_profiles(const struct state *s)
{
    for (unsigned i = 0; i < s->layer_count; i++)
        if (policy_profile_count(&s->layers[i].policy) > 1) /* the bare rules are one */
            return true;
    return false;
}

static void choose_profiles(struct state *s, const char *forced)
{
    static char exe[PATH_BYTES];
    bool found = !forced;

    if (!forced && !any_profiles(s)) /* /proc is slow for a process this young */
        return;
    long len = sys_readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[len > 0 ? len : 0] = '\0';
    for (unsigned i = 0; i < s->layer_count; i++) {
        struct policy *p = &s->layers[i].policy;

        if (forced && policy_select(p, exe, forced) == 0)
            found = true;
        else
            policy_select(p, exe, NULL);
    }
    if (!found)
        say_fatal(forced, "no such profile in any policy (SUNSHIM_PROFILE, --profile)");
}

/* Layers of one run count from its outermost; those of texts come last. */
static void number_layers(struct state *s)
{
    unsigned count[RUNS_MAX] = {0};

    for (unsigned i = 0; i < s->layer_count; i++)
        s->layers[i].nth = count[s->layers[i].up]++;
}

static bool any_maps(const struct state *s)
{
    for (unsigned i = 0; i < s->layer_count; i++)
        if (policy_map_target(&s->layers[i].policy, 0))
            return true;
    return false;
}

void load_layers(struct state *s, const struct environment *env)
{
    if (env->domain)
        load_domain(s, env->domain);
    if (env->policy)
        load_texts(s, env);
    number_layers(s);
    if (s->layer_count)
        choose_profiles(s, env->profile);
    s->maps = any_maps(s);
}

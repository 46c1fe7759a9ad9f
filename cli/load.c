#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "install.h"

enum { SEARCH_MAX = DIRS_MAX + 8, NAMES_MAX = 256 };

static const char *home_dir(void)
{
    const char *home = getenv("HOME");

    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : NULL;
    }
    return home;
}

static const char *config_dir(void)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = home_dir();

    if (xdg && *xdg == '/')
        return format_new("%s/sunshim", xdg);
    return home ? format_new("%s/.config/sunshim", home) : NULL;
}

/* The directories for names and <...>, in order. */
static unsigned search_fill(const struct options *o, const char **dirs)
{
    unsigned n = 0;

    for (unsigned i = 0; i < o->dir_count; i++)
        dirs[n++] = o->dirs[i];
    if ((dirs[n] = config_dir()))
        n++;
    dirs[n++] = "/etc/sunshim";
    for (const char *const *p = install_policies(); *p; p++)
        dirs[n++] = *p;
    dirs[n] = NULL;
    return n;
}

static const char *const *name_dirs(const struct options *o)
{
    const char **dirs = allocate(SEARCH_MAX * sizeof *dirs);

    search_fill(o, dirs);
    return dirs;
}

static const char *const *include_dirs(const struct options *o)
{
    const char **dirs = allocate(SEARCH_MAX * sizeof *dirs);
    unsigned n = search_fill(o, dirs);

    dirs[n] = "/etc/apparmor.d";
    return dirs;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);

    return n > s && !strcmp(name + n - s, suffix);
}

/* The names of all policies in `dirs`, NULL-terminated. */
static const char *const *names_in(const char *const *dirs)
{
    static const char *names[NAMES_MAX + 1];
    unsigned n = 0;

    for (; *dirs; dirs++) {
        DIR *dir = opendir(*dirs);

        for (struct dirent *d; dir && n < NAMES_MAX && (d = readdir(dir));)
            if (has_suffix(d->d_name, ".policy"))
                names[n++] = format_new("%.*s", (int)strlen(d->d_name) - 7, d->d_name);
        if (dir)
            closedir(dir);
    }
    return names;
}

static void say_not_found(const char *name, const char *const *dirs)
{
    const char *near = suggest(name, names_in(dirs));

    if (near)
        say("no policy '%s'; did you mean '%s'? Looked for:", name, near);
    else
        say("no policy '%s'; looked for:", name);
    for (; *dirs; dirs++)
        fprintf(stderr, "    %s/%s.policy\n", *dirs, name);
    if (!access(name, F_OK))
        fprintf(stderr, "  a file in the current directory is written ./%s\n", name);
}

static const char *find_name(const char *name, const char *const *dirs)
{
    const char *suffix = has_suffix(name, ".policy") ? "" : ".policy";

    for (; *dirs; dirs++) {
        char *path = format_new("%s/%s%s", *dirs, name, suffix);

        if (!access(path, F_OK))
            return path;
        free(path);
    }
    return NULL;
}

const char *load_find(const struct options *o, const struct source *s)
{
    const char *const *dirs = name_dirs(o);
    const char *path;

    if (strchr(s->arg, '/') || s->kind == SOURCE_APPARMOR)
        return s->arg;
    if (s->kind == SOURCE_OPERAND && strchr(s->arg, '.') && !access(s->arg, F_OK))
        return s->arg;
    if (!*s->arg || !(path = find_name(s->arg, dirs))) {
        say_not_found(s->arg, dirs);
        return NULL;
    }
    return path;
}

struct policy_input load_input(const struct options *o, unsigned flags)
{
    const char *tmp = getenv("TMPDIR"), *runtime = getenv("XDG_RUNTIME_DIR");

    return (struct policy_input){
        .files = &policy_files,
        .search = include_dirs(o),
        .home = home_dir(),
        .uid = format_new("%u", getuid()),
        .runtime_dir = runtime && *runtime ? runtime : format_new("/run/user/%u", getuid()),
        .tmpdir = tmp && *tmp == '/' ? tmp : "/tmp",
        .flags = flags,
        .report = diag_print,
    };
}

static int compile(struct policy_input *in, struct loaded *out)
{
    struct arena arena = new_arena;
    int err;

    in->report_ctx = &out->count;
    out->input = *in;
    err = policy_compile(in, &arena, &out->blob, &out->len);
    if (!err)
        err = policy_open(&out->policy, out->blob, out->len);
    if (err && !out->count.errors)
        diag_file(in->name, POLICY_ERROR, strerror(-err));
    return err ? EXIT_SUNSHIM : 0;
}

/* The rule comes first so that its columns are right. */
const char *load_rule_text(const char *rule)
{
    size_t len = strlen(rule);

    while (len && strchr(" \t\n", rule[len - 1]))
        len--;
    return format_new("%s%s\nallow all,\n", rule, len && strchr(",}", rule[len - 1]) ? "" : ",");
}

/* What one of several is called in records: "--rule", "--rule#2". */
static const char *rule_name(const struct options *o, const struct source *s)
{
    unsigned n = 1;

    for (const struct source *i = o->sources; i < o->sources + o->source_count && i != s; i++)
        n += i->kind == SOURCE_RULE;
    return n == 1 ? "--rule" : format_new("--rule#%u", n);
}

static int load_rule(const struct options *o, const struct source *s, unsigned flags, struct loaded *out)
{
    struct policy_input in = load_input(o, flags);

    out->path = in.name = rule_name(o, s);
    in.text = load_rule_text(s->arg);
    in.len = strlen(in.text);
    return compile(&in, out);
}

static int load_file(const struct options *o, const char *path, unsigned flags, struct loaded *out)
{
    struct policy_input in = load_input(o, flags);
    struct policy_file file;
    const char *slash = strrchr(path, '/');
    int err = policy_files.read(NULL, path, &file);

    out->path = in.name = path;
    if (err) {
        diag_file(path, POLICY_ERROR, read_failure(path, -err));
        out->unread = true;
        return EXIT_SUNSHIM;
    }
    in.text = file.text;
    in.len = file.len;
    in.dir = slash ? format_new("%.*s", slash == path ? 1 : (int)(slash - path), path) : ".";
    return compile(&in, out);
}

int load_one(const struct options *o, const struct source *s, unsigned flags, struct loaded *out)
{
    const char *path;

    *out = (struct loaded){0};
    if (s->kind == SOURCE_RULE)
        return load_rule(o, s, flags, out);
    if (s->kind == SOURCE_APPARMOR)
        flags |= POLICY_INPUT_APPARMOR;
    if ((path = load_find(o, s)))
        return load_file(o, path, flags, out);
    out->unread = true;
    return EXIT_SUNSHIM;
}

int load_all(const struct options *o, unsigned flags, struct loaded *out)
{
    int status = 0;

    for (unsigned i = 0; i < o->source_count; i++)
        status |= load_one(o, &o->sources[i], flags, &out[i]);
    return status;
}

bool load_has(struct loaded *layers, unsigned count, const char *profile)
{
    for (unsigned i = 0; i < count; i++)
        if (!policy_select(&layers[i].policy, NULL, profile))
            return true;
    return false;
}

int load_select(struct loaded *layers, unsigned count, const char *exe, const char *name)
{
    bool found = !name;

    for (unsigned i = 0; i < count; i++) {
        int err = policy_select(&layers[i].policy, exe, name);

        if (!err)
            found = true;
        else if (err != -ENOENT || policy_select(&layers[i].policy, exe, NULL))
            return fail("%s: %s", layers[i].path, strerror(-err));
    }
    if (!found && !count)
        return fail("no profile '%s': no policy was given", name);
    return found ? 0 : fail("no profile '%s' in %s%s", name, layers[0].path, count > 1 ? " and the others" : "");
}

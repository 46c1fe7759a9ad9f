/* --try: each remedy for real, in the directory that is asked about, in a child. The
 * sockets' names say which process made them: whoever comes after a kill -9 removes
 * them. Signals wait until what was made is gone. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

#define OWN ".sunshim-doctor-"
enum { SHORT = 40 }; /* a temporary directory with a longer name is none to link from */

struct trying {
    struct doctor *d;
    char name[NAME_MAX + 1]; /* of the socket, as long as the last component */
    char *whole;             /* the directory as it was typed, and that name */
    char *target;            /* canonical name of the directory; NULL */
    char *short_dir;         /* holds a link to it; NULL */
    const char *self;
};

/* --- The ways ------------------------------------------------------------------------------- */

static int as_it_is(struct trying *t, int type, const char **step)
{
    return trial_run(type, t->whole, step);
}

static int through_cd(struct trying *t, int type, const char **step)
{
    *step = "fchdir";
    return fchdir(t->d->walk.dir) ? errno : trial_run(type, t->name, step);
}

static int through_proc(struct trying *t, int type, const char **step)
{
    return trial_run(type, format_new("/proc/self/fd/%d/%s", t->d->walk.dir, t->name), step);
}

static int through_link(struct trying *t, int type, const char **step)
{
    char *link = t->short_dir ? format_new("%s/d", t->short_dir) : NULL;

    *step = "symlink";
    if (!link || !t->target)
        return ENOENT;
    if (symlink(t->target, link) && errno != EEXIST)
        return errno;
    return trial_run(type, format_new("%s/%s", link, t->name), step);
}

static int without_name(struct trying *t, int type, const char **step)
{
    (void)t;
    return trial_run(type, format_new("@sunshim-doctor-%d", getpid()), step);
}

/* This very program under the library, as one that passes `name` as it is. */
static int run_self(struct trying *t, int type, const char *option, const char *value, char *name,
                    const char **step)
{
    const char *argv[] = {"sunshim", "run",     option,
                          value,     "--",      t->self,
                          "doctor",  "--trial", type == SOCK_STREAM ? "stream" : "dgram",
                          name,      NULL};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (!value) /* the option has none */
        memmove(argv + 3, argv + 4, sizeof argv - 4 * sizeof *argv);
    *step = "run";
    dup2(null, STDERR_FILENO);
    execv(t->self, (char **)argv);
    return errno;
}

static int through_library(struct trying *t, int type, const char **step)
{
    return run_self(t, type, "--long-paths", NULL, t->whole, step);
}

/* A word of a policy: what could end it, or mean something there, as \xHH. */
static char *policy_word(const char *text)
{
    char *word = allocate(4 * strlen(text) + 1), *out = word;

    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("/._-", *text))
            *out++ = *text;
        else
            out += sprintf(out, "\\x%02x", (unsigned char)*text);
    return word;
}

static int through_map(struct trying *t, int type, const char **step)
{
    *step = "map";
    if (!t->short_dir || !t->target)
        return ENOENT;
    char *rule = format_new("map %s/m/ -> \"%s/\",", policy_word(t->short_dir), policy_word(t->target));
    return run_self(t, type, "--rule", rule, format_new("%s/m/%s", t->short_dir, t->name), step);
}

struct way {
    const char *name;
    int (*go)(struct trying *t, int type, const char **step);
    bool remedy; /* for the length */
};

static const struct way ways[] = {
    {"as it is", as_it_is, false},
    {"--long-paths", through_library, true},
    {"cd", through_cd, true},
    {"short symlink", through_link, true},
    {"map", through_map, true},
    {"/proc/self/fd", through_proc, false},
    {"abstract name", without_name, false},
};

/* --- In a child -------------------------------------------------------------------------------- */

static _Noreturn void be_child(struct trying *t, const struct way *way, int type, int report)
{
    const char *step = "-";

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(report, STDOUT_FILENO);
    int err = way->go(t, type, &step);
    dprintf(STDOUT_FILENO, "%d %s\n", err, step);
    _exit(0);
}

static void hear(int from, int *error, const char **step)
{
    char text[64] = "", call[32] = "?";
    size_t len = 0;
    ssize_t n;

    while ((n = read(from, text + len, sizeof text - 1 - len)) > 0 || (n < 0 && errno == EINTR))
        len += n > 0 ? (size_t)n : 0;
    *error = EIO;
    if (sscanf(text, "%d %31s", error, call) != 2)
        *step = "run";
    else
        *step = format_new("%s", call);
}

/* In a directory that others may write to, a socket of theirs could have the name. */
static void remove_own(const struct trying *t)
{
    struct stat st;

    if (!fstatat(t->d->walk.dir, t->name, &st, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(st.st_mode) &&
        st.st_uid == geteuid())
        unlinkat(t->d->walk.dir, t->name, 0);
}

static void try_one(struct trying *t, const struct way *way, int type, int *error, const char **step)
{
    int ends[2], status;
    pid_t child = pipe2(ends, O_CLOEXEC) ? -1 : fork();

    if (child < 0) {
        *error = errno;
        *step = "fork";
        return;
    }
    if (!child)
        be_child(t, way, type, ends[1]);
    close(ends[1]);
    hear(ends[0], error, step);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    remove_own(t);
    if (t->short_dir)
        unlink(format_new("%s/d", t->short_dir));
}

/* --- What is left when somebody is killed -------------------------------------------------------- */

static bool is_left(int dir, const char *name, bool want_dir)
{
    struct stat st;
    int pid;

    return sscanf(name, OWN "%d-", &pid) == 1 && pid > 0 && kill(pid, 0) && errno == ESRCH &&
           !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_uid == geteuid() &&
           (want_dir ? S_ISDIR(st.st_mode) : S_ISSOCK(st.st_mode));
}

static void remove_left(struct doctor *d, int dir, const char *name, bool is_dir)
{
    int inner = is_dir ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

    if (inner >= 0) {
        unlinkat(inner, "d", 0);
        close(inner);
    }
    if (!unlinkat(dir, name, is_dir ? AT_REMOVEDIR : 0))
        remedy_add(finding_add(&d->findings, "left", NOTE,
                               "removed %s, which a killed 'sunshim doctor' had left", shown_short(name, 40)),
                   "nothing");
}

static void sweep(struct doctor *d, int at, const char *path, bool dirs)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

    for (struct dirent *e; list && (e = readdir(list));)
        if (!strncmp(e->d_name, OWN, sizeof OWN - 1) && is_left(fd, e->d_name, dirs))
            remove_left(d, fd, e->d_name, dirs);
    if (list)
        closedir(list);
}

/* --- All of it ------------------------------------------------------------------------------------- */

static bool possible(struct doctor *d)
{
    const struct walk *w = &d->walk;

    if (!w->error && S_ISDIR(w->st.st_mode)) {
        doctor_note(d, "nothing was tried: a socket's name in the directory is needed");
        return false;
    }
    if (w->dir >= 0 && *w->name && strlen(w->name) <= NAME_MAX &&
        (!w->error || (w->error == ENOENT && w->last)) && may_change(w->dir))
        return true;
    doctor_note(d, w->dir < 0 || (w->error && !(w->error == ENOENT && w->last))
                       ? "nothing was tried: the directory cannot be reached"
                       : "nothing was tried: the directory cannot be written to");
    return false;
}

static const char *short_place(void)
{
    const char *tmp = getenv("TMPDIR");

    return tmp && *tmp == '/' && strlen(tmp) <= SHORT && !access(tmp, W_OK | X_OK) ? tmp : "/tmp";
}

static void prepare(struct trying *t)
{
    const struct walk *w = &t->d->walk;
    size_t len = t->d->len, want = strlen(w->name), n;
    char self[PATH_MAX + 1];

    n = (size_t)snprintf(t->name, sizeof t->name, OWN "%07d-", getpid());
    for (; n < want; n++)
        t->name[n] = 'x';
    while (len && t->d->path[len - 1] == '/')
        len--;
    while (len && t->d->path[len - 1] != '/')
        len--;
    t->whole = format_new("%.*s%s", (int)len, t->d->path, t->name);
    if (w->ends_in_link)
        t->whole = format_new("%s/%s", w->dir_name, t->name);
    t->target = canonical_of(w->dir);
    if (!t->target && *w->dir_name == '/') /* without /proc */
        t->target = w->dir_name;
    t->short_dir = mkdtemp(format_new("%s/" OWN "%07d-XXXXXX", short_place(), getpid()));
    ssize_t link = readlink("/proc/self/exe", self, PATH_MAX);
    t->self = link > 0 ? format_new("%.*s", (int)link, self) : "sunshim";
}

/* Its own name is longer than a short one that is asked about. */
static bool comparable(const struct trying *t, const struct way *way)
{
    return way->go != as_it_is || t->d->len > SUN_USABLE || strlen(t->whole) <= SUN_USABLE;
}

static void try_ways(struct trying *t, const sigset_t *watched)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    sigset_t pending;

    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct trial *one = &t->d->trials[t->d->trial_count++];

        *one = (struct trial){.name = ways[i].name, .error = {-1, -1}, .remedy = ways[i].remedy};
        for (int k = 0; k < 2; k++) {
            sigemptyset(&pending);
            sigpending(&pending);
            sigandset(&pending, &pending, watched);
            if (sigisemptyset(&pending) && comparable(t, &ways[i]))
                try_one(t, &ways[i], types[k], &one->error[k], &one->step[k]);
        }
    }
}

static void judge(struct doctor *d)
{
    bool plain = d->trials[0].error[0] <= 0, cured = false;

    for (unsigned i = 0; i < d->trial_count; i++)
        cured |= d->trials[i].remedy && (!d->trials[i].error[0] || !d->trials[i].error[1]);
    if (d->len > SUN_USABLE ? cured : plain)
        return;
    struct finding *f =
        finding_add(&d->findings, "tried", cured ? REMEDY : HOPELESS, "when tried, %s fails here: %s",
                    d->trials[0].step[0], strerror(d->trials[0].error[0]));
    remedy_add(f, "%s",
               cured ? "take one of the ways that worked"
                     : "use another directory: none of the remedies works in this one");
}

/* Signals that would end or stop us; what is ignored goes on being ignored. */
static void watch(sigset_t *watched)
{
    struct sigaction action;

    sigemptyset(watched);
    for (const int *s = (const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, 0}; *s; s++)
        if (!sigaction(*s, NULL, &action) && action.sa_handler != SIG_IGN)
            sigaddset(watched, *s);
}

void doctor_try(struct doctor *d)
{
    struct trying t = {.d = d};
    sigset_t watched, before;

    if (!possible(d))
        return;
    watch(&watched);
    sigprocmask(SIG_BLOCK, &watched, &before);
    fflush(NULL);
    sweep(d, d->walk.dir, ".", false);
    sweep(d, AT_FDCWD, short_place(), true);
    prepare(&t);
    try_ways(&t, &watched);
    if (t.short_dir)
        rmdir(t.short_dir);
    sigprocmask(SIG_SETMASK, &before, NULL);
    judge(d);
}

#include "environment.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "policy/text.h"
#include "real.h"
#include "sys.h"

/* Names in place, not pointers to them, which would be relocated at every exec. */
static const struct {
    char name[sizeof "SUNSHIM_XDG_CONFIG_HOME="];
    uint8_t offset;
} variables[] = {
#define VARIABLE(name, field) {name "=", offsetof(struct environment, field)}
    VARIABLE("SUNSHIM_POLICY", policy),
    VARIABLE("SUNSHIM_MODE", mode),
    VARIABLE("SUNSHIM_LOG", log),
    VARIABLE("SUNSHIM_LOG_FORMAT", log_format),
    VARIABLE("SUNSHIM_PROFILE", profile),
    VARIABLE("SUNSHIM_DOMAIN", domain),
    VARIABLE("SUNSHIM_REPORT", report),
    VARIABLE("SUNSHIM_FOLLOW", follow),
    VARIABLE("SUNSHIM_TRACE", trace),
    VARIABLE("SUNSHIM_REPAIR", repair),
    VARIABLE("SUNSHIM_SHORTEN", shorten),
    VARIABLE("SUNSHIM_LONG_PATHS", long_paths),
    VARIABLE("HOME", home),
    VARIABLE("XDG_RUNTIME_DIR", runtime_dir),
    VARIABLE("XDG_CONFIG_HOME", config_home),
    VARIABLE("TMPDIR", tmpdir),
    VARIABLE("SUNSHIM_HOME", first_home),
    VARIABLE("SUNSHIM_XDG_RUNTIME_DIR", first_runtime_dir),
    VARIABLE("SUNSHIM_XDG_CONFIG_HOME", first_config_home),
    VARIABLE("SUNSHIM_TMPDIR", first_tmpdir),
    VARIABLE("LISTEN_PID", listen_pid),
    VARIABLE("LISTEN_FDS", listen_fds),
    VARIABLE("SUNSHIM_LISTEN", listen),
    VARIABLE("SUNSHIM_FDS", passed),
#undef VARIABLE
};
_Static_assert(sizeof(struct environment) <= UINT8_MAX, "an offset is a byte");

static void take(struct environment *e, const char *entry)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *name = variables[i].name;
        size_t len = 0;

        while (name[len] && entry[len] == name[len])
            len++;
        if (name[len])
            continue;
        const char *value = entry[len] ? entry + len : NULL; /* empty is unset */
        memcpy((char *)e + variables[i].offset, &value, sizeof value);
        return;
    }
}

static void prefer(const char **value, const char *first)
{
    if (first)
        *value = first;
}

void environment_read(struct environment *e, char *const *envp)
{
    *e = (struct environment){0};
    for (; *envp; envp++)
        if ((*envp)[0] == 'S' || (*envp)[0] == 'H' || (*envp)[0] == 'X' || (*envp)[0] == 'T' || (*envp)[0] == 'L')
            take(e, *envp);
    prefer(&e->home, e->first_home);
    prefer(&e->runtime_dir, e->first_runtime_dir);
    prefer(&e->config_home, e->first_config_home);
    prefer(&e->tmpdir, e->first_tmpdir);
}

/* Whether the sockets are there: who started this program may have closed them, and others be in
 * their place. The last is one of ours. */
static bool has_last(const char *count)
{
    unsigned last = 2; /* the first is 3 */
    int domain;

    for (; *count >= '0' && *count <= '9'; count++)
        last = (last - 2) * 10 + (unsigned)(*count - '0') + 2;
    return sys_getsockopt_int((int)last, SO_DOMAIN, &domain) == 0;
}

void environment_adopt(struct environment *e, char **envp)
{
    static const char name[] = "LISTEN_PID=";
    static char entry[sizeof name + 12]; /* for as long as the program runs */
    struct text t = text_into(entry, sizeof entry);

    if (!e->listen || !e->listen_fds || !has_last(e->listen_fds))
        return;
    text_str(&t, name);
    text_unsigned(&t, (unsigned)sys_getpid());
    text_done(&t);
    for (; *envp; envp++)
        if (strncmp(*envp, name, sizeof name - 1) == 0)
            *envp = entry;
    e->listen_pid = entry + sizeof name - 1;
}

static bool holds(const char *dir, const char *name)
{
    static char path[4096]; /* not for a small stack; the constructor runs once */
    struct text t = text_into(path, sizeof path);

    text_str(&t, dir);
    text_str(&t, name);
    return SYS3(SYS_faccessat, AT_FDCWD, text_done(&t), F_OK) == 0 && !t.full;
}

void environment_find_domain(struct environment *e)
{
    static const char name[] = "/libsunshim.so";
    static char dir[4096];
    const char *self = real_self();
    size_t len = self ? strlen(self) : 0, n = sizeof name - 1;

    if (e->domain || len <= n || len >= sizeof dir || self[0] != '/' || memcmp(self + len - n, name, n) != 0)
        return;
    memcpy(dir, self, len - n);
    dir[len - n] = '\0';
    if (holds(dir, "/policy") && holds(dir, "/pid"))
        e->domain = dir;
}

/* Removing what earlier runs left: --exec, killed launchers, daemons that ended
 * later than the command that started them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "aliases.h"
#include "bases.h"
#include "cli.h"
#include "domain.h"
#include "domain/names.h"
#include "policy/layers.h"
#include "tmpdir.h"

enum { STARTING_SECONDS = 60 }; /* how old a directory without a pid file may be that cannot be locked */

static const char *const contents[] = {DOMAIN_POLICY, DOMAIN_LIBRARY, DOMAIN_REPORTED, DOMAIN_PID,
                                       DOMAIN_OUTER,  DOMAIN_TABLE,   DOMAIN_RING,     DOMAIN_LEAKS,
                                       DOMAIN_COUNTS, DOMAIN_LINES};

/* What is outside first: the directory is what leads there. */
bool domain_erase(int base, const char *name, int fd)
{
    char temporary[64];

    if (!aliases_erase(fd) || !tmpdir_erase(fd))
        return false;
    for (unsigned i = 0; i < sizeof contents / sizeof *contents; i++) {
        snprintf(temporary, sizeof temporary, "%s" DOMAIN_NEW, contents[i]);
        unlinkat(fd, contents[i], 0);
        unlinkat(fd, temporary, 0);
    }
    return !unlinkat(base, name, AT_REMOVEDIR);
}

/* Reads a file of /proc or of a domain whole; NULL with errno. */
static char *slurp(int dir, const char *path, size_t *len)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    size_t room = 16 * 1024;
    char *text;
    ssize_t n;

    if (fd < 0)
        return NULL;
    *len = 0;
    text = allocate(room);
    while ((n = read(fd, text + *len, room - 1 - *len)) > 0)
        if ((*len += (size_t)n) == room - 1 && !(text = realloc(text, room *= 2)))
            exit(fail("out of memory"));
    text[*len] = '\0';
    int err = errno;
    close(fd);
    if (n < 0) {
        free(text);
        text = NULL;
        errno = err;
    }
    return text;
}

/* Field `n` (from 3) of a line of /proc/PID/stat, after the name, which may hold
 * blanks and parentheses. */
static const char *stat_field(const char *stat, int n)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at && field < n; field++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : "";
}

unsigned long long process_start(int pid)
{
    char path[40];
    unsigned long long start = 0;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    char *stat = slurp(AT_FDCWD, path, &len);
    if (!stat)
        return 0;
    /* A zombie with other threads is a process whose first thread has ended. */
    if (*stat_field(stat, 3) != 'Z' || strtoul(stat_field(stat, 20), NULL, 10) > 1)
        start = strtoull(stat_field(stat, 22), NULL, 10);
    free(stat);
    return start;
}

unsigned long long process_namespace(void)
{
    struct stat st;

    return stat("/proc/self/ns/pid", &st) ? 0 : (unsigned long long)st.st_ino;
}

struct owner {
    int pid;
    unsigned long long start, space;
};

static bool read_owner(int dir, struct owner *out)
{
    size_t len;
    char *text = slurp(dir, DOMAIN_PID, &len);
    bool ok = text && sscanf(text, "%d %llu %llu", &out->pid, &out->start, &out->space) == 3;

    free(text);
    return ok;
}

/* The directory of a run, by name and by what it is. */
struct run {
    const char *path;
    dev_t dev;
    ino_t ino;
};

/* Whether `dir` is the directory of the run, or of one nested in it. */
static bool leads_to(const char *dir, const struct run *run)
{
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool found = false;
    struct stat st;

    for (unsigned i = 0; fd >= 0 && i < RUNS_MAX; i++) {
        found |= !fstat(fd, &st) && st.st_dev == run->dev && st.st_ino == run->ino;
        int next = found ? -1 : openat(fd, DOMAIN_OUTER, O_PATH | O_DIRECTORY | O_CLOEXEC);

        close(fd);
        fd = next;
    }
    if (fd >= 0)
        close(fd);
    return found;
}

/* In the environment of a process. */
static bool named(const char *environment, size_t len, const struct run *run)
{
    static const char variable[] = "SUNSHIM_DOMAIN=";

    for (const char *at = environment; at < environment + len; at += strlen(at) + 1)
        if (!strncmp(at, variable, sizeof variable - 1) &&
            (!strcmp(at + sizeof variable - 1, run->path) || leads_to(at + sizeof variable - 1, run)))
            return true;
    return false;
}

/* Among the mappings of a process: its own run's policy is always there. */
static bool mapped(char *maps, const struct run *run)
{
    char *end;

    for (char *line = maps; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        char *path = strchr(line, '/'), *slash = path ? strrchr(path, '/') : NULL;
        if (!slash)
            continue;
        bool policy = !strcmp(slash, "/" DOMAIN_POLICY);
        *slash = '\0';
        if (!strcmp(path, run->path) || (policy && leads_to(path, run)))
            return true;
    }
    return false;
}

static bool same_user(const char *pid)
{
    char path[300], *status, *uid;
    unsigned id = 0;
    size_t len;

    snprintf(path, sizeof path, "/proc/%s/status", pid);
    status = slurp(AT_FDCWD, path, &len);
    uid = status ? strstr(status, "\nUid:") : NULL;
    bool same = uid && sscanf(uid, "\nUid: %u", &id) == 1 && (id == geteuid() || geteuid() == 0);
    free(status);
    return same;
}

static char *slurp_of(const char *pid, const char *name, size_t *len)
{
    char path[300];

    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    return slurp(AT_FDCWD, path, len);
}

/* Programs may wipe their environment, but the policy stays mapped; programs that
 * were never seen have only the environment. A process that cannot be looked at
 * counts as a user unless it is somebody else's. */
static bool process_uses(const char *pid, const struct run *run)
{
    size_t len;
    char *text = slurp_of(pid, "environ", &len);
    bool uses = text ? named(text, len, run) : (errno == EACCES || errno == EPERM) && same_user(pid);

    free(text);
    if (!uses && (text = slurp_of(pid, "maps", &len))) {
        uses = mapped(text, run);
        free(text);
    }
    return uses;
}

/* Whether any process that is not older than the run itself belongs to it. */
static bool in_use(const struct run *run, const struct owner *owner)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    bool used = !proc;

    while (!used && (entry = readdir(proc))) {
        int pid = atoi(entry->d_name);

        used = pid > 0 && pid != getpid() && process_start(pid) >= owner->start && process_uses(entry->d_name, run);
    }
    if (proc)
        closedir(proc);
    return used;
}

/* Without a pid file. Whoever is making it has locked it (domain_place()). */
static bool unfinished(int fd, const struct stat *st)
{
    if (!flock(fd, LOCK_EX | LOCK_NB))
        return faccessat(fd, DOMAIN_PID, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    return errno != EWOULDBLOCK && time(NULL) - st->st_mtime > STARTING_SECONDS;
}

static bool abandoned(int fd, const char *path)
{
    struct owner owner;
    struct stat st;

    if (fstat(fd, &st) || st.st_uid != geteuid())
        return false;
    if (!read_owner(fd, &owner))
        return unfinished(fd, &st);
    const struct run run = {path, st.st_dev, st.st_ino};
    return owner.space == process_namespace() && process_start(owner.pid) != owner.start && !in_use(&run, &owner);
}

/* In a directory of everybody's there are other names that begin so. */
static bool is_run(const struct domain_base *base, const char *name)
{
    size_t prefix = strlen(base->prefix);

    return *name != '.' && !strncmp(name, base->prefix, prefix) &&
           (base->own || are_letters(name + prefix, DOMAIN_LETTERS));
}

static void sweep_base(const struct domain_base *base)
{
    DIR *dir = opendir(base->dir);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char path[PATH_MAX];
        int fd;

        if (!is_run(base, entry->d_name))
            continue;
        fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", base->dir, entry->d_name);
        if (abandoned(fd, path))
            domain_erase(dirfd(dir), entry->d_name, fd);
        close(fd);
    }
    if (dir)
        closedir(dir);
}

void domain_sweep(void)
{
    for (const struct domain_base *b = domain_bases(); b->dir; b++)
        sweep_base(b);
}

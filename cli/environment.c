#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define JOURNAL "/run/systemd/journal/socket"

static const char *absolute(const char *path)
{
    char here[PATH_MAX];

    if (*path == '/')
        return path;
    if (!getcwd(here, sizeof here)) {
        say("cannot tell the current directory: %s", strerror(errno));
        return NULL;
    }
    return format_new("%s/%s", strcmp(here, "/") ? here : "", path);
}

/* The descriptor in "fd:N", -1 if there is no number. */
static int descriptor_of(const char *log)
{
    char *end;
    long fd = strtol(log + 3, &end, 10);

    return *end || end == log + 3 || fd < 0 || fd > INT_MAX ? -1 : (int)fd;
}

static const char *descriptor_log(const char *log)
{
    int fd = descriptor_of(log);
    int mode = fd < 0 ? -1 : fcntl(fd, F_GETFL);

    /* Our own stand-ins for a closed standard descriptor are no log. */
    if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY || (fd <= 2 && fcntl(fd, F_GETFD) & FD_CLOEXEC)) {
        say("cannot log to %s: no descriptor open for writing has that number", log);
        return NULL;
    }
    /* Which file that is: in a descendant the number may be another file's. */
    struct stat st;
    return fstat(fd, &st) ? log : format_new("%s@%ju:%ju", log, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

/* With %p every process has a file of its own, so that only the directory can be
 * tried; otherwise the file is made now, and found by all. */
static int try_file(const char *path)
{
    int fd;

    if (strstr(path, "%p")) {
        char *dir = format_new("%.*s", (int)(strrchr(path, '/') - path + 1), path);
        return access(dir, W_OK | X_OK) ? -errno : 0;
    }
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static const char *journal_log(const char *log)
{
    if (!access(JOURNAL, W_OK))
        return log;
    say("cannot log to the journal: " JOURNAL ": %s", strerror(errno));
    return NULL;
}

static const char *file_log(const char *log, bool try_it)
{
    const char *path = *log ? absolute(log) : NULL;

    if (path && (!try_it || !try_file(path)))
        return path;
    say("cannot log to '%s': %s", log, *log ? strerror(errno) : "no file name");
    return NULL;
}

const char *environment_log(const char *log)
{
    if (!strcmp(log, "stderr") || !strcmp(log, "-"))
        return "stderr";
    if (!strncmp(log, "fd:", 3))
        return descriptor_log(log);
    return strcmp(log, "journal") ? file_log(log, true) : journal_log(log);
}

const char *environment_log_elsewhere(const char *log)
{
    if (!strcmp(log, "stderr") || !strcmp(log, "-"))
        return "stderr";
    if (!strcmp(log, "journal"))
        return log;
    if (strncmp(log, "fd:", 3))
        return file_log(log, false);
    if (descriptor_of(log) >= 0)
        return log;
    say("cannot log to %s: fd: wants a number", log);
    return NULL;
}

static bool is_ours(const char *entry, size_t len)
{
    static const char name[] = "libsunshim.so";
    size_t n = sizeof name - 1;

    return len >= n && !memcmp(entry + len - n, name, n) && (len == n || entry[len - n - 1] == '/');
}

const char *environment_preload(const char *library)
{
    const char *before = getenv("LD_PRELOAD");
    char *list = allocate(strlen(library) + (before ? strlen(before) : 0) + 2);
    char *end = stpcpy(list, library);
    size_t len;

    for (; before && *before; before += len) {
        before += strspn(before, " :");
        len = strcspn(before, " :");
        if (len && !is_ours(before, len))
            end += sprintf(end, ":%.*s", (int)len, before);
    }
    return list;
}

bool environment_says(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value && strcmp(value, "0");
}

void environment_number(const char *name, int value)
{
    char text[16];

    snprintf(text, sizeof text, "%d", value);
    setenv(name, text, 1);
}

/* AppArmor's format, which the environment may ask for, has no words for calls. */
static void set_format(const struct options *o)
{
    const char *format = getenv("SUNSHIM_LOG_FORMAT");

    if (o->json || (o->trace && format && !strcmp(format, "apparmor")))
        setenv("SUNSHIM_LOG_FORMAT", o->json ? "json" : "text", 1);
}

void environment_set(const struct domain *d, const struct options *o, const char *log)
{
    setenv("LD_PRELOAD", environment_preload(format_new("%s/libsunshim.so", d->path)), 1);
    setenv("SUNSHIM_DOMAIN", d->path, 1);
    environment_number("SUNSHIM_REPORT", getpid());
    if (log)
        setenv("SUNSHIM_LOG", log, 1);
    set_format(o);
    if (o->trace && o->exec) /* nobody reads the queue */
        setenv("SUNSHIM_TRACE", "1", 1);
    if (o->no_follow)
        setenv("SUNSHIM_FOLLOW", "0", 1);
    if (o->profile)
        setenv("SUNSHIM_PROFILE", o->profile, 1);
    if (o->repair)
        setenv("SUNSHIM_REPAIR", "1", 1);
    if (o->shorten)
        setenv("SUNSHIM_SHORTEN", "1", 1);
}

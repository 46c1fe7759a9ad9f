#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static char *expand(const char *pattern)
{
    char *path, *end;
    size_t room = strlen(pattern) + 1;

    for (const char *at = pattern; *at; at++)
        room += *at == '%' ? 12 : 0;
    end = path = allocate(room);
    for (; *pattern; pattern++) {
        if (*pattern == '%' && pattern[1] == 'p')
            end += sprintf(end, "%d", getpid());
        else
            *end++ = *pattern;
        pattern += *pattern == '%' && pattern[1] && strchr("p%", pattern[1]);
    }
    return path;
}

static int refuse(const struct results *r, const char *path, int err)
{
    return fail("%s: cannot write '%s': %s", r->option, path, strerror(err));
}

static char *temporary(const char *path)
{
    return format_new("%s.XXXXXX", path);
}

/* With the mode that a new file has. */
static int make_temporary(char *path)
{
    int fd = mkostemp(path, O_CLOEXEC);
    mode_t mask = umask(0);

    umask(mask);
    if (fd >= 0)
        fchmod(fd, 0666 & ~mask);
    return fd;
}

int results_prepare(struct results *r, const char *option, const char *pattern)
{
    char *path = expand(pattern), *try = temporary(path);
    struct stat st;
    int fd;

    *r = (struct results){option, path, false};
    if (!*path)
        return fail("%s: the name of the file is empty", option);
    if (!strcmp(path, "-"))
        return 0;
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
        r->special = true;
        return S_ISDIR(st.st_mode) ? refuse(r, path, EISDIR) : access(path, W_OK) ? refuse(r, path, errno) : 0;
    }
    if ((fd = make_temporary(try)) < 0)
        return refuse(r, path, errno);
    close(fd);
    unlink(try);
    if (unlink(path) && errno != ENOENT)
        return refuse(r, path, errno);
    return 0;
}

/* The directory that `path` is in, or would be in. */
static bool directory_of(const char *path, struct stat *st)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? format_new("%.*s/", (int)(slash - path), path) : format_new(".");
    bool known = !stat(dir, st);

    free(dir);
    return known;
}

bool results_same(const struct results *a, const struct results *b)
{
    const char *x = strrchr(a->path, '/'), *y = strrchr(b->path, '/');
    struct stat st, other;

    if (strcmp(x ? x + 1 : a->path, y ? y + 1 : b->path) != 0)
        return false;
    return directory_of(a->path, &st) && directory_of(b->path, &other) && st.st_dev == other.st_dev && st.st_ino == other.st_ino;
}

static int close_whole(FILE *out)
{
    int err = fflush(out) || ferror(out) ? errno ? errno : EIO : 0;

    return fclose(out) && !err ? errno : err;
}

static int print_to(int fd, void (*print)(FILE *, const struct verdicts *), const struct verdicts *v)
{
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out)
        return errno;
    print(out, v);
    return close_whole(out);
}

int results_write(const struct results *r, void (*print)(FILE *, const struct verdicts *), const struct verdicts *v)
{
    char *temp;
    int err;

    if (!strcmp(r->path, "-")) {
        err = print_to(dup(STDOUT_FILENO), print, v);
    } else if (r->special) {
        err = print_to(open(r->path, O_WRONLY | O_NOCTTY | O_CLOEXEC), print, v);
    } else {
        temp = temporary(r->path);
        err = print_to(make_temporary(temp), print, v);
        if (!err && rename(temp, r->path))
            err = errno;
        if (err)
            unlink(temp);
    }
    return err ? refuse(r, r->path, err) : 0;
}

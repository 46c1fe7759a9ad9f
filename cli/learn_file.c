#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "learn.h"

static int write_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666), err;

    if (fd < 0)
        return -errno;
    err = write_all(fd, text);
    if (close(fd) && !err)
        err = -errno;
    return err;
}

/* `fresh`: only if nobody has made the file meanwhile, as far as the file system can tell. -EEXIST after
 * saying where what was learned is then. */
static int give_name(const char *beside, const char *path, bool fresh)
{
    if (fresh && !link(beside, path))
        return unlink(beside) ? -errno : 0;
    if (!fresh || errno != EEXIST)
        return rename(beside, path) ? -errno : 0;
    say("what was learned is in '%s'", beside);
    return -EEXIST;
}

/* As it was before, as far as that is ours to say. */
static int give_mode(int fd, const struct stat *before)
{
    mode_t mask = umask(0);

    umask(mask);
    if (before && fchown(fd, before->st_uid, before->st_gid))
        errno = 0; /* others' files become those of who writes them */
    return fchmod(fd, before ? before->st_mode & 07777 : 0666 & ~mask) ? -errno : 0;
}

/* Beside the file and renamed, with its owner and mode where there is one. */
static int write_beside(const char *path, const char *text, const struct stat *before, bool fresh)
{
    char *beside = format_new("%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC), err;

    if (fd < 0)
        return -errno;
    err = write_all(fd, text);
    if (!err)
        err = give_mode(fd, before);
    if (!err && fsync(fd))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (!err)
        err = give_name(beside, path, fresh);
    if (err && err != -EEXIST)
        unlink(beside);
    return err;
}

int file_replace(const char *path, const char *text, bool fresh)
{
    struct stat st;
    bool there = !stat(path, &st);
    char *real = there ? realpath(path, NULL) : NULL; /* a link stays one */
    int err;

    if (!strcmp(path, "-"))
        return fputs(text, stdout) < 0 || fflush(stdout) ? EXIT_SUNSHIM : 0; /* main() says why */
    if (there && !S_ISREG(st.st_mode))
        err = write_to(path, text);
    else
        err = write_beside(real ? real : path, text, there && !fresh ? &st : NULL, fresh);
    return err ? fail("'%s': %s", path, strerror(-err)) : 0;
}

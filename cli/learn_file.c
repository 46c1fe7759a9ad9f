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

/* Beside the file and renamed, with its mode where there is one. */
static int write_beside(const char *path, const char *text, const struct stat *before)
{
    char *beside = format_new("%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC), err;
    mode_t mask = umask(0);

    umask(mask);
    if (fd < 0)
        return -errno;
    err = write_all(fd, text);
    if (!err && (fchmod(fd, before ? before->st_mode & 07777 : 0666 & ~mask) || fsync(fd)))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (!err && rename(beside, path))
        err = -errno;
    if (err)
        unlink(beside);
    return err;
}

int file_replace(const char *path, const char *text)
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
        err = write_beside(real ? real : path, text, there ? &st : NULL);
    return err ? fail("'%s': %s", path, strerror(-err)) : 0;
}
